/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/pace.h"

#include <math.h>

/* A call mostly waits (ICE), so many can be in progress.  A sign-in is work of clients and servers:
 * a few at a time take no longer than many.  While calls are set up, those that stand must not lose
 * media, and ICE gives up after seconds: so set-ups leave a reserve of processor time. */
static const struct pace_bounds bounds[PACE_KIND_COUNT] = {
	[PACE_CALLS] = {.first = 24,
			.min = 10,
			.least = 3,
			.max = 160,
			.interval_us = 4000,
			.busy_low = 0.95,
			.busy_high = 0.98},
	[PACE_SET_UPS] = {.first = 6,
			  .min = 3,
			  .least = 1,
			  .max = 40,
			  .interval_us = 4000,
			  .busy_low = 0.80,
			  .busy_high = 0.88},
	[PACE_SIGN_INS] = {.first = 7,
			   .min = 5,
			   .least = 2,
			   .max = 40,
			   .interval_us = 500,
			   .busy_low = 0.95,
			   .busy_high = 0.98},
};

const struct pace_bounds *pace_bounds_of(enum pace_kind kind)
{
	return &bounds[kind];
}

void pace_init(struct pace *p, enum pace_kind kind, guint n_cpus)
{
	const struct pace_bounds *b = &bounds[kind];

	n_cpus = MAX(n_cpus, 1);
	*p = (struct pace){
		.window = b->first * n_cpus,
		.window_least = b->least * n_cpus,
		.window_min = b->min * n_cpus,
		.window_max = b->max * n_cpus,
		.busy = NAN,
		.interval_us = b->interval_us,
		.busy_low = b->busy_low,
		.busy_high = b->busy_high,
	};
}

/* Processes that wait for more than this part of the time fall behind. */
#define STARVED_SHARE 0.7

void pace_load(struct pace *p, double busy, double starved)
{
	bool full = p->in_progress + 1 >= (guint)p->window;

	/* A sample is ten ticks of two processors: a single one says little. */
	p->busy = isnan(p->busy) ? busy : p->busy + (busy - p->busy) * PACE_BUSY_WEIGHT;
	if (starved > STARVED_SHARE)
		p->window = MAX(p->window * 0.85, p->window_least);
	else if (p->busy > p->busy_high)
		p->window = MAX(p->window * 0.92, MIN(p->window + 0.25, p->window_min));
	else if (p->busy < p->busy_low && full)
		p->window += MAX(1.0, p->window * 0.05);
	p->window = MIN(p->window, p->window_max);
}

#define SLOW_US 80000 /* between two starts beyond a window that servers' waiting has closed */

gint64 pace_admit(struct pace *p, gint64 now_us)
{
	gint64 slowly_us = p->next_us - p->interval_us + SLOW_US;
	bool full = p->in_progress >= (guint)p->window;

	if (full && p->in_progress >= (guint)p->window_min)
		return -1;
	/* A call that must fail stays for seconds, and needs no processor. */
	if (full && now_us < slowly_us)
		return slowly_us - now_us;
	if (now_us < p->next_us)
		return p->next_us - now_us;
	/* Timers have milliseconds: a start that is late by less than an interval does not delay
	 * the next one. */
	p->next_us = MAX(p->next_us, now_us - p->interval_us) + p->interval_us;
	p->in_progress++;
	return 0;
}

void pace_ended(struct pace *p)
{
	g_return_if_fail(p->in_progress > 0);
	p->in_progress--;
}

bool pace_times_parse(const char *stat, struct pace_times *ret)
{
	/* proc(5): user nice system idle iowait irq softirq steal ...; guest is part of user */
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, N_FIELDS };
	guint64 field[N_FIELDS];
	char *end;

	if (!g_str_has_prefix(stat, "cpu "))
		return false;
	stat += 4;
	*ret = (struct pace_times){0};
	for (guint i = 0; i < N_FIELDS; i++) {
		field[i] = g_ascii_strtoull(stat, &end, 10);
		if (end == stat)
			return false;
		stat = end;
		ret->total += field[i];
	}
	ret->busy = ret->total - field[IDLE] - field[IOWAIT];
	return true;
}

double pace_busy(const struct pace_times *before, const struct pace_times *after)
{
	if (after->total <= before->total || after->busy < before->busy)
		return 0;
	return (double)(after->busy - before->busy) / (double)(after->total - before->total);
}
