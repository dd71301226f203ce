/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draw: what the words of mutant.c work with when they draw a change by lot.
 *
 * A draw_WORD function writes the change to `change`, and the node and the names of the object that
 * it changes to `nodes` and `objects`. False: the lot fell on something that this network does not
 * have; what it has written is then not used. Pure.
 */
#ifndef TESTS_MUTATION_DRAW_H
#define TESTS_MUTATION_DRAW_H

#include "testbed/model/model.h"

#define UNUSED_HOST 251 /* of a network: an address that nobody has */

struct draw {
	const model *m; /* the scenario's network */
	const struct node *ends[2];
	GRand *rand;
	GString *change;	    /* YAML: the list of changes, without the "- " of the first */
	GPtrArray *nodes, *objects; /* char *: the truth */
	bool unmendable;	    /* no word of scenarios takes this change back */
};

/* 0 to count-1. */
guint lot(struct draw *d, guint count);
/* One of the items; NULL when there is none. */
void *one_of(struct draw *d, const GPtrArray *items);
#define ONE_TEXT(d, texts) ((texts)[lot(d, G_N_ELEMENTS(texts))])
/* Each time out of three one of the two ends, else any node: what is far away seldom matters. */
const struct node *some_node(struct draw *d);

/* Add to the truth. */
void truth_node(struct draw *d, const char *name);
void truth_object(struct draw *d, const char *name);
void truth_address(struct draw *d, const struct addr *a);
/* A route is named by itself, or by the part of it that the packets need: a network in it. */
void truth_route(struct draw *d, const struct prefix *to);

/* A rule is named itself, or the outside interface or address of which it is about. */
void truth_nat(struct draw *d, const struct node *n, const struct nat_rule *r);

/* A gateway on one of the node's networks: another node there, or nobody. */
bool some_gateway(struct draw *d, const struct node *n, int family, struct addr *ret);
/* The type of a route that leads nowhere. */
const char *some_refusal(struct draw *d);

/* words_network.c */
bool draw_remove_route(struct draw *d);
bool draw_add_route(struct draw *d);
bool draw_reboot(struct draw *d);
bool draw_block(struct draw *d);
bool draw_reject(struct draw *d);
bool draw_remove_rule(struct draw *d);
bool draw_inspect(struct draw *d);
bool draw_set_impair(struct draw *d);
bool draw_set_mtu(struct draw *d);
bool draw_link_down(struct draw *d);
bool draw_tunnel_down(struct draw *d);
bool draw_remove_prefix(struct draw *d);

/* words_policy.c */
bool draw_metric(struct draw *d);
bool draw_add_policy_rule(struct draw *d);
bool draw_remove_policy_rule(struct draw *d);
bool draw_set_nat(struct draw *d);
bool draw_remove_nat(struct draw *d);
bool draw_add_nat(struct draw *d);

/* words_service.c */
bool draw_remove_record(struct draw *d);
bool draw_set_record(struct draw *d);
bool draw_add_host(struct draw *d);
bool draw_remove_host(struct draw *d);
bool draw_set_resolvers(struct draw *d);
bool draw_add_nrpt(struct draw *d);
bool draw_remove_nrpt(struct draw *d);
bool draw_stop_service(struct draw *d);
bool draw_set_certificate(struct draw *d);
bool draw_set_edge(struct draw *d);
bool draw_set_frontend(struct draw *d);
bool draw_set_proxy(struct draw *d);
bool draw_set_password(struct draw *d);
bool draw_set_account(struct draw *d);
bool draw_set_host_model(struct draw *d);
bool draw_set_sysctl(struct draw *d);
bool draw_remove_node(struct draw *d);

#endif
