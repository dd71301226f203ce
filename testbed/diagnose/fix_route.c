/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/fix_rules.h"
#include "testbed/walk/gateway.h"

/* --- a missing route -------------------------------------------------------------------------- */

static char *netmask(uint8_t len)
{
	guint32 bits = len == 0 ? 0 : G_MAXUINT32 << (32 - len);

	return g_strdup_printf("%u.%u.%u.%u", bits >> 24, bits >> 16 & 255, bits >> 8 & 255,
			       bits & 255);
}

static void add_route_commands(fix *x, const struct node *n, const struct prefix *p, const char *to,
			       const char *via, const char *dev)
{
	char network[ADDR_TEXT_MAX], windows[PREFIX_TEXT_MAX];
	g_autofree char *mask = NULL;

	prefix_print(p, windows); /* Windows has no word "default" */
	g_ptr_array_add(x->commands,
			g_strdup_printf("ip route add %s via %s dev %s", to, via, dev));
	if (n->host_model != HOST_STRONG || p->addr.family != AF_INET)
		return;
	addr_print(&p->addr, network);
	mask = netmask(p->len);
	g_ptr_array_add(x->commands,
			g_strdup_printf("route add -p %s mask %s %s", network, mask, via));
	g_ptr_array_add(
		x->commands,
		g_strdup_printf("netsh interface ipv4 add route %s \"%s\" %s store=persistent",
				windows, dev, via));
	g_ptr_array_add(
		x->commands,
		g_strdup_printf(
			"New-NetRoute -DestinationPrefix \"%s\" -InterfaceAlias \"%s\" -NextHop %s",
			windows, dev, via));
}

static const struct route *route_to(const struct node *n, const struct prefix *to)
{
	ptr_array_foreach(const struct route, r, n->routes)
		if (prefix_equal(&r->to, to))
			return r;
	return NULL;
}

/* A route by that gateway, in place of `old` (NULL: there is none). */
static fix *fix_by_gateway(const struct node *n, const struct prefix *p, const struct gateway *g,
			   const struct route *old)
{
	struct prefix network = prefix_network(p);
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];
	fix *x;

	bool is_v4_default = prefix_is_default(&network) && network.addr.family == AF_INET;
	g_autofree char *word =
		NULL; /* in the file, where a text that begins with a colon needs quotes */

	prefix_print(&network, to);
	if (is_v4_default)
		g_strlcpy(to, "default", sizeof to);
	addr_print(&g->address, via);
	word = to[0] == ':' ? g_strdup_printf("\"%s\"", to) : g_strdup(to);
	x = fix_new(g_strdup_printf(
		"%s%s%s%s%s- add-route: {node: %s, to: %s, via: %s, dev: %s, persistent: true}\n",
		old ? "- remove-route: {node: " : "", old ? n->name : "", old ? ", to: " : "",
		old ? word : "", old ? "}\n" : "", n->name, word, via, g->iface));
	if (old)
		g_ptr_array_add(x->commands, g_strdup_printf("ip route del %s", to));
	add_route_commands(x, n, &network, to, via, g->iface);
	return x;
}

/* The node's most specific route to `dst`; with `via` only those by that gateway. */
static const struct route *route_for(const struct node *n, const struct addr *dst,
				     const struct addr *via)
{
	const struct route *best = NULL;

	ptr_array_foreach(const struct route, r, n->routes)
		if (prefix_contains(&r->to, dst) && (!via || addr_equal(&r->via, via)) &&
		    (!best || r->to.len > best->to.len))
			best = r;
	return best;
}

/* Adds a route to each other outside address of this router's 1:1 NAT that the node has no
 * route to: where one was forgotten, so were the others. */
static void add_translated(fix *x, const struct node *n, const struct node *router,
			   const struct prefix *p, const struct gateway *g)
{
	ptr_array_foreach(const struct nat_rule, r, router->nat) {
		struct prefix to = {.addr = r->outside, .len = p->len};
		g_autofree char *before = NULL;
		g_autoptr(fix) more = NULL;

		if (r->kind != NAT_STATIC || prefix_equal(&to, p) || route_for(n, &to.addr, NULL))
			continue;
		more = fix_by_gateway(n, &to, g, NULL);
		before = x->change;
		x->change = g_strconcat(before, more->change, NULL);
		for (guint k = 0; k < more->commands->len; k++)
			g_ptr_array_add(x->commands, g_strdup(more->commands->pdata[k]));
	}
}

