/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cause: why a cell came out as it did, decided by rules over evidence.
 *
 * Nouns: `evidence` is what the agents said and the state of the kernels after the cell's end; a
 * `finding` is the first cause on the packet's way, with the node and the object at fault and its
 * proof.  A finding never comes without proof, except CAUSE_UNKNOWN. Depends on model, base and
 * walk.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_CAUSE_H
#define TESTBED_DIAGNOSE_CAUSE_H

#include "testbed/diagnose/agree.h"
#include "testbed/walk/lookups.h"
#include "testbed/walk/walk.h"
#include "testbed/model/results.h"
#include "testbed/packets/observation.h"

#define CAUSES(X)                                                                                \
	X(NONE, "the call worked")                                                               \
	X(RETURN_WRONG_EGRESS, "the answer does not go back the way the question came")          \
	X(NO_ROUTE, "a node has no route to the destination")                                    \
	X(NULL_ROUTE, "a route throws the packets away")                                         \
	X(ROUTE_LOOP, "the packets go round in circles")                                         \
	X(ROUTE_NOT_PERSISTENT, "a route works now and is gone after a restart")                 \
	X(FW_DROP, "a firewall drops the packets")                                               \
	X(FW_REJECT, "a firewall refuses the packets")                                           \
	X(FW_NO_STATE, "a firewall knows no session that the packets belong to")                 \
	X(RPF_DROP, "the reverse path filter drops the packets")                                 \
	X(NAT_FILTERED, "a NAT lets the packets not in")                                         \
	X(NAT_MAPPING_CHANGED, "a NAT shows another port to each destination")                   \
	X(NAT_EXPIRED, "a NAT forgot the mapping before the answer came")                        \
	X(HAIRPIN_UNSUPPORTED, "a NAT does not lead packets to its own outside address back in") \
	X(WRONG_CARD, "the packets arrive on another interface than the one with their address") \
	X(NO_FORWARDING, "the packets reach a host that does not forward")                       \
	X(NEXT_HOP_DEAD, "nobody answers for the gateway's address")                             \
	X(LINK_DOWN, "a link is down")                                                           \
	X(MTU_BLACKHOLE, "packets of full size are lost without a word")                         \
	X(VPN_DOWN, "the VPN tunnel is down")                                                    \
	X(VPN_PREFIX_MISSING, "the VPN tunnel does not carry these addresses")                   \
	X(DNS_NXDOMAIN, "the name of the server does not resolve")                               \
	X(DNS_WRONG_VIEW, "the name is answered for others than those who ask")                  \
	X(DNS_WRONG_ANSWER, "the name resolves to an address that is not the server's")          \
	X(DNS_TIMEOUT, "the name server does not answer")                                        \
	X(NO_LISTENER, "nothing listens where the client connects to")                           \
	X(TLS_UNTRUSTED, "the client does not trust the server's certificate")                   \
	X(TLS_NAME_MISMATCH, "the server's certificate is for another name")                     \
	X(TLS_EXPIRED, "the server's certificate is over, or not valid yet")                     \
	X(SIP_AUTH, "the server refused the user's credentials")                                 \
	X(SIP_NO_ROUTE, "the servers have no way for the request")                               \
	X(SIP_NOT_REGISTERED, "the other user is not signed in")                                 \
	X(RELAY_NONE, "the client was told of no relay")                                         \
	X(RELAY_AUTH, "the relay refused the client's credentials")                              \
	X(RELAY_ALLOC, "the relay has no address to lend")                                       \
	X(RELAY_PERMISSION, "the relay's policy refuses the peer")                               \
	X(RELAY_PORTS_BLOCKED, "the relay's own ports can't be reached")                         \
	X(AGENT_DIED, "a program of the lab ended unexpectedly")                                 \
	X(UNKNOWN, "no rule explains it")

enum cause_code {
#define X(id, text) CAUSE_##id,
	CAUSES(X)
#undef X
		CAUSE_COUNT
};

struct evidence {
	const model *model; /* the network of the cell's scenario */
	const struct cell *cell;
	const GPtrArray *heard;	   /* struct heard, in order */
	const netstate *state;	   /* NULL: could not be read */
	const knet *net;	   /* `model` and `state`, to walk in; NULL as `state` */
	const journeys *packets;   /* NULL: none are there */
	const GPtrArray *sessions; /* struct tracked (tracked.h): the call's; NULL: not known */
	unsigned size_bytes;	   /* of the packets that are walked (struct flow) */
	/* walk_both; another one only in tests. */
	struct walk_pair *(*walk)(const knet *net, const struct flow *flow);
	/* walk_meet; NULL: only in tests. */
	struct walk_pair *(*meet)(const knet *net, const struct flow *flow,
				  const struct flow *other);
};

enum direction {
	DIRECTION_NONE,	 /* not about packets on their way */
	DIRECTION_THERE, /* from the end that asks */
	DIRECTION_BACK,
};

/* A further cause behind the first one on the packet's way. */
struct effect {
	enum cause_code code;
	char *node; /* NULL: nowhere in particular */
	struct subject subject;
	char *why;
};

struct leg {
	char *title; /* "branch1 to its relay 172.25.33.10, UDP 3478" */
	struct walk_pair *walk;
	char *from;		     /* flow.node */
	struct flow flow;	     /* that was walked; dport 0: a client's, whichever it took */
	struct agreement seen;	     /* how the packets went: filled in where there are journeys */
	struct lookups_tally kernel; /* what the kernels say of its routes */
};

typedef struct finding {
	enum cause_code code;
	char *node;		  /* where; NULL: nowhere in particular */
	struct subject subject;	  /* what is at fault there */
	enum direction direction; /* of the packets that it hits */
	char *what, *why;	  /* one sentence each */
	GPtrArray *proof;	  /* char * */
	GPtrArray *
		legs; /* struct leg: every walk that was taken, the one that shows the cause last */
	GPtrArray *effects; /* struct effect, in the order they were seen; may be empty */
	/* For a fix: */
	struct prefix
		prefix; /* the destination that `node` can't send to; family 0: not about a route */
	char *iface;	/* interface of `node` it should leave by; NULL: not known */
	struct flow flow; /* as it fails at `node`; its node is NULL */
	char *other;	  /* the node that asked; NULL: not known */
	struct {
		char *node;  /* where the answer leaves the way of its question; NULL: not known */
		char *iface; /* of that node, by which the question came in */
		struct addr via; /* who had sent it there */
	} turning;
} finding;

/* Decides.  The caller owns the finding.  It keeps nothing of the evidence but pointers into the
 * model, which must outlive it. */
struct finding *cause_find(const struct evidence *e);
void finding_free(struct finding *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(finding, finding_free)

const char *cause_name(enum cause_code code); /* "RETURN_WRONG_EGRESS" */
const char *cause_text(enum cause_code code); /* in words */
const char *direction_name(enum direction d); /* "there", "back", "none" */

#endif
