/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario's changes as text, as they could stand in a file.
 *
 * Depends on model and libyaml.  Pure.
 */
#ifndef TESTBED_MODEL_CHANGE_TEXT_H
#define TESTBED_MODEL_CHANGE_TEXT_H

#include "testbed/model/model.h"

/* The change number `i` of a scenario of `m`, from 0, as one line: "add-route: {node: edge, ...}".
 * `ret_node` gets the one node that it is about, or NULL.  The caller frees both. */
char *model_change_text(const model *m, const struct scenario *sc, guint i, char **ret_node);

/* The word of the language of changes with that number from 0: "add-route"; NULL: there are no
 * more. */
const char *model_change_word(guint i);

/* The changes in `texts`, each of which is one or a list of them, as -c takes them: one line each,
 * the same for the same changes however they were written.  A text that is no such thing stays as
 * it is.  NULL-terminated, empty for NULL; the caller frees it with g_strfreev. */
char **model_change_lines(char *const *texts);

/* The one change that takes a change (such a line) back; NULL: there is none, as the old values are
 * in the topology only.  The caller frees it. */
char *model_change_undo(const char *change);

#endif
