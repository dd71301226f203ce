/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec_inspect reads from kernels, against what was built and sent.
 *
 *   host 10.9.0.2 --- lan [router] wan 198.51.100.1 --- one 198.51.100.10     router lets in port
 * 5000 only
 */
#include "testbed/exec/inspect.h"

#include "tests/netns/exec/built_network.h"
#include "tests/support/fake_exec.h"
#include "tests/netns/exec/state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#define NETWORK                                                                                 \
	"networks: {inside: {subnet: 10.9.0.0/24}, outside: {subnet: 198.51.100.0/24}, spare: " \
	"{subnet: 10.7.0.0/24}}\n"                                                              \
	"nodes:\n"                                                                              \
	"  host:\n"                                                                             \
	"    host_model: strong\n"                                                              \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"                     \
	"    routes: [{to: 198.51.100.0/24, via: 10.9.0.1}]\n"                                  \
	"  one:\n"                                                                              \
	"    interfaces:\n"                                                                     \
	"      eth0: {network: outside, addresses: [198.51.100.10/24, 198.51.100.11/24]}\n"     \
	"      eth1: {network: spare, address: 10.7.0.1/24, up: false}\n"                       \
	"    routes: [{to: default, via: 198.51.100.1}]\n"                                      \
	"  router:\n"                                                                           \
	"    forwarding: true\n"                                                                \
	"    interfaces:\n"                                                                     \
	"      lan: {network: inside, address: 10.9.0.1/24}\n"                                  \
	"      wan: {network: outside, address: 198.51.100.1/24}\n"                             \
	"    firewall:\n"                                                                       \
	"      forward: drop\n"                                                                 \
	"      rules:\n"                                                                        \
	"        - {name: the-target, chain: forward, in: wan, proto: udp, dports: [5000], "    \
	"action: "                                                                              \
	"accept}\n"                                                                             \
	"        - {name: the-wall, chain: forward, in: wan, action: drop}\n"

/* 0: left out. */
static json_int_t number(const json_t *state, const char *object, const char *member)
{
	return json_integer_value(json_object_get(json_object_get(state, object), member));
}

Test(inspect, links_routes_and_rules)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	json_t *host = state_of(x, "host"), *one = state_of(x, "one");

	expect_one(one, "links",
		   "{\"name\": \"eth0\", \"up\": true, \"carrier\": true, \"mtu\": 1500,"
		   " \"addresses\": [\"198.51.100.10/24\", \"198.51.100.11/24\"]}");
	expect_one(one, "links",
		   "{\"name\": \"eth1\", \"up\": false, \"carrier\": false, \"addresses\": "
		   "[\"10.7.0.1/24\"]}");
	cr_expect_eq(json_array_size(json_object_get(one, "links")), 2, "loopback is left out");
	expect_one(one, "routes",
		   "{\"to\": \"0.0.0.0/0\", \"via\": \"198.51.100.1\", \"dev\": \"eth0\", "
		   "\"table\": 254,"
		   " \"metric\": 0, \"type\": \"unicast\"}");
	expect_one(
		one, "routes",
		"{\"to\": \"198.51.100.0/24\", \"via\": null, \"dev\": \"eth0\", \"table\": 254}");
	cr_expect_eq(json_array_size(json_object_get(one, "routes")), 2,
		     "the local table is left out");
	expect_one(one, "rules",
		   "{\"pref\": 32766, \"from\": null, \"table\": 254, \"action\": \"lookup\"}");
	cr_expect_eq(json_array_size(json_object_get(one, "rules")), 2, "rule 0 is left out");
	expect_one(host, "rules",
		   "{\"pref\": 100, \"from\": \"10.9.0.2/32\", \"table\": 100, \"action\": "
		   "\"lookup\"}");
	expect_one(host, "rules",
		   "{\"pref\": 101, \"from\": \"10.9.0.2/32\", \"action\": \"unreachable\"}");
	expect_one(host, "routes",
		   "{\"to\": \"198.51.100.0/24\", \"via\": \"10.9.0.1\", \"table\": 100}");
	expect_one(host, "routes",
		   "{\"to\": \"198.51.100.0/24\", \"via\": \"10.9.0.1\", \"table\": 254}");
	json_decref(host);
	json_decref(one);
}

