/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime_dir: where labs that are up are found, by name.
 *
 * A folder of the user's own (mode 0700) holds, for each lab, NAME.sock, the control socket of its
 * keeper, and NAME.lock, which the keeper holds locked (flock) as long as it lives: whoever can
 * lock it knows that the lab is gone, however it went. The folder is XDG_RUNTIME_DIR/testbed when
 * that is the user's own, for root /run/testbed, else /run/user/UID/testbed, else /tmp/testbed-UID.
 * It is opened once and used by descriptor, so nothing can be put in its place meanwhile. Depends
 * on base.
 */
#ifndef TESTBED_LIVE_RUNTIME_DIR_H
#define TESTBED_LIVE_RUNTIME_DIR_H

#include "testbed/base/diag.h"

#include <stdbool.h>

typedef struct runtime_dir runtime_dir;

/* Opens the folder, and makes it when it is missing.  TB_ERROR_FAILED when it belongs to somebody
 * else or is open to others. */
runtime_dir *runtime_dir_open(GError **error);
void runtime_dir_free(runtime_dir *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runtime_dir, runtime_dir_free)
const char *runtime_dir_path(const runtime_dir *m);
int runtime_dir_fd(const runtime_dir *m); /* its descriptor, borrowed */

/* 1 to 32 letters, digits, '-' or '_'; TB_ERROR_INPUT else. */
gboolean runtime_dir_check_name(const char *name, GError **error);

/* Names of all labs of this user, sorted, also of those that died and were not tidied up.  The
 * caller frees. */
char **runtime_dir_names(const runtime_dir *m);

/* Makes the name one's own: the locked descriptor, which a child inherits; -1 with TB_ERROR_INPUT
 * when a lab of that name is up (`*ret_taken` set then, may be NULL). */
int runtime_dir_claim(const runtime_dir *m, const char *name, bool *ret_taken, GError **error);
/* The listening control socket of a claimed name; -1 with `error`. */
int runtime_dir_listen(const runtime_dir *m, const char *name, GError **error);
/* Removes what is left of a claimed name; to be called with the lock held. */
void runtime_dir_remove(const runtime_dir *m, const char *name);

/* A connection to the keeper; -1 when no lab of that name is up. */
int runtime_dir_connect(const runtime_dir *m, const char *name);
/* Tidies up after a lab that died: true when there was one. */
bool runtime_dir_tidy(const runtime_dir *m, const char *name);

/* Lines that must outlive a keeper's death: what is to be taken back on the machine (see
 * publish.h). */
gboolean runtime_dir_write_note(const runtime_dir *m, const char *name, const char *text,
				GError **error);

#endif
