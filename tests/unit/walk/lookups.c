/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks held against what the kernels are said to have answered. */
#include "testbed/walk/lookups.h"
#include "testbed/walk/walk.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define RPF "set-sysctl: {node: edge, key: net.ipv4.conf.all.rp_filter, value: '1'}"

/* One answer of a kernel, in JSON, put into the state before the walk. */
struct said {
	const char *node, *answer;
};

static void put_said(json_t *state, const struct said *s)
{
	json_t *node = json_object_get(json_object_get(state, "nodes"), s->node),
	       *list = json_object_get(node, "lookups");
	json_t *answer = json_loads(s->answer, 0, NULL);

	cr_assert(node && answer, "%s: %s", s->node, s->answer);
	if (!list) {
		list = json_array();
		json_object_set_new(node, "lookups", list);
	}
	json_array_append_new(list, answer);
}

static netstate *state_where(const model *m, const struct said *said, gsize n)
{
	g_autoptr(netstate) planned = planned_state(m);
	json_t *state = netstate_to_json(planned);

	for (gsize i = 0; i < n; i++)
		put_said(state, &said[i]);
	return state_from(state);
}

static const struct row {
	const char *name, *changes, *from, *to;
	uint16_t port;
	struct said said;
	guint agree;
	const char *differs; /* part of it; NULL: nothing does */
} rows[] = {
	{.name = "never asked", .from = "branch1", .to = "172.25.33.10", .said = {"dns-pub", "{}"}},
	{.name = "asked about others",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.102\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"error\": \"EACCES\"}"}},
	{.name = "asked by another interface",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"lan\", "
			  "\"error\": \"EACCES\"}"}},
	{.name = "the same route",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .agree = 1,
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"prefix\": \"172.25.33.0/24\","
			  " \"dev\": \"perim\", \"table\": 254, \"type\": \"unicast\"}"}},
	{.name = "the same by a gateway",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .agree = 1,
	 .said = {"branch1",
		  "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"prefix\": \"0.0.0.0/0\","
		  " \"via\": \"10.20.0.1\", \"dev\": \"lan\", \"table\": 254, \"type\": "
		  "\"unicast\"}"}},
	{.name = "another gateway",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"branch1",
		  "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"prefix\": \"0.0.0.0/0\","
		  " \"via\": \"10.20.0.9\", \"dev\": \"lan\", \"table\": 254, \"type\": "
		  "\"unicast\"}"},
	 .differs = "of 172.25.33.10 from 10.20.0.101 the walk says at branch1: 0.0.0.0/0 via "
		    "10.20.0.1 dev lan, but the "
		    "kernel: 0.0.0.0/0 via 10.20.0.9 dev lan"},
	{.name = "no gateway",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"branch1",
		  "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"prefix\": \"0.0.0.0/0\","
		  " \"dev\": \"lan\", \"table\": 254, \"type\": \"unicast\"}"},
	 .differs = "but the kernel: 0.0.0.0/0 dev lan"},
	{.name = "another prefix",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"prefix\": \"172.25.0.0/16\","
			  " \"dev\": \"perim\", \"table\": 254, \"type\": \"unicast\"}"},
	 .differs = "but the kernel: 172.25.0.0/16 dev perim"},
	{.name = "another interface",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"prefix\": \"172.25.33.0/24\","
			  " \"dev\": \"lan\", \"table\": 254, \"type\": \"unicast\"}"},
	 .differs = "but the kernel: 172.25.33.0/24 dev lan"},
	{.name = "another table",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"prefix\": \"172.25.33.0/24\","
			  " \"dev\": \"perim\", \"table\": 7, \"type\": \"unicast\"}"},
	 .differs = "but the kernel: 172.25.33.0/24 dev perim table 7"},
	{.name = "another type",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"prefix\": \"172.25.33.0/24\","
			  " \"dev\": \"perim\", \"table\": 254, \"type\": \"broadcast\"}"},
	 .differs = "but the kernel: broadcast 172.25.33.0/24"},
	{.name = "refused there",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			  "\"error\": \"EXDEV\"}"},
	 .differs = "but the kernel: refused by the reverse path filter (EXDEV)"},
	{.name = "delivered",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .agree = 1,
	 .said = {"edge", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"int\", "
			  "\"prefix\": \"172.25.33.10/32\","
			  " \"dev\": \"int\", \"table\": 255, \"type\": \"local\"}"}},
	{.name = "not delivered",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"edge", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"int\", "
			  "\"prefix\": \"172.25.33.0/24\","
			  " \"dev\": \"int\", \"table\": 254, \"type\": \"unicast\"}"},
	 .differs = "the walk says at edge: local its own address, but"},
	{.name = "the unreachable rule",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .agree = 1,
	 .said = {"edge", "{\"from\": \"172.25.33.10\", \"to\": \"10.20.0.101\", \"error\": "
			  "\"ENETUNREACH\"}"}},
	{.name = "a route in its place",
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"edge",
		  "{\"from\": \"172.25.33.10\", \"to\": \"10.20.0.101\", \"prefix\": \"0.0.0.0/0\","
		  " \"via\": \"203.0.113.1\", \"dev\": \"ext\", \"table\": 254, \"type\": "
		  "\"unicast\"}"},
	 .differs = "the walk says at edge: no way (ENETUNREACH), but the kernel: 0.0.0.0/0 via "
		    "203.0.113.1 dev ext"},
	{.name = "the reverse path filter, older kernels",
	 .changes = RPF,
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .agree = 1,
	 .said = {"edge", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"int\", "
			  "\"error\": \"EXDEV\"}"}},
	{.name = "and newer ones",
	 .changes = RPF,
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .agree = 1,
	 .said = {"edge", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"int\", "
			  "\"error\": \"EINVAL\"}"}},
	{.name = "a filter that lets it pass",
	 .changes = RPF,
	 .from = "branch1",
	 .to = "172.25.33.10",
	 .said = {"edge", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"int\", "
			  "\"prefix\": \"172.25.33.10/32\","
			  " \"dev\": \"int\", \"table\": 255, \"type\": \"local\"}"},
	 .differs = "but the kernel: local 172.25.33.10/32 dev int"},
	{.name = "behind NAT, by the address that is routed",
	 .from = "home1",
	 .to = "203.0.113.20",
	 .agree = 1,
	 .said = {"nat1", "{\"from\": \"203.0.113.20\", \"to\": \"192.168.1.10\", \"in\": \"wan\", "
			  "\"prefix\": \"192.168.1.0/24\","
			  " \"dev\": \"lan\", \"table\": 254, \"type\": \"unicast\"}"}},
	{.name = "a host that does not forward",
	 .from = "dc1",
	 .to = "10.77.0.1",
	 .agree = 1,
	 .changes = "add-route: {node: dc1, to: 10.77.0.0/16, via: 10.0.1.102}",
	 .said = {"dc2", "{\"from\": \"10.0.1.101\", \"to\": \"10.77.0.1\", \"in\": \"lan\", "
			 "\"error\": \"EHOSTUNREACH\"}"}},
	{.name = "a blackhole",
	 .from = "dc1",
	 .to = "10.20.0.101",
	 .agree = 1,
	 .changes = "add-route: {node: core, to: 10.20.0.101/32, type: blackhole}",
	 .said = {"core", "{\"from\": \"10.0.1.101\", \"to\": \"10.20.0.101\", \"in\": \"lan\", "
			  "\"error\": \"EINVAL\"}"}},
	{.name = "a route to the host alone, which the kernel does not know",
	 .from = "dc1",
	 .to = "10.20.0.101",
	 .changes = "add-route: {node: dc1, to: 10.20.0.101/32, via: 10.0.1.102}",
	 .said = {"dc1", "{\"from\": \"10.0.1.101\", \"to\": \"10.20.0.101\", \"prefix\": "
			 "\"0.0.0.0/0\", \"via\": \"10.0.1.1\","
			 " \"dev\": \"lan\", \"table\": 254, \"type\": \"unicast\"}"},
	 .differs = "the walk says at dc1: 10.20.0.101/32 via 10.0.1.102 dev lan, but"},
};

