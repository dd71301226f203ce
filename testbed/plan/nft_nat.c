/* NAT by RFC 4787 behaviour, as nft rules.
 *
 * | mapping                          | rule                                                          |
 * | endpoint-independent, port kept  | masquerade: netfilter keeps the port while it is free          |
 * | endpoint-independent, new port   | masquerade random, then what was learned by (inside, port)     |
 * | address-dependent                | the same, learned by (inside, port, destination)               |
 * | address-and-port-dependent       | masquerade fully-random: every flow gets a port of its own     |
 *
 * | filtering                        | rule                                                          |
 * | address-and-port-dependent       | none: connection tracking lets in only what answers            |
 * | address-dependent                | destination NAT by the learned map, for remotes already spoken to |
 * | endpoint-independent             | destination NAT by the learned map, for anybody (full cone)    |
 *
 * Maps are learned in a chain after source NAT, from the connection's reply tuple: that is the outside
 * port that was really taken, also after a collision.  They concern UDP; TCP keeps netfilter's own
 * behaviour.  Hairpin packets (to the outside address, from inside) pass whatever the filtering is.
 */
#include "testbed/plan/build.h"

#define LEARNED_LIFETIME_MS 300000u /* RFC 4787 REQ-5: five minutes recommended */

struct nat_names {
	guint index; /* tells the maps of several rules of one node apart */
	const struct nat_rule *r;
	const struct iface *outside;
	char address[ADDR_TEXT_MAX]; /* IPv4 address of `outside`; empty: none */
};

static bool learns_ports(const struct nat_rule *r)
{
	return r->kind == NAT_MASQUERADE && (r->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT || r->hairpin);
}

/* A mapping netfilter does not do by itself. */
static bool learns_mapping(const struct nat_rule *r)
{
	if (r->kind != NAT_MASQUERADE)
		return false;
	return r->mapping == NAT_ADDRESS_DEPENDENT ||
	       (r->mapping == NAT_ENDPOINT_INDEPENDENT && !r->preserve_port);
}

static struct nat_names nat_names(const struct node *n, guint index)
{
	struct nat_names names = { .index = index, .r = n->nat->pdata[index] };

	names.outside = node_iface(n, names.r->out_iface);
	for (guint i = 0; names.outside && i < names.outside->addresses->len; i++) {
		const struct prefix *p = &g_array_index(names.outside->addresses, struct prefix, i);

		if (p->addr.family == AF_INET && names.address[0] == '\0')
			addr_print(&p->addr, names.address);
	}
	return names;
}

static void put_set(GString *out, const char *kind, const char *name, guint index, const char *type,
		    const struct nat_rule *r)
{
	unsigned lifetime_ms = r->udp_timeout_ms > 0 ? r->udp_timeout_ms : LEARNED_LIFETIME_MS;

	g_string_append_printf(out,
			       "\t%s tb_%s%u {\n\t\ttype %s\n\t\tflags dynamic,timeout\n\t\ttimeout %us\n"
			       "\t\tsize 65536\n\t}\n",
			       kind, name, index, type, (lifetime_ms + 999) / 1000);
}

static void put_sets(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;

	if (learns_ports(r))
		put_set(out, "map", "inside", names->index, "inet_service : ipv4_addr . inet_service", r);
	if (learns_ports(r) && r->filtering == NAT_ADDRESS_DEPENDENT)
		put_set(out, "set", "spoken", names->index, "inet_service . ipv4_addr", r);
	if (!learns_mapping(r))
		return;
	if (r->mapping == NAT_ADDRESS_DEPENDENT)
		put_set(out, "map", "mapping", names->index,
			"ipv4_addr . inet_service . ipv4_addr : ipv4_addr . inet_service", r);
	else
		put_set(out, "map", "mapping", names->index,
			"ipv4_addr . inet_service : ipv4_addr . inet_service", r);
}

/* --- destination NAT --- */

