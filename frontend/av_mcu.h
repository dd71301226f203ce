/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A/V MCU: every participant calls it; it passes each one's packets on to all the others.
 *
 * Life of a participant:
 *   asked   INVITE taken (100 sent), the organiser's Edge is asked for relays
 *   joined  183 and 200 sent with the same answer; candidates go both ways by INFO; media as soon
 * as ICE has a path gone    by BYE from either side: the participant's, or ours when ICE fails or
 * nothing was heard for 30 s A re-INVITE is answered when our own streams have their final pairs.
 */
#ifndef FRONTEND_AV_MCU_H
#define FRONTEND_AV_MCU_H

#include "frontend/focus.h"
#include "frontend/station.h"

typedef struct av_mcu av_mcu;

/* `station` is borrowed. */
av_mcu *av_mcu_new(const struct station *station);
/* Releases relays in the background (ice_free); does not say BYE. */
void av_mcu_free(av_mcu *m);
/* A conference was made: its relays will be wanted soon. */
void av_mcu_prepare(av_mcu *m, const struct conference *c);
/* Any request for the conference's audio-video URI. */
void av_mcu_request(av_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request);
void av_mcu_user_gone(av_mcu *m, const char *user);
/* BYE to everybody. */
void av_mcu_hang_up(av_mcu *m);
guint av_mcu_participants(const av_mcu *m);

#endif
