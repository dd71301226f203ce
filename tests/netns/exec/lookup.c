/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec_lookup is told by a real kernel: routes, refusals and checks, with the matched prefix.
 *
 *   host 10.9.0.2 --- lan [router] wan 198.51.100.1 --- one 198.51.100.10
 *                          spare 10.7.0.1                     far: 203.0.113.0/24 behind one
 */
#include "testbed/exec/inspect.h"
#include "testbed/exec/inspect_lookup.h"
#include "testbed/netstate/netstate_json.h"

#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define NETWORK                                                                                   \
	"networks:\n"                                                                             \
	"  inside: {subnet: 10.9.0.0/24, subnet6: 2001:db8:9::/64}\n"                             \
	"  outside: {subnet: 198.51.100.0/24, subnet6: 2001:db8:51::/64}\n"                       \
	"  spare: {subnet: 10.7.0.0/24}\n"                                                        \
	"nodes:\n"                                                                                \
	"  host:\n"                                                                               \
	"    host_model: strong\n"                                                                \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}, eth1: {network: spare, " \
	"address: 10.7.0.2/24}}\n"                                                                \
	"    routes: [{to: 198.51.100.0/24, via: 10.9.0.1}]\n"                                    \
	"  one:\n"                                                                                \
	"    interfaces: {eth0: {network: outside, addresses: [198.51.100.10/24, "                \
	"2001:db8:51::10/64]}}\n"                                                                 \
	"    routes: [{to: default, via: 198.51.100.1}]\n"                                        \
	"  router:\n"                                                                             \
	"    forwarding: true\n"                                                                  \
	"    interfaces:\n"                                                                       \
	"      lan: {network: inside, addresses: [10.9.0.1/24, 2001:db8:9::1/64]}\n"              \
	"      wan: {network: outside, addresses: [198.51.100.1/24, 2001:db8:51::1/64]}\n"        \
	"      spare: {network: spare, address: 10.7.0.1/24}\n"                                   \
	"    routes:\n"                                                                           \
	"      - {to: default, via: 198.51.100.10}\n"                                             \
	"      - {to: 203.0.113.0/24, via: 198.51.100.11}\n"                                      \
	"      - {to: 192.0.2.0/24, type: unreachable}\n"                                         \
	"      - {to: 192.0.3.0/24, type: prohibit}\n"                                            \
	"      - {to: 192.0.4.0/24, type: blackhole}\n"                                           \
	"      - {to: '2001:db8:77::/48', via: 2001:db8:51::10}\n"
#define STRICT "    sysctls: {net.ipv4.conf.all.rp_filter: '1'}\n"

