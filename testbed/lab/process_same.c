/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/process_same.h"

#include "testbed/plan/difference.h"

#include <string.h>

static const struct op *process_of(const plan *p, const char *name)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if ((op->kind == OP_DAEMON || op->kind == OP_AGENT) &&
		    strcmp(op->process.name, name) == 0)
			return op;
	return NULL;
}

/* Paths and texts of all files of a node, in the plan's order. */
static char *files_of(const plan *p, const char *node)
{
	GString *all = g_string_new(NULL);

	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_FILE && strcmp(op->node, node) == 0)
			g_string_append_printf(all, "%s\n%s\n", op->file.path, op->file.text);
	return g_string_free(all, FALSE);
}

static bool same_files(const plan *before, const plan *next, const char *node)
{
	g_autofree char *a = files_of(before, node), *b = files_of(next, node);

	return strcmp(a, b) == 0;
}

static bool same_identity(const model *before, const model *next, const char *name)
{
	const struct node *old = model_node(before, name), *now = model_node(next, name);
	g_auto(GStrv) a = config_tls_names(before, old);
	g_auto(GStrv) b = config_tls_names(next, now);

	return g_strv_equal((const char *const *)a, (const char *const *)b) &&
	       old->certificate.issuer == now->certificate.issuer &&
	       old->certificate.validity == now->certificate.validity;
}

bool process_is_same(const struct op *op,
		     json_t *(*config)(const struct config_source *source, const struct node *node),
		     const plan *before, const struct config_source *before_config,
		     const plan *next, const struct config_source *next_config)
{
	const struct op *then = process_of(next, op->process.name);
	json_t *a, *b;
	bool same;

	if (!then || !op_equal(op, then) || !same_files(before, next, op->node) ||
	    !same_identity(before_config->model, next_config->model, op->node))
		return false;
	if (!config)
		return true;
	a = config(before_config, model_node(before_config->model, op->node));
	b = config(next_config, model_node(next_config->model, op->node));
	same = json_equal(a, b) != 0;
	json_decref(a);
	json_decref(b);
	return same;
}
