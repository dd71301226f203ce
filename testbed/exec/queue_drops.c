/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the queues of interfaces had no room for, over rtnetlink. */
#include "testbed/exec/link.h"
#include "testbed/exec/netns.h"
#include "testbed/exec/strain.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/tc.h>

/* A delay, loss or rate that the topology asks for is no fault of the machine. */
static bool is_impairment(const char *kind)
{
	return g_strcmp0(kind, "netem") == 0 || g_strcmp0(kind, "tbf") == 0;
}

static guint64 root_drops(struct nl_cache *queues, int ifindex)
{
	for (struct nl_object *o = nl_cache_get_first(queues); o; o = nl_cache_get_next(o)) {
		struct rtnl_tc *tc = (struct rtnl_tc *)o;

		if (rtnl_tc_get_ifindex(tc) == ifindex && rtnl_tc_get_parent(tc) == TC_H_ROOT)
			return is_impairment(rtnl_tc_get_kind(tc)) ?
				       0 :
				       rtnl_tc_get_stat(tc, RTNL_TC_DROPS);
	}
	return 0;
}

guint64 strain_queue_drops(exec *x, const char *node, const char *ifname, bool *ret_up)
{
	struct linux_backend *r = (struct linux_backend *)x;
	struct nl_sock *sock;
	struct nl_cache *queues = NULL;
	guint64 drops = 0;

	*ret_up = false;
	/* only the linux backend has namespaces */
	if (exec_netns_fd(x, node) < 0)
		return 0;
	sock = nl_socket_alloc();
	if (netns_enter(r, linux_netns(r, node, NULL), NULL) &&
	    nl_connect(sock, NETLINK_ROUTE) == 0 && rtnl_qdisc_alloc_cache(sock, &queues) == 0) {
		drops = root_drops(queues, (int)if_nametoindex(ifname));
		*ret_up = link_is_up(ifname);
	}
	x->backend->leave(x);
	nl_cache_free(queues);
	nl_socket_free(sock);
	return drops;
}
