/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What -v and -vv add, from packets by hand. */
#include "testbed/report/detail.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

static void see(journeys *all, const char *node, bool out, guint64 ms, guint16 stun, guint8 error)
{
	struct sighting s = {.node = g_intern_string(node),
			     .iface = g_intern_string("lan"),
			     .out = out,
			     .time_ns = ms * 1000000,
			     .proto = PROTO_UDP,
			     .sport = 1000,
			     .dport = 3478,
			     .stun = stun,
			     .error = error};

	addr_parse(out ? "10.0.0.1" : "10.0.0.9", &s.src);
	addr_parse(out ? "10.0.0.9" : "10.0.0.1", &s.dst);
	s.id.kind = PACKET_STUN;
	s.id.bytes[0] = (guint8)(stun >> 8);
	s.id.bytes[1] = (guint8)stun;
	s.id.bytes[2] = (guint8)
		ms; /* the transaction: requests and answers of a test come at the same time */
	journeys_add(all, &s);
}

static char *pairs_told(guint requests, guint16 answer, guint8 error)
{
	struct observation seen;
	struct cell *c = cell_new();
	GString *out = g_string_new(NULL);

	observation_init(&seen);
	seen.packets = journeys_new();
	g_ptr_array_add(c->participants, g_strdup("a"));
	for (guint i = 0; i < requests; i++) {
		see(seen.packets, "a", true, i + 1, 0x0001, 0);
		if (answer != 0)
			see(seen.packets, "a", false, i + 1, answer, error);
	}
	journeys_sort(seen.packets);
	detail_pairs(&seen, c, out);
	observation_clear(&seen);
	cell_free(c);
	return g_string_free(out, FALSE);
}

Test(detail, each_pair_has_its_own_verdict)
{
	static const struct {
		guint requests;
		guint16 answer;
		guint8 error;
		const char *told;
	} cases[] = {
		{2, 0x0101, 0, "a 10.0.0.1:1000 to 10.0.0.9:3478: 2 requests, 2 answered\n"},
		{1, 0, 0,
		 "a 10.0.0.1:1000 to 10.0.0.9:3478: 1 request, 0 answered; last at a:lan (out)\n"},
		{3, 0x0111, 187, "3 requests, 0 answered, 3 refused (487); last at a:lan (out)\n"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text =
			pairs_told(cases[i].requests, cases[i].answer, cases[i].error);

		cr_expect(strstr(text, cases[i].told), "case %u: %s", i, text);
	}
}

Test(detail, neighbours_of_the_nodes_on_the_way_are_told)
{
	struct observation seen;
	g_autoptr(finding) f = finding_new(NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	struct leg *l = g_new0(struct leg, 1);

	observation_init(&seen);
	seen.state =
		state_from(json_pack("{s:{s:{s:[{s:s, s:s, s:s}]}, s:{s:[{s:s, s:s, s:s}]}}}",
				     "nodes", "edge", "neighbours", "address", "172.25.33.99",
				     "dev", "int", "state", "failed", "far", "neighbours",
				     "address", "10.0.0.1", "dev", "lan", "state", "reachable"));
	l->walk = g_new0(struct walk_pair, 1);
	l->walk->forward = walk_new();
	walk_add_hop(l->walk->forward, "edge", "int", NULL);
	g_ptr_array_add(f->legs, l);
	detail_counters(&seen, f, out);
	cr_expect(strstr(out->str, "  edge: neighbour 172.25.33.99 at int failed\n"), "%s",
		  out->str);
	cr_expect_not(strstr(out->str, "far"), "%s", out->str);
	observation_clear(&seen);
}
