/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change_args.h"
#include "testbed/model/impair.h"
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

static const struct object_shape args_shape = OBJECT_SHAPE(
	change_args, (&(const struct change_args){.table = ROUTE_TABLE_MAIN, .metric = ANY_METRIC}),
	OWNS_LIST(change_args, nodes, g_free), OWNS_ARRAY(change_args, servers, addr),
	OWNS(change_args, route, object_free), OWNS(change_args, policy_rule, object_free),
	OWNS(change_args, rule, object_free), OWNS(change_args, nrpt, object_free),
	OWNS(change_args, record, object_free), OWNS(change_args, nat_rule, object_free),
	OWNS(change_args, edge_settings, object_free),
	OWNS(change_args, frontend_settings, object_free),
	OWNS(change_args, proxy_settings, object_free),
	OWNS_LIST(change_args, certificate.names, g_free),
	OWNS_LIST(change_args, objects, object_free), OWNS_TEXT(change_args, interface),
	OWNS_TEXT(change_args, end), OWNS_TEXT(change_args, nat), OWNS_TEXT(change_args, rule_name),
	OWNS_TEXT(change_args, tunnel), OWNS_TEXT(change_args, network),
	OWNS_TEXT(change_args, site), OWNS_TEXT(change_args, endpoint),
	OWNS_TEXT(change_args, edge), OWNS_TEXT(change_args, record_name),
	OWNS_TEXT(change_args, key), OWNS_TEXT(change_args, value), OWNS_TEXT(change_args, engine),
	OWNS_TEXT(change_args, namespace), OWNS_TEXT(change_args, password),
	OWNS_TEXT(change_args, discovery));

static struct change_args *args_new(void)
{
	struct change_args *args = object_new(&args_shape);

	args->route = object_new(&route_shape);
	args->policy_rule = object_new(&policy_rule_shape);
	args->rule = object_new(&fw_rule_shape);
	args->nrpt = object_new(&nrpt_rule_shape);
	args->record = object_new(&dns_record_shape);
	args->nat_rule = object_new(&nat_rule_shape);
	args->edge_settings = object_new(&service_shapes[SERVICE_EDGE]);
	args->frontend_settings = object_new(&service_shapes[SERVICE_FRONTEND]);
	args->proxy_settings = object_new(&service_shapes[SERVICE_REVERSE_PROXY]);
	return args;
}

/* --- keys ------------------------------------------------------------------------------------- */

#define NODES                          \
	{                              \
		.include = node_fields \
	}
#define WORD(key_, member_, charset_)                                                     \
	{                                                                                 \
		KEY(key_, read_word, change_args, member_, &(charset_)), .required = true \
	}

static const struct mask_type part_mask = {.names = edge_part_names, .allowed = EDGE_ALL_PARTS};

static const struct field no_fields[] = {{0}};
static const struct field node_fields[] = {
	{KEY("node", read_texts, change_args, nodes, &name_list)},
	{KEY("nodes", read_texts, change_args, nodes, &name_list)},
	{0}};
static const struct field add_route_fields[] = {
	NODES, {.include = route_fields, AT(change_args, route), .indirect = true}, {0}};
static const struct field remove_route_fields[] = {
	NODES,
	{KEY("to", read_prefix, change_args, to, &prefix_route), .required = true},
	{KEY("metric", read_number32, change_args, metric, NULL)},
	{KEY("table", read_number32, change_args, table, NULL)},
	{0}};
static const struct field policy_rule_change_fields[] = {
	NODES,
	{.include = policy_rule_fields, AT(change_args, policy_rule), .indirect = true},
	{0}};
static const struct field add_nrpt_fields[] = {
	NODES, {.include = nrpt_rule_fields, AT(change_args, nrpt), .indirect = true}, {0}};
static const struct field front_rule_fields[] = {
	NODES, {.include = fw_rule_match_fields, AT(change_args, rule), .indirect = true}, {0}};
static const struct field remove_rule_fields[] = {
	NODES, WORD("rule", rule_name, charset_name), {0}};
