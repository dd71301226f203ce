/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of a small network. */
#include "testbed/report/story_map.h"

#include <criterion/criterion.h>
#include <string.h>

static const char topology[] =
	"topology: t\n"
	"domain: t.test\n"
	"sites: {here: {title: Here}}\n"
	"scenarios: {plain: {title: none}}\n"
	"networks:\n"
	"  lan: {site: here, subnet: 10.0.0.0/24, impair: {loss: 1%}}\n"
	"  up: {subnet: 203.0.113.0/24}\n"
	"nodes:\n"
	"  a: {site: here, interfaces: {lan: {network: lan, address: 10.0.0.1/24}}}\n"
	"  b: {site: here, interfaces: {lan: {network: lan, address: 10.0.0.2/24}}}\n"
	"  gw:\n    site: here\n    forwarding: true\n    interfaces:\n"
	"      lan: {network: lan, address: 10.0.0.254/24}\n"
	"      wan: {network: up, address: 203.0.113.1/24}\n"
	"    nat: [{name: n, masquerade: wan, preset: hotel}]\n"
	"  isp: {bogon_filter: true, forwarding: true, interfaces: {eth0: {network: up, address: "
	"203.0.113.2/24}}}\n";

Test(story_map, tells_what_is_drawn)
{
	g_autoptr(diags) d = diags_new();
	model *m = model_load_text("t.yaml", topology, strlen(topology), d);
	g_autoptr(GHashTable) changes = g_hash_table_new(g_str_hash, g_str_equal);
	char text[] = "no route", to[] = "10.1.0.0/24", scenario[] = "s";
	struct map_missing lack = {.node = "a", .text = text, .to = to, .scenario = scenario};
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	const struct map_marks marks = {.changes = changes, .missing = missing};
	json_auto_t *map = NULL;
	const json_t *gw, *lan, *up;

	cr_assert(m, "the topology is right");
	g_hash_table_insert(changes, (gpointer)(guintptr) "b", (gpointer)(guintptr) "added");
	g_ptr_array_add(missing, &lack);
	map = story_map_json(m, &marks);
	cr_assert(map);
	gw = json_array_get(json_object_get(map, "nodes"), 2);
	lan = json_array_get(json_object_get(map, "networks"), 0);
	up = json_array_get(json_object_get(map, "networks"), 1);
	cr_expect_str_eq(member_text(gw, "role"), "router");
	cr_expect_str_eq(json_string_value(json_array_get(json_object_get(gw, "marks"), 0)),
			 "NAT: hotel");
	cr_expect_eq(json_array_size(json_object_get(gw, "interfaces")), 2);
	cr_expect_str_eq(member_text(json_array_get(json_object_get(map, "nodes"), 1), "change"),
			 "added");
	cr_expect_str_eq(member_text(lan, "kind"), "lan");
	cr_expect_str_eq(member_text(lan, "impair"), "loss 1%");
	cr_expect_eq(json_array_size(json_object_get(lan, "links")), 3);
	cr_expect_str_eq(member_text(up, "kind"), "line");
	cr_expect_str_eq(
		member_text(json_array_get(json_object_get(map, "missing"), 0), "scenario"), "s");
	model_free(m);
}
