/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run made by hand: two scenarios of a company, one call that differs, one error. */
#ifndef TESTS_UNIT_REPORT_SAMPLE_H
#define TESTS_UNIT_REPORT_SAMPLE_H

#include "testbed/model/results.h"

results *sample_results(void);
/* The cell with this id; aborts the test when there is none. */
struct cell *sample_cell(results *r, const char *id);
/* `n` endpoints in one site, all calls passed over udp-direct. */
results *sample_large(guint n);

/* Holds the text against tests/golden/report/NAME, or writes that file anew (GOLDEN_UPDATE). */
void sample_compare_golden(const char *name, const char *text);

#endif
