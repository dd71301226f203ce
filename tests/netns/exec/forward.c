/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port forwards, with packets of the kernel.
 *
 *   host 10.9.0.2 --- lan [router] wan 198.51.100.1 --+-- one 198.51.100.10
 *   peer 10.9.0.3 ---/                                +-- two 198.51.100.20
 */
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <unistd.h>

#define OUTSIDE "198.51.100.1"

/* `relay` and `nat`: more keys of the forward to the host, and of the masquerade. */
#define NETWORK(relay, nat)                                                                 \
	"networks: {inside: {subnet: 10.9.0.0/24}, outside: {subnet: 198.51.100.0/24}}\n"   \
	"nodes:\n"                                                                          \
	"  host:\n"                                                                         \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"                 \
	"    routes: [{to: default, via: 10.9.0.1}]\n"                                      \
	"  peer:\n"                                                                         \
	"    interfaces: {eth0: {network: inside, address: 10.9.0.3/24}}\n"                 \
	"    routes: [{to: default, via: 10.9.0.1}]\n"                                      \
	"  one: {interfaces: {eth0: {network: outside, address: 198.51.100.10/24}}}\n"      \
	"  two: {interfaces: {eth0: {network: outside, address: 198.51.100.20/24}}}\n"      \
	"  router:\n"                                                                       \
	"    forwarding: true\n"                                                            \
	"    interfaces:\n"                                                                 \
	"      lan: {network: inside, address: 10.9.0.1/24}\n"                              \
	"      wan: {network: outside, address: 198.51.100.1/24}\n"                         \
	"    nat:\n"                                                                        \
	"      - {name: relay, forward: {outside: 198.51.100.1, inside: 10.9.0.2, "         \
	"proto: udp, ports: [3478, 50000-50009]}, out: wan" relay "}\n"                     \
	"      - {name: web, forward: {outside: 198.51.100.1, inside: 10.9.0.3, "           \
	"proto: udp, ports: 8000, to_port: 4000}, out: wan}\n"                              \
	"      - {name: nat, masquerade: wan" nat "}\n"                                     \
	"    firewall:\n"                                                                   \
	"      input: drop\n"                                                               \
	"      rules:\n"                                                                    \
	"        - {name: relay-open, chain: forward, in: wan, dst: 10.9.0.2, proto: udp, " \
	"dports: [3478, 50000-50008], action: accept}\n"                                    \
	"        - {name: web-open, chain: forward, in: wan, dst: 10.9.0.3, proto: udp, "   \
	"dports: 4000, action: accept}\n"                                                   \
	"        - {name: none-in, chain: forward, in: wan, action: drop}\n"

static void sends(int from, const char *address, guint16 port, char byte)
{
	cr_assert_eq(udp_send(from, address, port, byte), 0, "'%c' to %s:%u", byte, address, port);
}

/* The next packet there is this one, from that place. */
static void arrives(int at, char byte, const char *from, guint16 port)
{
	struct heard h = udp_receive(at);

	cr_expect_eq(h.byte, byte, "'%c' arrives (came: '%c')", byte, h.byte ? h.byte : '-');
	cr_expect_str_eq(h.from, from, "'%c' comes from %s", byte, h.from);
	cr_expect_eq(h.port, port, "'%c' comes from port %u", byte, h.port);
}

/* The outside port of what is sent from there to 'two'. */
static guint16 outside_port(int from, int two)
{
	struct heard h;

	sends(from, "198.51.100.20", 5000, 'o');
	h = udp_receive(two);
	cr_expect_str_eq(h.from, OUTSIDE, "the only outside address");
	return h.port;
}

Test(forward, both_directions)
{
	g_autoptr(exec) x = build_topology(NETWORK("", ""));
	int host = udp_in(x, "host", "10.9.0.2", 3478),
	    relayed = udp_in(x, "host", "10.9.0.2", 50001);
	int web = udp_in(x, "peer", "10.9.0.3", 4000);
	int one = udp_in(x, "one", "198.51.100.10", 5000),
	    two = udp_in(x, "two", "198.51.100.20", 5000);

	sends(one, OUTSIDE, 3478, 'a');
	arrives(host, 'a', "198.51.100.10", 5000);
	sends(host, "198.51.100.10", 5000, 'b');
	arrives(one, 'b', OUTSIDE, 3478);
	sends(two, OUTSIDE, 8000, 'c');
	arrives(web, 'c', "198.51.100.20", 5000);
	sends(web, "198.51.100.20", 5000, 'd');
	arrives(two, 'd', OUTSIDE, 8000);
	/* what the inside host sends first has the forwarded port, too, and others may answer it */
	sends(relayed, "198.51.100.20", 5000, 'e');
	arrives(two, 'e', OUTSIDE, 50001);
	sends(one, OUTSIDE, 50001, 'f');
	arrives(relayed, 'f', "198.51.100.10", 5000);
	sends(web, "198.51.100.10", 5000, 'g');
	arrives(one, 'g', OUTSIDE, 8000);
	for (gsize i = 0; i < 5; i++)
		close((const int[]){host, relayed, web, one, two}[i]);
}

