/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One participant's media at the A/V MCU: an ICE session, and a protected stream for each medium of
 * its offer.
 *
 * The MCU is the controlled end and plays nothing of its own; it opens what arrives and seals what
 * others sent. Main loop only; nothing blocks.
 */
#ifndef FRONTEND_AV_LEG_H
#define FRONTEND_AV_LEG_H

#include "common/call_sdp.h"
#include "common/ice.h"

typedef struct av_leg av_leg;

/* A handler may free the leg, except `candidates`. */
struct av_leg_handlers {
	/* Local candidates found since the last time (NULL-terminated), with the stream's
	 * credentials. */
	void (*candidates)(av_leg *l, guint stream, const char *ufrag, const char *pwd,
			   const char *const *candidates, bool end, gpointer user_data);
	void (*ready)(av_leg *l, gpointer user_data);  /* every stream has its final pair */
	void (*failed)(av_leg *l, gpointer user_data); /* a stream has none */
	/* An authentic RTP packet, opened; borrowed for the call. */
	void (*rtp)(av_leg *l, const char *kind, const guint8 *rtp, gsize length,
		    gpointer user_data);
};

struct av_leg_config {
	const char *address;	       /* to gather on */
	const char *address6;	       /* the same, IPv6 beside IPv4; NULL: none */
	const struct ice_relay *relay; /* NULL: none */
	const struct ice_profile *profile;
	guint32 ssrc; /* of our RTCP */
};

/* True: every medium of the offer can be answered. */
bool av_leg_can_answer(const call_sdp *offer);
/* Starts gathering and checking; `offer` is not kept. */
av_leg *av_leg_new(const call_sdp *offer, const struct av_leg_config *config,
		   const struct av_leg_handlers *handlers, gpointer user_data, GError **error);
void av_leg_free(av_leg *l);

/* The answer's SDP; the caller frees. */
char *av_leg_answer(av_leg *l);
/* The peer's further candidates (char *). */
void av_leg_add_candidates(av_leg *l, guint stream, const GPtrArray *candidates, bool end);
/* The peer has our answer: connectivity checks may go out. */
void av_leg_start_checks(av_leg *l);
bool av_leg_is_ready(const av_leg *l);
/* Another participant's packet, to be sent on to this one; dropped while there is no path. */
void av_leg_forward(av_leg *l, const char *kind, const guint8 *rtp, gsize length);
/* Sends the RTCP reports that are due; call it every half second. */
void av_leg_report(av_leg *l);
/* Monotonic time of the last authentic packet, or of the beginning. */
gint64 av_leg_heard_us(const av_leg *l);
/* ICEWarn as docs/PROTOCOL.md defines it, from what this end saw. */
guint av_leg_ice_warn(const av_leg *l);

#endif
