/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the plan layer: one function a format.  Each appends to `out`. */
#ifndef TESTBED_PLAN_PRINT_H
#define TESTBED_PLAN_PRINT_H

#include "testbed/plan/plan.h"

#include <jansson.h>

/* For people; a document (docs/FORMATS.md); commands of ip, nft and sysctl. */
void print_text(const plan *p, GString *out);
void print_json(const plan *p, GString *out);
void print_sh(const plan *p, GString *out);

/* One op as in the JSON of the whole; the caller owns it. */
json_t *print_op_json(const struct op *op);

#endif
