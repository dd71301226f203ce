/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instant messages: two people, or a conference's chat.
 *
 *   caller  INVITE -> 200, ACK, MESSAGE -> 200 -> BYE            event im-result
 *   callee  200, then each MESSAGE 200, until BYE                event im-received
 *   member  INVITE chat URI -> 200, ACK, MESSAGE -> 200; MESSAGEs of others;
 *           BYE when everybody was heard                         event conference-result
 */
#ifndef CLIENTS_IM_H
#define CLIENTS_IM_H

#include "clients/session.h"

/* `keep`: after the result the conversation goes on until it is hung up. */
void im_start(struct client_core *core, const char *call_id, const char *to, const char *text,
	      bool keep);
void im_accept(struct client_core *core, sip_msg *invite);
/* `participants`: array of user names, all who will be there, us too or not. */
void im_join(struct client_core *core, const char *call_id, const char *focus_uri, const char *text,
	     json_t *participants, guint media_ms);

#endif
