/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: impairments, which are put on when the network is made. */
#ifndef TESTBED_EXEC_IMPAIR_H
#define TESTBED_EXEC_IMPAIR_H

#include "testbed/exec/linux_backend.h"

void impairs_init(struct linux_backend *r);
void impairs_clear(struct linux_backend *r);
gboolean impairs_finish(struct linux_backend *r, const struct op **failed, GError **error);
const char *impair_backend_name(const struct impair_backend *b);

#endif
