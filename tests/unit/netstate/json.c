/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON form of a state: what was written by a run is written alike again, what an older version
 * or anybody wrote is read as far as it goes. */
#include "testbed/netstate/netstate_json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define RECORDED "tests/data/netstate/recorded.json"

static netstate *parsed(const char *text)
{
	json_error_t where;
	json_t *json = json_loads(text, 0, &where);
	netstate *s;

	cr_assert_not_null(json, "%s: %s", text, where.text);
	s = netstate_from_json(json);
	json_decref(json);
	return s;
}

/* One node 'n' with these members. */
static node_state *node_of(const char *members)
{
	json_error_t where;
	g_autofree char *text = g_strdup_printf("{%s}", members);
	json_t *json = json_loads(text, 0, &where);
	node_state *n;

	cr_assert_not_null(json, "%s: %s", text, where.text);
	n = node_state_from_json("n", json);
	json_decref(json);
	return n;
}

static netstate *recorded(char **ret_text)
{
	g_autoptr(GError) error = NULL;

	cr_assert(g_file_get_contents(RECORDED, ret_text, NULL, &error), "%s",
		  error ? error->message : "");
	return parsed(*ret_text);
}

Test(netstate_json, what_a_run_wrote_is_written_alike)
{
	g_autofree char *text = NULL, *line = NULL;
	g_autoptr(netstate) s = recorded(&text);
	json_t *json = netstate_to_json(s);
	char *again = json_dumps(json, JSON_INDENT(1));

	line = g_strconcat(again, "\n", NULL);
	cr_expect_str_eq(line, text);
	free(again);
	json_decref(json);
}

Test(netstate_json, a_recorded_state_is_typed)
{
	g_autofree char *text = NULL;
	g_autoptr(netstate) s = recorded(&text);
	const node_state *gw = netstate_node(s, "branch-gw"), *router = netstate_node(s, "router");
	const struct kernel_link *vpn = node_state_link(gw, "vpn0");
	const struct tracked *first = &g_array_index(gw->sessions, struct tracked, 0);
	bool refused = false;

	cr_assert(gw && router && vpn);
	cr_expect(vpn->up && !vpn->ethernet && vpn->mtu_bytes == 1420 && vpn->addresses->len == 1);
	cr_expect_eq(node_state_link_at(gw, vpn->ifindex), vpn);
	cr_expect(gw->ipv4_forward && !node_state_tells_ipv6(gw));
	cr_expect(router->ipv6_forward && node_state_tells_ipv6(router));
	cr_expect(s->counts_evidence && s->evidence_packets > 0);
	cr_expect_str_eq(first->node, "branch-gw");
	cr_expect_gt(gw->sessions_left_out, 0);
	for (guint i = 0; i < netstate_node(s, "edge")->lookups->len; i++)
		refused |= g_array_index(netstate_node(s, "edge")->lookups, struct kernel_lookup, i)
				   .error == ENETUNREACH;
	cr_expect(refused, "the edge has no way to the branch for what comes in from outside");
}

/* --- older runs ------------------------------------------------------------------------------- */

Test(netstate_json, what_was_not_told_is_not_empty)
{
	g_autoptr(node_state) older = node_of(""),
			      newer = node_of("\"listeners\": [], \"conntrack\": [], "
					      "\"lookups\": []");
	json_t *json = node_state_to_json(older);

	cr_expect(!older->listeners && !older->sessions && !older->lookups);
	cr_expect(older->links->len == 0 && older->routes->len == 0 && older->counters->len == 0);
	cr_expect(newer->listeners && newer->sessions && newer->lookups);
	cr_expect_null(json_object_get(json, "conntrack"));
	json_decref(json);
}

Test(netstate_json, a_route_without_a_type_is_one_that_leads_on)
{
	g_autoptr(node_state) n = node_of("\"routes\": [{\"to\": \"10.0.0.0/8\", \"via\": null, "
					  "\"dev\": \"lan\", \"table\": 254}]");

	cr_assert_eq(n->routes->len, 1);
	cr_expect_eq(g_array_index(n->routes, struct kernel_route, 0).type, KERNEL_ROUTE_UNICAST);
}

