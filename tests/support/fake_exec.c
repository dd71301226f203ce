/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fake_exec.h"

#include "testbed/exec/backend.h"

struct fake_backend {
	exec base;
	unsigned fail_at, applied;
	GPtrArray *log; /* char *: one line an op */
};

static gboolean note_op(exec *x, const char *what, const struct op *op, GError **error)
{
	struct fake_backend *r = (struct fake_backend *)x;
	GString *line;

	if (++r->applied == r->fail_at) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "operation %u was told to fail",
			    r->applied);
		return FALSE;
	}
	line = g_string_new(what);
	op_describe(op, line);
	g_ptr_array_add(r->log, g_string_free(line, FALSE));
	return TRUE;
}

static gboolean fake_apply(exec *x, const struct op *op, const struct op **failed, GError **error)
{
	*failed = op;
	return note_op(x, "", op, error);
}

static gboolean fake_remove(exec *x, const struct op *op, GError **error)
{
	return note_op(x, "remove ", op, error);
}

static gboolean fake_flush(G_GNUC_UNUSED exec *x, G_GNUC_UNUSED const struct op **failed,
			   G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

static int fake_netns_fd(G_GNUC_UNUSED const exec *x, G_GNUC_UNUSED const char *node)
{
	return -1;
}

static const char *no_backend(G_GNUC_UNUSED const exec *x)
{
	return NULL;
}

static void fake_free(exec *x)
{
	struct fake_backend *r = (struct fake_backend *)x;

	g_ptr_array_unref(r->log);
	g_free(r);
}

static const struct exec_backend fake_ops = {
	.apply = fake_apply,
	.remove = fake_remove,
	.flush = fake_flush,
	.netns_fd = fake_netns_fd,
	.tunnel_backend = no_backend,
	.impair_backend = no_backend,
	.free = fake_free,
};

exec *exec_new_fake(unsigned fail_at)
{
	struct fake_backend *r = g_new0(struct fake_backend, 1);

	r->base.backend = &fake_ops;
	r->fail_at = fail_at;
	r->log = g_ptr_array_new_with_free_func(g_free);
	return &r->base;
}

const GPtrArray *exec_fake_log(const exec *x)
{
	return x->backend == &fake_ops ? ((const struct fake_backend *)x)->log : NULL;
}
