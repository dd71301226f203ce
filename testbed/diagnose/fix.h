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

/* Where a command is to be typed. */
enum fix_place {
	FIX_IN_LAB, /* a shell in that node of a live lab (testbed shell NODE) */
	FIX_ON_WINDOWS,
	FIX_ON_LINUX, /* a real gateway of Linux */
	FIX_PLACE_COUNT
};

struct fix_command {
	enum fix_place place;
	char *node; /* in the lab; else NULL */
	char *text;
	char *undo; /* the same place; NULL: not known */
};

typedef struct fix {
	GPtrArray *changes; /* char *, each as it could stand under `changes:` of a scenario:
			       "add-route: {...}" */
	char *restart;	    /* node whose restart is all of it, NULL: none; in a lab that is up that
			       takes back what was typed in there */
	GPtrArray *commands; /* struct fix_command: the same for an administrator, most direct
				first; may be empty, as every change can be made by `testbed set` */
} fix;

/* Without changes and commands; the caller owns it. */
fix *fix_new(void);
/* Adds a change, or each one of another fix. */
void fix_add_change(fix *x, const char *format, ...) G_GNUC_PRINTF(2, 3);
void fix_add_changes(fix *x, const fix *more);
/* All changes as they stand in a scenario, "- add-route: {...}\n" each; the caller frees. */
char *fix_text(const fix *x);

/* NULL: none can be derived.  The caller owns it. */
fix *fix_derive(const model *m, const struct finding *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fix, object_free)

#endif
