/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `inspect: tls` against connections that really carry TLS, or not.
 *
 *   host --- lan [router] wan --- one     router: a connection out to port 443 goes on as TLS only
 */
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define NETWORK                                                                                    \
	ROUTED_NETWORK(                                                                            \
		"    nat: [{name: n, masquerade: wan}]\n"                                          \
		"    firewall:\n"                                                                  \
		"      forward: drop\n"                                                            \
		"      rules:\n"                                                                   \
		"        - {name: open, chain: forward, in: lan, proto: tcp, dports: 80, action: " \
		"accept}\n"                                                                        \
		"        - {name: web, chain: forward, in: lan, proto: tcp, dports: 443, action: " \
		"accept, inspect: tls}\n")

#define HELLO "\x16\x03\x01\x02\x00"
#define TURN "\x00\x03\x00\x00\x21"
#define LENGTH 5

/* What is sent by one end comes to the other, or resets its sender's connection. */
static void expect_sent(int from, int to, const char *payload, bool passes)
{
	char got[LENGTH] = "";

	cr_assert_eq(send(from, payload, LENGTH, 0), LENGTH, "sent");
	if (passes) {
		cr_expect_eq(recv(to, got, LENGTH, MSG_WAITALL), LENGTH, "%s", strerror(errno));
		cr_expect_arr_eq(got, payload, LENGTH, "the same bytes");
	} else {
		cr_expect_eq(recv(from, got, LENGTH, 0), -1, "an answer");
		cr_expect_eq(errno, ECONNRESET, "%s", strerror(errno));
		cr_expect_eq(recv(to, got, LENGTH, MSG_DONTWAIT), -1, "it came through");
	}
}

static const char *const addresses[] = {"198.51.100.10", "2001:db8:51::10"};

Test(inspection, lets_tls_go_on_whatever_follows)
{
	g_autoptr(exec) x = build_topology(NETWORK);

	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		int peer, host = tcp_connected(x, "host", "one", addresses[i], 443, &peer);

		expect_sent(host, peer, HELLO, true);
		expect_sent(peer, host, TURN, true);
		expect_sent(host, peer, TURN, true);
		close(host);
		close(peer);
	}
	cr_expect_eq(rule_packets(x, "router", "web"), 2, "connections that opened");
	cr_expect_eq(rule_packets(x, "router", "web-tls"), 2, "that went on");
	cr_expect_eq(rule_packets(x, "router", "web-no-tls"), 0, "that were reset");
}

Test(inspection, resets_what_is_no_tls_whoever_sends_first)
{
	g_autoptr(exec) x = build_topology(NETWORK);

	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		int peer, host = tcp_connected(x, "host", "one", addresses[i], 443, &peer);

		expect_sent(host, peer, TURN, false);
		close(host);
		close(peer);
		host = tcp_connected(x, "host", "one", addresses[i], 443, &peer);
		expect_sent(peer, host, TURN, false);
		close(host);
		close(peer);
	}
	cr_expect_eq(rule_packets(x, "router", "web"), 4, "connections that opened");
	cr_expect_eq(rule_packets(x, "router", "web-tls"), 0, "that went on");
	cr_expect_geq(rule_packets(x, "router", "web-no-tls"), 4, "that were reset");
}

Test(inspection, is_for_connections_of_its_rule_only)
{
	g_autoptr(exec) x = build_topology(NETWORK);
	int peer, host = tcp_connected(x, "host", "one", "198.51.100.10", 80, &peer);

	expect_sent(host, peer, TURN, true);
	close(host);
	close(peer);
}