/* The second packet goes the way of the first: when it has arrived, the first has been counted. */
Test(inspect, a_packet_moves_counters_and_neighbours)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	int one = udp_in(x, "one", "198.51.100.10", 0), host = udp_in(x, "host", "10.9.0.2", 5000);
	json_t *before = state_of(x, "router"), *after;
	json_int_t forwarded;

	expect_one(before, "nft",
		   "{\"chain\": \"tb_forward\", \"name\": \"the-wall\", \"packets\": 0, \"bytes\": "
		   "0}");
	expect_one(before, "nft",
		   "{\"chain\": \"tb_forward\", \"name\": \"the-target\", \"packets\": 0}");
	cr_expect_eq(json_array_size(json_object_get(before, "neighbours")), 0,
		     "nobody has been asked for yet");
	cr_assert_eq(udp_send(one, "10.9.0.2", 5001, 'x'), 0, "sent against the wall");
	cr_assert_eq(udp_send(one, "10.9.0.2", 5000, 'y'), 0, "sent through the door");
	cr_assert_eq(udp_receive(host).byte, 'y', "received");
	after = state_of(x, "router");
	expect_one(after, "nft", "{\"name\": \"the-wall\", \"packets\": 1, \"bytes\": 29}");
	expect_one(after, "nft", "{\"name\": \"the-target\", \"packets\": 1, \"bytes\": 29}");
	expect_one(after, "neighbours",
		   "{\"address\": \"10.9.0.2\", \"dev\": \"lan\", \"state\": \"reachable\"}");
	forwarded = number(after, "counters", "IpForwDatagrams") -
		    number(before, "counters", "IpForwDatagrams");
	/* before Linux 6.4 what the forward chain drops is not counted */
	cr_expect(forwarded == 1 || forwarded == 2, "%lld forwarded", (long long)forwarded);
	json_decref(before);
	json_decref(after);
	close(one);
	close(host);
}

Test(inspect, what_the_kernel_refused_is_counted)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	int host = udp_in(x, "host", "10.9.0.2", 0);
	json_t *before = state_of(x, "host"), *after, *value;
	const char *name;

	cr_expect_eq(number(before, "counters", "IpOutNoRoutes"), 0, "none yet");
	cr_assert_eq(udp_send(host, "192.0.2.1", 9, 'x'), ENETUNREACH, "no route there");
	after = state_of(x, "host");
	cr_expect_eq(number(after, "counters", "IpOutNoRoutes"), 1, "counted");
	json_object_foreach(json_object_get(after, "counters"), name, value)
		cr_expect_neq(json_integer_value(value), 0, "%s is zero and not left out", name);
	json_decref(before);
	json_decref(after);
	close(host);
}

/* A packet too large for the way, until its sender has been told so; the errno then. When
 * it never is, the test's time ends it. */
static int learn_path_mtu(int fd, const char *address)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = inet_addr(address)};
	static const char large[1400];
	int discover = IP_PMTUDISC_DO;

	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover), 0);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	while (send(fd, large, sizeof large, 0) > 0)
		;
	return errno;
}

Test(inspect, what_a_kernel_learned_of_a_host_is_no_route)
{
	g_autoptr(exec) x = build_topology(
		"networks: {inside: {subnet: 10.9.0.0/24}, outside: {subnet: 198.51.100.0/24}}\n"
		"nodes:\n"
		"  host:\n"
		"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"
		"    routes: [{to: default, via: 10.9.0.1}]\n"
		"  one:\n"
		"    interfaces: {eth0: {network: outside, address: 198.51.100.10/24}}\n"
		"    routes: [{to: default, via: 198.51.100.1}]\n"
		"  router:\n"
		"    forwarding: true\n"
		"    interfaces:\n"
		"      lan: {network: inside, address: 10.9.0.1/24}\n"
		"      wan: {network: outside, address: 198.51.100.1/24, mtu: 1300B}\n");
	int fd = udp_in(x, "host", "10.9.0.2", 0);
	json_t *state;

	cr_assert_eq(learn_path_mtu(fd, "198.51.100.10"), EMSGSIZE, "told of the path's MTU");
	state = state_of(x, "host");
	expect_one(state, "routes", "{\"to\": \"0.0.0.0/0\", \"via\": \"10.9.0.1\"}");
	cr_expect_eq(json_array_size(json_object_get(state, "routes")), 2,
		     "the default route and the interface's network");
	json_decref(state);
	close(fd);
}

