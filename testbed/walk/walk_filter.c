/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/walk_filter.h"

/* --- matching --------------------------------------------------------------------------------- */

static bool in_prefixes(const GArray *prefixes, const struct addr *a)
{
	for (guint i = 0; i < prefixes->len; i++)
		if (prefix_contains(&g_array_index(prefixes, struct prefix, i), a))
			return true;
	return prefixes->len == 0;
}

static bool in_ports(const GArray *ports, uint16_t port)
{
	return ports->len == 0 || (port != 0 && port_ranges_contain(ports, port));
}

static bool is_iface(const char *wanted, const char *name)
{
	return !wanted || g_strcmp0(wanted, name) == 0;
}

static bool rule_matches(const struct fw_rule *r, const struct packet *p, const char *in,
			 const char *out)
{
	return is_iface(r->in_iface, in) && is_iface(r->out_iface, out) &&
	       in_prefixes(r->src, &p->at.src) && in_prefixes(r->dst, &p->at.dst) &&
	       (r->proto == PROTO_ANY || r->proto == p->proto) &&
	       in_ports(r->sports, p->at.sport) && in_ports(r->dports, p->at.dport);
}

/* --- filter ----------------------------------------------------------------------------------- */

static struct decision decided_by_rule(const struct fw_rule *r, const struct packet *p)
{
	return (struct decision){.action = p->plain && r->inspect == INSPECT_TLS ? FW_REJECT :
										   r->action,
				 .by = DECIDED_BY_RULE,
				 .chain = r->chain,
				 .rule = r};
}

static struct decision dropped_by(const char *builtin)
{
	return (struct decision){.action = FW_DROP,
				 .by = DECIDED_BY_BUILTIN,
				 .chain = FW_FORWARD,
				 .builtin = builtin};
}

static bool learns_ports(const struct nat_rule *r)
{
	return r->kind == NAT_MASQUERADE &&
	       (r->filtering != NAT_ADDRESS_AND_PORT_DEPENDENT || r->hairpin);
}

static bool is_outside(const struct knode *n, const struct nat_rule *r, const struct addr *a)
{
	const struct klink *outside = knode_link(n, r->out_iface);

	return outside && outside->state->addresses->len > 0 &&
	       addr_equal(&g_array_index(outside->state->addresses, struct prefix, 0).addr, a);
}

/* The NAT that let the packet in by a mapping which other remotes may use, or NULL: its firewall
 * lets such packets pass, of UDP and TCP. */
static const struct nat_rule *lets_in(const struct knode *n, const struct packet *p)
{
	bool learned = p->dnat && p->dnat->kind == NAT_MASQUERADE;

	for (guint i = 0;
	     i < n->model->nat->len && learned && (p->proto == PROTO_UDP || p->proto == PROTO_TCP);
	     i++) {
		const struct nat_rule *r = n->model->nat->pdata[i];

		if (learns_ports(r) && is_outside(n, r, &p->original.dst))
			return r;
	}
	return NULL;
}

static bool chain_asks(const struct firewall *fw, enum fw_chain chain)
{
	if (fw->policy[chain] != FW_ACCEPT)
		return true;
	for (guint i = 0; i < fw->rules->len; i++)
		if (((const struct fw_rule *)fw->rules->pdata[i])->chain == chain)
			return true;
	return false;
}

/* The first rule of the chain that matches.  `leading`: only the rules before the first that
 * accepts, which the output chain asks before it lets replies pass. */
static const struct fw_rule *first_match(const struct firewall *fw, enum fw_chain chain,
					 const struct packet *p, const char *in, const char *out,
					 bool leading)
{
	ptr_array_foreach(const struct fw_rule, r, fw->rules) {
		if (r->chain != chain)
			continue;
		if (leading && r->action == FW_ACCEPT)
			return NULL;
		if (rule_matches(r, p, in, out))
			return r;
	}
	return NULL;
}

static struct decision firewall_decides(const struct knode *n, enum fw_chain chain,
					const struct packet *p, const char *in, const char *out)
{
	const struct firewall *fw = &n->model->firewall;
	const struct fw_rule *r =
		chain == FW_OUTPUT ? first_match(fw, chain, p, in, out, true) : NULL;
	const struct nat_rule *nat;

	if (r)
		return decided_by_rule(r, p);
	if (fw->stateful && (p->answers || p->established))
		return (struct decision){
			.action = FW_ACCEPT, .by = DECIDED_BY_SESSION, .chain = chain};
	nat = chain == FW_FORWARD ? lets_in(n, p) : NULL;
	if (nat)
		return (struct decision){
			.action = FW_ACCEPT, .by = DECIDED_BY_NAT, .chain = chain, .nat = nat};
	r = first_match(fw, chain, p, in, out, false);
	if (r)
		return decided_by_rule(r, p);
	return (struct decision){
		.action = fw->policy[chain], .by = DECIDED_BY_POLICY, .chain = chain};
}

