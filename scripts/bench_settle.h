/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting until the kernel has taken down the namespaces that ended before.
 *
 * It does so in the background, a worker for all, in the order in which they ended: seconds for a
 * thousand, and what is built meanwhile waits for the same locks.
 */
#ifndef SCRIPTS_BENCH_SETTLE_H
#define SCRIPTS_BENCH_SETTLE_H

#include <stdbool.h>

/* Blocks until all namespaces that ended before the call are gone, at most two minutes; false: not
 * by then, or it can't be told.  Needs CAP_NET_ADMIN in the caller's namespace, and `ip`. */
bool bench_settle(void);

#endif
