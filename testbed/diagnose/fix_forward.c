/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT rules: one that is missing is added, or its ports to a forward that there is; a forward that
 * leads elsewhere is led to the service; one that nobody needs is removed. */
#include "testbed/diagnose/fix_rules.h"
#include "testbed/diagnose/published.h"

#define STUN_PORT 3478

/* Appends "3478" or "50000-59999". */
static void add_range(GPtrArray *ports, guint first, guint last)
{
	g_ptr_array_add(ports, first == last ? g_strdup_printf("%u", first) :
					       g_strdup_printf("%u-%u", first, last));
}

/* Appends the ports of the range that are not forwarded yet, as "3478" or "50000-59999". */
static void add_missing(GPtrArray *ports, const struct node *n, const struct finding *f,
			struct port_range range)
{
	guint first = 0;

	for (guint port = range.first; port <= range.last + 1u; port++) {
		bool lacks = port <= range.last &&
			     !node_forward(n, &f->flow.dst, f->flow.proto, (uint16_t)port);

		if (lacks && first == 0)
			first = port;
		if (lacks || first == 0)
			continue;
		add_range(ports, first, port - 1);
		first = 0;
	}
}

/* The ports that the service needs and lacks; where one of a relay is missing, all of them. */
static GPtrArray *missing_ports(const struct node *n, const struct finding *f,
				const struct published *p)
{
	GPtrArray *ports = g_ptr_array_new_with_free_func(g_free);
	struct port_range one = {f->flow.dport, f->flow.dport}, stun = {STUN_PORT, STUN_PORT};

	if (f->flow.proto != PROTO_UDP) {
		add_missing(ports, n, f, one);
		return ports;
	}
	add_missing(ports, n, f, stun);
	add_missing(ports, n, f, p->edge->relay_ports);
	return ports;
}

/* The node's forward of the same address and protocol to that inside address, without another
 * inside port; NULL: none. */
static const struct nat_rule *same_forward(const struct node *n, const struct finding *f,
					   const struct published *p)
{
	ptr_array_foreach(const struct nat_rule, r, n->nat)
		if (r->kind == NAT_FORWARD && r->proto == f->flow.proto && r->to_port == 0 &&
		    addr_equal(&r->outside, &f->flow.dst) && addr_equal(&r->inside, &p->address) &&
		    p->port == f->flow.dport)
			return r;
	return NULL;
}

/* The interface that has the address. */
static const char *outside_iface(const struct node *n, const struct addr *a)
{
	ptr_array_foreach(const struct iface, iface, n->interfaces)
		if (iface_has_address(iface, a))
			return iface->name;
	return NULL;
}

static bool is_name_taken(const struct node *n, const char *name)
{
	ptr_array_foreach(const struct nat_rule, r, n->nat)
		if (g_str_equal(r->name, name))
			return true;
	ptr_array_foreach(const struct fw_rule, r, n->firewall.rules)
		if (g_str_equal(r->name, name))
			return true;
	return false;
}

/* Makes of it a name that no rule of the node has, and takes it over; the caller frees. */
static char *free_name(const struct node *n, char *name)
{
	while (is_name_taken(n, name)) {
		char *longer = g_strconcat(name, "-x", NULL);

		g_free(name);
		name = longer;
	}
	return name;
}

static char *free_name_of_port(const struct node *n, const struct finding *f)
{
	return free_name(n,
			 g_strdup_printf("to-%s-%u", ip_proto_name(f->flow.proto), f->flow.dport));
}

static fix *extend_forward(const struct node *n, const struct finding *f, const struct published *p,
			   const GPtrArray *ports)
{
	const struct nat_rule *r = same_forward(n, f, p);
	const char *iface = outside_iface(n, &f->flow.dst);
	g_autoptr(GString) all = g_string_new(NULL);
	g_autofree char *name = NULL, *to_port = NULL;
	char outside[ADDR_TEXT_MAX], inside[ADDR_TEXT_MAX];

	for (guint i = 0; r && i < r->ports->len; i++) {
		const struct port_range *had = &g_array_index(r->ports, struct port_range, i);

		g_string_append_printf(all, "%u-%u, ", had->first, had->last);
	}
	for (guint i = 0; i < ports->len; i++)
		g_string_append_printf(all, "%s%s", i > 0 ? ", " : "",
				       (const char *)ports->pdata[i]);
	if (r)
		return fix_of("set-nat: {node: %s, nat: %s, ports: [%s]}", n->name, r->name,
			      all->str);
	name = free_name_of_port(n, f);
	to_port =
		p->port != f->flow.dport ? g_strdup_printf(", to_port: %u", p->port) : g_strdup("");
	return !iface ? NULL :
			fix_of("add-nat: {node: %s, name: %s, forward: {outside: %s, "
			       "inside: %s, proto: %s, ports: [%s]%s}, out: %s}",
			       n->name, name, addr_print(&f->flow.dst, outside),
			       addr_print(&p->address, inside), ip_proto_name(f->flow.proto),
			       all->str, to_port, iface);
}