/* All other ports are masqueraded, and nobody else gets a forwarded one. */
Test(forward, takes_its_ports_and_no_other)
{
	static const char *const kinds[] = {"", ", preserve_port: false",
					    ", filtering: endpoint-independent"};
	static const guint16 ports[] = {3478, 50000, 50009, 8000};

	for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
		g_autofree char *text = g_strdup_printf(NETWORK("", "%s"), kinds[k]);
		g_autoptr(exec) x = build_topology(text);
		int two = udp_in(x, "two", "198.51.100.20", 5000);
		int other = udp_in(x, "host", "10.9.0.2", 4000);

		for (gsize i = 0; i < G_N_ELEMENTS(ports); i++) {
			int fd = udp_in(x, "peer", "10.9.0.3", ports[i]);
			guint16 port = outside_port(fd, two);

			cr_expect(port != 3478 && port != 8000 && (port < 50000 || port > 50009),
				  "%s: port %u of another host became %u", kinds[k], ports[i],
				  port);
			close(fd);
		}
		if (k != 1)
			cr_expect_eq(outside_port(other, two), 4000, "%s: others are kept",
				     kinds[k]);
		close(two);
		close(other);
	}
}

Test(forward, the_firewall_sees_the_inside_address)
{
	g_autoptr(exec) x = build_topology(NETWORK("", ", filtering: endpoint-independent"));
	int host = udp_in(x, "host", "10.9.0.2", 3478),
	    free_port = udp_in(x, "host", "10.9.0.2", 4100);
	int one = udp_in(x, "one", "198.51.100.10", 5000),
	    two = udp_in(x, "two", "198.51.100.20", 5000);

	sends(one, OUTSIDE, 50009, 'n');
	sends(one, OUTSIDE, 3479, 'r');
	sends(one, OUTSIDE, 3478, 'y');
	arrives(host, 'y', "198.51.100.10", 5000);
	cr_expect_eq(rule_packets(x, "router", "relay-open"), 1,
		     "the rule names the inside address");
	cr_expect_eq(rule_packets(x, "router", "none-in"), 1,
		     "a forwarded port that the firewall does not open");
	cr_expect_eq(rule_packets(x, "router", "input-policy"), 1,
		     "what is not forwarded is the router's own");
	/* the masquerade beside it lets in what it has learned */
	cr_expect_eq(outside_port(free_port, two), 4100);
	sends(one, OUTSIDE, 4100, 'l');
	arrives(free_port, 'l', "198.51.100.10", 5000);
	for (gsize i = 0; i < 4; i++)
		close((const int[]){host, free_port, one, two}[i]);
}

Test(forward, hairpin)
{
	g_autoptr(exec) plain = build_topology(NETWORK("", ""));
	g_autoptr(exec) turning = NULL;
	int peer = udp_in(plain, "peer", "10.9.0.3", 4200), host, own;
	struct heard h;

	sends(peer, OUTSIDE, 3478, 'x');
	cr_expect_eq(rule_packets(plain, "router", "relay-no-hairpin"), 1, "dropped by its name");
	close(peer);
	g_clear_pointer(&plain, exec_free);

	turning = build_topology(NETWORK(", hairpin: true", ""));
	peer = udp_in(turning, "peer", "10.9.0.3", 4200);
	host = udp_in(turning, "host", "10.9.0.2", 3478);
	own = udp_in(turning, "host", "10.9.0.2", 50002);
	sends(peer, OUTSIDE, 3478, 'p');
	h = udp_receive(host);
	cr_expect_eq(h.byte, 'p', "it comes back in");
	cr_expect_str_eq(h.from, OUTSIDE, "with an outside source (RFC 4787 REQ-9)");
	sends(host, OUTSIDE, h.port, 'q');
	arrives(peer, 'q', OUTSIDE, 3478);
	sends(own, OUTSIDE, 3478, 's');
	arrives(host, 's', OUTSIDE, 50002);
	for (gsize i = 0; i < 3; i++)
		close((const int[]){peer, host, own}[i]);
}

/* An outside address beside the router's own, and no masquerade. */
Test(forward, of_a_second_address)
{
	g_autoptr(exec) x = build_topology(
		"networks: {inside: {subnet: 10.9.0.0/24}, outside: {subnet: 198.51.100.0/24}}\n"
		"nodes:\n"
		"  host:\n"
		"    interfaces: {eth0: {network: inside, address: 10.9.0.2/24}}\n"
		"    routes: [{to: default, via: 10.9.0.1}]\n"
		"  one: {interfaces: {eth0: {network: outside, address: 198.51.100.10/24}}}\n"
		"  router:\n"
		"    forwarding: true\n"
		"    interfaces:\n"
		"      lan: {network: inside, address: 10.9.0.1/24}\n"
		"      wan: {network: outside, address: 198.51.100.1/24}\n"
		"    nat:\n"
		"      - {name: a, forward: {outside: 198.51.100.7, inside: 10.9.0.2, proto: udp, "
		"ports: 3478}, out: wan}\n"
		"      - {name: b, forward: {outside: 198.51.100.7, inside: 10.9.0.2, proto: udp, "
		"ports: 3479}, out: wan, hairpin: true}\n");
	int host = udp_in(x, "host", "10.9.0.2", 3478), other = udp_in(x, "host", "10.9.0.2", 3479);
	int one = udp_in(x, "one", "198.51.100.10", 5000);

	sends(one, "198.51.100.7", 3478, 'a');
	arrives(host, 'a', "198.51.100.10", 5000);
	sends(host, "198.51.100.10", 5000, 'b');
	arrives(one, 'b', "198.51.100.7", 3478);
	sends(host, "198.51.100.7", 3479, 'c');
	arrives(other, 'c', "198.51.100.7", 3478);
	for (gsize i = 0; i < 3; i++)
		close((const int[]){host, other, one}[i]);
}
