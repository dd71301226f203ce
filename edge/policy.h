/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom relays may talk to.  An Edge is a bridge into the company: what it may not reach is a table.
 *
 * Allowed: public unicast addresses, private ones inside the declared prefixes (`relay_to`), and
 * our own advertised relay addresses on relay ports (relay to relay on one Edge).  Always refused:
 * what is declared so (`relay_not_to`), everything special, our own addresses else, and IPv6
 * addresses that stand for an IPv4 one (mapped, compatible, 6to4, NAT64, Teredo): those of a
 * refused address in its rule's name, all others in the name of the form (RFC 8656 section 21.6:
 * packets could go round between a relay and a tunnel). Pure; the same policy is written out for
 * other relay programs by the lab.
 */
#ifndef EDGE_POLICY_H
#define EDGE_POLICY_H

#include "common/wire/reason.h"
#include "edge/endpoint.h"

typedef struct policy policy;

struct policy_config {
	const struct endpoint *own; /* every address of this Edge; ports are not looked at */
	guint n_own;
	const struct endpoint *relays; /* those at which relays are advertised */
	guint n_relays;
	guint16 relay_port_min, relay_port_max;
	const char *const *relay_to;	 /* "10.20.0.0/24"; NULL-terminated, or NULL */
	const char *const *relay_not_to; /* the same; refused whatever else allows them */
};

/* NULL with G_IO_ERROR_INVALID_ARGUMENT: a prefix of relay_to or relay_not_to is malformed (never
 * ignored: a rule that is silently left out opens or closes the relay). */
policy *policy_new(const struct policy_config *config, GError **error);
void policy_free(policy *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(policy, policy_free)

enum policy_scope {
	POLICY_ADDRESS,	 /* a permission: it names an address, its port says nothing (RFC 5766
			    section 9.1) */
	POLICY_ENDPOINT, /* a channel or a packet: the port counts */
};

/* The rule that refuses `peer`: one of REASON_PEER_*; REASON_NONE: allowed. */
enum reason policy_refuses(const policy *p, const struct endpoint *peer, enum policy_scope scope);

#endif
