/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTP streams protected by SRTP, with RTCP and quality figures.  No sockets and no clock: the
 * caller passes packets and the time.
 *
 * A `media_stream` is one medium of a call in both directions: it makes the protected packets that
 * are due, takes received packets, and measures (theory of operation: media.c).  RFC 3550 (RTP,
 * RTCP), RFC 3711 (SRTP, AES_CM_128_HMAC_SHA1_80), RFC 4568 (SDES keys), ITU-T G.107 (MOS). Times
 * `now_us` are CLOCK_MONOTONIC in microseconds.  Depends on GLib and libsrtp2.
 */
#ifndef COMMON_MEDIA_H
#define COMMON_MEDIA_H

#include <glib.h>
#include <stdbool.h>

#define MEDIA_PACKET_MAX 1500
#define MEDIA_KEY_BYTES 30 /* master key 16 and salt 14 */

/* One row for each medium: the product's packet sizes and rates. */
struct media_profile {
	const char *kind;    /* "audio", "video": the SDP media type */
	const char *codec;   /* for rtpmap: "x-msrta/16000" */
	guint8 payload_type; /* that we offer it with */
	bool foreign;	     /* its sender may be another program, whose payload is not verified */
	guint clock_hz;
	guint interval_us; /* between packets */
	guint payload_bytes;
	double ie,
		bpl; /* E-model: equipment impairment, loss robustness; bpl 0: not speech, no MOS */
};
/* The product's own profile of an SDP media type; static.  NULL: there is none. */
const struct media_profile *media_profile_by_kind(const char *kind);
/* Appends what we offer for a medium, best first, as values of a=rtpmap ("114 x-msrta/16000"); the
 * array must free them. */
void media_profile_offer(const char *kind, GPtrArray *rtpmaps);
/* Whether `rtpmaps` (as above, or NULL) has the profile's codec; *ret_payload_type is the number
 * that it stands for there. */
bool media_profile_is_in(const struct media_profile *p, const GPtrArray *rtpmaps,
			 guint *ret_payload_type);
/* The best profile of a medium that is in `rtpmaps` (RFC 3264 section 6.1); static.  NULL: nothing
 * is in common. */
const struct media_profile *media_profile_choose(const char *kind, const GPtrArray *rtpmaps,
						 guint *ret_payload_type);

typedef struct media_stream media_stream;

/* Starts the crypto library, so that the first stream of the process does not wait for it.  Blocks
 * for about 30 ms of processor time; a second call does nothing.  An error shows when a stream is
 * made. */
void media_warm_up(void);

/* A stream that sends as `ssrc`.  `local_key` encrypts what it sends, `remote_key` decrypts what it
 * receives; both have MEDIA_KEY_BYTES and are copied.  `profile` is borrowed.  NULL with
 * G_IO_ERROR_FAILED when libsrtp makes no session.  media_stream_free accepts NULL. */
media_stream *media_stream_new(const struct media_profile *profile, guint32 ssrc,
			       const guint8 *local_key, const guint8 *remote_key, gint64 now_us,
			       GError **error);
void media_stream_free(media_stream *s);
/* Sets the payload type of what is sent, where the peer gave the codec another one than ours. */
void media_stream_payload_type(media_stream *s, guint payload_type);
/* Largest packet time: such a packet of speech fits into a tunnel with an MTU of 1420. */
#define MEDIA_PACKET_TIME_MAX_MS 360
/* Sets how many milliseconds of speech a packet holds (a=ptime, RFC 8866 section 6.4), for sent and
 * for received packets: rounded down to frames of the profile's interval, from one frame to
 * MEDIA_PACKET_TIME_MAX_MS.  No effect on media other than speech.  To be called before the first
 * packet. */
void media_stream_packet_times(media_stream *s, guint send_ms, guint hear_ms);

/* Makes the next packet that is due at `now_us`: protected RTP, or an RTCP report every 25 packets'
 * time (half a second for frames of 20 ms).  Writes it to `packet`, which has room for
 * MEDIA_PACKET_MAX bytes, and returns its length. 0: none is due before *ret_next_us, which is set
 * only then. */
gsize media_stream_next(media_stream *s, gint64 now_us, guint8 *packet, gint64 *ret_next_us);
/* Protects a decrypted packet of another source with this stream's key, keeping its SSRC and
 * sequence number, as an MCU does (RFC 7667 section 3.7).  Writes it to `packet` (as above) and
 * returns its length; 0: malformed. */
gsize media_stream_forward(media_stream *s, const guint8 *rtp, gsize length, guint8 *packet);

/* Decrypts and counts a received packet, RTP or RTCP (RFC 5761 section 4).  Returns whether it was
 * authentic.  For authentic RTP *ret_rtp (may be NULL) points at the decrypted packet of
 * *ret_length bytes, in a buffer that the next call overwrites; otherwise it is NULL. */
