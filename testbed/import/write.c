/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/draft.h"

/* What a topology file takes; IPv6 needs MTU_MIN (RFC 8200 section 5). */
#define MTU_MIN 1280
#define MTU_MAX 9000
#define MTU_USUAL 1500

/* The usual port; more tunnels have the next ones. */
#define WIREGUARD_PORT 51820

/* Appends a comment, with '?' for characters that are not printable and so not allowed in YAML. */
static void append_note(GString *out, const char *before, const char *note)
{
	g_autofree gunichar *text = g_utf8_to_ucs4_fast(note, -1, NULL);

	g_string_append(out, before);
	for (glong i = 0; text[i]; i++)
		g_string_append_unichar(out, g_unichar_isprint(text[i]) ? text[i] : '?');
}

static void end_line(GString *out, const char *note)
{
	if (note)
		append_note(out, "  # ", note);
	g_string_append_c(out, '\n');
}

static void append_network(GString *out, const struct draft_network *n)
{
	char text[PREFIX_TEXT_MAX];

	if (n->subnet.len == addr_bits(&n->subnet.addr))
		g_string_append_printf(out, "  %s: {subnet: none", n->name);
	else
		g_string_append_printf(out, "  %s: {subnet: \"%s\"", n->name,
				       prefix_print(&n->subnet, text));
	if (addr_is_set(&n->subnet6.addr))
		g_string_append_printf(out, ", subnet6: \"%s\"", prefix_print(&n->subnet6, text));
	g_string_append_printf(out, "%s}", n->reusable ? ", reusable: true" : "");
	end_line(out, n->note);
}

static void append_iface(GString *out, const struct draft_iface *i)
{
	char text[PREFIX_TEXT_MAX];

	g_string_append_printf(out, "      %s: {network: %s, addresses: [", i->name,
			       i->network->name);
	for (guint k = 0; k < i->addresses->len; k++)
		g_string_append_printf(out, "%s\"%s\"", k > 0 ? ", " : "",
				       prefix_print(&g_array_index(i->addresses, struct prefix, k),
						    text));
	g_string_append_c(out, ']');
	if (addr_is_set(&i->peer))
		g_string_append_printf(out, ", peer: \"%s\"", addr_print(&i->peer, text));
	g_string_append(out, i->up ? "" : ", up: false");
	if (i->source && i->source->mtu >= MTU_MIN && i->source->mtu <= MTU_MAX &&
	    i->source->mtu != MTU_USUAL)
		g_string_append_printf(out, ", mtu: %uB", i->source->mtu);
	g_string_append_c(out, '}');
	end_line(out, i->note);
}

/* Whether the node has another one to the same destination, so that metrics matter. */
static bool is_one_of_several(const GArray *routes, const struct draft_route *r)
{
	array_foreach(const struct draft_route, other, routes)
		if (other != r && other->table == r->table && prefix_equal(&other->to, &r->to))
			return true;
	return false;
}

static const char *print_destination(const struct prefix *p, char text[PREFIX_TEXT_MAX])
{
	return prefix_is_default(p) && p->addr.family == AF_INET ? "default" :
								   prefix_print(p, text);
}

static void append_route(GString *out, const GArray *routes, const struct draft_route *r)
{
	char to[PREFIX_TEXT_MAX], via[ADDR_TEXT_MAX];

	g_string_append_printf(out, "      - {to: \"%s\"", print_destination(&r->to, to));
	if (addr_is_set(&r->via))
		g_string_append_printf(out, ", via: \"%s\"", addr_print(&r->via, via));
	if (r->type)
		g_string_append_printf(out, ", type: %s", r->type);
	else
		g_string_append_printf(out, ", dev: %s", r->dev);
	if (r->metric > 0 && is_one_of_several(routes, r))
		g_string_append_printf(out, ", metric: %u", r->metric);
	if (r->table > 0)
		g_string_append_printf(out, ", table: %u", r->table);
	g_string_append_printf(out, "%s}", r->persistent ? "" : ", persistent: false");
	end_line(out, r->note);
}

