/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Lync or Skype for Business deployment, as its topology document (cs_topology) or its cmdlets
 * (cs_cmdlets) show it: sites, pools, their machines, and what those run.  The readers add to it;
 * deployment_settle joins it with the machines' own exports; deploy_draft writes its services.
 * Private to the import layer.  Pure.
 */
#ifndef TESTBED_IMPORT_DEPLOYMENT_H
#define TESTBED_IMPORT_DEPLOYMENT_H

#include "testbed/import/facts.h"

enum deploy_side { SIDE_PRIMARY, SIDE_INTERNAL, SIDE_EXTERNAL, SIDE_OTHER };

struct deploy_address {
	enum deploy_side side;
	unsigned number;     /* from 1, of its side */
	struct addr address; /* unset: any that the machine has (0.0.0.0) */
	struct addr outside; /* as seen outside a 1:1 NAT; unset: none */
	struct loc loc;
};

struct deploy_machine {
	char *fqdn;
	GArray *addresses;   /* struct deploy_address */
	struct facts *facts; /* of its node, borrowed; NULL before deployment_settle, or unknown */
	bool has_export;     /* the machine's own output was imported, too */
	struct loc loc;
};

struct deploy_pool {
	char *fqdn;
	char *site;	     /* NULL: unknown */
	GPtrArray *machines; /* struct deploy_machine */
	GPtrArray *left_out; /* char *: roles and components that a topology does not have */
	bool is_front_end, is_director, is_edge;
	bool is_cut;			 /* an input has only a part of its list of computers */
	char *next_hop;			 /* of an Edge: the name of a pool; NULL: unknown */
	char *access_fqdn, *av_fqdn;	 /* of an Edge, seen outside; NULL: unknown */
	char *web_fqdn;			 /* of the external web site; NULL: unknown */
	unsigned access_iface, av_iface; /* numbers of external addresses; 0: unknown */
	unsigned access_port, tcp_port;	 /* outside; 0: unknown, as all below */
	unsigned tcp_inside_port;
	unsigned relay_port, relay_count;   /* of media */
	unsigned web_port, web_inside_port; /* where the sites listen */
	struct loc loc;
};

struct deploy_site {
	char *name;
	struct loc loc;
};

struct deploy_domain {
	char *name;
	bool is_default;
	struct loc loc;
};

struct deployment {
	GPtrArray *domains; /* struct deploy_domain: SIP domains */
	GPtrArray *sites;   /* struct deploy_site */
	GPtrArray *pools;   /* struct deploy_pool */
	GPtrArray *loose;   /* struct deploy_machine: addresses of computers whose pool was not read
			       yet; empty after deployment_settle */
};

/* A port of a service, in the words of the topology document: AccessEdge, SipClient, ... */
struct deploy_port {
	char *owner; /* the component, without "urn:component:" */
	char *usage;
	char *protocol; /* NULL: unknown */
	char *fqdn;	/* the name that clients know; NULL: none */
	enum deploy_side side;
	unsigned iface; /* number of the address; 0: unknown */
	unsigned port, count;
	struct loc loc;
};

/* One role of one pool. */
struct deploy_service {
	char *role;
	char *next_hop; /* the pool that an Edge hands to; NULL: unknown */
	char *web_fqdn; /* NULL: none */
	bool is_director;
	GPtrArray *ports; /* struct deploy_port */
	struct loc loc;
};

/* Empty; for object_free. */
struct deployment *deployment_new(void);
struct deploy_service *deploy_service_new(const char *role, struct loc loc);

/* Finds or adds by name, whatever its case; copies and borrowed.  A machine without `pool` is loose
 * until its pool is known.  NULL with an error in `d`: no DNS name, or too many. */
struct deploy_pool *deployment_pool(struct deployment *dep, const char *fqdn, struct loc loc,
				    diags *d);
struct deploy_machine *deployment_machine(struct deployment *dep, struct deploy_pool *pool,
					  const char *fqdn, struct loc loc, diags *d);
/* Adds a site or SIP domain unless it is there; copies.  What is no DNS name is an error in `d`. */
void deployment_site(struct deployment *dep, const char *name, struct loc loc);
void deployment_domain(struct deployment *dep, const char *name, bool is_default, struct loc loc,
		       diags *d);
/* Adds an address of a machine; the same side and number twice must be equal, else a warning. */
void deployment_address(struct deploy_machine *m, const struct deploy_address *a, diags *d);
/* Adds a port to the service, or what the service says to its pool; copies. */
struct deploy_port *deploy_service_port(struct deploy_service *s, const char *owner,
					const char *usage, enum deploy_side side, unsigned port,
					struct loc loc);
void deployment_service(struct deploy_pool *pool, const struct deploy_service *s, diags *d);

enum deploy_side deploy_side_of(const char *word);
/* Parses an address; "" and 0.0.0.0 leave it unset.  false with an error in `d`: none. */
bool deploy_parse_address(const char *text, struct loc loc, struct addr *ret, diags *d);
/* 1 to 65535.  false with an error in `d`: none. */
bool deploy_parse_port(const char *text, struct loc loc, unsigned *ret, diags *d);

/* The name of the node for a server: "edge1" for EDGE1.example.com; the caller frees. */
char *deploy_node_name(const char *fqdn);
/* The SIP domain that the topology gets.  NULL: none is known. */
const char *deployment_sip_domain(const struct deployment *dep);
/* Finds the facts of each Front End and Edge among `all` (struct facts) and adds facts of those
 * that have no export.  Tells what is missing, and what a topology does not have. */
void deployment_settle(struct deployment *dep, GPtrArray *all, diags *d);

/* The readers.  `is` ones: whether the text is one (also a wrong one). */
bool is_cs_topology(const char *file, const char *text);
void parse_cs_topology(const char *file, const char *text, struct deployment *dep, diags *d);
bool is_cs_cmdlets(const char *file, const char *text);
void parse_cs_cmdlets(const char *file, const char *text, struct deployment *dep, diags *d);

#endif
