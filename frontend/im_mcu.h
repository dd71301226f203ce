/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IM MCU: a participant's MESSAGE goes to all the others, and what was said before is told to
 * late-comers.
 *
 * Life of a participant: INVITE answered 200 -> (joined) ACK -> (confirmed: messages are delivered,
 * the earlier ones first) -> BYE, or a delivery that fails because the participant has gone. The
 * sender gets 200 when every participant of that moment has confirmed, else the worst status that
 * came back. No I/O and no clock of its own.
 */
#ifndef FRONTEND_IM_MCU_H
#define FRONTEND_IM_MCU_H

#include "frontend/focus.h"
#include "frontend/station.h"

#define IM_DELIVERY_US (10 * G_USEC_PER_SEC)
#define IM_HISTORY_MAX 1000u

typedef struct im_mcu im_mcu;

/* `station` is borrowed. */
im_mcu *im_mcu_new(const struct station *station);
void im_mcu_free(im_mcu *m);
/* Any request for the conference's chat URI. */
void im_mcu_request(im_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request);
/* The user's connection has gone: no longer a participant anywhere. */
void im_mcu_user_gone(im_mcu *m, const char *user);
void im_mcu_conference_ended(im_mcu *m, const struct conference *c);
guint im_mcu_participants(const im_mcu *m);

#endif
