/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "common/media_internal.h"

enum { RTCP_SR = 200, RTCP_RR = 201, RTCP_SDES = 202, RTCP_BYE = 203 };
enum { SDES_CNAME = 1 };

#define BLOCK_BYTES 24
#define SENDER_INFO_BYTES 20

/* The monotonic clock in NTP format.  RFC 3550 section 4 allows elapsed time; only differences are
 * used. */
static guint64 ntp_time(gint64 now_us)
{
	guint64 s = (guint64)now_us / G_USEC_PER_SEC, us = (guint64)now_us % G_USEC_PER_SEC;
	return s << 32 | (us << 32) / G_USEC_PER_SEC;
}

static guint32 ntp_middle(gint64 now_us)
{
	return (guint32)(ntp_time(now_us) >> 16);
}

/* Fraction lost since the last report, in 1/256 (RFC 3550 appendix A.3); the next call counts from
 * now. */
static guint8 fraction_lost(struct media_source *src)
{
	guint64 expected = media_source_expected(src);
	guint64 expected_now = expected - src->expected_prior,
		received_now = src->received - src->received_prior;
	src->expected_prior = expected;
	src->received_prior = src->received;
	if (expected_now == 0 || expected_now <= received_now)
		return 0;
	return (guint8)MIN(255, ((expected_now - received_now) << 8) / expected_now);
}

/* Writes BLOCK_BYTES about what was received of one source. */
static void write_report_block(guint8 *p, struct media_source *src, gint64 now_us)
{
	guint64 expected = media_source_expected(src);
	guint32 lost =
		expected > src->received ? (guint32)MIN(expected - src->received, 0x7fffff) : 0;
	media_put32(p, src->ssrc);
	media_put32(p + 4, (guint32)fraction_lost(src) << 24 | lost);
	media_put32(p + 8, (guint32)src->max_seq);
	media_put32(p + 12, (guint32)src->jitter);
	media_put32(p + 16, src->last_sr);
	/* Delay since that report, in 1/65536 s. */
	gint64 delay_us = src->last_sr ? now_us - src->last_sr_us : 0;
	media_put32(p + 20, (guint32)(((guint64)MAX(delay_us, 0) << 16) / G_USEC_PER_SEC));
}

/* Writes the 8 bytes that each RTCP packet begins with; `length` is that of the packet. */
static void write_rtcp_header(guint8 *p, guint count, guint type, gsize length, guint32 ssrc)
{
	p[0] = (guint8)(0x80 | count);
	p[1] = (guint8)type;
	media_put16(p + 2, (guint)(length / 4 - 1));
	media_put32(p + 4, ssrc);
}

/* Writes an SDES packet with the CNAME, which RFC 3550 section 6.5.1 requires; returns its length.
 * The name is made from the SSRC, as a stream does not know its user. */
static gsize write_sdes(guint8 *p, guint32 ssrc)
{

	char name[24];
	int n = g_snprintf(name, sizeof name, "%08x@testbed", ssrc);
	gsize length = (8 + 2 + (gsize)n + 1 + 3) & ~(gsize)3;
	memset(p, 0, length);
	write_rtcp_header(p, 1, RTCP_SDES, length, ssrc);
	p[8] = SDES_CNAME;
	p[9] = (guint8)n;
	memcpy(p + 10, name, (gsize)n);
	return length;
}

gsize media_rtcp_report(media_stream *s, gint64 now_us)
{
	/* RFC 3550 section 6.4: a sender report when packets were sent, else a receiver report. */
	bool sender = s->sent > 0;
	gsize at = sender ? 8 + SENDER_INFO_BYTES : 8;
	if (sender) {
		guint64 ntp = ntp_time(now_us);
		guint64 elapsed_us = (guint64)MAX(now_us - s->start_us, 0);
		media_put32(s->tx + 8, (guint32)(ntp >> 32));
		media_put32(s->tx + 12, (guint32)ntp);
		media_put32(s->tx + 16,
			    s->first_timestamp +
				    (guint32)(elapsed_us * s->profile->clock_hz / G_USEC_PER_SEC));
		media_put32(s->tx + 20, (guint32)s->sent);
		media_put32(s->tx + 24, (guint32)s->octets);
	}
	for (guint i = 0; i < s->n_sources; i++, at += BLOCK_BYTES)
		write_report_block(s->tx + at, &s->sources[i], now_us);
	write_rtcp_header(s->tx, s->n_sources, sender ? RTCP_SR : RTCP_RR, at, s->ssrc);
	return at + write_sdes(s->tx + at, s->ssrc);
}

gsize media_rtcp_bye(media_stream *s)
{
	/* Section 6.1: a compound packet begins with a report, which may be empty, and ends with
	 * BYE. */
	gsize at = 8;
	write_rtcp_header(s->tx, 0, RTCP_RR, at, s->ssrc);
	at += write_sdes(s->tx + at, s->ssrc);
	write_rtcp_header(s->tx + at, 1, RTCP_BYE, 8, s->ssrc);
	return at + 8;
}

/* Keeps the time of a sender report, which our next report returns to the sender. */
static void read_sender_info(media_stream *s, gint64 now_us, guint32 ssrc, const guint8 *info)
{
	for (guint i = 0; i < s->n_sources; i++) {
		if (s->sources[i].ssrc != ssrc)
			continue;
		s->sources[i].last_sr = media_get32(info + 2);
		s->sources[i].last_sr_us = now_us;
	}
}

/* Reads the peer's report about our packets: sets loss and round trip. */
static void read_report_block(media_stream *s, gint64 now_us, const guint8 *block)
{
	if (media_get32(block) != s->ssrc)
		return;
	guint32 lost = media_get32(block + 4) & 0xffffff, highest = media_get32(block + 8);
	/* From our first packet to the highest sequence number that the peer received. */
	gint64 expected = (gint64)highest - s->first_seq + 1;
	if (expected > 0 && !(lost & 0x800000))
		s->remote_loss_pct = MIN(100.0, 100.0 * lost / (double)expected);
	guint32 last_sr = media_get32(block + 16), delay = media_get32(block + 20);
	if (last_sr == 0)
		return;
	/* Section 6.4.1: A - LSR - DLSR, in 1/65536 s; rounding must not make it negative. */
	gint32 round_trip = (gint32)(ntp_middle(now_us) - last_sr - delay);
	s->rtt_ms = MAX(round_trip, 0) * 1000.0 / 65536;
}

static void read_report(media_stream *s, gint64 now_us, const guint8 *p, gsize length)
{
	bool sender = p[1] == RTCP_SR;
	gsize at = sender ? 8 + SENDER_INFO_BYTES : 8;
	if (length < at)
		return;
	if (sender)
		read_sender_info(s, now_us, media_get32(p + 4), p + 8);
	for (guint i = p[0] & 0x1f; i > 0 && at + BLOCK_BYTES <= length; i--, at += BLOCK_BYTES)
		read_report_block(s, now_us, p + at);
}

void media_rtcp_received(media_stream *s, gint64 now_us, const guint8 *data, gsize length)
{
	/* Appendix A.2: step through the compound packet by the length of each part. */
	while (length >= 8) {
		gsize part = ((gsize)media_get16(data + 2) + 1) * 4;
		if (data[0] >> 6 != 2 || part > length)
			return;
		if ((data[1] == RTCP_SR || data[1] == RTCP_RR) && part >= 8)
			read_report(s, now_us, data, part);
		data += part;
		length -= part;
	}
}