struct decision filter_packet(const struct knode *n, enum fw_chain chain, const struct packet *p,
			      const char *in, const char *out)
{
	if (chain == FW_FORWARD && n->model->bogon_filter) {
		if (addr_is_private(&p->at.src))
			return dropped_by("bogon-source");
		if (addr_is_private(&p->at.dst))
			return dropped_by("bogon-destination");
	}
	if (!chain_asks(&n->model->firewall, chain))
		return (struct decision){.action = FW_ACCEPT, .chain = chain};
	return firewall_decides(n, chain, p, in, out);
}

/* --- NAT -------------------------------------------------------------------------------------- */

static char *nat_text(const struct addr *now, const struct addr *before, const char *rule)
{
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	return g_strdup_printf("%s for %s (%s)", addr_print(now, a), addr_print(before, b), rule);
}

static char *translate(struct addr *field, const struct addr *to, const char *rule)
{
	struct addr before = *field;

	*field = *to;
	return nat_text(to, &before, rule);
}

static bool may_translate(const struct packet *p, const struct nat_rule *r)
{
	return r != p->without && p->translatable && !p->answers && p->at.dst.family == AF_INET;
}

bool ports_match(uint16_t a, uint16_t b)
{
	return a == b || a == 0 || b == 0;
}

/* Whether the NAT lets the packet, which came in by `in`, use that session's outside port.  A port
 * that the NAT does not keep for all destinations is known only to the session's own. */
static bool may_use(const struct nat_rule *r, const struct session *s, const struct packet *p,
		    const char *in)
{
	if (!addr_equal(&s->left.src, &p->at.dst) || addr_equal(&s->original.src, &s->left.src) ||
	    !ports_match(s->left.sport, p->at.dport))
		return false;
	if (g_strcmp0(in, r->out_iface) != 0)
		return r->hairpin;
	switch (r->filtering) {
	case NAT_ENDPOINT_INDEPENDENT:
		return true;
	case NAT_ADDRESS_DEPENDENT:
		return r->mapping == NAT_ENDPOINT_INDEPENDENT &&
		       addr_equal(&s->left.dst, &p->at.src);
	case NAT_ADDRESS_AND_PORT_DEPENDENT:
		break;
	}
	return false;
}

/* For a packet to the outside address of a masquerade. */
static char *let_in(const struct knode *n, const struct nat_rule *r, struct packet *p,
		    const char *in, GArray *sessions)
{
	array_foreach(const struct session, s, sessions) {
		if (s->node != n || !may_use(r, s, p, in))
			continue;
		p->at.dport = s->original.sport;
		p->dnat = r;
		return translate(&p->at.dst, &s->original.src, r->name);
	}
	if (r->hairpin && g_strcmp0(in, r->out_iface) != 0) {
		struct session mine = {n,
				       p->at,
				       {p->at.dst, p->at.dst, r->preserve_port ? p->at.sport : 0,
					p->at.dport}};

		g_array_append_val(sessions, mine);
	}
	return NULL;
}

/* Whether the packet is for what a 1:1 NAT or a forward leads inside. */
static bool leads_inside(const struct nat_rule *r, const struct packet *p)
{
	return r->kind != NAT_MASQUERADE && addr_equal(&p->at.dst, &r->outside) &&
	       (r->kind == NAT_STATIC ||
		(r->proto == p->proto && nat_forward_inside(r, p->at.dport) != 0));
}

const struct nat_rule *nat_refuses_hairpin(const struct knode *n, const struct packet *p,
					   const char *in)
{
	for (guint i = 0; i < n->model->nat->len && !p->answers; i++) {
		const struct nat_rule *r = n->model->nat->pdata[i];

		if (!r->hairpin && leads_inside(r, p) && g_strcmp0(in, r->out_iface) != 0)
			return r;
	}
	return NULL;
}

/* Translates the destination by a 1:1 NAT or a forward. */
static char *lead_inside(const struct nat_rule *r, struct packet *p)
{
	char inside[ADDR_PORT_TEXT_MAX], outside[ADDR_PORT_TEXT_MAX];
	struct tuple before = p->at;

	p->dnat = r;
	p->at.dst = r->inside;
	if (r->kind == NAT_FORWARD)
		p->at.dport = nat_forward_inside(r, before.dport);
	if (p->at.dport == before.dport)
		return nat_text(&p->at.dst, &before.dst, r->name);
	return g_strdup_printf("%s for %s (%s)", addr_port_print(&p->at.dst, p->at.dport, inside),
			       addr_port_print(&before.dst, before.dport, outside), r->name);
}

