/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/call_machine.h"

#include "common/wire/event.h"

void call_machine_init(struct call_machine *m, bool caller, guint n_streams)
{
	*m = (struct call_machine){.caller = caller,
				   .n_streams = n_streams,
				   .phase = caller ? CALL_INVITING : CALL_CONNECTING};
}

/* Whether all streams have reached the state and none has failed. */
static bool all_streams_reached(const struct call_machine *m, enum ice_state at_least)
{
	for (guint i = 0; i < m->n_streams; i++)
		if (m->streams[i] < at_least || m->streams[i] == ICE_FAILED)
			return false;
	return true;
}

/* Ends the call with this verdict; returns CALL_DO_END. */
static guint end_call(struct call_machine *m, enum call_verdict verdict, const char *stage,
		      enum reason reason)
{
	m->phase = CALL_ENDED;
	m->verdict = verdict;
	m->stage = stage;
	m->reason = reason;
	return CALL_DO_END;
}

/* CALL_DO_BYE if there is a dialog; without one the end of the INVITE tells the peer. */
static guint bye_if_dialog(const struct call_machine *m)
{
	return m->phase == CALL_INVITING ? 0 : CALL_DO_BYE;
}

/* Goes to the next phase when the dialog is established and all streams are ready; returns its
 * actions. */
static guint advance_call(struct call_machine *m)
{
	guint actions;

	if (m->phase != CALL_CONNECTING || !m->established || !all_streams_reached(m, ICE_READY))
		return 0;
	if (m->caller) {
		if (m->awaits_media)
			return 0;
		m->phase = CALL_CONFIRMING;
		return CALL_DO_REINVITE;
	}
	if (!m->reinvite_waits && !m->no_final_offer)
		return 0;
	actions = m->reinvite_waits ? CALL_DO_ACCEPT_REINVITE : 0;
	m->reinvite_waits = false;
	m->phase = CALL_TALKING;
	return actions | CALL_DO_START_CLOCK;
}

/* A re-INVITE that nothing is waited for: the final offer of a caller was answered before, and one
 * of a callee changes nothing. */
static guint accept_at_once(struct call_machine *m)
{
	m->reinvite_waits = false;
	return CALL_DO_ACCEPT_REINVITE;
}

/* The peer has sent BYE without diagnostics: a pass if all streams have a pair, else a failure. */
static guint peer_left(struct call_machine *m)
{
	if (all_streams_reached(m, ICE_CONNECTED))
		return end_call(m, CALL_PASS, NULL, REASON_NONE);
	return end_call(m, CALL_FAIL, STAGE_ICE, REASON_PEER_LEFT_EARLY);
}

/* Fails the call for what is missing: media, an answer, or a pair. */
static guint deadline_passed(struct call_machine *m)
{
	guint actions = bye_if_dialog(m);
	if (m->phase == CALL_TALKING)
		return actions | end_call(m, CALL_FAIL, STAGE_MEDIA, REASON_PEER_FELL_SILENT);
	if (!m->established || all_streams_reached(m, ICE_READY))
		return actions | end_call(m, CALL_FAIL, STAGE_SIP, REASON_PEER_DID_NOT_ANSWER);
	return actions | CALL_DO_DIAGNOSTICS | end_call(m, CALL_FAIL, STAGE_ICE, REASON_NO_PAIR);
}

guint call_machine_input(struct call_machine *m, enum call_input input)
{
	guint actions = 0;
	if (m->phase == CALL_ENDED)
		return 0;
	switch (input) {
	case CALL_IN_DIALOG:
		if (m->phase != CALL_INVITING)
			return 0;
		m->phase = CALL_CONNECTING;
		return CALL_DO_TRICKLE;
	case CALL_IN_ESTABLISHED:
		actions = m->caller ? CALL_DO_ACK : CALL_DO_TRICKLE;
		m->established = true;
		return actions | advance_call(m);
	case CALL_IN_HEARD:
		m->awaits_media = false;
		return advance_call(m);
	case CALL_IN_REJECTED:
		return end_call(m, CALL_FAIL, STAGE_SIP, REASON_CALL_NOT_ACCEPTED);
	case CALL_IN_REINVITE:
		m->reinvite_waits = true;
		return m->caller || m->phase == CALL_TALKING ? accept_at_once(m) : advance_call(m);
	case CALL_IN_CONFIRMED:
		m->phase = CALL_TALKING;
		return CALL_DO_ACK | CALL_DO_START_CLOCK;
	case CALL_IN_NOT_CONFIRMED:
		return CALL_DO_BYE | end_call(m, CALL_FAIL, STAGE_SIP, REASON_CANDIDATES_REFUSED);
	case CALL_IN_MEDIA_DONE:
		return CALL_DO_BYE | end_call(m, CALL_PASS, NULL, REASON_NONE);
	case CALL_IN_BYE:
		return peer_left(m);
	case CALL_IN_BYE_NO_MEDIA:
		return end_call(m, CALL_FAIL, STAGE_ICE, REASON_PEER_FOUND_NO_PATH);
	case CALL_IN_LOST:
		return end_call(m, CALL_FAIL, STAGE_SIP, REASON_SERVER_LOST);
	case CALL_IN_DEADLINE:
		return deadline_passed(m);
	case CALL_IN_HANG_UP:
		actions = bye_if_dialog(m);
		return actions | end_call(m, CALL_FAIL, STAGE_SIP, REASON_HUNG_UP);
	case CALL_IN_TROUBLE:
		actions = bye_if_dialog(m);
		return actions | end_call(m, CALL_ERROR, STAGE_SIP, REASON_INTERNAL);
	}
	return 0;
}

guint call_machine_stream(struct call_machine *m, guint stream, enum ice_state state)
{
	m->streams[stream] = state;
	if (m->phase == CALL_ENDED)
		return 0;
	if (state == ICE_FAILED) {
		guint actions = bye_if_dialog(m);
		return actions | CALL_DO_DIAGNOSTICS |
		       end_call(m, CALL_FAIL, STAGE_ICE, REASON_NO_PAIR);
	}
	return advance_call(m);
}

void call_machine_judge_media(struct call_machine *m, const guint64 *received)
{
	for (guint i = 0; m->verdict == CALL_PASS && i < m->n_streams; i++)
		if (received[i] == 0)
			end_call(m, CALL_FAIL, STAGE_MEDIA, REASON_NO_MEDIA);
}
