/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gateway: by which neighbour a node could send to a prefix, going by what the model's routers
 * know.
 *
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_WALK_GATEWAY_H
#define TESTBED_WALK_GATEWAY_H

#include "testbed/model/model.h"

struct gateway {
	struct addr address;
	const char *iface; /* of the node that asks: an interface or a tunnel's; borrowed from the
			     model */
};

/* The other end of a tunnel that carries `to`, or a router on an interface's network that itself
 * knows the way; a router's default route counts only for the default route, which any router will
 * take where none has one.  `interface`: only by this one; NULL: by any. */
bool gateway_find(const model *m, const struct node *n, const char *iface, const struct prefix *to,
		  struct gateway *ret);
bool gateway_covers(const struct prefix *wide, const struct prefix *p);
/* True when a 1:1 NAT of the router answers for `a`, which is on none of its networks. */
bool gateway_translates(const struct node *router, const struct addr *a);

#endif
