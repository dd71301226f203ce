/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/media.h"

#include <math.h>
#include <string.h>

#include "common/media_internal.h"
#include "common/random.h"

/* Theory of operation.
 *
 * A stream carries no sound or pictures but packets of the product's sizes and rates.  The payload
 * holds the SSRC and the packet's index (32 bits each), the sender's clock in microseconds (64
 * bits), and a filling computed from SSRC and index.  So the receiver can verify what it decrypted,
 * knows each packet's one-way delay (all clients of a lab share one clock), and can tell lost
 * packets from packets that were never sent.
 *
 * The caller asks media_stream_next for packets whenever one may be due, and gives every packet
 * that arrives to media_stream_receive.  Each received SSRC has a struct media_source with its
 * sequence numbers, jitter and arrivals (RFC 3550 appendix A); a conference's stream has several.
 * RTCP reports carry loss and times to the peer, and bring the round trip and the loss that the
 * peer sees. */

/* A sender that the scheduler stopped for longer than this skips the packets it missed: a burst of
 * late packets would measure this machine, not the network. */
#define CATCH_UP_MAX_US 200000

#define PAYLOAD_HEADER_BYTES 16

/* RTAudio wideband: 29 kbit/s of payload in 50 packets per second.  Its impairment factor is not
 * published; 11 gives the product's documented maximum network MOS of 4.10.  Video: 460 kbit/s,
 * typical of a call between two people.  The E-model is for speech only: video has no bpl and no
 * MOS.  G.711 (RFC 3551, static payload types) is what every other program speaks. */
static const struct media_profile profiles[] = {
	{.kind = "audio",
	 .codec = "x-msrta/16000",
	 .payload_type = 114,
	 .clock_hz = 16000,
	 .interval_us = 20000,
	 .payload_bytes = 73,
	 .ie = 11,
	 .bpl = 25.1},
	{.kind = "audio",
	 .codec = "PCMU/8000",
	 .payload_type = 0,
	 .foreign = true,
	 .clock_hz = 8000,
	 .interval_us = 20000,
	 .payload_bytes = 160,
	 .ie = 0,
	 .bpl = 25.1},
	{.kind = "audio",
	 .codec = "PCMA/8000",
	 .payload_type = 8,
	 .foreign = true,
	 .clock_hz = 8000,
	 .interval_us = 20000,
	 .payload_bytes = 160,
	 .ie = 0,
	 .bpl = 25.1},
	{.kind = "video",
	 .codec = "x-rtvc1/90000",
	 .payload_type = 121,
	 .clock_hz = 90000,
	 .interval_us = 20000,
	 .payload_bytes = 1150,
	 .ie = 0,
	 .bpl = 0},
};

const struct media_profile *media_profile_by_kind(const char *kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++)
		if (strcmp(profiles[i].kind, kind) == 0)
			return &profiles[i];
	return NULL;
}

void media_profile_offer(const char *kind, GPtrArray *rtpmaps)
{
	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++)
		if (strcmp(profiles[i].kind, kind) == 0)
			g_ptr_array_add(rtpmaps, g_strdup_printf("%u %s", profiles[i].payload_type,
								 profiles[i].codec));
}

bool media_profile_is_in(const struct media_profile *p, const GPtrArray *rtpmaps,
			 guint *ret_payload_type)
{
	for (guint i = 0; rtpmaps && i < rtpmaps->len; i++) {
		const char *value = g_ptr_array_index(rtpmaps, i);
		char *codec;
		guint64 number = g_ascii_strtoull(value, &codec, 10);
		gsize length = strlen(p->codec);
		if (number > 127 || *codec++ != ' ' ||
		    g_ascii_strncasecmp(codec, p->codec, length) != 0)
			continue;
		/* One channel may be said (RFC 8866 section 6.6). */
		if (codec[length] && strcmp(codec + length, "/1") != 0)
			continue;
		*ret_payload_type = (guint)number;
		return true;
	}
	return false;
}

const struct media_profile *media_profile_choose(const char *kind, const GPtrArray *rtpmaps,
						 guint *ret_payload_type)
{
	for (guint i = 0; i < G_N_ELEMENTS(profiles); i++)
		if (strcmp(profiles[i].kind, kind) == 0 &&
		    media_profile_is_in(&profiles[i], rtpmaps, ret_payload_type))
			return &profiles[i];
	return NULL;
}

