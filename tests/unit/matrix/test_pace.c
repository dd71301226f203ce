/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When calls and sign-ins are admitted, by virtual time and load. */
#include "testbed/matrix/pace.h"

#include <criterion/criterion.h>

/* Starts what may start within `us`; calls last `call_us`.  Returns how many were started. */
static guint play(struct pace *p, gint64 us, gint64 call_us, double busy)
{
	g_autoptr(GQueue) ends = g_queue_new();
	guint n = 0;

	for (gint64 now = 1000000; now < 1000000 + us; now += 1000) {
		if ((now / 1000) % PACE_SAMPLE_MS == 0)
			pace_load(p, busy, 0);
		while (!g_queue_is_empty(ends) && *(gint64 *)g_queue_peek_head(ends) <= now) {
			g_free(g_queue_pop_head(ends));
			pace_ended(p);
		}
		while (pace_admit(p, now) == 0) {
			gint64 *end = g_new(gint64, 1);

			*end = now + call_us;
			g_queue_push_tail(ends, end);
			n++;
		}
	}
	g_queue_clear_full(ends, g_free);
	return n;
}

Test(pace, starts_a_whole_matrix_within_four_seconds_of_an_idle_machine)
{
	struct pace p;

	pace_init(&p, PACE_CALLS, 2);
	cr_assert_geq(play(&p, 4000000, 3000000, 0.5), 260);
}

Test(pace, holds_back_while_the_machine_is_busy)
{
	struct pace idle, busy;

	pace_init(&idle, PACE_CALLS, 2);
	pace_init(&busy, PACE_CALLS, 2);
	cr_assert_gt(play(&idle, 5000000, 1000000, 0.5), 3 * play(&busy, 5000000, 1000000, 1.0));
}

Test(pace, goes_on_however_busy_the_machine_is)
{
	for (enum pace_kind kind = 0; kind < PACE_KIND_COUNT; kind++) {
		double min = pace_bounds_of(kind)->min;
		struct pace p;

		pace_init(&p, kind, 1);
		play(&p, 10000000, 1000000, 1.0);
		cr_assert_float_eq(p.window, min, 1e-9, "kind %d", (int)kind);
		cr_assert_eq(pace_admit(&p, 90000000), -1, "calls of the play are still counted");
		while (p.in_progress > 0)
			pace_ended(&p);
		p.next_us = 0; /* time starts again */
		cr_assert_geq(play(&p, 10000000, 1000000, 1.0), 9 * min, "kind %d", (int)kind);
	}
}

Test(pace, window_opens_only_when_it_is_in_the_way)
{
	for (enum pace_kind kind = 0; kind < PACE_KIND_COUNT; kind++) {
		const struct pace_bounds *b = pace_bounds_of(kind);
		struct pace p;

		pace_init(&p, kind, 2);
		for (guint i = 0; i < 1000; i++)
			pace_load(&p, 0.1, 0);
		cr_assert_float_eq(p.window, 2 * b->first, 1e-9, "kind %d: nobody asked for more",
				   (int)kind);
		play(&p, 20000000, 60000000, 0.1);
		cr_assert_float_eq(p.window, 2 * b->max, 1e-9, "kind %d", (int)kind);
	}
}

/* Servers that wait for a processor close the window however busy it is otherwise; what is below
 * the usual minimum still starts, slowly, for calls that fail stay long. */
Test(pace, closes_while_servers_wait)
{
	for (enum pace_kind kind = 0; kind < PACE_KIND_COUNT; kind++) {
		const struct pace_bounds *b = pace_bounds_of(kind);
		struct pace p;
		guint n = 0;

		pace_init(&p, kind, 2);
		for (guint i = 0; i < 100; i++)
			pace_load(&p, 1.0, 0.9);
		cr_assert_float_eq(p.window, 2 * b->least, 1e-9, "kind %d", (int)kind);
		for (gint64 now = 1000000; now < 2000000; now += 1000)
			n += pace_admit(&p, now) == 0;
		cr_expect_gt(n, 2 * b->least, "kind %d: nothing starts beyond the window",
			     (int)kind);
		cr_expect_leq(n, 2 * b->min, "kind %d", (int)kind);
		for (guint i = 0; i < 1000; i++)
			pace_load(&p, 1.0, 0.1);
		cr_expect_float_eq(p.window, 2 * b->min, 1e-9, "kind %d: it stays closed",
				   (int)kind);
	}
}

