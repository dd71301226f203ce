/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT by RFC 4787 behaviour, as nft rules.
 *
 * Connection tracking alone does not remember enough.  Each NAT rule has sets (tb_NAME<number>):
 *
 * - ports: the outside ports that belong to a mapping; no other flow may have them (REQ-3)
 * - inside: outside port -> inside address and port, to which packets from outside are sent
 * - mapping: inside address and port -> outside ones, for endpoint-independent mapping
 * - mapping: the same with the destination in the key, for address-dependent mapping
 * - spoken: outside port and remote address, for address-dependent filtering
 *
 * A new flow from inside (chain tb_map<number>) gets the first of these that applies:
 *
 * - its mapping is known: that outside port
 * - its port belongs to a mapping, or the NAT does not preserve ports: a random port
 * - otherwise: its own port
 *
 * So a mapping that depends on the destination can keep the port for its first destination only.
 *
 * A new flow from outside to a port that belongs to a mapping:
 *
 * - endpoint-independent filtering: it enters
 * - address-dependent filtering: it enters if its source was spoken to from that port
 * - otherwise: it is dropped and counted
 *
 * It is dropped before the node's own input: there it would become a connection of the node itself,
 * which would take the port from the mapping.  Packets from inside for the outside address
 * (hairpin) are treated the same, except that with hairpinning they pass whatever the filtering is,
 * and their source gets a mapping like any other (REQ-9).
 *
 * The sets are filled in a chain after source NAT, from the connection's addresses and ports: only
 * there is the outside port known that was really taken, also after a collision.  Packets of both
 * directions renew the elements (REQ-6).  TCP is treated alike (RFC 5382); udp_timeout also ends
 * what was learned from TCP, but not its connections.
 *
 * `ports` repeats keys of `inside`, because kernels before 6.4 match no map as a set.
 */
#include "testbed/plan/nft_nat.h"

/* The kernel's own for UDP that was answered; RFC 4787 REQ-5 asks for no less. */
#define LEARNED_LIFETIME_MS 120000u

/* Whether the NAT must remember mappings; otherwise every new flow gets a new one. */
static bool learns_mapping(const struct nat_rule *r)
{
	return r->mapping != NAT_ADDRESS_AND_PORT_DEPENDENT;
}

/* Whether any packet of a new flow from outside can reach a mapping's inside address. */
static bool lets_in(const struct nat_rule *r)
{
	return r->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT || r->hairpin;
}

/* The names of the node's NAT rule number `index`; borrows from the model and `own_ports`. */
static struct nat_names nat_names(const struct builder *b, const struct node *n, guint index,
				  const char *own_ports)
{
	struct nat_names names = {
		.index = index, .r = n->nat->pdata[index], .own_ports = own_ports, .node = n};
	const struct prefix *p = node_prefix_on(b->m, n, names.r->out_iface, AF_INET);

	if (p)
		addr_print(&p->addr, names.address);
	return names;
}

/* The node's own UDP ports, those of its tunnels, as "{ 51820, ... }"; "" without.  The caller
 * frees it. */
static char *own_ports(const struct builder *b, const struct node *n)
{
	g_autoptr(GString) list = g_string_new(NULL);

	ptr_array_foreach(const struct tunnel, t, b->m->tunnels)
		if (t->port != 0 && (t->ends[0].node == n || t->ends[1].node == n))
			g_string_append_printf(list, "%s%u", list->len > 0 ? ", " : "", t->port);
	return list->len > 0 ? g_strdup_printf("{ %s }", list->str) : g_strdup("");
}

/* --- sets ------------------------------------------------------------------------------------- */

/* Appends a set or map (`kind`) whose elements expire as the rule's mappings do. */
static void put_set(GString *out, const char *kind, const char *name, const struct nat_names *names,
		    const char *type)
{
	unsigned lifetime_ms =
		names->r->udp_timeout_ms > 0 ? names->r->udp_timeout_ms : LEARNED_LIFETIME_MS;

	g_string_append_printf(
		out,
		"\t%s tb_%s%u {\n\t\ttype %s\n\t\tflags dynamic,timeout\n\t\ttimeout %us\n"
		"\t\tsize 65536\n\t}\n",
		kind, name, names->index, type, (lifetime_ms + 999) / 1000);
}

/* Appends the sets and maps that the rule's behaviour needs. */
static void put_sets(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;

	put_set(out, "set", "ports", names, "inet_proto . inet_service");
	if (lets_in(r))
		put_set(out, "map", "inside", names,
			"inet_proto . inet_service : ipv4_addr . inet_service");
	if (r->filtering == NAT_ADDRESS_DEPENDENT)
		put_set(out, "set", "spoken", names, "inet_proto . inet_service . ipv4_addr");
	if (r->mapping == NAT_ADDRESS_DEPENDENT)
		put_set(out, "map", "mapping", names,
			"inet_proto . ipv4_addr . inet_service . ipv4_addr : ipv4_addr . "
			"inet_service");
	else if (r->mapping == NAT_ENDPOINT_INDEPENDENT)
		put_set(out, "map", "mapping", names,
			"inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service");
}