/* The whole address leads to the service: no router has it. */
static fix *add_static(const struct node *n, const struct finding *f, const struct published *p)
{
	g_autofree char *name = free_name(n, g_strdup("to-server"));
	char outside[ADDR_TEXT_MAX], inside[ADDR_TEXT_MAX];

	return fix_of("add-nat: {node: %s, name: %s, static: {inside: %s, "
		      "outside: %s}, out: %s, hairpin: true}",
		      n->name, name, addr_print(&p->address, inside),
		      addr_print(&f->flow.dst, outside), f->iface);
}

fix *fix_missing_forward(const model *m, const struct node *n, const struct finding *f)
{
	g_autoptr(GArray) all = published_at(m, &f->flow.dst, f->flow.proto, f->flow.dport);
	const struct published *p = all->len > 0 ? &g_array_index(all, struct published, 0) : NULL;
	g_autoptr(GPtrArray) ports = p ? missing_ports(n, f, p) : NULL;

	if (p && f->iface && !outside_iface(n, &f->flow.dst))
		return add_static(n, f, p);
	return p && ports->len > 0 ? extend_forward(n, f, p, ports) : NULL;
}

/* The ports of the rule without this one. */
static char *other_ports(const struct nat_rule *r, uint16_t port)
{
	g_autoptr(GPtrArray) ports = g_ptr_array_new_with_free_func(g_free);

	array_foreach(const struct port_range, had, r->ports) {
		if (port < had->first || port > had->last)
			add_range(ports, had->first, had->last);
		if (port > had->first && port <= had->last)
			add_range(ports, had->first, port - 1);
		if (port >= had->first && port < had->last)
			add_range(ports, port + 1, had->last);
	}
	g_ptr_array_add(ports, NULL);
	return g_strjoinv(", ", (char **)ports->pdata);
}

/* One of several ports leads to another inside port: it gets a rule of its own. */
static fix *split_forward(const struct node *n, const struct finding *f, const struct published *p,
			  const struct nat_rule *r)
{
	g_autofree char *rest = other_ports(r, f->flow.dport), *name = free_name_of_port(n, f);
	char outside[ADDR_TEXT_MAX], inside[ADDR_TEXT_MAX];
	fix *x = fix_of("set-nat: {node: %s, nat: %s, ports: [%s]}", n->name, r->name, rest);

	fix_add_change(
		x,
		"add-nat: {node: %s, name: %s, forward: {outside: %s, inside: %s, proto: %s, "
		"ports: [%u], to_port: %u}, out: %s%s}",
		n->name, name, addr_print(&r->outside, outside), addr_print(&p->address, inside),
		ip_proto_name(r->proto), f->flow.dport, p->port, r->out_iface,
		r->hairpin ? ", hairpin: true" : "");
	return x;
}

fix *fix_wrong_forward(const model *m, const struct node *n, const struct finding *f)
{
	g_autoptr(GArray) all = published_at(m, &f->flow.dst, f->flow.proto, f->flow.dport);
	const struct nat_rule *r = f->subject.kind == SUBJECT_NAT ? f->subject.nat : NULL;
	const struct published *p = all->len > 0 ? &g_array_index(all, struct published, 0) : NULL;
	const struct port_range *first = r ? &g_array_index(r->ports, struct port_range, 0) : NULL;
	bool other_port = r && p && nat_forward_inside(r, f->flow.dport) != p->port;
	g_autoptr(GString) change = NULL;
	char inside[ADDR_TEXT_MAX];

	if (!r || !p)
		return NULL;
	if (other_port && (r->ports->len > 1 || first->first != first->last))
		return split_forward(n, f, p, r);
	change = g_string_new(NULL);
	g_string_append_printf(change, "set-nat: {node: %s, nat: %s", n->name, r->name);
	if (!addr_equal(&r->inside, &p->address))
		g_string_append_printf(change, ", inside: %s", addr_print(&p->address, inside));
	if (other_port)
		g_string_append_printf(change, ", to_port: %u", p->port);
	return fix_of("%s}", change->str);
}

/* NAT for the network of those sources. */
fix *fix_untranslated(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	g_autofree char *name = free_name(n, g_strdup_printf("nat-%s", f->iface));
	struct prefix network = prefix_network(&f->prefix);
	char text[PREFIX_TEXT_MAX];

	return fix_of("add-nat: {node: %s, name: %s, masquerade: %s, src: [%s]}", n->name, name,
		      f->iface, prefix_print(&network, text));
}

fix *fix_unwanted_nat(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct nat_rule *r = f->subject.kind == SUBJECT_NAT ? f->subject.nat : NULL;

	return r ? fix_of("remove-nat: {node: %s, nat: %s}", n->name, r->name) : NULL;
}
