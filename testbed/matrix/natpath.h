/* SPDX-License-Identifier: GPL-2.0-or-later */
/* natpath: the NATs on a node's way out, and what they should come to together.
 *
 * Nouns: a `natpath` is one node with the NAT rules that its packets to the Internet meet,
 * innermost first, and the router behind the last of them: that is where a judge must stand.
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_MATRIX_NATPATH_H
#define TESTBED_MATRIX_NATPATH_H

#include "testbed/model/model.h"

struct nat_hop {
	const struct node *node;
	const struct nat_rule *rule;
};

/* What RFC 4787 calls a NAT's behaviour; asked for, or measured. */
struct nat_manner {
	enum nat_behaviour mapping, filtering;
	bool hairpin, preserve_port;
	unsigned udp_timeout_ms; /* 0: the kernel's own */
};

struct natpath {
	const struct node *node;
	GArray *hops;		   /* struct nat_hop; at least one */
	const struct node *beyond; /* first router behind the last hop */
	struct nat_manner asked;   /* of all hops together */
};

/* Follows the default routes from `n` through the network.  NULL: there is no NAT on the way; or
 * with `ret_why` (the caller frees) the way leads out of the model, or round in circles.  Owned by
 * the caller; borrows from `m`. */
struct natpath *natpath_new(const model *m, const struct node *n, char **ret_why);
void natpath_free(struct natpath *p);

/* The behaviour of several NATs in a row, innermost first: the strictest mapping and filtering, the
 * shortest timeout; a port is kept if all keep it; a packet comes back in (hairpin) if the last one
 * turns it round and all others let in what comes from strangers.  `hops` as in struct natpath. */
struct nat_manner nat_manner_of(const GArray *hops);

#endif
