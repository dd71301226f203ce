/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/exec.h"

#include "testbed/exec/process.h"
#include "testbed/exec/backend.h"

/* "lync.yaml:12:3: route edge default via 10.0.0.9: Nexthop has invalid gateway" */
static void name_operation(GError **error, const struct op *op)
{
	g_autoptr(GString) text = NULL;

	if (!error || !*error)
		return;
	text = g_string_new(NULL);
	if (op->loc.file)
		g_string_append_printf(text, "%s:%d:%d: ", op->loc.file, op->loc.line, op->loc.col);
	op_describe(op, text);
	g_prefix_error(error, "%s: ", text->str);
}

static gboolean apply_op(exec *x, const struct op *op, GError **error)
{
	const struct op *failed = op;

	if (x->backend->apply(x, op, &failed, error))
		return TRUE;
	name_operation(error, failed);
	return FALSE;
}

static gboolean flush_backend(exec *x, GError **error)
{
	const struct op *failed = NULL;

	if (x->backend->flush(x, &failed, error))
		return TRUE;
	if (failed)
		name_operation(error, failed);
	return FALSE;
}

static gboolean apply_all(exec *x, const plan *p, GError **error)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind <= OP_NFT && !apply_op(x, op, error))
			return FALSE;
	return flush_backend(x, error);
}

gboolean exec_run(exec *x, const plan *p, GError **error)
{
	gboolean done;

	if (x->backend->begin)
		x->backend->begin(x, p);
	done = apply_all(x, p, error);
	if (x->backend->leave)
		x->backend->leave(x);
	return done;
}

gboolean exec_apply(exec *x, const struct op *op, GError **error)
{
	gboolean done = apply_op(x, op, error) && flush_backend(x, error);

	if (x->backend->leave)
		x->backend->leave(x);
	return done;
}

gboolean exec_remove(exec *x, const struct op *op, GError **error)
{
	gboolean done = x->backend->remove(x, op, error);

	if (!done)
		name_operation(error, op);
	if (x->backend->leave)
		x->backend->leave(x);
	return done;
}

void exec_forgive(exec *x, bool on)
{
	if (x->backend->forgive)
		x->backend->forgive(x, on);
}

int exec_netns_fd(const exec *x, const char *node)
{
	return x->backend->netns_fd(x, node);
}

const char *exec_tunnel_backend(const exec *x)
{
	return x->backend->tunnel_backend(x);
}

void exec_seed(exec *x, guint64 seed)
{
	if (x->backend->seed)
		x->backend->seed(x, seed);
}

const char *exec_impair_backend(const exec *x)
{
	return x->backend->impair_backend(x);
}

void exec_each_daemon(const exec *x, exec_daemon_func func, gpointer user_data)
{
	if (x->backend->each_daemon)
		x->backend->each_daemon(x, func, user_data);
}

char *exec_daemon_ended(exec *x, GPid pid)
{
	return x->backend->daemon_ended ? x->backend->daemon_ended(x, pid) : NULL;
}

guint64 exec_ring_drops(const exec *x)
{
	return x->backend->ring_drops ? x->backend->ring_drops(x) : 0;
}

GPid exec_spawn(exec *x, const struct exec_process *process, GError **error)
{
	static const char *const with_keys[] = {SPAWN_KEYS_ENVIRONMENT, NULL};
	struct spawn_request request = {
		.netns_fd = exec_netns_fd(x, process->node),
		.argv = process->argv,
		.program = process->program,
		.directory = process->directory,
		.environment = process->keys_fd > 0 ? with_keys : NULL,
		.fds = {process->control_fd, process->record_fd,
			process->keys_fd > 0 ? process->keys_fd : -1},
		.log_fd = process->log_fd,
		.files = process->files,
		.keep_net_admin = process->keep_net_admin,
	};

	if (request.netns_fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "there is no node '%s'",
			    process->node);
		return -1;
	}
	return spawn_in_namespace(&request, error);
}

void exec_free(exec *x)
{
	if (x)
		x->backend->free(x);
}
