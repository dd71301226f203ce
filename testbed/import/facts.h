/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pasted output says about one node: addresses, routes, NAT.  The parsers add to it,
 * facts_settle makes it complete, draft reads it.  Private to the import layer.  Pure.
 */
#ifndef TESTBED_IMPORT_FACTS_H
#define TESTBED_IMPORT_FACTS_H

#include "common/base/each.h"
#include "testbed/base/addr.h"
#include "testbed/base/diag.h"
#include "common/base/object.h"

/* Limit on the entries of each list; no real machine has more. */
#define FACTS_MAX 4096

/* Characters of a node's name, which also is a host name (RFC 1035 section 2.3.4). */
#define NODE_NAME_MAX 63
/* Whether a node can have this name. */
bool facts_node_fits(const char *name);

struct fact_address {
	struct prefix address;
	struct addr peer; /* other end of a point-to-point line; unset: none */
	bool guessed;	  /* the prefix length is */
	bool unknown;	  /* only the subnet is known */
	struct loc loc;
};

struct fact_iface {
	char *name;
	char *note;	      /* for a comment; NULL: none */
	char *master;	      /* the VRF (or bridge, bond) that it belongs to; NULL: none */
	char *table;	      /* of a VRF; NULL: none, or unknown */
	const char *left_out; /* constant text, why: "a tunnel"; NULL: it is written */
	const char *tunnel;   /* constant text, the kind in topology files; NULL: it is none */
	bool joined;	      /* a tunnel's end whose other end is on another imported node */
	bool up;
	bool is_vrf;
	bool has_type;	     /* `ip addr` said what kind of link it is */
	unsigned mtu;	     /* 0: unknown */
	GArray *addresses;   /* struct fact_address */
	GArray *link_locals; /* struct addr */
	struct loc loc;
};

/* What is on link at an interface by a line of a routing table: an address of the node itself, or a
 * subnet. */
struct fact_link {
	char *dev;
	struct prefix to;
	struct addr peer; /* own: the other end of a point-to-point line; unset: none */
	bool own;
	struct loc loc;
};

struct fact_route {
	struct prefix to;
	struct addr via;  /* unset: on link */
	char *dev;	  /* NULL: unknown */
	char *table;	  /* NULL: the main one */
	const char *type; /* constant text, as in topology files; NULL: unicast */
	unsigned metric;
	bool onlink; /* the gateway is reached by `dev` though no subnet has it */
	bool dead;   /* its interface was down */
	bool persistent;
	const char *note; /* constant text for a comment; NULL: none */
	struct loc loc;
};

/* A policy rule that is not one of every machine's. */
struct fact_rule {
	char *table;	    /* NULL: it names none */
	struct prefix from; /* unset: all */
	char *in;	    /* the interface that packets came in by; NULL: any */
	char *text;
	bool is_plain; /* it asks for nothing else */
	bool left_out;
	struct loc loc;
};

/* Name servers for a DNS name or suffix. */
struct fact_nrpt {
	char *namespace;
	GArray *servers; /* struct addr */
};

/* A NAT translates `inside` to `outside`. */
struct fact_nat {
	struct addr inside, outside;
	struct loc loc;
};

struct fact_relay {
	struct addr address;
	struct loc loc;
};

struct facts {
	char *node;
	bool windows;
	GPtrArray *ifaces; /* struct fact_iface */
	GPtrArray *links;  /* struct fact_link */
	GPtrArray *routes; /* struct fact_route */
	GPtrArray *rules;  /* struct fact_rule */
	GPtrArray *nrpt;   /* struct fact_nrpt */
	GArray *resolvers; /* struct addr */
	GArray *nats;	   /* struct fact_nat */
	GArray *relays;	   /* struct fact_relay */
	GPtrArray *notes;  /* char *: comments of the node */
	GString *usual;	   /* destinations that every machine has: loopback, multicast */
	struct loc loc;
};

/* Facts with empty lists and a copy of the name, for object_free. */
struct facts *facts_new(const char *node, struct loc loc);

/* Finds or adds the interface of that name; borrowed.  NULL with an error in `d`: too many. */
struct fact_iface *facts_iface(struct facts *f, const char *name, struct loc loc, diags *d);
/* The interface of that name; the one that has this address.  Borrowed.  NULL: none. */
struct fact_iface *facts_find(const struct facts *f, const char *name);
struct fact_iface *facts_owner(const struct facts *f, const struct addr *a);
/* Adds an address to the interface, unless it has it, or a link-local one to that list.  Too many
 * are an error in `d`. */
void facts_address(struct fact_iface *i, const struct fact_address *address, diags *d);
/* Adds a copy of `route`, or what is on link; copies.  Loopback, multicast and link-local
 * destinations are only noted.  Too many are an error in `d`. */
void facts_route(struct facts *f, const struct fact_route *route, diags *d);
void facts_link(struct facts *f, const struct fact_link *link, diags *d);
/* Notes a destination that every machine has: it is left out, and a comment says so. */
void facts_usual(struct facts *f, const char *destination);
/* Adds a copy of `rule`. */
void facts_rule(struct facts *f, const struct fact_rule *rule, diags *d);
/* The number of a table that a rule names.  One that has only a name gets the first number from
 * 1000 on that no other has. */
unsigned facts_table(const struct facts *f, const char *name);
/* Adds an NRPT rule; copies.  What a topology cannot have is left out with a warning. */
void facts_nrpt(struct facts *f, const char *namespace, const GArray *servers, struct loc loc,
		diags *d);

/* Loopback, link-local, multicast, broadcast, IPv4 within IPv6: a destination that every machine
 * has. */
bool facts_is_usual(const struct prefix *to);
/* Whether the address, with host bits, is the last one of its IPv4 subnet. */
bool facts_is_broadcast(const struct prefix *p);
bool facts_is_link_local(const struct addr *a);

/* 255.255.255.0 -> 24.  false: the address is no netmask. */
bool facts_mask_length(const struct addr *mask, uint8_t *ret);

/* Finds tunnels whose ends are both imported, and marks these as `joined`, no longer as left out
 * (tunnels.c). */
void facts_join_tunnels(const GPtrArray *all);

/* After all texts are read: gives each VRF facts of its own, makes addresses of what is on link,
 * and takes away, with a warning for each, what is left out: policy rules that a topology cannot
 * have, routes of tables that no other rule names, and those of interfaces that are left out. */
void facts_settle(GPtrArray *all, diags *d);

/* The parsers add what a text of one kind says to `f`, and diagnostics to `d`.  `text` is valid
 * UTF-8 without NUL. */
void parse_route_print(const char *file, const char *text, struct facts *f, diags *d);
void parse_netstat(const char *file, const char *text, struct facts *f, diags *d);
void parse_powershell(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_route(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_rule(const char *file, const char *text, struct facts *f, diags *d);
void parse_ip_addr(const char *file, const char *text, struct facts *f, diags *d);
void parse_candidates(const char *file, const char *text, struct facts *f, diags *d);

/* Whether the text has what only this kind has; words of no language decide. */
bool is_route_print(const char *file, const char *text);
bool is_netstat(const char *file, const char *text);
bool is_powershell(const char *file, const char *text);
bool is_ip_route(const char *file, const char *text);
bool is_ip_rule(const char *file, const char *text);
bool is_ip_addr(const char *file, const char *text);
bool is_sdp(const char *file, const char *text);

#endif
