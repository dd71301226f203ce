/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/fix_rules.h"

/* --- rules of firewalls ----------------------------------------------------------------------- */

static const struct fw_rule *rule_named(const struct node *n, const char *name)
{
	for (guint i = 0; name && i < n->firewall.rules->len; i++) {
		const struct fw_rule *r = n->firewall.rules->pdata[i];

		if (g_str_equal(r->name, name))
			return r;
	}
	return NULL;
}

/* "not-RULE", "not-forward-policy", with a number when there is such a rule already. */
static char *exception_name(const struct node *n, const struct subject *s)
{
	char *name = g_strdup_printf("not-%s", subject_counter(s));

	for (guint i = 2; rule_named(n, name); i++) {
		g_free(name);
		name = g_strdup_printf("not-%s-%u", subject_counter(s), i);
	}
	return name;
}

/* The server's port of the flow; 0: both ports are chosen at random.  A port that both ends
 * have is a tunnel's. */
static uint16_t fixed_port(const struct flow *f, bool *ret_is_source)
{
	bool is_tunnels = f->sport != 0 && f->sport == f->dport && f->sport != CLIENT_PORT;
	bool drawn_src = f->sport == 0 || f->sport >= 49152;
	bool drawn_dst = f->dport == 0 || (f->dport >= 49152 && !is_tunnels);

	*ret_is_source = drawn_dst && !drawn_src;
	if (!drawn_dst)
		return f->dport;
	return drawn_src ? 0 : f->sport;
}

static void add_rule_commands(fix *x, const struct node *n, enum fw_chain chain, const char *name,
			      const struct flow *f)
{
	bool is_source, in = chain == FW_INPUT;
	uint16_t port = fixed_port(f, &is_source);
	g_autofree char *ports =
		port > 0 ? g_strdup_printf(" %s %u", is_source ? "sport" : "dport", port) :
			   g_strdup("");
	g_autofree char *windows =
		port > 0 ?
			g_strdup_printf(" -%sPort %u", is_source == in ? "Remote" : "Local", port) :
			g_strdup("");
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	const char *proto = ip_proto_name(f->proto), *ip = f->dst.family == AF_INET6 ? "ip6" : "ip";
	g_autofree char *what = port > 0	      ? g_strconcat(" ", proto, ports, NULL) :
				f->proto != PROTO_ANY ? g_strconcat(" meta l4proto ", proto, NULL) :
							g_strdup("");

	addr_print(&f->src, src);
	addr_print(&f->dst, dst);
	fix_add_in_lab(x, n,
		       g_strdup_printf("nft insert rule inet tb_filter tb_%s %s saddr %s %s daddr "
				       "%s%s accept comment \\\"%s\\\"",
				       fw_chain_name(chain), ip, src, ip, dst, what, name),
		       g_strdup_printf("nft delete rule inet tb_filter tb_%s handle $(nft -a list "
				       "chain inet tb_filter tb_%s | sed -n "
				       "'s/.*comment \"%s\".* handle //p')",
				       fw_chain_name(chain), fw_chain_name(chain), name));
	if (n->host_model == HOST_STRONG && chain != FW_FORWARD)
		fix_add_command(x, FIX_ON_WINDOWS,
				g_strdup_printf("New-NetFirewallRule -DisplayName \"%s\" "
						"-Direction %s -Action Allow -Protocol %s%s "
						"-RemoteAddress %s",
						name, in ? "Inbound" : "Outbound", proto, windows,
						in ? src : dst));
}

/* The ports that the product's clients use for media, unless they are told others. */
#define MEDIA_PORTS "1024-65535"

/* Media between two ends: both ports are drawn, and both ends begin. */
static bool is_between_ends(const struct flow *f)
{
	bool is_source;

	return f->proto == PROTO_UDP && fixed_port(f, &is_source) == 0;
}

static void add_allowance(fix *x, const struct node *n, const char *name, enum fw_chain chain,
			  const struct flow *f, const char *ports)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	fix_add_change(x,
		       "allow: {node: %s, name: %s, chain: %s, src: [%s], dst: [%s], proto: %s%s}",
		       n->name, name, fw_chain_name(chain), addr_print(&f->src, src),
		       addr_print(&f->dst, dst), ip_proto_name(f->proto), ports);
}

