/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/file_view.h"

#include "testbed/exec/mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define NODES "/run/nodes"

static gboolean set_file_error(GError **error, const char *what, const char *subject)
{
	return tb_error_set(error, TB_ERROR_FAILED, "can't %s '%s': %s", what, subject,
			    g_strerror(errno));
}

gboolean file_view_prepare(GError **error)
{
	return mounts_prepare_lab(error);
}

char *file_view_place(const char *node, const char *folder)
{
	g_autofree char *name = g_strdelimit(g_strdup(node), "/", '_');

	return g_strdup_printf(NODES "/%s%s", name, folder);
}

gboolean file_view_write(const char *node, const char *path, const char *text, int mode,
			 GError **error)
{
	g_autofree char *place = file_view_place(node, path);
	g_autofree char *directory = g_path_get_dirname(place);

	if (g_mkdir_with_parents(directory, 0755) < 0)
		return set_file_error(error, "make directory", directory);
	return g_file_set_contents_full(place, text, -1, G_FILE_SET_CONTENTS_NONE, mode, error);
}

gboolean file_view_add_node(const char *node, GError **error)
{
	g_autofree char *tmp = file_view_place(node, "/tmp"), *run = file_view_place(node, "/run");

	if (g_mkdir_with_parents(tmp, 0755) < 0 || g_mkdir_with_parents(run, 0755) < 0 ||
	    chmod(tmp, 01777) < 0)
		return set_file_error(error, "make directory", tmp);
	return TRUE;
}

void file_view_add_pair(GPtrArray *files, char *path, char *content)
{
	g_ptr_array_add(files, path);
	g_ptr_array_add(files, content);
}

void file_view_add_own(GPtrArray *files, const char *node)
{
	file_view_add_pair(files, g_strdup("/tmp"), file_view_place(node, "/tmp"));
	/* what comes after this is below the node's own /run */
	file_view_add_pair(files, g_strdup("/run"), file_view_place(node, "/run"));
}
