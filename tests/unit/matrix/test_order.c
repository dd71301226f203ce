/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of cells: by what they are, never by what is expected of them. */
#include "testbed/matrix/order.h"

#include "testbed/matrix/cells.h"

#include <criterion/criterion.h>

#define SEED 20

static model *load(void)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load("tests/data/topologies/company.yaml", d);

	cr_assert(m, "the topology loads");
	return m;
}

/* Ids in order, one a line. */
static char *ordered(const struct selected_scenario *s)
{
	GString *ids = g_string_new(NULL);
	GQueue queue = G_QUEUE_INIT;
	const struct cell *c;

	order_cells(&queue, s->result->cells, s->model, SEED);
	while ((c = g_queue_pop_head(&queue)))
		g_string_append_printf(ids, "%s\n", c->id);
	return g_string_free(ids, FALSE);
}

Test(order, does_not_know_what_is_expected)
{
	const struct matrix_filter everything = {0};
	g_autoptr(model) m = load();
	g_autoptr(matrix_selection) s = matrix_select(m, &everything, NULL);
	const struct selected_scenario *first = s->scenarios->pdata[0];
	g_autofree char *before = ordered(first), *after = NULL;

	for (guint i = 0; i < first->result->cells->len; i++) {
		struct cell *c = first->result->cells->pdata[i];

		c->expected_verdict =
			c->expected_verdict == VERDICT_PASS ? VERDICT_FAIL : VERDICT_PASS;
		c->expected_path_mask = ~c->expected_path_mask;
		c->has_expected_path = !c->has_expected_path;
	}
	after = ordered(first);
	cr_expect_str_eq(after, before);
}

Test(order, is_by_what_takes_long)
{
	const struct matrix_filter everything = {0};
	g_autoptr(model) m = load();
	g_autoptr(matrix_selection) s = matrix_select(m, &everything, NULL);
	const struct selected_scenario *first = s->scenarios->pdata[0];
	GQueue queue = G_QUEUE_INIT;
	int last = 0;
	const struct cell *c;
	guint n = 0;

	order_cells(&queue, first->result->cells, first->model, SEED);
	while ((c = g_queue_pop_head(&queue))) {
		cr_expect_geq(order_urgency(first->model, c), last, "%s is too late", c->id);
		last = order_urgency(first->model, c);
		n++;
	}
	cr_expect_eq(n, first->result->cells->len, "every cell once");
	cr_expect_eq(last, order_urgency(first->model, first->result->cells->pdata[0]),
		     "a message, which takes no time, is last");
}
