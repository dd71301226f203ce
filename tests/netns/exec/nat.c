/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT by RFC 4787, seen from outside.
 *
 *   host 10.9.0.2 --- lan [router] wan 198.51.100.1 --+-- one 198.51.100.10
 *   peer 10.9.0.3 ---/                                +-- two 198.51.100.20
 *
 * The tests are those of RFC 5780: where does the second server see the host, who may answer.
 */
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <unistd.h>

#define NETWORK(router)                                                                   \
	"networks: {inside: {subnet: 10.9.0.0/24}, outside: {subnet: 198.51.100.0/24}}\n" \
	"nodes:\n"                                                                        \
	"  host:\n"                                                                       \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"               \
	"    routes: [{to: default, via: 10.9.0.1}]\n"                                    \
	"  peer:\n"                                                                       \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.3/24}}\n"               \
	"    routes: [{to: default, via: 10.9.0.1}]\n"                                    \
	"  one: {interfaces: {eth0: {network: outside, address: 198.51.100.10/24}}}\n"    \
	"  two: {interfaces: {eth0: {network: outside, address: 198.51.100.20/24}}}\n"    \
	"  router:\n"                                                                     \
	"    forwarding: true\n"                                                          \
	"    interfaces:\n"                                                               \
	"      lan: {network: inside, address: 10.9.0.1/24}\n"                            \
	"      wan: {network: outside, address: 198.51.100.1/24}\n"                       \
	"    firewall:\n"                                                                 \
	"      input: drop\n"                                                             \
	"      rules: [{name: none-in, chain: forward, in: wan, action: drop}]\n" router

struct world {
	exec *x;
	int host, one, one_other, two; /* `one` and `one_other`: two ports of one server */
};

static struct world world_new(const char *topology)
{
	struct world w = {.x = build_topology(topology)};

	w.host = udp_in(w.x, "host", "10.9.0.2", 4000);
	w.one = udp_in(w.x, "one", "198.51.100.10", 5000);
	w.one_other = udp_in(w.x, "one", "198.51.100.10", 5001);
	w.two = udp_in(w.x, "two", "198.51.100.20", 5000);
	return w;
}

static void world_free(struct world *w)
{
	const int fds[] = {w->host, w->one, w->one_other, w->two};

	for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
	exec_free(w->x);
}

/* The host's port as the server sees it when the host sends there. */
static guint16 mapped(int from, int server, const char *address, guint16 port)
{
	struct heard heard;

	cr_assert_eq(udp_send(from, address, port, 'm'), 0, "sent to %s:%u", address, port);
	heard = udp_receive(server);
	cr_assert_eq(heard.byte, 'm', "received by %s:%u", address, port);
	cr_assert_str_eq(heard.from, "198.51.100.1", "with the outside address");
	return heard.port;
}

/* --- mapping ---------------------------------------------------------------------------------- */

static const struct {
	const char *name, *topology;
	bool same_for_port, same_for_address, kept;
} mappings[] = {
	{"endpoint-independent",
	 NETWORK("    nat: [{name: n, masquerade: wan, mapping: endpoint-independent}]\n"), true,
	 true, true},
	{"endpoint-independent, new port",
	 NETWORK("    nat: [{name: n, masquerade: wan, mapping: endpoint-independent, "
		 "preserve_port: "
		 "false}]\n"),
	 true, true, false},
	/* The first destination gets the host's own port. */
	{"address-dependent",
	 NETWORK("    nat: [{name: n, masquerade: wan, mapping: address-dependent}]\n"), true,
	 false, true},
	{"address-and-port-dependent",
	 NETWORK("    nat: [{name: n, masquerade: wan, mapping: address-and-port-dependent}]\n"),
	 false, false, true},
};

Test(nat, mapping)
{
	for (gsize i = 0; i < G_N_ELEMENTS(mappings); i++) {
		struct world w = world_new(mappings[i].topology);
		guint16 first = mapped(w.host, w.one, "198.51.100.10", 5000);
		guint16 other_port = mapped(w.host, w.one_other, "198.51.100.10", 5001);
		guint16 other_address = mapped(w.host, w.two, "198.51.100.20", 5000);

		cr_expect_eq(first == other_port, mappings[i].same_for_port,
			     "%s: another port: %u, %u", mappings[i].name, first, other_port);
		cr_expect_eq(first == other_address, mappings[i].same_for_address,
			     "%s: another address: %u, %u", mappings[i].name, first, other_address);
		cr_expect_eq(first == 4000, mappings[i].kept, "%s: port 4000 became %u",
			     mappings[i].name, first);
		world_free(&w);
	}
}

