/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test has measured or counted, for the table of `make check-full`: a line of the file that
 * TESTBED_FIGURES names.  Nothing is written where that is not set. */
#ifndef TESTS_SUPPORT_FIGURES_H
#define TESTS_SUPPORT_FIGURES_H

#include <glib.h>

/* `part` is the part of check-full ("deaths"), `format` what was done and came of it. */
void figure_add(const char *part, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The number in the environment, at least 1; `usual`: there is none. */
guint figure_count(const char *name, guint usual);

#endif
