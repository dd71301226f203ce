/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces, kernel settings, bridges, veth pairs, addresses, tunnels and impairments. */
#include "testbed/plan/build.h"

#define ETHERNET_MTU_BYTES 1500u

#include <string.h>

struct setting {
	const char *key, *value;
};

/* New namespaces inherit some settings from the machine, and results must not depend on them. */
static const struct setting every_node[] = {
	{"net.ipv4.conf.all.rp_filter", "0"},
	{"net.ipv4.conf.default.rp_filter", "0"},
	{"net.ipv4.conf.all.accept_redirects", "0"},
	{"net.ipv4.conf.default.accept_redirects", "0"},
	{"net.ipv4.conf.all.send_redirects", "0"},
	{"net.ipv4.conf.default.send_redirects", "0"},
	{"net.ipv4.icmp_ratelimit", "0"},
	{"net.ipv4.ip_unprivileged_port_start", "0"},
};
/* Each card answers for its own addresses, and asks from one of them. */
static const struct setting own_addresses[] = {
	{"net.ipv4.conf.all.arp_ignore", "1"},
	{"net.ipv4.conf.default.arp_ignore", "1"},
	{"net.ipv4.conf.all.arp_announce", "2"},
	{"net.ipv4.conf.default.arp_announce", "2"},
};
static const struct setting any_address[] = {
	{"net.ipv4.conf.all.arp_ignore", "0"},
	{"net.ipv4.conf.default.arp_ignore", "0"},
	{"net.ipv4.conf.all.arp_announce", "0"},
	{"net.ipv4.conf.default.arp_announce", "0"},
};
/* A bridge must not hand its frames to the IP hooks (br_netfilter): that costs time, and rules that
 * are not meant for them would apply to them. */
static const struct setting switches[] = {
	{"net.bridge.bridge-nf-call-iptables", "0"},
	{"net.bridge.bridge-nf-call-ip6tables", "0"},
	{"net.bridge.bridge-nf-call-arptables", "0"},
};
static const struct setting without_ipv6[] = {
	{"net.ipv6.conf.all.disable_ipv6", "1"},
	{"net.ipv6.conf.default.disable_ipv6", "1"},
};
static const struct setting with_ipv6[] = {
	{"net.ipv6.conf.all.disable_ipv6", "0"},
	{"net.ipv6.conf.default.disable_ipv6", "0"},
	{"net.ipv6.conf.all.accept_ra", "0"},
	{"net.ipv6.conf.default.accept_ra", "0"},
	/* A router solicits its neighbours from its link-local address.  During duplicate address
	 * detection (RFC 4862 section 5.4), a second or two, it has none and packets are lost. */
	{"net.ipv6.conf.all.accept_dad", "0"},
	{"net.ipv6.conf.default.accept_dad", "0"},
};

/* Appends a kernel setting of the node; copies `key` and `value`. */
static void add_sysctl(struct builder *b, const char *node, struct loc loc, const char *key,
		       const char *value)
{
	struct op *op = builder_add(b, OP_SYSCTL, node, loc);

	op->sysctl.key = g_strdup(key);
	op->sysctl.value = g_strdup(value);
}

static void add_settings(struct builder *b, const char *node, struct loc loc,
			 const struct setting *s, gsize n)
{
	for (gsize i = 0; i < n; i++)
		add_sysctl(b, node, loc, s[i].key, s[i].value);
}

/* Adds the settings of the node's host model, forwarding and IPv6. */
static void add_node_settings(struct builder *b, const struct node *n)
{
	bool ipv6 = node_has_ipv6(b, n);

	add_settings(b, n->name, n->loc, every_node, G_N_ELEMENTS(every_node));
	add_sysctl(b, n->name, n->loc, "net.ipv4.ip_forward", n->forwarding ? "1" : "0");
	if (node_answers_by_card(n))
		add_settings(b, n->name, n->loc, own_addresses, G_N_ELEMENTS(own_addresses));
	else
		add_settings(b, n->name, n->loc, any_address, G_N_ELEMENTS(any_address));
	if (ipv6) {
		add_settings(b, n->name, n->loc, with_ipv6, G_N_ELEMENTS(with_ipv6));
		add_sysctl(b, n->name, n->loc, "net.ipv6.conf.all.forwarding",
			   n->forwarding ? "1" : "0");
	} else {
		add_settings(b, n->name, n->loc, without_ipv6, G_N_ELEMENTS(without_ipv6));
	}
}

void build_sysctls(struct builder *b, const struct node *n)
{
	ptr_array_foreach(const struct sysctl_setting, s, n->sysctls)
		add_sysctl(b, n->name, s->loc, s->key, s->value);
}

/* --- networks --------------------------------------------------------------------------------- */

/* An interface in a network, and its node. */
struct member {
	const struct node *node;
	const struct iface *iface;
};

/* All members (struct member) of a network, in the order of the topology; the caller frees them. */
static GArray *network_members(const struct builder *b, const struct network *net)
{
	GArray *members = g_array_new(FALSE, FALSE, sizeof(struct member));

	ptr_array_foreach(const struct node, n, b->m->nodes) {
		for (guint k = 0; k < n->interfaces->len; k++) {
			struct member member = {n, n->interfaces->pdata[k]};

			if (member.iface->network == net)
				g_array_append_val(members, member);
		}
	}
	return members;
}

