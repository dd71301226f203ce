#include "testbed/matrix/pace.h"

void pace_init(struct pace *p, guint n_cpus)
{
	*p = (struct pace){.cap = MAX(n_cpus, 1) * PACE_PER_CPU, .interval_us = 2 * PACE_INTERVAL_MIN_US};
}

void pace_lag(struct pace *p, gint64 lag_us)
{
	gint64 interval = lag_us > PACE_LAG_HIGH_US ? p->interval_us * 2 : p->interval_us * 7 / 8;

	p->interval_us = CLAMP(interval, PACE_INTERVAL_MIN_US, PACE_INTERVAL_MAX_US);
}

gint64 pace_admit(struct pace *p, gint64 now_us)
{
	if (p->in_progress >= p->cap)
		return -1;
	if (now_us < p->next_us)
		return p->next_us - now_us;
	/* Timers are a millisecond coarse: what was missed by less than an interval is made up for. */
	p->next_us = MAX(p->next_us, now_us - p->interval_us) + p->interval_us;
	p->in_progress++;
	return 0;
}

void pace_ended(struct pace *p)
{
	g_return_if_fail(p->in_progress > 0);
	p->in_progress--;
}