static void append_rule(GString *out, const struct draft_rule *r)
{
	char from[PREFIX_TEXT_MAX];
	g_autofree char *note = NULL;

	g_string_append_printf(out, "      - {from: \"%s\"", print_destination(&r->from, from));
	if (r->in)
		g_string_append_printf(out, ", in: %s", r->in);
	g_string_append_printf(out, ", table: %u}", r->table);
	if (!g_ascii_isdigit(r->table_name[0]))
		note = g_strdup_printf("guess: the number of table '%s'", r->table_name);
	end_line(out, note);
}

static void append_routes(GString *out, const struct draft_node *node)
{
	const GArray *tables[] = {node->routes, node->policy_routes};

	if (node->routes->len + node->policy_routes->len > 0)
		g_string_append(out, "    routes:\n");
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		array_foreach(const struct draft_route, r, tables[i])
			append_route(out, tables[i], r);
	}
	if (node->rules->len > 0)
		g_string_append(out, "    policy_rules:\n");
	array_foreach(const struct draft_rule, r, node->rules)
		append_rule(out, r);
}

/* [10.0.1.53, 10.0.1.54], quoted. */
static void append_addresses(GString *out, const GArray *all)
{
	char text[ADDR_TEXT_MAX];

	for (guint k = 0; k < all->len; k++)
		g_string_append_printf(out, "%s\"%s\"", k > 0 ? ", " : "[",
				       addr_print(&g_array_index(all, struct addr, k), text));
	g_string_append(out, "]");
}

static void append_name_servers(GString *out, const struct draft_node *node)
{
	const struct facts *f = node->facts;
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(&node->resolver)) {
		g_string_append_printf(out, "    resolvers: [%s]  # added by --complete\n",
				       addr_print(&node->resolver, text));
	} else if (f && f->resolvers->len > 0) {
		g_string_append(out, "    resolvers: ");
		append_addresses(out, f->resolvers);
		g_string_append_c(out, '\n');
	}
	if (f && f->nrpt->len > 0)
		g_string_append(out, "    nrpt:\n");
	for (guint k = 0; f && k < f->nrpt->len; k++) {
		const struct fact_nrpt *rule = f->nrpt->pdata[k];

		g_string_append_printf(out,
				       "      - {namespace: \"%s\", servers: ", rule->namespace);
		append_addresses(out, rule->servers);
		g_string_append(out, "}\n");
	}
}

static void append_node(GString *out, const struct draft *t, const struct draft_node *node)
{
	g_string_append_printf(out, "  %s:\n", node->name);
	for (guint k = 0; k < node->notes->len; k++) {
		append_note(out, "    # ", node->notes->pdata[k]);
		g_string_append_c(out, '\n');
	}
	if (node->site)
		g_string_append_printf(out, "    site: %s\n", node->site);
	if (node->windows)
		g_string_append(out, "    host_model: strong  # as Windows has\n");
	if (node->forwarding)
		g_string_append_printf(out, "    forwarding: true%s\n",
				       node->inferred ? "" :
							"  # guess: another node's gateway or NAT");
	g_string_append(out, "    interfaces:\n");
	ptr_array_foreach(const struct draft_iface, i, node->ifaces)
		if (!draft_is_tunnel_end(t, i))
			append_iface(out, i);
	append_routes(out, node);
	append_name_servers(out, node);
	for (guint k = 0; k < node->more->len; k++)
		g_string_append_printf(out, "    %s\n", (const char *)node->more->pdata[k]);
	if (node->nat_out)
		g_string_append_printf(out,
				       "    nat: [{name: nat, masquerade: %s}]  # guess: like a "
				       "home router; 'preset' has others\n",
				       node->nat_out);
}