static const struct row {
	const char *name, *node, *iface, *src, *dst;
	bool outgoing;
	const char *wanted[2]; /* JSON: members that two of the look-ups have; NULL: one of them is
				  enough */
} rows[] = {
	{"the default route, and an answer by the interface",
	 "router",
	 "lan",
	 "10.9.0.2",
	 "8.8.8.8",
	 false,
	 {"{\"from\": \"10.9.0.2\", \"to\": \"8.8.8.8\", \"in\": \"lan\", \"prefix\": "
	  "\"0.0.0.0/0\", \"via\": \"198.51.100.10\","
	  " \"dev\": \"wan\", \"table\": 254, \"type\": \"unicast\", \"error\": null}",
	  "{\"from\": \"8.8.8.8\", \"to\": \"10.9.0.2\", \"in\": \"wan\", \"prefix\": "
	  "\"10.9.0.0/24\", \"via\": null, \"dev\": \"lan\","
	  " \"type\": \"unicast\"}"}},
	{"a more specific route",
	 "router",
	 "lan",
	 "10.9.0.2",
	 "203.0.113.9",
	 false,
	 {"{\"to\": \"203.0.113.9\", \"prefix\": \"203.0.113.0/24\", \"via\": \"198.51.100.11\", "
	  "\"dev\": \"wan\", \"table\": 254}",
	  "{\"to\": \"10.9.0.2\", \"from\": \"203.0.113.9\", \"in\": \"wan\", \"dev\": \"lan\"}"}},
	{"the node's own address, and from it",
	 "router",
	 "lan",
	 "10.9.0.2",
	 "10.9.0.1",
	 false,
	 {"{\"to\": \"10.9.0.1\", \"in\": \"lan\", \"prefix\": \"10.9.0.1/32\", \"type\": "
	  "\"local\"}",
	  "{\"from\": \"10.9.0.1\", \"to\": \"10.9.0.2\", \"in\": null, \"prefix\": "
	  "\"10.9.0.0/24\", \"dev\": \"lan\"}"}},
	{"a packet that it passed on",
	 "router",
	 "wan",
	 "10.9.0.2",
	 "198.51.100.10",
	 true,
	 {"{\"from\": \"198.51.100.10\", \"to\": \"10.9.0.2\", \"in\": \"wan\", \"dev\": \"lan\"}",
	  "{\"from\": \"10.9.0.2\", \"to\": \"198.51.100.10\", \"in\": \"lan\", \"prefix\": "
	  "\"198.51.100.0/24\", \"dev\": \"wan\"}"}},
	{"an unreachable route",
	 "router",
	 "lan",
	 "10.9.0.2",
	 "192.0.2.1",
	 false,
	 {"{\"to\": \"192.0.2.1\", \"prefix\": null, \"type\": null, \"error\": \"EHOSTUNREACH\"}",
	  NULL}},
	{"a prohibiting route",
	 "router",
	 "lan",
	 "10.9.0.2",
	 "192.0.3.1",
	 false,
	 {"{\"to\": \"192.0.3.1\", \"error\": \"EACCES\"}", NULL}},
	{"a blackhole",
	 "router",
	 "lan",
	 "10.9.0.2",
	 "192.0.4.1",
	 false,
	 {"{\"to\": \"192.0.4.1\", \"error\": \"EINVAL\"}", NULL}},
	{"IPv6",
	 "router",
	 "lan",
	 "2001:db8:9::2",
	 "2001:db8:77::1",
	 false,
	 {"{\"from\": \"2001:db8:9::2\", \"to\": \"2001:db8:77::1\", \"in\": \"lan\", \"prefix\": "
	  "\"2001:db8:77::/48\","
	  " \"via\": \"2001:db8:51::10\", \"dev\": \"wan\", \"table\": 254, \"type\": \"unicast\"}",
	  "{\"to\": \"2001:db8:9::2\", \"in\": \"wan\", \"prefix\": \"2001:db8:9::/64\", \"dev\": "
	  "\"lan\"}"}},
	{"IPv6 nowhere",
	 "router",
	 "lan",
	 "2001:db8:9::2",
	 "2001:db8:88::1",
	 false,
	 {"{\"to\": \"2001:db8:88::1\", \"error\": \"ENETUNREACH\"}", NULL}},
	{"a strong host answers by its interface's own table",
	 "host",
	 "eth0",
	 "198.51.100.10",
	 "10.9.0.2",
	 false,
	 {"{\"to\": \"10.9.0.2\", \"in\": \"eth0\", \"type\": \"local\"}",
	  "{\"from\": \"10.9.0.2\", \"to\": \"198.51.100.10\", \"in\": null, \"prefix\": "
	  "\"198.51.100.0/24\", \"via\": \"10.9.0.1\","
	  " \"table\": 100}"}},
	{"its other interface has no way there: the rule says unreachable",
	 "host",
	 "eth1",
	 "198.51.100.10",
	 "10.7.0.2",
	 false,
	 {"{\"to\": \"10.7.0.2\", \"type\": \"local\"}",
	  "{\"from\": \"10.7.0.2\", \"to\": \"198.51.100.10\", \"prefix\": null, \"error\": "
	  "\"ENETUNREACH\"}"}},
	{"a host that does not forward",
	 "one",
	 "eth0",
	 "198.51.100.1",
	 "10.9.0.2",
	 false,
	 {"{\"from\": \"198.51.100.1\", \"to\": \"10.9.0.2\", \"in\": \"eth0\", \"error\": "
	  "\"EHOSTUNREACH\"}",
	  NULL}},
	{"what it sent",
	 "one",
	 "eth0",
	 "198.51.100.10",
	 "10.9.0.2",
	 true,
	 {"{\"from\": \"198.51.100.10\", \"to\": \"10.9.0.2\", \"in\": null, \"prefix\": "
	  "\"0.0.0.0/0\", \"via\": \"198.51.100.1\"}",
	  "{\"from\": \"10.9.0.2\", \"to\": \"198.51.100.10\", \"in\": \"eth0\", \"type\": "
	  "\"local\"}"}},
};

static unsigned number_of(const node_state *n, const char *iface)
{
	const struct kernel_link *link = node_state_link(n, iface);

	cr_assert_not_null(link, "no link %s", iface);
	return link->ifindex;
}

/* The node's state as JSON, with what follows from the row's packet.  The caller decrefs. */
static json_t *looked_up(exec *x, const struct row *r)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(node_state) n = exec_inspect(x, r->node, &error);
	struct seen_pair pair = {.outgoing = r->outgoing};

	cr_assert_not_null(n, "%s: %s", r->name, error ? error->message : "");
	pair.ifindex = number_of(n, r->iface);
	cr_assert(addr_parse(r->src, &pair.src) && addr_parse(r->dst, &pair.dst));
	cr_assert(exec_lookup(x, &pair, 1, n, &error), "%s: %s", r->name,
		  error ? error->message : "");
	return node_state_to_json(n);
}

/* null: left out. */
static bool is_part_of(json_t *wanted, const json_t *item)
{
	const char *key;
	json_t *value;

	json_object_foreach(wanted, key, value) {
		const json_t *there = json_object_get(item, key);

		if (json_is_null(value) ? there != NULL : !json_equal(value, there))
			return false;
	}
	return true;
}