static void put_static_in(GString *out, const struct nat_rule *r)
{
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	g_string_append(out, "\t\t");
	if (!r->hairpin)
		g_string_append_printf(out, "iifname \"%s\" ", r->out_iface);
	g_string_append_printf(out, "ip daddr %s counter dnat to %s comment \"%s-in\"\n",
			       addr_print(&r->outside, outside), addr_print(&r->inside, inside), r->name);
}

static void put_learned_in(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;
	guint i = names->index;

	if (!learns_ports(r) || names->address[0] == '\0')
		return;
	if (r->hairpin)
		g_string_append_printf(
			out,
			"\t\tiifname != \"%s\" ip daddr %s meta l4proto udp counter dnat ip to udp "
			"dport map @tb_inside%u comment \"%s-hairpin\"\n",
			r->out_iface, names->address, i, r->name);
	if (r->filtering == NAT_ADDRESS_AND_PORT_DEPENDENT)
		return;
	g_string_append_printf(out, "\t\tiifname \"%s\" ip daddr %s meta l4proto udp ", r->out_iface,
			       names->address);
	if (r->filtering == NAT_ADDRESS_DEPENDENT)
		g_string_append_printf(out, "udp dport . ip saddr @tb_spoken%u ", i);
	g_string_append_printf(out, "counter dnat ip to udp dport map @tb_inside%u comment \"%s-in\"\n", i,
			       r->name);
}

static void put_prerouting(GString *out, const struct node *n)
{
	g_autoptr(GString) rules = g_string_new(NULL);

	for (guint i = 0; i < n->nat->len; i++) {
		struct nat_names names = nat_names(n, i);

		if (names.r->kind == NAT_STATIC)
			put_static_in(rules, names.r);
		else
			put_learned_in(rules, &names);
	}
	if (rules->len > 0)
		g_string_append_printf(out,
				       "\tchain tb_prerouting {\n\t\ttype nat hook prerouting priority -100\n"
				       "\t\tpolicy accept\n%s\t}\n",
				       rules->str);
}

/* --- source NAT --- */

static void put_static_out(GString *out, const struct nat_rule *r)
{
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	g_string_append_printf(out, "\t\toifname \"%s\" ip saddr %s counter snat to %s comment \"%s-out\"\n",
			       r->out_iface, addr_print(&r->inside, inside), addr_print(&r->outside, outside),
			       r->name);
	/* RFC 4787 REQ-9: a hairpinned packet has the external source. */
	if (r->hairpin)
		g_string_append_printf(
			out,
			"\t\tiifname != \"%s\" oifname != \"%s\" ct status dnat ip saddr %s counter snat "
			"to %s comment \"%s-hairpin\"\n",
			r->out_iface, r->out_iface, inside, outside, r->name);
}

static void put_mapping(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;
	const char *key = r->mapping == NAT_ADDRESS_DEPENDENT ? "ip saddr . udp sport . ip daddr"
							      : "ip saddr . udp sport";

	g_string_append_printf(out, "\t\toifname \"%s\" ", r->out_iface);
	nft_match_prefixes(out, "saddr", r->src, AF_INET);
	g_string_append_printf(
		out, "meta l4proto udp counter snat ip to %s map @tb_mapping%u comment \"%s-known\"\n", key,
		names->index, r->name);
}

static void put_masquerade(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;
	const char *flags = "";

	if (learns_mapping(r)) {
		put_mapping(out, names);
		flags = " random";
	} else if (r->mapping == NAT_ADDRESS_AND_PORT_DEPENDENT) {
		flags = " fully-random";
	}
	g_string_append_printf(out, "\t\toifname \"%s\" ", r->out_iface);
	nft_match_prefixes(out, "saddr", r->src, AF_INET);
	g_string_append_printf(out, "counter masquerade%s comment \"%s\"\n", flags, r->name);
	if (r->hairpin && names->address[0] != '\0')
		g_string_append_printf(
			out,
			"\t\tiifname != \"%s\" oifname != \"%s\" ct status dnat counter snat to %s comment "
			"\"%s-hairpin-source\"\n",
			r->out_iface, r->out_iface, names->address, r->name);
}