/* --- filtering -------------------------------------------------------------------------------- */

#define FILTERING(kind) NETWORK("    nat: [{name: n, masquerade: wan, filtering: " kind "}]\n")
static const struct {
	const char *name, *topology;
	bool lets_port, lets_address;
} filterings[] = {
	{"address-and-port-dependent", FILTERING("address-and-port-dependent"), false, false},
	{"address-dependent", FILTERING("address-dependent"), true, false},
	{"endpoint-independent", FILTERING("endpoint-independent"), true, true},
};

/* Sends from a stranger, then from the server that may answer: what is missing before the latter
 * was filtered. */
static bool passes(const struct world *w, int stranger, guint16 port)
{
	char byte;

	cr_assert_eq(udp_send(stranger, "198.51.100.1", port, 's'), 0, "stranger sent");
	cr_assert_eq(udp_send(w->one, "198.51.100.1", port, 'a'), 0, "answer sent");
	byte = udp_receive(w->host).byte;
	if (byte == 's')
		cr_assert_eq(udp_receive(w->host).byte, 'a', "then the answer");
	else
		cr_assert_eq(byte, 'a', "the answer comes in any case");
	return byte == 's';
}

Test(nat, filtering)
{
	for (gsize i = 0; i < G_N_ELEMENTS(filterings); i++) {
		struct world w = world_new(filterings[i].topology);
		guint16 port = mapped(w.host, w.one, "198.51.100.10", 5000);

		cr_expect_eq(passes(&w, w.two, port), filterings[i].lets_address,
			     "%s: another address", filterings[i].name);
		cr_expect_eq(passes(&w, w.one_other, port), filterings[i].lets_port,
			     "%s: another port", filterings[i].name);
		world_free(&w);
	}
}

Test(nat, full_cone_keeps_hosts_apart)
{
	struct world w = world_new(FILTERING("endpoint-independent"));
	int peer = udp_in(w.x, "peer", "10.9.0.3", 4000); /* the same port inside */
	guint16 host_port = mapped(w.host, w.one, "198.51.100.10", 5000);
	guint16 peer_port = mapped(peer, w.one, "198.51.100.10", 5000);

	cr_expect_neq(host_port, peer_port, "two mappings");
	cr_assert_eq(udp_send(w.two, "198.51.100.1", peer_port, 'p'), 0, "to the peer");
	cr_assert_eq(udp_send(w.two, "198.51.100.1", host_port, 'h'), 0, "to the host");
	cr_expect_eq(udp_receive(peer).byte, 'p', "the peer gets its own");
	cr_expect_eq(udp_receive(w.host).byte, 'h', "the host gets its own");
	close(peer);
	world_free(&w);
}

/* RFC 4787 REQ-3: a port is one host's, whatever the destination, also with filtering by connection
 * only. */
Test(nat, no_port_is_overloaded)
{
	struct world w = world_new(NETWORK("    nat: [{name: n, masquerade: wan}]\n"));
	int peer = udp_in(w.x, "peer", "10.9.0.3", 4000);
	guint16 host_port = mapped(w.host, w.one, "198.51.100.10", 5000);
	guint16 peer_port = mapped(peer, w.two, "198.51.100.20", 5000);

	cr_expect_eq(host_port, 4000, "the first keeps its port");
	cr_expect_neq(peer_port, 4000, "the second has another, although to another server");
	cr_expect_eq(mapped(peer, w.one, "198.51.100.10", 5000), peer_port,
		     "and keeps that for all servers");
	close(peer);
	world_free(&w);
}

/* A packet that crosses the host's own must not take the port away, also where the router's input
 * is open. */
