/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "common/media_internal.h"

void media_source_update(struct media_source *src, guint16 seq, guint32 timestamp, gint64 now_us,
			 guint clock_hz)
{
	/* RFC 3550 appendix A.8, in timestamp units; the difference is taken modulo 2^32. */
	double arrival = (double)now_us * clock_hz / G_USEC_PER_SEC;
	double transit = arrival - timestamp;
	if (src->received == 0) {
		src->base_seq = src->max_seq = seq;
	} else {
		double d = remainder(transit - src->transit, 4294967296.0);
		src->jitter += (fabs(d) - src->jitter) / 16;
		/* A.1: the extended number nearest to the highest so far.  A packet that was
		 * overtaken by the first one received lowers the base. */
		gint64 extended = src->max_seq + (gint16)(guint16)(seq - (guint16)src->max_seq);
		src->max_seq = MAX(src->max_seq, extended);
		src->base_seq = MIN(src->base_seq, extended);
	}
	src->transit = transit;
	src->received++;
}

guint64 media_source_expected(const struct media_source *src)
{
	return src->received ? (guint64)(src->max_seq - src->base_seq + 1) : 0;
}

/* Ten hours of packets; a higher index is not recorded. */
#define SEEN_BYTES_MAX (256u * 1024)

void media_source_arrived(struct media_source *src, guint32 index, gint64 delay_us)
{
	src->delays++;
	src->delay_sum_us += delay_us;
	src->delay_max_us = src->delays == 1 ? delay_us : MAX(src->delay_max_us, delay_us);
	media_source_seen(src, index);
}

void media_source_seen(struct media_source *src, guint32 index)
{
	guint32 byte = index / 8;
	src->reordered += index < src->seen_last;
	if (byte >= SEEN_BYTES_MAX)
		return;
	if (byte >= src->seen_bytes) {
		guint32 bytes = MAX(128, 2 * byte);
		src->seen = g_realloc(src->seen, bytes);
		memset(src->seen + src->seen_bytes, 0, bytes - src->seen_bytes);
		src->seen_bytes = bytes;
	}
	src->seen[byte] |= (guint8)(1u << index % 8);
	src->seen_last = MAX(src->seen_last, index);
}

static bool was_seen(const struct media_source *src, guint32 index)
{
	return src->seen[index / 8] & 1u << index % 8;
}

/* Counts runs of lost packets between the first and the last received one. */
static void count_bursts(const struct media_source *src, struct media_quality *q)
{
	guint64 run = 0;
	bool begun = false;
	for (guint32 i = 0; src->seen && i <= src->seen_last; i++) {
		bool seen = was_seen(src, i);
		run = seen || !begun ? 0 : run + 1;
		begun = begun || seen;
		q->bursts += run == 1;
		q->burst_max = MAX(q->burst_max, run);
	}
}