Test(netstate_json, a_rule_may_be_about_an_interface)
{
	g_autoptr(node_state) n = node_of("\"rules\": [{\"pref\": 100, \"from\": null, \"in\": "
					  "\"dmz\", \"table\": 10, \"action\": \"lookup\"}]");
	json_t *json = node_state_to_json(n);
	const json_t *rule = json_array_get(json_object_get(json, "rules"), 0);

	cr_assert_eq(n->rules->len, 1);
	cr_expect_str_eq(g_array_index(n->rules, struct kernel_rule, 0).in, "dmz");
	cr_expect_str_eq(json_string_value(json_object_get(rule, "in")), "dmz");
	json_decref(json);
}

Test(netstate_json, without_evidence_it_is_null_as_ever)
{
	g_autoptr(netstate) s = parsed("{\"nodes\": {}, \"evidence\": null}");
	json_t *json = netstate_to_json(s);

	cr_expect(!s->counts_evidence);
	cr_expect(json_is_null(json_object_get(json, "evidence")));
	json_decref(json);
}

/* --- garbage ---------------------------------------------------------------------------------- */

static guint count_items(const node_state *n)
{
	const GArray *const lists[] = {n->links,      n->routes,   n->rules,
				       n->neighbours, n->counters, n->rule_counters,
				       n->listeners,  n->sessions, n->lookups};
	guint items = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		items += lists[i] ? lists[i]->len : 0;
	return items;
}

#define SESSION(more)                                                                    \
	"\"conntrack\": [{\"src\": \"10.0.0.1\", \"dst\": \"10.0.0.2\", \"reply_src\": " \
	"\"10.0.0.2\", \"reply_dst\": \"10.0.0.1\"" more "}]"

Test(netstate_json, an_item_that_cannot_be_read_is_left_out)
{
	static const char *const members[] = {
		"\"links\": 5",
		"\"links\": {\"name\": \"lan\"}",
		"\"links\": [1, null, [], \"lan\", {}, {\"name\": 7}]",
		"\"links\": [{\"name\": \"lan\", \"mtu\": -1}]",
		"\"links\": [{\"name\": \"lan\", \"mtu\": 99999999999}]",
		"\"links\": [{\"name\": \"lan\", \"ifindex\": \"2\"}]",
		"\"routes\": [{\"via\": \"10.0.0.1\"}]",
		"\"routes\": [{\"to\": \"10.0.0.0/99\"}]",
		"\"routes\": [{\"to\": \"10.0.0.0/8\", \"via\": \"nobody\"}]",
		"\"routes\": [{\"to\": \"10.0.0.0/8\", \"type\": \"odd\"}]",
		"\"routes\": [{\"to\": \"10.0.0.0/8\", \"type\": 1}]",
		"\"routes\": [{\"to\": \"10.0.0.0/8\", \"table\": 4294967296}]",
		"\"rules\": [{\"pref\": 1}]",
		"\"rules\": [{\"pref\": 1, \"action\": \"odd\"}]",
		"\"rules\": [{\"pref\": 1, \"action\": \"lookup\", \"from\": []}]",
		"\"rules\": [{\"pref\": 1, \"action\": \"lookup\", \"in\": 7}]",
		"\"neighbours\": [{\"address\": \"10.0.0.1\", \"state\": \"odd\"}]",
		"\"neighbours\": [{\"address\": null, \"state\": \"stale\"}]",
		"\"counters\": {\"IpOutNoRoutes\": \"1\", \"Ip\": null, \"Tcp\": {}}",
		"\"counters\": [1]",
		"\"nft\": [{\"table\": \"t\", \"chain\": \"c\", \"packets\": 1}]",
		"\"listeners\": [{\"proto\": \"sctp\", \"address\": \"::\", \"port\": 1}]",
		"\"listeners\": [{\"proto\": \"tcp\", \"address\": \"::\", \"port\": 65536}]",
		"\"listeners\": [{\"proto\": \"tcp\", \"port\": 1}]",
		SESSION(""),
		SESSION(", \"proto\": \"\""),
		SESSION(", \"proto\": \"256\""),
		SESSION(", \"proto\": \"udp\", \"sport\": -1"),
		SESSION(", \"proto\": \"udp\", \"dst\": \"\""),
		"\"lookups\": [{\"from\": \"10.0.0.1\"}]",
		"\"lookups\": [{\"from\": \"10.0.0.1\", \"to\": \"10.0.0.2\", \"error\": 101}]",
		"\"lookups\": [{\"from\": \"10.0.0.1\", \"to\": \"10.0.0.2\", \"error\": \"\"}]",
		"\"lookups\": [{\"from\": \"10.0.0.1\", \"to\": \"10.0.0.2\", \"prefix\": \"x\"}]",
		"\"time_us\": {}, \"sysctl\": [], \"lookups_error\": 1, \"conntrack_left_out\": -1",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
		g_autoptr(node_state) n = node_of(members[i]);
		json_t *json = node_state_to_json(n);

		cr_expect_eq(count_items(n), 0, "%s", members[i]);
		cr_expect_not_null(json);
		json_decref(json);
	}
}

