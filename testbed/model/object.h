/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shapes of the model's objects: every default of docs/FORMATS.md that is not zero, and what
 * each object owns.  Private to the model layer.
 */
#ifndef TESTBED_MODEL_OBJECT_H
#define TESTBED_MODEL_OBJECT_H

#include "common/base/object.h"
#include "testbed/model/model.h"

extern const struct object_shape site_shape, network_shape, iface_shape, route_shape,
	policy_rule_shape, fw_rule_shape, nat_rule_shape, dns_record_shape, nrpt_rule_shape,
	sysctl_setting_shape, endpoint_shape, node_shape, tunnel_shape, conference_shape,
	expect_shape, scenario_shape;
extern const struct object_shape service_shapes[SERVICE_KIND_COUNT];

#endif
