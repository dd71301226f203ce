/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding: the first cause on the way of a call's packets, as data, with its proof.
 *
 * Nouns: a `cause` is one of a closed list of codes; a `finding` has one, with the node and the
 * subject at fault, and is never without proof, but for CAUSE_UNKNOWN; an `effect` is a further
 * cause behind the first; a `leg` is one walk that was taken on the way to the finding. A finding
 * points into the model that it is about, which must outlive it.
 *
 * Depends on agree, walk, packets, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_FINDING_H
#define TESTBED_DIAGNOSE_FINDING_H

#include "testbed/diagnose/agree.h"
#include "testbed/model/results.h"
#include "testbed/walk/lookups.h"

#define CAUSES(X)                                                                                 \
	X(NONE, "the call worked")                                                                \
	X(RETURN_WRONG_EGRESS, "the answer does not go back the way the question came")           \
	X(NO_ROUTE, "a node has no route to the destination")                                     \
	X(NULL_ROUTE, "a route discards the packets")                                             \
	X(WRONG_METRIC, "of several routes to one destination the wrong one is preferred")        \
	X(ROUTE_LOOP, "the packets are in a routing loop")                                        \
	X(ROUTE_NOT_PERSISTENT, "a route works now and is gone after a restart")                  \
	X(FW_DROP, "a firewall drops the packets")                                                \
	X(FW_REJECT, "a firewall refuses the packets")                                            \
	X(FW_INSPECTS, "a firewall lets only TLS through")                                        \
	X(FW_NO_STATE, "a firewall knows no session that the packets belong to")                  \
	X(RPF_DROP, "the reverse path filter drops the packets")                                  \
	X(NAT_FILTERED, "a NAT does not let the packets in")                                      \
	X(NAT_MAPPING_CHANGED, "a NAT shows another port to each destination")                    \
	X(NAT_EXPIRED, "a NAT forgot the mapping before the answer came")                         \
	X(NAT_MISSING, "a router lets a private source address out")                              \
	X(NAT_UNWANTED, "a NAT translates packets that need no translation")                      \
	X(NAT_FORWARD_MISSING, "a router forwards the port to no server")                         \
	X(NAT_FORWARD_WRONG, "a router forwards the port to another place than the server")       \
	X(HAIRPIN_UNSUPPORTED, "a NAT does not send packets for its outside address back inside") \
	X(WRONG_CARD, "the packets arrive on another interface than the one with their address")  \
	X(NO_FORWARDING, "the packets reach a host that does not forward")                        \
	X(TTL_EXPIRED, "the packets' TTL is used up before they arrive")                          \
	X(NEXT_HOP_DEAD, "no node answers for the gateway's address")                             \
	X(LINK_DOWN, "a link is down")                                                            \
	X(LINK_LOSS, "a link loses packets")                                                      \
	X(LINK_DELAY, "a link holds packets up for too long")                                     \
	X(LINK_FULL, "a link is too slow for what is sent over it")                               \
	X(MTU_BLACKHOLE, "packets of full size are lost silently")                                \
	X(VPN_DOWN, "the VPN tunnel is down")                                                     \
	X(VPN_PREFIX_MISSING, "the VPN tunnel does not carry these addresses")                    \
	X(DNS_NXDOMAIN, "the name of the server does not resolve")                                \
	X(DNS_WRONG_VIEW, "the name is looked up in the wrong view of DNS")                       \
	X(DNS_WRONG_ANSWER, "the name resolves to an address that is not the server's")           \
	X(DNS_TIMEOUT, "the name server does not answer")                                         \
	X(NO_LISTENER, "nothing listens where the client connects to")                            \
	X(TLS_UNTRUSTED, "the client does not trust the server's certificate")                    \
	X(TLS_NAME_MISMATCH, "the server's certificate is for another name")                      \
	X(TLS_EXPIRED, "the server's certificate has expired, or is not valid yet")               \
	X(WEB_NOT_PUBLISHED, "the reverse proxy does not publish the name")                       \
	X(WEB_WRONG_SITE, "the reverse proxy leads to the web site of clients elsewhere")         \
	X(SIP_AUTH, "the server refused the user's credentials")                                  \
	X(SIP_NO_ROUTE, "the servers have no route for the request")                              \
	X(SIP_NOT_REGISTERED, "the other user is not signed in")                                  \
	X(RELAY_NONE, "the client was told of no relay")                                          \
	X(RELAY_AUTH, "the relay refused the client's credentials")                               \
	X(RELAY_ALLOC, "the relay has no address to lend")                                        \
	X(RELAY_PERMISSION, "the relay's policy refuses the peer")                                \
	X(RELAY_PORTS_BLOCKED, "the relay's own ports can't be reached")                          \
	X(AGENT_DIED, "a program of the lab ended unexpectedly")                                  \
	X(MACHINE_OVERLOADED, "the machine that the lab runs on was overloaded")                  \
	X(UNKNOWN, "no rule explains it")

enum cause_code {
#define X(id, text) CAUSE_##id,
	CAUSES(X)
#undef X
		CAUSE_COUNT
};

const char *cause_name(enum cause_code code); /* "RETURN_WRONG_EGRESS" */
const char *cause_text(enum cause_code code); /* in words */

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
	struct flow flow;	     /* that was walked; dport 0: any port of a client */
	struct agreement seen;	     /* how it compares with the packets, where there are any */
	struct lookups_tally kernel; /* how its routes compare with the kernels' */
};

typedef struct finding {
	enum cause_code code;
	char *node;		  /* where; NULL: nowhere in particular */
	struct subject subject;	  /* what is at fault there */
	enum direction direction; /* of the packets that are lost */
	enum path_class lost; /* the path that the call could have taken; PATH_NONE: not known */
	char *what, *why;     /* one sentence each */
	GPtrArray *proof;     /* char * */
	GPtrArray *legs;      /* struct leg: all walks that were taken; the last shows the cause */
	GPtrArray *effects;   /* struct effect, in the order they were seen; may be empty */
	/* For a fix: */
	struct prefix prefix; /* where `node` can't send to; family 0: it is not about a route */
	unsigned table;	      /* of the route that decided; 0: the main one, or none did */
	char *iface;	      /* the interface by which it should; NULL: not known */
	struct flow flow;     /* as it fails at `node`; its node is NULL */
	char *other;	      /* the node that asked; NULL: not known */
	struct {
		char *node;  /* where the answer leaves the way of its question; NULL: nowhere, or
				not known */
		char *iface; /* of that node: the question came in by it */
		struct addr via;    /* the neighbour that had sent it */
		struct prefix from; /* where the answer comes from, before any NAT there */
		char *in;	    /* and by which interface; NULL: it is the node's own */
		char *out;	    /* the interface by which it leaves */
	} turning;
} finding;

const char *direction_name(enum direction d); /* "there", "back", "none" */

/* CAUSE_UNKNOWN, with what came of the cell in words; `c` may be NULL. */
finding *finding_new(const struct cell *c);
void finding_free(finding *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(finding, finding_free)

/* Adds a sentence to the proof.  Returns true, for a rule that found its cause. */
bool finding_prove(finding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Adds an effect, unless it is there or is the finding itself.  Copies all that it is given. */
void finding_add_effect(finding *f, enum cause_code code, const char *node,
			const struct subject *subject, const char *why);

#endif