static struct walk_pair *walk_row(const struct row *r)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", r->changes);
	g_autoptr(netstate) state = state_where(m, &r->said, 1);
	g_autoptr(knet) net = knet_new(m, state);
	struct flow flow = {.node = r->from, .proto = PROTO_UDP, .dport = 3478};

	cr_assert(addr_parse(r->to, &flow.dst));
	return walk_both(net, &flow);
}

Test(lookups, the_kernel_agrees_or_the_tool_is_wrong)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		struct walk_pair *pair = walk_row(r);
		struct lookups_tally t = lookups_count(pair);

		cr_expect_eq(t.agree, r->agree, "%s: %u agree", r->name, t.agree);
		cr_expect_eq(t.differs != NULL, r->differs != NULL, "%s: %s", r->name,
			     t.differs ? t.differs : "nothing differs");
		cr_expect(!r->differs || !t.differs || strstr(t.differs, r->differs), "%s: %s",
			  r->name, t.differs);
		lookups_tally_clear(&t);
		walk_pair_free(pair);
	}
}

static const struct row *row_named(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_str_equal(rows[i].name, name))
			return &rows[i];
	cr_assert_fail("no row %s", name);
	return NULL;
}

static void expect_proof(const char *row, const char *node, const char *wanted)
{
	struct walk_pair *pair = walk_row(row_named(row));
	g_autofree char *proof = lookups_proof(pair->back ? pair->back : pair->forward, node);

	cr_expect_eq(g_strcmp0(proof, wanted), 0, "%s: %s", row, proof ? proof : "no proof");
	walk_pair_free(pair);
}

