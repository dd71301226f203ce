/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links: bridges, veth pairs, and the kernel's own tunnel devices. */
#include "testbed/exec/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ifinfomsg link_header(unsigned ifindex, bool up)
{
	return (struct ifinfomsg){
		.ifi_index = (int)ifindex, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};
}

static struct nl_msg *link_request(unsigned ifindex, bool up, const char *ifname)
{
	struct ifinfomsg header = link_header(ifindex, up);
	struct nl_msg *msg =
		nl_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);

	nl_put_text(msg, IFLA_IFNAME, ifname);
	return msg;
}

struct nl_msg *link_bridge_request(const char *ifname, unsigned ifindex)
{
	struct nl_msg *msg = link_request(ifindex, true, ifname);
	struct nlattr *info = nl_nest(msg, IFLA_LINKINFO), *data;
	guint8 off = 0;

	nl_put_text(msg, IFLA_INFO_KIND, "bridge");
	data = nl_nest(msg, IFLA_INFO_DATA);
	nl_put(msg, IFLA_BR_MCAST_SNOOPING, &off, sizeof off); /* it sends no queries of its own */
	nl_nest_end(msg, data);
	nl_nest_end(msg, info);
	return msg;
}

void link_mac(unsigned ifindex, guint8 ret[LINK_MAC_BYTES])
{
	const guint8 mac[LINK_MAC_BYTES] = {0x02,
					    't',
					    (guint8)(ifindex >> 24),
					    (guint8)(ifindex >> 16),
					    (guint8)(ifindex >> 8),
					    (guint8)ifindex}; /* locally administered */

	memcpy(ret, mac, sizeof mac);
}

static void put_mac(struct nl_msg *msg, const struct op_veth_end *end)
{
	guint8 mac[LINK_MAC_BYTES];

	if (end->ifindex == 0 || end->ifindex >= EXEC_HIDDEN_IFINDEX)
		return;
	link_mac(end->hardware ? end->hardware : end->ifindex, mac);
	nl_put(msg, IFLA_ADDRESS, mac, sizeof mac);
}

struct nl_msg *link_veth_request(const struct op_veth_end ends[2], const int netns[2],
				 unsigned master)
{
	struct nl_msg *msg = link_request(ends[0].ifindex, ends[0].up, ends[0].ifname);
	struct ifinfomsg header = link_header(ends[1].ifindex, false);
	struct nlattr *info, *data, *peer;

	put_mac(msg, &ends[0]);
	if (netns[0] >= 0)
		nl_put_u32(msg, IFLA_NET_NS_FD, (guint32)netns[0]);
	if (master > 0)
		nl_put_u32(msg, IFLA_MASTER, master);
	if (ends[0].mtu_bytes > 0)
		nl_put_u32(msg, IFLA_MTU, ends[0].mtu_bytes);
	info = nl_nest(msg, IFLA_LINKINFO);
	nl_put_text(msg, IFLA_INFO_KIND, "veth");
	data = nl_nest(msg, IFLA_INFO_DATA);
	peer = nl_nest(msg, VETH_INFO_PEER);
	memcpy(nlmsg_reserve(msg, sizeof header, NLMSG_ALIGNTO), &header, sizeof header);
	nl_put_text(msg, IFLA_IFNAME, ends[1].ifname);
	put_mac(msg, &ends[1]);
	if (ends[1].mtu_bytes > 0)
		nl_put_u32(msg, IFLA_MTU, ends[1].mtu_bytes);
	if (netns[1] >= 0)
		nl_put_u32(msg, IFLA_NET_NS_FD, (guint32)netns[1]);
	nl_nest_end(msg, peer);
	nl_nest_end(msg, data);
	nl_nest_end(msg, info);
	return msg;
}

/* --- tunnel devices --------------------------------------------------------------------------- */

