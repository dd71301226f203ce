/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fix: the smallest change of the topology that takes a cause away, derived from the finding's code
 * and subject and from the model.  Whether it helps, a trial shows (explain/trial.h).
 *
 * Depends on finding, model and base.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_FIX_H
#define TESTBED_DIAGNOSE_FIX_H

#include "common/base/object.h"
#include "testbed/diagnose/finding.h"

typedef struct fix {
	char *change;	     /* as under `changes:` of a scenario: "- add-route: {...}\n" */
	GPtrArray *commands; /* char *: the same for an administrator, most direct first; may be
				empty */
} fix;

/* NULL: none can be derived.  The caller owns it. */
fix *fix_derive(const model *m, const struct finding *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fix, object_free)

#endif
