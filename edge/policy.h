/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which peers relays may reach.  An Edge connects the Internet with the company, so this must be
 * limited.
 *
 * Allowed are public unicast addresses, private ones in the declared prefixes (`relay_to`), and our
 * own advertised relay addresses on relay ports (relay to relay on one Edge).  Refused are the
 * prefixes of `relay_not_to`, special-purpose addresses, our other addresses, and IPv6 addresses
 * that embed an IPv4 address (mapped, compatible, translated, 6to4, NAT64, Teredo): if the embedded
 * address is refused, by its rule, else by the rule of the form, because packets could loop between
 * a relay and a tunnel (RFC 8656 section 21.6).  Pure.  The lab writes the same policy for other
 * relay programs.
 */
#ifndef EDGE_POLICY_H
#define EDGE_POLICY_H

#include "common/wire/reason.h"
#include "edge/endpoint.h"

typedef struct policy policy;

struct policy_config {
	const struct endpoint *own; /* all addresses of this Edge; ports are ignored */
	guint n_own;
	const struct endpoint *relays; /* the advertised relay addresses */
	guint n_relays;
	guint16 relay_port_min, relay_port_max;
	const char *const *relay_to;	 /* "10.20.0.0/24"; NULL-terminated, or NULL */
	const char *const *relay_not_to; /* the same; wins over relay_to */
};

/* Makes a policy; copies `config`.  NULL with G_IO_ERROR_INVALID_ARGUMENT: a prefix of relay_to or
 * relay_not_to is malformed. policy_free accepts NULL. */
policy *policy_new(const struct policy_config *config, GError **error);
void policy_free(policy *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(policy, policy_free)

enum policy_scope {
	POLICY_ADDRESS,	 /* a permission, which has no port (RFC 8656 section 10.1) */
	POLICY_ENDPOINT, /* a channel or a packet, whose port is checked, too */
};

/* The rule by which relays must not reach `peer`, one of REASON_PEER_*; REASON_NONE: they may. */
enum reason policy_refuses(const policy *p, const struct endpoint *peer, enum policy_scope scope);

#endif
