/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instant messages: between two users, or in a conference's chat.
 *
 *   caller  INVITE -> 200, ACK, MESSAGE -> 200 -> BYE            event im-result
 *   callee  200, then each MESSAGE 200, until BYE                event im-received
 *   member  INVITE chat URI -> 200, ACK, MESSAGE -> 200; MESSAGEs of others;
 *           BYE when all were heard                              event conference-result
 */
#ifndef CLIENTS_IM_H
#define CLIENTS_IM_H

#include "clients/session.h"

/* Sends `text` to the user `to` in a new conversation and reports by im-result.  `keep`: after the
 * result the conversation lasts until it is hung up. */
void im_start(struct client_core *core, const char *call_id, const char *to, const char *text,
	      bool keep);
/* Accepts an INVITE for messages; each message is reported by im-received. */
void im_accept(struct client_core *core, sip_msg *invite);
/* Joins a conference's chat and sends `text` there.  Ends when `media_ms` have passed and all of
 * `participants` (user names, with or without our own) were heard, and reports by
 * conference-result. */
void im_join(struct client_core *core, const char *call_id, const char *focus_uri, const char *text,
	     json_t *participants, guint media_ms);

#endif
