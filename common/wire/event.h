/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the events that agents send, and of the stages in which something failed
 * (docs/AGENTS.md): one table for senders and receivers, so that the compiler finds a misspelt one.
 * And the length of an event: much in it comes from the network, and none of that may make a line
 * that the other side refuses.
 *
 * Depends on GLib and jansson.  Pure.
 */
#ifndef COMMON_WIRE_EVENT_H
#define COMMON_WIRE_EVENT_H

#include <jansson.h>

/* X(id, name) */
#define EVENTS(X)                                         \
	/* all agents, and the lab about them */          \
	X(EVENT_READY, "ready")                           \
	X(EVENT_FAILED, "failed")                         \
	X(EVENT_LOG, "log")                               \
	X(EVENT_LATE, "late")                             \
	X(EVENT_STATS, "stats")                           \
	X(EVENT_SIP, "sip")                               \
	X(EVENT_AGENT_DIED, "agent-died")                 \
	/* clients: signing in */                         \
	X(EVENT_DNS, "dns")                               \
	X(EVENT_WEB, "web")                               \
	X(EVENT_CONNECT_FAILED, "connect-failed")         \
	X(EVENT_SIGNED_IN, "signed-in")                   \
	X(EVENT_SIGN_IN_FAILED, "sign-in-failed")         \
	/* clients: calls */                              \
	X(EVENT_IM_RECEIVED, "im-received")               \
	X(EVENT_IM_RESULT, "im-result")                   \
	X(EVENT_INCOMING_CALL, "incoming-call")           \
	X(EVENT_CANDIDATE, "candidate")                   \
	X(EVENT_ICE_STATE, "ice-state")                   \
	X(EVENT_SELECTED, "selected")                     \
	X(EVENT_TALKING, "talking")                       \
	X(EVENT_MEDIA, "media")                           \
	X(EVENT_CALL_RESULT, "call-result")               \
	X(EVENT_CALL_FAILED_LATE, "call-failed-late")     \
	X(EVENT_CONFERENCE_READY, "conference-ready")     \
	X(EVENT_CONFERENCE_INVITED, "conference-invited") \
	X(EVENT_CONFERENCE_RESULT, "conference-result")   \
	/* servers */                                     \
	X(EVENT_LISTENING, "listening")                   \
	X(EVENT_REGISTERED, "registered")                 \
	X(EVENT_SESSION, "session")                       \
	X(EVENT_TLS_REFUSED, "tls-refused")               \
	X(EVENT_LINK_FAILED, "link-failed")               \
	X(EVENT_REQUEST_REFUSED, "request-refused")       \
	X(EVENT_WEB_REQUEST, "web-request")               \
	X(EVENT_WEB_CLOSED, "web-closed")                 \
	X(EVENT_MRAS, "mras")                             \
	/* relays */                                      \
	X(EVENT_ALLOCATION, "allocation")                 \
	X(EVENT_ALLOCATION_END, "allocation-end")         \
	X(EVENT_DENIED, "denied")                         \
	X(EVENT_SEND_ERROR, "send-error")                 \
	X(EVENT_TCP_REFUSED, "tcp-refused")               \
	X(EVENT_AUTH_FAILED, "auth-failed")               \
	X(EVENT_RELAY_REFUSED, "relay-refused")           \
	/* NAT measurement */                             \
	X(EVENT_NAT_JUDGING, "nat-judging")               \
	X(EVENT_NAT_MEASURED, "nat-measured")

/* X(id, name) */
#define STAGES(X)                             \
	/* stages of a sign-in */             \
	X(STAGE_DNS, "dns")                   \
	X(STAGE_WEB, "web")                   \
	X(STAGE_TLS, "tls")                   \
	X(STAGE_REGISTER, "register")         \
	X(STAGE_PROVISIONING, "provisioning") \
	X(STAGE_MRAS, "mras")                 \
	/* stages of a call */                \
	X(STAGE_SIP, "sip")                   \
	X(STAGE_ICE, "ice")                   \
	X(STAGE_MEDIA, "media")

#define X(id, name) extern const char id[];
EVENTS(X)
STAGES(X)
#undef X

/* How much is told of each text of an event that is too long for a line. */
#define EVENT_TEXT_CUT_BYTES 4096

/* Shortens an event, if it must be, so that its text has at most `max_bytes`.  Each text in it that
 * is longer than EVENT_TEXT_CUT_BYTES is cut there, after a whole character, and goes on with
 * "... (cut, N bytes)"; where that is not enough the texts are cut shorter, and in the end only
 * "event", "time_us" and "call" are left.  Then the event has "cut": true.  `max_bytes` is at least
 * 1024.  Takes over `event` and returns it or another one. */
json_t *event_fit(json_t *event, size_t max_bytes);

#endif