char *nat_prerouting(const struct knode *n, struct packet *p, const char *in, GArray *sessions)
{
	if (p->answers) {
		p->at.dport = p->answers->original.sport;
		if (addr_equal(&p->at.dst, &p->answers->original.src))
			return NULL;
		return translate(&p->at.dst, &p->answers->original.src, "session");
	}
	ptr_array_foreach(const struct nat_rule, r, n->model->nat)
		if (may_translate(p, r) && leads_inside(r, p) &&
		    (r->hairpin || g_strcmp0(in, r->out_iface) == 0))
			return lead_inside(r, p);
	ptr_array_foreach(const struct nat_rule, r, n->model->nat) {
		char *text = NULL;

		if (r->kind == NAT_MASQUERADE && may_translate(p, r) && p->proto != PROTO_ICMP &&
		    is_outside(n, r, &p->at.dst))
			text = let_in(n, r, p, in, sessions);
		if (text)
			return text;
	}
	return NULL;
}

/* Whether the packet came from inside and is sent back inside (RFC 4787 REQ-9). */
static bool is_hairpin(const struct nat_rule *r, const struct packet *p, const char *in,
		       const struct klink *out)
{
	return r->hairpin && p->dnat && g_strcmp0(in, r->out_iface) != 0 &&
	       !g_str_equal(out->state->name, r->out_iface);
}

static char *static_source(const struct nat_rule *r, struct packet *p, const char *in,
			   const struct klink *out)
{
	if (!addr_equal(&p->at.src, &r->inside))
		return NULL;
	if (!g_str_equal(out->state->name, r->out_iface) && !is_hairpin(r, p, in, out))
		return NULL;
	return translate(&p->at.src, &r->outside, r->name);
}

/* Whether a masquerade that has this outside address keeps the source port: not where it chooses
 * one at random, nor for a port that is forwarded. */
static bool keeps_port(const struct knode *n, const struct nat_rule *r, const struct addr *outside,
		       const struct packet *p)
{
	return r->mapping != NAT_ADDRESS_AND_PORT_DEPENDENT && r->preserve_port &&
	       !node_forward(n->model, outside, p->proto, p->at.sport);
}

/* What the inside host of a forward sends from a forwarded port keeps that port outside; what is
 * hairpinned gets the outside address as its source. */
static char *forward_source(const struct knode *n, const struct nat_rule *r, struct packet *p,
			    const char *in, const struct klink *out)
{
	uint16_t port = p->proto == r->proto && addr_equal(&p->at.src, &r->inside) ?
				nat_forward_outside(r, p->at.sport) :
				0;
	bool hairpin = is_hairpin(r, p, in, out);
	const struct nat_rule *masquerade = nat_at(n, &r->outside);

	if (port != 0 && (g_str_equal(out->state->name, r->out_iface) || hairpin)) {
		p->at.sport = port;
		return translate(&p->at.src, &r->outside, r->name);
	}
	if (!hairpin || p->dnat != r)
		return NULL;
	if (masquerade && !keeps_port(n, masquerade, &r->outside, p))
		p->at.sport = 0; /* the kernel chooses one at random */
	return translate(&p->at.src, &r->outside, r->name);
}

static char *masquerade(const struct knode *n, const struct nat_rule *r, struct packet *p,
			const char *in, const struct klink *out, const struct addr *next_hop)
{
	const struct klink *outside =
		is_hairpin(r, p, in, out) ? knode_link(n, r->out_iface) : NULL;
	struct addr source = {.family = 0};

	if (g_str_equal(out->state->name, r->out_iface) && in_prefixes(r->src, &p->at.src))
		source = klink_source(out, next_hop);
	else if (outside && outside->state->addresses->len > 0)
		source = g_array_index(outside->state->addresses, struct prefix, 0).addr;
	if (!addr_is_set(&source))
		return NULL;
	if (!keeps_port(n, r, &source, p))
		p->at.sport = 0; /* the kernel chooses one at random */
	return translate(&p->at.src, &source, r->name);
}

char *nat_postrouting(const struct knode *n, struct packet *p, const char *in,
		      const struct klink *out, const struct addr *next_hop)
{
	char *text = NULL;

	if (p->answers) {
		p->at.sport = p->answers->original.dport;
		if (addr_equal(&p->at.src, &p->answers->original.dst))
			return NULL;
		return translate(&p->at.src, &p->answers->original.dst, "session");
	}
	/* a node's own packets are never translated */
	if (knode_owns(n, &p->at.src))
		return NULL;
	for (int kind = NAT_STATIC; kind >= NAT_MASQUERADE; kind--) {
		for (guint i = 0; i < n->model->nat->len && !text; i++) {
			const struct nat_rule *r = n->model->nat->pdata[i];

			if ((int)r->kind != kind || !may_translate(p, r))
				continue;
			text = kind == NAT_STATIC  ? static_source(r, p, in, out) :
			       kind == NAT_FORWARD ? forward_source(n, r, p, in, out) :
						     masquerade(n, r, p, in, out, next_hop);
		}
	}
	return text;
}

const struct nat_rule *nat_at(const struct knode *n, const struct addr *a)
{
	ptr_array_foreach(const struct nat_rule, r, n->model->nat)
		if (r->kind == NAT_MASQUERADE && is_outside(n, r, a))
			return r;
	return NULL;
}
