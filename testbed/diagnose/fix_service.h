/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixes of services: names, listeners, certificates, accounts, what an Edge grants.  Rows for the
 * table of fix.c. Depends on model, base and cause.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_FIX_SERVICE_H
#define TESTBED_DIAGNOSE_FIX_SERVICE_H

#include "testbed/diagnose/fix_rules.h"

/* Each: NULL when the finding does not say enough. */
fix *fix_record(const model *m, const struct node *n, const struct finding *f);
fix *fix_answer(const model *m, const struct node *n, const struct finding *f);
fix *fix_view(const model *m, const struct node *n, const struct finding *f);
fix *fix_listener(const model *m, const struct node *n, const struct finding *f);
fix *fix_certificate(const model *m, const struct node *n, const struct finding *f);
fix *fix_account(const model *m, const struct node *n, const struct finding *f);
fix *fix_setting(const model *m, const struct node *n, const struct finding *f);

#endif