media_stream *media_stream_new(const struct media_profile *profile, guint32 ssrc,
			       const guint8 *local_key, const guint8 *remote_key, gint64 now_us,
			       GError **error)
{
	srtp_t out = media_srtp_new(local_key, ssrc_any_outbound, error);
	if (!out)
		return NULL;
	srtp_t in = media_srtp_new(remote_key, ssrc_any_inbound, error);
	if (!in) {
		srtp_dealloc(out);
		return NULL;
	}
	media_stream *s = g_new0(media_stream, 1);
	s->profile = profile;
	s->payload_type = profile->payload_type;
	s->ssrc = ssrc;
	s->out = out;
	s->in = in;
	s->start_us = s->next_rtp_us = now_us;
	s->frames = s->heard_frames = 1;
	s->next_rtcp_us = now_us + media_rtcp_interval_us(s) / 2;
	/* RFC 3550 section 5.1: both start at random. */
	s->first_seq = random_word() & 0x7fff;
	s->first_timestamp = s->timestamp = random_word();
	s->remote_loss_pct = s->rtt_ms = NAN;
	return s;
}

void media_stream_free(media_stream *s)
{
	if (!s)
		return;
	srtp_dealloc(s->out);
	srtp_dealloc(s->in);
	for (guint i = 0; i < s->n_sources; i++)
		g_free(s->sources[i].seen);
	g_free(s);
}

void media_stream_payload_type(media_stream *s, guint payload_type)
{
	s->payload_type = payload_type;
}

/* How many whole frames a packet of `packet_ms` holds: at least one, and no more than
 * MEDIA_PACKET_TIME_MAX_MS allows. */
static guint frames_of(const struct media_profile *p, guint packet_ms)
{
	guint frame_ms = p->interval_us / 1000;
	return MAX(MIN(packet_ms, MEDIA_PACKET_TIME_MAX_MS) / frame_ms, 1);
}

void media_stream_packet_times(media_stream *s, guint send_ms, guint hear_ms)
{
	if (s->profile->bpl <= 0)
		return;
	s->frames = frames_of(s->profile, send_ms);
	s->heard_frames = frames_of(s->profile, hear_ms);
	s->next_rtcp_us = s->start_us + media_rtcp_interval_us(s) / 2;
}

static guint payload_bytes(const media_stream *s)
{
	return s->frames * s->profile->payload_bytes;
}

static guint32 packet_ticks(const media_stream *s)
{
	return (guint32)((guint64)media_packet_us(s) * s->profile->clock_hz / G_USEC_PER_SEC);
}

/* Writes the payload of packet `index` (see the theory of operation). */
static void payload_fill(guint8 *payload, gsize length, guint32 ssrc, guint32 index, gint64 now_us)
{
	media_put32(payload, ssrc);
	media_put32(payload + 4, index);
	media_put32(payload + 8, (guint32)((guint64)now_us >> 32));
	media_put32(payload + 12, (guint32)now_us);
	for (gsize i = PAYLOAD_HEADER_BYTES; i < length; i++)
		payload[i] = (guint8)(ssrc + index + i);
}

/* Whether the payload is the one that source `ssrc` makes.  *ret_first_seq: the sequence number of
 * the source's packet 0. */
static bool payload_is_right(const guint8 *payload, gsize length, guint32 ssrc, guint16 seq,
			     guint16 *ret_first_seq)
{
	if (length < PAYLOAD_HEADER_BYTES || media_get32(payload) != ssrc)
		return false;
	guint32 index = media_get32(payload + 4);
	for (gsize i = PAYLOAD_HEADER_BYTES; i < length; i++)
		if (payload[i] != (guint8)(ssrc + index + i))
			return false;
	*ret_first_seq = (guint16)(seq - index);
	return true;
}

/* Writes an RTP header of RTP_HEADER_BYTES to `p`. */
static void rtp_header(guint8 *p, guint payload_type, guint16 seq, guint32 timestamp, guint32 ssrc)
{
	p[0] = 0x80; /* version 2, RFC 3550 section 5.1 */
	p[1] = (guint8)payload_type;
	media_put16(p + 2, seq);
	media_put32(p + 4, timestamp);
	media_put32(p + 8, ssrc);
}

