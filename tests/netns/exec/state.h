/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec_inspect reads of a node, and what must be in it. */
#ifndef TESTS_NETNS_EXEC_STATE_H
#define TESTS_NETNS_EXEC_STATE_H

#include "testbed/exec/exec.h"

#include <jansson.h>

/* As JSON, which the caller owns; fails the test with the error. */
json_t *state_of(exec *x, const char *node);
/* Expects exactly one item of the list that has all members of `wanted` (JSON text). */
void expect_one(const json_t *state, const char *list, const char *wanted);

#endif
