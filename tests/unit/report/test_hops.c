/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a call cost on the wire, by counters. */
#include "testbed/report/hops.h"
#include "testbed/report/json.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

/* branch-gw's interfaces; only what was sent matters here.  The tunnel carries bare IP packets, the
 * interface below Ethernet. */
static netstate *state(int inner_packets, int inner_bytes, int outer_packets, int outer_bytes)
{
	return state_from(
		json_pack("{s:{s:{s:[{s:s, s:b, s:i, s:i, s:[s]}, {s:s, s:b, s:i, s:i, s:[s]}]}}}",
			  "nodes", "branch-gw", "links", "name", "vpn0", "ethernet", 0,
			  "tx_packets", inner_packets, "tx_bytes", inner_bytes, "addresses",
			  "10.255.0.2/30", "name", "wan", "ethernet", 1, "tx_packets",
			  outer_packets, "tx_bytes", outer_bytes, "addresses", "198.51.100.6/30"));
}

static model *company(void)
{
	g_autoptr(diags) found = diags_new();
	model *m = model_load("tests/data/topologies/company.yaml", found);
	g_autofree char *text = diags_to_text(found);

	cr_assert(m, "%s", text);
	return m;
}

/* A cell whose ends sent `packets` of media, with what the counters tell. */
static struct cell *measured(netstate *before, netstate *after, guint64 packets,
			     const char *underlay)
{
	g_autoptr(model) m = company();
	struct cell *c = cell_new();

	c->id = g_strdup("s/a-b/audio");
	c->scenario = g_strdup("s");
	c->a = g_strdup("a");
	c->b = g_strdup("b");
	c->media = MEDIA_AUDIO;
	c->quality.sent = packets;
	if (underlay) {
		const struct kernel_link *wan =
			node_state_link(netstate_node(after, "branch-gw"), "wan");

		cr_assert(prefix_parse(underlay, &g_array_index(wan->addresses, struct prefix, 0)));
	}
	report_hops(c, m, before, after);
	netstate_unref(before);
	netstate_unref(after);
	return c;
}

static char *underlay(void)
{
	g_autoptr(model) m = company();
	const struct tunnel *t = m->tunnels->pdata[0];
	char text[ADDR_TEXT_MAX];

	for (int end = 0; end < 2; end++)
		if (strcmp(t->ends[end].node_name, "branch-gw") == 0)
			return g_strconcat(addr_print(&t->ends[end].underlay, text), "/30", NULL);
	return NULL;
}

/* 105 packets below have 105 Ethernet headers, which the tunnel did not add. */
Test(hops, what_a_tunnel_adds_is_the_difference_of_the_same_ip_packets)
{
	g_autofree char *address = underlay();
	struct cell *c =
		measured(state(10, 1000, 20, 3000), state(110, 21000, 125, 31000), 100, address);
	const struct cell_tunnel *t;
	g_autoptr(GString) text = g_string_new(NULL);

	cr_assert_eq(c->hops->len, 2);
	cr_assert_eq(c->tunnels->len, 1);
	t = c->tunnels->pdata[0];
	cr_expect_eq(t->packets, 100);
	cr_expect_eq(t->inner_bytes, 20000);
	cr_expect_eq(t->outer_bytes, 28000 - 105 * 14);
	cr_expect_float_eq(report_overhead_pct(t), 32.65, 0.001);
	report_hops_text(c, text);
	cr_expect(strstr(text->str, "branch-gw by wan: 100 packets, 20000 bytes become 26530 (+"),
		  "%s", text->str);
	cell_free(c);
}

Test(hops, an_underlay_that_carries_other_packets_tells_nothing_of_the_tunnel)
{
	g_autofree char *address = underlay();
	struct cell *c = measured(state(0, 0, 0, 0), state(100, 20000, 150, 31000), 100, address);

	cr_expect_eq(c->hops->len, 2);
	cr_expect_eq(c->tunnels->len, 0);
	cell_free(c);
}

Test(hops, an_interface_that_carried_little_is_not_on_the_way)
{
	struct cell *c = measured(state(0, 0, 0, 0), state(49, 9000, 50, 9100), 100, NULL);

	cr_assert_eq(c->hops->len, 1);
	cr_expect_str_eq(((const struct cell_hop *)c->hops->pdata[0])->iface, "wan");
	cell_free(c);
}

Test(hops, come_back_from_json_as_they_were)
{
	g_autofree char *address = underlay();
	struct cell *c = measured(state(10, 1000, 20, 3000), state(110, 21000, 125, 31000), 100,
				  address),
		    *back;
	json_t *json = report_cell_json(c), *again;

	back = report_cell_parse(json, "s", NULL);
	cr_assert(back && back->hops && back->tunnels);
	again = report_cell_json(back);
	cr_expect(json_equal(json_object_get(json, "hops"), json_object_get(again, "hops")));
	cr_expect(json_equal(json_object_get(json, "tunnels"), json_object_get(again, "tunnels")));
	cr_expect_eq(json_array_size(json_object_get(again, "tunnels")), 1);
	json_decref(json);
	json_decref(again);
	cell_free(back);
	cell_free(c);
}

Test(hops, a_cell_that_was_not_measured_has_none)
{
	struct cell *c = cell_new();
	g_autoptr(GString) text = g_string_new(NULL);
	json_t *json;

	c->id = g_strdup("s/a-b/im");
	c->a = g_strdup("a");
	json = report_cell_json(c);
	report_hops_text(c, text);
	cr_expect(!json_object_get(json, "hops") && !json_object_get(json, "tunnels"));
	cr_expect_str_empty(text->str);
	json_decref(json);
	cell_free(c);
}
