/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lint: what a topology says and nobody uses, and what can't be found in it.  Nothing of this keeps
 * a lab from being built; most of it is a slip.
 *
 * Depends on model.  Pure.
 */
#ifndef TESTBED_MODEL_LINT_H
#define TESTBED_MODEL_LINT_H

#include "testbed/model/model.h"

/* Adds a warning for each rule of lint.c that a part of the file breaks in every scenario in which
 * it is there.  `causes`: all codes that an expectation can name, ended by NULL. */
void model_lint(const model *m, const char *const *causes, diags *found);

#endif
