/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an impaired link does to packets, by virtual time and fixed seeds. */
#include "testbed/exec/impair_queue.h"

#include <criterion/criterion.h>
#include <math.h>

#define MS 1000000LL
#define N 20000

struct run {
	struct impairment what;
	guint n, length;
	gint64 interval_ns;
	/* out: */
	guint came, overtaken;
	double mean_ms, deviation_ms, last_ms;
	struct impair_counts counts;
};

static void note(struct run *r, const struct impair_frame *f, gint64 now_ns, guint *previous,
		 double *squares)
{
	guint number;
	double delay_ms;

	memcpy(&number, f->data, sizeof number);
	delay_ms = (double)(now_ns - number * r->interval_ns) / MS;
	r->came++;
	r->overtaken += number < *previous;
	r->mean_ms += delay_ms;
	*squares += delay_ms * delay_ms;
	r->last_ms = (double)now_ns / MS;
	*previous = MAX(*previous, number);
}

static void drain(impair_queue *q, struct run *r, gint64 until_ns, guint *previous, double *squares)
{
	for (gint64 due = impair_queue_due_ns(q); due >= 0 && due <= until_ns;
	     due = impair_queue_due_ns(q)) {
		struct impair_frame *f = impair_queue_take(q, due);

		cr_assert(f && f->length == r->length);
		note(r, f, due, previous, squares);
		g_free(f);
	}
}

static void run(struct run *r, guint64 seed)
{
	impair_queue *q = impair_queue_new(seed);
	guint8 data[1500] = {0};
	double squares = 0;
	guint previous = 0;

	impair_queue_set(q, &r->what);
	for (guint i = 0; i < r->n; i++) {
		drain(q, r, i * r->interval_ns, &previous, &squares);
		memcpy(data, &i, sizeof i);
		impair_queue_put(q, i * r->interval_ns, data, r->length);
	}
	drain(q, r, G_MAXINT64, &previous, &squares);
	r->mean_ms /= MAX(r->came, 1);
	r->deviation_ms = sqrt(MAX(squares / MAX(r->came, 1) - r->mean_ms * r->mean_ms, 0));
	r->counts = *impair_queue_counts(q);
	impair_queue_free(q);
}

Test(impair_queue, nothing_asked_nothing_done)
{
	struct run r = {.n = 100, .length = 100, .interval_ns = MS};

	run(&r, 1);
	cr_expect_eq(r.came, 100);
	cr_expect_eq(r.overtaken, 0);
	cr_expect_float_eq(r.mean_ms, 0, 1e-9);
}

Test(impair_queue, delay_is_exact)
{
	struct run r = {.what = {.delay_us = 20500}, .n = 100, .length = 100, .interval_ns = MS};

	run(&r, 1);
	cr_expect_eq(r.came, 100);
	cr_expect_float_eq(r.mean_ms, 20.5, 1e-9);
	cr_expect_float_eq(r.deviation_ms, 0, 1e-6);
}

Test(impair_queue, jitter_has_its_shape)
{
	struct run uniform = {.what = {.delay_us = 20000, .jitter_us = 6000},
			      .n = N,
			      .length = 100,
			      .interval_ns = MS};
	struct run normal = {.what = {.delay_us = 50000, .jitter_us = 6000, .shape = JITTER_NORMAL},
			     .n = N,
			     .length = 100,
			     .interval_ns = MS};

	run(&uniform, 2);
	cr_expect_float_eq(uniform.mean_ms, 20, 0.1);
	cr_expect_float_eq(uniform.deviation_ms, 6 / sqrt(3), 0.05);
	cr_expect_gt(uniform.overtaken, 0);
	run(&normal, 3);
	cr_expect_float_eq(normal.mean_ms, 50, 0.15);
	cr_expect_float_eq(normal.deviation_ms, 6, 0.1);
}

/* The binomial's 99 % interval. */
static void expect_share(const char *what, double found, double n, double share)
{
	cr_expect_leq(fabs(found - n * share), 2.576 * sqrt(n * share * (1 - share)),
		      "%s: %.0f of %.0f, asked %.3f", what, found, n, share);
}