Test(lookups, proof_only_where_the_kernel_was_asked)
{
	expect_proof("the unreachable rule", "edge",
		     "kernel at edge: 10.20.0.101 from 172.25.33.10: no way (ENETUNREACH)");
	expect_proof("a blackhole", "core",
		     "kernel at core: 10.20.0.101 from 10.0.1.101 in by lan: dropped (EINVAL)");
	expect_proof("never asked", "edge", NULL);
	expect_proof("the unreachable rule", "core", NULL);
}

/* Every hop of both directions, as its kernel would have to be asked. */
Test(lookups, what_has_to_be_asked)
{
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
	g_autoptr(netstate) state = planned_state(m);
	g_autoptr(knet) net = knet_new(m, state);
	g_autoptr(GPtrArray) questions = NULL;
	json_t *wanted, *asked;
	struct flow flow = {.node = "branch1", .proto = PROTO_UDP, .dport = 3478};
	struct walk_pair *pair;

	addr_parse("172.25.33.10", &flow.dst);
	pair = walk_both(net, &flow);
	questions = lookups_wanted(pair);
	asked = route_questions_to_json(questions);
	wanted = json_pack("{s:[{s:s, s:s, s:n}], s:[{s:s, s:s, s:s}], s:[{s:s, s:s, s:s}], "
			   "s:[{s:s, s:s, s:s}, {s:s, s:s, s:n}]}",
			   "branch1", "from", "10.20.0.101", "to", "172.25.33.10", "in",
			   "branch-gw", "from", "10.20.0.101", "to", "172.25.33.10", "in", "lan",
			   "core", "from", "10.20.0.101", "to", "172.25.33.10", "in", "vpn0",
			   "edge", "from", "10.20.0.101", "to", "172.25.33.10", "in", "int", "from",
			   "172.25.33.10", "to", "10.20.0.101", "in");
	cr_expect(json_equal(asked, wanted), "%s", json_dumps(asked, 0));
	json_decref(wanted);
	json_decref(asked);
	walk_pair_free(pair);
}

/* What the walk relies on, and what the nodes on the way there say of a way back that no answer
 * went. */
Test(lookups, told_by_node_and_direction)
{
	static const struct said more[] = {
		{"core", "{\"from\": \"10.20.0.101\", \"to\": \"172.25.33.10\", \"in\": \"vpn0\", "
			 "\"prefix\": \"172.25.33.0/24\","
			 " \"dev\": \"perim\", \"table\": 254, \"type\": \"unicast\"}"},
		{"core", "{\"from\": \"172.25.33.10\", \"to\": \"10.20.0.101\", \"in\": \"perim\", "
			 "\"prefix\": \"10.20.0.0/24\","
			 " \"via\": \"10.255.0.2\", \"dev\": \"vpn0\", \"table\": 254, \"type\": "
			 "\"unicast\"}"},
		{"edge", "{\"from\": \"172.25.33.10\", \"to\": \"10.20.0.101\", \"error\": "
			 "\"ENETUNREACH\"}"},
	};
	g_autoptr(model) m = scenario_model(COMPANY, "missing-route", NULL);
	g_autoptr(netstate) state = state_where(m, more, G_N_ELEMENTS(more));
	g_autoptr(knet) net = knet_new(m, state);
	struct flow flow = {.node = "branch1", .proto = PROTO_UDP, .dport = 3478};
	g_autoptr(GString) out = g_string_new(NULL);
	struct walk_pair *pair;

	addr_parse("172.25.33.10", &flow.dst);
	pair = walk_both(net, &flow);
	lookups_text(pair, state, out);
	cr_expect_str_eq(out->str,
			 "there  10.20.0.101 -> 172.25.33.10\n"
			 "     * core:vpn0        172.25.33.0/24 dev perim\n"
			 "back   172.25.33.10 -> 10.20.0.101\n"
			 "     * edge             no way (ENETUNREACH)\n"
			 "       core:perim       10.20.0.0/24 via 10.255.0.2 dev vpn0\n",
			 "%s", out->str);
	walk_pair_free(pair);
}
