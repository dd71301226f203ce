/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Located diagnostics: what is wrong with a file, where, and how to correct it.
 *
 * A `loc` is a position in a file, a `diag` is one diagnostic.  A `diags` collects them, so that a
 * user sees all mistakes of a file in one run.  Depends on GLib only.  Not thread-safe.  Never
 * prints.
 *
 *   g_autoptr(diags) d = diags_new();
 *   diags_add(d, DIAG_ERROR, loc, "add 'via'", "route to '%s' has no gateway", to);
 *   if (diags_errors(d) > 0) ...
 */
#ifndef TESTBED_BASE_DIAG_H
#define TESTBED_BASE_DIAG_H

#include <glib.h>
#include <stdbool.h>

/* A position; line and col count from 1, 0 means unknown.  `file` is interned (g_intern_string) and
 * never freed. */
struct loc {
	const char *file;
	int line;
	int col;
};

/* A file with warnings is used all the same; one with an error is not. */
enum diag_level { DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	struct loc loc;
	char *message; /* lower case, subject quoted, no full stop */
	char *hint;    /* how to correct it, or NULL */
};

typedef struct diags diags;

diags *diags_new(void);
void diags_free(diags *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diags, diags_free)

/* Adds a diagnostic with printf-like text, unless an equal one (position and texts) is there.
 * `hint` may be NULL; all texts are copied.  They are made printable
 * (common/base/printable.h), and have at most 400 characters.  Returns false, for the caller to
 * return. */
bool diags_add(diags *d, enum diag_level level, struct loc loc, const char *hint,
	       const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Number of diagnostics, of which there are at most 1000; of errors, which are counted beyond. */
guint diags_count(const diags *d);
guint diags_errors(const diags *d);
/* The diagnostic at `index`, in order of file, line and column.  Borrowed until the next diags_add;
 * NULL beyond the end. */
const struct diag *diags_get(const diags *d, guint index);

/* All diagnostics in that order, one line "file:line:col: error: message (hint)" for each.  The
 * caller frees. */
char *diags_to_text(const diags *d);

/* The key (NULL-terminated list) that `word` is most like, to ask "did you mean ...?"; borrowed.
 * NULL when none is near: the edit distance may be a third of the longer word, or 1. */
const char *diag_nearest(const char *word, const char *const *keys);

/* Errors that cross layers as GError values. */
#define TB_ERROR (tb_error_quark())
GQuark tb_error_quark(void);
enum tb_error {
	TB_ERROR_FAILED,      /* an operation failed; the message names operation and subject */
	TB_ERROR_UNSUPPORTED, /* this host lacks a feature or program; the message has the remedy
				 (exit 77) */
	TB_ERROR_INPUT,	      /* a file or argument is wrong */
	TB_ERROR_CHANGE,      /* a change cannot be applied; the message is located diagnostics */
	TB_ERROR_DIED,	      /* an agent or supervisor ended unexpectedly */
};

/* Sets *error with printf-like text, and returns false, for the caller to return. */
bool tb_error_set(GError **error, enum tb_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets *error: domain TB_ERROR, this code, and as message `before` followed by all diagnostics.
 * Returns false. */
bool diags_set_error(const diags *d, int code, const char *before, GError **error);

#endif
