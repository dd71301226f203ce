/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of a small network, with places given by hand. */
#include "testbed/report/story_map.h"

#include <criterion/criterion.h>
#include <string.h>

static const char topology[] =
	"topology: t\n"
	"domain: t.test\n"
	"sites: {here: {title: Here}}\n"
	"scenarios: {plain: {title: none}}\n"
	"networks:\n"
	"  lan: {site: here, subnet: 10.0.0.0/24}\n"
	"  up: {subnet: 203.0.113.0/24}\n"
	"nodes:\n"
	"  a: {site: here, interfaces: {lan: {network: lan, address: 10.0.0.1/24}}}\n"
	"  b: {site: here, interfaces: {lan: {network: lan, address: 10.0.0.2/24}}}\n"
	"  gw:\n    site: here\n    forwarding: true\n    interfaces:\n"
	"      lan: {network: lan, address: 10.0.0.254/24}\n"
	"      wan: {network: up, address: 203.0.113.1/24}\n"
	"  isp: {bogon_filter: true, forwarding: true, interfaces: {eth0: {network: up, address: "
	"203.0.113.2/24}}}\n";

static model *network(void)
{
	diags *d = diags_new();
	model *m = model_load_text("t.yaml", topology, strlen(topology), d);

	cr_assert(m, "%s", diags_to_text(d));
	diags_free(d);
	return m;
}

/* As `dot -Tjson` answers, in a row. */
static json_t *layout_of(const char *const *names)
{
	json_t *objects = json_array();

	for (int i = 0; names[i]; i++) {
		g_autofree char *pos = g_strdup_printf("%d,%d", i * 200, i * 10);

		json_array_append_new(objects, json_pack("{s:i, s:s, s:s}", "_gvid", i, "name",
							 names[i], "pos", pos));
	}
	return json_pack("{s:o, s:[{s:i, s:i, s:i, s:s}]}", "objects", objects, "edges", "_gvid", 0,
			 "tail", 0, "head", 4, "pos",
			 "0,0 10,0 20,5 400,200 420,210 430,220 800,40");
}

static const char *const all[] = {"n:a", "n:b", "n:gw", "n:isp", "w:lan", "w:up", NULL};

Test(story_map, asks_for_a_layout_of_every_node_and_network)
{
	model *m = network();
	g_autoptr(GString) dot = g_string_new(NULL), again = g_string_new(NULL);

	story_map_dot(m, dot);
	story_map_dot(m, again);
	cr_expect_str_eq(dot->str, again->str);
	for (guint i = 0; all[i]; i++)
		cr_expect_not_null(strstr(dot->str, all[i]), "%s", all[i]);
	model_free(m);
}

static double member(const json_t *box, const char *key)
{
	return json_number_value(json_object_get(box, key));
}

Test(story_map, is_of_16_to_9_with_all_boxes_inside)
{
	model *m = network();
	json_auto_t *layout = layout_of(all);
	const struct map_marks marks = {0};
	json_auto_t *map = story_map_json(m, layout, &marks, NULL);
	const json_t *box;
	size_t i;

	cr_assert(map);
	cr_expect_float_eq(member(map, "width") / member(map, "height"), 16.0 / 9, 0.01);
	json_array_foreach(json_object_get(map, "nodes"), i, box) {
		cr_expect_geq(member(box, "x"), 0);
		cr_expect_geq(member(box, "y"), 0);
		cr_expect_leq(member(box, "x") + member(box, "w"), member(map, "width"));
		cr_expect_leq(member(box, "y") + member(box, "h"), member(map, "height"));
	}
	cr_expect_eq(json_array_size(json_object_get(map, "networks")), 2);
	model_free(m);
}

Test(story_map, another_layout_is_an_error)
{
	static const char *const few[] = {"n:a", NULL};
	model *m = network();
	json_auto_t *layout = layout_of(few), *nothing = json_object();
	const struct map_marks marks = {0};
	g_autoptr(GError) error = NULL;

	cr_expect_null(story_map_json(m, layout, &marks, &error));
	cr_assert_not_null(error);
	cr_expect_null(story_map_json(m, nothing, &marks, NULL));
	model_free(m);
}
