/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: programs behind tunnels start while the rest is built; last steps come when all
 * stands. */
#ifndef TESTBED_EXEC_TUNNEL_H
#define TESTBED_EXEC_TUNNEL_H

#include "testbed/exec/linux_backend.h"

gboolean tunnels_start(struct linux_backend *r, const plan *p, const struct op **failed,
		       GError **error);
gboolean tunnels_finish(struct linux_backend *r, const struct op **failed, GError **error);
const char *tunnel_backend_name(const struct tunnel_backend *b);

#endif
