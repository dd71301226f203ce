/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: impairments, which are put on when the network is made. */
#ifndef TESTBED_EXEC_IMPAIR_H
#define TESTBED_EXEC_IMPAIR_H

#include "testbed/exec/linux_backend.h"
#include "testbed/netstate/netstate.h"

void impairs_init(struct linux_backend *r);
void impairs_clear(struct linux_backend *r);
gboolean impairs_finish(struct linux_backend *r, const struct op **failed, GError **error);
/* Fills in the losses of the node's links.  The thread must be in the namespace. */
void impairs_put_losses(node_state *n, struct linux_backend *r, const struct netns *s);
const char *impair_backend_name(const struct impair_backend *b);

#endif
