/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss test: does a line lose more packets than it may?  Decided at a stated error rate.
 *
 * Theory of operation
 *
 * How many of n packets a lossy line loses is a matter of chance, so a figure of a short call says
 * little: at a limit of 1 % a line that loses 2 % loses one of 65 packets or none in six of ten
 * calls.  The sequential probability ratio test (A. Wald, Sequential Tests of Statistical
 * Hypotheses, 1945) counts until the answer is known.  It holds two hypotheses against each other:
 * the line loses half the limit, or twice the limit.  Each packet adds the logarithm of the ratio
 * of its probabilities under both; the test ends when the sum leaves the interval between
 * log(error) and log(1/error).  A line that loses half the limit or less passes, one that loses
 * twice the limit or more fails, each with at most LOSS_ERROR_RATE of wrong answers, however often
 * the sum is looked at in between (Ville's inequality).  A line in between passes or fails, or
 * stays undecided at the end; it is never guessed.
 *
 * Losses that come in runs tell less than as many single ones.  With runs of B packets on average
 * (geometric, as the impairment makes them) every term is divided by 2.5 B - 1.5, which keeps the
 * error rate, and the test may take as many times more packets.
 *
 * A limit of nothing is held as LOSS_LIMIT_MIN_PCT: a test for exactly nothing would never pass.
 *
 * Depends on GLib.  Pure.
 */
#ifndef TESTBED_SESSION_LOSS_TEST_H
#define TESTBED_SESSION_LOSS_TEST_H

#include <glib.h>

#define LOSS_ERROR_RATE 1e-6
#define LOSS_LIMIT_MIN_PCT 0.1
/* A test takes at most this many packets divided by the limit: 6,000 at 1 %.  A line that loses
 * half or twice the limit needs 1,700 or 1,100 on average, and 4,600 at most in a thousand tests.
 */
#define LOSS_PACKETS_TIMES_LIMIT 60
#define LOSS_PACKETS_MAX 30000 /* ten minutes of speech */

enum loss_decision {
	LOSS_OPEN, /* goes on */
	LOSS_PASS,
	LOSS_FAIL,
	LOSS_UNDECIDED, /* all packets that it may take were counted */
};

struct loss_test {
	double limit;		      /* 0 to 1 */
	double per_lost, per_arrived; /* what a packet adds to the sum */
	guint64 max_packets;
	guint64 packets, lost; /* counted when it was decided, or last */
	enum loss_decision decision;
};

/* `limit_pct`: above 0 and below 100; `burst_packets`: how long a run of losses is on average, 0
 * and 1: they are single. */
void loss_test_init(struct loss_test *t, double limit_pct, unsigned burst_packets);
/* Takes what was counted since the beginning.  A decision stays, whatever is counted later. */
enum loss_decision loss_test_count(struct loss_test *t, guint64 expected, guint64 received);

/* How long media may take until it is decided. */
guint loss_test_max_ms(const struct loss_test *t);

#endif