double media_mos(double delay_ms, double loss_pct, double burst_ratio, double ie, double bpl)
{
	/* ITU-T G.107: R = 93.2 - Id - Ie_eff with all other parameters at their defaults. */
	double id = 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
	double ie_eff = ie + (95 - ie) * loss_pct / (loss_pct / burst_ratio + bpl);
	double r = 93.2 - id - ie_eff;
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	return MAX(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}

/* Mouth to ear: network delay (half the round trip where the clocks differ), packet time, and a
 * jitter buffer of twice the jitter. */
static double one_way_delay_ms(const struct media_quality *q, double packet_ms)
{
	double network_ms = !isnan(q->delay_ms) ? q->delay_ms :
			    isnan(q->rtt_ms)	? 0 :
						  q->rtt_ms / 2;
	double buffer_ms = isnan(q->jitter_ms) ? 0 : 2 * q->jitter_ms;
	return network_ms + packet_ms + buffer_ms;
}

/* Mean length of a run of losses relative to that of random loss, 1 / (1 - p); at least 1
 * (G.107). */
static double burst_ratio(const struct media_quality *q, guint64 lost)
{
	double mean = q->bursts > 0 ? (double)lost / (double)q->bursts : 1;
	return MAX(1, mean * (1 - q->loss_pct / 100));
}

/* Sets mean and highest one-way delay over all sources; leaves NAN when they are not credible. */
static void set_delays(const struct media_stream *s, struct media_quality *q)
{
	guint64 n = 0;
	gint64 sum_us = 0, max_us = G_MININT64;
	for (guint i = 0; i < s->n_sources; i++) {
		n += s->sources[i].delays;
		sum_us += s->sources[i].delay_sum_us;
		max_us = MAX(max_us, s->sources[i].delay_max_us);
	}
	if (n == 0 || sum_us < 0 || !media_delay_is_credible((double)MAX(max_us, 0)))
		return;
	q->delay_ms = (double)sum_us / (double)n / 1000;
	q->delay_max_ms = (double)max_us / 1000;
}

unsigned media_poor(const struct media_profile *profile, const struct media_quality *q)
{
	bool speech = profile->bpl > 0;
	unsigned why = 0;
	/* A comparison with NAN is false. */
	if (q->rtt_ms > 500)
		why |= MEDIA_POOR_RTT;
	if (q->loss_pct > (speech ? 10 : 15))
		why |= MEDIA_POOR_LOSS;
	if (q->jitter_ms > 30)
		why |= MEDIA_POOR_JITTER;
	if (q->degradation > 1)
		why |= MEDIA_POOR_DEGRADATION;
	if (speech && q->loss_pct > 7)
		why |= MEDIA_POOR_CONCEALED;
	return speech ? why : why & MEDIA_POOR_LOSS;
}

const char *media_poor_name(guint bit)
{
	static const char *const names[] = {"rtt", "loss", "jitter", "degradation", "concealed"};
	return bit < G_N_ELEMENTS(names) ? names[bit] : NULL;
}

void media_stream_quality(const media_stream *s, struct media_quality *ret)
{
	const struct media_profile *p = s->profile;
	*ret = (struct media_quality){
		.sent = s->sent,
		.loss_pct = NAN,
		.jitter_ms = NAN,
		.mos = NAN,
		.rtt_ms = s->rtt_ms,
		.delay_ms = NAN,
		.delay_max_ms = NAN,
		.degradation = NAN,
		.remote_loss_pct = s->remote_loss_pct,
		.auth_failures = s->auth_failures,
		.replays = s->replays,
		.n_sources = s->n_sources,
	};
	double jitter = 0;
	for (guint i = 0; i < s->n_sources; i++) {
		ret->received += s->sources[i].received;
		ret->expected += media_source_expected(&s->sources[i]);
		ret->reordered += s->sources[i].reordered;
		count_bursts(&s->sources[i], ret);
		jitter = MAX(jitter, s->sources[i].jitter);
	}
	if (ret->received == 0)
		return;
	guint64 lost = ret->expected > ret->received ? ret->expected - ret->received : 0;
	ret->loss_pct = 100.0 * (double)lost / (double)ret->expected;
	ret->jitter_ms = jitter * 1000 / p->clock_hz;
	set_delays(s, ret);
	if (p->bpl <= 0)
		return;
	double packet_ms = s->heard_frames * p->interval_us / 1000.0;
	ret->mos = media_mos(one_way_delay_ms(ret, packet_ms), ret->loss_pct,
			     burst_ratio(ret, lost), p->ie, p->bpl);
	ret->degradation = media_mos(packet_ms, 0, 1, p->ie, p->bpl) - ret->mos;
}

guint media_stream_sources(const media_stream *s, struct media_heard *ret, guint max)
{
	guint n = MIN(max, s->n_sources);
	for (guint i = 0; i < n; i++)
		ret[i] = (struct media_heard){.ssrc = s->sources[i].ssrc,
					      .received = s->sources[i].received,
					      .expected = media_source_expected(&s->sources[i])};
	return n;
}

/* Packets that may still come, as others overtook them. */
#define UNSETTLED_PACKETS 50

static struct media_heard settled_of(const struct media_source *src)
{
	struct media_heard h = {.ssrc = src->ssrc};

	for (guint32 i = 0; src->seen && i + UNSETTLED_PACKETS <= src->seen_last; i++) {
		h.received += was_seen(src, i);
		h.expected += h.received > 0;
	}
	return h;
}

guint media_stream_settled(const media_stream *s, struct media_heard *ret, guint max)
{
	guint n = MIN(max, s->n_sources);

	for (guint i = 0; i < n; i++)
		ret[i] = settled_of(&s->sources[i]);
	return n;
}
