/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one plan to another, and back when an operation is refused: with an exec
 * that has no kernel. */
#include "testbed/lab/apply_difference.h"
#include "testbed/model/model.h"
#include "tests/support/fake_exec.h"

#include <criterion/criterion.h>
#include <string.h>

#define LYNC "topologies/lync.yaml"

static const char *const changes[] = {
	"add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}",
	"link-down: {node: edge, interface: int}",
	"remove-node: {node: branch2}",
	"add-node: {tap: {interfaces: {lan: {network: perimeter, address: 172.25.33.77/24}}}}",
	"set-impair: {node: branch-gw, interface: wan, delay: 5ms}",
	"set-sysctl: {node: core, key: net.ipv4.conf.all.rp_filter, value: '1'}",
};

static plan *plan_with(const model *base, const char *change)
{
	g_autoptr(diags) found = diags_new();
	const struct scenario *sc = base->scenarios->pdata[0];
	model *m = change ? model_instantiate_with(base, sc, "test", change, found) :
			    model_instantiate(base, sc, found);
	plan *p;

	cr_assert(m, "%s: %s", change, diags_to_text(found));
	p = plan_build(m);
	model_free(m);
	return p;
}

static model *load(void)
{
	g_autoptr(diags) found = diags_new();
	model *m = model_load(LYNC, found);

	cr_assert(m);
	return m;
}

Test(apply_difference, equal_plans_differ_in_nothing)
{
	g_autoptr(model) base = load();
	g_autoptr(plan) a = plan_with(base, NULL), b = plan_with(base, NULL);
	g_autoptr(plan_difference) d = plan_difference_new(a, b, NULL);

	cr_expect_eq(d->steps->len, 0);
	cr_expect(plan_difference_is_light(d));
}

Test(apply_difference, a_route_is_one_route_in_each_table)
{
	g_autoptr(model) base = load();
	g_autoptr(plan) a = plan_with(base, NULL), b = plan_with(base, changes[0]);
	g_autoptr(plan_difference) d = plan_difference_new(a, b, NULL);

	/* the main table and, the host being strong, that of the interface */
	cr_assert_eq(d->steps->len, 2);
	for (guint i = 0; i < 2; i++) {
		const struct plan_step *s = d->steps->pdata[i];

		cr_expect(!s->remove);
		cr_expect_eq(s->op->kind, OP_ROUTE);
	}
	cr_expect(!plan_difference_is_light(d));
}

Test(apply_difference, only_an_impairment_is_light)
{
	g_autoptr(model) base = load();
	g_autoptr(plan) a = plan_with(base, NULL), b = plan_with(base, changes[4]);
	g_autoptr(plan_difference) d = plan_difference_new(a, b, NULL);

	cr_expect_eq(d->steps->len, 1);
	cr_expect(plan_difference_is_light(d));
}

/* Interfaces that stay keep their numbers, and no number is there twice. */
Test(apply_difference, numbers_stay_and_are_unique)
{
	g_autoptr(model) base = load();

	for (gsize c = 0; c < G_N_ELEMENTS(changes); c++) {
		g_autoptr(plan) a = plan_with(base, NULL), b = plan_with(base, changes[c]);
		g_autoptr(plan_difference) d = plan_difference_new(a, b, NULL);
		g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

		cr_assert_not_null(d, "%s: numbers b's interfaces", changes[c]);
		for (guint i = 0; i < b->ops->len; i++) {
			const struct op *op = b->ops->pdata[i];

			for (int e = 0; op->kind == OP_VETH && e < 2; e++)
				cr_expect(g_hash_table_add(seen,
							   GUINT_TO_POINTER(op->veth[e].ifindex)),
					  "%s: number %u twice", changes[c], op->veth[e].ifindex);
		}
	}
}

/* Whatever operation is refused: what was done before it is taken back in reverse order. */
Test(apply_difference, a_refused_step_takes_all_back)
{
	g_autoptr(model) base = load();

	for (gsize c = 0; c < G_N_ELEMENTS(changes); c++) {
		g_autoptr(plan) a = plan_with(base, NULL), b = plan_with(base, changes[c]);
		g_autoptr(plan_difference) d = plan_difference_new(a, b, NULL);

		for (guint at = 1; at <= d->steps->len; at++) {
			g_autoptr(exec) x = exec_new_fake(at);
			g_autoptr(GError) error = NULL;
			const GPtrArray *log;

			cr_expect(!difference_apply(x, d, &error), "%s: refused at %u", changes[c],
				  at);
			cr_assert(error);
			log = exec_fake_log(x);
			/* `at` - 1 steps there, and they and the refused one back */
			cr_expect_eq(log->len, 2 * at - 1,
				     "%s: %u operations when step %u is refused", changes[c],
				     log->len, at);
		}
	}
}
