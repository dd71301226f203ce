/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the plan layer: one function for each format.  Each appends to `out`. */
#ifndef TESTBED_PLAN_PRINT_H
#define TESTBED_PLAN_PRINT_H

#include "testbed/plan/plan.h"

#include <jansson.h>

/* A JSON document (docs/FORMATS.md); a shell script of ip, tc and nft commands. */
void print_json(const plan *p, GString *out);
void print_sh(const plan *p, GString *out);

/* " via 10.0.0.1 dev eth0 ...", without a table; " pref 100 from 10.0.0.0/8 lookup 7": as ip(8) has
 * them. */
void put_route_words(const struct op_route *r, GString *out);
void put_rule_words(const struct op_rule *r, GString *out);

/* One operation, as print_json writes it; a new reference for the caller. */
json_t *print_op_json(const struct op *op);

#endif
