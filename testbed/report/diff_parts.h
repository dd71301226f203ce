/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to diff*.c: the words and figures of a comparison. */
#ifndef TESTBED_REPORT_DIFF_PARTS_H
#define TESTBED_REPORT_DIFF_PARTS_H

#include "testbed/report/diff.h"
#include "testbed/report/sheet.h"

extern const struct diff_word {
	const char *name; /* of a line, and in JSON */
	const char *sum;  /* after a number */
	enum ink ink;
} diff_words[DIFF_COUNT];

#define DIFF_FIGURES 5

extern const struct diff_figure {
	const char *key, *label, *unit;
	gsize offset; /* in struct cell_quality */
	double least, share;
	int digits;
	double by_ms;	/* how far a ms moves it by which the machine was late */
	double by_loss; /* and a percent of the packets that the machine lost */
} diff_figures[DIFF_FIGURES];

double diff_figure_of(const struct cell *c, const struct diff_figure *f);
bool diff_figure_moved(const struct diff_cell *d, const struct diff_figure *f);

const char *diff_id(const struct diff_cell *d); /* borrowed */
/* "pass over udp-relay", "fail because of NO_ROUTE", "not run" (NULL); the caller frees it. */
char *diff_came_out(const struct cell *c);
/* "delay 20 ms -> 95 ms, MOS 4.3 -> 3.9" of the figures that moved; the caller frees it. */
char *diff_figures_text(const struct diff_cell *d, const char *arrow);
/* "66 cells in both: 3 broke, 63 the same; 4 only in RUN2"; the caller frees it. */
char *diff_sum_text(const diff *d, const char *const names[2]);

/* The command that explains the first cell that broke; NULL: none did, or `after` is NULL.  The
 * caller frees it. */
char *diff_explain_command(const diff *d, const struct run_args *after);

/* The calls that differ; nothing when none does. */
void diff_table(const diff *d, struct sheet *out);

#endif
