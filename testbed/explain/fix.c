#include "testbed/explain/fix.h"

#include "testbed/explain/fix_service.h"

#include "testbed/explain/gateway.h"
#include "testbed/explain/persist.h"

fix *fix_new(char *change)
{
	fix *x = g_new0(fix, 1);

	x->change = change;
	x->commands = g_ptr_array_new_with_free_func(g_free);
	return x;
}

void fix_free(fix *x)
{
	if (!x)
		return;
	g_free(x->change);
	g_ptr_array_unref(x->commands);
	g_free(x);
}

/* --- a missing route ------------------------------------------------------------------------------- */

static char *netmask(uint8_t len)
{
	guint32 bits = len == 0 ? 0 : G_MAXUINT32 << (32 - len);

	return g_strdup_printf("%u.%u.%u.%u", bits >> 24, bits >> 16 & 255, bits >> 8 & 255, bits & 255);
}

static void add_route_commands(fix *x, const struct node *n, const struct prefix *p, const char *to, const char *via,
			       const char *dev)
{
	char network[ADDR_TEXT_MAX];

	g_ptr_array_add(x->commands, g_strdup_printf("ip route add %s via %s dev %s", to, via, dev));
	if (n->host_model != HOST_STRONG || p->addr.family != AF_INET)
		return;
	addr_print(&p->addr, network);
	g_autofree char *mask = netmask(p->len);

	g_ptr_array_add(x->commands, g_strdup_printf("route add -p %s mask %s %s", network, mask, via));
	g_ptr_array_add(x->commands,
			g_strdup_printf("New-NetRoute -DestinationPrefix \"%s\" -InterfaceAlias \"%s\" -NextHop %s", to, dev, via));
}

static fix *fix_route(const model *m, const struct node *n, const struct finding *f)
{
	struct prefix network = prefix_network(&f->prefix);
	struct gateway g;
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];
	fix *x;

	if (f->prefix.addr.family == 0 || !gateway_find(m, n, f->card, &f->prefix, &g))
		return NULL;
	prefix_print(&network, to);
	addr_print(&g.address, via);
	x = fix_new(g_strdup_printf("- add-route: {node: %s, to: %s, via: %s, dev: %s, persistent: true}\n", n->name, to, via,
				    g.card));
	add_route_commands(x, n, &network, to, via, g.card);
	return x;
}

/* The same route again, this time to stay. */
static fix *fix_persistence(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = f->object ? persist_route(n, f->object) : NULL;
	g_autofree char *remove = NULL, *by = NULL, *dev = NULL;
	char via[ADDR_TEXT_MAX];
	fix *x;

	(void)m;
	if (!r)
		return NULL;
	if (g_ptr_array_find(n->routes, r, NULL))
		remove = g_strdup_printf("- remove-route: {node: %s, to: %s}\n", n->name, f->object);
	by = addr_is_set(&r->via) ? g_strdup_printf(", via: %s", addr_print(&r->via, via)) : g_strdup("");
	dev = r->dev ? g_strdup_printf(", dev: %s", r->dev) : g_strdup("");
	x = fix_new(g_strdup_printf("%s- add-route: {node: %s, to: %s%s%s, persistent: true}\n", remove ? remove : "", n->name,
				    f->object, by, dev));
	if (addr_is_set(&r->via) && r->dev)
		add_route_commands(x, n, &r->to, f->object, via, r->dev);
	return x;
}

/* --- links and tunnels ------------------------------------------------------------------------------- */

static fix *fix_link(const model *m, const struct node *n, const struct finding *f)
{
	const struct iface *card = f->object ? node_iface(n, f->object) : NULL;
	fix *x;

	(void)m;
	if (!card || card->up)
		return NULL;
	x = fix_new(g_strdup_printf("- link-up: {node: %s, interface: %s}\n", n->name, card->name));
	g_ptr_array_add(x->commands, g_strdup_printf("ip link set %s up", card->name));
	return x;
}

static fix *fix_tunnel(const model *m, const struct node *n, const struct finding *f)
{
	(void)f;
	for (guint i = 0; i < m->tunnels->len; i++) {
		const struct tunnel *t = m->tunnels->pdata[i];

		if (!t->up && (t->ends[0].node == n || t->ends[1].node == n))
			return fix_new(g_strdup_printf("- tunnel-up: {tunnel: %s}\n", t->name));
	}
	return NULL;
}

/* --- rules of firewalls -------------------------------------------------------------------------------- */

