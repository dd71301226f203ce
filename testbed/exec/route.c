/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes and routing rules. */
#include "testbed/exec/netns.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static gboolean request_route(struct linux_backend *r, const struct op *op, int type, int flags,
			      const struct op **failed, GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);
	/* What the kernel calls them. */
	static const unsigned char types[] = {
		[ROUTE_UNICAST] = RTN_UNICAST,
		[ROUTE_UNREACHABLE] = RTN_UNREACHABLE,
		[ROUTE_BLACKHOLE] = RTN_BLACKHOLE,
		[ROUTE_PROHIBIT] = RTN_PROHIBIT,
	};
	const struct op_route *route = &op->route;
	struct prefix to = prefix_network(&route->to);
	unsigned ifindex = s && route->dev ? netns_ifindex(s, route->dev, error) : 0;
	struct rtmsg header = {
		.rtm_family = (guint8)to.addr.family,
		.rtm_dst_len = to.len,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = addr_is_set(&route->via) || route->type != ROUTE_UNICAST ?
				     RT_SCOPE_UNIVERSE :
				     RT_SCOPE_LINK,
		.rtm_type = types[route->type],
	};
	struct nl_msg *msg;

	if (!s || (route->dev && ifindex == 0))
		return FALSE;
	msg = nl_request(type, flags, &header, sizeof header);
	nl_put_u32(msg, RTA_TABLE, route->table);
	if (to.len > 0)
		nl_put_addr(msg, RTA_DST, &to.addr);
	if (addr_is_set(&route->via))
		nl_put_addr(msg, RTA_GATEWAY, &route->via);
	if (ifindex != 0)
		nl_put_u32(msg, RTA_OIF, ifindex);
	if (addr_is_set(&route->src))
		nl_put_addr(msg, RTA_PREFSRC, &route->src);
	return nl_queue_add(s->queue, msg, op, failed, error);
}

static gboolean do_route(struct linux_backend *r, const struct op *op, const struct op **failed,
			 GError **error)
{
	return request_route(r, op, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, failed, error);
}

static gboolean undo_route(struct linux_backend *r, const struct op *op, const struct op **failed,
			   GError **error)
{
	const struct netns *s = linux_netns(r, op->node, error);

	/* routes go with their interface */
	if (s && op->route.dev && netns_ifindex(s, op->route.dev, NULL) == 0)
		return TRUE;
	return s && request_route(r, op, RTM_DELROUTE, 0, failed, error);
}

const struct op_row route_row = {PHASE_NODES, do_route, undo_route};

static gboolean request_rule(struct linux_backend *r, const struct op *op, int type, int flags,
			     const struct op **failed, GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);
	const struct op_rule *rule = &op->rule;
	struct fib_rule_hdr header = {
		.family = (guint8)rule->from.addr.family,
		.src_len = rule->from.len,
		.action = rule->unreachable ? FR_ACT_UNREACHABLE : FR_ACT_TO_TBL,
	};
	struct nl_msg *msg;

	if (!s)
		return FALSE;
	msg = nl_request(type, flags, &header, sizeof header);
	nl_put_u32(msg, FRA_PRIORITY, rule->pref);
	if (rule->from.len > 0)
		nl_put_addr(msg, FRA_SRC, &rule->from.addr);
	if (!rule->unreachable)
		nl_put_u32(msg, FRA_TABLE, rule->table);
	return nl_queue_add(s->queue, msg, op, failed, error);
}

static gboolean do_rule(struct linux_backend *r, const struct op *op, const struct op **failed,
			GError **error)
{
	return request_rule(r, op, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, failed, error);
}

static gboolean undo_rule(struct linux_backend *r, const struct op *op, const struct op **failed,
			  GError **error)
{
	return request_rule(r, op, RTM_DELRULE, 0, failed, error);
}

const struct op_row rule_row = {PHASE_NODES, do_rule, undo_rule};
