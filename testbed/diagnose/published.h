/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published: the sockets that a NAT must lead a public address and port to.
 *
 * Depends on model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_PUBLISHED_H
#define TESTBED_DIAGNOSE_PUBLISHED_H

#include "testbed/model/published_port.h"

/* A service's own address and port, behind a public one. */
struct published {
	const struct node *node;
	const struct edge_service *edge; /* NULL: a reverse proxy */
	struct addr address;
	uint16_t port;
};

/* All (struct published) that are reached at that public address and port by what the file says,
 * the first being the most likely.  Empty: no service of the file.  The caller frees. */
GArray *published_at(const model *m, const struct addr *public, enum ip_proto proto, uint16_t port);
/* Where clients outside reach a reverse proxy: the address that a NAT leads there from; or, where
 * its own is private, that of a record for one of its names; or its own. */
struct addr published_proxy_address(const model *m, const struct reverse_proxy_service *p);

#endif