static const struct field add_record_fields[] = {
	NODES, {.include = dns_record_fields, AT(change_args, record), .indirect = true}, {0}};
static const struct field remove_record_fields[] = {
	NODES, WORD("name", record_name, charset_dns), {0}};
static const struct field interface_fields[] = {
	NODES, WORD("interface", interface, charset_iface), {0}};
static const struct field set_mtu_fields[] = {
	NODES,
	WORD("interface", interface, charset_iface),
	{KEY("mtu", read_quantity, change_args, mtu_bytes, &quantity_mtu_bytes), .required = true},
	{0}};
static const struct field tunnel_name_fields[] = {WORD("tunnel", tunnel, charset_name), {0}};
static const struct field tunnel_prefix_fields[] = {
	WORD("tunnel", tunnel, charset_name),
	WORD("node", end, charset_name),
	{KEY("prefix", read_prefix, change_args, to, &prefix_route), .required = true},
	{0}};
static const struct field media_edge_fields[] = {
	{KEY("site", read_word, change_args, site, &charset_name)},
	{KEY("endpoint", read_word, change_args, endpoint, &charset_name)},
	WORD("edge", edge, charset_name),
	{0}};
static const struct field service_fields[] = {
	NODES,
	{KEY("service", read_enum, change_args, service, service_kind_names), .required = true},
	{KEY("part", read_mask, change_args, parts, &part_mask)},
	{0}};
static const struct field engine_fields[] = {
	NODES,
	{KEY("engine", read_choice, change_args, engine, engine_names), .required = true},
	{0}};
static const struct field host_model_fields[] = {
	NODES,
	{KEY("host_model", read_enum, change_args, host_model, host_model_names), .required = true},
	{0}};
static const struct field sysctl_fields[] = {NODES,
					     WORD("key", key, charset_sysctl),
					     {KEY("value", read_text, change_args, value, NULL),
					      .required = true},
					     {0}};
static const struct field resolvers_fields[] = {
	NODES,
	{KEY("servers", read_array, change_args, servers, &addr_list), .required = true},
	{0}};
static const struct field remove_nrpt_fields[] = {
	NODES, WORD("namespace", namespace, charset_namespace), {0}};
static const struct field add_host_fields[] = {
	NODES, {.include = host_fields, AT(change_args, record), .indirect = true}, {0}};
static const struct field set_certificate_fields[] = {
	NODES, {.include = certificate_fields, AT(change_args, certificate)}, {0}};
static const struct field set_password_fields[] = {
	NODES, {KEY("password", read_text, change_args, password, NULL)}, {0}};
static const struct field set_account_fields[] = {
	NODES,
	{KEY("account", read_enum, change_args, account, account_state_names), .required = true},
	{0}};
static const struct field set_discovery_fields[] = {
	NODES,
	{KEY("discovery", read_choice, change_args, discovery, discovery_names), .required = true},
	{0}};
static const struct field set_edge_fields[] = {
	NODES,
	{.include = edge_setting_fields, AT(change_args, edge_settings), .indirect = true},
	{0}};
static const struct field set_frontend_fields[] = {
	NODES,
	{.include = frontend_setting_fields, AT(change_args, frontend_settings), .indirect = true},
	{0}};
static const struct field set_proxy_fields[] = {
	NODES,
	{.include = proxy_setting_fields, AT(change_args, proxy_settings), .indirect = true},
	{0}};
static const struct field set_nat_fields[] = {
	NODES,
	{KEY("nat", read_word, change_args, nat, &charset_name)},
	{.include = nat_behaviour_fields, AT(change_args, nat_rule), .indirect = true},
	{.include = nat_forward_fields, AT(change_args, nat_rule), .indirect = true},
	{0}};
static const struct field add_nat_fields[] = {
	NODES, {.include = nat_rule_fields, AT(change_args, nat_rule), .indirect = true}, {0}};
static const struct field remove_nat_fields[] = {NODES, WORD("nat", nat, charset_name), {0}};

