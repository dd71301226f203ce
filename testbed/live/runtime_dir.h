/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_dir: the folder in which labs that are up are found by name.
 *
 * It belongs to the user (mode 0700).  For each lab it has NAME.sock, the control socket of its
 * keeper, and NAME.lock, which the keeper holds locked (flock) as long as it lives: a process that
 * can lock it knows that the lab is gone.  NAME.note says what must be removed after the keeper's
 * death.  The folder is XDG_RUNTIME_DIR/testbed when the user owns that, for root /run/testbed,
 * else /run/user/UID/testbed, else /tmp/testbed-UID.  It is opened once and used by its descriptor,
 * so that no other folder can take its place.  Depends on base.
 */
#ifndef TESTBED_LIVE_RUNTIME_DIR_H
#define TESTBED_LIVE_RUNTIME_DIR_H

#include "testbed/base/diag.h"

#include <stdbool.h>

typedef struct runtime_dir runtime_dir;

/* Opens the folder, and makes it when it is missing; the caller frees it.  NULL with
 * TB_ERROR_FAILED when it belongs to another user or others may enter it. */
runtime_dir *runtime_dir_open(GError **error);
void runtime_dir_free(runtime_dir *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runtime_dir, runtime_dir_free)
const char *runtime_dir_path(const runtime_dir *m); /* borrowed */
int runtime_dir_fd(const runtime_dir *m);	    /* the folder's descriptor, borrowed */

/* Whether a lab can have this name: 1 to 32 letters, digits, '-' or '_'; else false,
 * TB_ERROR_INPUT. */
bool runtime_dir_check_name(const char *name, GError **error);

/* Names of all labs of this user, sorted, with those that died and were not removed;
 * NULL-terminated, the caller frees it. */
char **runtime_dir_names(const runtime_dir *m);

/* Takes the name for a new lab.  Returns the locked descriptor, which the caller closes and a child
 * process inherits.  -1 with `error`: TB_ERROR_INPUT when the name can't be one, or a lab of that
 * name is up (then *ret_taken is true; may be NULL); TB_ERROR_FAILED. */
int runtime_dir_claim(const runtime_dir *m, const char *name, bool *ret_taken, GError **error);
/* A listening control socket for a claimed name; the caller closes it.  -1 with `error`. */
int runtime_dir_listen(const runtime_dir *m, const char *name, GError **error);
/* Removes all files of a claimed name, and what its note names.  The caller holds the lock. */
void runtime_dir_remove(const runtime_dir *m, const char *name);

/* A connection to the keeper, which the caller closes; -1: no lab of that name is up. */
int runtime_dir_connect(const runtime_dir *m, const char *name);
/* Removes the files of a lab that died.  Returns false when it is up, or there are none. */
bool runtime_dir_tidy(const runtime_dir *m, const char *name);

/* Writes down what must be removed from the machine when the lab is gone, also after the keeper's
 * sudden death (paths of publish.h, one a line).  Replaces the old note.  False with `error`. */
bool runtime_dir_write_note(const runtime_dir *m, const char *name, const char *text,
			    GError **error);

#endif