Test(nat, what_is_not_let_in_leaves_no_trace)
{
	struct world w = world_new(NETWORK("    nat: [{name: n, masquerade: wan}]\n"));
	guint16 port = mapped(w.host, w.one, "198.51.100.10", 5000);

	cr_assert_eq(udp_send(w.two, "198.51.100.1", port, 'x'), 0, "too early");
	cr_expect_eq(mapped(w.host, w.two, "198.51.100.20", 5000), port, "the mapping stays");
	cr_expect_eq(rule_packets(w.x, "router", "n-filtered"), 1,
		     "the NAT's own rule dropped the early one");
	world_free(&w);
}

Test(nat, hairpin)
{
	struct world w =
		world_new(NETWORK("    nat: [{name: n, masquerade: wan, hairpin: true}]\n"));
	int peer = udp_in(w.x, "peer", "10.9.0.3", 4100);
	guint16 port = mapped(w.host, w.one, "198.51.100.10", 5000);
	struct heard heard;

	cr_assert_eq(udp_send(peer, "198.51.100.1", port, 'p'), 0,
		     "to the outside address, from inside");
	heard = udp_receive(w.host);
	cr_expect_eq(heard.byte, 'p', "it comes back in");
	cr_expect_str_eq(heard.from, "198.51.100.1", "with an outside source (RFC 4787 REQ-9)");
	close(peer);
	world_free(&w);
}

/* --- 1:1 -------------------------------------------------------------------------------------- */

#define STATIC(more)                                                                      \
	"networks: {inside: {subnet: 10.9.0.0/24}, outside: {subnet: 198.51.100.0/24}}\n" \
	"nodes:\n"                                                                        \
	"  host:\n"                                                                       \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"               \
	"    routes: [{to: default, via: 10.9.0.1}]\n"                                    \
	"  one: {interfaces: {eth0: {network: outside, address: 198.51.100.10/24}}}\n"    \
	"  router:\n"                                                                     \
	"    forwarding: true\n"                                                          \
	"    interfaces:\n"                                                               \
	"      lan: {network: inside, address: 10.9.0.1/24}\n"                            \
	"      wan: {network: outside, address: 198.51.100.1/24}\n"                       \
	"    nat: [{name: n, static: {inside: 10.9.0.2, outside: 198.51.100.7}, out: wan}]\n" more

Test(nat, one_to_one_and_its_firewall)
{
	g_autoptr(exec) x = build_topology(
		STATIC("    firewall:\n"
		       "      forward: drop\n"
		       "      rules:\n"
		       "        - {name: stun-in, chain: forward, in: wan, dst: [10.9.0.2], "
		       "proto: udp, dports: [3478], action: accept}\n"
		       "        - {name: out, chain: forward, in: lan, action: accept}\n"));
	int host = udp_in(x, "host", "10.9.0.2", 3478), other = udp_in(x, "host", "10.9.0.2", 4000);
	int one = udp_in(x, "one", "198.51.100.10", 5000);
	struct heard heard;

	cr_assert_eq(udp_send(one, "198.51.100.7", 4000, 'n'), 0, "to a port that is not open");
	cr_assert_eq(udp_send(one, "198.51.100.7", 3478, 'y'), 0, "to one that is");
	cr_expect_eq(udp_receive(host).byte, 'y', "arrived inside");
	cr_expect_eq(rule_packets(x, "router", "stun-in"), 1, "the rule names the inside address");
	cr_expect_eq(rule_packets(x, "router", "forward-policy"), 1,
		     "the other was dropped by the policy");
	cr_assert_eq(udp_send(other, "198.51.100.10", 5000, 'o'), 0, "outward");
	heard = udp_receive(one);
	cr_expect_str_eq(heard.from, "198.51.100.7", "with the outside address");
	cr_expect_eq(heard.port, 4000, "and the same port");
	close(host);
	close(other);
	close(one);
}

Test(nat, timers_are_the_namespaces)
{
	g_autoptr(exec) x = build_topology(
		NETWORK("    nat: [{name: n, masquerade: wan, udp_timeout: 20s}]\n"));
	g_autofree char *said = shell_in(x, "router",
					 "cat /proc/sys/net/netfilter/nf_conntrack_udp_timeout "
					 "/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream");

	cr_expect_str_eq(said, "20\n20\n", "both timers");
}