static void put_vxlan(struct nl_msg *msg, const struct op_tunnel *t)
{
	bool v6 = t->remote.family == AF_INET6;
	guint16 port = g_htons(t->port);
	guint8 learning = 0; /* there is only one other end */

	nl_put_u32(msg, IFLA_VXLAN_ID, t->vni);
	nl_put_addr(msg, v6 ? IFLA_VXLAN_GROUP6 : IFLA_VXLAN_GROUP, &t->remote);
	nl_put_addr(msg, v6 ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, &t->local);
	nl_put(msg, IFLA_VXLAN_PORT, &port, sizeof port);
	nl_put(msg, IFLA_VXLAN_LEARNING, &learning, sizeof learning);
}

static void put_ip_tunnel(struct nl_msg *msg, const struct op_tunnel *t)
{
	guint8 ttl = 64;

	nl_put_addr(msg, IFLA_IPTUN_LOCAL, &t->local);
	nl_put_addr(msg, IFLA_IPTUN_REMOTE, &t->remote);
	nl_put(msg, IFLA_IPTUN_TTL, &ttl, sizeof ttl);
	if (t->remote.family == AF_INET6)
		nl_put_u32(msg, IFLA_IPTUN_FLAGS, IP6_TNL_F_IGN_ENCAP_LIMIT);
}

static void put_gre(struct nl_msg *msg, const struct op_tunnel *t)
{
	guint16 with_key = GRE_KEY;
	guint32 key = g_htonl(t->vni);
	guint8 ttl = 64;

	nl_put_addr(msg, IFLA_GRE_LOCAL, &t->local);
	nl_put_addr(msg, IFLA_GRE_REMOTE, &t->remote);
	nl_put(msg, IFLA_GRE_TTL, &ttl, sizeof ttl);
	nl_put(msg, IFLA_GRE_IFLAGS, &with_key, sizeof with_key);
	nl_put(msg, IFLA_GRE_OFLAGS, &with_key, sizeof with_key);
	nl_put(msg, IFLA_GRE_IKEY, &key, sizeof key);
	nl_put(msg, IFLA_GRE_OKEY, &key, sizeof key);
	if (t->remote.family == AF_INET6)
		nl_put_u32(msg, IFLA_GRE_FLAGS, IP6_TNL_F_IGN_ENCAP_LIMIT);
}

struct nl_msg *link_tunnel_request(enum tunnel_kind kind, const struct op_tunnel *t)
{
	static void (*const put[])(struct nl_msg * msg, const struct op_tunnel *t) = {
		[TUNNEL_WIREGUARD] = NULL, /* it is configured elsewhere */
		[TUNNEL_VXLAN] = put_vxlan,
		[TUNNEL_GRE] = put_gre,
		[TUNNEL_IPIP] = put_ip_tunnel,
	};
	struct nl_msg *msg = link_request(t->ifindex, false, t->ifname);
	unsigned mtu_bytes = op_tunnel_mtu_bytes(t);
	struct nlattr *info, *data;

	if (mtu_bytes > 0)
		nl_put_u32(msg, IFLA_MTU, mtu_bytes);
	info = nl_nest(msg, IFLA_LINKINFO);
	nl_put_text(msg, IFLA_INFO_KIND, op_tunnel_device(kind, t->remote.family));
	if (put[kind]) {
		data = nl_nest(msg, IFLA_INFO_DATA);
		put[kind](msg, t);
		nl_nest_end(msg, data);
	}
	nl_nest_end(msg, info);
	return msg;
}

/* --- operations ------------------------------------------------------------------------------- */

static gboolean do_bridge(struct linux_backend *r, const struct op *op, const struct op **failed,
			  GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);

	return s && netns_name_interface(s, op->bridge.ifname, op->bridge.ifindex, error) &&
	       nl_queue_add(s->queue, link_bridge_request(op->bridge.ifname, op->bridge.ifindex),
			    op, failed, error);
}

/* Which half the request names first: the bridge port, because only the first can get a master
 * when it is made. */
static int first_half(const struct op *op)
{
	return op->veth[1].bridge ? 1 : 0;
}

/* Both halves are made in their own namespaces, which are given by descriptor, so that one
 * socket serves all pairs. */
