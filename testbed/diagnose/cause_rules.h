/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of cause.c share.  A rule looks at the evidence, fills in the finding and says
 * true, or leaves the finding as it was (walks taken stay as legs).  Private to the causes. Depends
 * on model, base and walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_RULES_H
#define TESTBED_DIAGNOSE_CAUSE_RULES_H

#include "common/wire/event.h"
#include "testbed/diagnose/cause.h"

/* --- cause.c: what was heard ------------------------------------------------------------------ */

/* Empty, CAUSE_UNKNOWN; for finding_free. */
struct finding *cause_finding_new(void);
/* Borrowed; NULL: the event has no such text. */
const char *event_text(const json_t *event, const char *key);
/* The first event of that name after `after` (NULL: from the start), of one agent or, with NULL, of
 * any. */
const struct heard *cause_event(const struct evidence *e, const char *agent, const char *name,
				const struct heard *after);
void cause_prove(struct finding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A further cause behind the first; once only, whatever shows it.  Copies all that it is given. */
void cause_add_effect(struct finding *f, enum cause_code code, const char *node,
		      const struct subject *subject, const char *why);

/* Nothing decided yet; finding_free frees it. */
struct finding *finding_new(const struct cell *c);
/* The walk of one end of a call that worked: to its relay, or to the address that the other end was
 * reached at. */
void cause_healthy_leg(const struct evidence *e, struct finding *f, const char *end);
/* The same, and whether it shows the cause. */
bool cause_selected_leg(const struct evidence *e, struct finding *f, const char *end);

/* --- cause_walk.c: walks ---------------------------------------------------------------------- */

#define CLIENT_PORT \
	49152 /* the first port that clients choose by themselves (RFC 6335 section 6) */

/* The node has no default route of `family`, and one of the other: it lives by that, and what it
 * can't reach by this is no wonder. */
bool cause_lives_without(const struct evidence *e, const char *node, int family);
/* The network that an address belongs to; where none is known, the address alone. */
struct prefix cause_network_of(const model *m, const struct addr *a);
/* Walks the flow there and back, keeps that as a leg (takes over `title`) and says whether it shows
 * the cause; a trouble that is seen when a cause is known already becomes an effect, and false is
 * returned. */
bool cause_walk_flow(const struct evidence *e, struct finding *f, const struct flow *flow,
		     char *title);
/* What a walk of `flow` that was taken shows, like cause_walk_flow; takes over `walked` and
 * `title`. */
bool cause_show(const struct evidence *e, struct finding *f, struct walk_pair *walked,
		const struct flow *flow, char *title);
/* The same from a client's own port to `address`; false too when the address or port can't be read.
 */
bool cause_walk_to(const struct evidence *e, struct finding *f, const char *end, const char *what,
		   const char *address, enum ip_proto proto, json_int_t port);

/* cause_state.c: when the firewall that `f` names drops an `answer` whose `question` went around
 * it, that is the cause, and true is returned.  Not when that firewall's own table has a session of
 * the call for it. */
bool cause_no_state(const struct evidence *e, struct finding *f, const walk *question,
		    const walk *answer);

/* --- cause_way.c: ways to servers and between them -------------------------------------------- */

/* From an end to its name server; to the server it uses or tried; beyond the Edge. */
bool cause_rule_way_to_names(const struct evidence *e, struct finding *f);
bool cause_rule_way_to_server(const struct evidence *e, struct finding *f);
bool cause_rule_way_inside(const struct evidence *e, struct finding *f);
/* Whether the walks from an end to the server it uses or tried, and from its Edge on, show the
 * cause. */
bool cause_signalling_way(const struct evidence *e, struct finding *f, const char *end);
bool cause_rule_signalling(const struct evidence *e, struct finding *f);

/* --- cause_media.c: ways of media ------------------------------------------------------------- */

/* A call or conference of audio or video, not of text. */
bool cause_is_av(const struct cell *c);
/* Between the ends, where that is the path that is expected. */
bool cause_rule_direct(const struct evidence *e, struct finding *f);
/* The same walks again, of packets of full size: connections to servers, and media of a call that
 * found its path. */
bool cause_rule_size(const struct evidence *e, struct finding *f);
/* Between relays, and to the MCU. */
bool cause_rule_media(const struct evidence *e, struct finding *f);
/* Of a call that works: why it did not take the path that is expected. */
bool cause_rule_other_path(const struct evidence *e, struct finding *f);

/* --- cause_sign_in.c, cause_relay.c ----------------------------------------------------------- */

/* Names, TLS and the registrar, by what the client said; the way to the relay; what the relay said.
 */
bool cause_rule_sign_in(const struct evidence *e, struct finding *f);
bool cause_rule_relay_unreachable(const struct evidence *e, struct finding *f);
bool cause_rule_relay_refused(const struct evidence *e, struct finding *f);

/* cause_expired.c: a NAT gave a socket of the call a second port for the same destination. */
bool cause_rule_nat_expired(const struct evidence *e, struct finding *f);

/* cause_call.c: what the servers answered to the call itself. */
bool cause_rule_call_refused(const struct evidence *e, struct finding *f);

/* The relay that an end was told when it signed in; NULL: none. */
const json_t *cause_relay_of(const struct evidence *e, const char *end);
json_int_t cause_relay_port(const json_t *relay, enum ip_proto proto);

#endif
