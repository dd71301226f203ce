/* When calls are admitted, by virtual time. */
#include "testbed/matrix/pace.h"

#include <criterion/criterion.h>

/* How many calls start within `us` when the loop lags by `lag_us` all the time. */
static guint started_within(struct pace *p, gint64 us, gint64 lag_us)
{
	guint n = 0;

	for (gint64 now = 1000000; now < 1000000 + us; now += 1000) {
		if ((now / 1000) % PACE_HEARTBEAT_MS == 0)
			pace_lag(p, lag_us);
		while (pace_admit(p, now) == 0)
			n++;
	}
	return n;
}

Test(pace, starts_a_whole_matrix_within_four_seconds)
{
	struct pace p;

	pace_init(&p, 1000);
	cr_assert_geq(started_within(&p, 4000000, 500), 260);
}

Test(pace, holds_back_while_the_machine_lags)
{
	struct pace idle, busy;

	pace_init(&idle, 1000);
	pace_init(&busy, 1000);
	cr_assert_gt(started_within(&idle, 1000000, 500), 5 * started_within(&busy, 1000000, 50000));
	pace_init(&busy, 1000);
	cr_assert_geq(started_within(&busy, 1000000, 50000), 8, "but goes on");
}

Test(pace, recovers)
{
	struct pace p;

	pace_init(&p, 1000);
	started_within(&p, 1000000, 50000);
	cr_assert_eq(p.interval_us, PACE_INTERVAL_MAX_US);
	started_within(&p, 1000000, 500);
	cr_assert_eq(p.interval_us, PACE_INTERVAL_MIN_US);
}

Test(pace, never_exceeds_the_cap)
{
	struct pace p;

	pace_init(&p, 1);
	cr_assert_eq(started_within(&p, 10000000, 0), PACE_PER_CPU);
	cr_assert_eq(pace_admit(&p, 90000000), -1, "asks again when a call has ended");
	pace_ended(&p);
	cr_assert_eq(pace_admit(&p, 90000000), 0);
}

Test(pace, does_not_make_up_for_a_long_pause)
{
	struct pace p;
	guint burst = 0;

	pace_init(&p, 1000);
	while (pace_admit(&p, 1000000) == 0)
		;
	while (pace_admit(&p, 60000000) == 0)
		burst++;
	cr_assert_leq(burst, 2);
}
