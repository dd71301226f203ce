/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: in a plan with many routes, queues for gateways and those who use them each
 * other's link addresses. */
#ifndef TESTBED_EXEC_NEIGHBOURS_H
#define TESTBED_EXEC_NEIGHBOURS_H

#include "testbed/exec/linux_backend.h"

gboolean neighbours_tell(struct linux_backend *r, const plan *p, const struct op **failed,
			 GError **error);

#endif