static void put_postrouting(GString *out, const struct node *n)
{
	g_string_append(
		out,
		"\tchain tb_postrouting {\n\t\ttype nat hook postrouting priority 100\n\t\tpolicy accept\n"
		"\t\tfib saddr type local counter accept comment \"own-traffic\"\n");
	for (guint i = 0; i < n->nat->len; i++) {
		const struct nat_rule *r = n->nat->pdata[i];

		if (r->kind == NAT_STATIC)
			put_static_out(out, r);
	}
	for (guint i = 0; i < n->nat->len; i++) {
		struct nat_names names = nat_names(n, i);

		if (names.r->kind == NAT_MASQUERADE)
			put_masquerade(out, &names);
	}
	g_string_append(out, "\t}\n");
}

/* --- learning --- */

static void put_update(GString *out, const struct nat_names *names, const char *set, const char *element)
{
	g_string_append_printf(out,
			       "\t\toifname \"%s\" meta l4proto udp ct direction original ct status snat "
			       "update @tb_%s%u { %s } "
			       "counter comment \"%s-%s\"\n",
			       names->r->out_iface, set, names->index, element, names->r->name, set);
}

static void put_learning_rules(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;

	if (learns_ports(r))
		put_update(out, names, "inside",
			   "ct reply proto-dst : ct original ip saddr . ct original proto-src");
	if (learns_ports(r) && r->filtering == NAT_ADDRESS_DEPENDENT)
		put_update(out, names, "spoken", "ct reply proto-dst . ip daddr");
	if (!learns_mapping(r))
		return;
	if (r->mapping == NAT_ADDRESS_DEPENDENT)
		put_update(out, names, "mapping",
			   "ct original ip saddr . ct original proto-src . ct original ip daddr : "
			   "ct reply ip daddr . ct reply proto-dst");
	else
		put_update(out, names, "mapping",
			   "ct original ip saddr . ct original proto-src : ct reply ip daddr . ct reply "
			   "proto-dst");
}

static void put_learning(GString *out, const struct node *n)
{
	g_autoptr(GString) rules = g_string_new(NULL);

	for (guint i = 0; i < n->nat->len; i++) {
		struct nat_names names = nat_names(n, i);

		put_learning_rules(rules, &names);
	}
	if (rules->len > 0)
		g_string_append_printf(out,
				       "\tchain tb_learn {\n\t\ttype filter hook postrouting priority 110\n"
				       "\t\tpolicy accept\n%s\t}\n",
				       rules->str);
}

void nft_nat_table(GString *out, const struct node *n)
{
	if (n->nat->len == 0)
		return;
	g_string_append(out, "table ip tb_nat\ndelete table ip tb_nat\ntable ip tb_nat {\n");
	for (guint i = 0; i < n->nat->len; i++) {
		struct nat_names names = nat_names(n, i);

		put_sets(out, &names);
	}
	put_prerouting(out, n);
	put_postrouting(out, n);
	put_learning(out, n);
	g_string_append(out, "}\n");
}

void nft_nat_forward(GString *out, const struct node *n)
{
	for (guint i = 0; i < n->nat->len; i++) {
		struct nat_names names = nat_names(n, i);
		const struct nat_rule *r = names.r;

		if (!learns_ports(r) || names.address[0] == '\0')
			continue;
		/* The original destination tells these from packets of a 1:1 NAT, which the node's own rules judge. */
		g_string_append_printf(
			out,
			"\t\tmeta l4proto udp ct status dnat ct original ip daddr %s counter accept comment "
			"\"%s-let-in\"\n",
			names.address, r->name);
	}
}
