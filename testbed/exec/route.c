/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes and routing rules. */
#include "testbed/exec/netns.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

static const char *route_device(const struct op *op)
{
	return op->route.dev;
}

static struct nl_msg *route_request(const struct op *op, unsigned ifindex, bool add)
{
	/* What the kernel calls them. */
	static const unsigned char types[] = {
		[ROUTE_UNICAST] = RTN_UNICAST,
		[ROUTE_UNREACHABLE] = RTN_UNREACHABLE,
		[ROUTE_BLACKHOLE] = RTN_BLACKHOLE,
		[ROUTE_PROHIBIT] = RTN_PROHIBIT,
	};
	const struct op_route *route = &op->route;
	struct prefix to = prefix_network(&route->to);
	struct rtmsg header = {
		.rtm_family = (guint8)to.addr.family,
		.rtm_dst_len = to.len,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = addr_is_set(&route->via) || route->type != ROUTE_UNICAST ?
				     RT_SCOPE_UNIVERSE :
				     RT_SCOPE_LINK,
		.rtm_type = types[route->type],
		.rtm_flags = route->onlink ? RTNH_F_ONLINK : 0,
	};
	/* without one, the kernel would remove any of several */
	unsigned metric = route->metric == 0 && to.addr.family == AF_INET6 ? ROUTE_METRIC_IPV6 :
									     route->metric;
	struct nl_msg *msg =
		nl_request(add ? RTM_NEWROUTE : RTM_DELROUTE, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
			   &header, sizeof header);

	nl_put_u32(msg, RTA_TABLE, route->table);
	if (to.len > 0)
		nl_put_addr(msg, RTA_DST, &to.addr);
	if (addr_is_set(&route->via))
		nl_put_addr(msg, RTA_GATEWAY, &route->via);
	if (metric != 0)
		nl_put_u32(msg, RTA_PRIORITY, metric);
	if (ifindex != 0)
		nl_put_u32(msg, RTA_OIF, ifindex);
	if (addr_is_set(&route->src))
		nl_put_addr(msg, RTA_PREFSRC, &route->src);
	return msg;
}

const struct op_row route_row = {PHASE_NODES, .request = route_request, .device = route_device};

static struct nl_msg *rule_request(const struct op *op, unsigned ifindex G_GNUC_UNUSED, bool add)
{
	const struct op_rule *rule = &op->rule;
	struct fib_rule_hdr header = {
		.family = (guint8)rule->from.addr.family,
		.src_len = rule->from.len,
		.action = rule->unreachable ? FR_ACT_UNREACHABLE : FR_ACT_TO_TBL,
	};
	struct nl_msg *msg =
		nl_request(add ? RTM_NEWRULE : RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
			   &header, sizeof header);

	nl_put_u32(msg, FRA_PRIORITY, rule->pref);
	if (rule->from.len > 0)
		nl_put_addr(msg, FRA_SRC, &rule->from.addr);
	if (rule->in)
		nl_put_text(msg, FRA_IIFNAME, rule->in);
	if (!rule->unreachable)
		nl_put_u32(msg, FRA_TABLE, rule->table);
	return msg;
}

const struct op_row rule_row = {PHASE_NODES, .request = rule_request};