static const struct field set_impair_fields[] = {
	NODES,
	{KEY("interface", read_word, change_args, interface, &charset_iface)},
	{KEY("network", read_word, change_args, network, &charset_name)},
	{KEY("tunnel", read_word, change_args, tunnel, &charset_name)},
	{.include = impairment_fields, AT(change_args, impair)},
	{0}};

/* The change is about an interface of a node, a whole network or a tunnel, and only one of them. */
static void check_set_impair(struct reader *r, const yaml_node_t *value, struct change_args *args)
{
	int links = (args->interface != NULL) + (args->network != NULL) + (args->tunnel != NULL);

	if (links != 1)
		reader_error(r, value, NULL,
			     "set-impair needs one of 'interface', 'network' and 'tunnel'");
	else if ((args->interface != NULL) != (args->nodes->len > 0))
		reader_error(
			r, value, NULL,
			args->interface ?
				"set-impair needs the 'node' of the interface" :
				"'node' belongs to 'interface', not to a whole network or tunnel");
	impairment_check(r, value, &args->impair);
}

static void check_media_edge(struct reader *r, const yaml_node_t *value,
			     struct change_args *args G_GNUC_UNUSED)
{
	if (read_has_key(r, value, "site") == read_has_key(r, value, "endpoint"))
		reader_error(r, value, NULL, "set-media-edge needs one of 'site' and 'endpoint'");
}

static void check_front_rule(struct reader *r, const yaml_node_t *value, struct change_args *args)
{
	fw_rule_check(r, value, args->rule);
}

static void check_add_record(struct reader *r, const yaml_node_t *value, struct change_args *args)
{
	dns_record_check(r, value, args->record);
}

static void check_set_nat(struct reader *r, const yaml_node_t *value, struct change_args *args)
{
	nat_preset_apply(r, value, args->nat_rule);
}

