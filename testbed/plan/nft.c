/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ruleset of a node as nft text: firewall, bogon filter, and the strong host model's check of
 * received packets.  nft_nat.c makes the NAT table.
 *
 * A rule that inspects accepts a connection and marks it.  Marked connections are looked at before
 * the rule that accepts replies, until their first payload has decided; then the mark is taken off,
 * or the connection is reset.
 *
 * One statement a line, so that the line number in an error message of nft finds its rule.
 * Interfaces are matched by name at run time (iifname, oifname), because `iif` would be looked up
 * in the namespace of the process that loads the rules.  Every rule counts, and has its name as
 * comment. Table and chain names have a prefix, because nft has many keywords.
 */
#include "testbed/plan/build.h"

/* Addresses that no provider routes: RFC 1918, 6598, 1122 (3.2.1.3) and 3927; RFC 4193 and 4291. */
#define BOGON_IPV4                                                                                 \
	"{ 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16 " \
	"}"
#define BOGON_IPV6 "{ fc00::/7, fe80::/10 }"

/* Whether any of the prefixes is of that family (AF_INET, AF_INET6). */
static bool has_family(const GArray *prefixes, int family)
{
	for (guint i = 0; i < prefixes->len; i++)
		if (g_array_index(prefixes, struct prefix, i).addr.family == family)
			return true;
	return false;
}

void nft_match_prefixes(GString *out, const char *field, const GArray *prefixes, int family)
{
	const char *separator = "";
	char text[PREFIX_TEXT_MAX];

	if (!has_family(prefixes, family))
		return;
	g_string_append_printf(out, "%s %s { ", family == AF_INET6 ? "ip6" : "ip", field);
	for (guint i = 0; i < prefixes->len; i++) {
		struct prefix net = prefix_network(&g_array_index(prefixes, struct prefix, i));

		if (net.addr.family != family)
			continue;
		g_string_append_printf(out, "%s%s", separator, prefix_print(&net, text));
		separator = ", ";
	}
	g_string_append(out, " } ");
}

void nft_ports(GString *out, const char *field, const GArray *ports)
{
	g_string_append_printf(out, "%s { ", field);
	for (guint i = 0; i < ports->len; i++) {
		const struct port_range *r = &g_array_index(ports, struct port_range, i);

		g_string_append_printf(out, "%s%u", i > 0 ? ", " : "", r->first);
		if (r->last != r->first)
			g_string_append_printf(out, "-%u", r->last);
	}
	g_string_append(out, " } ");
}

/* Appends `PROTO FIELD { 80, 50000-50019 } `; nothing for an empty list (struct port_range). */
static void match_ports(GString *out, const char *proto, const char *field, const GArray *ports)
{
	if (ports->len == 0)
		return;
	g_string_append_printf(out, "%s ", proto);
	nft_ports(out, field, ports);
}

/* Appends what matches a rule's protocol and ports.  Ports imply their protocol; the model's
 * checker has made sure that they have one. */
static void match_proto(GString *out, const struct fw_rule *r)
{
	static const struct {
		const char *match, *ports;
	} protos[] = {
		[PROTO_ANY] = {"", "th"},
		[PROTO_TCP] = {"meta l4proto tcp ", "tcp"},
		[PROTO_UDP] = {"meta l4proto udp ", "udp"},
		[PROTO_ICMP] = {"meta l4proto { icmp, icmpv6 } ", "th"},
	};

	if (r->sports->len + r->dports->len == 0)
		g_string_append(out, protos[r->proto].match);
	match_ports(out, protos[r->proto].ports, "sport", r->sports);
	match_ports(out, protos[r->proto].ports, "dport", r->dports);
}

/* What the connections of a rule that inspects are marked with until they have sent something: its
 * number among those of its node, from 1.  0: it does not inspect. */
static unsigned inspection_mark(const struct firewall *fw, const struct fw_rule *rule)
{
	unsigned mark = 0;

	if (rule->inspect != INSPECT_TLS)
		return 0;
	ptr_array_foreach(const struct fw_rule, r, fw->rules) {
		mark += r->inspect == INSPECT_TLS;
		if (r == rule)
			break;
	}
	return mark;
}

/* The nft statement for the rule's action; TCP is refused by a reset, all else by ICMP. */
static const char *verdict_text(const struct fw_rule *r)
{
	switch (r->action) {
	case FW_ACCEPT:
		return "accept";
	case FW_DROP:
		return "drop";
	case FW_REJECT:
		break;
	}
	return r->proto == PROTO_TCP ? "reject with tcp reset" :
				       "reject with icmpx type admin-prohibited";
}

/* Appends one rule that matches its addresses of `family`; 0: it matches no addresses. */
static void put_rule(GString *out, const struct firewall *fw, const struct fw_rule *r, int family)
{
	unsigned mark = inspection_mark(fw, r);

	g_string_append(out, "\t\t");
	if (r->in_iface)
		g_string_append_printf(out, "iifname \"%s\" ", r->in_iface);
	if (r->out_iface)
		g_string_append_printf(out, "oifname \"%s\" ", r->out_iface);
	nft_match_prefixes(out, "saddr", r->src, family);
	nft_match_prefixes(out, "daddr", r->dst, family);
	match_proto(out, r);
	g_string_append(out, "counter ");
	if (mark > 0)
		g_string_append_printf(out, "ct mark set %u ", mark);
	g_string_append_printf(out, "%s comment \"%s\"\n", verdict_text(r), r->name);
}

