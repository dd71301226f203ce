/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_difference: changes a network that was built, all or nothing. Depends on exec and plan. */
#ifndef TESTBED_LAB_APPLY_DIFFERENCE_H
#define TESTBED_LAB_APPLY_DIFFERENCE_H

#include "testbed/exec/exec.h"
#include "testbed/plan/difference.h"

/* Carries out every step.  When one is refused, those before it are taken back in reverse order,
 * and the error says what was refused (and what could not be taken back, which should not happen).
 * Blocks. */
gboolean difference_apply(exec *x, const plan_difference *d, GError **error);
/* Takes back all steps of a difference that was applied. */
gboolean difference_revert(exec *x, const plan_difference *d, GError **error);

#endif
