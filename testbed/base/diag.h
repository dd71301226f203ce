/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Located diagnostics: what is wrong with a file, where, and how to mend it.
 *
 * Nouns: a `loc` is a place in a file; a `diag` is one finding; a `diags` collects all of
 * them, so that a user sees every mistake of a file in one run.
 * Depends on GLib only.  Not thread-safe.  Never prints: `cmd` prints what was collected.
 *
 *   g_autoptr(diags) d = diags_new();
 *   diags_add(d, DIAG_ERROR, loc, "add 'via'", "route to '%s' has no gateway", to);
 *   if (diags_errors(d) > 0) ...
 */
#ifndef TESTBED_BASE_DIAG_H
#define TESTBED_BASE_DIAG_H

#include <glib.h>

/* A place in a file; line and col count from 1, 0 means unknown.  `file` is interned
 * (g_intern_string) and never freed. */
struct loc {
	const char *file;
	int line;
	int col;
};

enum diag_level { DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	struct loc loc;
	char *message; /* lower case, subject quoted, no full stop */
	char *hint;    /* how to mend it, or NULL */
};

typedef struct diags diags;

diags *diags_new(void);
void diags_free(diags *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diags, diags_free)

/* Adds a finding; one that is there already (same place, same words) is kept once.  `hint` may be
 * NULL; it is copied.  Both texts are made fit to print: valid UTF-8, no control characters,
 * bounded in length. */
void diags_add(diags *d, enum diag_level level, struct loc loc, const char *hint,
	       const char *format, ...) G_GNUC_PRINTF(5, 6);

/* How many of any level; how many errors. */
guint diags_count(const diags *d);
guint diags_errors(const diags *d);
/* In order of file, line and column; NULL beyond the end.  Borrowed. */
const struct diag *diags_get(const diags *d, guint index);

/* All findings in order of file, line and column, one "file:line:col: error: message (hint)" line
 * each.  The caller frees the string. */
char *diags_to_text(const diags *d);

/* The key of `keys` (NULL-terminated) nearest to `word`, or NULL when none is near enough to be a
 * helpful guess (edit distance at most a third of the longer word, at least 1).  Borrowed. */
const char *diag_nearest(const char *word, const char *const *keys);

/* Errors that cross layers as GError values. */
#define TB_ERROR (tb_error_quark())
GQuark tb_error_quark(void);
enum tb_error {
	TB_ERROR_FAILED,      /* an operation failed; the message names operation and subject */
	TB_ERROR_UNSUPPORTED, /* this host lacks a feature or program; the message says the cure
				 (exit 77) */
	TB_ERROR_INPUT,	      /* a file or argument is wrong */
	TB_ERROR_CHANGE, /* a change does not fit the network; the message is located findings */
	TB_ERROR_DIED,	 /* an agent or supervisor ended unexpectedly */
};

/* An error whose message is `before` and all findings. */
void diags_set_error(const diags *d, int code, const char *before, GError **error);

#endif
