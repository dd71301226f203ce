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

#define ANY_METRIC G_MAXUINT32 /* the key was not given */

/* Everything that the keys of a change can say; a kind uses some of it. */
struct change_args {
	GPtrArray *nodes; /* char *: names, of 'node' or 'nodes' */
	char *interface, *nat, *rule_name, *tunnel, *network, *site, *endpoint, *edge, *record_name,
		*key, *value, *engine, *namespace;
	enum service_kind service;
	enum host_model host_model;
	struct prefix to;
	unsigned metric, table; /* of a route */
	char *end;		/* of a tunnel: the node that it is on */
	GArray *servers;	/* struct addr */
	struct route *route;
	struct policy_rule *policy_rule;
	struct fw_rule *rule;
	struct nrpt_rule *nrpt;
	struct dns_record *record;
	struct nat_rule *nat_rule;
	struct certificate certificate;
	struct service *edge_settings, *frontend_settings, *proxy_settings;
	char *password, *discovery;
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

/* Makes the change that its name says (docs/FORMATS.md), or adds a finding.  `node` is NULL unless
 * per_node.  May take objects out of `args`. */
typedef void change_func(struct apply *a, struct change_args *args, struct node *node);

struct change_kind {
	const char *name;		 /* its word in a file */
	const struct field *fields;	 /* of struct change_args */
	const struct object_type *named; /* other keys name objects of this type; NULL: none may */
	bool per_node;			 /* takes 'node' or 'nodes', and is made on each */
	/* Reports what is wrong beyond single keys; may be NULL. */
	void (*check)(struct reader *r, const yaml_node_t *value, struct change_args *args);
	change_func *apply;
	size_t arg; /* for `apply`, where several kinds share it */
};

/* The rows of the table of changes, in order; NULL after the last one. */
const struct change_kind *change_kind_at(guint i);

/* Reads the keys of a change into `args`; false, with findings, when something is wrong with
 * them. */
bool change_args_read(struct reader *r, const struct change *change, struct change_args *args);

/* change_network.c */
change_func change_set_mtu, change_add_objects, change_add_interface, change_remove_node,
	change_link, change_tunnel, change_add_prefix, change_remove_prefix, change_reboot,
	change_add_route, change_remove_route, change_add_policy_rule, change_remove_policy_rule,
	change_add_rule, change_remove_rule, change_set_impair, change_add_nat, change_remove_nat,
	change_set_nat;

/* change_service.c */
change_func change_add_nrpt, change_set_resolvers, change_add_record, change_remove_record,
	change_service, change_set_engine, change_set_host_model, change_set_sysctl,
	change_remove_nrpt, change_set_record, change_add_host, change_remove_host,
	change_set_media_edge;

/* change_trust.c */
change_func change_set_certificate, change_set_password, change_set_account, change_set_discovery,
	change_set_edge, change_set_frontend, change_set_proxy;

/* Adds the error "no WHAT 'NAME'" where the file gives the name, with a hint of the names that
 * there are.  `name` points to the member of the change's args. */
void change_not_found(struct apply *a, const char *what, char *const *name,
		      const GPtrArray *objects);
/* The object of that name; NULL, with that error, when there is none. */
void *change_find(struct apply *a, const char *what, char *const *name, const GPtrArray *objects);
/* The node's service of that kind, enabled or not; NULL with an error.  In change_service.c. */
struct service *change_find_service(struct apply *a, struct node *node, enum service_kind kind);

#endif
