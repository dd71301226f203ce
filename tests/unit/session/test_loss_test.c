/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict about a lossy line: 1,000 lines of the same loss come out alike. */
#include "testbed/session/loss_test.h"

#include <criterion/criterion.h>
#include <stdbool.h>

#define LINES 1000
#define PACKETS_A_LOOK 25 /* what a client reports of speech each half second */

/* A line that loses `share` of its packets, in runs of `burst` on average. */
struct line {
	GRand *lots;
	double share;
	unsigned burst;
	bool losing;
};

static bool loses_next(struct line *l)
{
	double start = l->burst > 1 ? l->share / (l->burst * (1 - l->share)) : l->share,
	       more = l->burst > 1 ? 1 - 1.0 / l->burst : start;

	l->losing = g_rand_double(l->lots) < (l->losing ? more : start);
	return l->losing;
}

static enum loss_decision test_line(struct line *l, double limit_pct, guint64 *ret_packets)
{
	struct loss_test t;
	guint64 expected = 0, lost = 0;

	loss_test_init(&t, limit_pct, l->burst);
	while (t.decision == LOSS_OPEN) {
		for (guint i = 0; i < PACKETS_A_LOOK; i++)
			lost += loses_next(l);
		expected += PACKETS_A_LOOK;
		loss_test_count(&t, expected, expected - lost);
	}
	*ret_packets = t.packets;
	return t.decision;
}

static const struct row {
	double limit_pct, times; /* the line loses `times` the limit */
	unsigned burst;
	guint lines;
	enum loss_decision decision;
	guint64 mean_packets; /* at most */
} rows[] = {
	{1, 0.5, 1, LINES, LOSS_PASS, 2000},
	{1, 2, 1, LINES, LOSS_FAIL, 1300},
	{5, 0.5, 1, LINES, LOSS_PASS, 400},
	{5, 2, 1, LINES, LOSS_FAIL, 260},
	{1, 0, 1, 1, LOSS_PASS, 925},
	{1, 3, 1, LINES, LOSS_FAIL, 600},
	{1, 20, 1, LINES, LOSS_FAIL, 100},
	{50, 1.5, 1, LINES, LOSS_FAIL, 100},
	{1, 0.5, 3, LINES / 10, LOSS_PASS, 13000},
	{1, 2, 3, LINES / 10, LOSS_FAIL, 9000},
};

Test(loss_test, decides_every_line_of_half_and_of_twice_the_limit_alike)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		guint wrong = 0;
		guint64 sum = 0, packets;

		for (guint seed = 0; seed < r->lines; seed++) {
			struct line l = {.lots = g_rand_new_with_seed(seed),
					 .share = r->limit_pct / 100 * r->times,
					 .burst = r->burst};

			wrong += test_line(&l, r->limit_pct, &packets) != r->decision;
			sum += packets;
			g_rand_free(l.lots);
		}
		cr_expect_eq(wrong, 0,
			     "limit %g %%, %g times, runs of %u: %u of %u decided otherwise",
			     r->limit_pct, r->times, r->burst, wrong, r->lines);
		cr_expect_leq(sum / r->lines, r->mean_packets,
			      "limit %g %%, %g times, runs of %u: %" G_GUINT64_FORMAT " packets",
			      r->limit_pct, r->times, r->burst, sum / r->lines);
	}
}

Test(loss_test, says_when_it_cannot_decide)
{
	struct loss_test t;

	loss_test_init(&t, 1, 0);
	for (guint64 n = 500; n < t.max_packets; n += 500)
		cr_assert_eq(loss_test_count(&t, n, n - n * 108 / 10000), LOSS_OPEN,
			     "after %" G_GUINT64_FORMAT, n);
	cr_expect_eq(loss_test_count(&t, t.max_packets,
				     t.max_packets - t.max_packets * 108 / 10000),
		     LOSS_UNDECIDED);
	cr_expect_eq(t.decision, LOSS_UNDECIDED);
}

Test(loss_test, keeps_its_decision)
{
	struct loss_test t;

	loss_test_init(&t, 1, 0);
	cr_expect_eq(loss_test_count(&t, 0, 0), LOSS_OPEN);
	cr_expect_eq(loss_test_count(&t, 100, 50), LOSS_FAIL);
	cr_expect_eq(loss_test_count(&t, 100000, 99950), LOSS_FAIL);
	cr_expect_eq(t.packets, 100);
	cr_expect_eq(t.lost, 50);
}

/* Nothing can be tested for exactly. */
Test(loss_test, takes_limits_at_the_edges)
{
	static const double limits[] = {0, 0.1, 50, 99};

	for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
		struct loss_test t;

		loss_test_init(&t, limits[i], 0);
		cr_expect(t.per_lost > 0 && t.per_arrived < 0, "limit %g %%", limits[i]);
		cr_expect_gt(t.max_packets, 50);
		cr_expect_eq(loss_test_count(&t, 50000, 50000), LOSS_PASS, "limit %g %%",
			     limits[i]);
	}
}