/* --- destination NAT -------------------------------------------------------------------------- */

/* Appends destination NAT for a 1:1 rule. */
static void put_static_in(GString *out, const struct nat_rule *r)
{
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	g_string_append(out, "\t\t");
	if (!r->hairpin)
		g_string_append_printf(out, "iifname \"%s\" ", r->out_iface);
	g_string_append_printf(out, "ip daddr %s counter dnat to %s comment \"%s-in\"\n",
			       addr_print(&r->outside, outside), addr_print(&r->inside, inside),
			       r->name);
}

/* Appends destination NAT to mapped ports.  `from` is "" for packets from outside, "!= " for those
 * from inside; `which` is a further condition, or ""; `what` ends the rule's name. */
static void put_let_in(GString *out, const struct nat_names *names, const char *from,
		       const char *which, const char *what)
{
	g_string_append_printf(out,
			       "\t\tiifname %s\"%s\" ip daddr %s " PORTS
			       "%scounter dnat ip to meta l4proto . th "
			       "dport map @tb_inside%u comment \"%s-%s\"\n",
			       from, names->r->out_iface, names->address, which, names->index,
			       names->r->name, what);
}

/* Appends destination NAT for what a masquerading rule lets in. */
static void put_learned_in(GString *out, const struct nat_names *names)
{
	g_autofree char *spoken =
		g_strdup_printf("meta l4proto . th dport . ip saddr @tb_spoken%u ", names->index);

	if (names->r->hairpin)
		put_let_in(out, names, "!= ", "", "hairpin");
	if (names->r->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT)
		put_let_in(out, names, "",
			   names->r->filtering == NAT_ADDRESS_DEPENDENT ? spoken : "", "in");
}

/* --- source NAT ------------------------------------------------------------------------------- */

/* Appends source NAT for a 1:1 rule. */
static void put_static_out(GString *out, const struct nat_rule *r)
{
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	g_string_append_printf(
		out, "\t\toifname \"%s\" ip saddr %s counter snat to %s comment \"%s-out\"\n",
		r->out_iface, addr_print(&r->inside, inside), addr_print(&r->outside, outside),
		r->name);
	/* RFC 4787 REQ-9: a hairpinned packet has the external source. */
	if (r->hairpin)
		g_string_append_printf(out,
				       "\t\tiifname != \"%s\" oifname != \"%s\" ct status dnat ip "
				       "saddr %s counter snat "
				       "to %s comment \"%s-hairpin\"\n",
				       r->out_iface, r->out_iface, inside, outside, r->name);
}

/* Appends source NAT for every other flow.  Only TCP and UDP have ports to choose from. */
static void put_last_source(GString *out, const struct nat_names *names, const char *spare,
			    const char *lot)
{
	if (spare[0] != '\0')
		g_string_append_printf(out, "\t\t" PORTS "counter snat to %s%s %s comment \"%s\"\n",
				       names->address, spare, lot, names->r->name);
	g_string_append_printf(out, "\t\tcounter snat to %s%s%s comment \"%s\"\n", names->address,
			       lot[0] != '\0' ? " " : "", lot, names->r->name);
}

/* Appends the chain that chooses the outside port of a new flow (the second list above). */
static void put_map_chain(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;
	const char *lot = r->mapping == NAT_ADDRESS_AND_PORT_DEPENDENT ? "fully-random" : "random";
	g_autofree char *spare = nft_spare_ports(names);

	g_string_append_printf(out, "\tchain tb_map%u {\n", names->index);
	if (learns_mapping(r))
		g_string_append_printf(
			out,
			"\t\t" PORTS "counter snat ip to meta l4proto . ip saddr . th sport%s map "
			"@tb_mapping%u comment \"%s-known\"\n",
			r->mapping == NAT_ADDRESS_DEPENDENT ? " . ct original ip daddr" : "",
			names->index, r->name);
	if (r->preserve_port) {
		if (names->own_ports[0] != '\0')
			g_string_append_printf(
				out, "\t\tudp sport %s counter snat to %s%s %s comment \"%s\"\n",
				names->own_ports, names->address, spare, lot, r->name);
		nft_forwarded_sources(out, names, spare, lot);
		g_string_append_printf(
			out,
			"\t\t" PORTS
			"meta l4proto . th sport @tb_ports%u counter snat to %s%s %s comment "
			"\"%s\"\n",
			names->index, names->address, spare, lot, r->name);
		lot = "";
	}
	put_last_source(out, names, lot[0] != '\0' ? spare : "", lot);
	g_string_append(out, "\t}\n");
}