/* Whether a network with these members gets a bridge.  Two members are connected by a veth pair; a
 * network without members needs nothing. */
static bool is_bridged(const GArray *members)
{
	return members->len > 0 && members->len != 2;
}

/* Whether any network needs a bridge, and so the namespace PLAN_FABRIC. */
static bool needs_fabric(const struct builder *b)
{
	for (guint i = 0; i < b->m->networks->len; i++) {
		g_autoptr(GArray) members = network_members(b, b->m->networks->pdata[i]);

		if (is_bridged(members))
			return true;
	}
	return false;
}

void build_namespaces(struct builder *b)
{
	struct loc nowhere = {.file = NULL};
	bool fabric = needs_fabric(b);

	ptr_array_foreach(const struct node, n, b->m->nodes)
		builder_add(b, OP_NETNS, n->name, n->loc);
	if (fabric)
		builder_add(b, OP_NETNS, PLAN_FABRIC, nowhere);
	for (guint i = 0; i < b->m->nodes->len; i++)
		add_node_settings(b, b->m->nodes->pdata[i]);
	if (fabric) {
		add_settings(b, PLAN_FABRIC, nowhere, without_ipv6, G_N_ELEMENTS(without_ipv6));
		add_settings(b, PLAN_FABRIC, nowhere, switches, G_N_ELEMENTS(switches));
	}
}

/* The end of a veth pair that becomes the member's interface; the operation that it is put in owns
 * its texts. */
static struct op_veth_end veth_end(struct builder *b, const struct member *m)
{
	return (struct op_veth_end){.node = g_strdup(m->node->name),
				    .ifname = g_strdup(m->iface->name),
				    .ifindex = b->next_ifindex++,
				    .mtu_bytes = m->iface->mtu_bytes,
				    .up = m->iface->up};
}

/* Connects the two members of a network directly. */
static void add_veth_pair(struct builder *b, const GArray *members)
{
	const struct member *first = &g_array_index(members, struct member, 0);
	const struct member *second = &g_array_index(members, struct member, 1);
	struct op *op = builder_add(b, OP_VETH, first->node->name, first->iface->loc);

	op->veth[0] = veth_end(b, first);
	op->veth[1] = veth_end(b, second);
}

/* A name for the network's bridge, the same in every plan; the caller frees it.  The network's own
 * name if the kernel takes it and no port can have it. */
static char *bridge_name(const struct network *net)
{
	if (strlen(net->name) < IFNAMSIZ && !g_str_has_prefix(net->name, "port"))
		return g_strdup(net->name);
	return g_strdup_printf("net%08x", g_str_hash(net->name));
}

/* Appends the bridge of a network, in PLAN_FABRIC. */
static void add_bridge(struct builder *b, const struct network *net)
{
	unsigned ifindex = b->next_ifindex++;
	struct op *op = builder_add(b, OP_BRIDGE, PLAN_FABRIC, net->loc);

	op->bridge.ifindex = ifindex;
	op->bridge.ifname = bridge_name(net);
}

/* Connects every member to the bridge by a veth pair of its own. */
static void add_bridge_ports(struct builder *b, const GArray *members, const char *bridge)
{
	array_foreach(const struct member, m, members) {
		struct op *op = builder_add(b, OP_VETH, m->node->name, m->iface->loc);
		unsigned port;

		op->veth[0] = veth_end(b, m);
		port = b->next_ifindex++;
		op->veth[1] = (struct op_veth_end){.node = g_strdup(PLAN_FABRIC),
						   .ifname = g_strdup_printf("port%u", port),
						   .ifindex = port,
						   .bridge = g_strdup(bridge),
						   .up = true};
	}
}

void build_links(struct builder *b)
{
	g_autoptr(GHashTable) bridges =
		g_hash_table_new(NULL, NULL); /* network -> name, owned by its op */

	ptr_array_foreach(struct network, net, b->m->networks) {
		g_autoptr(GArray) members = network_members(b, net);

		if (!is_bridged(members))
			continue;
		add_bridge(b, net);
		g_hash_table_insert(
			bridges, net,
			((struct op *)b->p->ops->pdata[b->p->ops->len - 1])->bridge.ifname);
	}
	ptr_array_foreach(struct network, net, b->m->networks) {
		g_autoptr(GArray) members = network_members(b, net);
		const char *bridge = g_hash_table_lookup(bridges, net);

		if (bridge)
			add_bridge_ports(b, members, bridge);
		else if (members->len == 2)
			add_veth_pair(b, members);
	}
}

/* --- addresses and tunnels -------------------------------------------------------------------- */

static void add_link_up(struct builder *b, const char *node, struct loc loc, const char *ifname)
{
	builder_add(b, OP_LINK_UP, node, loc)->link_up.ifname = g_strdup(ifname);
}

static struct op *add_address(struct builder *b, const char *node, struct loc loc,
			      const char *ifname, const struct prefix *address)
{
	struct op *op = builder_add(b, OP_ADDR, node, loc);

	op->addr.ifname = g_strdup(ifname);
	op->addr.address = *address;
	return op;
}

