/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/names.h"
#include "testbed/model/object.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

/* --- firewall --------------------------------------------------------------------------------- */

const struct field fw_rule_match_fields[] = {
	{KEY("name", read_word, fw_rule, name, &charset_name), .required = true},
	{KEY("chain", read_enum, fw_rule, chain, fw_chain_names), .required = true},
	{KEY("in", read_word, fw_rule, in_iface, &charset_iface)},
	{KEY("out", read_word, fw_rule, out_iface, &charset_iface)},
	{KEY("src", read_array, fw_rule, src, &prefix_list)},
	{KEY("dst", read_array, fw_rule, dst, &prefix_list)},
	{KEY("proto", read_enum, fw_rule, proto, ip_proto_names)},
	{KEY("sports", read_array, fw_rule, sports, &port_list)},
	{KEY("dports", read_array, fw_rule, dports, &port_list)},
	{KEY("inspect", read_enum, fw_rule, inspect, fw_inspect_names)},
	{0}};

static const struct field fw_rule_fields[] = {
	{.include = fw_rule_match_fields},
	{KEY("action", read_enum, fw_rule, action, fw_action_names), .required = true},
	{0}};

void fw_rule_check(struct reader *r, const yaml_node_t *value, void *object)
{
	const struct fw_rule *rule = object;
	bool has_chain = read_has_key(r, value, "chain");

	if ((rule->sports->len > 0 || rule->dports->len > 0) && rule->proto != PROTO_TCP &&
	    rule->proto != PROTO_UDP)
		reader_error(r, value, "add 'proto: tcp' or 'proto: udp'",
			     "the rule names ports but no protocol that has them");
	if (has_chain && rule->in_iface && rule->chain == FW_OUTPUT)
		reader_error(r, value, "use 'out', or another chain",
			     "a rule of the output chain can't match 'in'");
	if (has_chain && rule->out_iface && rule->chain == FW_INPUT)
		reader_error(r, value, "use 'in', or another chain",
			     "a rule of the input chain can't match 'out'");
}

static const struct object_type fw_rule_type =
	OBJECT_TYPE("rule", fw_rule, .fields = fw_rule_fields, .check = fw_rule_check);

const struct field firewall_fields[] = {
	{KEY("input", read_enum, firewall, policy[FW_INPUT], fw_policy_names)},
	{KEY("forward", read_enum, firewall, policy[FW_FORWARD], fw_policy_names)},
	{KEY("output", read_enum, firewall, policy[FW_OUTPUT], fw_policy_names)},
	{KEY("stateful", read_bool, firewall, stateful, NULL)},
	{KEY("rules", read_objects, firewall, rules, &fw_rule_type)},
	{0}};

/* --- NAT -------------------------------------------------------------------------------------- */

static const struct field nat_static_fields[] = {
	{KEY("inside", read_addr, nat_rule, inside, NULL), .required = true},
	{KEY("outside", read_addr, nat_rule, outside, NULL), .required = true},
	{0}};

const struct field nat_forward_fields[] = {{KEY("inside", read_addr, nat_rule, inside, NULL)},
					   {KEY("ports", read_array, nat_rule, ports, &port_list)},
					   {KEY("to_port", read_port, nat_rule, to_port, NULL)},
					   {0}};

static const struct field forward_fields[] = {
	{KEY("outside", read_addr, nat_rule, outside, NULL), .required = true},
	{KEY("inside", read_addr, nat_rule, inside, NULL), .required = true},
	{KEY("proto", read_enum, nat_rule, proto, ip_proto_names), .required = true},
	{KEY("ports", read_array, nat_rule, ports, &port_list), .required = true},
	{KEY("to_port", read_port, nat_rule, to_port, NULL)},
	{0}};

/* Sets the kind, and reads the mapping of a kind that has one. */
static bool read_static(struct reader *r, const yaml_node_t *value, void *target,
			const void *arg G_GNUC_UNUSED)
{
	((struct nat_rule *)target)->kind = NAT_STATIC;
	return read_mapping(r, value, nat_static_fields, target, NULL, NULL);
}

