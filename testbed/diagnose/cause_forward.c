/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_forward.h"

#include "testbed/diagnose/published.h"
#include "testbed/walk/gateway.h"

/* A packet that comes to a router, and what the router makes of its destination. */
struct crossing {
	const struct node *router;
	const struct hop *before, *here;
	enum ip_proto proto;
	const struct nat_rule *forward; /* of its port; NULL: none */
	const GArray *published;	/* struct published: what it is meant for */
};

static bool is_there(const struct published *p, const struct addr *a, uint16_t port)
{
	return addr_equal(&p->address, a) && p->port == port;
}

/* Whether the forward led it to none of the sockets that it is meant for. */
static bool led_elsewhere(const struct crossing *x)
{
	if (!x->forward || !addr_equal(&x->here->dst, &x->forward->inside))
		return false;
	array_foreach(const struct published, p, x->published)
		if (is_there(p, &x->here->dst, x->here->dport))
			return false;
	return true;
}

/* Whether the router is the first one of the service's site to get the packet, and nobody has a NAT
 * rule for the address: 1:1 NAT is missing. */
static bool nobody_translates(const model *m, const struct crossing *x)
{
	const struct published *p = &g_array_index(x->published, struct published, 0);
	const struct node *before = model_node(m, x->before->node);

	if (addr_equal(&p->address, &x->here->dst) || !x->router->forwarding || !x->router->site ||
	    g_strcmp0(x->router->site, p->node->site) != 0 || !before ||
	    g_strcmp0(before->site, p->node->site) == 0)
		return false;
	ptr_array_foreach(const struct node, n, m->nodes)
		if (node_has_address(n, &x->here->dst) || gateway_translates(n, &x->here->dst))
			return false;
	return true;
}

/* Whether the router took it for its own, or for somebody else's, though it is meant for another
 * node. */
static bool not_led(const model *m, const struct crossing *x)
{
	if (x->forward || !addr_equal(&x->here->dst, &x->before->dst) ||
	    (!node_has_address(x->router, &x->here->dst) && !nobody_translates(m, x)))
		return false;
	array_foreach(const struct published, p, x->published)
		if (p->node == x->router)
			return false;
	return true;
}

static void fill_in(struct finding *f, const struct crossing *x, enum cause_code code, char *why)
{
	f->code = code;
	f->node = g_strdup(x->router->name);
	f->why = why;
	f->direction = DIRECTION_THERE;
	f->flow = (struct flow){.src = x->before->src,
				.dst = x->before->dst,
				.proto = x->proto,
				.sport = x->before->sport,
				.dport = x->before->dport};
}

static const char *proto_text(enum ip_proto proto)
{
	return proto == PROTO_UDP ? "UDP" : "TCP";
}

static void set_wrong(struct finding *f, const struct crossing *x)
{
	const struct published *p = &g_array_index(x->published, struct published, 0);
	char led[ADDR_PORT_TEXT_MAX], public[ADDR_PORT_TEXT_MAX], right[ADDR_PORT_TEXT_MAX];

	fill_in(f, x, CAUSE_NAT_FORWARD_WRONG,
		g_strdup_printf("NAT %s of %s leads %s %s to %s, and the service of %s is at %s",
				x->forward->name, x->router->name, proto_text(x->proto),
				addr_port_print(&x->before->dst, x->before->dport, public),
				addr_port_print(&x->here->dst, x->here->dport, led), p->node->name,
				addr_port_print(&p->address, p->port, right)));
	f->subject = subject_nat(x->forward);
	finding_prove(f, "%s took the packet for %s to %s", x->router->name, public, led);
}

static void set_missing(struct finding *f, const struct crossing *x)
{
	const struct published *p = &g_array_index(x->published, struct published, 0);
	bool own = node_has_address(x->router, &x->before->dst);
	char public[ADDR_PORT_TEXT_MAX], right[ADDR_PORT_TEXT_MAX];

	fill_in(f, x, CAUSE_NAT_FORWARD_MISSING,
		g_strdup_printf("%s has no %s of %s %s, so it takes the packets for %s; the "
				"service of %s is at %s",
				x->router->name, own ? "port forward" : "NAT rule",
				proto_text(x->proto),
				addr_port_print(&x->before->dst, x->before->dport, public),
				own ? "its own" : "somebody else's", p->node->name,
				addr_port_print(&p->address, p->port, right)));
	f->iface = g_strdup(x->here->in);
	f->subject = (struct subject){.kind = SUBJECT_PORT,
				      .listener = {.address = x->before->dst,
						   .proto = x->proto,
						   .port = x->before->dport,
						   .service = p->edge ? SERVICE_EDGE :
									SERVICE_REVERSE_PROXY,
						   .part = EDGE_PART_COUNT}};
	finding_prove(f,
		      own ? "%s has the address %s itself, and no NAT rule of it for that port" :
			    "%s got the packet for %s, and no node has a NAT rule for it",
		      x->router->name, public);
}

bool cause_by_forward(const struct evidence *e, struct finding *f, const walk *w,
		      enum ip_proto proto)
{
	for (guint i = 1; i < w->hops->len; i++) {
		struct crossing x = {
			.before = w->hops->pdata[i - 1], .here = w->hops->pdata[i], .proto = proto};
		g_autoptr(GArray) published =
			published_at(e->model, &x.before->dst, proto, x.before->dport);

		x.router = model_node(e->model, x.here->node);
		if (!x.router || published->len == 0)
			continue;
		x.forward = node_forward(x.router, &x.before->dst, proto, x.before->dport);
		x.published = published;
		if (!led_elsewhere(&x) && !not_led(e->model, &x))
			continue;
		if (x.forward)
			set_wrong(f, &x);
		else
			set_missing(f, &x);
		return true;
	}
	return false;
}