/* Appends the rules that send new flows to that chain. */
static void put_masquerade(GString *out, const struct nat_names *names)
{
	const struct nat_rule *r = names->r;

	g_string_append_printf(out, "\t\toifname \"%s\" ", r->out_iface);
	nft_match_prefixes(out, "saddr", r->src, AF_INET);
	g_string_append_printf(out, "counter jump tb_map%u comment \"%s-out\"\n", names->index,
			       r->name);
	if (!r->hairpin)
		return;
	g_string_append_printf(out, "\t\tiifname != \"%s\" oifname != \"%s\" ", r->out_iface,
			       r->out_iface);
	nft_match_prefixes(out, "saddr", r->src, AF_INET);
	g_string_append_printf(
		out,
		"ct status dnat ct original ip daddr %s counter jump tb_map%u comment "
		"\"%s-hairpin-source\"\n",
		names->address, names->index, r->name);
}

/* Appends the chain of source NAT: 1:1 rules, then forwards, then masquerades. */
static void put_postrouting(GString *out, const GArray *all)
{
	g_string_append(out, "\tchain tb_postrouting {\n\t\ttype nat hook postrouting priority "
			     "100\n\t\tpolicy accept\n"
			     "\t\tfib saddr type local counter accept comment \"own-traffic\"\n");
	for (int kind = NAT_STATIC; kind >= NAT_MASQUERADE; kind--) {
		array_foreach(const struct nat_names, names, all) {
			if ((int)names->r->kind != kind)
				continue;
			if (kind == NAT_STATIC)
				put_static_out(out, names->r);
			else if (kind == NAT_FORWARD)
				nft_forward_out(out, names->r, all);
			else if (names->address[0] != '\0')
				put_masquerade(out, names);
		}
	}
	g_string_append(out, "\t}\n");
}

/* --- learning --------------------------------------------------------------------------------- */

/* Appends the rule that adds `element` to a set of the rule, or renews it. */
static void put_update(GString *out, const struct nat_names *names, const char *set,
		       const char *element)
{
	g_string_append_printf(out,
			       "\t\t" PORTS "counter update @tb_%s%u { %s } comment \"%s-%s\"\n",
			       set, names->index, element, names->r->name, set);
}

/* Appends the chain that fills the rule's sets from a connection's addresses and ports. */
static void put_learn_chain(GString *out, const struct nat_names *names)
{
	g_string_append_printf(out, "\tchain tb_learn%u {\n", names->index);
	put_update(out, names, "ports", "meta l4proto . ct reply proto-dst");
	if (lets_in(names->r))
		put_update(out, names, "inside",
			   "meta l4proto . ct reply proto-dst : ct original ip saddr . ct original "
			   "proto-src");
	if (names->r->filtering == NAT_ADDRESS_DEPENDENT)
		put_update(out, names, "spoken",
			   "meta l4proto . ct reply proto-dst . ct original ip daddr");
	if (names->r->mapping == NAT_ADDRESS_DEPENDENT)
		put_update(out, names, "mapping",
			   "meta l4proto . ct original ip saddr . ct original proto-src . ct "
			   "original ip daddr : "
			   "ct reply ip daddr . ct reply proto-dst");
	else if (names->r->mapping == NAT_ENDPOINT_INDEPENDENT)
		put_update(out, names, "mapping",
			   "meta l4proto . ct original ip saddr . ct original proto-src : "
			   "ct reply ip daddr . ct reply proto-dst");
	g_string_append(out, "\t}\n");
}

/* Appends the rule that sends translated connections to that chain. */
static void put_learn(GString *out, const struct nat_names *names)
{
	g_string_append_printf(out, "\t\t" PORTS "ct status snat ct reply ip daddr %s ",
			       names->address);
	if (names->r->src->len > 0) {
		g_string_append(out, "ct original ");
		nft_match_prefixes(out, "saddr", names->r->src, AF_INET);
	}
	g_string_append_printf(out, "counter jump tb_learn%u comment \"%s-learn\"\n", names->index,
			       names->r->name);
}

/* --- what is not let in ----------------------------------------------------------------------- */

