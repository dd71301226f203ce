/* SPDX-License-Identifier: GPL-2.0-or-later */
/* natpath: the NATs between a node and the Internet, and the behaviour that they should have
 * together.
 *
 * A `natpath` is one node with the NAT rules that its packets to the Internet meet, innermost
 * first, and the router behind the last of them: a server that measures the NATs must be behind it.
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_MATRIX_NATPATH_H
#define TESTBED_MATRIX_NATPATH_H

#include "common/base/object.h"
#include "testbed/model/model.h"

/* A NAT rule on the way; both borrowed from the model. */
struct nat_hop {
	const struct node *node;
	const struct nat_rule *rule;
};

/* A node on the way that has no default route: what is beyond must be routed there. */
struct nat_step {
	const struct node *node;
	struct addr via;    /* its next hop */
	bool lacks_outside; /* it has no route to the last NAT's outside address either */
};

/* A NAT's behaviour in the terms of RFC 4787, as the topology asks for it or as measured. */
struct nat_manner {
	enum nat_behaviour mapping, filtering;
	bool hairpin;		 /* packets from inside to the outside address come back in */
	bool preserve_port;	 /* a flow keeps its port when that is free */
	unsigned udp_timeout_ms; /* 0: the kernel's own */
};

struct natpath {
	const struct node *node;
	GArray *hops;		   /* struct nat_hop; at least one */
	GArray *steps;		   /* struct nat_step, as far as the last hop */
	struct addr outside;	   /* the node's packets have it behind the last hop */
	const struct node *beyond; /* first router behind the last hop */
	struct nat_manner asked;   /* the behaviour of all hops together */
};

/* Follows the IPv4 default routes from `n`; where it has none, each of its routes until one leads
 * through a NAT.  The caller frees the result, which borrows from `m`. NULL: there is no NAT on the
 * way; or, with *ret_why set (the caller frees it), the routes lead to no node or in a circle. */
struct natpath *natpath_new(const model *m, const struct node *n, char **ret_why);

#endif