static void expect_one(const struct row *r, const json_t *list, const char *wanted)
{
	json_t *like = json_loads(wanted, 0, NULL), *item;
	char *text = json_dumps(list, 0);
	guint found = 0;
	size_t i;

	cr_assert_not_null(like, "'%s' is JSON", wanted);
	json_array_foreach(list, i, item)
		found += is_part_of(like, item);
	cr_expect_eq(found, 1, "%s: %u of %s in %s", r->name, found, wanted, text);
	free(text);
	json_decref(like);
}

static void expect_row(exec *x, const struct row *r)
{
	json_t *state = looked_up(x, r);
	const json_t *list = json_object_get(state, "lookups");

	cr_expect_eq(json_array_size(list), r->wanted[1] ? 2 : 1, "%s: %zu look-ups", r->name,
		     json_array_size(list));
	for (guint i = 0; i < G_N_ELEMENTS(r->wanted) && r->wanted[i]; i++)
		expect_one(r, list, r->wanted[i]);
	json_decref(state);
}

Test(lookup, the_kernel_tells_the_prefix_that_matched_or_why_not)
{
	g_autoptr(exec) x = build_topology(NETWORK);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		expect_row(x, &rows[i]);
}

/* Older kernels say EXDEV, newer ones EINVAL for every source that they refuse. */
Test(lookup, a_source_that_the_reverse_path_filter_refuses)
{
	static const struct row right = {
		"by the interface that leads back",
		"router",
		"lan",
		"10.9.0.2",
		"198.51.100.10",
		false,
		{"{\"to\": \"198.51.100.10\", \"in\": \"lan\", \"prefix\": \"198.51.100.0/24\"}",
		 "{\"to\": \"10.9.0.2\", \"in\": \"wan\", \"dev\": \"lan\"}"}};
	static const struct row wrong = {"by another",	  "router", "spare",	 "10.9.0.2",
					 "198.51.100.10", false,    {NULL, NULL}};
	g_autoptr(exec) strict = build_topology(NETWORK STRICT), loose = build_topology(NETWORK);
	json_t *state = looked_up(strict, &wrong), *allowed = looked_up(loose, &wrong);
	const json_t *list = json_object_get(state, "lookups");
	const char *error = json_string_value(json_object_get(json_array_get(list, 0), "error"));

	cr_expect_eq(json_array_size(list), 1);
	cr_expect(g_strcmp0(error, "EXDEV") == 0 || g_strcmp0(error, "EINVAL") == 0, "%s",
		  error ? error : "no error");
	cr_expect_null(json_object_get(json_array_get(json_object_get(allowed, "lookups"), 0),
				       "error"),
		       "without the filter");
	expect_row(strict, &right);
	json_decref(state);
	json_decref(allowed);
}

/* More than one send holds, and more than a socket has room for; asking counts nothing that packets
 * count (of IPv6 the nodes talk by themselves). */
Test(lookup, many_at_once_leave_no_trace)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	g_autoptr(GError) error = NULL;
	g_autoptr(node_state) n = exec_inspect(x, "router", &error), then = NULL;
	json_t *state, *after;
	g_autofree struct seen_pair *pairs = g_new0(struct seen_pair, 2000);
	unsigned lan = number_of(n, "lan");
	const char *name;
	json_t *value;

	for (guint i = 0; i < 2000; i++) {
		pairs[i].ifindex = lan;
		pairs[i].src = (struct addr){AF_INET, {10, 9, 0, 2}};
		pairs[i].dst =
			(struct addr){AF_INET,
				      {i % 4 == 0 ? 192 : 8, 0, i % 4 == 0 ? 2 : (uint8_t)(i / 200),
				       (uint8_t)(1 + i % 200)}};
	}
	cr_assert(exec_lookup(x, pairs, 2000, n, &error), "%s", error ? error->message : "");
	/* 50 that are refused, and 1,500 that have a way back */
	cr_expect_eq(n->lookups->len, 50 + 2 * 1500, "%u", n->lookups->len);
	then = exec_inspect(x, "router", &error);
	state = node_state_to_json(n);
	after = node_state_to_json(then);
	json_object_foreach(json_object_get(after, "counters"), name, value)
		if (!strchr(name, '6'))
			cr_expect(json_equal(json_object_get(json_object_get(state, "counters"),
							     name),
					     value),
				  "%s moved", name);
	cr_expect(json_equal(json_object_get(state, "routes"), json_object_get(after, "routes")),
		  "no route came");
	json_decref(state);
	json_decref(after);
}

Test(lookup, nobody_and_home)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	g_autofree char *before = g_file_read_link("/proc/thread-self/ns/net", NULL), *after = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(node_state) nobody = node_state_new("nobody");

	json_decref(looked_up(x, &rows[0]));
	after = g_file_read_link("/proc/thread-self/ns/net", NULL);
	cr_expect_str_eq(before, after, "the thread came home");
	cr_expect_not(exec_lookup(x, NULL, 0, nobody, &error), "no such node");
	cr_expect(error && strstr(error->message, "'nobody'"), "%s",
		  error ? error->message : "no error");
}
