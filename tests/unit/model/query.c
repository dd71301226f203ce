/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every question about a model, asked of the small topology of support.c. */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

static const char *name_of(const struct node *n)
{
	return n ? n->name : "none";
}

static struct addr address(const char *text)
{
	struct addr a;

	cr_assert(addr_parse(text, &a), "'%s'", text);
	return a;
}

Test(query, who_has_an_address)
{
	g_autoptr(model) m = changed(NULL);
	static const struct {
		const char *address, *owner;
	} rows[] = {
		{"10.0.1.1", "gw"},	  {"203.0.113.1", "gw"},
		{"203.0.113.12", "edge"}, {"10.255.0.1", "none"}, /* a tunnel's */
		{"10.0.1.99", "none"},	  {"2001:db8::1", "none"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct addr a = address(rows[i].address);

		cr_expect_str_eq(name_of(model_owner(m, &a)), rows[i].owner, "%s", rows[i].address);
	}
}

Test(query, who_serves)
{
	g_autoptr(model) m = changed("- stop-service: {node: edge, service: edge}");
	g_autoptr(model) without = changed("- stop-service: {node: fe, service: frontend}");

	cr_expect_str_eq(name_of(model_server(m, SERVICE_FRONTEND)), "fe");
	cr_expect_str_eq(name_of(model_server(m, SERVICE_EDGE)), "edge2",
			 "the first one that runs");
	cr_expect_null(model_server(without, SERVICE_FRONTEND));
}

Test(query, which_tunnel_has_an_interface)
{
	g_autoptr(model) m = changed(NULL);
	static const struct {
		const char *node, *iface;
		int end; /* -1: no tunnel's */
	} rows[] = {
		{"gw", "wg0", 0},    {"far", "wg0", 1}, {"gw", "lan", -1},
		{"edge", "wg0", -1}, {"gw", NULL, -1},	{NULL, "wg0", -1},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint end = 9;
		const struct tunnel *t = model_tunnel_at(m, rows[i].node, rows[i].iface, &end);

		cr_expect_eq(t != NULL, rows[i].end >= 0, "row %zu", i);
		cr_expect(!t || (int)end == rows[i].end, "row %zu: end %u", i, end);
		cr_expect_eq(t, model_tunnel_at(m, rows[i].node, rows[i].iface, NULL));
	}
	cr_expect(node_has_link(m, node_of(m, "gw"), "wg0"));
	cr_expect(node_has_link(m, node_of(m, "gw"), "lan"));
	cr_expect_not(node_has_link(m, node_of(m, "gw"), "eth0"));
}

Test(query, address_on_an_interface)
{
	g_autoptr(model) m = changed(NULL);
	static const struct {
		const char *node, *iface;
		int family;
		const char *prefix;
	} rows[] = {
		{"edge", "ext", AF_INET, "203.0.113.10/24"},
		{"edge", "ext", AF_UNSPEC, "203.0.113.10/24"},
		{"edge", "ext", AF_INET6, "none"},
		{"gw", "wg0", AF_INET, "10.255.0.1/30"},
		{"far", "wg0", AF_UNSPEC, "10.255.0.2/30"},
		{"far", "wg0", AF_INET6, "none"},
		{"edge", "eth0", AF_INET, "none"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct prefix *p =
			node_prefix_on(m, node_of(m, rows[i].node), rows[i].iface, rows[i].family);
		char text[PREFIX_TEXT_MAX];

		cr_expect_str_eq(p ? prefix_print(p, text) : "none", rows[i].prefix, "row %zu", i);
	}
}

Test(query, impairment_of_a_tunnel_end)
{
	g_autoptr(model) m = changed("- set-impair: {tunnel: vpn, delay: 20ms}\n"
				     "- set-impair: {node: far, interface: wg0, delay: 5ms}");
	g_autoptr(model) none = changed(NULL);
	const struct tunnel *t = model_tunnel_at(m, "gw", "wg0", NULL);

	cr_expect_eq(tunnel_impairment(t, 0)->delay_us, 20000, "the tunnel's");
	cr_expect_eq(tunnel_impairment(t, 1)->delay_us, 5000, "the end's own");
	cr_expect_null(tunnel_impairment(model_tunnel_at(none, "gw", "wg0", NULL), 0));
}

Test(query, which_rule_masquerades)
{
	g_autoptr(model) m = changed(NULL);
	const struct nat_rule *r = node_masquerade(node_of(m, "gw"), "out");

	cr_assert_not_null(r);
	cr_expect_str_eq(r->name, "nat");
	cr_expect_null(node_masquerade(node_of(m, "gw"), "lan"));
	cr_expect_null(node_masquerade(node_of(m, "gw"), NULL));
	cr_expect_null(node_masquerade(node_of(m, "edge"), "ext"));
}

Test(query, names)
{
	g_autoptr(model) m = changed(NULL);

	cr_expect_eq(model_count_endpoints(m), 2);
	cr_expect_str_eq(model_nearest_node(m, "egde"), "edge");
	cr_expect_null(model_nearest_node(m, "router"));
}
