/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages that set up the kernel's netem and a token bucket below it. Private to exec.
 *
 * They are what `tc qdisc replace` of iproute2 sends, but for times, which are always given in 64
 * bits of nanoseconds, and for the table of transmission times of a token bucket, which the kernel
 * needs for links that are not Ethernet only. Pure.  The caller frees with nlmsg_free.
 */
#ifndef TESTBED_EXEC_IMPAIR_NETEM_H
#define TESTBED_EXEC_IMPAIR_NETEM_H

#include "testbed/exec/netlink.h"

#include <linux/rtnetlink.h>

/* At the interface's root, handle 1: */
struct nl_msg *netem_request(unsigned ifindex, const struct impairment *w);
/* Below it, handle 2:, for the impairment's rate and queue.  Frames longer than `mtu` and its
 * headers are dropped by the kernel. */
struct nl_msg *netem_rate_request(unsigned ifindex, const struct impairment *w, unsigned mtu);
/* A token bucket anywhere: `rate` in bytes a second, `limit` and `burst` in bytes. */
struct nl_msg *netem_bucket_request(const struct tcmsg *at, guint32 rate, guint32 limit,
				    guint32 burst);

#endif
