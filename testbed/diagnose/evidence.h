/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence: what a diagnosis is drawn from, and plain questions about it.
 *
 * Depends on walk, packets, netstate, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_EVIDENCE_H
#define TESTBED_DIAGNOSE_EVIDENCE_H

#include "common/wire/event.h"
#include "testbed/model/results.h"
#include "testbed/packets/observation.h"
#include "testbed/walk/walk.h"

#define CLIENT_PORT 49152 /* the first that clients choose from (RFC 6335 section 6) */

struct evidence {
	const model *model; /* the network of the cell's scenario */
	const struct cell *cell;
	const GPtrArray *heard;	   /* struct heard, in order */
	const netstate *state;	   /* NULL: could not be read */
	const knet *net;	   /* `model` and `state`, to walk in; NULL as `state` */
	const journeys *packets;   /* NULL: none are there */
	const GPtrArray *sessions; /* struct tracked (tracked.h): the call's; NULL: not known */
	unsigned size_bytes;	   /* of the packets that are walked (struct flow) */
	/* walk_both; a test may have its own. */
	struct walk_pair *(*walk)(const knet *net, const struct flow *flow);
	/* walk_meet; NULL only in tests. */
	struct walk_pair *(*meet)(const knet *net, const struct flow *flow,
				  const struct flow *other);
};

/* The first event of that name after `after` (NULL: from the start), of one agent or, with NULL, of
 * any. */
const struct heard *evidence_event(const struct evidence *e, const char *agent, const char *name,
				   const struct heard *after);
/* The relay that an end was told of when it signed in; NULL: none. */
const json_t *evidence_relay(const struct evidence *e, const char *end);
/* The port of such a relay for UDP or TCP; a standard one where it was not told. */
json_int_t relay_port(const json_t *relay, enum ip_proto proto);

/* Whether the cell is a call or conference of audio or video, not of text. */
bool evidence_is_av(const struct evidence *e);
/* Whether the node's kernel has a default route of that family, in whichever table. */
bool evidence_has_default(const struct evidence *e, const char *node, int family);
/* What a node's default routes say of its way out by one family. */
enum family_way {
	FAMILY_WAY_LOST,  /* it has one of IPv6 only, and most of the other endpoints with addresses
			     of both families have one of IPv4, too: it lost its own */
	FAMILY_AS_MEANT,  /* it has one, or none of either family */
	FAMILY_NOT_MEANT, /* it has one of the other family only, as others do: that it reaches
			     nothing by this one is no fault */
	FAMILY_WAY_COUNT
};

enum family_way evidence_family_way(const struct evidence *e, const char *node, int family);
/* Whether that is FAMILY_NOT_MEANT. */
bool evidence_lacks_family(const struct evidence *e, const char *node, int family);

#endif
