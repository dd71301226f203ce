/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The product's diagnostics of a call without a media path: ICEWarn and ms-client-diagnostics.
 *
 * Pure.  Bits and ids: docs/PROTOCOL.md.
 */
#ifndef CLIENTS_DIAGNOSTICS_H
#define CLIENTS_DIAGNOSTICS_H

#include "common/ice.h"

enum ice_warn {
	ICE_WARN_RELAY_UNREACHABLE = 0x1,
	ICE_WARN_NO_UDP_ALLOCATION = 0x2,
	ICE_WARN_NO_TCP_ALLOCATION = 0x8,
	ICE_WARN_LOCAL_FAILED = 0x20,
	ICE_WARN_UDP_NAT_FAILED = 0x40,
	ICE_WARN_UDP_RELAY_FAILED = 0x80,
	ICE_WARN_TCP_NAT_FAILED = 0x100,
	ICE_WARN_TCP_RELAY_FAILED = 0x200,
	ICE_WARN_NO_RELAY = 0x80000,
};

/* The ICEWarn bits of a report.  `failed`: no pair was found, so each class of pairs that existed
 * has failed.  An end that got no relay says 0x12b, as public reports of the product have it. */
guint32 ice_warn(const struct ice_report *r, bool failed);

struct diagnostics {
	bool caller;	  /* CallerMediaDebug or CalleeMediaDebug */
	const char *kind; /* "audio" */
	guint32 warn;
	bool local_remote_user, peer_remote_user;
	/* address "": none */
	struct ice_candidate local_site, local_relay, remote_site, remote_relay;
};

/* 22 when both ends are inside, 23 when one is, 24 when none is: a remote user is outside. */
int diagnostics_id(bool local_remote_user, bool peer_remote_user);
/* The value of ms-client-diagnostics; the caller frees. */
char *diagnostics_header(const struct diagnostics *d);
/* The id at the start of such a value (may be NULL); 0: there is none. */
int diagnostics_parse_id(const char *header);

#endif
