/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pasted output tells of nodes: addresses, routes, NAT.  Filled in by the parsers, joined by
 * draft. Private to the import layer.  Pure.
 */
#ifndef TESTBED_IMPORT_FACTS_H
#define TESTBED_IMPORT_FACTS_H

#include "testbed/base/addr.h"
#include "testbed/base/diag.h"

/* More of a kind on one node is refused: it is not what one machine has. */
#define FACTS_MAX 4096

struct said_address {
	struct prefix address;
	bool guessed; /* the length is a guess */
	struct loc loc;
};

struct said_iface {
	char *name;
	char *note; /* for a comment; NULL: none */
	bool up;
	GArray *addresses; /* struct said_address */
	struct loc loc;
};

struct said_route {
	struct prefix to;
	struct addr via; /* unset: on link */
	char *dev;	 /* NULL: not told */
	unsigned metric;
	bool persistent;
	const char *note; /* constant text for a comment; NULL: none */
	struct loc loc;
};

/* Behind `outside` is `inside`: a NAT between them. */
struct said_nat {
	struct addr inside, outside;
	struct loc loc;
};

struct said_relay {
	struct addr address;
	struct loc loc;
};

struct facts {
	char *node;
	bool windows;
	GPtrArray *ifaces; /* struct said_iface */
	GPtrArray *routes; /* struct said_route */
	GArray *nats;	   /* struct said_nat */
	GArray *relays;	   /* struct said_relay */
	GPtrArray *notes;  /* char *: comments of the node */
	struct loc loc;
};

/* Empty lists; copies the name. */
struct facts *facts_new(const char *node, struct loc loc);
void facts_free(struct facts *f);

/* The interface of that name, made where there is none; NULL: too many, told in `d`.  Borrowed. */
struct said_iface *facts_iface(struct facts *f, const char *name, struct loc loc, diags *d);
/* The interface that has this address; NULL: none.  Borrowed. */
struct said_iface *facts_owner(const struct facts *f, const struct addr *a);
/* Adds an address of the interface, once. */
void facts_address(struct said_iface *i, const struct prefix *address, bool guessed, struct loc loc,
		   diags *d);
/* Adds a copy of `route`.  Of two to one destination the one with the lower metric
 * stays; a warning tells of the other. */
void facts_route(struct facts *f, const struct said_route *route, diags *d);

/* Parsers: text of one kind -> facts.  `text` is valid UTF-8 without NUL.  What is wrong is told in
 * `d`. */
void parse_route_print(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_route(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_addr(const char *file, const char *text, struct facts *f, diags *d);
void parse_candidates(const char *file, const char *text, struct facts *f, diags *d);

#endif