/* Encrypts the `length` bytes in s->tx as RTP or RTCP and copies them to `packet`.  Returns the new
 * length; 0: libsrtp refuses it, or it is too long. */
static gsize protect_packet(media_stream *s, gsize length, bool rtcp, guint8 *packet)
{
	int n = (int)length;
	srtp_err_status_t status =
		rtcp ? srtp_protect_rtcp(s->out, s->tx, &n) : srtp_protect(s->out, s->tx, &n);
	if (status != srtp_err_status_ok || n > MEDIA_PACKET_MAX)
		return 0;
	memcpy(packet, s->tx, (gsize)n);
	return (gsize)n;
}

/* Skips the packets that a stopped sender missed, and advances the timestamp with them. */
static void skip_missed(media_stream *s, gint64 now_us)
{
	gint64 late_us = now_us - s->next_rtp_us;
	if (late_us <= CATCH_UP_MAX_US)
		return;
	gint64 missed = late_us / media_packet_us(s);
	s->next_rtp_us += missed * media_packet_us(s);
	s->timestamp += (guint32)missed * packet_ticks(s);
}

/* Makes the next RTP packet, whatever the time, and counts it as sent. */
static gsize next_rtp(media_stream *s, gint64 now_us, guint8 *packet)
{
	skip_missed(s, now_us);
	rtp_header(s->tx, s->payload_type, (guint16)(s->first_seq + s->index), s->timestamp,
		   s->ssrc);
	payload_fill(s->tx + RTP_HEADER_BYTES, payload_bytes(s), s->ssrc, s->index, now_us);
	s->index++;
	s->sent++;
	s->octets += payload_bytes(s);
	s->timestamp += packet_ticks(s);
	s->next_rtp_us += media_packet_us(s);
	return protect_packet(s, RTP_HEADER_BYTES + payload_bytes(s), false, packet);
}

gsize media_stream_next(media_stream *s, gint64 now_us, guint8 *packet, gint64 *ret_next_us)
{
	if (s->next_rtcp_us <= now_us) {
		gint64 interval_us = media_rtcp_interval_us(s);
		s->next_rtcp_us = MAX(s->next_rtcp_us + interval_us, now_us + interval_us / 2);
		return protect_packet(s, media_rtcp_report(s, now_us), true, packet);
	}
	if (s->next_rtp_us <= now_us)
		return next_rtp(s, now_us, packet);
	*ret_next_us = MIN(s->next_rtp_us, s->next_rtcp_us);
	return 0;
}

gsize media_stream_forward(media_stream *s, const guint8 *rtp, gsize length, guint8 *packet)
{
	if (length < RTP_HEADER_BYTES || length > MEDIA_PACKET_MAX - SRTP_MAX_TRAILER_LEN)
		return 0;
	memcpy(s->tx, rtp, length);
	return protect_packet(s, length, false, packet);
}

gsize media_stream_bye(media_stream *s, guint8 *packet)
{
	return protect_packet(s, media_rtcp_bye(s), true, packet);
}

/* The source of an SSRC, added if it is new.  NULL: it is new and there are MEDIA_SOURCES_MAX
 * already. */
static struct media_source *source_find_or_add(media_stream *s, guint32 ssrc, guint16 first_seq)
{
	for (guint i = 0; i < s->n_sources; i++)
		if (s->sources[i].ssrc == ssrc)
			return &s->sources[i];
	if (s->n_sources == MEDIA_SOURCES_MAX)
		return NULL;
	struct media_source *src = &s->sources[s->n_sources++];
	src->ssrc = ssrc;
	src->first_seq = first_seq;
	return src;
}

/* Counts what libsrtp refused, as replay or as not authentic; true if it did. */
static bool unprotect_failed(media_stream *s, srtp_err_status_t status)
{
	if (status == srtp_err_status_ok)
		return false;
	if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old)
		s->replays++;
	else
		s->auth_failures++;
	return true;
}

/* Counts the packet in s->rx at its source, and in the stream's course with what is known of its
 * `delay`. */
