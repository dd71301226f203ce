/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawings: a company byte by byte, and what hostile or broken networks make of them.
 */
#include "testbed/report/graph.h"

#include "testbed/explain/versus.h"
#include "testbed/walk/walk.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
	enum graph_format format;
	const char *file;
} goldens[] = {
	{GRAPH_DOT, "tests/golden/graph/company.dot"},
	{GRAPH_MERMAID, "tests/golden/graph/company.mmd"},
};

static char *drawn(const model *m, enum graph_format format, const char *title)
{
	g_autoptr(graph_request) r = graph_request_new();
	GString *out = g_string_new(NULL);

	r->title = title;
	graph_print(m, format, r, out);
	return g_string_free(out, FALSE);
}

Test(graph, golden)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("tests/data/topologies/company.yaml", d);

	cr_assert_not_null(m);
	for (guint i = 0; i < G_N_ELEMENTS(goldens); i++) {
		g_autofree char *text = drawn(m, goldens[i].format, m->title),
				*again = drawn(m, goldens[i].format, m->title);
		g_autofree char *golden = NULL;

		if (g_getenv("GOLDEN_UPDATE"))
			cr_assert(g_file_set_contents(goldens[i].file, text, -1, NULL));
		cr_assert(g_file_get_contents(goldens[i].file, &golden, NULL, NULL),
			  "%s: make golden-update", goldens[i].file);
		cr_expect(g_str_equal(text, golden), "%s differs", goldens[i].file);
		cr_expect_str_eq(text, again);
	}
}

static const char odd[] =
	"topology: odd\n"
	"title: 'a \"b\" <c> & #d'\n"
	"domain: example.com\n"
	"networks:\n"
	"  lonely: {subnet: 10.2.0.0/24}\n"
	"  wire: {subnet: 10.1.0.0/24}\n"
	"nodes:\n"
	"  a:\n"
	"    title: 'x \"y\" <z> & #w'\n"
	"    interfaces: {eth0: {network: wire, address: 10.1.0.1/24, up: false}}\n"
	"  b:\n"
	"    interfaces: {eth0: {network: wire, address: 10.1.0.2/24}}\n"
	"tunnels:\n"
	"  t:\n"
	"    up: false\n"
	"    ends:\n"
	"      - {node: a, iface: v0, address: 10.3.0.1/30, underlay: 10.1.0.1, prefixes: "
	"[10.3.0.0/30]}\n"
	"      - {node: b, iface: v0, address: 10.3.0.2/30, underlay: 10.1.0.2, prefixes: "
	"[10.3.0.0/30]}\n"
	"scenarios: {base: {}}\n";

Test(graph, odd_titles_and_things_that_are_down)
{
	static const struct {
		enum graph_format format;
		const char *wanted;
	} cases[] = {
		{GRAPH_DOT, "x &quot;y&quot; &lt;z&gt; &amp; #w"},
		{GRAPH_DOT, "<B>a &quot;b&quot; &lt;c&gt; &amp; #d</B>"},
		{GRAPH_DOT, "<B>eth0</B> (down)"},
		{GRAPH_DOT, "style=dotted"},
		{GRAPH_DOT, "t (wireguard, down)"},
		{GRAPH_DOT, "\"=lonely\""},
		{GRAPH_MERMAID, "x #quot;y#quot; &lt;z&gt; &amp; #35;w"},
		{GRAPH_MERMAID, "eth0 (down) 10.1.0.1"},
		{GRAPH_MERMAID, "t (wireguard, down)"},
		{GRAPH_MERMAID, "lonely<br/>10.2.0.0/24"},
	};
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load_text("odd.yaml", odd, strlen(odd), d);
	g_autofree char *findings = diags_to_text(d);

	cr_assert_not_null(m, "%s", findings);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = drawn(m, cases[i].format, m->title);

		cr_expect_not_null(strstr(text, cases[i].wanted), "no '%s' in:\n%s",
				   cases[i].wanted, text);
	}
}

/* Names of networks and tunnels are boxes, around which Graphviz leads lines; no line has a label
 * that another one could strike through. */
Test(graph, lines_have_no_labels)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/two-branches.yaml", d);
	g_autofree char *text = drawn(m, GRAPH_DOT, NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

	for (guint i = 0; lines[i]; i++)
		cr_expect(!strstr(lines[i], " -- ") || !strstr(lines[i], "label="), "%s", lines[i]);
	cr_expect_not_null(strstr(text, "\"~vpn-north\" -- \"hub\":\"wg-north\":w"), "%s", text);
	cr_expect_not_null(strstr(text, "\"=to-hub\" -- \"hub\":\"wan\":w"), "%s", text);
}

/* Names, addresses and presets are apart. */
Test(graph, presets_are_shown)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/cgn.yaml", d);
	g_autofree char *text = drawn(m, GRAPH_DOT, NULL), *flow = drawn(m, GRAPH_MERMAID, NULL);

	cr_expect_not_null(strstr(text, "<B>NAT: carrier-grade</B>"), "%s", text);
	cr_expect_not_null(strstr(flow, "NAT: carrier-grade"), "%s", flow);
	cr_expect_not_null(strstr(text, "<B>access</B></FONT></TD><TD ALIGN=\"RIGHT\""), "%s",
			   text);
}