/* Whether a rule before `r` has the same outside address. */
static bool is_added(const struct node *n, const struct nat_rule *r)
{
	for (guint i = 0; n->nat->pdata[i] != r; i++) {
		const struct nat_rule *before = n->nat->pdata[i];

		if (before->kind != NAT_MASQUERADE && addr_equal(&before->outside, &r->outside) &&
		    g_str_equal(before->out_iface, r->out_iface))
			return true;
	}
	return false;
}

/* Adds the outside addresses of the node's 1:1 NAT rules and forwards that lie in a subnet of
 * interface `f`, each once, so that the node answers ARP for them. */
static void add_nat_addresses(struct builder *b, const struct node *n, const struct iface *f)
{
	ptr_array_foreach(const struct nat_rule, r, n->nat) {
		struct prefix own = {r->outside, addr_bits(&r->outside)};

		if (r->kind == NAT_MASQUERADE || is_added(n, r) ||
		    !g_str_equal(r->out_iface, f->name) || iface_has_address(f, &r->outside))
			continue;
		for (guint a = 0; a < f->addresses->len; a++) {
			if (!prefix_contains(&g_array_index(f->addresses, struct prefix, a),
					     &r->outside))
				continue;
			add_address(b, n->name, r->loc, f->name, &own);
			break;
		}
	}
}

void build_addresses(struct builder *b, const struct node *n)
{
	add_link_up(b, n->name, n->loc, "lo");
	ptr_array_foreach(const struct iface, f, n->interfaces) {
		array_foreach(const struct prefix, a, f->addresses) {
			const struct addr *peer = iface_peer(f, a);
			struct op *op = add_address(b, n->name, f->loc, f->name, a);

			if (peer)
				op->addr.peer = *peer;
		}
		add_nat_addresses(b, n, f);
	}
}

const char *op_tunnel_device(enum tunnel_kind kind, int family)
{
	static const char *const devices[][2] = {
		[TUNNEL_WIREGUARD] = {"wireguard", "wireguard"},
		[TUNNEL_VXLAN] = {"vxlan", "vxlan"},
		[TUNNEL_GRE] = {"gre", "ip6gre"},
		[TUNNEL_IPIP] = {"ipip", "ip6tnl"},
	};

	return devices[kind][family == AF_INET6];
}

unsigned op_tunnel_mtu_bytes(const struct op_tunnel *t)
{
	if (t->mtu_bytes > 0 || !tunnel_is_udp(t->kind))
		return t->mtu_bytes;
	/* wg-quick(8) makes room for IPv6 whatever the addresses are */
	return ETHERNET_MTU_BYTES - tunnel_overhead_bytes(t->kind, t->kind == TUNNEL_WIREGUARD ?
									   AF_INET6 :
									   t->remote.family);
}

/* Adds end `e` (0 or 1) of a tunnel. */
static void add_tunnel_end(struct builder *b, const struct tunnel *t, unsigned vni, int e)
{
	const struct tunnel_end *own = &t->ends[e], *other = &t->ends[1 - e];
	struct op *op = builder_add(b, OP_TUNNEL, own->node_name, t->loc);

	op->tunnel = (struct op_tunnel){
		.tunnel = g_strdup(t->name),
		.kind = t->kind,
		.ifname = g_strdup(own->iface),
		.ifindex = b->next_ifindex++,
		.mtu_bytes = t->mtu_bytes,
		.local = own->underlay,
		.remote = other->underlay,
		.port = t->port,
		.vni = vni,
		.key_local = g_strdup_printf("%s/%s", t->name, own->node_name),
		.key_remote = g_strdup_printf("%s/%s", t->name, other->node_name),
		.allowed = g_array_new(FALSE, FALSE, sizeof(struct prefix)),
	};
	if (other->prefixes)
		g_array_append_vals(op->tunnel.allowed, other->prefixes->data,
				    other->prefixes->len);
}

void build_tunnel(struct builder *b, const struct tunnel *t)
{
	unsigned vni = 1;

	for (guint i = 0; i < b->m->tunnels->len && b->m->tunnels->pdata[i] != t; i++)
		vni++;
	for (int e = 0; e < 2; e++)
		add_tunnel_end(b, t, vni, e);
	for (int e = 0; e < 2; e++)
		add_address(b, t->ends[e].node_name, t->loc, t->ends[e].iface, &t->ends[e].address);
	for (int e = 0; e < 2 && t->up; e++)
		add_link_up(b, t->ends[e].node_name, t->loc, t->ends[e].iface);
}

/* --- impairment ------------------------------------------------------------------------------- */

void build_impairments(struct builder *b, const struct node *n)
{
	g_autoptr(GArray) ports = builder_ports(b, n);

	array_foreach(const struct port, p, ports) {
		struct op *op;

		if (impairment_is_none(p->impair))
			continue;
		op = builder_add(b, OP_IMPAIR, n->name, p->loc);
		op->impair.ifname = g_strdup(p->ifname);
		op->impair.what = *p->impair;
	}
}
