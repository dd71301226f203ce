/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready: asks a daemon inside a node until it answers.
 *
 * A daemon can't say `ready` as agents do, so it gets a request that it must answer: a DNS query, a
 * STUN Binding request, a TCP connection. The request is repeated every few milliseconds, as any
 * lost datagram is.  Depends on exec and base.
 */
#ifndef TESTBED_LAB_READY_H
#define TESTBED_LAB_READY_H

#include "testbed/base/addr.h"

enum ready_kind { READY_DNS, READY_STUN, READY_TCP, READY_KIND_COUNT };

typedef struct ready ready;
/* Called once. */
typedef void (*ready_func)(gpointer user_data);

/* Sends requests to address:port from inside the network namespace, on the given main context,
 * until an answer comes or ready_free. */
ready *ready_new(enum ready_kind kind, int netns_fd, const struct addr *address, uint16_t port,
		 GMainContext *context, ready_func func, gpointer user_data);
/* Accepts NULL; allowed inside the callback. */
void ready_free(ready *r);

#endif