fix *fix_route(const model *m, const struct node *n, const struct finding *f)
{
	struct gateway g;
	fix *x;

	if (f->prefix.addr.family == 0 || !gateway_find(m, n, f->iface, &f->prefix, &g))
		return NULL;
	x = fix_by_gateway(n, &f->prefix, &g, route_to(n, &f->prefix));
	for (guint i = 0; f->prefix.len == addr_bits(&f->prefix.addr) && i < m->nodes->len; i++) {
		const struct node *router = m->nodes->pdata[i];

		if (gateway_translates(router, &f->prefix.addr))
			add_translated(x, n, router, &f->prefix, &g);
	}
	return x;
}

/* The same route again, as a persistent one. */
fix *fix_persistence(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const struct route *r = f->subject.kind == SUBJECT_ROUTE ? f->subject.route.declared : NULL;
	g_autofree char *remove = NULL, *by = NULL, *dev = NULL;
	char via[ADDR_TEXT_MAX], to[PREFIX_TEXT_MAX];
	fix *x;

	if (!r)
		return NULL;
	prefix_print(&r->to, to);
	if (g_ptr_array_find(n->routes, r, NULL))
		remove = g_strdup_printf("- remove-route: {node: %s, to: %s}\n", n->name, to);
	by = addr_is_set(&r->via) ? g_strdup_printf(", via: %s", addr_print(&r->via, via)) :
				    g_strdup("");
	dev = r->dev ? g_strdup_printf(", dev: %s", r->dev) : g_strdup("");
	x = fix_new(g_strdup_printf("%s- add-route: {node: %s, to: %s%s%s, persistent: true}\n",
				    remove ? remove : "", n->name, to, by, dev));
	if (addr_is_set(&r->via) && r->dev)
		add_route_commands(x, n, &r->to, to, via, r->dev);
	return x;
}

/* Replaces a wrong route by one with the right gateway, or removes it where none is known. */
static fix *fix_wrong_route(const model *m, const struct node *n, const struct route *r)
{
	struct gateway g;
	char to[PREFIX_TEXT_MAX];
	fix *x;

	if (gateway_find(m, n, NULL, &r->to, &g) && !addr_equal(&g.address, &r->via))
		return fix_by_gateway(n, &r->to, &g, r);
	prefix_print(&r->to, to);
	x = fix_new(g_strdup_printf("- remove-route: {node: %s, to: %s}\n", n->name, to));
	g_ptr_array_add(x->commands, g_strdup_printf("ip route del %s", to));
	return x;
}

fix *fix_dead_gateway(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = f->subject.kind == SUBJECT_ADDRESS ?
					route_for(n, &f->flow.dst, &f->subject.address) :
					NULL;

	return r ? fix_wrong_route(m, n, r) : NULL;
}

fix *fix_loop(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = route_for(n, &f->flow.dst, NULL);
	struct gateway g;

	if (r && gateway_find(m, n, f->iface, &f->prefix, &g))
		return fix_by_gateway(n, &r->to, &g, r);
	return r ? fix_wrong_route(m, n, r) : NULL;
}

/* The route that carries the packets once `r` is gone; NULL: none does. */
static const struct route *route_behind(const struct node *n, const struct route *r)
{
	const struct route *best = NULL;

	ptr_array_foreach(const struct route, other, n->routes)
		if (other != r && other->type == ROUTE_UNICAST &&
		    gateway_covers(&other->to, &r->to) && (!best || other->to.len > best->to.len))
			best = other;
	return best;
}

