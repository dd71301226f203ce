/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/loss_test.h"

#include <math.h>

#define HALF 0.5
#define TWICE 2.0
#define PACKET_MS 20 /* of audio and video alike */
#define TIME_RESERVE 1.5

/* How much less a loss tells when losses come in runs. */
static double dispersion(unsigned burst_packets)
{
	return burst_packets > 1 ? 2.5 * burst_packets - 1.5 : 1;
}

void loss_test_init(struct loss_test *t, double limit_pct, unsigned burst_packets)
{
	double limit = MAX(limit_pct, LOSS_LIMIT_MIN_PCT) / 100, good = HALF * limit,
	       bad = MIN(TWICE * limit, (1 + limit) / 2), times = dispersion(burst_packets);

	*t = (struct loss_test){
		.limit = limit,
		.per_lost = log(bad / good) / times,
		.per_arrived = log((1 - bad) / (1 - good)) / times,
		.max_packets =
			(guint64)MIN(LOSS_PACKETS_TIMES_LIMIT * times / limit, LOSS_PACKETS_MAX),
	};
}

enum loss_decision loss_test_count(struct loss_test *t, guint64 expected, guint64 received)
{
	guint64 lost = expected > received ? expected - received : 0;
	double sum = (double)lost * t->per_lost + (double)(expected - lost) * t->per_arrived,
	       bound = -log(LOSS_ERROR_RATE);

	if (t->decision != LOSS_OPEN)
		return t->decision;
	t->packets = expected;
	t->lost = lost;
	t->decision = sum >= bound		 ? LOSS_FAIL :
		      sum <= -bound		 ? LOSS_PASS :
		      expected >= t->max_packets ? LOSS_UNDECIDED :
						   LOSS_OPEN;
	return t->decision;
}

guint loss_test_max_ms(const struct loss_test *t)
{
	return (guint)((double)t->max_packets * PACKET_MS * TIME_RESERVE);
}
