/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/walk/rows.h"

#include "testbed/report/walk_text.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

/* The walks point into the model. */
static struct walk_pair *pair_of(const struct walk_row *r, const model *m)
{
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);
	struct flow flow = {.node = r->from,
			    .proto = r->proto,
			    .dport = r->port,
			    .size_bytes = r->size_bytes,
			    .established = r->established,
			    .plain = r->plain};

	cr_assert(addr_parse(r->to, &flow.dst), "%s", r->name);
	return walk_both(net, &flow);
}

static void expect_end(const struct walk_row *r, const walk *w, enum walk_end end, const char *node,
		       const char *object)
{
	g_autofree char *text = subject_text(&w->subject);

	cr_expect(w->end == end, "%s: ends %s, not %s: %s", r->name, walk_end_name(w->end),
		  walk_end_name(end), w->why);
	cr_expect(g_str_equal(w->node, node), "%s: ends at %s, not %s: %s", r->name, w->node, node,
		  w->why);
	cr_expect(g_strcmp0(text, object) == 0, "%s: by %s, not %s", r->name, text, object);
}

static bool has_nat(const walk *w, const char *nat)
{
	for (guint i = 0; w && i < w->hops->len; i++) {
		const char *text = ((const struct hop *)w->hops->pdata[i])->nat;

		if (text && strstr(text, nat))
			return true;
	}
	return false;
}

void walk_rows_expect(const struct walk_row *rows, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		const struct walk_row *r = &rows[i];
		g_autoptr(model) m = scenario_model(r->file, r->scenario, r->changes);
		struct walk_pair *pair = pair_of(r, m);

		expect_end(r, pair->forward, r->end, r->node, r->object);
		cr_expect((pair->back != NULL) == r->answered, "%s: there is an answer or not",
			  r->name);
		if (pair->back && r->answered)
			expect_end(r, pair->back, r->back_end, r->back_node, r->back_object);
		cr_expect(!r->nat || has_nat(pair->forward, r->nat) || has_nat(pair->back, r->nat),
			  "%s: no NAT '%s'", r->name, r->nat);
		walk_pair_free(pair);
	}
}

void walk_rows_expect_text(const struct walk_row *rows, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_autoptr(model) m =
			scenario_model(rows[i].file, rows[i].scenario, rows[i].changes);
		struct walk_pair *pair = pair_of(&rows[i], m);
		g_autoptr(GString) text = g_string_new(NULL);
		g_auto(GStrv) lines = NULL;

		walk_text(pair, 80, text);
		lines = g_strsplit(text->str, "\n", 0);
		for (guint k = 0; lines[k]; k++)
			cr_expect(strlen(lines[k]) <= 80, "%s: '%s'", rows[i].name, lines[k]);
		cr_expect(walk_pair_delivered(pair) ==
				  (strstr(text->str, "the answer returns") != NULL),
			  "%s:\n%s", rows[i].name, text->str);
		walk_pair_free(pair);
	}
}