static bool read_forward(struct reader *r, const yaml_node_t *value, void *target,
			 const void *arg G_GNUC_UNUSED)
{
	((struct nat_rule *)target)->kind = NAT_FORWARD;
	return read_mapping(r, value, forward_fields, target, NULL, NULL);
}

static const struct field nat_single_fields[] = {
	{KEY("mapping", read_enum, nat_rule, mapping, nat_behaviour_names)},
	{KEY("filtering", read_enum, nat_rule, filtering, nat_behaviour_names)},
	{KEY("hairpin", read_bool, nat_rule, hairpin, NULL)},
	{KEY("preserve_port", read_bool, nat_rule, preserve_port, NULL)},
	{KEY("udp_timeout", read_quantity, nat_rule, udp_timeout_ms, &quantity_duration_ms)},
	{0}};

const struct field nat_behaviour_fields[] = {
	{KEY("preset", read_enum, nat_rule, preset, nat_preset_names)},
	{.include = nat_single_fields},
	{0}};

/* One row a preset: mapping, filtering, hairpin, ports preserved, timeout.  RFC 4787 sections 4.1,
 * 5, 6, 4.2.1, 4.3. */
static const struct {
	enum nat_behaviour mapping, filtering;
	bool hairpin, preserve_port;
	unsigned udp_timeout_ms;
} nat_presets[NAT_PRESET_COUNT] = {
	[NAT_CUSTOM] = {NAT_ENDPOINT_INDEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT, false, true, 0},
	[NAT_HOME_ROUTER] = {NAT_ENDPOINT_INDEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT, false, true,
			     120000},
	[NAT_FULL_CONE] = {NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT, true, true, 300000},
	[NAT_CARRIER_GRADE] = {NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT, true, false,
			       300000},
	[NAT_SYMMETRIC_CORPORATE] = {NAT_ADDRESS_AND_PORT_DEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT,
				     false, false, 30000},
	[NAT_HOTEL] = {NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT, false, false, 20000},
};

struct single_read {
	struct nat_rule *rule;
	diags *silent; /* what is wrong with a value has been said when it was read first */
};

/* Reads the value of a key of nat_single_fields once more, without findings; ignores other keys. */
static void read_single_key(struct reader *r, const yaml_node_t *key, const yaml_node_t *value,
			    gpointer user_data)
{
	const struct single_read *s = user_data;
	struct reader again = *r;

	again.d = s->silent;
	for (const struct field *f = nat_single_fields; f->key; f++)
		if (strcmp((const char *)key->data.scalar.value, f->key) == 0)
			f->read(&again, value, (char *)s->rule + f->offset, f->arg);
}

void nat_preset_apply(struct reader *r, const yaml_node_t *value, struct nat_rule *rule)
{
	g_autoptr(diags) silent = diags_new();
	struct single_read s = {rule, silent};

	if (!read_has_key(r, value, "preset"))
		return;
	rule->mapping = nat_presets[rule->preset].mapping;
	rule->filtering = nat_presets[rule->preset].filtering;
	rule->hairpin = nat_presets[rule->preset].hairpin;
	rule->preserve_port = nat_presets[rule->preset].preserve_port;
	rule->udp_timeout_ms = nat_presets[rule->preset].udp_timeout_ms;
	read_pairs(r, value, read_single_key, &s);
}

const struct field nat_rule_fields[] = {
	{KEY("name", read_word, nat_rule, name, &charset_name), .required = true},
	{KEY("masquerade", read_word, nat_rule, out_iface, &charset_iface)},
	{.key = "forward",
	 .read = read_forward,
	 LIKE({.read = read_inline, .arg = forward_fields})},
	{.key = "static",
	 .read = read_static,
	 LIKE({.read = read_inline, .arg = nat_static_fields})},
	{KEY("out", read_word, nat_rule, out_iface, &charset_iface)},
	{KEY("src", read_array, nat_rule, src, &prefix_list)},
	{.include = nat_behaviour_fields},
	{0}};

/* Keys that say something about what a masquerade makes up by itself, and those of a forward. */
static const char *const masquerade_only_keys[] = {"src",	"preset",	 "mapping",
						   "filtering", "preserve_port", "udp_timeout"};
static const char *const forward_only_keys[] = {"inside", "ports", "to_port"};

