/* What a call cost on the wire, by counters. */
#include "testbed/report/hops.h"

#include <criterion/criterion.h>
#include <string.h>

/* branch-gw's interfaces; only what was sent matters here. */
static json_t *state(int inner_packets, int inner_bytes, int outer_packets, int outer_bytes)
{
	return json_pack("{s:{s:[{s:s, s:i, s:i, s:[s]}, {s:s, s:i, s:i, s:[s]}]}}", "branch-gw", "links", "name", "vpn0", "tx_packets",
			 inner_packets, "tx_bytes", inner_bytes, "addresses", "10.255.0.2/30", "name", "wan", "tx_packets",
			 outer_packets, "tx_bytes", outer_bytes, "addresses", "198.51.100.6/30");
}

static model *reference(void)
{
	g_autoptr(diags) found = diags_new();
	model *m = model_load("topologies/lync.yaml", found);
	g_autofree char *text = diags_to_text(found);

	cr_assert(m, "%s", text);
	return m;
}

static json_t *hops_of(json_t *before, json_t *after, guint64 packets, const char *underlay)
{
	g_autoptr(model) m = reference();
	json_t *links = json_object_get(json_object_get(after, "branch-gw"), "links"), *hops;
	json_t *addresses = json_object_get(json_array_get(links, 1), "addresses");

	if (underlay)
		json_array_set_new(addresses, 0, json_string(underlay));
	hops = report_hops(m, before, after, packets);
	json_decref(before);
	json_decref(after);
	return hops;
}

static char *underlay(void)
{
	g_autoptr(model) m = reference();
	const struct tunnel *t = m->tunnels->pdata[0];
	char text[ADDR_TEXT_MAX];

	for (int end = 0; end < 2; end++)
		if (strcmp(t->ends[end].node_name, "branch-gw") == 0)
			return g_strconcat(addr_print(&t->ends[end].underlay, text), "/30", NULL);
	return NULL;
}

Test(hops, what_a_tunnel_adds_is_the_difference_of_the_same_packets)
{
	g_autofree char *address = underlay();
	json_t *o = hops_of(state(10, 1000, 20, 3000), state(110, 21000, 125, 31000), 100, address), *t;
	g_autoptr(GString) text = g_string_new(NULL);

	cr_assert_eq(json_array_size(json_object_get(o, "hops")), 2);
	cr_assert_eq(json_array_size(json_object_get(o, "tunnels")), 1);
	t = json_array_get(json_object_get(o, "tunnels"), 0);
	cr_expect_eq(json_integer_value(json_object_get(t, "inner_bytes")), 20000);
	cr_expect_eq(json_integer_value(json_object_get(t, "overhead_bytes")), 8000);
	cr_expect_float_eq(json_number_value(json_object_get(t, "overhead_pct")), 40, 0.001);
	report_hops_text(o, text);
	cr_expect(strstr(text->str, "28000 by wan: 8000 (40.0 %) more"), "%s", text->str);
	json_decref(o);
}

Test(hops, an_underlay_that_carries_other_packets_tells_nothing_of_the_tunnel)
{
	g_autofree char *address = underlay();
	json_t *o = hops_of(state(0, 0, 0, 0), state(100, 20000, 150, 31000), 100, address);

	cr_expect_eq(json_array_size(json_object_get(o, "hops")), 2);
	cr_expect_eq(json_array_size(json_object_get(o, "tunnels")), 0);
	json_decref(o);
}

Test(hops, an_interface_that_carried_little_is_not_on_the_way)
{
	json_t *o = hops_of(state(0, 0, 0, 0), state(49, 9000, 50, 9100), 100, NULL);
	const json_t *list = json_object_get(o, "hops");

	cr_assert_eq(json_array_size(list), 1);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "interface")), "wan");
	json_decref(o);
}
