/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to nft_nat.c and nft_forward.c, which make the NAT table of a node. */
#ifndef TESTBED_PLAN_NFT_NAT_H
#define TESTBED_PLAN_NFT_NAT_H

#include "testbed/plan/build.h"

#define PORTS "meta l4proto { tcp, udp } "

/* A NAT rule and the texts that its nft rules need. */
struct nat_names {
	guint index; /* number of the rule in its node: the end of its sets' and chains' names */
	const struct nat_rule *r;
	char address[ADDR_TEXT_MAX]; /* IPv4 address of the outside interface; "": none */
	const char *own_ports;	     /* see own_ports; borrowed */
	const struct node *node;
};

/* nft_forward.c; each appends to the text of the table */

/* Appends destination NAT for a forward. */
void nft_forward_in(GString *out, const struct nat_rule *r);
/* Appends source NAT for a forward.  What is hairpinned gets an outside source (RFC 4787 REQ-9)
 * whoever sent it, as the server's answer would not come back to the router otherwise.  `all`:
 * struct nat_names of the node. */
void nft_forward_out(GString *out, const struct nat_rule *r, const GArray *all);
/* Appends `udp dport { 3478, 50000-59999 } `: the ports of a forward. */
void nft_forward_ports(GString *out, const struct nat_rule *forward, const char *field);
/* The largest range of ports from 1024 on that no forward of the masquerade's outside address
 * takes, as ":1024-49151"; "" when none takes any.  The caller frees. */
char *nft_spare_ports(const struct nat_names *masquerade);
/* Appends the rules that give flows from the ports which are forwarded others, those of `spare`, by
 * lot. */
void nft_forwarded_sources(GString *out, const struct nat_names *masquerade, const char *spare,
			   const char *lot);
/* Appends the rules that accept what the masquerade let in.  The original destination tells these
 * from packets of a 1:1 NAT or forward, which the node's own rules judge. */
void nft_let_in(GString *out, const struct nat_names *masquerade);

#endif
