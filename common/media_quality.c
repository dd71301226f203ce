#include <math.h>

#include "common/media_internal.h"

void media_source_update(struct media_source *src, guint16 seq, guint32 timestamp, gint64 now_us, guint clock_hz)
{
	/* RFC 3550 appendix A.8, in timestamp units; the difference is taken modulo 2^32. */
	double arrival = (double)now_us * clock_hz / G_USEC_PER_SEC;
	double transit = arrival - timestamp;
	if (src->received == 0) {
		src->base_seq = src->max_seq = seq;
	} else {
		double d = remainder(transit - src->transit, 4294967296.0);
		src->jitter += (fabs(d) - src->jitter) / 16;
		/* A.1: the nearest extended number to the highest so far; an early packet that was overtaken
		 * moves the beginning. */
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

double media_mos(double delay_ms, double loss_pct, double ie, double bpl)
{
	/* ITU-T G.107: R = 93.2 - Id - Ie_eff with all other parameters at their defaults. */
	double id = 0.024 * delay_ms + (delay_ms > 177.3 ? 0.11 * (delay_ms - 177.3) : 0);
	double ie_eff = ie + (95 - ie) * loss_pct / (loss_pct + bpl);
	double r = 93.2 - id - ie_eff;
	if (r <= 0)
		return 1;
	if (r >= 100)
		return 4.5;
	return MAX(1, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r));
}

/* Mouth to ear: half the round trip, one packet's time to fill it, a jitter buffer of twice the jitter. */
static double one_way_delay_ms(const struct media_quality *q, const struct media_profile *p)
{
	double network_ms = isnan(q->rtt_ms) ? 0 : q->rtt_ms / 2;
	double buffer_ms = isnan(q->jitter_ms) ? 0 : 2 * q->jitter_ms;
	return network_ms + p->interval_us / 1000.0 + buffer_ms;
}

void media_stream_quality(const media_stream *s, struct media_quality *ret)
{
	const struct media_profile *p = s->profile;
	*ret = (struct media_quality){
		.sent = s->sent, .loss_pct = NAN, .jitter_ms = NAN, .mos = NAN, .rtt_ms = s->rtt_ms,
		.remote_loss_pct = s->remote_loss_pct, .auth_failures = s->auth_failures, .replays = s->replays,
		.n_sources = s->n_sources,
	};
	double jitter = 0;
	for (guint i = 0; i < s->n_sources; i++) {
		ret->received += s->sources[i].received;
		ret->expected += media_source_expected(&s->sources[i]);
		jitter = MAX(jitter, s->sources[i].jitter);
	}
	if (ret->received == 0)
		return;
	guint64 lost = ret->expected > ret->received ? ret->expected - ret->received : 0;
	ret->loss_pct = 100.0 * (double)lost / (double)ret->expected;
	ret->jitter_ms = jitter * 1000 / p->clock_hz;
	if (p->bpl > 0)
		ret->mos = media_mos(one_way_delay_ms(ret, p), ret->loss_pct, p->ie, p->bpl);
}

guint media_stream_sources(const media_stream *s, struct media_heard *ret, guint max)
{
	guint n = MIN(max, s->n_sources);
	for (guint i = 0; i < n; i++)
		ret[i] = (struct media_heard){ .ssrc = s->sources[i].ssrc, .received = s->sources[i].received,
					       .expected = media_source_expected(&s->sources[i]) };
	return n;
}
