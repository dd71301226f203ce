/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress: what a verb shows while it works.  What happens is told to it, and it draws lines for a
 * terminal, again and again.
 *
 * Several cells that run are a bar for each scenario, and the failures; a single one is its call's
 * timeline.  Below is what is done now, and since when.  The lines fit any width from 40 columns,
 * and any number of rows.  Depends on timeline and model.  Pure: the time is an argument, and the
 * caller moves the cursor.
 */
#ifndef TESTBED_REPORT_PROGRESS_H
#define TESTBED_REPORT_PROGRESS_H

#include "testbed/report/timeline.h"

typedef struct progress progress;

/* `start_us`: when the verb began to work. */
progress *progress_new(gint64 start_us);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(progress, object_free)

/* What is told.  Results and cells are borrowed as long as the results are those that run. */

/* These cells run now; NULL: none any more.  What was heard of earlier calls is forgotten. */
void progress_runs(progress *p, const results *r);
/* An event of an agent. */
void progress_heard(progress *p, const char *agent, const json_t *event);
/* A cell did not pass; its cause may be found later. */
void progress_failed(progress *p, const struct cell *c);
/* A step is done: a line (or several) that stays. */
void progress_done(progress *p, const char *text);
/* What is done now, as long as no cells run. */
void progress_stage(progress *p, const char *text);

/* Appends the lines, each with a line feed, for a terminal of style->columns and `rows`, and how
 * long it has taken: of one call since its INVITE. */
void progress_draw(const progress *p, const struct report_style *style, guint rows, gint64 now_us,
		   GString *out);
/* Appends what was told since this was called last, for a terminal that can't be drawn anew. */
void progress_lines(progress *p, const struct report_style *style, GString *out);

#endif
