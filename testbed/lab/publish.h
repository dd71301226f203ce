/* SPDX-License-Identifier: GPL-2.0-or-later */
/* publish: binds a lab's nodes under /run/netns, for `ip netns` and other programs that use its
 * names.
 *
 * This alone changes the machine: what is bound there stays when a keeper is killed, so a note
 * (live/runtime_dir.h) lists beforehand what must be unbound.  Needs root.  Depends on exec and
 * base.
 */
#ifndef TESTBED_LAB_PUBLISH_H
#define TESTBED_LAB_PUBLISH_H

#include "testbed/base/diag.h"

/* Where a node of a lab is bound; the caller frees. */
char *publish_path(const char *lab, const char *node);
/* Binds a network namespace to that path, which must not be there yet. */
gboolean publish_bind(const char *path, int netns_fd, GError **error);
/* Unbinds a path, if it is bound. */
void publish_unbind(const char *path);
/* Unbinds every path of `note`, one a line; paths elsewhere than directly under /run/netns are left
 * alone. */
void publish_take_back(const char *note);

#endif
