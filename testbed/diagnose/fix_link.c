/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_rules.h"

#define ETHERNET_MTU_BYTES 1500u /* of an interface whose MTU is not set */

/* --- links and tunnels ------------------------------------------------------------------------ */

static const struct iface *iface_at_fault(const struct finding *f)
{
	return f->subject.kind == SUBJECT_IFACE ? f->subject.iface : NULL;
}

/* What the topology has up was set down by hand.  A restart takes back what was typed in at a node,
 * and the network is as its file says. */
static fix *fix_by_restart(const struct node *n)
{
	fix *x = fix_of("reboot: {node: %s}", n->name);

	x->restart = g_strdup(n->name);
	return x;
}

fix *fix_link(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct iface *iface = iface_at_fault(f);
	fix *x;

	if (!iface)
		return NULL;
	x = iface->up ? fix_by_restart(n) :
			fix_of("link-up: {node: %s, interface: %s}", n->name, iface->name);
	fix_add_in_lab(x, n, g_strdup_printf("ip link set dev %s up", iface->name),
		       g_strdup_printf("ip link set dev %s down", iface->name));
	fix_routes_of_link(x, n, iface);
	if (n->host_model == HOST_STRONG)
		fix_add_command(x, FIX_ON_WINDOWS,
				g_strdup_printf("Enable-NetAdapter -Name \"%s\"", iface->name));
	return x;
}

/* Without what the finding is about; the rest stays. */
static struct impairment relieved(const struct impairment *i, enum cause_code code)
{
	struct impairment rest = *i;

	if (code == CAUSE_LINK_LOSS) {
		rest.loss_pct = 0;
		rest.burst_packets = 0;
	} else if (code == CAUSE_LINK_DELAY) {
		rest.delay_us = rest.jitter_us = 0;
		rest.reorder_pct = 0;
	} else {
		rest.rate_kbit = rest.queue = 0;
	}
	return rest;
}

/* A line that loses, delays or is slow is mended by its owner: in the lab its impairment goes, and
 * there is no command for it. */
fix *fix_impairment(const model *m, const struct node *n, const struct finding *f)
{
	const struct impairment *i = f->iface ? node_impairment(m, n, f->iface) : NULL;
	g_autoptr(GString) change = g_string_new("set-impair: {");
	struct impairment rest;

	if (!i)
		return NULL;
	if (f->subject.kind == SUBJECT_NETWORK)
		g_string_append_printf(change, "network: %s", f->subject.name);
	else if (f->subject.kind == SUBJECT_TUNNEL)
		g_string_append_printf(change, "tunnel: %s", f->subject.tunnel->name);
	else
		g_string_append_printf(change, "node: %s, interface: %s", n->name, f->iface);
	rest = relieved(i, f->code);
	impairment_print_keys(&rest, change);
	return fix_of("%s}", change->str);
}

/* The largest MTU of the others on its network. */
fix *fix_mtu(const model *m, const struct node *n, const struct finding *f)
{
	const struct iface *iface = iface_at_fault(f);
	unsigned largest = 0;
	fix *x;

	for (guint i = 0; iface && i < m->nodes->len; i++) {
		const struct node *other = m->nodes->pdata[i];

		ptr_array_foreach(const struct iface, there, other->interfaces)
			if (there != iface && there->network == iface->network)
				largest = MAX(largest, there->mtu_bytes > 0 ? there->mtu_bytes :
									      ETHERNET_MTU_BYTES);
	}
	if (!iface || iface->mtu_bytes == 0 || largest <= iface->mtu_bytes)
		return NULL;
	x = fix_of("set-mtu: {node: %s, interface: %s, mtu: %uB}", n->name, iface->name, largest);
	fix_add_in_lab(x, n, g_strdup_printf("ip link set dev %s mtu %u", iface->name, largest),
		       g_strdup_printf("ip link set dev %s mtu %u", iface->name, iface->mtu_bytes));
	if (n->host_model == HOST_STRONG)
		fix_add_command(x, FIX_ON_WINDOWS,
				g_strdup_printf("netsh interface ipv4 set subinterface \"%s\" "
						"mtu=%u store=persistent",
						iface->name, largest));
	return x;
}

static const struct tunnel *tunnel_at_fault(const struct finding *f)
{
	return f->subject.kind == SUBJECT_TUNNEL ? f->subject.tunnel : NULL;
}

