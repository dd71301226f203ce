/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every NAT that can be asked for, measured from inside in one lab: 3 mappings x 3 filterings x
 * hairpin x ports kept, with two timeouts.  `testbed run nat` says what it measured; it is held
 * here against what was written into the file. */
#include "tests/support/program.h"

#include <criterion/criterion.h>

#define COMBINATIONS 36u

static const char *const behaviours[] = {"endpoint-independent", "address-dependent",
					 "address-and-port-dependent"};

struct asked {
	const char *mapping, *filtering;
	bool hairpin, preserve_port;
	guint timeout_s;
};

static struct asked combination(guint i)
{
	return (struct asked){behaviours[i / 12], behaviours[i / 4 % 3], i / 2 % 2 == 0, i % 2 == 0,
			      2 + i % 2};
}

static void put_site(GString *networks, GString *links, GString *nodes, guint i)
{
	struct asked a = combination(i);

	g_string_append_printf(networks,
			       "  lan%u: {subnet: 192.168.1.0/24, reusable: true}\n  wan%u: "
			       "{subnet: 198.51.100.%u/30}\n",
			       i, i, 4 * i);
	g_string_append_printf(links, "      n%u: {network: wan%u, address: 198.51.100.%u/30}\n", i,
			       i, 4 * i + 1);
	g_string_append_printf(
		nodes,
		"  gw%u:\n    forwarding: true\n    interfaces:\n"
		"      lan: {network: lan%u, address: 192.168.1.1/24}\n      wan: {network: wan%u, "
		"address: 198.51.100.%u/30}\n"
		"    routes: [{to: default, via: 198.51.100.%u}]\n"
		"    nat: [{name: nat, masquerade: wan, mapping: %s, filtering: %s, hairpin: %s, "
		"preserve_port: %s, "
		"udp_timeout: %us}]\n"
		"  c%u:\n    interfaces: {eth0: {network: lan%u, address: 192.168.1.2/24}}\n"
		"    routes: [{to: default, via: 192.168.1.1}]\n    endpoint: {}\n",
		i, i, i, 4 * i + 2, 4 * i + 1, a.mapping, a.filtering, a.hairpin ? "true" : "false",
		a.preserve_port ? "true" : "false", a.timeout_s, i, i);
}

static char *all_nats(const char *folder)
{
	g_autoptr(GString) networks = g_string_new(NULL), links = g_string_new(NULL),
			   nodes = g_string_new(NULL);
	g_autofree char *text = NULL;
	char *path = g_build_filename(folder, "nats.yaml", NULL);

	for (guint i = 0; i < COMBINATIONS; i++)
		put_site(networks, links, nodes, i);
	text = g_strdup_printf("topology: nats\ndomain: example.com\nnetworks:\n%snodes:\n  "
			       "internet:\n    forwarding: true\n"
			       "    interfaces:\n%s%sscenarios: {base: {}}\n",
			       networks->str, links->str, nodes->str);
	cr_assert(g_file_set_contents(path, text, -1, NULL), "write %s", path);
	return path;
}

/* Runs `testbed run nat --json -`. */
static json_t *run_nat(const char *topology, int *ret_exit_code)
{
	const char *const args[] = {"run", "nat", "-t", topology, "--json", "-", NULL};
	struct outcome o;
	json_t *document;

	program_testbed(args, NULL, &o);
	*ret_exit_code = o.exit_code;
	document = json_loads(o.out, 0, NULL);
	cr_assert_not_null(document, "exit %d, no JSON; stderr:\n%s", o.exit_code, o.err);
	outcome_clear(&o);
	return document;
}

/* The same of a topology's text. */
static json_t *run_nat_text(const char *text, int *ret_exit_code)
{
	char *folder = program_folder_new();
	g_autofree char *path = g_build_filename(folder, "topology.yaml", NULL);
	json_t *document;

	cr_assert(g_file_set_contents(path, text, -1, NULL), "write %s", path);
	document = run_nat(path, ret_exit_code);
	program_folder_free(folder);
	return document;
}

static void expect_measured(const json_t *node, guint i)
{
	struct asked a = combination(i);
	const json_t *m = json_object_get(node, "measured");
	const char *name = json_string_value(json_object_get(node, "node"));

	cr_expect_str_eq(json_string_value(json_object_get(m, "mapping")), a.mapping, "%s: mapping",
			 name);
	cr_expect_str_eq(json_string_value(json_object_get(m, "tcp_mapping")), a.mapping,
			 "%s: mapping of TCP", name);
	cr_expect_str_eq(json_string_value(json_object_get(m, "filtering")), a.filtering,
			 "%s: filtering", name);
	cr_expect_eq(json_is_true(json_object_get(m, "hairpin")), a.hairpin, "%s: hairpin", name);
	cr_expect_eq(json_is_true(json_object_get(m, "preserve_port")), a.preserve_port, "%s: port",
		     name);
	cr_expect_eq(json_integer_value(json_object_get(m, "udp_timeout_ms")), 1000 * a.timeout_s,
		     "%s: timeout", name);
}

Test(nat, all_combinations_are_what_they_say, .timeout = 120)
{
	char *folder = program_folder_new();
	g_autofree char *path = all_nats(folder);
	int exit_code;
	json_t *document = run_nat(path, &exit_code);
	const json_t *nodes = json_object_get(document, "nodes");

	cr_expect_eq(exit_code, 0, "exit %d", exit_code);
	cr_assert_eq(json_array_size(nodes), COMBINATIONS);
	for (guint i = 0; i < COMBINATIONS; i++)
		expect_measured(json_array_get(nodes, i), i);
	json_decref(document);
	program_folder_free(folder);
}

