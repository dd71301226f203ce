/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of routes, firewalls, NATs, links and tunnels. */
#include "tests/mutation/draw.h"

/* --- routes ----------------------------------------------------------------------------------- */

bool draw_remove_route(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct route *r = one_of(d, n->routes);
	char buf[PREFIX_TEXT_MAX];

	if (!r)
		return false;
	g_string_printf(d->change, "remove-route: {node: %s, to: \"%s\"}", n->name,
			prefix_print(&r->to, buf));
	truth_node(d, n->name);
	truth_route(d, &r->to);
	return true;
}

static struct addr host_of(const struct prefix *subnet, guint host)
{
	struct addr a = subnet->addr;

	a.bytes[addr_bits(&a) / 8 - 1] = (uint8_t)host;
	return a;
}

bool some_gateway(struct draw *d, const struct node *n, int family, struct addr *ret)
{
	const struct iface *f = one_of(d, n->interfaces);
	const struct prefix *p = f ? iface_prefix(f, family) : NULL;
	const struct node *other = one_of(d, d->m->nodes);

	if (!p)
		return false;
	*ret = host_of(p, UNUSED_HOST);
	for (guint i = 0; lot(d, 2) == 0 && i < other->interfaces->len; i++) {
		const struct iface *o = other->interfaces->pdata[i];

		if (o->network == f->network && iface_prefix(o, family) && other != n)
			*ret = iface_prefix(o, family)->addr;
	}
	return prefix_contains(p, ret);
}

const char *some_refusal(struct draw *d)
{
	static const char *const types[] = {"blackhole", "unreachable", "prohibit"};

	return ONE_TEXT(d, types);
}

static const struct route *route_to(const struct node *n, const struct prefix *to)
{
	for (guint i = 0; i < n->routes->len; i++) {
		const struct route *r = n->routes->pdata[i];

		if (prefix_equal(&r->to, to))
			return r;
	}
	return NULL;
}

/* A route to some network that goes astray, in place of the one that is there. */
bool draw_add_route(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct network *net = one_of(d, d->m->networks);
	const struct route *was = one_of(d, n->routes);
	struct prefix to = was && lot(d, 2) == 0 ? was->to : net->subnet;
	char to_text[PREFIX_TEXT_MAX], via_text[ADDR_TEXT_MAX];
	struct addr via;

	if (!to.addr.family)
		return false;
	prefix_print(&to, to_text);
	if (route_to(n, &to))
		g_string_printf(d->change, "remove-route: {node: %s, to: \"%s\"}\n- ", n->name,
				to_text);
	if (lot(d, 3) == 0) {
		g_string_append_printf(d->change, "add-route: {node: %s, to: \"%s\", type: %s}",
				       n->name, to_text, some_refusal(d));
	} else {
		if (!some_gateway(d, n, to.addr.family, &via))
			return false;
		g_string_append_printf(d->change, "add-route: {node: %s, to: \"%s\", via: \"%s\"}",
				       n->name, to_text, addr_print(&via, via_text));
		truth_object(d, via_text);
	}
	truth_node(d, n->name);
	truth_route(d, &to);
	return true;
}

bool draw_reboot(struct draw *d)
{
	const struct node *n = some_node(d);

	g_string_printf(d->change, "reboot: {node: %s}", n->name);
	truth_node(d, n->name);
	return true;
}

/* --- firewalls -------------------------------------------------------------------------------- */

/* Ports of signalling, DNS, STUN and media, and ones that nothing uses. */
static const char *const port_sets[] = {"53",	       "443",	     "3478", "5061",
					"50000-59999", "1024-65535", "5223", "8080"};

/* ", src: PREFIX" of a network, a node, or nothing. */
static void draw_peer(struct draw *d, const char *key)
{
	const struct network *net = one_of(d, d->m->networks);
	const struct node *n = some_node(d);
	struct addr a = node_address(n);
	char buf[PREFIX_TEXT_MAX];

	switch (lot(d, 4)) {
	case 0:
		if (net->subnet.addr.family)
			g_string_append_printf(d->change, ", %s: \"%s\"", key,
					       prefix_print(&net->subnet, buf));
		break;
	case 1:
		g_string_append_printf(d->change, ", %s: \"%s\"", key, addr_print(&a, buf));
		break;
	default:
		break;
	}
}

static bool draw_rule(struct draw *d, const char *word)
{
	static const char *const protos[] = {"udp", "udp", "tcp", "any"};
	const struct node *n = some_node(d);
	const char *chain = n->forwarding && lot(d, 4) > 0 ? "forward" :
			    lot(d, 2) == 0		   ? "input" :
							     "output";
	const char *proto = ONE_TEXT(d, protos);

	g_string_printf(d->change, "%s: {node: %s, name: by-lot, chain: %s, proto: %s", word,
			n->name, chain, proto);
	draw_peer(d, "src");
	draw_peer(d, "dst");
	if (!g_str_equal(proto, "any") && lot(d, 2) == 0)
		g_string_append_printf(d->change, ", dports: %s", ONE_TEXT(d, port_sets));
	g_string_append_c(d->change, '}');
	truth_node(d, n->name);
	truth_object(d, "by-lot");
	return true;
}

