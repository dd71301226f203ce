/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a conference on the Front End, inviting users to it, and being invited.
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

/* Makes the conference with id `conference` and invites the users of `invite`, an array of names or
 * NULL.  Reports by conference-ready, or by conference-result when it fails; a refused invitation
 * by call-failed-late. */
void conference_make(struct client_core *core, const char *call_id, const char *conference,
		     json_t *invite);

/* Whether an INVITE is an invitation to a conference. */
bool conference_is_invitation(const sip_msg *invite);
/* Answers an invitation and sends conference-invited; 488 when it is malformed. */
void conference_accept(struct client_core *core, sip_msg *invite);

#endif