/* Appends a rule once for each family that all of its address lists have; once without
 * addresses. */
static void put_rule_families(GString *out, const struct firewall *fw, const struct fw_rule *r)
{
	static const int families[] = {AF_INET, AF_INET6};

	if (r->src->len + r->dst->len == 0) {
		put_rule(out, fw, r, 0);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(families); i++)
		if ((r->src->len == 0 || has_family(r->src, families[i])) &&
		    (r->dst->len == 0 || has_family(r->dst, families[i])))
			put_rule(out, fw, r, families[i]);
}

/* Appends what decides about connections that the rule let begin: the first packet with a payload,
 * of either end, begins as a TLS record of a handshake (RFC 8446 section 5.1), or the connection is
 * reset.  A packet without payload matches neither line. */
static void put_inspection(GString *out, const struct firewall *fw, const struct fw_rule *r)
{
	unsigned mark = inspection_mark(fw, r);

	if (mark == 0)
		return;
	g_string_append_printf(
		out, "\t\tct mark %u @ih,0,16 0x1603 counter ct mark set 0 comment \"%s-tls\"\n",
		mark, r->name);
	g_string_append_printf(out,
			       "\t\tct mark %u @ih,0,16 != 0x1603 counter reject with tcp reset "
			       "comment \"%s" INSPECTION_COUNTER "\"\n",
			       mark, r->name);
}

/* The rules of one chain, in order, borrowed; the caller frees the array. */
static GPtrArray *chain_rules(const struct firewall *fw, enum fw_chain chain)
{
	GPtrArray *rules = g_ptr_array_new();

	ptr_array_foreach(struct fw_rule, r, fw->rules)
		if (r->chain == chain)
			g_ptr_array_add(rules, r);
	return rules;
}

/* How many rules come before the one that accepts replies.  In the output chain these are the drop
 * and reject rules at its start, so that a host's block also stops its answers; else none. */
static guint rules_before_replies(const GPtrArray *rules, enum fw_chain chain)
{
	guint n = 0;

	if (chain != FW_OUTPUT)
		return 0;
	while (n < rules->len && ((const struct fw_rule *)rules->pdata[n])->action != FW_ACCEPT)
		n++;
	return n;
}

/* Appends the rule for neighbour discovery, which is to IPv6 what ARP is to IPv4: no firewall may
 * drop it (RFC 4890 section 4.4.1), and here none does. */
static void put_neighbour_rule(GString *out, const struct node *n, enum fw_chain chain)
{
	struct addr a = node_address6(n);

	if (chain != FW_FORWARD && addr_is_set(&a))
		g_string_append(out, "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } "
				     "counter accept comment \"neighbours\"\n");
}

/* Appends the rules of one chain, with those for replies, loopback and NAT in their places: what a
 * node sends to itself no block stops. */
static void put_firewall_rules(GString *out, const struct builder *b, const struct node *n,
			       enum fw_chain chain, const GPtrArray *rules)
{
	guint first = rules_before_replies(rules, chain);

	if (chain == FW_OUTPUT)
		g_string_append(out, "\t\toifname \"lo\" counter accept comment \"loopback\"\n");
	put_neighbour_rule(out, n, chain);
	for (guint i = 0; i < first; i++)
		put_rule_families(out, &n->firewall, rules->pdata[i]);
	for (guint i = first; i < rules->len; i++)
		put_inspection(out, &n->firewall, rules->pdata[i]);
	if (n->firewall.stateful)
		g_string_append(out, "\t\tct state established,related counter accept comment "
				     "\"established\"\n");
	if (chain == FW_INPUT)
		g_string_append(out, "\t\tiifname \"lo\" counter accept comment \"loopback\"\n");
	if (chain == FW_FORWARD)
		nft_nat_forward(out, b, n);
	for (guint i = first; i < rules->len; i++)
		put_rule_families(out, &n->firewall, rules->pdata[i]);
	if (n->firewall.policy[chain] != FW_ACCEPT)
		g_string_append_printf(out, "\t\tcounter drop comment \"%s-policy\"\n",
				       fw_chain_name(chain));
}

static void put_bogon_rules(GString *out)
{
	g_string_append(out,
			"\t\tip saddr " BOGON_IPV4 " counter drop comment \"bogon-source\"\n"
			"\t\tip daddr " BOGON_IPV4 " counter drop comment \"bogon-destination\"\n"
			"\t\tip6 saddr " BOGON_IPV6 " counter drop comment \"bogon-source\"\n"
			"\t\tip6 daddr " BOGON_IPV6
			" counter drop comment \"bogon-destination\"\n");
}

/* Appends the strong host's rule: drop what arrives for an address of another interface. */
static void put_strong_receive(GString *out)
{
	g_string_append(out,
			"\t\tiifname != \"lo\" fib daddr type local fib daddr . iif type != local "
			"counter drop comment \"strong-host-receive\"\n");
}

