/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audio and video calls: between two, and with a conference's A/V MCU.
 *
 * The I/O around `call_machine`: SIP in the dialog, an ICE session, a media stream for each medium.
 * Events: incoming-call, candidate, ice-state, selected, talking, call-result or conference-result.
 */
#ifndef CLIENTS_CALL_H
#define CLIENTS_CALL_H

#include "clients/session.h"

/* `kinds`: array of "audio", "video".  `keep`: the caller reports after `media_ms`, and media goes
 * on until the call is hung up; should it end before that, the event is call-failed-late.  `stand`:
 * says `talking` when media flows over the final pairs, and ends and reports when it is hung up. */
void call_start(struct client_core *core, const char *call_id, const char *to, json_t *kinds,
		guint media_ms, bool keep, bool stand);
void call_join(struct client_core *core, const char *call_id, const char *focus_uri,
	       json_t *participants, guint media_ms);
/* Answers an INVITE that offers media, by itself. */
void call_accept(struct client_core *core, sip_msg *invite);

#endif