static gboolean do_veth(struct linux_backend *r, const struct op *op, const struct op **failed,
			GError **error)
{
	int first = first_half(op);
	struct op_veth_end ends[2] = {op->veth[first], op->veth[1 - first]};
	nl_queue *queue = r->order->len > 0 ? ((struct netns *)r->order->pdata[0])->queue : NULL;
	unsigned master = 0;
	int netns[2];

	if (ends[1].bridge)
		return tb_error_set(error, TB_ERROR_INPUT, "both halves are bridge ports");
	for (int i = 0; i < 2; i++) {
		struct netns *s = linux_netns(r, ends[i].node, error);

		if (!s || !netns_name_interface(s, ends[i].ifname, ends[i].ifindex, error))
			return FALSE;
		netns[i] = s->fd;
		if (i == 0 && ends[0].up && ends[1].up)
			g_array_append_val(s->unsettled, ends[0].ifindex);
		if (i == 0 && ends[0].bridge &&
		    (master = netns_ifindex(s, ends[0].bridge, error)) == 0)
			return FALSE;
	}
	if (ends[1].up)
		g_ptr_array_add(r->raise, (gpointer)(guintptr)op);
	return nl_queue_add(queue, link_veth_request(ends, netns, master), op, failed, error);
}

gboolean links_raise(struct linux_backend *r, const struct op **failed, GError **error)
{
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < r->raise->len; i++) {
		const struct op *op = r->raise->pdata[i];
		const struct op_veth_end *end = &op->veth[1 - first_half(op)];
		struct ifinfomsg header = link_header(end->ifindex, true);
		struct netns *s = linux_netns(r, end->node, error);

		ok = s && nl_queue_add(s->queue, nl_request(RTM_NEWLINK, 0, &header, sizeof header),
				       op, failed, error);
	}
	g_ptr_array_set_size(r->raise, 0);
	return ok;
}

bool link_ask(const char *ifname, unsigned long what, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), saved;
	bool ok;

	g_strlcpy(r->ifr_name, ifname, sizeof r->ifr_name);
	ok = fd >= 0 && ioctl(fd, what, r) == 0;
	saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return ok;
}

bool link_is_up(const char *ifname)
{
	struct ifreq request = {.ifr_flags = 0};

	return link_ask(ifname, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) != 0;
}

gboolean link_remove(struct netns *s, const char *ifname, const struct op *op,
		     const struct op **failed, GError **error)
{
	struct ifinfomsg header = {.ifi_index = (int)netns_ifindex(s, ifname, NULL)};

	if (header.ifi_index == 0)
		return TRUE;
	g_hash_table_remove(s->ifindexes, ifname);
	return nl_queue_add(s->queue, nl_request(RTM_DELLINK, 0, &header, sizeof header), op,
			    failed, error) &&
	       nl_queue_flush(s->queue, failed, error);
}

static gboolean undo_bridge(struct linux_backend *r, const struct op *op, const struct op **failed,
			    GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);

	return s && link_remove(s, op->bridge.ifname, op, failed, error);
}

const struct op_row bridge_row = {PHASE_BRIDGES, .apply = do_bridge, .undo = undo_bridge};

struct nl_msg *link_mtu_request(unsigned ifindex, unsigned mtu_bytes)
{
	struct ifinfomsg header = {.ifi_index = (int)ifindex};
	struct nl_msg *msg = nl_request(RTM_NEWLINK, 0, &header, sizeof header);

	nl_put_u32(msg, IFLA_MTU, mtu_bytes);
	return msg;
}

/* One half takes the other with it. */
static gboolean undo_veth(struct linux_backend *r, const struct op *op, const struct op **failed,
			  GError **error)
{
	struct netns *first = linux_netns(r, op->veth[0].node, error), *second;

	second = first ? linux_netns(r, op->veth[1].node, error) : NULL;
	if (!second)
		return FALSE;
	if (!link_remove(first, op->veth[0].ifname, op, failed, error))
		return FALSE;
	g_hash_table_remove(second->ifindexes, op->veth[1].ifname);
	return TRUE;
}

const struct op_row veth_row = {PHASE_CABLES, .apply = do_veth, .undo = undo_veth};
