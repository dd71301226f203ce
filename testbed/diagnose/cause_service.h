/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services as causes: whose address that is, what should listen there, where a name is answered,
 * and why a connection between two programs did not come about.  Shared by the rules of signing in,
 * of relays and of calls. Depends on model, base and walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_SERVICE_H
#define TESTBED_DIAGNOSE_CAUSE_SERVICE_H

#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/foreign_words.h"

/* The node that an address leads to, also the public one of an Edge or of 1:1 NAT; NULL: nobody's.
 */
const struct node *service_owner(const model *m, const struct addr *a);
/* The node whose Front End or Edge has this name, and the address that the name should have; NULL:
 * nobody's. */
const struct node *service_named(const model *m, const char *name, struct addr *ret_address);
/* The node that an agent runs on, by its name ("edge/tb-edge"); NULL: it is not in the model. */
const struct node *service_node_of(const model *m, const char *agent);
/* The node with the Front End that answers for an end: its own server's, or the next hop of its
 * Edge; NULL. */
const struct node *service_frontend_of(const struct evidence *e, const char *end);

/* How a program tried to reach another one; all texts borrowed. */
struct tried {
	const char *from;    /* node */
	const char *name;    /* of whom */
	const char *address; /* NULL: the name was not resolved */
	json_int_t port;
	const json_t *event;
	enum reason code;
	const char *reason; /* in words */
};

/* Reads an event "connect-failed" of a client or "link-failed" of a server. */
struct tried cause_tried(const char *from, const json_t *event);
/* Why that connection failed: a name, the network, nobody listening, a certificate.  True: the
 * finding is filled in. */
bool cause_by_connection(const struct evidence *e, struct finding *f, const struct tried *t);
/* Does anything listen there?  True: nothing does, and the finding is filled in. */
bool cause_no_listener(const struct evidence *e, struct finding *f, const char *from,
		       const char *address, enum ip_proto proto, json_int_t port);

/* The walk to a server (cause_walk_to), at whose end somebody must listen: that nobody does stops
 * the question, and so comes before what stops the answer on its way back. */
bool cause_walk_to_server(const struct evidence *e, struct finding *f, const char *from,
			  const char *what, const char *address, enum ip_proto proto,
			  json_int_t port);

/* Why `name` does not resolve at node `from`.  `question` is the client's event "dns"; NULL: not
 * known, as from servers, which only say that it did not. */
bool cause_by_name(const struct evidence *e, struct finding *f, const char *from, const char *name,
		   const json_t *question);
/* Whether the name server that an end asks is one for the inside: it knows a Front End or an Edge's
 * internal name. */
bool cause_is_inside(const model *m, const char *end);
/* True, with the finding filled in, when `from` was given another address for a server's name than
 * it has. */
bool cause_wrong_answer(const struct evidence *e, struct finding *f, const char *from,
			const char *name, const char *address);

/* What is wrong with a certificate; CAUSE_UNKNOWN: the reason is about none. */
enum cause_code cause_of_certificate(enum reason r);
/* A certificate that `refuser` refused, shown by a service of node `at`; true: that is what the
 * event tells of. */
bool cause_by_certificate(struct finding *f, const json_t *event, const char *at,
			  const char *refuser);

/* A server that another server would not talk to, for its certificate or for the name in it. */
bool cause_refused_server(const struct evidence *e, struct finding *f);

#endif