static void check_add_nat(struct reader *r, const yaml_node_t *value, struct change_args *args)
{
	nat_rule_check(r, value, args->nat_rule);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct change_kind change_kinds[] = {
	{"add-route", add_route_fields, .per_node = true, .apply = change_add_route},
	{"remove-route", remove_route_fields, .per_node = true, .apply = change_remove_route},
	{"add-nrpt", add_nrpt_fields, .per_node = true, .apply = change_add_nrpt},
	{"block", front_rule_fields, .per_node = true, .check = check_front_rule,
	 .apply = change_add_rule, .arg = FW_DROP},
	{"allow", front_rule_fields, .per_node = true, .check = check_front_rule,
	 .apply = change_add_rule, .arg = FW_ACCEPT},
	{"remove-rule", remove_rule_fields, .per_node = true, .apply = change_remove_rule},
	{"add-node", no_fields, .named = &node_type, .apply = change_add_objects,
	 .arg = offsetof(model, nodes)},
	{"remove-node", node_fields, .per_node = true, .apply = change_remove_node},
	{"add-network", no_fields, .named = &network_type, .apply = change_add_objects,
	 .arg = offsetof(model, networks)},
	{"add-tunnel", no_fields, .named = &tunnel_type, .apply = change_add_objects,
	 .arg = offsetof(model, tunnels)},
	{"add-interface", node_fields, .named = &iface_type, .per_node = true,
	 .apply = change_add_interface},
	{"add-record", add_record_fields, .per_node = true, .check = check_add_record,
	 .apply = change_add_record},
	{"set-record", add_record_fields, .per_node = true, .check = check_add_record,
	 .apply = change_set_record},
	{"remove-record", remove_record_fields, .per_node = true, .apply = change_remove_record},
	{"remove-nrpt", remove_nrpt_fields, .per_node = true, .apply = change_remove_nrpt},
	{"add-host", add_host_fields, .per_node = true, .apply = change_add_host},
	{"remove-host", remove_record_fields, .per_node = true, .apply = change_remove_host},
	{"set-certificate", set_certificate_fields, .per_node = true,
	 .apply = change_set_certificate},
	{"set-password", set_password_fields, .per_node = true, .apply = change_set_password},
	{"set-account", set_account_fields, .per_node = true, .apply = change_set_account},
	{"set-discovery", set_discovery_fields, .per_node = true, .apply = change_set_discovery},
	{"set-edge", set_edge_fields, .per_node = true, .apply = change_set_edge},
	{"set-frontend", set_frontend_fields, .per_node = true, .apply = change_set_frontend},
	{"set-reverse-proxy", set_proxy_fields, .per_node = true, .apply = change_set_proxy},
	{"set-nat", set_nat_fields, .per_node = true, .check = check_set_nat,
	 .apply = change_set_nat},
	{"set-impair", set_impair_fields, .check = check_set_impair, .apply = change_set_impair},
	{"set-mtu", set_mtu_fields, .per_node = true, .apply = change_set_mtu},
	{"link-down", interface_fields, .per_node = true, .apply = change_link, .arg = false},
	{"link-up", interface_fields, .per_node = true, .apply = change_link, .arg = true},
	{"tunnel-down", tunnel_name_fields, .apply = change_tunnel, .arg = false},
	{"tunnel-up", tunnel_name_fields, .apply = change_tunnel, .arg = true},
	{"reject", front_rule_fields, .per_node = true, .check = check_front_rule,
	 .apply = change_add_rule, .arg = FW_REJECT},
	{"add-prefix", tunnel_prefix_fields, .apply = change_add_prefix},
	{"remove-prefix", tunnel_prefix_fields, .apply = change_remove_prefix},
	{"reboot", node_fields, .per_node = true, .apply = change_reboot},
	{"set-media-edge", media_edge_fields, .check = check_media_edge,
	 .apply = change_set_media_edge},
	{"stop-service", service_fields, .per_node = true, .apply = change_service, .arg = false},
	{"start-service", service_fields, .per_node = true, .apply = change_service, .arg = true},
	{"set-engine", engine_fields, .per_node = true, .apply = change_set_engine},
	{"set-host-model", host_model_fields, .per_node = true, .apply = change_set_host_model},
	{"set-sysctl", sysctl_fields, .per_node = true, .apply = change_set_sysctl},
	{"set-resolvers", resolvers_fields, .per_node = true, .apply = change_set_resolvers},
	{"add-policy-rule", policy_rule_change_fields, .per_node = true,
	 .apply = change_add_policy_rule},
	{"remove-policy-rule", policy_rule_change_fields, .per_node = true,
	 .apply = change_remove_policy_rule},
	{"add-nat", add_nat_fields, .per_node = true, .check = check_add_nat,
	 .apply = change_add_nat},
	{"remove-nat", remove_nat_fields, .per_node = true, .apply = change_remove_nat},
};

const struct change_kind *change_kind_at(guint i)
{
	return i < G_N_ELEMENTS(change_kinds) ? &change_kinds[i] : NULL;
}

/* The row of the word at `key`; NULL, with an error that may name the word meant. */
static const struct change_kind *find_change_kind(struct reader *r, const yaml_node_t *key)
{
	const char *word = (const char *)key->data.scalar.value;
	const char *names[G_N_ELEMENTS(change_kinds) + 1] = {NULL};
	g_autofree char *hint = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(change_kinds); i++) {
		if (strcmp(change_kinds[i].name, word) == 0)
			return &change_kinds[i];
		names[i] = change_kinds[i].name;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(change_kinds) && !hint; i++) {
		size_t length = strlen(names[i]);

		if (strncmp(word, names[i], length) == 0 && word[length] == ' ')
			hint = g_strdup_printf("a colon and a space are missing: '%s: {...}'",
					       names[i]);
	}
	if (!hint)
		hint = reader_hint(word, names);
	reader_error(r, key, hint, "unknown change '%s'", word);
	return NULL;
}

/* --- finding what a change names -------------------------------------------------------------- */

void change_not_found(struct apply *a, const char *what, char *const *name,
		      const GPtrArray *objects)
{
	named_error(a->r->d, places_get(a->r->places, name, a->change->loc), what, *name, objects);
}

