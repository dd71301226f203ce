/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a silent relay refused, from answers by hand. */
#include "testbed/diagnose/answers.h"

#include <criterion/criterion.h>

#define BRANCH_EDGE "10.20.0.101" /* branch1, as the Edge sees it */
#define PEER "203.0.113.40"

struct answer {
	guint8 transaction;
	guint16 stun;
	int code; /* 0: none */
};

static const struct row {
	const char *name, *engine;
	struct answer answers[4]; /* ended by transaction 0 */
	const char *told;	  /* events; "": none */
} rows[] = {
	{"asked for credentials, then lent", "coturn", {{1, 0x0113, 401}, {2, 0x0103, 0}}, ""},
	{"the same question twice", "coturn", {{1, 0x0113, 401}, {1, 0x0113, 401}}, ""},
	{"credentials refused", "coturn", {{1, 0x0113, 401}, {2, 0x0113, 401}}, "auth-failed 401"},
	{"a stale nonce is nothing",
	 "coturn",
	 {{1, 0x0113, 401}, {2, 0x0113, 438}, {3, 0x0103, 0}},
	 ""},
	{"all taken", "coturn", {{1, 0x0113, 401}, {2, 0x0113, 486}}, "relay-refused 486"},
	{"no port", "coturn", {{1, 0x0113, 401}, {2, 0x0113, 508}}, "relay-refused 508"},
	{"a peer that is forbidden", "coturn", {{1, 0x0118, 403}}, "denied 0"},
	{"the built-in one tells itself", "builtin", {{1, 0x0113, 401}, {2, 0x0113, 401}}, ""},
};

static void see(journeys *all, const struct answer *a, guint64 ms)
{
	static const struct {
		const char *node, *iface;
		bool out;
	} ways[] = {{"edge", "int", true}, {"branch1", "lan", false}};

	for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct sighting s = {.node = g_intern_string(ways[i].node),
				     .iface = g_intern_string(ways[i].iface),
				     .out = ways[i].out,
				     .time_ns = (ms + i) * 1000000,
				     .proto = PROTO_UDP,
				     .sport = 3478,
				     .dport = 5000,
				     .stun = a->stun,
				     .error = (uint8_t)(a->code != 0 ? a->code - 300 : 0)};

		cr_assert(addr_parse("172.25.33.10", &s.src) && addr_parse(BRANCH_EDGE, &s.dst));
		s.id.kind = PACKET_STUN;
		s.id.bytes[0] = a->transaction;
		s.id.bytes[1] = (guint8)a->stun;
		journeys_add(all, &s);
	}
}

static void hear_candidate(GPtrArray *heard)
{
	json_t *event = json_pack("{s:s, s:s, s:s, s:i}", "event", "candidate", "side", "local",
				  "address", PEER, "port", 9);

	g_ptr_array_add(heard, heard_new("home1", event));
	json_decref(event);
}

static char *told_of(const struct row *row, const model *m)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct cell *c = cell_new();
	struct observation seen;
	GPtrArray *told;

	observation_init(&seen);
	seen.packets = journeys_new();
	hear_candidate(seen.heard);
	g_ptr_array_add(c->participants, g_strdup("branch1"));
	for (guint i = 0; i < G_N_ELEMENTS(row->answers) && row->answers[i].transaction != 0; i++)
		see(seen.packets, &row->answers[i], 10 * (guint64)(i + 1));
	journeys_sort(seen.packets);
	told = answers_told(m, c, &seen);
	for (guint i = 0; i < told->len; i++) {
		const struct heard *h = told->pdata[i];

		cr_expect_str_eq(h->agent, "edge/relay");
		g_string_append_printf(
			text, "%s%s %d", i > 0 ? ", " : "",
			json_string_value(json_object_get(h->event, "event")),
			(int)json_integer_value(json_object_get(h->event, "status")));
	}
	g_ptr_array_unref(told);
	observation_clear(&seen);
	cell_free(c);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

Test(answers, of_a_silent_relay_become_events)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(diags) d = diags_new();
		g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
		g_autofree char *changes =
			g_strdup_printf("- set-edge: {node: edge, relay_not_to: [203.0.113.0/24]}\n"
					"- set-engine: {node: edge, engine: %s}\n",
					rows[i].engine);
		g_autoptr(model) m = model_instantiate_with(
			base, model_scenario(base, "missing-route"), "test", changes, d);
		g_autofree char *told = NULL;

		cr_assert_not_null(m);
		told = told_of(&rows[i], m);
		cr_expect_str_eq(told, rows[i].told, "%s: %s", rows[i].name, told);
	}
}