/* Appends the rules that drop what came to a mapped port and was not let in. */
static void put_refuse(GString *out, const struct nat_names *names)
{
	static const struct {
		const char *from, *what;
	} sides[] = {{"", "filtered"}, {"!= ", "no-hairpin"}};

	for (gsize i = 0; i < G_N_ELEMENTS(sides); i++) {
		g_string_append_printf(out, "\t\tiifname %s\"%s\" ip daddr %s ct state new ",
				       sides[i].from, names->r->out_iface, names->address);
		if (names->own_ports[0] != '\0')
			g_string_append_printf(out, "th dport != %s ", names->own_ports);
		g_string_append_printf(
			out,
			PORTS
			"meta l4proto . th dport @tb_ports%u counter drop comment \"%s-%s\"\n",
			names->index, names->r->name, sides[i].what);
	}
}

/* Appends the rule of a 1:1 NAT or forward without hairpinning that drops what comes from inside
 * for its outside address.  Routers of providers would send it back otherwise, and the NAT let it
 * in as from outside. */
static void put_no_hairpin(GString *out, const struct nat_rule *r)
{
	char outside[ADDR_TEXT_MAX];

	g_string_append_printf(out, "\t\tiifname != \"%s\" ip daddr %s ", r->out_iface,
			       addr_print(&r->outside, outside));
	if (r->kind == NAT_FORWARD)
		nft_forward_ports(out, r, "dport");
	g_string_append_printf(out, "ct state new counter drop comment \"%s-no-hairpin\"\n",
			       r->name);
}

/* --- the table -------------------------------------------------------------------------------- */

typedef void put_func(GString *out, const struct nat_names *names);

/* Appends destination NAT for a rule of any kind; nothing for an outside without address. */
static void put_incoming(GString *out, const struct nat_names *names)
{
	if (names->r->kind == NAT_STATIC)
		put_static_in(out, names->r);
	else if (names->r->kind == NAT_FORWARD)
		nft_forward_in(out, names->r);
	else if (names->address[0] != '\0')
		put_learned_in(out, names);
}

/* Appends what `put` makes of each masquerading rule that has an outside address. */
static void put_for_masquerades(GString *out, const GArray *all, put_func *put)
{
	array_foreach(const struct nat_names, names, all)
		if (names->r->kind == NAT_MASQUERADE && names->address[0] != '\0')
			put(out, names);
}

/* Appends a chain with these rules; nothing without rules. */
static void put_nat_chain(GString *out, const char *name, const char *hook, const GString *rules)
{
	if (rules->len > 0)
		g_string_append_printf(out, "\tchain %s {\n\t\ttype %s\n\t\tpolicy accept\n%s\t}\n",
				       name, hook, rules->str);
}

/* The names (struct nat_names) of all NAT rules of the node; the caller frees the array. */
static GArray *all_names(const struct builder *b, const struct node *n, const char *ports)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct nat_names));

	for (guint i = 0; i < n->nat->len; i++) {
		struct nat_names names = nat_names(b, n, i, ports);

		g_array_append_val(all, names);
	}
	return all;
}

void nft_nat_table(GString *out, const struct builder *b, const struct node *n)
{
	g_autofree char *ports = own_ports(b, n);
	g_autoptr(GArray) all = all_names(b, n, ports);
	g_autoptr(GString) in = g_string_new(NULL), learn = g_string_new(NULL),
			   refuse = g_string_new(NULL), turned = g_string_new(NULL);

	if (all->len == 0)
		return;
	g_string_append(out, "table ip tb_nat\ndelete table ip tb_nat\ntable ip tb_nat {\n");
	put_for_masquerades(out, all, put_sets);
	put_for_masquerades(out, all, put_map_chain);
	put_for_masquerades(out, all, put_learn_chain);
	/* what a masquerade has learned of an address goes after what is forwarded of it */
	for (int step = 0; step < 2; step++) {
		array_foreach(const struct nat_names, names, all) {
			if ((names->r->kind == NAT_MASQUERADE) != (step == 1))
				continue;
			put_incoming(in, names);
			if (step == 0 && !names->r->hairpin)
				put_no_hairpin(turned, names->r);
		}
	}
	put_nat_chain(out, "tb_no_hairpin", "filter hook prerouting priority -110", turned);
	put_nat_chain(out, "tb_prerouting", "nat hook prerouting priority -100", in);
	put_postrouting(out, all);
	put_for_masquerades(learn, all, put_learn);
	put_nat_chain(out, "tb_learn", "filter hook postrouting priority 110", learn);
	put_for_masquerades(refuse, all, put_refuse);
	put_nat_chain(out, "tb_refuse", "filter hook input priority -10", refuse);
	g_string_append(out, "}\n");
}

void nft_nat_forward(GString *out, const struct builder *b, const struct node *n)
{
	g_autoptr(GArray) all = all_names(b, n, "");

	array_foreach(const struct nat_names, names, all) {
		if (names->r->kind != NAT_MASQUERADE || !lets_in(names->r) ||
		    names->address[0] == '\0')
			continue;
		nft_let_in(out, names);
	}
}
