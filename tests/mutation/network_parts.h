/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What network.c, network_shape.c and network_edge.c share: the shape of a network that is drawn by
 * lot, and its text as far as it is written. Private to these. */
#ifndef TESTS_MUTATION_NETWORK_PARTS_H
#define TESTS_MUTATION_NETWORK_PARTS_H

#include <glib.h>
#include <stdbool.h>

#define BRANCHES_MAX 2
#define HOMES_MAX 3
#define FORWARDED "forwarding: true\n"

struct branch {
	guint lan;	  /* 10.LAN.0.0/24 */
	const char *kind; /* of the tunnel to headquarters; NULL: a private line */
	guint clients;
	bool edge; /* it has an Edge of its own */
};

struct home {
	guint clients;
	bool web_only; /* its router lets only web and DNS through */
	bool carrier;  /* behind a provider's NAT */
	const char *nat;
};

struct shape {
	guint lan; /* of headquarters: 10.LAN.1.0/24 */
	guint clients;
	bool perimeter;	   /* the Edge's internal interface has a network of its own */
	bool one_firewall; /* the core router is the Edge's firewall, too */
	bool translated;   /* the Edge has private addresses outside, and a static NAT */
	bool strict;	   /* firewalls drop what no rule accepts */
	bool summary;	   /* routes to the inside are one route */
	bool name_server;  /* a node of its own; else the Front End is its name server */
	bool service_name; /* the internal view has _sipinternaltls; else sipinternal alone */
	bool both_views;   /* the internal view has the public names, too, with inside addresses */
	bool ipv6, bogon_filter, strong;
	bool forwarded; /* translated, by the ports of the firewall's only outside address */
	bool two_lines; /* the Edge's firewall has a second one, that itself prefers */
	bool web;	/* a reverse proxy beside headquarters' Edge, which has addresses for it */
	struct branch branches[BRANCHES_MAX];
	guint branch_count;
	struct home homes[HOMES_MAX];
	guint home_count;
};

/* Draws a shape; the same one for the same seed. */
void network_shape_draw(struct shape *s, guint32 seed);

struct network_draft {
	struct shape shape;
	GString *networks, *nodes, *tunnels;
	GString *ways, *ways_to;   /* interfaces and routes of the Internet's router */
	GString *filters;	   /* rules of the Internet's router, which remembers nothing */
	GString *inside, *outside; /* records of the two views */
	guint uplinks;
	guint edge_lines[1 + BRANCHES_MAX]; /* of the Edges' own firewalls */
};

/* A line to the Internet for `name`: 198.51.100.N/30 for the number N that comes back. There
 * the Internet's router is N + 1 (IPv6: 2001:db8:ff:N::1), the customer N + 2 (2001:db8:ff:N::2).
 */
guint network_uplink(struct network_draft *d, const char *name, bool ipv6);

/* An Edge's internal interface. */
struct edge_inside {
	const char *site, *network, *gateway; /* "172.16.5.1" */
	char address[16];
};

/* The rules of the firewall between `dmz` and `wan`, for the Edge of that number. */
void network_edge_rules(struct network_draft *d, guint number);
/* The firewall's NAT rules, as items of `nat:`; nothing where addresses are public. */
void network_edge_nat(struct network_draft *d, guint number);
/* The DMZ's network; the firewall's address in it as a list's items. */
void network_dmz(struct network_draft *d, const char *site, guint number);
char *network_dmz_gateway(const struct network_draft *d, guint number);
/* The Internet's route to the Edge's public addresses by the line `uplink`. */
void network_edge_route(struct network_draft *d, guint number, guint uplink);
/* The Edge itself with its records; with a firewall of its own, `own_firewall`, on a line of its
 * own. */
void network_edge(struct network_draft *d, const struct edge_inside *in, guint number,
		  bool own_firewall);
/* The reverse proxy beside headquarters' Edge, with its records; nothing where there is none. */
void network_proxy(struct network_draft *d, const struct edge_inside *in);
/* The routes to all networks inside by this gateway, as items of `routes:`, but for those that the
 * node is on. Places: 0 headquarters, N+1 branch N, NOWHERE. */
void network_inside_routes(struct network_draft *d, const char *via, const char *dev, guint at_lan,
			   guint at_perimeter);
#define NOWHERE G_MAXUINT

#endif
