/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Service: which node an address or a name belongs to, what should listen there, and whether
 * anything does.
 *
 * Depends on cause_walk, evidence, finding and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_SERVICE_H
#define TESTBED_DIAGNOSE_SERVICE_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

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

/* What should listen at that address and port of the node, if anything should. */
struct listener service_at(const struct node *n, const struct addr *a, enum ip_proto proto,
			   json_int_t port);

/* Does anything listen there?  True: nothing does, and the finding is filled in. */
bool cause_no_listener(const struct evidence *e, struct finding *f, const char *from,
		       const char *address, enum ip_proto proto, json_int_t port);

/* The walk to a server (cause_walk_to), at whose end somebody must listen: that nobody does stops
 * the question, and so comes before what stops the answer on its way back. */
bool cause_walk_to_server(const struct evidence *e, struct finding *f, const char *from,
			  const char *what, const char *address, enum ip_proto proto,
			  json_int_t port);

#endif
