/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of a topology file: which keys each object has and how they are read.  Private to the
 * model layer.  docs/FORMATS.md describes the same for people.
 */
#ifndef TESTBED_MODEL_SCHEMA_H
#define TESTBED_MODEL_SCHEMA_H

#include "testbed/model/model.h"
#include "testbed/model/reader.h"

/* load.c */
extern const struct field model_fields[]; /* of the file itself */

/* schema_network.c */
extern const struct object_type site_type, network_type, iface_type, route_type, policy_rule_type,
	tunnel_type;
extern const struct field route_fields[], policy_rule_fields[];

/* schema_policy.c */
extern const struct object_type nat_rule_type, dns_record_type, host_type, nrpt_rule_type;
extern const struct field firewall_fields[], nrpt_rule_fields[], dns_record_fields[], host_fields[];
extern const struct field fw_rule_match_fields[]; /* a rule without its action */
extern const struct field nat_rule_fields[];
extern const struct field nat_behaviour_fields[],
	nat_forward_fields[]; /* what set-nat may change */
/* Adds an error for each key of `value` that only rules of another kind can have. */
void nat_kind_check(struct reader *r, const yaml_node_t *value, enum nat_kind kind);
/* Applies the preset, and reports keys that are not those of one kind. */
void nat_rule_check(struct reader *r, const yaml_node_t *value, void *rule);
/* Sets the rule, just read from `value`, to what its `preset` says, and then again to what the
 * single keys say, in whatever order they stand.  Does nothing without the key `preset`. */
void nat_preset_apply(struct reader *r, const yaml_node_t *value, struct nat_rule *rule);
/* Report keys that don't go together. */
void fw_rule_check(struct reader *r, const yaml_node_t *value, void *rule);
void dns_record_check(struct reader *r, const yaml_node_t *value, void *record);

/* schema_node.c */
read_function read_services; /* GPtrArray *, a list; a row for each kind */
extern const struct object_type node_type;
extern const struct field certificate_fields[];
extern const struct field edge_setting_fields[], frontend_setting_fields[],
	proxy_setting_fields[]; /* what set-edge, set-frontend and
				   set-reverse-proxy may change */

/* schema_scenario.c */
extern const struct object_type conference_type, expect_type, scenario_type;

extern const struct list_type addr_list, prefix_list, port_list, name_list, text_list;

#endif