Test(netstate_json, what_is_good_beside_it_is_kept)
{
	g_autoptr(node_state) n = node_of(
		"\"links\": [{\"name\": \"lan\", \"rx_bytes\": -5, \"tx_bytes\": 7, \"addresses\": "
		"[1, \"x\", \"10.0.0.1/24\"]}, {}], "
		"\"sysctl\": {\"rp_filter\": {\"lan\": -1, \"all\": 2}, \"ip_forward\": []}, "
		"\"listeners\": null, " SESSION(", \"proto\": \"47\", \"timeout_s\": null"));
	const struct kernel_link *lan = node_state_link(n, "lan");

	cr_assert_not_null(lan);
	cr_expect_eq(lan->addresses->len, 1);
	cr_expect(lan->rx_bytes == 0 && lan->tx_bytes == 7);
	cr_expect(lan->rp_filter == 0 && n->rp_filter_all == 2 && !n->ipv4_forward);
	cr_expect_null(n->listeners, "null tells nothing");
	cr_assert_eq(n->sessions->len, 1);
	cr_expect_eq(g_array_index(n->sessions, struct tracked, 0).proto, IPPROTO_GRE);
}

Test(netstate_json, what_is_no_object_is_no_state)
{
	static const char *const texts[] = {"[]", "[{\"nodes\": {}}]"};

	cr_expect_null(netstate_from_json(NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		cr_expect_null(parsed(texts[i]), "%s", texts[i]);
	for (int odd = 0; odd < 2; odd++) {
		g_autoptr(netstate) s = parsed(odd ? "{\"nodes\": {\"n\": [], \"\": null}}" :
						     "{\"nodes\": \"none\"}");

		cr_expect_eq(s->nodes->len, odd ? 2 : 0);
	}
}

/* Every byte of a file may be another one: cut off, and with each third byte spoiled. */
Test(netstate_json, no_file_does_harm)
{
	g_autofree char *text = NULL;
	g_autoptr(netstate) whole G_GNUC_UNUSED = recorded(&text);
	gsize length = strlen(text);

	for (gsize i = 0; i < length; i += 3) {
		g_autofree char *spoiled = g_strdup(text);
		json_t *json;

		spoiled[i] = "0\"-{x"[i % 5];
		json = json_loads(spoiled, 0, NULL);
		if (json) {
			g_autoptr(netstate) s = netstate_from_json(json);
			json_t *again = netstate_to_json(s);

			cr_expect_not_null(again);
			json_decref(again);
		}
		json_decref(json);
	}
}

/* --- questions -------------------------------------------------------------------------------- */

Test(netstate_json, questions_about_routes_go_and_come)
{
	static const char text[] =
		"{\"edge\": [{\"from\": \"10.0.0.1\", \"to\": \"10.0.0.2\", \"in\": \"int\"}, "
		"{\"from\": \"fd00::1\", \"to\": \"fd00::2\", \"in\": null}]}";
	json_t *json = json_loads(text, 0, NULL),
	       *odd = json_loads("{\"n\": [{}, 1], \"m\": 2}", 0, NULL);
	g_autoptr(GPtrArray) questions = route_questions_from_json(json),
			     none = route_questions_from_json(odd),
			     missing = route_questions_from_json(NULL);
	json_t *back = route_questions_to_json(questions);
	char *again = json_dumps(back, 0);

	cr_assert_eq(questions->len, 2);
	cr_expect_str_eq(((struct route_question *)questions->pdata[0])->node, "edge");
	cr_expect_str_eq(again, text);
	cr_expect(none->len == 0 && missing->len == 0);
	free(again);
	json_decref(back);
	json_decref(odd);
	json_decref(json);
}
