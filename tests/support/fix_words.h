/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fix in words, for comparing it. */
#ifndef TESTS_SUPPORT_FIX_WORDS_H
#define TESTS_SUPPORT_FIX_WORDS_H

#include "testbed/diagnose/fix.h"

/* Its changes as they stand in a scenario; "none" for NULL.  Kept until the process ends. */
static inline const char *fix_words(const fix *x)
{
	g_autofree char *text = x ? fix_text(x) : NULL;

	return g_intern_string(text ? text : "none");
}

#endif
