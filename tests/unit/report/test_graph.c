/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawings: a company byte by byte, and what hostile or broken networks make of them.
 */
#include "testbed/report/graph.h"

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
	GString *out = g_string_new(NULL);

	graph_print(m, format, title, out);
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
		{GRAPH_DOT, "eth0</B> (down)"},
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

/* What is drawn as a line is not drawn as an object too. */
Test(graph, a_wire_of_two_is_a_line)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load_text("odd.yaml", odd, strlen(odd), d);
	g_autofree char *text = drawn(m, GRAPH_DOT, NULL);

	cr_expect_null(strstr(text, "\"=wire\""));
	cr_expect_not_null(strstr(text, "\"a\":\"eth0\" -- \"b\":\"eth0\""), "%s", text);
}