/* Appends the rule that keeps coturn's relays from all own ports of the Edge but relays, as our own
 * relays keep to (edge/policy.h). */
static void put_relay_fence(GString *out, const struct edge_service *e)
{
	const struct {
		const char *family;
		const struct addr *av, *av_tcp;
	} rows[] = {{"ip", &e->av, &e->av_tcp}, {"ip6", &e->av6, &e->av_tcp6}};
	char av[ADDR_TEXT_MAX], av_tcp[ADDR_TEXT_MAX];

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		bool one = !addr_is_set(rows[i].av_tcp) || addr_equal(rows[i].av, rows[i].av_tcp);

		if (!addr_is_set(rows[i].av))
			continue;
		g_string_append_printf(out,
				       "\t\tiifname \"lo\" %s saddr { %s%s%s } udp sport %u-%u udp "
				       "dport != %u-%u counter drop comment \"relay-own-port\"\n",
				       rows[i].family, addr_print(rows[i].av, av), one ? "" : ", ",
				       one ? "" : addr_print(rows[i].av_tcp, av_tcp),
				       e->relay_ports.first, e->relay_ports.last,
				       e->relay_ports.first, e->relay_ports.last);
	}
}

/* Appends one chain with everything that belongs there; nothing when no rule is needed. */
static void put_filter_chain(GString *out, const struct builder *b, const struct node *n,
			     enum fw_chain chain)
{
	g_autoptr(GPtrArray) rules = chain_rules(&n->firewall, chain);
	bool filters = rules->len > 0 || n->firewall.policy[chain] != FW_ACCEPT;
	bool bogon = chain == FW_FORWARD && n->bogon_filter;
	bool strong = chain == FW_INPUT && n->host_model == HOST_STRONG;
	const struct edge_service *fenced = chain == FW_INPUT ? coturn_edge(n) : NULL;

	if (!filters && !bogon && !strong && !fenced)
		return;
	g_string_append_printf(
		out, "\tchain tb_%s {\n\t\ttype filter hook %s priority 0\n\t\tpolicy %s\n",
		fw_chain_name(chain), fw_chain_name(chain),
		n->firewall.policy[chain] == FW_ACCEPT ? "accept" : "drop");
	if (bogon)
		put_bogon_rules(out);
	if (strong)
		put_strong_receive(out);
	if (fenced)
		put_relay_fence(out, fenced);
	if (filters)
		put_firewall_rules(out, b, n, chain, rules);
	g_string_append(out, "\t}\n");
}

/* Appends the table with all filter chains; nothing when there is none. */
static void put_filter_table(GString *out, const struct builder *b, const struct node *n)
{
	g_autoptr(GString) chains = g_string_new(NULL);

	for (enum fw_chain c = FW_INPUT; c < FW_CHAIN_COUNT; c++)
		put_filter_chain(chains, b, n, c);
	if (chains->len == 0)
		return;
	/* Made, deleted and made again, so that the text can be loaded where the table exists. */
	g_string_append(
		out, "table inet tb_filter\ndelete table inet tb_filter\ntable inet tb_filter {\n");
	g_string_append(out, chains->str);
	g_string_append(out, "}\n");
}

/* Sets the UDP timeouts of the node's connection tracking, which are one for the whole namespace.
 * The kernel has these settings only after a ruleset that needs connection tracking is loaded. */
static void add_udp_timeouts(struct builder *b, const struct node *n)
{
	static const char *const keys[] = {"net.netfilter.nf_conntrack_udp_timeout",
					   "net.netfilter.nf_conntrack_udp_timeout_stream"};

	ptr_array_foreach(const struct nat_rule, r, n->nat) {
		for (gsize k = 0; r->udp_timeout_ms > 0 && k < G_N_ELEMENTS(keys); k++) {
			struct op *op = builder_add(b, OP_SYSCTL, n->name, r->loc);

			op->sysctl.key = g_strdup(keys[k]);
			op->sysctl.value = g_strdup_printf("%u", (r->udp_timeout_ms + 999) / 1000);
		}
	}
}

/* Keeps the node's own programs from the ports of coturn's relays, so that put_relay_fence stops
 * none of them. */
static void add_reserved_ports(struct builder *b, const struct node *n,
			       const struct edge_service *e)
{
	struct op *op = builder_add(b, OP_SYSCTL, n->name, n->loc);

	op->sysctl.key = g_strdup("net.ipv4.ip_local_reserved_ports");
	op->sysctl.value = g_strdup_printf("%u-%u", e->relay_ports.first, e->relay_ports.last);
}

void build_nft(struct builder *b, const struct node *n)
{
	g_autoptr(GString) text = g_string_new(NULL);

	put_filter_table(text, b, n);
	nft_nat_table(text, b, n);
	if (text->len == 0)
		return;
	builder_add(b, OP_NFT, n->name, n->loc)->nft.text = g_strdup(text->str);
	add_udp_timeouts(b, n);
	if (coturn_edge(n))
		add_reserved_ports(b, n, coturn_edge(n));
}
