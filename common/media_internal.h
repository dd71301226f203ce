/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream, shared by media.c (life, sending, receiving), media_rtcp.c (reports), media_quality.c
 * (figures), media_course.c (figures by time) and media_srtp.c (keys, SRTP sessions).  Only these
 * files include it. */
#ifndef COMMON_MEDIA_INTERNAL_H
#define COMMON_MEDIA_INTERNAL_H

#include "common/media.h"

#include <srtp2/srtp.h>

/* A report has at most 31 blocks (RFC 3550 section 6.4.1); packets of further sources are dropped.
 */
#define MEDIA_SOURCES_MAX 31
#define RTP_HEADER_BYTES 12
/* Between two reports.  RTCP stays the small part of the traffic that RFC 3550 section 6.2 asks
 * for. */
#define RTCP_INTERVAL_PACKETS 25

/* One SSRC that we receive. */
struct media_source {
	guint32 ssrc;
	guint16 first_seq; /* of its packet 0, known from the payload; of another program's source
			      that of the first packet received */
	guint64 received;
	gint64 base_seq, max_seq; /* extended sequence numbers, RFC 3550 appendix A.1 */
	guint64 expected_prior, received_prior; /* when the last report was sent */
	double transit, jitter;			/* clock units, RFC 3550 appendix A.8 */
	guint32 last_sr; /* middle 32 bits of the last sender report's time; 0: none */
	gint64 last_sr_us;
	/* one way, by the sender's time in the payload */
	guint64 delays;
	gint64 delay_sum_us, delay_max_us;
	guint8 *seen; /* a bit for each packet index, to find runs of losses */
	guint32 seen_bytes, seen_last;
	guint64 reordered;
};

/* A part of a stream's course, of all its sources. */
struct media_part {
	guint received, expected, delays;
	gint64 delay_sum_us;
	double jitter; /* the highest; clock units */
};

struct media_course {
	gint64 begins_us, length_us; /* of a part; 0: nothing came yet */
	guint last;		     /* the part in which something came last */
	struct media_part parts[MEDIA_INTERVALS_MAX];
};

struct media_stream {
	const struct media_profile *profile;
	guint32 ssrc;
	guint payload_type;
	srtp_t out, in;
	guint frames, heard_frames; /* frames in a packet that we send; that we receive */
	gint64 start_us, next_rtp_us, next_rtcp_us;
	guint32 first_seq, index; /* index: packets made so far */
	guint32 first_timestamp, timestamp;
	guint64 sent, octets;
	struct media_source sources[MEDIA_SOURCES_MAX];
	guint n_sources;
	double remote_loss_pct, rtt_ms;
	guint64 auth_failures, replays;
	struct media_course course;
	/* libsrtp works in place, needs aligned words, and appends a trailer. */
	_Alignas(8) guint8 tx[MEDIA_PACKET_MAX + SRTP_MAX_TRAILER_LEN];
	_Alignas(8) guint8 rx[MEDIA_PACKET_MAX + SRTP_MAX_TRAILER_LEN];
};

/* media_srtp.c: an SRTP session for one direction; the caller owns it.  NULL with
 * G_IO_ERROR_FAILED. */
srtp_t media_srtp_new(const guint8 key[MEDIA_KEY_BYTES], srtp_ssrc_type_t direction,
		      GError **error);

/* media_rtcp.c: write an unprotected compound packet, a report or a BYE, to s->tx and return its
 * length.  A report covers the time since the last one. */
gsize media_rtcp_report(media_stream *s, gint64 now_us);
gsize media_rtcp_bye(media_stream *s);
/* Reads a decrypted compound packet: sets loss and round trip as the peer sees them. */
void media_rtcp_received(media_stream *s, gint64 now_us, const guint8 *data, gsize length);

/* media_quality.c: counts one authentic RTP packet: jitter and extended sequence numbers (RFC 3550
 * appendix A). */
void media_source_update(struct media_source *src, guint16 seq, guint32 timestamp, gint64 now_us,
			 guint clock_hz);
/* How many packets the source has sent, by its sequence numbers. */
guint64 media_source_expected(const struct media_source *src);
/* Records that packet `index` of the source arrived. */
void media_source_seen(struct media_source *src, guint32 index);
/* The same, and that it was sent `delay_us` before. */
void media_source_arrived(struct media_source *src, guint32 index, gint64 delay_us);

/* A longer delay, or none, means that the sender has another clock. */
static inline bool media_delay_is_credible(double delay_us)
{
	return delay_us >= 0 && delay_us <= 60.0 * G_USEC_PER_SEC;
}

/* media_course.c: adds what has just come. */
void media_course_add(struct media_course *c, gint64 now_us, const struct media_part *one);

/* The time between two packets that we send. */
static inline gint64 media_packet_us(const media_stream *s)
{
	return (gint64)s->frames * s->profile->interval_us;
}

static inline gint64 media_rtcp_interval_us(const media_stream *s)
{
	return RTCP_INTERVAL_PACKETS * media_packet_us(s);
}

static inline guint16 media_get16(const guint8 *p)
{
	return (guint16)(p[0] << 8 | p[1]);
}

static inline guint32 media_get32(const guint8 *p)
{
	return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | (guint32)p[3];
}

static inline void media_put16(guint8 *p, guint value)
{
	p[0] = (guint8)(value >> 8);
	p[1] = (guint8)value;
}

static inline void media_put32(guint8 *p, guint32 value)
{
	media_put16(p, value >> 16);
	media_put16(p + 2, value & 0xffff);
}

#endif
