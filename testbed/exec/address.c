/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, and links that are put up. */
#include "testbed/exec/netns.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

static gboolean request_addr(struct linux_backend *r, const struct op *op, int type, int flags,
			     const struct op **failed, GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);
	unsigned ifindex = s ? netns_ifindex(s, op->addr.ifname, error) : 0;
	const struct prefix *p = &op->addr.address;
	struct ifaddrmsg header = {.ifa_family = (guint8)p->addr.family,
				   .ifa_prefixlen = p->len,
				   .ifa_index = ifindex};
	struct nl_msg *msg;

	if (ifindex == 0)
		return FALSE;
	if (p->addr.family == AF_INET6)
		header.ifa_flags = IFA_F_NODAD; /* usable at once: that addresses are unique was
						   checked with the topology */
	msg = nl_request(type, flags, &header, sizeof header);
	nl_put_addr(msg, IFA_LOCAL, &p->addr);
	nl_put_addr(msg, IFA_ADDRESS, &p->addr);
	return nl_queue_add(s->queue, msg, op, failed, error);
}

static gboolean do_addr(struct linux_backend *r, const struct op *op, const struct op **failed,
			GError **error)
{
	return request_addr(r, op, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, failed, error);
}

static gboolean undo_addr(struct linux_backend *r, const struct op *op, const struct op **failed,
			  GError **error)
{
	const struct netns *s = linux_netns(r, op->node, error);

	if (s && netns_ifindex(s, op->addr.ifname, NULL) == 0)
		return TRUE;
	return s && request_addr(r, op, RTM_DELADDR, 0, failed, error);
}

const struct op_row addr_row = {PHASE_NODES, do_addr, undo_addr};

static gboolean switch_link(struct linux_backend *r, const struct op *op, bool up,
			    const struct op **failed, GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);
	unsigned ifindex = s ? netns_ifindex(s, op->link_up.ifname, error) : 0;
	struct ifinfomsg header = {
		.ifi_index = (int)ifindex, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};

	return ifindex != 0 &&
	       nl_queue_add(s->queue, nl_request(RTM_NEWLINK, 0, &header, sizeof header), op,
			    failed, error);
}

static gboolean do_link_up(struct linux_backend *r, const struct op *op, const struct op **failed,
			   GError **error)
{
	return switch_link(r, op, true, failed, error);
}

static gboolean undo_link_up(struct linux_backend *r, const struct op *op, const struct op **failed,
			     GError **error)
{
	const struct netns *s = linux_netns(r, op->node, error);

	if (s && netns_ifindex(s, op->link_up.ifname, NULL) == 0)
		return TRUE;
	return s && switch_link(r, op, false, failed, error);
}

const struct op_row link_up_row = {PHASE_NODES, do_link_up, undo_link_up};