/* A tunnel that is down is so at both ends, unless one was set down by hand. */
fix *fix_tunnel(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct tunnel *t = tunnel_at_fault(f);
	fix *x;

	if (!t || (t->up && t->ends[0].node != n && t->ends[1].node != n))
		return NULL;
	x = t->up ? fix_by_restart(n) : fix_of("tunnel-up: {tunnel: %s}", t->name);
	for (const struct tunnel_end *end = t->ends; end < t->ends + 2; end++) {
		if (t->up && end->node != n)
			continue;
		fix_add_in_lab(x, end->node, g_strdup_printf("ip link set dev %s up", end->iface),
			       g_strdup_printf("ip link set dev %s down", end->iface));
		fix_routes_of_tunnel(x, end);
	}
	return x;
}

static bool behind(const struct tunnel_end *end, const struct addr *a)
{
	for (guint i = 0; i < end->prefixes->len; i++)
		if (prefix_contains(&g_array_index(end->prefixes, struct prefix, i), a))
			return true;
	return false;
}

/* Adds the prefix to the far end: it lies behind it and is not among its prefixes, so the
 * tunnel takes no packets to it here and accepts none from it. */
fix *fix_tunnel_prefix(const model *m, const struct node *n, const struct finding *f)
{
	const struct tunnel *t = tunnel_at_fault(f);
	const struct tunnel_end *far, *near;
	struct prefix p;
	char text[PREFIX_TEXT_MAX];
	fix *x;

	if (!t || (t->ends[0].node != n && t->ends[1].node != n) || !addr_is_set(&f->flow.dst))
		return NULL;
	near = &t->ends[t->ends[0].node == n ? 0 : 1];
	far = &t->ends[t->ends[0].node == n ? 1 : 0];
	p = model_prefix_of(m, behind(near, &f->flow.dst) ? &f->flow.src : &f->flow.dst);
	prefix_print(&p, text);
	x = fix_of("add-prefix: {tunnel: %s, node: %s, prefix: %s}", t->name, far->node_name, text);
	if (t->kind == TUNNEL_WIREGUARD)
		fix_add_command(
			x, FIX_ON_LINUX,
			g_strdup_printf("wg set %s peer \"$(wg show %s peers)\" allowed-ips +%s",
					near->iface, near->iface, text));
	return x;
}

/* --- NAT -------------------------------------------------------------------------------------- */

/* What RFC 4787 requires of a NAT and this one lacks (REQ-1, REQ-8, REQ-9); NULL: it has it. */
static const char *nat_setting(const struct nat_rule *r, enum cause_code code)
{
	if (code == CAUSE_HAIRPIN_UNSUPPORTED)
		return r->hairpin ? NULL : "hairpin: true";
	if (r->kind != NAT_MASQUERADE)
		return NULL;
	if (code == CAUSE_NAT_MAPPING_CHANGED)
		return r->mapping == NAT_ENDPOINT_INDEPENDENT ? NULL :
								"mapping: endpoint-independent";
	return r->filtering == NAT_ENDPOINT_INDEPENDENT ? NULL : "filtering: endpoint-independent";
}

fix *fix_nat(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct nat_rule *r = f->subject.kind == SUBJECT_NAT ? f->subject.nat : NULL;
	const char *setting = r ? nat_setting(r, f->code) : NULL;

	return setting ? fix_of("set-nat: {node: %s, nat: %s, %s}", n->name, r->name, setting) :
			 NULL;
}

#define UDP_TIMEOUT_S 120 /* RFC 4787 REQ-5: no less than two minutes */

/* The kernel has one timer for all NATs of a node. */
fix *fix_udp_timeout(const model *m G_GNUC_UNUSED, const struct node *n,
		     const struct finding *f G_GNUC_UNUSED)
{
	static const char *const keys[] = {"nf_conntrack_udp_timeout",
					   "nf_conntrack_udp_timeout_stream"};
	fix *x = fix_new();

	ptr_array_foreach(const struct nat_rule, r, n->nat)
		if (r->kind == NAT_MASQUERADE)
			fix_add_change(x, "set-nat: {node: %s, nat: %s, udp_timeout: %ds}", n->name,
				       r->name, UDP_TIMEOUT_S);
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		fix_add_command(x, FIX_ON_LINUX,
				g_strdup_printf("sysctl -w net.netfilter.%s=%d", keys[i],
						UDP_TIMEOUT_S));
	return x;
}
