/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown: folders and files of the machine that a command in a node is shown, at their own paths.
 *
 * In a lab of root the owner of what is shown, unless that is root, is the lab's root there (an
 * idmapped mount): the command may do in it what its owner may, and nothing gets another owner.
 * Depends on base.
 */
#ifndef TESTBED_EXEC_SHOWN_H
#define TESTBED_EXEC_SHOWN_H

#include <glib.h>
#include <stdbool.h>

/* Takes what `asked` names ("PATH", read-only, or "PATH:rw"; NULL-terminated, or NULL) out of the
 * files that the calling process sees, which must have a mount namespace of its own and may mount.
 * `user_fd`: the lab's user namespace, where the caller is root of the machine; else -1.  NULL with
 * TB_ERROR_INPUT.  Free it with g_array_unref. */
GArray *shown_take(const char *const *asked, int user_fd, GError **error);

/* Shows them; the calling process has a private mount namespace.  System calls only; false: see
 * errno. */
bool shown_show(const GArray *taken);

#endif