static const struct fw_rule *rule_named(const struct node *n, const char *name)
{
	for (guint i = 0; name && i < n->firewall.rules->len; i++) {
		const struct fw_rule *r = n->firewall.rules->pdata[i];

		if (g_str_equal(r->name, name))
			return r;
	}
	return NULL;
}

/* An exception in front of the rule, for this flow only: taking the rule away would open more than the call needs. */
static fix *fix_rule(const model *m, const struct node *n, const struct finding *f)
{
	static const char *const chains[FW_CHAIN_COUNT] = {"input", "forward", "output"};
	const struct fw_rule *r = rule_named(n, f->object);
	bool answer = f->flow.dport >= 49152;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	(void)m;
	if (!r || !addr_is_set(&f->flow.src) || !addr_is_set(&f->flow.dst))
		return NULL;
	return fix_new(g_strdup_printf("- allow: {node: %s, name: not-%s, chain: %s, src: [%s], dst: [%s], proto: %s, %s: [%u]}\n",
				       n->name, r->name, chains[r->chain], addr_print(&f->flow.src, src),
				       addr_print(&f->flow.dst, dst), f->flow.proto == PROTO_UDP ? "udp" : "tcp",
				       answer ? "sports" : "dports", answer ? f->flow.sport : f->flow.dport));
}

/* --- NATs ------------------------------------------------------------------------------------------------ */

static const struct nat_rule *nat_named(const struct node *n, const char *name)
{
	for (guint i = 0; name && i < n->nat->len; i++) {
		const struct nat_rule *r = n->nat->pdata[i];

		if (g_str_equal(r->name, name))
			return r;
	}
	return NULL;
}

/* What RFC 4787 asks of a NAT, and this one lacks: REQ-9. */
static fix *fix_hairpin(const model *m, const struct node *n, const struct finding *f)
{
	const struct nat_rule *r = nat_named(n, f->object);

	(void)m;
	if (!r || r->hairpin)
		return NULL;
	return fix_new(g_strdup_printf("- set-nat: {node: %s, nat: %s, hairpin: true}\n", n->name, r->name));
}

/* The same: REQ-1. */
static fix *fix_mapping(const model *m, const struct node *n, const struct finding *f)
{
	const struct nat_rule *r = nat_named(n, f->object);

	(void)m;
	if (!r || r->kind != NAT_MASQUERADE || r->mapping == NAT_ENDPOINT_INDEPENDENT)
		return NULL;
	return fix_new(g_strdup_printf("- set-nat: {node: %s, nat: %s, mapping: endpoint-independent}\n", n->name, r->name));
}

/* --- the table -------------------------------------------------------------------------------------------- */

static fix *(*const fixers[CAUSE_COUNT])(const model *, const struct node *, const struct finding *) = {
	[CAUSE_RETURN_WRONG_EGRESS] = fix_route,
	[CAUSE_NO_ROUTE] = fix_route,
	[CAUSE_ROUTE_NOT_PERSISTENT] = fix_persistence,
	[CAUSE_LINK_DOWN] = fix_link,
	[CAUSE_VPN_DOWN] = fix_tunnel,
	[CAUSE_FW_DROP] = fix_rule,
	[CAUSE_FW_REJECT] = fix_rule,
	[CAUSE_DNS_NXDOMAIN] = fix_record,
	[CAUSE_DNS_WRONG_ANSWER] = fix_answer,
	[CAUSE_DNS_WRONG_VIEW] = fix_view,
	[CAUSE_NO_LISTENER] = fix_listener,
	[CAUSE_TLS_UNTRUSTED] = fix_certificate,
	[CAUSE_TLS_NAME_MISMATCH] = fix_certificate,
	[CAUSE_TLS_EXPIRED] = fix_certificate,
	[CAUSE_SIP_AUTH] = fix_account,
	[CAUSE_SIP_NO_ROUTE] = fix_setting,
	[CAUSE_RELAY_NONE] = fix_setting,
	[CAUSE_RELAY_AUTH] = fix_setting,
	[CAUSE_RELAY_PORTS_BLOCKED] = fix_relay_ports,
	[CAUSE_RELAY_ALLOC] = fix_setting,
	[CAUSE_RELAY_PERMISSION] = fix_setting,
	[CAUSE_HAIRPIN_UNSUPPORTED] = fix_hairpin,
	[CAUSE_NAT_MAPPING_CHANGED] = fix_mapping,
};

fix *fix_derive(const model *m, const struct finding *f)
{
	const struct node *n = f->node ? model_node(m, f->node) : NULL;

	return n && fixers[f->code] ? fixers[f->code](m, n, f) : NULL;
}
