/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audio and video calls: with another user, and with a conference's A/V MCU.
 *
 * The I/O around `call_machine`: SIP in the dialog, an ICE session, a media stream for each medium.
 * Events: incoming-call, candidate, ice-state, selected, talking, call-result or conference-result.
 */
#ifndef CLIENTS_CALL_H
#define CLIENTS_CALL_H

#include "clients/session.h"

/* Calls the user `to`.  `kinds`: array of "audio", "video" (others are ignored; audio if none is
 * left).  The event call-result reports.  Without `keep` and `stand` the call ends and reports
 * after `media_ms`.  `keep`: it reports then, and lasts until it is hung up; if it ends earlier the
 * event is call-failed-late.  `stand`: it sends `talking` when media uses the final pairs, and
 * reports when it is hung up. */
void call_start(struct client_core *core, const char *call_id, const char *to, json_t *kinds,
		guint media_ms, bool keep, bool stand);
/* Joins a conference by a call to its A/V MCU.  Ends `media_ms` after all `participants` were
 * heard; with `stand` it sends `talking` then, and reports by conference-result when it is
 * hung up. */
void call_join(struct client_core *core, const char *call_id, const char *focus_uri,
	       json_t *participants, guint media_ms, bool stand);
/* Accepts an INVITE that offers media, with the event incoming-call; answers 488 when one of the
 * media is unknown. */
void call_accept(struct client_core *core, sip_msg *invite);

#endif