void nat_kind_check(struct reader *r, const yaml_node_t *value, enum nat_kind kind)
{
	for (size_t i = 0; kind != NAT_MASQUERADE && i < G_N_ELEMENTS(masquerade_only_keys); i++)
		if (read_has_key(r, value, masquerade_only_keys[i]))
			reader_error(r, value, NULL, "'%s' belongs to 'masquerade'",
				     masquerade_only_keys[i]);
	for (size_t i = 0; kind != NAT_FORWARD && i < G_N_ELEMENTS(forward_only_keys); i++)
		if (read_has_key(r, value, forward_only_keys[i]))
			reader_error(r, value, NULL, "'%s' belongs to 'forward'",
				     forward_only_keys[i]);
}

void nat_rule_check(struct reader *r, const yaml_node_t *value, void *object)
{
	bool masquerade = read_has_key(r, value, "masquerade");
	int kinds =
		masquerade + read_has_key(r, value, "forward") + read_has_key(r, value, "static");

	nat_preset_apply(r, value, object);
	if (kinds != 1) {
		reader_error(r, value,
			     "'masquerade: INTERFACE', 'forward: {outside: ADDRESS, inside: "
			     "ADDRESS, proto: udp, ports: [...]}' with 'out', or 'static: {inside: "
			     "ADDRESS, outside: ADDRESS}' with 'out'",
			     "a NAT rule needs one of 'masquerade', 'forward' and 'static'");
		return;
	}
	if (!masquerade && !read_has_key(r, value, "out"))
		reader_error(r, value, NULL, "'out' is missing");
	if (masquerade && read_has_key(r, value, "out"))
		reader_error(r, value, "'masquerade' names the interface",
			     "'out' belongs to 'forward' and 'static'");
	nat_kind_check(r, value, ((const struct nat_rule *)object)->kind);
}

const struct object_type nat_rule_type =
	OBJECT_TYPE("NAT rule", nat_rule, .fields = nat_rule_fields, .check = nat_rule_check);

/* --- names ------------------------------------------------------------------------------------ */

const struct field dns_record_fields[] = {
	{KEY("name", read_word, dns_record, name, &charset_dns), .required = true},
	{KEY("a", read_addr, dns_record, a, NULL)},
	{KEY("target", read_word, dns_record, target, &charset_dns)},
	{KEY("port", read_port, dns_record, port, NULL)},
	{KEY("priority", read_number16, dns_record, priority, NULL)},
	{KEY("weight", read_number16, dns_record, weight, NULL)},
	{0}};

static const char *const service_record_keys[] = {"port", "priority", "weight"};

void dns_record_check(struct reader *r, const yaml_node_t *value, void *object G_GNUC_UNUSED)
{
	bool address = read_has_key(r, value, "a"), target = read_has_key(r, value, "target");

	if (address == target)
		reader_error(r, value,
			     "'a: ADDRESS', or 'target: NAME' with 'port' for a service record",
			     "a record needs one of 'a' and 'target'");
	else if (target && !read_has_key(r, value, "port"))
		reader_error(r, value, NULL, "'port' is missing");
	for (size_t i = 0; address && !target && i < G_N_ELEMENTS(service_record_keys); i++) {
		if (read_has_key(r, value, service_record_keys[i]))
			reader_error(r, value, NULL, "'%s' belongs to 'target'",
				     service_record_keys[i]);
	}
}

const struct object_type dns_record_type =
	OBJECT_TYPE("record", dns_record, .fields = dns_record_fields, .check = dns_record_check);

const struct field host_fields[] = {{KEY("name", read_word, dns_record, name, &charset_dns),
				     .required = true},
				    {KEY("a", read_addr, dns_record, a, NULL), .required = true},
				    {0}};

const struct object_type host_type = OBJECT_TYPE("host", dns_record, .fields = host_fields);

const struct field nrpt_rule_fields[] = {
	{KEY("namespace", read_word, nrpt_rule, namespace, &charset_namespace), .required = true},
	{KEY("servers", read_array, nrpt_rule, servers, &addr_list), .required = true},
	{0}};

const struct object_type nrpt_rule_type =
	OBJECT_TYPE("NRPT rule", nrpt_rule, .fields = nrpt_rule_fields);
