/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal: a program runs on a pty, and what it writes is shown as a terminal of that size shows
 * it, so that a test can read the screen.  It knows what the program may send: text, line feeds,
 * colours, "cursor up" and "erase below". */
#ifndef TESTS_SUPPORT_TERMINAL_H
#define TESTS_SUPPORT_TERMINAL_H

#include <glib.h>

struct sitting {
	guint columns, rows;
	const char *term; /* TERM; NULL: xterm */
	/* Ctrl-C is pressed once the screen shows this; NULL: never. */
	const char *interrupt_at;
};

struct screen {
	int exit_code; /* 128+n when a signal ended it */
	char *text;    /* all lines, also those that were scrolled out */
	char *seen;    /* every text that stood on a line at some time, one a line */
	guint broken;  /* how often the terminal had to break a line itself */
	guint bytes;
};

/* Runs build/bin/testbed with these arguments (NULL-terminated) and waits for its end. */
void terminal_testbed(const struct sitting *how, const char *const *args, struct screen *ret);
void screen_clear(struct screen *s);

#endif