bool draw_block(struct draw *d)
{
	return draw_rule(d, "block");
}

bool draw_reject(struct draw *d)
{
	return draw_rule(d, "reject");
}

/* Of TCP only what begins as TLS passes. */
bool draw_inspect(struct draw *d)
{
	const struct node *n = some_node(d);

	if (!n->forwarding)
		return false;
	g_string_printf(d->change,
			"allow: {node: %s, name: by-lot, chain: forward, proto: tcp, inspect: tls",
			n->name);
	if (lot(d, 2) == 0)
		draw_peer(d, lot(d, 2) == 0 ? "src" : "dst");
	g_string_append(d->change, lot(d, 2) == 0 ? ", dports: 443}" : "}");
	truth_node(d, n->name);
	truth_object(d, "by-lot");
	return true;
}

bool draw_remove_rule(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct fw_rule *r = one_of(d, n->firewall.rules);

	if (!r || r->action != FW_ACCEPT)
		return false;
	g_string_printf(d->change, "remove-rule: {node: %s, rule: %s}", n->name, r->name);
	truth_node(d, n->name);
	truth_object(d, r->name);
	/* The policy does what the rule had prevented. */
	truth_object(d, "policy");
	return true;
}

/* --- links ------------------------------------------------------------------------------------ */

static const char *const impairments[] = {
	"loss: 5%", "loss: 20%", "loss: 60%", "loss: 100%", "rate: 16kbit", "rate: 40kbit",
};

bool draw_set_impair(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct iface *f = one_of(d, n->interfaces);
	const struct network *net = one_of(d, d->m->networks);
	const struct tunnel *t = one_of(d, d->m->tunnels);
	const char *what = ONE_TEXT(d, impairments);

	switch (lot(d, t ? 4 : 3)) {
	case 0:
		g_string_printf(d->change, "set-impair: {network: %s, %s}", net->name, what);
		truth_object(d, net->name);
		return true;
	case 3:
		g_string_printf(d->change, "set-impair: {tunnel: %s, %s}", t->name, what);
		truth_object(d, t->name);
		truth_object(d, t->ends[0].iface);
		truth_object(d, t->ends[1].iface);
		return true;
	default:
		g_string_printf(d->change, "set-impair: {node: %s, interface: %s, %s}", n->name,
				f->name, what);
		truth_node(d, n->name);
		truth_object(d, f->name);
		return true;
	}
}

bool draw_set_mtu(struct draw *d)
{
	static const char *const mtus[] = {"576B", "800B", "1000B", "1280B", "1400B"};
	const struct node *n = some_node(d);
	const struct iface *f = one_of(d, n->interfaces);

	g_string_printf(d->change, "set-mtu: {node: %s, interface: %s, mtu: %s}", n->name, f->name,
			ONE_TEXT(d, mtus));
	truth_node(d, n->name);
	truth_object(d, f->name);
	return true;
}

bool draw_link_down(struct draw *d)
{
	const struct node *n = some_node(d);
	const struct iface *f = one_of(d, n->interfaces);

	g_string_printf(d->change, "link-down: {node: %s, interface: %s}", n->name, f->name);
	truth_node(d, n->name);
	truth_object(d, f->name);
	return true;
}

static void truth_tunnel(struct draw *d, const struct tunnel *t)
{
	truth_object(d, t->name);
	for (guint i = 0; i < G_N_ELEMENTS(t->ends); i++) {
		truth_node(d, t->ends[i].node_name);
		truth_object(d, t->ends[i].iface);
	}
}

bool draw_tunnel_down(struct draw *d)
{
	const struct tunnel *t = one_of(d, d->m->tunnels);

	if (!t)
		return false;
	g_string_printf(d->change, "tunnel-down: {tunnel: %s}", t->name);
	truth_tunnel(d, t);
	return true;
}

bool draw_remove_prefix(struct draw *d)
{
	const struct tunnel *t = one_of(d, d->m->tunnels);
	const struct tunnel_end *e = t ? &t->ends[lot(d, 2)] : NULL;
	const struct prefix *p;
	char buf[PREFIX_TEXT_MAX];

	if (!e || e->prefixes->len == 0)
		return false;
	p = &g_array_index(e->prefixes, struct prefix, lot(d, e->prefixes->len));
	g_string_printf(d->change, "remove-prefix: {tunnel: %s, node: %s, prefix: \"%s\"}", t->name,
			e->node_name, prefix_print(p, buf));
	truth_tunnel(d, t);
	truth_route(d, p);
	return true;
}
