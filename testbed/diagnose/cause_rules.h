/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules: rows of the table in cause.c, and what they ask of each other.  A rule looks at the
 * evidence; it fills in the finding and says true, or leaves it as it was but for the legs of walks
 * that it took.  Private to diagnose.
 *
 * Depends on cause_walk, service, evidence, finding, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_RULES_H
#define TESTBED_DIAGNOSE_CAUSE_RULES_H

#include "testbed/diagnose/cause_walk.h"

/* cause_resolver.c: a client asks an address where no name server can answer it; one that signed in
 * asks in the view whose relay it can't reach, while that of the other is open to it. */
bool cause_rule_name_server(const struct evidence *e, struct finding *f);
bool cause_rule_other_view(const struct evidence *e, struct finding *f);

/* --- cause_way.c: ways to servers and between them -------------------------------------------- */

/* From an end to its name server; to the server that it uses or tried; from that Edge to the
 * Front End. */
bool cause_rule_way_to_names(const struct evidence *e, struct finding *f);
bool cause_rule_way_to_server(const struct evidence *e, struct finding *f);
bool cause_rule_way_inside(const struct evidence *e, struct finding *f);
/* Whether the walks from an end to the server it uses or tried, and from its Edge on, show the
 * cause. */
bool cause_signalling_way(const struct evidence *e, struct finding *f, const char *end);
bool cause_rule_signalling(const struct evidence *e, struct finding *f);

/* --- cause_media.c: ways of media ------------------------------------------------------------- */

/* Whether the cell is expected to pass over that path. */
bool cause_expects(const struct cell *c, enum path_class path);

/* Whether the walk on the path that an end selected shows the cause: to its relay, or to the
 * address at which it reached the other end. */
bool cause_selected_leg(const struct evidence *e, struct finding *f, const char *end);
/* Between the ends, where that is the path that is expected. */
bool cause_rule_direct(const struct evidence *e, struct finding *f);
/* The same walks again, with packets of full size: connections to servers, and media of a call
 * that found its path. */
bool cause_rule_size(const struct evidence *e, struct finding *f);
/* Between relays, and to the MCU. */
bool cause_rule_media(const struct evidence *e, struct finding *f);
/* The last paths, of ends that found none: by the other end's relay, and from NAT to NAT. */
bool cause_rule_peers(const struct evidence *e, struct finding *f);
/* Of a call that works: why it did not take the path that is expected. */
bool cause_rule_other_path(const struct evidence *e, struct finding *f);

/* From one client's address to another's, from any port to any. */
struct flow cause_udp_flow(const char *node, const struct addr *src, const struct addr *dst);
/* Both send at once, so each opens the firewalls on its side to the other.  Keeps both walks as
 * legs when less than `needed` of the two flows arrive; true when that shows the cause. */
bool cause_fewer_meet(const struct evidence *e, struct finding *f, const struct flow *a,
		      const struct flow *b, int needed);

/* --- cause_hosts.c ---------------------------------------------------------------------------- */

/* Which pairs of addresses a failed call is held against. */
enum pairs {
	PAIRS_ALL,    /* the path between the ends is the one that is expected */
	PAIRS_ROUTED, /* those alone that the routes allow */
};
/* Whether no address of one end meets one of the other; the first of these pairs is told. */
bool cause_hosts_cannot_meet(const struct evidence *e, struct finding *f, const struct node *a,
			     const struct node *b, enum pairs pairs);

/* Whether packets of one end arrive at the other directly, be it in one direction: then the two
 * were meant to talk so. */
bool cause_hosts_half_meet(const struct evidence *e, const struct node *a, const struct node *b);
/* Keeps the legs, in both directions, of the first pair of addresses by which the ends meet without
 * NAT.  False: there is none. */
bool cause_look_at_hosts(const struct evidence *e, struct finding *f, const struct node *a,
			 const struct node *b);

/* --- cause_sign_in.c, cause_relay.c ----------------------------------------------------------- */

/* Names, TLS and the registrar, by what the client reported; the way to the relay; what the
 * relay reported. */
bool cause_rule_sign_in(const struct evidence *e, struct finding *f);
bool cause_rule_relay_unreachable(const struct evidence *e, struct finding *f);
bool cause_rule_relay_refused(const struct evidence *e, struct finding *f);
/* Whether the end has no relay address of a family by which it was told of its relay, because of
 * the way there or back. */
bool cause_half_relay(const struct evidence *e, struct finding *f, const char *end);

/* cause_expired.c: a NAT gave a socket of the call a second port for the same destination. */
bool cause_rule_nat_expired(const struct evidence *e, struct finding *f);

/* --- cause_link.c: links that lose packets, hold them up or are full ----------------------------
 */

/* Of a call whose media arrived and was incomplete: it has no other cause, and UNKNOWN where no
 * link lost anything. */
bool cause_rule_media_lost(const struct evidence *e, struct finding *f);
/* Puts a link in place of a cause that is concluded from an answer that did not come, when one on
 * the ways that were walked lost packets or holds them up. */
void cause_link_of_silence(const struct evidence *e, struct finding *f);
/* Where the ends can meet without relays: a line between them that loses packets.  That they got no
 * relay explains nothing then. */
bool cause_rule_direct_link(const struct evidence *e, struct finding *f);
/* Of a call that works over another path, or found none and has no better cause. */
bool cause_rule_link(const struct evidence *e, struct finding *f);

/* cause_call.c: what the servers answered to the call itself. */
bool cause_rule_call_refused(const struct evidence *e, struct finding *f);

#endif