/* At nine tenths of the machine calls may still be started, but none that is to stand beside
 * others. */
Test(pace, set_ups_leave_a_reserve)
{
	struct pace calls, set_ups;

	pace_init(&calls, PACE_CALLS, 2);
	pace_init(&set_ups, PACE_SET_UPS, 2);
	play(&calls, 5000000, 1000000, 0.9);
	play(&set_ups, 5000000, 1000000, 0.9);
	cr_expect_geq(calls.window, 2 * pace_bounds_of(PACE_CALLS)->first);
	cr_expect_float_eq(set_ups.window, 2 * pace_bounds_of(PACE_SET_UPS)->min, 1e-9);
}

/* A sign-in has 3 s for TLS: on a machine that gives us a tenth of two processors, each needs 40 ms
 * of them and all that are in progress share them, none may take longer. */
Test(pace, sign_ins_meet_their_deadlines_on_a_busy_machine)
{
	const gint64 work_us = 40000, share_us = 2 * 1000 / 10, deadline_us = 3000000;
	g_autoptr(GQueue) begun = g_queue_new(); /* when they began; they end in that order */
	gint64 left_us = 0, longest_us = 0;
	struct pace p;
	guint n = 0;

	pace_init(&p, PACE_SIGN_INS, 2);
	for (gint64 now = 1000; n < 1000; now += 1000) {
		if ((now / 1000) % PACE_SAMPLE_MS == 0)
			pace_load(&p, 1.0, 0);
		for (left_us += share_us; left_us >= work_us && !g_queue_is_empty(begun);
		     left_us -= work_us, n++) {
			gint64 *since = g_queue_pop_head(begun);

			longest_us = MAX(longest_us, now - *since);
			g_free(since);
			pace_ended(&p);
		}
		left_us = g_queue_is_empty(begun) ? 0 : left_us;
		while (pace_admit(&p, now) == 0)
			g_queue_push_tail(begun, g_memdup2(&now, sizeof now));
	}
	g_queue_clear_full(begun, g_free);
	cr_assert_lt(longest_us, deadline_us);
}

Test(pace, does_not_make_up_for_a_long_pause)
{
	struct pace p;
	guint burst = 0;

	pace_init(&p, PACE_CALLS, 100);
	while (pace_admit(&p, 1000000) == 0)
		;
	while (pace_admit(&p, 60000000) == 0)
		burst++;
	cr_assert_leq(burst, 2);
}

static const struct stat_case {
	const char *text;
	bool ok;
	guint64 busy, total;
} stats[] = {
	{"cpu  10 1 5 100 4 2 3 1 0 0\ncpu0 1 2 3", true, 22, 126},
	{"cpu  10 1 5 100 4 2 3 1", true, 22, 126},
	{"cpu  10 1 5", false, 0, 0},
	{"cpu0 10 1 5 100 4 2 3 1", false, 0, 0},
	{"", false, 0, 0},
};

Test(pace, reads_processor_times)
{
	for (guint i = 0; i < G_N_ELEMENTS(stats); i++) {
		struct pace_times t;

		cr_expect_eq(pace_times_parse(stats[i].text, &t), stats[i].ok, "'%s'",
			     stats[i].text);
		if (!stats[i].ok)
			continue;
		cr_expect_eq(t.busy, stats[i].busy, "'%s'", stats[i].text);
		cr_expect_eq(t.total, stats[i].total, "'%s'", stats[i].text);
	}
}

Test(pace, busy_share)
{
	const struct pace_times then = {.busy = 100, .total = 1000},
				now = {.busy = 130, .total = 1040};

	cr_expect_float_eq(pace_busy(&then, &now), 0.75, 1e-9);
	cr_expect_float_eq(pace_busy(&now, &now), 0, 1e-9, "no time has passed");
	cr_expect_float_eq(pace_busy(&now, &then), 0, 1e-9, "a counter that went back");
}
