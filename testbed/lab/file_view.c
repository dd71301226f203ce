/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/file_view.h"

#include "testbed/exec/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_view {
	int nodes; /* RUN_DIR/nodes, or -1 */
	char *lab;
};

static gboolean set_file_error(GError **error, const char *what, const char *subject)
{
	return tb_error_set(error, TB_ERROR_FAILED, "can't %s '%s': %s", what, subject,
			    g_strerror(errno));
}

/* Before /run is covered: the directory may be below it. */
static int open_nodes(const char *run_dir, GError **error)
{
	g_autofree char *path = g_build_filename(run_dir, "nodes", NULL);
	int fd;

	if (g_mkdir_with_parents(path, 0755) < 0)
		return set_file_error(error, "make directory", path), -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		set_file_error(error, "open directory", path);
	return fd;
}

file_view *file_view_new(const char *run_dir, const char *lab, GError **error)
{
	g_autoptr(file_view) p = g_new0(file_view, 1);

	p->nodes = -1;
	p->lab = g_strdup(lab);
	if (run_dir && (p->nodes = open_nodes(run_dir, error)) < 0)
		return NULL;
	if (!mounts_prepare_lab(error))
		return NULL;
	return g_steal_pointer(&p);
}

void file_view_free(file_view *p)
{
	if (!p)
		return;
	if (p->nodes >= 0)
		close(p->nodes);
	g_free(p->lab);
	g_free(p);
}

gboolean file_view_write(const char *path, const char *text, int mode, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);

	if (g_mkdir_with_parents(directory, 0755) < 0)
		return set_file_error(error, "make directory", directory);
	return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, error);
}

/* Makes a node's name usable as a file name. */
static char *safe_name(const char *name)
{
	char *copy = g_strdelimit(g_strdup(name), "/", '_');

	if (copy[0] == '.')
		copy[0] = '_';
	return copy;
}

static int open_in(const file_view *p, const char *node, const char *name)
{
	g_autofree char *directory = safe_name(node);
	g_autofree char *prefix = p->lab ? g_strdup_printf("%s.", p->lab) : g_strdup("");
	g_autofree char *joined = g_strconcat(prefix, name, NULL);
	g_autofree char *file = safe_name(joined);
	int fd, parent;

	if (mkdirat(p->nodes, directory, 0755) < 0 && errno != EEXIST)
		return -1;
	parent = openat(p->nodes, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent < 0)
		return -1;
	fd = openat(parent, file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
	close(parent);
	return fd;
}

int file_view_open_log(const file_view *p, const char *node, const char *name, GError **error)
{
	int fd = p->nodes < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : open_in(p, node, name);

	if (fd < 0)
		set_file_error(error, "open log", name);
	return fd;
}

gboolean file_view_bind_log(const file_view *p, const char *node, const char *name,
			    const char *path, GError **error)
{
	int fd = file_view_open_log(p, node, name, error);
	bool ok;

	if (fd < 0 || !file_view_write(path, "", 0644, error)) {
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	ok = mounts_bind_fd(fd, path);
	if (!ok)
		set_file_error(error, "bind log to", path);
	close(fd);
	return ok;
}
