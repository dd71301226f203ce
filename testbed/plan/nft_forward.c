/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A forward is a mapping that never ends, of the ports that it names: what comes to them from
 * outside goes inside, and what the inside host sends from them leaves with them.  So no flow of a
 * masquerade with the same outside address may have one of these ports.  The node's own rules judge
 * what is forwarded, as they do with a 1:1 NAT; they see the inside address and port.
 */
#include "testbed/plan/nft_nat.h"

#include <string.h>

#define UNPRIVILEGED_PORT 1024

/* --- the forward itself ----------------------------------------------------------------------- */

void nft_forward_ports(GString *out, const struct nat_rule *forward, const char *field)
{
	g_string_append_printf(out, "%s ", ip_proto_name(forward->proto));
	nft_ports(out, field, forward->ports);
}

/* Whether the masquerade's outside address is one that the rule forwards ports of. */
static bool shares_address(const struct nat_names *masquerade, const struct nat_rule *r)
{
	char outside[ADDR_TEXT_MAX];

	return r->kind == NAT_FORWARD &&
	       g_str_equal(masquerade->address, addr_print(&r->outside, outside));
}

void nft_forward_in(GString *out, const struct nat_rule *r)
{
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	g_string_append(out, "\t\t");
	if (!r->hairpin)
		g_string_append_printf(out, "iifname \"%s\" ", r->out_iface);
	g_string_append_printf(out, "ip daddr %s ", addr_print(&r->outside, outside));
	nft_forward_ports(out, r, "dport");
	g_string_append_printf(out, "counter dnat to %s", addr_print(&r->inside, inside));
	if (r->to_port != 0)
		g_string_append_printf(out, ":%u", r->to_port);
	g_string_append_printf(out, " comment \"%s-in\"\n", r->name);
}

/* Appends source NAT for what the inside host of a forward sends from a forwarded port. */
static void put_forward_from(GString *out, const struct nat_rule *r, const char *which,
			     const char *what)
{
	const struct port_range *first = &g_array_index(r->ports, struct port_range, 0);
	char inside[ADDR_TEXT_MAX], outside[ADDR_TEXT_MAX];

	g_string_append_printf(out, "\t\t%sip saddr %s ", which, addr_print(&r->inside, inside));
	if (r->to_port != 0)
		g_string_append_printf(out, "%s sport %u ", ip_proto_name(r->proto), r->to_port);
	else
		nft_forward_ports(out, r, "sport");
	g_string_append_printf(out, "counter snat to %s", addr_print(&r->outside, outside));
	if (r->to_port != 0)
		g_string_append_printf(out, ":%u", first->first);
	g_string_append_printf(out, " comment \"%s-%s\"\n", r->name, what);
}

/* Appends what gives a hairpinned flow its source: the mapping of the masquerade that has the same
 * outside address, or that address. */
static void put_hairpin_source(GString *out, const struct nat_rule *forward, const GArray *all)
{
	char outside[ADDR_TEXT_MAX];

	array_foreach(const struct nat_names, names, all) {
		if (names->r->kind == NAT_MASQUERADE && shares_address(names, forward)) {
			g_string_append_printf(out, "jump tb_map%u", names->index);
			return;
		}
	}
	g_string_append_printf(out, "snat to %s", addr_print(&forward->outside, outside));
}

void nft_forward_out(GString *out, const struct nat_rule *r, const GArray *all)
{
	g_autofree char *leaves = g_strdup_printf("oifname \"%s\" ", r->out_iface);
	g_autofree char *turned = g_strdup_printf(
		"iifname != \"%s\" oifname != \"%s\" ct status dnat ", r->out_iface, r->out_iface);
	char outside[ADDR_TEXT_MAX];

	put_forward_from(out, r, leaves, "out");
	if (!r->hairpin)
		return;
	put_forward_from(out, r, turned, "hairpin");
	addr_print(&r->outside, outside);
	g_string_append_printf(out, "\t\t%sct original ip daddr %s meta l4proto %s ct original ",
			       turned, outside, ip_proto_name(r->proto));
	nft_ports(out, "proto-dst", r->ports);
	g_string_append(out, "counter ");
	put_hairpin_source(out, r, all);
	g_string_append_printf(out, " comment \"%s-hairpin-source\"\n", r->name);
}

/* --- beside a masquerade ---------------------------------------------------------------------- */

char *nft_spare_ports(const struct nat_names *names)
{
	g_autofree bool *taken = g_new0(bool, G_MAXUINT16 + 2);
	guint first = 0, best = 0, best_first = 0;
	bool any = false;

	ptr_array_foreach(const struct nat_rule, r, names->node->nat) {
		for (guint i = 0; shares_address(names, r) && i < r->ports->len; i++) {
			const struct port_range *p = &g_array_index(r->ports, struct port_range, i);

			any = true;
			memset(&taken[p->first], true, (gsize)(p->last - p->first) + 1);
		}
	}
	if (!any)
		return g_strdup("");
	taken[G_MAXUINT16 + 1] = true;
	for (guint port = UNPRIVILEGED_PORT; port <= G_MAXUINT16 + 1u; port++) {
		if (!taken[port]) {
			first = first > 0 ? first : port;
			continue;
		}
		if (first > 0 && port - first > best) {
			best = port - first;
			best_first = first;
		}
		first = 0;
	}
	return best > 0 ? g_strdup_printf(":%u-%u", best_first, best_first + best - 1) :
			  g_strdup("");
}

void nft_forwarded_sources(GString *out, const struct nat_names *names, const char *spare,
			   const char *lot)
{
	ptr_array_foreach(const struct nat_rule, r, names->node->nat) {
		if (!shares_address(names, r))
			continue;
		g_string_append(out, "\t\t");
		nft_forward_ports(out, r, "sport");
		g_string_append_printf(out, "counter snat to %s%s %s comment \"%s\"\n",
				       names->address, spare, lot, names->r->name);
	}
}

/* Appends the ports of the protocol that are forwarded of the masquerade's outside address
 * (struct port_range). */
static GArray *forwarded_ports(const struct nat_names *names, enum ip_proto proto)
{
	GArray *ports = g_array_new(FALSE, FALSE, sizeof(struct port_range));

	ptr_array_foreach(const struct nat_rule, r, names->node->nat)
		if (shares_address(names, r) && r->proto == proto)
			g_array_append_vals(ports, r->ports->data, r->ports->len);
	return ports;
}

void nft_let_in(GString *out, const struct nat_names *names)
{
	static const enum ip_proto protos[] = {PROTO_TCP, PROTO_UDP};
	g_autoptr(GArray) tcp = forwarded_ports(names, PROTO_TCP);
	g_autoptr(GArray) udp = forwarded_ports(names, PROTO_UDP);
	const GArray *const ports[] = {tcp, udp};

	if (tcp->len + udp->len == 0) {
		g_string_append_printf(out,
				       "\t\t" PORTS "ct status dnat ct original ip daddr %s "
				       "counter accept comment \"%s-let-in\"\n",
				       names->address, names->r->name);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(protos); i++) {
		g_string_append_printf(out,
				       "\t\tmeta l4proto %s ct status dnat ct original ip "
				       "daddr %s ",
				       ip_proto_name(protos[i]), names->address);
		if (ports[i]->len > 0)
			nft_ports(out, "ct original proto-dst !=", ports[i]);
		g_string_append_printf(out, "counter accept comment \"%s-let-in\"\n",
				       names->r->name);
	}
}
