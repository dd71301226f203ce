/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready: asks a daemon inside a node until it answers.
 *
 * A daemon can't say `ready` as agents do, so it is asked what it is there to answer: a DNS query,
 * a STUN Binding request, a TCP connection.  Asking again every few milliseconds is retransmission
 * of a lost datagram, not waiting for a time to pass.  Depends on exec and base.
 */
#ifndef TESTBED_LAB_READY_H
#define TESTBED_LAB_READY_H

#include "testbed/base/addr.h"

enum ready_kind { READY_DNS, READY_STUN, READY_TCP, READY_KIND_COUNT };

typedef struct ready ready;
/* Called once. */
typedef void (*ready_func)(gpointer user_data);

/* Starts asking at address:port from inside the network namespace, on the given main context; there
 * is no end to it but an answer or ready_free. */
ready *ready_new(enum ready_kind kind, int netns_fd, const struct addr *address, uint16_t port,
		 GMainContext *context, ready_func func, gpointer user_data);
/* Accepts NULL; allowed inside the callback. */
void ready_free(ready *r);

#endif
