/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/publish.h"

#include "testbed/exec/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/run/netns" /* ip-netns(8) */

char *publish_path(const char *lab, const char *node)
{
	return g_strdup_printf(FOLDER "/%s-%s", lab, node);
}

static gboolean cant_publish(GError **error, const char *what, const char *path)
{
	return tb_error_set(error, TB_ERROR_FAILED, "%s '%s': %s", what, path, g_strerror(errno));
}

gboolean publish_bind(const char *path, int netns_fd, GError **error)
{
	int fd;

	if (mkdir(FOLDER, 0755) != 0 && errno != EEXIST)
		return cant_publish(error, "make", FOLDER);
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (fd < 0)
		return cant_publish(error, "make", path);
	close(fd);
	if (mounts_bind_fd(netns_fd, path))
		return TRUE;
	cant_publish(error, "bind the node to", path);
	unlink(path);
	return FALSE;
}

static gboolean is_ours(const char *path)
{
	return g_str_has_prefix(path, FOLDER "/") && !strchr(path + strlen(FOLDER "/"), '/') &&
	       !g_str_has_suffix(path, "/..");
}

void publish_unbind(const char *path)
{
	mounts_detach(path);
	unlink(path);
}

void publish_take_back(const char *note)
{
	g_auto(GStrv) paths = g_strsplit(note, "\n", -1);

	for (guint i = 0; paths[i]; i++) {
		if (is_ours(paths[i]))
			publish_unbind(paths[i]);
	}
}