Test(inspect, live_changes_are_seen)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	g_autoptr(GError) error = NULL;
	char one[] = "one", key[] = "net.ipv4.conf.eth0.rp_filter", value[] = "2";
	struct op route = {
		.kind = OP_ROUTE, .node = one, .route = {.table = 254, .type = ROUTE_UNREACHABLE}};
	struct op filter = {.kind = OP_SYSCTL, .node = one, .sysctl = {.key = key, .value = value}};
	const json_t *sysctl;
	json_t *state, *router;

	cr_assert(prefix_parse("10.66.0.0/16", &route.route.to), "a prefix");
	cr_assert(exec_apply(x, &route, &error) && exec_apply(x, &filter, &error), "%s",
		  error ? error->message : "");
	state = state_of(x, "one");
	router = state_of(x, "router");
	expect_one(state, "routes",
		   "{\"to\": \"10.66.0.0/16\", \"via\": null, \"dev\": null, \"type\": "
		   "\"unreachable\"}");
	sysctl = json_object_get(state, "sysctl");
	cr_expect_eq(number(sysctl, "rp_filter", "eth0"), 2, "as set");
	cr_expect(json_is_integer(json_object_get(json_object_get(sysctl, "rp_filter"), "all")),
		  "for all");
	cr_expect_eq(number(state, "sysctl", "ip_forward"), 0, "a host does not forward");
	cr_expect_eq(number(router, "sysctl", "ip_forward"), 1, "a router does");
	json_decref(state);
	json_decref(router);
}

Test(inspect, who_is_not_there_is_named)
{
	g_autoptr(exec) x = build_topology(NETWORK), fake = exec_new_fake(0);
	g_autoptr(GError) error = NULL, fake_error = NULL;
	g_autofree char *before = g_file_read_link("/proc/thread-self/ns/net", NULL), *after = NULL;
	json_t *state = state_of(x, "one");

	json_decref(state);
	after = g_file_read_link("/proc/thread-self/ns/net", NULL);
	cr_expect_str_eq(before, after, "the thread came home");
	cr_expect_null(exec_inspect(x, "nobody", &error), "no such node");
	cr_expect(error && strstr(error->message, "'nobody'"), "%s",
		  error ? error->message : "no error");
	cr_expect_null(exec_inspect(fake, "one", &fake_error), "no kernel");
	cr_expect_not_null(fake_error, "and it says so");
}

#define NETWORK6                                                                                  \
	"networks: {inside: {subnet: 10.9.0.0/24, subnet6: 2001:db8:9::/64}, outside: {subnet: "  \
	"198.51.100.0/24, subnet6: 2001:db8:51::/64}}\n"                                          \
	"nodes:\n"                                                                                \
	"  host:\n"                                                                               \
	"    host_model: strong\n"                                                                \
	"    interfaces: {eth0: {network: inside, addresses: [10.9.0.2/24, 2001:db8:9::2/64]}}\n" \
	"    routes: [{to: '::/0', via: 2001:db8:9::1}]\n"                                        \
	"  router:\n"                                                                             \
	"    forwarding: true\n"                                                                  \
	"    interfaces:\n"                                                                       \
	"      lan: {network: inside, addresses: [10.9.0.1/24, 2001:db8:9::1/64]}\n"              \
	"      wan: {network: outside, address: 198.51.100.1/24}\n"                               \
	"    routes: [{to: 2001:db8:77::/48, type: blackhole}]\n"                                 \
	"  plain:\n"                                                                              \
	"    interfaces: {eth0: {network: outside, address: 198.51.100.2/24}}\n"

