/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTP streams protected by SRTP, with RTCP and quality figures; no sockets, no clock of its own.
 *
 * Nouns: a `media_stream` is one medium of a call, both directions: it makes protected packets when
 * told the time, takes received packets, and measures.  What is carried is not sound or pictures
 * but packets of the product's sizes and rates, each with a payload that names sender and sequence,
 * so that what arrives can be verified. Depends on GLib and libsrtp2.  RFC 3550 (RTP, RTCP, jitter
 * A.8), RFC 3711 (AES_CM_128_HMAC_SHA1_80), RFC 4568 (SDES keys), ITU-T G.107 (MOS).
 */
#ifndef COMMON_MEDIA_H
#define COMMON_MEDIA_H

#include <glib.h>
#include <stdbool.h>

#define MEDIA_PACKET_MAX 1500
#define MEDIA_KEY_BYTES 30 /* master key 16 and salt 14 */

/* One row a medium: product's packet sizes and rates. */
struct media_profile {
	const char *kind;  /* "audio", "video": the SDP media type */
	const char *codec; /* for rtpmap: "x-msrta/16000" */
	guint8 payload_type;
	guint clock_hz;
	guint interval_us; /* between packets */
	guint payload_bytes;
	double ie, bpl; /* E-model: equipment impairment and loss robustness */
};
const struct media_profile *media_profile_by_kind(const char *kind); /* NULL: unknown */

typedef struct media_stream media_stream;

/* What the first stream of a process would else wait for: the crypto library takes some 30 ms of
 * processor time to start. Blocks for as long; a second call does nothing. */
void media_warm_up(void);

/* `local_key` protects what we send, `remote_key` opens what we get; both MEDIA_KEY_BYTES.
 * `now_us` is monotonic time. */
media_stream *media_stream_new(const struct media_profile *profile, guint32 ssrc,
			       const guint8 *local_key, const guint8 *remote_key, gint64 now_us,
			       GError **error);
void media_stream_free(media_stream *s);
/* How much speech a packet holds (RFC 8866 section 6.4, a=ptime), in what we send and in what we
 * hear: milliseconds, made whole frames of the profile's interval, at most
 * MEDIA_PACKET_TIME_MAX_MS; 0: one frame.  Only speech is packed so; other media stay as they are.
 * Before the first packet. */
#define MEDIA_PACKET_TIME_MAX_MS \
	360 /* a packet of speech then still passes a tunnel of 1,420 bytes whole */
void media_stream_packet_times(media_stream *s, guint send_ms, guint hear_ms);

/* The next packet that is due at or before `now_us`: protected RTP, or RTCP (sender report,
 * receiver reports) every half second, or every 25 packets' time where that is longer.  Returns its
 * length, 0: none due yet (then *ret_next_us says when).  `packet` has room for MEDIA_PACKET_MAX.
 */
gsize media_stream_next(media_stream *s, gint64 now_us, guint8 *packet, gint64 *ret_next_us);
/* A forwarded packet (conference): payload and sequence of another source, sent with that source's
 * SSRC under our key.  Returns its length. */
gsize media_stream_forward(media_stream *s, const guint8 *rtp, gsize length, guint8 *packet);

/* A received packet (told apart by RFC 5761).  Returns true when it was authentic; for authentic
 * RTP *ret_rtp (may be NULL) points at the opened packet inside an internal buffer, valid until the
 * next call, with *ret_length; NULL for RTCP. */
bool media_stream_receive(media_stream *s, gint64 now_us, const guint8 *data, gsize length,
			  const guint8 **ret_rtp, gsize *ret_length);

/* RTCP BYE, protected; returns its length. */
gsize media_stream_bye(media_stream *s, guint8 *packet);

struct media_quality {
	guint64 sent, received; /* authentic RTP packets */
	guint64 expected; /* by extended highest sequence number, per RFC 3550 A.3, all sources */
	double loss_pct;  /* of what we should have received; 0..100; NAN: nothing came */
	double remote_loss_pct; /* what the peer reported of our packets by RTCP; NAN: no report */
	double jitter_ms;	/* RFC 3550 6.4.1; NAN */
	double rtt_ms;		/* from RTCP LSR and DLSR; NAN: no report */
	double mos;		/* estimate by G.107; NAN: no media */
	double degradation; /* how much loss, delay and jitter took off the best MOS of this codec;
			       NAN */
	double delay_ms, delay_max_ms; /* one way, mean and highest, by the sender's clock in each
					* payload: only true where sender and receiver have one
					* clock (CLOCK_MONOTONIC); NAN: nothing came */
	guint64 bursts, burst_max;     /* runs of lost packets, and the longest */
	guint64 reordered;	       /* came after a later one */
	guint64 auth_failures, replays;
	guint n_sources; /* distinct SSRCs received */
};
void media_stream_quality(const media_stream *s, struct media_quality *ret);
/* What came of each source by itself: an array of at most `max`; returns how many. */
struct media_heard {
	guint32 ssrc;
	guint64 received, expected; /* authentic packets; by extended highest sequence number */
};
guint media_stream_sources(const media_stream *s, struct media_heard *ret, guint max);

/* Why CQD calls a stream poor; any one suffices, and one poor stream makes the call poor. */
enum media_poor {
	MEDIA_POOR_RTT = 1u << 0,	  /* above 500 ms */
	MEDIA_POOR_LOSS = 1u << 1,	  /* above 10 % (video: 15 %) */
	MEDIA_POOR_JITTER = 1u << 2,	  /* above 30 ms */
	MEDIA_POOR_DEGRADATION = 1u << 3, /* above 1.0 */
	MEDIA_POOR_CONCEALED =
		1u << 4, /* above 7 %: each lost packet is one that must be concealed */
};
/* Bits of enum media_poor; figures that were not measured say nothing. */
unsigned media_poor(const struct media_profile *profile, const struct media_quality *q);
/* "rtt", "loss", "jitter", "degradation", "concealed", by bit number from 0; NULL behind the last.
 */
const char *media_poor_name(guint bit);

/* G.107 with default values: `delay_ms` one way mouth to ear, `loss_pct` 0..100, `burst_ratio` the
 * mean length of a run of losses over what it were with random loss (1: random).  1.0 .. 4.5. */
double media_mos(double delay_ms, double loss_pct, double burst_ratio, double ie, double bpl);

/* SDES: value of an "a=crypto" line ("1 AES_CM_128_HMAC_SHA1_80 inline:...|2^31") and back. */
char *media_crypto_print(const guint8 key[MEDIA_KEY_BYTES]);
bool media_crypto_parse(const char *value, guint8 ret_key[MEDIA_KEY_BYTES]);
void media_key_new(guint8 ret_key[MEDIA_KEY_BYTES]);

#endif
