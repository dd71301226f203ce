/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pasted output says about one node: addresses, routes, NAT.  The parsers add to it, draft
 * reads it.  Private to the import layer.  Pure.
 */
#ifndef TESTBED_IMPORT_FACTS_H
#define TESTBED_IMPORT_FACTS_H

#include "common/base/each.h"
#include "testbed/base/addr.h"
#include "testbed/base/diag.h"
#include "testbed/base/object.h"

/* Limit on the entries of each list; no real machine has more. */
#define FACTS_MAX 4096

struct fact_address {
	struct prefix address;
	bool guessed; /* the prefix length is */
	struct loc loc;
};

struct fact_iface {
	char *name;
	char *note; /* for a comment; NULL: none */
	bool up;
	GArray *addresses; /* struct fact_address */
	struct loc loc;
};

struct fact_route {
	struct prefix to;
	struct addr via; /* unset: on link */
	char *dev;	 /* NULL: unknown */
	unsigned metric;
	bool persistent;
	const char *note; /* constant text for a comment; NULL: none */
	struct loc loc;
};

/* A NAT translates `inside` to `outside`. */
struct fact_nat {
	struct addr inside, outside;
	struct loc loc;
};

struct fact_relay {
	struct addr address;
	struct loc loc;
};

struct facts {
	char *node;
	bool windows;
	GPtrArray *ifaces; /* struct fact_iface */
	GPtrArray *routes; /* struct fact_route */
	GArray *nats;	   /* struct fact_nat */
	GArray *relays;	   /* struct fact_relay */
	GPtrArray *notes;  /* char *: comments of the node */
	struct loc loc;
};

/* Facts with empty lists and a copy of the name, for object_free. */
struct facts *facts_new(const char *node, struct loc loc);

/* Finds or adds the interface of that name; borrowed.  NULL with an error in `d`: too many. */
struct fact_iface *facts_iface(struct facts *f, const char *name, struct loc loc, diags *d);
/* The interface that has this address; borrowed.  NULL: none. */
struct fact_iface *facts_owner(const struct facts *f, const struct addr *a);
/* Adds an address to the interface, unless it has it.  Too many are an error in `d`. */
void facts_address(struct fact_iface *i, const struct prefix *address, bool guessed, struct loc loc,
		   diags *d);
/* Adds a copy of `route`.  Of two routes to the same destination the one with the lower metric is
 * kept, with a warning about the other. */
void facts_route(struct facts *f, const struct fact_route *route, diags *d);

/* The parsers add what a text of one kind says to `f`, and diagnostics to `d`.  `text` is valid
 * UTF-8 without NUL. */
void parse_route_print(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_route(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_addr(const char *file, const char *text, struct facts *f, diags *d);
void parse_candidates(const char *file, const char *text, struct facts *f, diags *d);

#endif