/* Twelve hundred nodes are a handful of boxes. */
Test(graph, sites_that_are_alike_are_one_box)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/scale.yaml", d);
	g_autoptr(graph_request) r = graph_request_new();

	cr_assert_gt(m->nodes->len, 1000);
	r->by_site = true;
	for (enum graph_format f = GRAPH_DOT; f <= GRAPH_MERMAID; f++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_auto(GStrv) lines = NULL;

		graph_print(m, f, r, out);
		lines = g_strsplit(out->str, "\n", 0);
		cr_expect_lt(g_strv_length(lines), 30, "%s", out->str);
		cr_expect_not_null(strstr(out->str, "site-001 ... site-200"), "%s", out->str);
		cr_expect_not_null(strstr(out->str, "200 sites, in each:"), "%s", out->str);
		cr_expect_not_null(strstr(out->str, "5 x client"), "%s", out->str);
		cr_expect_not_null(strstr(out->str, "uplink-001 ... uplink-200"), "%s", out->str);
	}
}

/* What a scenario changes is told where its nodes are not drawn. */
Test(graph, changes_are_told_beside_sites)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("topologies/lync.yaml", d);
	const struct scenario *sc = model_scenario(base, "persistent-route");
	g_autoptr(model) m = model_instantiate(base, sc, d);

	for (enum graph_format f = GRAPH_DOT; f <= GRAPH_MERMAID; f++) {
		g_autoptr(graph_request) r = graph_request_new();
		g_autoptr(GString) out = g_string_new(NULL);

		r->by_site = true;
		graph_add_changes(r, base, sc, m, NULL);
		graph_print(m, f, r, out);
		cr_expect_not_null(strstr(out->str, "add-route: {node: edge"), "%s", out->str);
	}
}

/* Sites that differ, or lead elsewhere, are not one. */
Test(graph, sites_that_differ_stay_apart)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/nat-grid.yaml", d);
	g_autoptr(graph_request) r = graph_request_new();
	g_autoptr(GString) out = g_string_new(NULL);

	r->by_site = true;
	graph_print(m, GRAPH_DOT, r, out);
	cr_expect_not_null(strstr(out->str, "2 x router: firewall, NAT: full-cone"), "%s",
			   out->str);
	cr_expect_not_null(strstr(out->str, "2 x router: firewall, NAT: hotel"), "%s", out->str);
	cr_expect_null(strstr(out->str, " sites, in each:"), "%s", out->str);
}

/* What a scenario changes is marked where it is. */
Test(graph, changes_are_marked)
{
	static const struct {
		const char *scenario, *node, *wanted;
	} rows[] = {
		{"persistent-route", "edge", "add-route: {node: edge"},
		{"vpn-bypass", "branch1", ">changed<"},
		{"branch-edge", "edge2", ">added<"},
	};
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("topologies/lync.yaml", d);
	g_autoptr(versus) v = versus_new(base);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct scenario *sc = model_scenario(base, rows[i].scenario);
		g_autoptr(model) m = model_instantiate(base, sc, d);
		g_autoptr(graph_request) r = graph_request_new();
		g_autofree char *start = g_strdup_printf("    \"%s\" [", rows[i].node);
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *line = NULL;
		struct map_marks marks;
		const char *at;

		versus_mark(v, sc->name, &marks);
		graph_add_changes(r, base, sc, m, marks.changes);
		graph_print(m, GRAPH_DOT, r, out);
		at = strstr(out->str, start);
		cr_assert(at, "%s", out->str);
		line = g_strndup(at, strcspn(at, "\n"));
		cr_expect_not_null(strstr(line, rows[i].wanted), "%s", line);
		map_marks_clear(&marks);
	}
}

static struct addr node_iface_address(const model *m, const char *node, const char *iface)
{
	const struct iface *f = node_iface(model_node(m, node), iface);

	return g_array_index(f->addresses, struct prefix, 0).addr;
}

/* The way of a packet, and of an answer that has no route or has one. */
Test(graph, a_way_is_drawn)
{
	static const struct {
		const char *scenario;
		const char *wanted[4], *unwanted;
	} rows[] = {
		{"missing-route",
		 {"there 4<", "back 1<", "no-route: edge has no route to 10.20.0.101",
		  "\"~site-to-site\" -- \"core\":\"vpn0\":w [color=\"#16a34a\", dir=forward"},
		 "back 2"},
		{"persistent-route",
		 {"there 4<", "back 4<", "back 1: 10.20.0.0/24 via 172.25.33.1",
		  "\"~site-to-site\" -- \"core\":\"vpn0\":w [color=\"#ea580c\", dir=back"},
		 "no-route"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(model) m = scenario_model("topologies/lync.yaml", rows[i].scenario, NULL);
		g_autoptr(netstate) state = planned_state(m);
		g_autoptr(knet) net = knet_new(m, state);
		const struct flow flow = {.node = "branch1",
					  .dst = node_iface_address(m, "edge", "int"),
					  .proto = PROTO_UDP,
					  .dport = 3478};
		struct walk_pair *way = walk_both(net, &flow);
		g_autoptr(graph_request) r = graph_request_new();
		g_autoptr(GString) out = g_string_new(NULL);

		graph_add_way(r, way);
		graph_print(m, GRAPH_DOT, r, out);
		for (guint k = 0; k < G_N_ELEMENTS(rows[i].wanted); k++)
			cr_expect_not_null(strstr(out->str, rows[i].wanted[k]), "no '%s' in:\n%s",
					   rows[i].wanted[k], out->str);
		cr_expect_null(strstr(out->str, rows[i].unwanted), "%s", out->str);
		g_string_truncate(out, 0);
		r->way_only = true;
		graph_print(m, GRAPH_MERMAID, r, out);
		cr_expect_not_null(strstr(out->str, "==>|\"there 1\"|"), "%s", out->str);
		cr_expect_null(strstr(out->str, "home1"), "only the way:\n%s", out->str);
		walk_pair_free(way);
	}
}