void *change_find(struct apply *a, const char *what, char *const *name, const GPtrArray *objects)
{
	void *object = named_find(objects, *name);

	if (!object)
		change_not_found(a, what, name, objects);
	return object;
}

/* --- reading and applying --------------------------------------------------------------------- */

bool change_args_read(struct reader *r, const struct change *change, struct change_args *args)
{
	const struct change_kind *kind = change->kind;
	guint before = diags_errors(r->d);

	r->key = kind->name;
	if (!read_mapping(r, change->value, kind->fields, args, kind->named, args->objects))
		return false;
	if (kind->check)
		kind->check(r, change->value, args);
	if (kind->per_node && args->nodes->len == 0 && diags_errors(r->d) == before)
		reader_error(r, change->value, "add 'node' or 'nodes'", "%s names no node",
			     kind->name);
	if (kind->named && args->objects->len == 0 && diags_errors(r->d) == before)
		reader_error(r, change->value, NULL, "%s names no %s", kind->name,
			     kind->named->what);
	return diags_errors(r->d) == before;
}

/* Adds a change to a list (GPtrArray).  Its keys are read only to report what is wrong with them;
 * they are read again when the change is made. */
static void read_change(struct reader *r, const yaml_node_t *value, gpointer user_data)
{
	const yaml_node_t *key, *inner;
	const struct change_kind *kind;
	struct change *change;
	struct change_args *args;

	if (!read_single(r, value, &key, &inner))
		return;
	kind = find_change_kind(r, key);
	if (!kind)
		return;
	change = g_new0(struct change, 1);
	change->kind = kind;
	change->value = inner;
	change->loc = source_loc(r->source, key);
	g_ptr_array_add(user_data, change);
	args = args_new();
	change_args_read(r, change, args);
	object_free(args);
}

bool change_read_list(struct reader *r, const yaml_node_t *value, void *target,
		      const void *arg G_GNUC_UNUSED)
{
	if (value->type == YAML_MAPPING_NODE) {
		read_change(r, value, *(GPtrArray **)target);
		return true;
	}
	return read_list(r, value, read_change, *(GPtrArray **)target);
}

/* Makes the change on one node.  Reads its keys again, because each node gets objects of its
 * own. */
static void apply_to_node(struct apply *a, const char *name, struct loc loc)
{
	struct node *node = named_find(a->m->nodes, name);
	struct change_args *args;

	if (!node) {
		named_error(a->r->d, loc, "node", name, a->m->nodes);
		return;
	}
	args = args_new();
	if (change_args_read(a->r, a->change, args))
		a->change->kind->apply(a, args, node);
	object_free(args);
}

static void apply_change(struct apply *a)
{
	const struct change_kind *kind = a->change->kind;
	struct change_args *args = args_new();

	if (change_args_read(a->r, a->change, args)) {
		if (!kind->per_node)
			kind->apply(a, args, NULL);
		for (guint i = 0; kind->per_node && i < args->nodes->len; i++)
			apply_to_node(a, g_ptr_array_index(args->nodes, i),
				      places_item(a->r->places, args->nodes, i, a->change->loc));
	}
	object_free(args);
}

void change_apply_all(struct reader *r, model *m, const GPtrArray *changes)
{
	g_autoptr(GHashTable) front = g_hash_table_new(NULL, NULL);
	struct apply a = {.r = r, .m = m, .front = front};

	for (guint i = 0; i < changes->len; i++) {
		a.change = g_ptr_array_index(changes, i);
		apply_change(&a);
	}
}

static void add_key_text(struct reader *r G_GNUC_UNUSED, const yaml_node_t *key,
			 const yaml_node_t *value G_GNUC_UNUSED, gpointer user_data)
{
	g_ptr_array_add(user_data, key->data.scalar.value);
}

void change_new_nodes(struct reader *r, const struct change *change, GPtrArray *names)
{
	if (change->kind->named == &node_type && change->value->type == YAML_MAPPING_NODE)
		read_pairs(r, change->value, add_key_text, names);
}
