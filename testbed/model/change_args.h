/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How changes are made, shared by change.c (their keys) and the files that make them.  Private to
 * them.
 *
 * A `change_args` holds what the keys of one change say.  It is read again for every node that the
 * change is made on, so the function that makes the change may move objects from it to the node.
 * Each change_* function does what docs/FORMATS.md says of its word, or adds a finding.
 */
#ifndef TESTBED_MODEL_CHANGE_ARGS_H
#define TESTBED_MODEL_CHANGE_ARGS_H

#include "testbed/model/change.h"
#include "testbed/model/internal.h"

/* Everything that the keys of a change can say; a kind uses some of it. */
struct change_args {
	GPtrArray *nodes; /* char *: names, of 'node' or 'nodes' */
	char *interface, *nat, *rule_name, *tunnel, *network, *site, *endpoint, *edge, *record_name,
		*key, *value, *engine, *namespace;
	enum service_kind service;
	enum host_model host_model;
	struct prefix to;
	char *end;	 /* of a tunnel: the node that it is on */
	GArray *servers; /* struct addr */
	struct route *route;
	struct fw_rule *rule;
	struct nrpt_rule *nrpt;
	struct dns_record *record;
	struct nat_rule *nat_rule;
	struct certificate certificate;
	struct service *edge_settings, *frontend_settings;
	char *password;
	enum account_state account;
	unsigned parts; /* bits 1u << EDGE_*; 0: 'part' was not given */
	unsigned mtu_bytes;
	struct impairment impair;
	GPtrArray *objects; /* of the kind's named type */
};

/* One change that is being made. */
struct apply {
	struct reader *r;
	model *m;
	const struct change *change;
	GHashTable *front; /* node -> how many rules were put in front of its own */
};

struct change_kind {
	const char *name;		 /* its word in a file */
	const struct field *fields;	 /* of struct change_args */
	const struct object_type *named; /* other keys name objects of this type; NULL: none may */
	bool per_node;			 /* takes 'node' or 'nodes', and is made on each */
	/* Reports what is wrong beyond single keys; may be NULL. */
	void (*check)(struct reader *r, const yaml_node_t *value, struct change_args *args);
	/* Makes the change.  `node` is NULL unless per_node.  May take objects out of `args`. */
	void (*apply)(struct apply *a, struct change_args *args, struct node *node);
};

/* Reads the keys of a change into `args`; false, with findings, when something is wrong with
 * them. */
bool change_args_read(struct reader *r, const struct change *change, struct change_args *args);

/* change_network.c */
void change_set_mtu(struct apply *a, struct change_args *args, struct node *node);
void change_add_node(struct apply *a, struct change_args *args, struct node *node);
void change_add_network(struct apply *a, struct change_args *args, struct node *node);
void change_add_tunnel(struct apply *a, struct change_args *args, struct node *node);
void change_add_interface(struct apply *a, struct change_args *args, struct node *node);
void change_remove_node(struct apply *a, struct change_args *args, struct node *node);
void change_link_down(struct apply *a, struct change_args *args, struct node *node);
void change_link_up(struct apply *a, struct change_args *args, struct node *node);
void change_tunnel_down(struct apply *a, struct change_args *args, struct node *node);
void change_tunnel_up(struct apply *a, struct change_args *args, struct node *node);
void change_add_prefix(struct apply *a, struct change_args *args, struct node *node);
void change_remove_prefix(struct apply *a, struct change_args *args, struct node *node);
void change_reject(struct apply *a, struct change_args *args, struct node *node);
void change_reboot(struct apply *a, struct change_args *args, struct node *node);
void change_add_route(struct apply *a, struct change_args *args, struct node *node);
void change_remove_route(struct apply *a, struct change_args *args, struct node *node);
void change_block(struct apply *a, struct change_args *args, struct node *node);
void change_allow(struct apply *a, struct change_args *args, struct node *node);
void change_remove_rule(struct apply *a, struct change_args *args, struct node *node);
void change_set_impair(struct apply *a, struct change_args *args, struct node *node);
void change_set_nat(struct apply *a, struct change_args *args, struct node *node);

/* change_service.c */
void change_add_nrpt(struct apply *a, struct change_args *args, struct node *node);
void change_set_resolvers(struct apply *a, struct change_args *args, struct node *node);
void change_add_record(struct apply *a, struct change_args *args, struct node *node);
void change_remove_record(struct apply *a, struct change_args *args, struct node *node);
void change_stop_service(struct apply *a, struct change_args *args, struct node *node);
void change_start_service(struct apply *a, struct change_args *args, struct node *node);
void change_set_engine(struct apply *a, struct change_args *args, struct node *node);
void change_set_host_model(struct apply *a, struct change_args *args, struct node *node);
void change_set_sysctl(struct apply *a, struct change_args *args, struct node *node);
void change_remove_nrpt(struct apply *a, struct change_args *args, struct node *node);
void change_set_record(struct apply *a, struct change_args *args, struct node *node);
void change_add_host(struct apply *a, struct change_args *args, struct node *node);
void change_remove_host(struct apply *a, struct change_args *args, struct node *node);
void change_set_media_edge(struct apply *a, struct change_args *args, struct node *node);

/* change_trust.c */
void change_set_certificate(struct apply *a, struct change_args *args, struct node *node);
void change_set_password(struct apply *a, struct change_args *args, struct node *node);
void change_set_account(struct apply *a, struct change_args *args, struct node *node);
void change_set_edge(struct apply *a, struct change_args *args, struct node *node);
void change_set_frontend(struct apply *a, struct change_args *args, struct node *node);

/* Adds the error "no WHAT 'NAME'" where the file gives the name, with a hint of the names that
 * there are.  `name` points to the member of the change's args. */
void change_not_found(struct apply *a, const char *what, char *const *name,
		      const GPtrArray *objects);
/* The object of that name; NULL, with that error, when there is none. */
void *change_find(struct apply *a, const char *what, char *const *name, const GPtrArray *objects);
/* The node's service of that kind, enabled or not; NULL with an error.  In change_service.c. */
struct service *change_find_service(struct apply *a, struct node *node, enum service_kind kind);

#endif
