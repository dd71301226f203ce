/* When calls are admitted, by virtual time and load. */
#include "testbed/matrix/pace.h"

#include <criterion/criterion.h>

/* Starts what may start within `us`; calls last `call_us`.  Returns how many were started. */
static guint play(struct pace *p, gint64 us, gint64 call_us, double busy)
{
	g_autoptr(GQueue) ends = g_queue_new();
	guint n = 0;

	for (gint64 now = 1000000; now < 1000000 + us; now += 1000) {
		if ((now / 1000) % PACE_SAMPLE_MS == 0)
			pace_load(p, busy);
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

	pace_init(&p, 2);
	cr_assert_geq(play(&p, 4000000, 3000000, 0.5), 260);
}

Test(pace, holds_back_while_the_machine_is_busy)
{
	struct pace idle, busy;

	pace_init(&idle, 2);
	pace_init(&busy, 2);
	cr_assert_gt(play(&idle, 5000000, 1000000, 0.5), 3 * play(&busy, 5000000, 1000000, 1.0));
}

Test(pace, goes_on_however_busy_the_machine_is)
{
	struct pace p;

	pace_init(&p, 1);
	play(&p, 10000000, 1000000, 1.0);
	cr_assert_float_eq(p.window, PACE_WINDOW_MIN, 1e-9);
	cr_assert_eq(pace_admit(&p, 90000000), -1, "calls of the play are still counted");
	while (p.in_progress > 0)
		pace_ended(&p);
	p.next_us = 0; /* time starts again */
	cr_assert_geq(play(&p, 10000000, 1000000, 1.0), 9 * PACE_WINDOW_MIN);
}

Test(pace, window_opens_only_when_it_is_in_the_way)
{
	struct pace p;

	pace_init(&p, 2);
	for (guint i = 0; i < 1000; i++)
		pace_load(&p, 0.1);
	cr_assert_float_eq(p.window, 2 * PACE_WINDOW_FIRST, 1e-9, "nobody asked for more");
	play(&p, 10000000, 60000000, 0.1);
	cr_assert_float_eq(p.window, 2 * PACE_WINDOW_MAX, 1e-9);
}

Test(pace, does_not_make_up_for_a_long_pause)
{
	struct pace p;
	guint burst = 0;

	pace_init(&p, 100);
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

		cr_expect_eq(pace_times_parse(stats[i].text, &t), stats[i].ok, "'%s'", stats[i].text);
		if (!stats[i].ok)
			continue;
		cr_expect_eq(t.busy, stats[i].busy, "'%s'", stats[i].text);
		cr_expect_eq(t.total, stats[i].total, "'%s'", stats[i].text);
	}
}

Test(pace, fixed_whatever_the_load)
{
	struct pace p;

	pace_init(&p, 2);
	pace_fix(&p, 500);
	for (guint i = 0; i < 500; i++) {
		pace_load(&p, 1.0);
		cr_assert_eq(pace_admit(&p, (gint64)i * PACE_INTERVAL_US), 0, "call %u", i);
	}
	cr_expect_eq(pace_admit(&p, 500 * PACE_INTERVAL_US), -1, "one more");
	pace_load(&p, 0.0);
	cr_expect_eq(pace_admit(&p, 501 * PACE_INTERVAL_US), -1, "one more on an idle machine");
}

Test(pace, busy_share)
{
	const struct pace_times then = {.busy = 100, .total = 1000}, now = {.busy = 130, .total = 1040};

	cr_expect_float_eq(pace_busy(&then, &now), 0.75, 1e-9);
	cr_expect_float_eq(pace_busy(&now, &now), 0, 1e-9, "no time has passed");
	cr_expect_float_eq(pace_busy(&now, &then), 0, 1e-9, "a counter that went back");
}
