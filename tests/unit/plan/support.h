/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plan's tests share. */
#ifndef TESTS_UNIT_PLAN_SUPPORT_H
#define TESTS_UNIT_PLAN_SUPPORT_H

#include "testbed/plan/plan.h"

/* Two hosts and a router between them; `router` is more lines of the router's (indented by four,
 * each ended), NULL for none.  Fails the test when it does not load. */
plan *small_plan(const char *router);
plan *plan_of(const char *file, const char *scenario);
/* Of the topology that is the default of the program, and of the one that tests have. */
plan *reference_plan(const char *scenario);
plan *company_plan(const char *scenario);
/* Text of the node's ruleset; fails the test when it has none.  Borrowed. */
const char *ruleset(const plan *p, const char *node);
char *plan_as(const plan *p, enum plan_format format); /* the caller frees */

#endif