static void count_packet(media_stream *s, struct media_source *src, guint16 seq, gint64 now_us,
			 const struct media_part *delay)
{
	guint64 before = media_source_expected(src);
	struct media_part one = *delay;
	media_source_update(src, seq, media_get32(s->rx + 4), now_us, s->profile->clock_hz);
	one.received = 1;
	one.expected = (guint)(media_source_expected(src) - before);
	one.jitter = src->jitter;
	media_course_add(&s->course, now_us, &one);
}

/* Counts a packet whose payload is ours. */
static bool take_own(media_stream *s, gint64 now_us, guint16 seq, guint32 ssrc, gsize length)
{
	const guint8 *payload = s->rx + RTP_HEADER_BYTES;
	guint16 first_seq;
	if (!payload_is_right(payload, length, ssrc, seq, &first_seq))
		return false;
	struct media_source *src = source_find_or_add(s, ssrc, first_seq);
	if (!src || src->first_seq != first_seq)
		return false;
	gint64 sent_us =
		(gint64)((guint64)media_get32(payload + 8) << 32 | media_get32(payload + 12));
	media_source_arrived(src, media_get32(payload + 4), now_us - sent_us);
	count_packet(s, src, seq, now_us,
		     &(struct media_part){.delays = 1, .delay_sum_us = now_us - sent_us});
	return true;
}

/* Counts a packet of another program, which carries sound: its delay can't be known. */
static bool take_foreign(media_stream *s, gint64 now_us, guint16 seq, guint32 ssrc)
{
	struct media_source *src = s->profile->foreign ? source_find_or_add(s, ssrc, seq) : NULL;
	if (!src)
		return false;
	count_packet(s, src, seq, now_us, &(struct media_part){0});
	gint64 extended = src->max_seq + (gint16)(guint16)(seq - (guint16)src->max_seq);
	if (extended >= src->first_seq)
		media_source_seen(src, (guint32)(extended - src->first_seq));
	return true;
}

/* Decrypts the `length` bytes in s->rx, checks the payload and counts the packet at its source.
 * Returns false (and counts) when it is not authentic; *ret_length is the decrypted length. */
static bool receive_rtp(media_stream *s, gint64 now_us, gsize length, gsize *ret_length)
{
	int n = (int)length;
	if (unprotect_failed(s, srtp_unprotect(s->in, s->rx, &n)))
		return false;
	guint16 seq = media_get16(s->rx + 2);
	guint32 ssrc = media_get32(s->rx + 8);
	if (n < RTP_HEADER_BYTES || (!take_own(s, now_us, seq, ssrc, (gsize)n - RTP_HEADER_BYTES) &&
				     !take_foreign(s, now_us, seq, ssrc))) {
		s->auth_failures++;
		return false;
	}
	*ret_length = (gsize)n;
	return true;
}

/* Decrypts the `length` bytes in s->rx and reads the reports.  Returns false (and counts) when they
 * are not authentic. */
static bool receive_rtcp(media_stream *s, gint64 now_us, gsize length)
{
	int n = (int)length;
	if (unprotect_failed(s, srtp_unprotect_rtcp(s->in, s->rx, &n)))
		return false;
	media_rtcp_received(s, now_us, s->rx, (gsize)n);
	return true;
}

bool media_stream_receive(media_stream *s, gint64 now_us, const guint8 *data, gsize length,
			  const guint8 **ret_rtp, gsize *ret_length)
{
	if (ret_rtp)
		*ret_rtp = NULL;
	if (length < RTP_HEADER_BYTES || length > MEDIA_PACKET_MAX || data[0] >> 6 != 2) {
		s->auth_failures++;
		return false;
	}
	memcpy(s->rx, data, length);
	/* RFC 5761 section 4: payload types 64..95 are RTCP's packet types 192..223. */
	guint type = data[1] & 0x7f;
	if (type >= 64 && type <= 95)
		return receive_rtcp(s, now_us, length);
	gsize opened;
	if (!receive_rtp(s, now_us, length, &opened))
		return false;
	if (ret_rtp) {
		*ret_rtp = s->rx;
		*ret_length = opened;
	}
	return true;
}
