/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Impaired links as calls meet them in a whole lab, changed while it lives. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define DELAY_MS 60 /* each way */
#define LOSS 0.1

/* The cell of an audio call from dc1 to branch1, whatever came out of it; the caller owns it. */
static json_t *call(const struct home *h, const char *seconds)
{
	struct outcome s;
	json_t *document, *cell;

	home_run(h, &s, NULL, "call", "dc1", "branch1", "--seconds", seconds, "--json", "-", NULL);
	document = json_loads(s.out, 0, NULL);
	cr_assert_not_null(document, "%s%s", s.out, s.err);
	cell = json_incref(json_array_get(
		json_object_get(json_array_get(json_object_get(document, "scenarios"), 0), "cells"),
		0));
	json_decref(document);
	outcome_clear(&s);
	return cell;
}

/* Of one call; negative: nobody measured it. */
static double rtt_ms(const struct home *h)
{
	json_t *cell = call(h, "2");
	const json_t *rtt = json_object_get(json_object_get(cell, "quality"), "rtt_ms");
	double ms = json_is_number(rtt) ? json_number_value(rtt) : -1;

	cr_expect_str_eq(json_string_value(json_object_get(cell, "verdict")), "pass");
	json_decref(cell);
	return ms;
}

/* Places calls until the round trip of one is below `below_ms`; none may take less than `least_ms`.
 * A busy machine makes some longer.  A delay that is still there, or counted twice, makes all of
 * them longer: then the test's time ends it. */
static void wait_for_rtt(const struct home *h, double least_ms, double below_ms)
{
	double ms;

	do {
		ms = rtt_ms(h);
		cr_log_info("a round trip of %.1f ms, to be from %g to %g", ms, least_ms, below_ms);
		cr_assert(ms < 0 || ms >= least_ms, "%.1f ms, less than the delay of %g", ms,
			  least_ms);
	} while (ms < 0 || ms >= below_ms);
}

/* What `receiver` lost of what the other end sent it, by the numbers in the packets: the ends do
 * not report at the same moment, and what was sent after the first report was not lost. */
static void lost_at(const json_t *cell, const char *receiver, double *ret_lost, double *ret_sent)
{
	const json_t *streams = json_object_get(cell, "streams");

	*ret_sent = -1;
	for (size_t i = 0; i < json_array_size(streams); i++) {
		const json_t *s = json_array_get(streams, i);
		double received = json_number_value(json_object_get(s, "received"));
		double loss = json_number_value(json_object_get(s, "loss_pct")) / 100;

		if (strcmp(json_string_value(json_object_get(s, "receiver")), receiver) == 0 &&
		    loss < 1)
			*ret_sent = received / (1 - loss);
		*ret_lost = *ret_sent * loss;
		if (*ret_sent > 0)
			break;
	}
	cr_assert(*ret_sent > 0, "%s tells its stream", receiver);
}

static void expect_loss(const struct home *h)
{
	json_t *cell = call(h, "5");
	double lost, sent, mean, deviation;

	lost_at(cell, "branch1", &lost, &sent);
	mean = sent * LOSS;
	deviation = sqrt(sent * LOSS * (1 - LOSS));
	/* four deviations of the binomial: one run in fifteen thousand is outside */
	cr_expect(sent >= 200 && fabs(lost - mean) <= 4 * deviation,
		  "%g of %g lost where %g should be", lost, sent, mean);
	lost_at(cell, "dc1", &lost, &sent);
	cr_expect(lost <= 1, "%g of %g lost on the way that loses nothing", lost, sent);
	json_decref(cell);
}

/* The cable between the Internet and the branch is impaired at both ends; an impairment counted
 * twice would show. */
Test(impair, a_call_meets_what_was_set_until_it_is_taken_back, .timeout = 90)
{
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "missing-route", NULL);
	wait_for_rtt(&h, 0, DELAY_MS);
	home_expect(&h, 0, "set", "set-impair: {node: branch-gw, interface: wan, delay: 60ms}",
		    "set-impair: {node: internet, interface: branch, delay: 60ms}", NULL);
	wait_for_rtt(&h, 2 * DELAY_MS, 3 * DELAY_MS);
	home_expect(&h, 0, "set", "set-impair: {node: branch-gw, interface: wan}",
		    "set-impair: {node: internet, interface: branch, loss: 10%}", NULL);
	expect_loss(&h);
	home_expect(&h, 0, "reset", NULL);
	wait_for_rtt(&h, 0, DELAY_MS);
	home_clear(&h);
}
