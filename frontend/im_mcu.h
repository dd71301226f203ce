/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IM MCU: sends each participant's MESSAGE to all the others, and earlier messages to those who
 * join later.
 *
 * A participant joins with INVITE (200) and is confirmed by ACK; then it gets messages, the earlier
 * ones first.  It leaves with BYE, or when a delivery shows that it is gone.  The sender of a
 * message gets 200 when all participants of that moment have confirmed it, else the worst status of
 * them; 503 when too much of that sender is on its way.  No I/O; time comes through transactions.
 */
#ifndef FRONTEND_IM_MCU_H
#define FRONTEND_IM_MCU_H

#include "frontend/focus.h"
#include "frontend/context.h"

#define IM_DELIVERY_US (10 * G_USEC_PER_SEC)
/* Of participants: more in a conference are answered 486, more in all 503; of a user the oldest
 * goes. */
#define IM_PARTICIPANTS_OF_CONFERENCE 250u
#define IM_PARTICIPANTS_OF_ALL 4096u
#define IM_PARTICIPATIONS_OF_USER 64u

typedef struct im_mcu im_mcu;

/* `context` is borrowed until im_mcu_free, which accepts NULL. */
im_mcu *im_mcu_new(const struct fe_context *context);
void im_mcu_free(im_mcu *m);
/* Handles a request to the conference's chat URI, and answers it now or later. */
void im_mcu_request(im_mcu *m, const struct conference *c, struct fe_flow *flow,
		    const sip_msg *request);
/* To be called when the user's connection is lost: removes its participants. */
void im_mcu_user_gone(im_mcu *m, const char *user);
/* Removes the conference's participants and history. */
void im_mcu_conference_ended(im_mcu *m, const struct conference *c);
guint im_mcu_participants(const im_mcu *m);
bool im_mcu_is_empty(const im_mcu *m, const struct conference *c); /* nobody takes part */
gsize im_mcu_history_bytes(const im_mcu *m);			   /* kept of all conferences */

#endif