Test(impair_queue, shares_are_what_was_asked)
{
	static const double shares[] = {0.1, 1, 5, 30, 100};

	for (gsize i = 0; i < G_N_ELEMENTS(shares); i++) {
		struct run loss = {
			.what = {.loss_pct = shares[i]}, .n = N, .length = 100, .interval_ns = MS};
		struct run copies = {.what = {.duplicate_pct = shares[i]},
				     .n = N,
				     .length = 100,
				     .interval_ns = MS};
		struct run skips = {.what = {.delay_us = 5000, .reorder_pct = shares[i]},
				    .n = N,
				    .length = 100,
				    .interval_ns = MS};

		run(&loss, 4 + i);
		expect_share("loss", N - loss.came, N, shares[i] / 100);
		run(&copies, 14 + i);
		expect_share("duplicates", copies.came - N, N, shares[i] / 100);
		run(&skips, 24 + i);
		expect_share("reordered", (double)skips.counts.reordered, N, shares[i] / 100);
		cr_expect_eq(skips.came, N);
	}
}

/* Length of a run: losses divided by how often they begin. */
Test(impair_queue, bursts_have_their_length)
{
	const struct impairment what = {.loss_pct = 4, .burst_packets = 5};
	impair_queue *q = impair_queue_new(7);
	guint8 data[60] = {0};
	guint64 before = 0, begins = 0;
	bool losing = false;
	double length, share;

	impair_queue_set(q, &what);
	for (guint i = 0; i < 10 * N; i++) {
		bool lost;

		impair_queue_put(q, i, data, sizeof data);
		lost = impair_queue_counts(q)->lost > before;
		before = impair_queue_counts(q)->lost;
		begins += lost && !losing;
		losing = lost;
		g_free(impair_queue_take(q, i));
	}
	length = (double)before / (double)begins;
	share = 100.0 * (double)before / (10.0 * N);
	cr_expect_float_eq(length, 5, 0.3, "mean run %.2f", length);
	cr_expect_float_eq(share, 4, 0.4, "loss %.2f %%", share);
	impair_queue_free(q);
}

Test(impair_queue, rate_spaces_packets_and_keeps_their_order)
{
	/* 1250 bytes at 1 Mbit/s: 10 ms each */
	struct run r = {.what = {.rate_kbit = 1000,
				 .queue = 1000000,
				 .queue_unit = QUEUE_BYTES,
				 .delay_us = 40000,
				 .jitter_us = 30000},
			.n = 200,
			.length = 1250,
			.interval_ns = 0};

	run(&r, 8);
	cr_expect_eq(r.came, 200);
	cr_expect_eq(r.overtaken, 0);
	cr_expect(r.last_ms >= 2010 && r.last_ms <= 2070, "the last came at %.1f ms", r.last_ms);
}

Test(impair_queue, queue_holds_what_was_asked)
{
	static const struct {
		guint amount;
		enum queue_unit unit;
		guint expected;
	} rows[] = {
		{100, QUEUE_MS, 10}, /* 100 ms at 1 Mbit/s: 12500 bytes */
		{7, QUEUE_PACKETS, 7}, {5000, QUEUE_BYTES, 4},
		{10, QUEUE_BYTES, 1}, /* smaller than a packet: one passes all the same */
		{0, QUEUE_MS, 10},    /* the default */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct run r = {.what = {.rate_kbit = 1000,
					 .queue = rows[i].amount,
					 .queue_unit = rows[i].unit},
				.n = 50,
				.length = 1250,
				.interval_ns = 0};

		run(&r, 9);
		cr_expect_eq(r.came, rows[i].expected, "row %zu: %u came", i, r.came);
		cr_expect_eq(r.counts.overflowed, 50 - rows[i].expected);
	}
}

Test(impair_queue, a_change_leaves_what_is_inside)
{
	const struct impairment slow = {.delay_us = 50000}, none = {0};
	impair_queue *q = impair_queue_new(10);
	guint8 data[60] = {0};

	impair_queue_set(q, &slow);
	impair_queue_put(q, 0, data, sizeof data);
	impair_queue_set(q, &none);
	impair_queue_put(q, MS, data, sizeof data);
	cr_expect_eq(impair_queue_due_ns(q), MS);
	g_free(impair_queue_take(q, MS));
	cr_expect_eq(impair_queue_due_ns(q), 50 * MS);
	cr_expect_null(impair_queue_take(q, 50 * MS - 1));
	impair_queue_free(q); /* with a frame inside */
}
