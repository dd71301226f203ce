/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A NAT that gives a socket a second port: for the same destination it has forgotten the first,
 * else it is its mapping. */
#include "testbed/diagnose/cause_rules.h"
#include "testbed/explain/explain.h"
#include "tests/support/fix_words.h"

#include <criterion/criterion.h>

#define RELAY "203.0.113.20"

static model *network(void)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	model *m = base ? model_instantiate_with(base, model_scenario(base, "persistent-route"),
						 "the test",
						 "- set-nat: {node: nat1, udp_timeout: 1s}\n", d) :
			  NULL;

	cr_assert_not_null(m);
	return m;
}

static void see(journeys *all, guint8 id, const char *node, const char *iface, bool out, guint64 ms,
		const char *src, guint16 sport, const char *dst)
{
	struct sighting s = {.node = g_intern_string(node),
			     .iface = g_intern_string(iface),
			     .out = out,
			     .time_ns = ms * 1000000u,
			     .proto = PROTO_UDP,
			     .sport = sport,
			     .dport = 3478,
			     .id = {.kind = PACKET_STUN, .bytes = {id}}};

	cr_assert(addr_parse(src, &s.src) && addr_parse(dst, &s.dst));
	journeys_add(all, &s);
}

/* One packet of home1's, from inside to outside. */
static void pass(journeys *all, guint8 id, guint64 ms, guint16 inside, guint16 outside,
		 const char *dst)
{
	see(all, id, "home1", "lan", true, ms, "192.168.1.10", inside, dst);
	see(all, id, "nat1", "lan", false, ms, "192.168.1.10", inside, dst);
	see(all, id, "nat1", "wan", true, ms, "198.51.100.14", outside, dst);
}

static const struct expired_case {
	const char *name;
	guint16 inside;	 /* of the second packet; the first is of 50000, the candidate's */
	guint16 outside; /* the first is seen as 61000 */
	const char *to;
	guint64 idle_ms;
	bool expired;
} cases[] = {
	{"another port for the same place after a second", 50000, 62000, RELAY, 1200, true},
	{"the same port again", 50000, 61000, RELAY, 1200, false},
	{"another port for another place", 50000, 62000, "203.0.113.21", 1200, false},
	{"another port at once", 50000, 62000, RELAY, 100, false},
	{"another socket", 50001, 62000, RELAY, 1200, false},
};

static void hear_candidate(GPtrArray *heard)
{
	json_t *candidate =
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "event", "candidate", "side", "local",
			  "type", "host", "address", "192.168.1.10", "port", 50000);

	g_ptr_array_add(heard, heard_new("home1", candidate));
	json_decref(candidate);
}

static finding *find(const model *m, const struct expired_case *c)
{
	g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	g_autoptr(journeys) all = journeys_new();
	struct cell *cell = cell_new();
	const struct evidence e = {.model = m, .cell = cell, .heard = heard, .packets = all};
	finding *f = finding_new(NULL);

	cell->media = MEDIA_AUDIO;
	g_ptr_array_add(cell->participants, g_strdup("home1"));
	hear_candidate(heard);
	pass(all, 1, 1000, 50000, 61000, RELAY);
	pass(all, 2, 1000 + c->idle_ms, c->inside, c->outside, c->to);
	journeys_sort(all);
	cr_assert_eq(cause_rule_nat_expired(&e, f), c->expired, "%s", c->name);
	cell_free(cell);
	return f;
}

Test(nat_expired, is_another_port_for_the_same_destination_after_silence)
{
	g_autoptr(model) m = network();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(finding) f = find(m, &cases[i]);
		g_autoptr(fix) x = fix_derive(m, f);

		cr_assert_eq(f->code, cases[i].expired ? CAUSE_NAT_EXPIRED : CAUSE_UNKNOWN, "%s",
			     cases[i].name);
		cr_assert_eq(x != NULL, cases[i].expired, "%s", cases[i].name);
		if (!cases[i].expired)
			continue;
		cr_assert_str_eq(f->node, "nat1");
		cr_assert_eq(f->subject.kind, SUBJECT_NAT);
		cr_assert_str_eq(f->subject.nat->name, "home-nat");
		cr_assert_gt(f->proof->len, 0);
		cr_assert_str_eq(fix_words(x),
				 "- set-nat: {node: nat1, nat: home-nat, udp_timeout: 120s}\n");
	}
}

/* The packets that were kept get as far as the rules. */
Test(nat_expired, is_found_in_an_observation)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	matrix_selection *s = base ? explain_select_call(base, "persistent-route", "home1", "home2",
							 MEDIA_AUDIO, NULL) :
				     NULL;
	struct observation seen;
	g_autoptr(finding) f = NULL;
	struct cell *cell;

	cr_assert_not_null(s);
	cell = observe_cells(s)->pdata[0];
	cell->done = true;
	cell->verdict = VERDICT_PASS;
	cell->path = PATH_TCP_RELAY;
	observation_init(&seen);
	seen.packets = journeys_new();
	hear_candidate(seen.heard);
	pass(seen.packets, 1, 1000, 50000, 61000, RELAY);
	pass(seen.packets, 2, 2200, 50000, 62000, RELAY);
	journeys_sort(seen.packets);
	f = observe_finding(s, &seen);
	cr_assert_eq(f->code, CAUSE_NAT_EXPIRED, "%s", cause_name(f->code));
	observation_clear(&seen);
	object_free(s);
}