bool media_stream_receive(media_stream *s, gint64 now_us, const guint8 *data, gsize length,
			  const guint8 **ret_rtp, gsize *ret_length);

/* Makes a protected RTCP BYE in `packet` (as above); returns its length. */
gsize media_stream_bye(media_stream *s, guint8 *packet);

struct media_quality {
	guint64 sent, received; /* authentic RTP packets */
	guint64 expected;	/* from extended sequence numbers (RFC 3550 A.3), all sources */
	double loss_pct;	/* of `expected`, 0..100; NAN: nothing was received */
	double remote_loss_pct; /* of our packets, as the peer's RTCP reports it; NAN: no report */
	double jitter_ms;	/* RFC 3550 6.4.1; NAN */
	double rtt_ms;		/* from RTCP LSR and DLSR; NAN: no report */
	double mos;		/* estimate by G.107; NAN: no media */
	double degradation;	/* the codec's best MOS minus `mos`; NAN */
	double delay_ms, delay_max_ms; /* one way, mean and highest; valid where sender and receiver
					  share CLOCK_MONOTONIC; NAN: nothing was received */
	guint64 bursts, burst_max;     /* runs of lost packets, and the longest */
	guint64 reordered;	       /* received after a later packet */
	guint64 auth_failures, replays;
	guint n_sources; /* distinct SSRCs received */
};
/* Writes the figures since the start of the stream. */
void media_stream_quality(const media_stream *s, struct media_quality *ret);
#define MEDIA_INTERVALS_MAX 60
/* A part of the time in which the stream was received. */
struct media_interval {
	guint64 received, lost; /* a lost packet counts where the next one came */
	double jitter_ms;	/* highest in it; NAN: nothing came */
	double delay_ms;	/* one way, mean; NAN: not known */
};
/* Writes the parts of equal length since the first packet, as long as the call was: from 100 ms, so
 * many that all fit.  Returns their number; 0: nothing was received. */
guint media_stream_course(const media_stream *s, gint64 *ret_begins_us, guint *ret_every_ms,
			  struct media_interval ret[static MEDIA_INTERVALS_MAX]);
/* What was received of one source. */
struct media_heard {
	guint32 ssrc;
	guint64 received, expected; /* as in media_quality, of this source alone */
};
/* Writes a row for each received SSRC, at most `max`; returns their number. */
guint media_stream_sources(const media_stream *s, struct media_heard *ret, guint max);

/* The same of packets that are older than the last fifty that came: what is missing of these is
 * lost, and not under way. */
guint media_stream_settled(const media_stream *s, struct media_heard *ret, guint max);

/* Why the Call Quality Dashboard calls a stream poor.  One reason is enough, and one poor stream
 * makes the call poor. */
enum media_poor {
	MEDIA_POOR_RTT = 1u << 0,	  /* above 500 ms */
	MEDIA_POOR_LOSS = 1u << 1,	  /* above 10 % (video: 15 %) */
	MEDIA_POOR_JITTER = 1u << 2,	  /* above 30 ms */
	MEDIA_POOR_DEGRADATION = 1u << 3, /* above 1.0 */
	MEDIA_POOR_CONCEALED = 1u << 4,	  /* above 7 %: every lost packet is concealed */
};
/* The reasons for which the stream is poor, as bits; 0: it is not.  A figure that was not measured
 * (NAN) is no reason.  Of video only the loss counts. */
unsigned media_poor(const struct media_profile *profile, const struct media_quality *q);
/* Name of bit number `bit`, from 0: "rtt", "loss", "jitter", "degradation", "concealed"; then NULL.
 */
const char *media_poor_name(guint bit);

/* The MOS (1.0 to 4.5) that G.107 estimates with its default values.  `delay_ms`: one way, mouth to
 * ear; `loss_pct`: 0..100; `burst_ratio`: mean length of a run of losses relative to that of random
 * loss (1: random); `ie`, `bpl`: of the codec. */
double media_mos(double delay_ms, double loss_pct, double burst_ratio, double ie, double bpl);

/* Value of an a=crypto line with this tag ("1 AES_CM_128_HMAC_SHA1_80 inline:...|2^31", RFC 4568);
 * the caller frees. */
char *media_crypto_print(guint tag, const guint8 key[MEDIA_KEY_BYTES]);
/* Reads one.  false: the suite is another one, it has an MKI or a session parameter that changes
 * the packets, or the key is malformed. */
bool media_crypto_parse(const char *value, guint *ret_tag, guint8 ret_key[MEDIA_KEY_BYTES]);
/* The first of the values (char *) that can be read (RFC 4568 section 5.1.2); false: none. */
bool media_crypto_choose(const GPtrArray *values, guint *ret_tag, guint8 ret_key[MEDIA_KEY_BYTES]);
/* A random master key and salt.  Aborts when the kernel gives no random bytes. */
void media_key_new(guint8 ret_key[MEDIA_KEY_BYTES]);

#endif
