/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NATs on a node's way out, and what they come to together. */
#include "testbed/matrix/natrun.h"

#include <criterion/criterion.h>
#include <string.h>

static const char network[] = "topology: t\ndomain: example.com\n"
			      "networks:\n"
			      "  home: {subnet: 192.168.1.0/24}\n"
			      "  access: {subnet: 100.64.0.0/24}\n"
			      "  uplink: {subnet: 198.51.100.0/30}\n"
			      "  loop: {subnet: 10.9.9.0/24}\n"
			      "nodes:\n"
			      "  internet: {forwarding: true, interfaces: {eth0: {network: uplink, "
			      "address: 198.51.100.1/30}}}\n"
			      "  cgn:\n"
			      "    forwarding: true\n"
			      "    interfaces:\n"
			      "      in: {network: access, address: 100.64.0.1/24}\n"
			      "      out: {network: uplink, address: 198.51.100.2/30}\n"
			      "    routes: [{to: default, via: 198.51.100.1}]\n"
			      "    nat: [{name: cgn-nat, masquerade: out, preset: carrier-grade}]\n"
			      "  cpe:\n"
			      "    forwarding: true\n"
			      "    interfaces:\n"
			      "      lan: {network: home, address: 192.168.1.1/24}\n"
			      "      wan: {network: access, address: 100.64.0.2/24}\n"
			      "    routes: [{to: default, via: 100.64.0.1}]\n"
			      "    nat:\n"
			      "      - {name: guests, masquerade: wan, src: [192.168.1.128/25], "
			      "mapping: address-dependent}\n"
			      "      - {name: cpe-nat, masquerade: wan, hairpin: true}\n"
			      "  inside:\n"
			      "    interfaces: {eth0: {network: home, address: 192.168.1.2/24}}\n"
			      "    routes: [{to: default, via: 192.168.1.1}]\n"
			      "  guest:\n"
			      "    interfaces: {eth0: {network: home, address: 192.168.1.200/24}}\n"
			      "    routes: [{to: default, via: 192.168.1.1}]\n"
			      "  lost:\n"
			      "    interfaces: {eth0: {network: home, address: 192.168.1.3/24}}\n"
			      "    routes: [{to: default, via: 192.168.1.99}]\n"
			      "  ring1:\n"
			      "    interfaces: {eth0: {network: loop, address: 10.9.9.1/24}}\n"
			      "    routes: [{to: default, via: 10.9.9.2}]\n"
			      "  ring2:\n"
			      "    interfaces: {eth0: {network: loop, address: 10.9.9.2/24}}\n"
			      "    routes: [{to: default, via: 10.9.9.1}]\n"
			      "scenarios: {base: {}}\n";

static model *network_new(void)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load_text("t.yaml", network, strlen(network), d);
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

static struct natpath *path_of(const model *m, const char *node, char **ret_why)
{
	return natpath_new(m, model_node(m, node), ret_why);
}

Test(natpath, two_nats_in_a_row)
{
	g_autoptr(model) m = network_new();
	g_autofree char *why = NULL;
	struct natpath *p = path_of(m, "inside", &why);

	cr_assert_not_null(p, "%s", why);
	cr_assert_eq(p->hops->len, 2u);
	cr_expect_str_eq(g_array_index(p->hops, struct nat_hop, 0).rule->name, "cpe-nat",
			 "guests are others");
	cr_expect_str_eq(g_array_index(p->hops, struct nat_hop, 1).rule->name, "cgn-nat");
	cr_expect_str_eq(p->beyond->name, "internet");
	cr_expect_eq(p->asked.mapping, NAT_ENDPOINT_INDEPENDENT);
	cr_expect_eq(p->asked.filtering, NAT_ADDRESS_AND_PORT_DEPENDENT, "the stricter one");
	cr_expect_not(p->asked.hairpin, "the inner NAT filters what the outer one turns round");
	cr_expect_not(p->asked.preserve_port, "one of them changes it");
	cr_expect_eq(p->asked.udp_timeout_ms, 300000u, "the only one that says any");
	object_free(p);
}

Test(natpath, the_rule_that_fits_the_source)
{
	g_autoptr(model) m = network_new();
	g_autofree char *why = NULL;
	struct natpath *p = path_of(m, "guest", &why);

	cr_assert_not_null(p, "%s", why);
	cr_expect_str_eq(g_array_index(p->hops, struct nat_hop, 0).rule->name, "guests");
	cr_expect_eq(p->asked.mapping, NAT_ADDRESS_DEPENDENT);
	object_free(p);
}

/* Of two defaults the better one whose interface is up; a line that ends at its peer. */
Test(natpath, by_the_route_that_the_kernel_takes)
{
	static const struct {
		const char *file, *scenario, *node, *nat;
	} rows[] = {
		{"uplinks", "answers-stray", "hq1", "office-2"},
		{"uplinks", "first-provider-alone", "hq1", "office-1"},
		{"lines", "as-it-is", "home-a", "nat-a"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *why = NULL, *path = g_strdup_printf(
						     "tests/data/topologies/%s.yaml", rows[i].file);
		g_autoptr(diags) d = diags_new();
		g_autoptr(model) base = model_load(path, d);
		g_autoptr(model) m =
			model_instantiate(base, model_scenario(base, rows[i].scenario), d);
		struct natpath *p = path_of(m, rows[i].node, &why);

		cr_assert_not_null(p, "%s: %s", rows[i].scenario, why);
		cr_expect_str_eq(g_array_index(p->hops, struct nat_hop, 0).rule->name, rows[i].nat);
		object_free(p);
	}
}

Test(natpath, no_nat_and_no_way)
{
	static const struct {
		const char *node, *why;
	} rows[] = {
		{"internet", NULL},
		{"lost", "the default route of lost leads to no node"},
		{"ring1", "its default routes lead in a circle at ring1"},
	};
	g_autoptr(model) m = network_new();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *why = NULL;

		cr_expect_null(path_of(m, rows[i].node, &why), "%s", rows[i].node);
		cr_expect_eq(g_strcmp0(why, rows[i].why), 0, "%s: %s", rows[i].node, why);
	}
}

Test(natrun, every_difference_is_seen)
{
	const struct nat_finding same = {
		.tcp = true,
		.timeout_measured = true,
		.asked = {NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT, true, true, 2000},
		.measured = {NAT_ENDPOINT_INDEPENDENT, NAT_ENDPOINT_INDEPENDENT, true, true, 2000}};
	struct nat_finding f = same;

	cr_expect_eq(nat_compare(&f), 0u);
	f.measured.mapping = NAT_ADDRESS_DEPENDENT;
	cr_expect_eq(nat_compare(&f), (unsigned)NAT_DIFFERS_MAPPING);
	f = same;
	f.measured.filtering = NAT_ADDRESS_DEPENDENT;
	cr_expect_eq(nat_compare(&f), (unsigned)NAT_DIFFERS_FILTERING);
	f = same;
	f.measured.hairpin = false;
	f.measured.preserve_port = false;
	cr_expect_eq(nat_compare(&f), (unsigned)(NAT_DIFFERS_HAIRPIN | NAT_DIFFERS_PORT));
	f = same;
	f.measured.udp_timeout_ms = 0;
	f.tcp_mapping = NAT_ADDRESS_AND_PORT_DEPENDENT;
	cr_expect_eq(nat_compare(&f), (unsigned)(NAT_DIFFERS_TIMEOUT | NAT_DIFFERS_TCP));
	f.timeout_measured = f.tcp = false;
	cr_expect_eq(nat_compare(&f), 0u, "what was not measured does not differ");
}
