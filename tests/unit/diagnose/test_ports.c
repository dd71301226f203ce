/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exception for the ports that a relay lends. */
#include "testbed/diagnose/fix_service.h"

#include <criterion/criterion.h>

Test(ports, all_that_the_relay_lends)
{
	static const struct {
		const char *object, *src, *dst;
		uint16_t sport, dport;
		const char *fix; /* NULL: none */
	} rows[] = {
		{"edge-out", "203.0.113.20", "198.51.100.14", 50000, 40000,
		 "- allow: {node: dmz-fw, name: relay-ports, chain: forward, src: [203.0.113.20], "
		 "proto: udp, sports: [50000-59999]}\n"},
		{"forward-policy", "198.51.100.14", "203.0.113.20", 40000, 50001,
		 "- allow: {node: dmz-fw, name: relay-ports, chain: forward, dst: [203.0.113.20], "
		 "proto: udp, dports: [50000-59999]}\n"},
		{"forward-policy", "198.51.100.14", "203.0.113.20", 40000, 3478, NULL},
		{"no-such-rule", "203.0.113.20", "198.51.100.14", 50000, 40000, NULL},
	};
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("topologies/lync.yaml", d);
	g_autoptr(model) m = model_instantiate(base, model_scenario(base, "missing-route"), d);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct finding f = {.code = CAUSE_RELAY_PORTS_BLOCKED, .node = (char[]){"dmz-fw"}};
		g_autofree char *object = g_strdup(rows[i].object);
		g_autoptr(fix) x = NULL;

		f.object = object;
		f.flow = (struct flow){
			.proto = PROTO_UDP, .sport = rows[i].sport, .dport = rows[i].dport};
		cr_assert(addr_parse(rows[i].src, &f.flow.src) &&
			  addr_parse(rows[i].dst, &f.flow.dst));
		x = fix_derive(m, &f);
		cr_assert_eq(x == NULL, rows[i].fix == NULL, "row %u", i);
		if (x)
			cr_expect_str_eq(x->change, rows[i].fix, "%s", x->change);
	}
}