Test(inspect, ipv6)
{
	g_autoptr(exec) x = build_topology(NETWORK6);
	json_t *host, *router, *plain = state_of(x, "plain");
	int waiting = udp_in(x, "router", "2001:db8:9::1", 5000),
	    sender = udp_in(x, "host", "2001:db8:9::2", 0);

	cr_assert_eq(udp_send(sender, "2001:db8:9::1", 5000, 'x'), 0, "sent");
	cr_assert_eq(udp_receive(waiting).byte, 'x', "received");
	host = state_of(x, "host");
	router = state_of(x, "router");
	expect_one(host, "links",
		   "{\"name\": \"eth0\", \"addresses\": [\"10.9.0.2/24\", \"2001:db8:9::2/64\"]}");
	expect_one(host, "routes",
		   "{\"to\": \"::/0\", \"via\": \"2001:db8:9::1\", \"dev\": \"eth0\", \"table\": "
		   "254, \"type\": \"unicast\"}");
	expect_one(host, "routes",
		   "{\"to\": \"::/0\", \"via\": \"2001:db8:9::1\", \"dev\": \"eth0\", \"table\": "
		   "100}");
	expect_one(
		host, "routes",
		"{\"to\": \"2001:db8:9::/64\", \"via\": null, \"dev\": \"eth0\", \"table\": 254}");
	expect_one(host, "rules",
		   "{\"family\": \"inet6\", \"pref\": 32766, \"from\": null, \"table\": 254, "
		   "\"action\": \"lookup\"}");
	expect_one(host, "rules",
		   "{\"family\": \"inet6\", \"from\": \"2001:db8:9::2/128\", \"table\": 100, "
		   "\"action\": \"lookup\"}");
	expect_one(host, "rules", "{\"from\": \"2001:db8:9::2/128\", \"action\": \"unreachable\"}");
	expect_one(host, "neighbours", "{\"address\": \"2001:db8:9::1\", \"dev\": \"eth0\"}");
	expect_one(router, "routes",
		   "{\"to\": \"2001:db8:77::/48\", \"dev\": null, \"type\": \"blackhole\"}");
	expect_one(router, "listeners",
		   "{\"proto\": \"udp\", \"address\": \"2001:db8:9::1\", \"port\": 5000}");
	cr_expect_eq(number(router, "sysctl", "ip6_forward"), 1, "it forwards");
	cr_expect_gt(number(router, "counters", "Ip6InReceives"), 0, "it has counted");
	cr_expect_null(json_object_get(json_object_get(plain, "sysctl"), "ip6_forward"),
		       "nothing of IPv6 where there is none");
	cr_expect_eq(json_array_size(json_object_get(plain, "rules")), 2, "nor of its rules");
	close(waiting);
	close(sender);
	json_decref(plain);
	json_decref(host);
	json_decref(router);
}

/* Only who listens, of both families; not who is connected. */
Test(inspect, listeners)
{
	g_autoptr(exec) x = build_topology(NETWORK6);
	int peer, sockets[] = {
			  tcp_connected(x, "host", "router", "10.9.0.1", 5003, &peer),
			  tcp_listening(x, "router", "2001:db8:9::1", 5002),
			  tcp_listening(x, "router", "10.9.0.1", 5001),
			  udp_in(x, "router", "10.9.0.1", 5000),
		  };
	json_t *router = state_of(x, "router"), *told = json_object_get(router, "listeners"),
	       *wanted = json_pack("[{s:s, s:s, s:i}, {s:s, s:s, s:i}, {s:s, s:s, s:i}]", "proto",
				   "tcp", "address", "10.9.0.1", "port", 5001, "proto", "udp",
				   "address", "10.9.0.1", "port", 5000, "proto", "tcp", "address",
				   "2001:db8:9::1", "port", 5002);
	g_autofree char *text = json_dumps(told, JSON_COMPACT);

	cr_expect(json_equal(told, wanted), "%s", text);
	close(peer);
	for (gsize i = 0; i < G_N_ELEMENTS(sockets); i++)
		close(sockets[i]);
	json_decref(wanted);
	json_decref(router);
}
