/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The media of one participant at the A/V MCU: an ICE session, and an SRTP stream for each medium
 * of the offer.
 *
 * The MCU is the controlled end and sends no media of its own: it decrypts received packets and
 * encrypts those of others.  Main loop only; nothing blocks.
 */
#ifndef FRONTEND_AV_LEG_H
#define FRONTEND_AV_LEG_H

#include "common/call_sdp.h"
#include "common/ice.h"

typedef struct av_leg av_leg;

/* All but `candidates` may free the leg. */
struct av_leg_handlers {
	/* New local candidates (NULL-terminated) with the stream's credentials, all borrowed.
	 * `end`: no others follow. */
	void (*candidates)(av_leg *l, guint stream, const char *ufrag, const char *pwd,
			   const char *const *candidates, bool end, gpointer user_data);
	void (*ready)(av_leg *l, gpointer user_data);  /* all streams have their final pairs */
	void (*failed)(av_leg *l, gpointer user_data); /* a stream has no pair */
	/* A decrypted authentic RTP packet; borrowed for the call. */
	void (*rtp)(av_leg *l, const char *kind, const guint8 *rtp, gsize length,
		    gpointer user_data);
};

struct av_leg_config {
	const char *address;	       /* gather on this */
	const char *address6;	       /* and on this IPv6 address; NULL: none */
	const struct ice_relay *relay; /* NULL: none */
	const struct ice_profile *profile;
	guint32 ssrc; /* of our RTCP */
};

/* Whether every medium of the offer has a profile, ICE credentials and a key that we can use. */
bool av_leg_can_answer(const call_sdp *offer);
/* Starts gathering and takes the offer's candidates.  Copies what it needs of `offer`, `config` and
 * `handlers`.  NULL with G_IO_ERROR: a malformed key, or the errors of ice_new and
 * media_stream_new. */
av_leg *av_leg_new(const call_sdp *offer, const struct av_leg_config *config,
		   const struct av_leg_handlers *handlers, gpointer user_data, GError **error);
/* Releases relays in the background (ice_free); no handler is called any more.  Accepts NULL. */
void av_leg_free(av_leg *l);

/* The SDP answer with our credentials and keys; candidates go by trickle.  The caller frees. */
char *av_leg_answer(av_leg *l);
/* Adds trickled candidates of the peer (char *); `end`: no others follow.  Ignores an unknown
 * stream. */
void av_leg_add_candidates(av_leg *l, guint stream, const GPtrArray *candidates, bool end);
/* Allows connectivity checks; to be called when the peer has our answer. */
void av_leg_start_checks(av_leg *l);
/* Whether all streams have their final pairs. */
bool av_leg_is_ready(const av_leg *l);
/* Sends another participant's packet on the stream of its kind, or drops it while that has no
 * pair. */
void av_leg_forward(av_leg *l, const char *kind, const guint8 *rtp, gsize length);
/* Sends the RTCP reports that are due; to be called every half second. */
void av_leg_report(av_leg *l);
/* Monotonic time of the last authentic packet, or of av_leg_new. */
gint64 av_leg_heard_us(const av_leg *l);
/* ICEWarn of this end, as docs/PROTOCOL.md defines it. */
guint av_leg_ice_warn(const av_leg *l);

#endif
