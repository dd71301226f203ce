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

/* The node that has the address, also as the public one of an Edge or of 1:1 NAT; NULL: none
 * has. */
const struct node *service_owner(const model *m, const struct addr *a);
/* The node whose Front End or Edge has this name, and the address that the name should have;
 * NULL: none has. */
const struct node *service_named(const model *m, const char *name, struct addr *ret_address);
/* Where clients should meet their server: inside the Front End, else the Access Edge.  False: there
 * is none. */
struct meeting {
	const char *fqdn;
	struct addr address;
	uint16_t port;
};
bool service_for_clients(const model *m, bool inside, struct meeting *ret);
/* Whether the name is a service's and should have this address, among others. */
bool service_has(const model *m, const char *name, const struct addr *a);
/* The node that an agent ("edge/tb-edge") runs on; NULL: it is not in the model. */
const struct node *service_node_of(const model *m, const char *agent);
/* The node of the Front End that serves an end: the server that it signed in at, or the next
 * hop of that Edge; NULL: it has not signed in. */
const struct node *service_frontend_of(const struct evidence *e, const char *end);

/* What should listen at that address and port of the node, if anything should. */
struct listener service_at(const model *m, const struct node *n, const struct addr *a,
			   enum ip_proto proto, json_int_t port);

/* Whether the file has a service that should listen at that TCP port.  A client that found no
 * server tries further names and ports, where none is meant to be. */
bool service_expected_at(const model *m, const char *address, json_int_t port);

/* Whether a relay should listen at that TCP port: TURN over TCP is no TLS. */
bool service_is_turn(const model *m, const struct addr *a, uint16_t port);

/* Whether nothing listens at that address and port; then the finding is filled in. */
bool cause_no_listener(const struct evidence *e, struct finding *f, const char *from,
		       const char *address, enum ip_proto proto, json_int_t port);

/* As cause_walk_to, of a server that must listen there.  That nothing listens comes before
 * what would stop the answer on its way back. */
bool cause_walk_to_server(const struct evidence *e, struct finding *f, const char *from,
			  const char *what, const char *address, enum ip_proto proto,
			  json_int_t port);

#endif
