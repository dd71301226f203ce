/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <string.h>

static const char head[] = "topology: small\n"
			   "domain: example.com\n"
			   "sites:\n"
			   "  office: {}\n"
			   "networks:\n"
			   "  lan: {site: office, subnet: 10.0.1.0/24}\n"
			   "  dmz: {subnet: 203.0.113.0/24}\n"
			   "nodes:\n"
			   "  fe:\n"
			   "    interfaces: {eth0: {network: lan, address: 10.0.1.10/24}}\n"
			   "    services: [{frontend: {fqdn: fe.example.com}}]\n"
			   "  ns:\n"
			   "    interfaces: {eth0: {network: lan, address: 10.0.1.53/24}}\n"
			   "    services: [{dns: {zones: [example.com], records: [{name: "
			   "fe.example.com, a: 10.0.1.10}]}}]\n"
			   "  gw:\n"
			   "    forwarding: true\n"
			   "    interfaces:\n"
			   "      lan: {network: lan, address: 10.0.1.1/24}\n"
			   "      out: {network: dmz, address: 203.0.113.1/24}\n"
			   "    routes: [{to: 10.9.0.0/16, via: 10.255.0.2}]\n"
			   "    nat: [{name: nat, masquerade: out}]\n"
			   "    firewall:\n"
			   "      rules:\n"
			   "        - {name: no-in, chain: forward, in: out, action: drop}\n"
			   "  far:\n"
			   "    interfaces: {eth0: {network: dmz, address: 203.0.113.9/24}}\n"
			   "  edge: &edge\n"
			   "    interfaces:\n"
			   "      int: {network: lan, address: 10.0.1.20/24}\n"
			   "      ext: {network: dmz, addresses: [203.0.113.10/24, "
			   "203.0.113.11/24, 203.0.113.12/24]}\n"
			   "    routes: [{to: default, via: 203.0.113.1, dev: ext}]\n"
			   "    services:\n"
			   "      - edge: {fqdn: edge.example.com, access_fqdn: sip.example.com, "
			   "av_fqdn: av.example.com, internal: int,\n"
			   "               external: ext, access: 203.0.113.10, av: 203.0.113.11, "
			   "av_tcp: 203.0.113.12, next_hop: fe}\n"
			   "  edge2:\n"
			   "    interfaces:\n"
			   "      int: {network: lan, address: 10.0.1.21/24}\n"
			   "      ext: {network: dmz, addresses: [203.0.113.20/24, "
			   "203.0.113.21/24, 203.0.113.22/24]}\n"
			   "    services:\n"
			   "      - edge: {fqdn: edge2.example.com, access_fqdn: sip2.example.com, "
			   "av_fqdn: av2.example.com, internal: int,\n"
			   "               external: ext, access: 203.0.113.20, av: 203.0.113.21, "
			   "av_tcp: 203.0.113.22, next_hop: fe}\n"
			   "  a:\n"
			   "    site: office\n"
			   "    interfaces: {eth0: {network: lan, address: 10.0.1.101/24}}\n"
			   "    endpoint: {}\n"
			   "  b:\n"
			   "    site: office\n"
			   "    interfaces: {eth0: {network: lan, address: 10.0.1.102/24}}\n"
			   "    endpoint: {}\n"
			   "tunnels:\n"
			   "  vpn:\n"
			   "    ends:\n"
			   "      - {node: gw, iface: wg0, address: 10.255.0.1/30, underlay: "
			   "203.0.113.1, prefixes: [10.0.1.0/24]}\n"
			   "      - {node: far, iface: wg0, address: 10.255.0.2/30, underlay: "
			   "203.0.113.9, prefixes: [10.9.0.0/16]}\n"
			   "conferences:\n"
			   "  - {name: c, organiser: a, participants: [b]}\n"
			   "scenarios:\n";

char *small_topology(const char *changes)
{
	g_auto(GStrv) lines = NULL;
	GString *text = g_string_new(head);

	if (!changes) {
		g_string_append(text, "  base: {}\n");
		return g_string_free(text, FALSE);
	}
	g_string_append(text, "  base:\n    changes:\n");
	lines = g_strsplit(changes, "\n", -1);
	for (char **line = lines; *line; line++)
		g_string_append_printf(text, "      %s\n", *line);
	return g_string_free(text, FALSE);
}

model *load_good(const char *text)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load_text("text.yaml", text, strlen(text), d);
	g_autofree char *findings = diags_to_text(d);

	cr_assert_not_null(m, "must load, but:\n%s", findings);
	cr_assert_eq(diags_errors(d), 0, "a model and errors at once:\n%s", findings);
	return m;
}

char *load_bad(const char *text)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load_text("text.yaml", text, strlen(text), d);

	cr_assert_null(m, "must not load");
	cr_assert_gt(diags_errors(d), 0, "refused without a word");
	return diags_to_text(d);
}

model *instantiate(const model *m, const char *scenario)
{
	g_autoptr(diags) d = diags_new();
	const struct scenario *sc = model_scenario(m, scenario);
	model *changed_model;
	g_autofree char *findings = NULL;

	cr_assert_not_null(sc, "no scenario '%s'", scenario);
	changed_model = model_instantiate(m, sc, d);
	findings = diags_to_text(d);
	cr_assert_not_null(changed_model, "'%s' must instantiate, but:\n%s", scenario, findings);
	return changed_model;
}

model *changed(const char *changes)
{
	g_autofree char *text = small_topology(changes);
	g_autoptr(model) m = load_good(text);

	return instantiate(m, "base");
}

static model *load_file(const char *path)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load(path, d);
	g_autofree char *findings = diags_to_text(d);

	cr_assert_not_null(m, "%s must load (from the top folder), but:\n%s", path, findings);
	return m;
}

model *load_reference(void)
{
	return load_file("topologies/lync.yaml");
}

model *load_company(void)
{
	return load_file("tests/data/topologies/company.yaml");
}

const struct node *node_of(const model *m, const char *name)
{
	const struct node *node = model_node(m, name);

	cr_assert_not_null(node, "no node '%s'", name);
	return node;
}
