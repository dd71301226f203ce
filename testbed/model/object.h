/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and freeing the model's objects.  Private to the model layer.
 *
 * X_new gives an object with every default of docs/FORMATS.md set and every list empty; X_free
 * frees it with everything it owns and accepts NULL.  Both take and return void pointers so that
 * they fit the tables of the reader (schema.h) and GLib's destroy functions.
 */
#ifndef TESTBED_MODEL_OBJECT_H
#define TESTBED_MODEL_OBJECT_H

#include "testbed/model/model.h"

void *site_new(void);
void site_free(void *data);
void *network_new(void);
void network_free(void *data);
void *iface_new(void);
void iface_free(void *data);
void *route_new(void);
void route_free(void *data);
void *fw_rule_new(void);
void fw_rule_free(void *data);
void *nat_rule_new(void);
void nat_rule_free(void *data);
void *dns_record_new(void);
void dns_record_free(void *data);
void *nrpt_rule_new(void);
void nrpt_rule_free(void *data);
void *sysctl_setting_new(void);
void sysctl_setting_free(void *data);
struct service *service_new(enum service_kind kind);
void service_free(void *data);
void *endpoint_new(void);
void endpoint_free(void *data);
void *node_new(void);
void node_free(void *data);
void *tunnel_new(void);
void tunnel_free(void *data);
void *conference_new(void);
void conference_free(void *data);
void *expect_new(void);
void expect_free(void *data);
void *scenario_new(void);
void scenario_free(void *data);

#endif
