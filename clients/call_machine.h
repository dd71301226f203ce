/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state machine of an audio or video call, as caller or callee.
 *
 * Pure: inputs go in, actions come out.
 *
 *   phase        begins with                        ends with
 *   INVITING     caller: start                      183 or 200 with SDP -> CONNECTING; rejection
 *   CONNECTING   dialog known, ICE runs             caller: 200, all streams ready, and where it
 *                                                   awaits media, heard -> CONFIRMING
 *                                                   callee: all ready, re-INVITE -> TALKING
 *   CONFIRMING   caller: re-INVITE sent             its 200 -> TALKING
 *   TALKING      both ends ready, media runs        media done, BYE
 *   ENDED        any end; `verdict`, `stage` and `reason` are valid
 */
#ifndef CLIENTS_CALL_MACHINE_H
#define CLIENTS_CALL_MACHINE_H

#include "common/ice.h"
#include "common/wire/reason.h"

#define CALL_STREAMS_MAX 2

enum call_phase { CALL_INVITING, CALL_CONNECTING, CALL_CONFIRMING, CALL_TALKING, CALL_ENDED };
/* CALL_FAIL: the network or the peer let the call fail.  CALL_ERROR: this machine did. */
enum call_verdict { CALL_PASS, CALL_FAIL, CALL_ERROR };

enum call_input {
	CALL_IN_DIALOG,	       /* caller: first response with SDP */
	CALL_IN_ESTABLISHED,   /* caller: 200 to the INVITE; callee: 200 sent */
	CALL_IN_REJECTED,      /* caller: a final response other than 2xx, or none */
	CALL_IN_HEARD,	       /* caller: the peer sends media, or has had the time to */
	CALL_IN_REINVITE,      /* the peer's re-INVITE */
	CALL_IN_CONFIRMED,     /* caller: 200 to the re-INVITE */
	CALL_IN_NOT_CONFIRMED, /* caller: another response to it */
	CALL_IN_MEDIA_DONE,    /* media ran for its time */
	CALL_IN_BYE,	       /* from the peer */
	CALL_IN_BYE_NO_MEDIA,  /* from the peer, with ms-client-diagnostics */
	CALL_IN_LOST,	       /* the connection to the server is lost */
	CALL_IN_DEADLINE,      /* the call's time is over */
	CALL_IN_HANG_UP,       /* the command hang-up */
	CALL_IN_TROUBLE,       /* local failure: no socket, no key */
};

enum call_action {
	CALL_DO_ACK = 1 << 0,	   /* acknowledge the INVITE's 2xx */
	CALL_DO_TRICKLE = 1 << 1,  /* the peer knows the dialog: INFO can be sent */
	CALL_DO_REINVITE = 1 << 2, /* send the final candidates */
	CALL_DO_ACCEPT_REINVITE = 1 << 3,
	CALL_DO_START_CLOCK = 1 << 4, /* the time of media begins now */
	CALL_DO_BYE = 1 << 5,
	CALL_DO_DIAGNOSTICS = 1 << 6, /* the BYE reports that media has no path */
	CALL_DO_END = 1 << 7,	      /* report, free the media */
};

struct call_machine {
	bool caller;
	guint n_streams;
	enum call_phase phase;
	bool established, reinvite_waits;
	bool awaits_media;   /* caller: the final offer waits until the peer is heard */
	bool no_final_offer; /* the caller may leave the re-INVITE out, as RFC 8839
				section 4.4.1.2.2 has it where the default candidates were selected
			      */
	enum ice_state streams[CALL_STREAMS_MAX];
	enum call_verdict verdict;
	const char *stage;  /* static; NULL when passed */
	enum reason reason; /* REASON_NONE when passed */
};

/* Begins a call; `n_streams`: 1 to CALL_STREAMS_MAX.  Nothing needs to be freed. */
void call_machine_init(struct call_machine *m, bool caller, guint n_streams);
/* Take an input, or the ICE state of a stream.  Return a set of enum call_action, to be executed in
 * the order of their bits. */
guint call_machine_input(struct call_machine *m, enum call_input input);
guint call_machine_stream(struct call_machine *m, guint stream, enum ice_state state);
/* Turns a pass into a failure if a stream has received no authentic packet; `received` has their
 * number for each stream. */
void call_machine_judge_media(struct call_machine *m, const guint64 *received);

#endif
