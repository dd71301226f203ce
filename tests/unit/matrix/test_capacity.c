/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many calls a step has, and what stands in the way in the end. */
#include "testbed/matrix/capacity.h"

#include <criterion/criterion.h>
#include <math.h>

/* Places steps as capacity_measure does, in a network that carries `truth` calls. */
static guint ramp(guint truth, guint calls_max, guint *ret_steps)
{
	g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(g_free);
	guint best = 0;

	for (guint n = capacity_next(steps, calls_max); n > 0;
	     n = capacity_next(steps, calls_max)) {
		struct capacity_step *s = g_new0(struct capacity_step, 1);

		cr_assert(n <= calls_max && steps->len < 64, "%u calls in step %u", n, steps->len);
		s->calls = n;
		s->carried = n <= truth;
		best = s->carried ? MAX(best, n) : best;
		g_ptr_array_add(steps, s);
	}
	*ret_steps = steps->len;
	return best;
}

Test(capacity, the_ramp_finds_the_number)
{
	static const struct {
		guint truth, max, found, steps;
	} rows[] = {{0, 32, 0, 1},   {1, 32, 1, 2},    {5, 32, 5, 6}, {16, 16, 16, 5},
		    {20, 16, 16, 5}, {100, 10, 10, 5}, {6, 6, 6, 4},  {31, 1000, 31, 10}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint steps, found = ramp(rows[i].truth, rows[i].max, &steps);

		cr_expect_eq(found, rows[i].found, "%u of at most %u: found %u", rows[i].truth,
			     rows[i].max, found);
		cr_expect_eq(steps, rows[i].steps, "%u of at most %u: %u steps", rows[i].truth,
			     rows[i].max, steps);
	}
}

Test(capacity, the_limit_is_named)
{
	static const struct {
		double rate, load, busy;
		bool carried;
		enum capacity_limit limit;
		const char *machine;
	} rows[] = {
		{1000, 950, 0.3, false, CAPACITY_TUNNEL, NULL},
		{1000, 950, 1.0, false, CAPACITY_TUNNEL,
		 NULL}, /* a full tunnel explains it, however busy the machine */
		{1000, 300, 1.0, false, CAPACITY_MACHINE, NULL},
		{0, 90000, 1.0, false, CAPACITY_MACHINE, NULL},
		{1000, 300, 0.3, false, CAPACITY_ELSEWHERE, NULL},
		{1000, 950, 1.0, true, CAPACITY_NONE_FOUND, NULL},
		{1000, 300, 0.3, false, CAPACITY_MACHINE, "the machine was overloaded: ..."},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct capacity_step good = {.calls = 2, .carried = true};
		struct capacity_step last = {.calls = 4,
					     .carried = rows[i].carried,
					     .busy = rows[i].busy,
					     .machine = (char *)(gpointer)(guintptr)rows[i].machine,
					     .tunnel_kbit = rows[i].load};
		struct capacity_design d = {.steps = g_ptr_array_new(), .rate_kbit = rows[i].rate};

		g_ptr_array_add(d.steps, &good);
		g_ptr_array_add(d.steps, &last);
		capacity_conclude(&d);
		cr_expect_eq(d.limit, rows[i].limit, "row %zu: %d", i, (int)d.limit);
		cr_expect_eq(d.carried, rows[i].carried ? 4u : 2u, "row %zu", i);
		g_ptr_array_unref(d.steps);
	}
}

Test(capacity, the_default_pair_uses_the_tunnel)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("tests/data/topologies/company.yaml", d);
	g_autofree char *pair = m ? capacity_default_pair(m) : NULL;

	cr_assert(m);
	cr_expect_str_eq(pair, "branch1:home1");
}

/* A step of `calls` of which three were placed: one very good, one fair, one as the row says. */
static struct capacity_step *step_with(guint calls, enum verdict verdict, double mos, bool poor)
{
	g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func((GDestroyNotify)cell_free);
	const double scores[] = {4.4, 4.0, mos};

	for (gsize i = 0; i < G_N_ELEMENTS(scores); i++) {
		struct cell *c = cell_new();

		c->verdict = i == 2 ? verdict : VERDICT_PASS;
		c->reason = c->verdict == VERDICT_PASS ? NULL : g_strdup("nobody answers");
		c->quality.mos = scores[i];
		c->quality.delay_ms = 10 * (double)i;
		c->quality.poor = i == 2 && poor;
		g_ptr_array_add(cells, c);
	}
	return capacity_step_new(calls, cells);
}

Test(capacity, a_step_is_carried_when_every_call_is)
{
	static const struct {
		const char *what;
		guint calls;
		enum verdict verdict;
		double mos;
		bool poor, carried;
		double lowest;
	} rows[] = {
		{"all well", 3, VERDICT_PASS, 3.7, false, true, 3.7},
		{"one not placed", 4, VERDICT_PASS, 3.7, false, false, 3.7},
		{"one failed", 3, VERDICT_FAIL, NAN, false, false, 4.0},
		{"one poor", 3, VERDICT_PASS, 3.7, true, false, 3.7},
		{"one with a low MOS", 3, VERDICT_PASS, 3.5, false, false, 3.5},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct capacity_step *s =
			step_with(rows[i].calls, rows[i].verdict, rows[i].mos, rows[i].poor);

		cr_expect_eq(s->carried, rows[i].carried, "%s", rows[i].what);
		cr_expect_float_eq(s->mos_min, rows[i].lowest, 1e-9, "%s: lowest MOS %g",
				   rows[i].what, s->mos_min);
		cr_expect_float_eq(s->delay_ms, 10, 1e-9, "%s: delay %g ms", rows[i].what,
				   s->delay_ms);
		cr_expect_eq(s->reason != NULL, rows[i].verdict != VERDICT_PASS, "%s: reason",
			     rows[i].what);
		object_free(s);
	}
}
