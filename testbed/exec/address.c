/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, and links that are put up. */
#include "testbed/exec/netns.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static const char *addr_device(const struct op *op)
{
	return op->addr.ifname;
}

static struct nl_msg *addr_request(const struct op *op, unsigned ifindex, bool add)
{
	const struct prefix *p = &op->addr.address;
	struct ifaddrmsg header = {.ifa_family = (guint8)p->addr.family,
				   .ifa_prefixlen = p->len,
				   .ifa_index = ifindex};
	struct nl_msg *msg;

	if (p->addr.family == AF_INET6)
		header.ifa_flags = IFA_F_NODAD; /* usable at once: that addresses are unique was
						   checked with the topology */
	msg = nl_request(add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
			 &header, sizeof header);
	nl_put_addr(msg, IFA_LOCAL, &p->addr);
	nl_put_addr(msg, IFA_ADDRESS, addr_is_set(&op->addr.peer) ? &op->addr.peer : &p->addr);
	return msg;
}

const struct op_row addr_row = {PHASE_NODES, .request = addr_request, .device = addr_device};

static const char *link_up_device(const struct op *op)
{
	return op->link_up.ifname;
}

static struct nl_msg *link_up_request(const struct op *op G_GNUC_UNUSED, unsigned ifindex, bool add)
{
	struct ifinfomsg header = {
		.ifi_index = (int)ifindex, .ifi_flags = add ? IFF_UP : 0, .ifi_change = IFF_UP};

	return nl_request(RTM_NEWLINK, 0, &header, sizeof header);
}

const struct op_row link_up_row = {PHASE_NODES, .request = link_up_request,
				   .device = link_up_device};