/* What is asked for is what the default route's NAT says; packets to the judge take another one. */
static const char two_ways_out[] =
	"topology: two-ways\ndomain: example.com\n"
	"networks:\n  lan: {subnet: 192.168.1.0/24}\n  wan: {subnet: 198.51.100.0/24}\n"
	"nodes:\n"
	"  internet: {forwarding: true, interfaces: {eth0: {network: wan, address: "
	"198.51.100.1/24}}}\n"
	"  asked: &gateway\n"
	"    forwarding: true\n"
	"    interfaces:\n"
	"      lan: {network: lan, address: 192.168.1.1/24}\n      wan: {network: wan, address: "
	"198.51.100.2/24}\n"
	"    routes: [{to: default, via: 198.51.100.1}]\n"
	"    nat: [{name: nat, masquerade: wan, preset: full-cone}]\n"
	"  taken:\n"
	"    <<: *gateway\n"
	"    interfaces:\n"
	"      lan: {network: lan, address: 192.168.1.9/24}\n      wan: {network: wan, address: "
	"198.51.100.3/24}\n"
	"    nat: [{name: nat, masquerade: wan, preset: symmetric-corporate}]\n"
	"  client:\n"
	"    interfaces: {eth0: {network: lan, address: 192.168.1.2/24}}\n"
	"    routes: [{to: default, via: 192.168.1.1}, {to: 198.18.0.0/15, via: 192.168.1.9}]\n"
	"    endpoint: {}\n"
	"scenarios: {base: {}}\n";

Test(nat, what_is_not_as_asked_is_told, .timeout = 60)
{
	int exit_code;
	json_t *document = run_nat_text(two_ways_out, &exit_code);
	const json_t *node, *measured;

	node = json_array_get(json_object_get(document, "nodes"), 0);
	measured = json_object_get(node, "measured");
	cr_expect_eq(exit_code, 1, "exit %d", exit_code);
	cr_expect(json_is_false(json_object_get(node, "as_asked")), "it differs");
	cr_expect_str_eq(
		json_string_value(json_object_get(json_object_get(node, "asked"), "mapping")),
		"endpoint-independent");
	cr_expect_str_eq(json_string_value(json_object_get(measured, "mapping")),
			 "address-and-port-dependent");
	cr_expect_str_eq(json_string_value(json_object_get(measured, "filtering")),
			 "address-and-port-dependent");
	json_decref(document);
}

/* A host and its router have a route to one network outside and none to everywhere. */
static const char no_default_route[] =
	"topology: no-default\ndomain: example.com\n"
	"networks:\n  lan: {subnet: 192.168.1.0/24}\n  middle: {subnet: 192.168.2.0/24}\n"
	"  wan: {subnet: 198.51.100.0/24}\n  far: {subnet: 203.0.113.0/24}\n"
	"nodes:\n"
	"  internet:\n    forwarding: true\n    interfaces:\n"
	"      wan: {network: wan, address: 198.51.100.1/24}\n"
	"      far: {network: far, address: 203.0.113.1/24}\n"
	"  gateway:\n    forwarding: true\n    interfaces:\n"
	"      middle: {network: middle, address: 192.168.2.1/24}\n"
	"      wan: {network: wan, address: 198.51.100.2/24}\n"
	"    routes: [{to: 203.0.113.0/24, via: 198.51.100.1}, {to: 192.168.1.0/24, via: "
	"192.168.2.2}]\n"
	"    nat: [{name: nat, masquerade: wan, preset: full-cone}]\n"
	"  core:\n    forwarding: true\n    interfaces:\n"
	"      lan: {network: lan, address: 192.168.1.1/24}\n"
	"      middle: {network: middle, address: 192.168.2.2/24}\n"
	"    routes: [{to: 203.0.113.0/24, via: 192.168.2.1}, {to: 198.51.100.0/24, via: "
	"192.168.2.1}]\n"
	"  one: &client\n"
	"    interfaces: {eth0: {network: lan, address: 192.168.1.2/24}}\n"
	"    routes: [{to: 192.168.2.0/24, via: 192.168.1.1}, {to: 203.0.113.0/24, via: "
	"192.168.1.1}]\n"
	"    endpoint: {}\n"
	"  two:\n"
	"    <<: *client\n"
	"    interfaces: {eth0: {network: lan, address: 192.168.1.3/24}}\n"
	"    routes: [{to: 192.168.2.0/24, via: 192.168.1.1}, {to: 198.51.100.0/24, via: "
	"192.168.1.1}]\n"
	"scenarios: {base: {}}\n";

Test(nat, is_found_without_a_default_route, .timeout = 60)
{
	int exit_code;
	json_t *document = run_nat_text(no_default_route, &exit_code);

	cr_expect_eq(exit_code, 0, "exit %d", exit_code);
	cr_expect_eq(json_array_size(json_object_get(document, "nodes")), 2);
	json_decref(document);
}

/* The path between two NATs is what their mapping and filtering say: as the files expect, by
 * packets. */
Test(nat, calls_go_the_way_that_mapping_and_filtering_leave, .timeout = 120)
{
	static const char *const runs[][8] = {
		{"run", "matrix", "-t", "topologies/nat-grid.yaml", "-s", "presets",
		 "--media=audio"},
		{"run", "matrix", "-t", "topologies/cgn.yaml", "--media=audio"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(runs); i++)
		program_expect_matrix(runs[i]);
}
