/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The course of a stream: what was received in each part of a call.
 *
 * A stream keeps at most MEDIA_INTERVALS_MAX parts, all of one length.  When a call outlasts them,
 * two neighbours become one and the length doubles, so that a call of any length has its course in
 * bounded memory.  A lost packet counts where the next one came.
 */
#include "common/media_internal.h"

#include <math.h>

#define FIRST_LENGTH_US 100000

/* Two neighbours become one. */
static void halve(struct media_course *c)
{
	for (guint i = 0; i < MEDIA_INTERVALS_MAX / 2; i++) {
		const struct media_part *a = &c->parts[2 * i], *b = a + 1;

		c->parts[i] = (struct media_part){
			.received = a->received + b->received,
			.expected = a->expected + b->expected,
			.delays = a->delays + b->delays,
			.delay_sum_us = a->delay_sum_us + b->delay_sum_us,
			.jitter = MAX(a->jitter, b->jitter),
		};
	}
	for (guint i = MEDIA_INTERVALS_MAX / 2; i < MEDIA_INTERVALS_MAX; i++)
		c->parts[i] = (struct media_part){0};
	c->length_us *= 2;
}

void media_course_add(struct media_course *c, gint64 now_us, const struct media_part *one)
{
	struct media_part *part;

	if (c->length_us == 0) {
		c->begins_us = now_us;
		c->length_us = FIRST_LENGTH_US;
	}
	while (now_us - c->begins_us >= c->length_us * MEDIA_INTERVALS_MAX)
		halve(c);
	c->last = (guint)((now_us - c->begins_us) / c->length_us);
	part = &c->parts[c->last];
	part->received += one->received;
	part->expected += one->expected;
	part->delays += one->delays;
	part->delay_sum_us += one->delay_sum_us;
	part->jitter = MAX(part->jitter, one->jitter);
}

guint media_stream_course(const media_stream *s, gint64 *ret_begins_us, guint *ret_every_ms,
			  struct media_interval ret[static MEDIA_INTERVALS_MAX])
{
	const struct media_course *c = &s->course;
	guint n = c->length_us == 0 ? 0 : c->last + 1;

	*ret_begins_us = c->begins_us;
	*ret_every_ms = (guint)(c->length_us / 1000);
	for (guint i = 0; i < n; i++) {
		const struct media_part *p = &c->parts[i];
		double delay_ms =
			p->delays ? (double)p->delay_sum_us / p->delays / 1000 : (double)NAN;

		ret[i] = (struct media_interval){
			.received = p->received,
			.lost = p->expected > p->received ? p->expected - p->received : 0,
			.jitter_ms =
				p->received ? p->jitter * 1000 / s->profile->clock_hz : (double)NAN,
			.delay_ms =
				media_delay_is_credible(delay_ms * 1000) ? delay_ms : (double)NAN,
		};
	}
	return n;
}
