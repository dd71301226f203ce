/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/process_view.h"

#include "testbed/exec/view.h"
#include "testbed/lab/file_view.h"
#include "testbed/lab/programs.h"

#include <errno.h>
#include <unistd.h>

#define CONTROL_OPTION "--control-fd=3"

/* Inside a lab the system trusts the lab's CA only: other programs accept the servers, and ours
 * do not read a hundred public CAs at their start. */
#define SYSTEM_TRUST "/etc/ssl/certs/ca-certificates.crt"

/* The folder of the node's client, where the topology names one. */
static void add_client_folder(GPtrArray *files, const struct process_set_source *source,
			      const struct op *op)
{
	char *path, *content;

	if (op->kind == OP_AGENT &&
	    client_programs_pair(source->clients, op->process.argv[0], &path, &content))
		file_view_add_pair(files, path, content);
}

GPtrArray *process_view_files(const struct process_set_source *source, const char *node)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);

	file_view_add_own(files, node);
	ptr_array_foreach(const struct op, op, source->plan->ops) {
		if (g_strcmp0(op->node, node) != 0)
			continue;
		if (op->kind == OP_FILE && !config_file_is_shared(op->file.path))
			file_view_add_pair(files, g_strdup(op->file.path),
					   config_file_place(op->node, op->file.path));
		add_client_folder(files, source, op);
	}
	if (g_file_test(SYSTEM_TRUST, G_FILE_TEST_EXISTS))
		file_view_add_pair(files, g_strdup(SYSTEM_TRUST),
				   g_strdup(CONFIG_TRUST_DIR "/ca.pem"));
	g_ptr_array_add(files, NULL);
	return files;
}

/* The program's path as the lab sees it; NULL with `error`.  The caller frees it. */
static char *program_of(const struct process_set_source *source, const char *word, bool ours,
			GError **error)
{
	const char *client = client_programs_path(source->clients, word);
	g_autofree char *own = g_build_filename(VIEW_PROGRAMS, word, NULL);

	if (ours && access(own, X_OK) == 0)
		return g_steal_pointer(&own);
	if (client)
		return g_strdup(client);
	return program_find(word, ours ? source->program_dir : NULL, error);
}

char **process_view_argv(const struct process_set_source *source, const struct op *op,
			 const struct process_role *role, GError **error)
{
	char *path = program_of(source, op->process.argv[0], role->ours, error);
	GPtrArray *argv;

	if (!path)
		return NULL;
	argv = g_ptr_array_new();
	g_ptr_array_add(argv, path);
	for (guint i = 1; op->process.argv[i]; i++)
		g_ptr_array_add(argv, g_strdup(op->process.argv[i]));
	if (role->config)
		g_ptr_array_add(argv, g_strdup(CONTROL_OPTION));
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(argv, FALSE);
}

int process_view_log(const struct process_set_source *source, const struct op *op,
		     const struct process_role *role, log_pipe **ret_pipe, GError **error)
{
	g_autofree char *name = node_files_log(op);
	int file = node_files_get(source->files, op->node, name, error), fd = -1;

	if (file < 0 || role->ours)
		return file;
	*ret_pipe = log_pipe_new(file, source->context, &fd);
	if (!*ret_pipe) {
		tb_error_set(error, TB_ERROR_FAILED, "make a pipe: %s", g_strerror(errno));
		close(file);
	}
	return fd;
}

int process_view_record(const struct process_set_source *source, const struct op *op,
			const struct process_role *role)
{
	return role->stage == STAGE_FRONTEND && source->config.cdr ?
		       node_files_get(source->files, op->node, NODE_FILES_CDR, NULL) :
		       -1;
}