/* Removes the route, and adds one by the right gateway where no other leads there. */
fix *fix_null_route(const model *m, const struct node *n, const struct finding *f)
{
	const struct route *r = route_for(n, &f->flow.dst, NULL), *rest;
	char to[PREFIX_TEXT_MAX], network[ADDR_TEXT_MAX];
	struct gateway g;
	fix *x;

	if (!r || r->type == ROUTE_UNICAST)
		return NULL;
	rest = route_behind(n, r);
	if (!(rest && !prefix_is_default(&rest->to)) && gateway_find(m, n, f->iface, &r->to, &g) &&
	    !(rest && addr_equal(&g.address, &rest->via)))
		return fix_by_gateway(n, &r->to, &g, r);
	if (prefix_is_default(&r->to))
		g_strlcpy(to, "default", sizeof to);
	else
		prefix_print(&r->to, to);
	x = fix_new(g_strdup_printf("- remove-route: {node: %s, to: %s}\n", n->name, to));
	g_ptr_array_add(x->commands,
			g_strdup_printf("ip route del %s %s", route_type_name(r->type), to));
	if (n->host_model == HOST_STRONG)
		g_ptr_array_add(x->commands, g_strdup_printf("route delete %s",
							     addr_print(&r->to.addr, network)));
	return x;
}

/* Sends the answer back the way its question came: a route to the network that asked, or in
 * place of the whole route when that leads to the Internet. */
fix *fix_turning(const model *m, const struct node *n G_GNUC_UNUSED, const struct finding *f)
{
	const struct node *at = f->turning.node ? model_node(m, f->turning.node) : NULL;
	const struct route *r = at ? route_for(at, &f->flow.dst, NULL) : NULL;
	const struct gateway g = {f->turning.via, f->turning.iface};
	struct prefix to = f->prefix;

	if (!at || !f->turning.iface || !addr_is_set(&g.address) || to.addr.family == 0)
		return NULL;
	if (r && (r->to.len >= to.len || !addr_is_private(&f->flow.dst)))
		to = r->to;
	return fix_by_gateway(at, &to, &g, route_to(at, &to));
}

fix *fix_return(const model *m, const struct node *n, const struct finding *f)
{
	return f->turning.node ? fix_turning(m, n, f) : fix_route(m, n, f);
}

/* --- settings of the kernel ------------------------------------------------------------------- */

static void add_setting(GString *change, GPtrArray *commands, const struct node *n, const char *key,
			const char *value)
{
	g_string_append_printf(change, "- set-sysctl: {node: %s, key: %s, value: \"%s\"}\n",
			       n->name, key, value);
	g_ptr_array_add(commands, g_strdup_printf("sysctl -w %s=%s", key, value));
}

/* Takes both over. */
static fix *fix_of(GString *change, GPtrArray *commands)
{
	fix *x;

	if (change->len == 0) {
		g_string_free(change, TRUE);
		g_ptr_array_unref(commands);
		return NULL;
	}
	x = fix_new(g_string_free(change, FALSE));
	g_ptr_array_unref(x->commands);
	x->commands = commands;
	return x;
}

/* The filter is off when neither the interface's key nor that of all interfaces turns it on. */
fix *fix_reverse_path(const model *m G_GNUC_UNUSED, const struct node *n, const struct finding *f)
{
	const char *iface = f->subject.kind == SUBJECT_IFACE ? f->subject.name : "";
	g_autofree char *own = g_strdup_printf("net.ipv4.conf.%s.rp_filter", iface);
	GString *change = g_string_new(NULL);
	GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);

	ptr_array_foreach(const struct sysctl_setting, s, n->sysctls)
		if ((g_str_equal(s->key, own) ||
		     g_str_equal(s->key, "net.ipv4.conf.all.rp_filter")) &&
		    !g_str_equal(s->value, "0"))
			add_setting(change, commands, n, s->key, "0");
	return fix_of(change, commands);
}

/* A router that is set not to forward, or a host that another node uses as a router. */
fix *fix_forwarding(const model *m, const struct node *n, const struct finding *f)
{
	if (n->forwarding) {
		GString *change = g_string_new(NULL);
		GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);

		add_setting(change, commands, n, "net.ipv4.ip_forward", "1");
		return fix_of(change, commands);
	}
	ptr_array_foreach(const struct node, sender, m->nodes) {
		const struct route *r = route_for(sender, &f->flow.dst, NULL);

		if (r && node_has_address(n, &r->via))
			return fix_wrong_route(m, sender, r);
	}
	return NULL;
}