static bool covers(const GArray *prefixes, const struct addr *a)
{
	for (guint i = 0; i < prefixes->len; i++) {
		if (prefix_contains(&g_array_index(prefixes, struct prefix, i), a))
			return true;
	}
	return prefixes->len == 0;
}

/* Whether the chain may stop the flow, whatever its interfaces and ports are. */
static bool may_refuse(const struct node *n, enum fw_chain chain, const struct flow *f)
{
	ptr_array_foreach(const struct fw_rule, r, n->firewall.rules) {
		bool all = r->sports->len + r->dports->len == 0 && !r->in_iface && !r->out_iface;

		if (r->chain != chain || (r->proto != PROTO_ANY && r->proto != f->proto) ||
		    !covers(r->src, &f->src) || !covers(r->dst, &f->dst))
			continue;
		if (r->action != FW_ACCEPT)
			return true;
		if (all)
			return false;
	}
	return n->firewall.policy[chain] != FW_ACCEPT;
}

/* The same in the other direction, which the other end begins. */
static void add_way_back(fix *x, const struct node *n, const char *name, enum fw_chain chain,
			 const struct flow *f)
{
	static const enum fw_chain other[FW_CHAIN_COUNT] = {
		[FW_INPUT] = FW_OUTPUT, [FW_OUTPUT] = FW_INPUT, [FW_FORWARD] = FW_FORWARD};
	g_autofree char *back = g_strconcat(name, "-back", NULL);
	struct flow turned = *f;

	turned.src = f->dst;
	turned.dst = f->src;
	if (!may_refuse(n, other[chain], &turned))
		return;
	add_allowance(x, n, back, other[chain], &turned, ", dports: [" MEDIA_PORTS "]");
	add_rule_commands(x, n, other[chain], back, &turned);
}

/* An exception in front of the rule, for this flow only: taking the rule away would open more than
 * the call needs. */
fix *fix_rule(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	g_autofree char *name = NULL, *ports = NULL;
	bool is_source, media = is_between_ends(&f->flow);
	uint16_t port = fixed_port(&f->flow, &is_source);
	enum fw_chain chain;
	fix *x;

	if (!subject_chain(&f->subject, &chain) || !addr_is_set(&f->flow.src) ||
	    !addr_is_set(&f->flow.dst))
		return NULL;
	name = exception_name(n, &f->subject);
	ports = port > 0 ? g_strdup_printf(", %s: [%u]", is_source ? "sports" : "dports", port) :
			   g_strdup(media ? ", dports: [" MEDIA_PORTS "]" : "");
	x = fix_new();
	add_allowance(x, n, name, chain, &f->flow, ports);
	add_rule_commands(x, n, chain, name, &f->flow);
	if (media)
		add_way_back(x, n, name, chain, &f->flow);
	return x;
}

/* --- the ports that a relay lends ------------------------------------------------------------- */

/* The Edge that lends this address and port; NULL: none does. */
static const struct edge_service *lender(const model *m, const struct addr *a, uint16_t port)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct service *s = node_service(m->nodes->pdata[i], SERVICE_EDGE);
		const struct edge_service *e = s ? &s->edge : NULL;

		if (e && port >= e->relay_ports.first && port <= e->relay_ports.last &&
		    (addr_equal(&e->av, a) || addr_equal(&e->av_public, a)))
			return e;
	}
	return NULL;
}

/* A call gets any of the relay's ports, so the exception is for all of them. */
fix *fix_relay_ports(const model *m, const struct node *n, const struct finding *f)
{
	const struct edge_service *from = lender(m, &f->flow.src, f->flow.sport);
	const struct edge_service *e = from ? from : lender(m, &f->flow.dst, f->flow.dport);
	char address[ADDR_TEXT_MAX];
	enum fw_chain chain;

	if (!e || !subject_chain(&f->subject, &chain))
		return NULL;
	return fix_of("allow: {node: %s, name: relay-ports, chain: %s, %s: "
		      "[%s], proto: udp, %s: [%u-%u]}",
		      n->name, fw_chain_name(chain), from ? "src" : "dst",
		      addr_print(from ? &f->flow.src : &f->flow.dst, address),
		      from ? "sports" : "dports", e->relay_ports.first, e->relay_ports.last);
}
