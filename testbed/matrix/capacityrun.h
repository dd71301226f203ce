/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capacityrun: measures a network's capacity (capacity.h) by placing calls in a lab.
 *
 * Depends on capacity, lab, plan, model and base.  Uses the default main context.
 */
#ifndef TESTBED_MATRIX_CAPACITYRUN_H
#define TESTBED_MATRIX_CAPACITYRUN_H

#include "testbed/matrix/capacity.h"

#include <gio/gio.h>

struct capacity_options {
	const char *program_dir;
	const char *const *pairs; /* "A:B" who call by turns; NULL: capacity_default_pair */
	const char *changes;	  /* on top of each scenario, as under `changes:`; NULL: none */
	bool video;		  /* audio and video; else audio alone */
	guint calls_max;	  /* of a step */
	guint media_ms;		  /* how long each call sends */
	guint64 seed;
	/* Called after each step; may be NULL. */
	void (*step)(const struct capacity_design *d, const struct capacity_step *s,
		     gpointer user_data);
	gpointer user_data;
};

/* Measures one scenario, or says in `skipped` that it has not all of the pairs.  Blocks, running
 * the default main context, until the limit is known, or until `cancel` is cancelled from there:
 * then the steps that are over stay.  The caller frees the result with object_free.  NULL with
 * `error`: TB_ERROR_INPUT (changes), TB_ERROR_UNSUPPORTED (this host can't run labs). */
struct capacity_design *capacity_measure(const model *base, const struct scenario *sc,
					 const struct capacity_options *o, GCancellable *cancel,
					 GError **error);

#endif
