/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: link addresses that nodes are given, so that they need not ask by ARP. */
#ifndef TESTBED_EXEC_NEIGHBOURS_H
#define TESTBED_EXEC_NEIGHBOURS_H

#include "testbed/exec/linux_backend.h"

/* In a plan with many routes, queues for gateways, and for those who use them, each other's link
 * addresses. */
gboolean neighbours_add(struct linux_backend *r, const plan *p, const struct op **failed,
			GError **error);

#endif
