/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the plan layer: one function for each format.  Each appends to `out`. */
#ifndef TESTBED_PLAN_PRINT_H
#define TESTBED_PLAN_PRINT_H

#include "testbed/plan/plan.h"

#include <jansson.h>

/* A JSON document (docs/FORMATS.md); a shell script of ip, tc and nft commands. */
void print_json(const plan *p, GString *out);
void print_sh(const plan *p, GString *out);

/* One operation, as print_json writes it; a new reference for the caller. */
json_t *print_op_json(const struct op *op);

#endif
