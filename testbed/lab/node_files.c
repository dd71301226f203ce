/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/node_files.h"

#include "common/base/files.h"
#include "testbed/exec/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536

struct node_files {
	files_folder nodes; /* RUN_DIR/nodes; none: no run folder */
	const char *lab;
	GHashTable *by_name; /* "NODE/NAME" -> descriptor */
	GArray *fds;
};

static gboolean set_file_error(GError **error, const char *what, const char *subject)
{
	return tb_error_set(error, TB_ERROR_FAILED, "can't %s '%s': %s", what, subject,
			    g_strerror(errno));
}

char *node_files_log(const struct op *op)
{
	const char *slash = strrchr(op->process.name, '/');

	/* "fe/tb-frontend" logs to tb-frontend.log, "dc1" to its role's name */
	return g_strconcat(slash ? slash + 1 : op->process.role, ".log", NULL);
}

char *node_files_packets(const char *ifname)
{
	return g_strdup_printf("%s.pcapng", ifname ? ifname : "all");
}

/* Makes a node's name usable as a file name. */
static char *safe_name(const char *name)
{
	char *copy = g_strdelimit(g_strdup(name), "/", '_');

	if (copy[0] == '.')
		copy[0] = '_';
	return copy;
}

static int open_in(const node_files *f, const char *node, const char *name, GError **error)
{
	g_autofree char *directory = safe_name(node);
	g_autofree char *prefix = f->lab ? g_strdup_printf("%s.", f->lab) : g_strdup("");
	g_autofree char *joined = g_strconcat(prefix, name, NULL);
	g_autofree char *file = safe_name(joined);
	files_folder parent;
	int fd;

	if (!files_make_folder(&f->nodes, directory, &parent, error))
		return -1;
	fd = files_open_own(&parent, file, error);
	files_close(&parent);
	return fd;
}

static gboolean add_file(node_files *f, const char *node, const char *name, GError **error)
{
	char *key = g_strdup_printf("%s/%s", node, name);
	int fd = open_in(f, node, name, error), high;

	high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CLONE_SOCKET + 1);
	if (fd >= 0)
		close(fd);
	if (high < 0) {
		g_free(key);
		return fd >= 0 ? set_file_error(error, "open file", name) : FALSE;
	}
	g_hash_table_insert(f->by_name, key, GINT_TO_POINTER(high));
	g_array_append_val(f->fds, high);
	return TRUE;
}

static gboolean add_process(node_files *f, const struct op *op, GError **error)
{
	g_autofree char *log = node_files_log(op);

	return add_file(f, op->node, log, error) && (strcmp(op->process.role, "tb-frontend") != 0 ||
						     add_file(f, op->node, NODE_FILES_CDR, error));
}

static gboolean add_recording(node_files *f, const char *where, GError **error)
{
	g_auto(GStrv) part = g_strsplit(where, ":", 2);
	g_autofree char *name = node_files_packets(part[1]);

	return add_file(f, part[0], name, error);
}

static gboolean add_all(node_files *f, const plan *p, const char *const *captures, GError **error)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if ((op->kind == OP_DAEMON || op->kind == OP_AGENT) && !add_process(f, op, error))
			return FALSE;
	for (; captures && *captures; captures++)
		if (!add_recording(f, *captures, error))
			return FALSE;
	return TRUE;
}

/* Every process takes a descriptor here, and two in the supervisor: with the usual limit of 1024 a
 * lab has at most some 200 nodes. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = MAX(limit.rlim_cur, MIN(limit.rlim_max, DESCRIPTORS_MAX));
	setrlimit(RLIMIT_NOFILE, &limit);
}

node_files *node_files_open(const char *run_dir, const char *lab, const plan *p,
			    const char *const *captures, GError **error)
{
	g_autoptr(node_files) f = g_new0(node_files, 1);
	g_autofree char *path = NULL;

	raise_descriptor_limit();
	f->nodes.fd = -1;
	f->lab = lab;
	f->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	f->fds = g_array_new(FALSE, FALSE, sizeof(int));
	if (!run_dir)
		return g_steal_pointer(&f);
	path = g_build_filename(run_dir, "nodes", NULL);
	return files_open_folder(path, true, &f->nodes, error) && add_all(f, p, captures, error) ?
		       g_steal_pointer(&f) :
		       NULL;
}

void node_files_free(node_files *f)
{
	if (!f)
		return;
	for (guint i = 0; i < f->fds->len; i++)
		close(g_array_index(f->fds, int, i));
	files_close(&f->nodes);
	g_array_unref(f->fds);
	g_hash_table_unref(f->by_name);
	g_free(f);
}

const GArray *node_files_fds(const node_files *f)
{
	return f->fds;
}

int node_files_get(const node_files *f, const char *node, const char *name, GError **error)
{
	g_autofree char *key = g_strdup_printf("%s/%s", node, name);
	int opened = GPOINTER_TO_INT(g_hash_table_lookup(f->by_name, key));
	int fd = opened == 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) :
			       fcntl(opened, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		set_file_error(error, "open file", key);
	return fd;
}
