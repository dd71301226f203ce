/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The A/V MCU: participants call it, and it forwards each one's packets to all the others.
 *
 * A participant is `asked` when its INVITE was received (100 is sent) and the organiser's Edge is
 * asked for relays.  It is `joined` when 183 and 200 with the same answer were sent; candidates
 * then go both ways in INFO, and media as soon as ICE has a pair.  It leaves with BYE: its own, or
 * the MCU's when ICE fails or nothing was received for 30 s.  A re-INVITE is answered when our
 * streams have their final pairs.
 */
#ifndef FRONTEND_AV_MCU_H
#define FRONTEND_AV_MCU_H

#include "frontend/focus.h"
#include "frontend/context.h"

/* Of participants, each with its sockets: more in a conference are answered 486, more in all 503;
 * of a user the oldest is ended. */
#define AV_PARTICIPANTS_OF_CONFERENCE 250u
#define AV_PARTICIPANTS_OF_ALL 512u
#define AV_PARTICIPATIONS_OF_USER 16u

typedef struct av_mcu av_mcu;

/* `context` is borrowed until av_mcu_free. */
av_mcu *av_mcu_new(const struct fe_context *context);
/* Releases relays in the background (ice_free), without BYE.  Accepts NULL. */
void av_mcu_free(av_mcu *m);
/* Asks for the relays of a new conference's organiser, so that they are known when the first
 * participant joins. */
void av_mcu_prepare(av_mcu *m, const struct conference *c);
/* Handles a request to the conference's audio-video URI, and answers it now or later. */
void av_mcu_request(av_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request);
/* To be called when the user's connection is lost: removes its participants without BYE. */
void av_mcu_user_gone(av_mcu *m, const char *user);
/* Sends BYE to all participants and removes them. */
void av_mcu_hang_up(av_mcu *m);
guint av_mcu_participants(const av_mcu *m);
bool av_mcu_is_empty(const av_mcu *m, const struct conference *c); /* nobody takes part */

#endif