static void append_tunnel_end(GString *out, const struct draft_tunnel *tunnel, guint end)
{
	const struct draft_tunnel_end *e = &tunnel->ends[end];
	g_autoptr(GArray) prefixes = draft_tunnel_prefixes(tunnel, end);
	char text[PREFIX_TEXT_MAX];

	g_string_append_printf(out, "      - node: %s\n        iface: %s\n", e->node->name,
			       e->iface->name);
	g_string_append_printf(out, "        address: %s\n",
			       prefix_print(&g_array_index(e->iface->addresses, struct prefix, 0),
					    text));
	g_string_append_printf(out, "        underlay: %s\n        prefixes: [",
			       addr_print(e->underlay, text));
	array_foreach(const struct prefix, p, prefixes)
		g_string_append_printf(out, "%s%s", p == (void *)prefixes->data ? "" : ", ",
				       prefix_print(p, text));
	g_string_append(out, "]\n");
}

/* Several tunnels of WireGuard on one node need different ports. */
static void append_tunnels(GString *out, const struct draft *t)
{
	guint count = 0;

	ptr_array_foreach(const struct draft_network, n, t->networks) {
		struct draft_tunnel tunnel;
		const struct fact_iface *source;

		if (!draft_tunnel(t, n, &tunnel))
			continue;
		source = tunnel.ends[0].iface->source;
		g_string_append(out, count == 0 ? "tunnels:  # guess: 'underlay' and 'prefixes', "
						  "which no export tells\n" :
						  "");
		g_string_append_printf(out, "  vpn-%u:\n    kind: %s%s\n", count + 1,
				       source->tunnel,
				       g_str_equal(source->tunnel, "wireguard") ? "  # guess" : "");
		if (g_str_equal(source->tunnel, "wireguard"))
			g_string_append_printf(out, "    port: %u\n", WIREGUARD_PORT + count);
		if (source->mtu >= MTU_MIN && source->mtu <= MTU_MAX)
			g_string_append_printf(out, "    mtu: %uB\n", source->mtu);
		g_string_append(out, "    ends:\n");
		append_tunnel_end(out, &tunnel, 0);
		append_tunnel_end(out, &tunnel, 1);
		count++;
	}
}

static void append_sites(GString *out, const struct draft *t)
{
	if (t->sites->len > 0)
		g_string_append(out, "sites:\n");
	ptr_array_foreach(const struct draft_site, site, t->sites) {
		g_autofree char *title = g_strdelimit(g_strdup(site->title), "\"\\", '?');

		g_string_append_printf(out, "  %s: {title: \"", site->name);
		append_note(out, "", title);
		g_string_append(out, "\"}\n");
	}
}

char *draft_write(const struct draft *t, const char *from)
{
	GString *out = g_string_new(NULL);

	append_note(out, "# Imported from ", from);
	g_string_append(out, t->complete ?
				     "\n# and completed with what calls need; values that "
				     "the input does not have are marked 'guess'.\n" :
				     "\n# Values that the input does not have are marked 'guess'.  "
				     "Still to be added (docs/FORMATS.md): sites, 'endpoint: {}' "
				     "where a client runs,\n# services, name servers, firewall and "
				     "NAT rules, tunnels, and 'expect'.\n");
	g_string_append_printf(out, "topology: imported\ndomain: %s%s\n", draft_domain(t),
			       t->deployment && deployment_sip_domain(t->deployment) ?
				       "" :
				       "  # guess: the SIP domain");
	append_sites(out, t);
	g_string_append(out, "networks:\n");
	ptr_array_foreach(const struct draft_network, n, t->networks)
		if (!draft_tunnel(t, n, &(struct draft_tunnel){0}))
			append_network(out, n);
	g_string_append(out, "nodes:\n");
	for (guint k = 0; k < t->nodes->len; k++)
		append_node(out, t, t->nodes->pdata[k]);
	append_tunnels(out, t);
	g_string_append(out, "scenarios:\n  as-it-is: {}\n");
	return g_string_free(out, FALSE);
}
