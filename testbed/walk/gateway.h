/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gateway: the neighbour by which a node could send to a prefix, found in the model's routers.
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

/* Finds the other end of a tunnel that carries `to`, or a router on an interface's network that has
 * a route to it.  A router's default route counts only when `to` is the default route; where no
 * router has one, any router will do.  Looks at interface `iface` only; NULL: at all.  False: there
 * is none.
 */
bool gateway_find(const model *m, const struct node *n, const char *iface, const struct prefix *to,
		  struct gateway *ret);
bool gateway_covers(const struct prefix *wide, const struct prefix *p);
/* Whether a 1:1 NAT of the router has `a` as its outside address. */
bool gateway_translates(const struct node *router, const struct addr *a);

#endif
