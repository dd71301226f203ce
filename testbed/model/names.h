/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words that files and results use for the model's enums.  Private to the model layer; others
 * use media_name and its kin in model.h.
 *
 * Each table is ended by NULL; those of an enum are indexed by it.
 */
#ifndef TESTBED_MODEL_NAMES_H
#define TESTBED_MODEL_NAMES_H

#include "testbed/model/model.h"

extern const char *const fw_chain_names[];
extern const char *const fw_action_names[];
extern const char *const fw_inspect_names[];
extern const char *const fw_policy_names[];
extern const char *const ip_proto_names[];
extern const char *const nat_behaviour_names[];
extern const char *const nat_preset_names[];
extern const char *const service_kind_names[];
extern const char *const host_model_names[];
extern const char *const conference_start_names[];
extern const char *const route_type_names[];
extern const char *const tunnel_kind_names[];
extern const char *const media_names[];
extern const char *const verdict_names[];
extern const char *const expected_verdict_names[]; /* what a file can expect: pass, fail */
extern const char *const path_class_names[];
extern const char *const engine_names[];
extern const char *const ice_profile_names[];
extern const char *const discovery_names[];
extern const char *const edge_part_names[];
extern const char *const mras_secret_names[];
extern const char *const relay_family_names[];
extern const char *const account_state_names[];
extern const char *const issuer_names[];
extern const char *const validity_names[];

/* The index of `name` in a NULL-terminated table; -1: it is not there.  The whole name must
 * match. */
int name_index(const char *const *names, const char *name);

#endif
