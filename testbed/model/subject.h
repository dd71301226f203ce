/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subject: what a statement about a network is about, such as a route, a firewall rule or a record.
 *
 * Walks and findings carry subjects; rules and remedies look at the kind and at the object that it
 * points at.  Text is made last, by subject_text, for people and for JSON; nothing reads it back.
 *
 * Ownership: pointers to objects are borrowed from the model that the statement is about, which
 * must outlive the subject; `name` is the subject's own.  A zeroed subject is SUBJECT_NONE. Depends
 * on model and base.  Pure.
 */
#ifndef TESTBED_MODEL_SUBJECT_H
#define TESTBED_MODEL_SUBJECT_H

#include "testbed/model/model.h"

enum subject_kind {
	SUBJECT_NONE,
	SUBJECT_ROUTE,
	SUBJECT_RULE,	      /* of a firewall */
	SUBJECT_POLICY,	      /* of a firewall's chain */
	SUBJECT_BUILTIN_RULE, /* of every Internet router; no topology names it */
	SUBJECT_NAT,
	SUBJECT_LISTENER, /* a service's address and port */
	SUBJECT_PORT,	  /* an address and port, whoever should listen there */
	SUBJECT_RECORD,	  /* a name in DNS or in a hosts file */
	SUBJECT_NRPT,
	SUBJECT_SETTING,
	SUBJECT_CERTIFICATE,
	SUBJECT_ACCOUNT,
	SUBJECT_IFACE,
	SUBJECT_NETWORK,
	SUBJECT_TUNNEL,
	SUBJECT_ADDRESS,
	SUBJECT_PROGRAM, /* a daemon or agent of a lab */
	SUBJECT_NODE,
};

/* Keys of a topology file whose value can be the cause of a failure. */
enum setting {
	SETTING_CREDENTIAL_LIFETIME,
	SETTING_DEFAULT_TTL, /* of a node: net.ipv4.ip_default_ttl */
	SETTING_DOMAIN,
	SETTING_MEDIA_RELAY,
	SETTING_MRAS_SECRET,
	SETTING_NAMES, /* of a reverse proxy */
	SETTING_NEXT_HOP_FQDN,
	SETTING_NEXT_HOP_PORT,
	SETTING_RELAY_NOT_TO,
	SETTING_RELAY_PORTS,
	SETTING_RELAYS_PER_USER,
	SETTING_RESOLVERS,
	SETTING_COUNT
};

struct listener {
	struct addr address;
	enum ip_proto proto;
	uint16_t port;
	enum service_kind service; /* should listen there; SERVICE_KIND_COUNT: none should */
	enum edge_part part;	   /* of an Edge; EDGE_PART_COUNT: the service has no parts */
};

struct subject {
	enum subject_kind kind;
	/* The name of a record, interface, network, program, node, certificate (NULL: not known) or
	 * account that has no client; the value of a setting where it is part of the text; else
	 * NULL. */
	char *name;
	union {
		struct {
			struct prefix to;
			const struct route *declared; /* NULL: not one of the model's */
			struct addr via;	      /* its gateway; set where that tells it
							 from others */
		} route;
		const struct fw_rule *rule;
		enum fw_chain policy;
		const char *builtin_rule; /* its name; static */
		const struct nat_rule *nat;
		struct listener listener; /* also of SUBJECT_PORT */
		const struct nrpt_rule *nrpt;
		enum setting setting;
		const struct node *client; /* of an account; NULL: none has it */
		const struct iface *iface; /* NULL: the model has none of that name */
		const struct tunnel *tunnel;
		struct addr address;
	};
};

/* Subjects with a copied name; the caller frees it with subject_clear. */
struct subject subject_named(enum subject_kind kind, const char *name);
struct subject subject_setting(enum setting setting, const char *value);
/* The interface of that name of node `n`, which may be NULL. */
struct subject subject_iface(const struct node *n, const char *name);
/* Subjects that own nothing. */
struct subject subject_account(const struct node *client);
struct subject subject_address(const struct addr *a);
struct subject subject_nat(const struct nat_rule *r);
struct subject subject_route(const struct prefix *to);
/* One of several to a destination. */
struct subject subject_route_by(const struct prefix *to, const struct addr *via);
struct subject subject_declared_route(const struct route *r);
struct subject subject_tunnel(const struct tunnel *t);

/* A copy with a name of its own; for subject_clear, which frees the name and sets SUBJECT_NONE. */
struct subject subject_copy(const struct subject *s);
void subject_clear(struct subject *s);
/* Whether kind, name and object are the same; routes are by their prefix, listeners by address,
 * protocol and port. */
bool subject_equal(const struct subject *a, const struct subject *b);

/* The subject for people: "10.20.0.0/24", "forward policy", "edge av 172.25.33.10:3478".  NULL for
 * SUBJECT_NONE.  The caller frees. */
char *subject_text(const struct subject *s);
/* The name of the counter that a rule, policy or NAT has in the node's ruleset
 * (testbed/plan/nft.c), borrowed; NULL for other subjects. */
const char *subject_counter(const struct subject *s);
/* Whether it is a rule or policy of a firewall's chain; *ret gets the chain, else it is
 * unchanged. */
bool subject_chain(const struct subject *s, enum fw_chain *ret);

/* The service that should listen, as "edge av" or "dns"; NULL: none should.  The caller frees. */
char *listener_service(const struct listener *l);
const char *setting_name(enum setting setting); /* as the key in a file: "relay_ports" */

#endif
