/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a conference on the Front End, inviting to it and being invited.
 *
 *   organiser  SERVICE addConference -> 200              event conference-ready
 *              INVITE with the conference's URI to each -> 200, ACK, BYE
 *   invited    200                                       event conference-invited
 *
 * The invitation is a dialog of its own ([MS-CONFBAS] section 3.10,
 * application/ms-conf-invite+xml); joining is another one, with the MCU (im_join, call_join).
 */
#ifndef CLIENTS_CONFERENCE_H
#define CLIENTS_CONFERENCE_H

#include "clients/session.h"

/* `conference`: its id; `invite`: array of user names, or NULL.  An invitation that is refused is
 * told by the event call-failed-late. */
void conference_make(struct client_core *core, const char *call_id, const char *conference,
		     json_t *invite);

/* Whether an INVITE invites to a conference, not to a call; if so it is answered, and joined, by
 * conference_accept. */
bool conference_is_invitation(const sip_msg *invite);
void conference_accept(struct client_core *core, sip_msg *invite);

#endif
