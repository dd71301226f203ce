/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions that exec_inspect reads, against what was sent for real.
 *
 *   host 10.9.0.2 --- lan [router] wan 198.51.100.1 --- one 198.51.100.10     router: NAT, or a
 * firewall with sessions
 */
#include "testbed/exec/inspect_conntrack.h"

#include "tests/netns/exec/built_network.h"

#include "testbed/exec/capabilities.h"
#include "tests/netns/exec/state.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAT ROUTED_NETWORK("    nat: [{name: n, masquerade: wan, preserve_port: true}]\n")
#define FIREWALL                                                                              \
	ROUTED_NETWORK(                                                                       \
		"    firewall: {forward: drop, rules: [{name: out, chain: forward, in: lan, " \
		"action: accept}]}\n")

static gsize sessions(const json_t *state)
{
	return json_array_size(json_object_get(state, "conntrack"));
}

/* Both are there when the packet is, as it goes in the same turn of the kernel. */
Test(conntrack, udp_asked_and_answered)
{
	g_autoptr(exec) x = build_topology(NAT);
	int host = udp_in(x, "host", "10.9.0.2", 4000),
	    one = udp_in(x, "one", "198.51.100.10", 5000);
	int silent = udp_in(x, "one", "198.51.100.10", 5001);
	json_t *before = state_of(x, "router"), *asked, *answered, *plain;

	cr_expect_eq(sessions(before), 0, "nothing was sent yet");
	cr_assert_eq(udp_send(host, "198.51.100.10", 5001, 'q'), 0, "asked who says nothing");
	cr_assert_eq(udp_send(host, "198.51.100.10", 5000, 'q'), 0, "asked");
	cr_assert_eq(udp_receive(one).byte, 'q', "received");
	asked = state_of(x, "router");
	expect_one(asked, "conntrack", "{\"proto\": \"udp\", \"dport\": 5000, \"replied\": false}");
	cr_assert_eq(udp_send(one, "198.51.100.1", 4000, 'a'), 0, "answered");
	cr_assert_eq(udp_receive(host).byte, 'a', "received");
	answered = state_of(x, "router");
	plain = state_of(x, "one");
	expect_one(
		answered, "conntrack",
		"{\"proto\": \"udp\", \"src\": \"10.9.0.2\", \"sport\": 4000, \"dst\": "
		"\"198.51.100.10\", \"dport\": 5000,"
		" \"reply_src\": \"198.51.100.10\", \"reply_sport\": 5000, \"reply_dst\": "
		"\"198.51.100.1\","
		" \"reply_dport\": 4000, \"state\": null, \"replied\": true, \"assured\": false}");
	expect_one(
		answered, "conntrack",
		"{\"proto\": \"udp\", \"src\": \"10.9.0.2\", \"dport\": 5001, \"replied\": false}");
	cr_expect_eq(sessions(answered), 2, "and no other");
	cr_expect_null(json_object_get(answered, "conntrack_left_out"), "all are told");
	cr_expect(json_is_array(json_object_get(plain, "conntrack")), "told");
	cr_expect_eq(sessions(plain), 0, "who has no rules tracks nothing");
	json_decref(before);
	json_decref(asked);
	json_decref(answered);
	json_decref(plain);
	close(host);
	close(one);
	close(silent);
}

static bool is_in_state(const json_t *state, const char *wanted)
{
	json_t *first = json_array_get(json_object_get(state, "conntrack"), 0);

	return g_strcmp0(json_string_value(json_object_get(first, "state")), wanted) == 0;
}

/* The acknowledgement of a FIN that has arrived may still be on its way through the router.
 * When the state never comes, the test's time ends it. */
static json_t *state_once(exec *x, const char *node, const char *wanted)
{
	json_t *state = state_of(x, node);

	while (!is_in_state(state, wanted)) {
		json_decref(state);
		state = state_of(x, node);
	}
	return state;
}

Test(conntrack, tcp_and_its_state)
{
	g_autoptr(exec) x = build_topology(NAT);
	struct sockaddr_in own;
	socklen_t length = sizeof own;
	int peer, host = tcp_connected(x, "host", "one", "198.51.100.10", 5061, &peer);
	g_autofree char *wanted = NULL;
	json_t *state;
	char byte;

	close(peer);
	cr_assert_eq(recv(host, &byte, 1, 0), 0, "the other end has closed");
	cr_assert_eq(getsockname(host, (struct sockaddr *)&own, &length), 0, "own port");
	state = state_once(x, "router", "CLOSE_WAIT");
	wanted = g_strdup_printf(
		"{\"proto\": \"tcp\", \"src\": \"10.9.0.2\", \"sport\": %u, \"dst\": "
		"\"198.51.100.10\","
		" \"dport\": 5061, \"reply_src\": \"198.51.100.10\", \"reply_sport\": 5061,"
		" \"reply_dst\": \"198.51.100.1\", \"reply_dport\": %u, \"state\": \"CLOSE_WAIT\","
		" \"replied\": true, \"assured\": true}",
		ntohs(own.sin_port), ntohs(own.sin_port));
	expect_one(state, "conntrack", wanted);
	cr_expect_eq(sessions(state), 1, "and no other");
	json_decref(state);
	close(host);
}

static node_state *node_without_ipv6(void)
{
	node_state *n = node_state_new("router");

	n->sessions = g_array_new(FALSE, TRUE, sizeof(struct tracked));
	return n;
}

Test(conntrack, ipv6_where_the_node_has_it)
{
	g_autoptr(exec) x = build_topology(FIREWALL);
	int host = udp_in(x, "host", "2001:db8:9::2", 4000),
	    one = udp_in(x, "one", "2001:db8:51::10", 5000);
	g_autoptr(node_state) n = NULL;
	json_t *state;

	cr_assert_eq(udp_send(host, "2001:db8:51::10", 5000, 'q'), 0, "sent");
	cr_assert_eq(udp_receive(one).byte, 'q', "received");
	state = state_of(x, "router");
	expect_one(state, "conntrack",
		   "{\"proto\": \"udp\", \"src\": \"2001:db8:9::2\", \"sport\": 4000, \"dst\": "
		   "\"2001:db8:51::10\","
		   " \"dport\": 5000, \"reply_src\": \"2001:db8:51::10\", \"reply_dst\": "
		   "\"2001:db8:9::2\", \"replied\": false}");
	json_decref(state);
	n = node_without_ipv6();
	cr_assert_eq(setns(exec_netns_fd(x, "router"), CLONE_NEWNET), 0, "enter");
	cr_assert(inspect_put_sessions(n, NULL), "read");
	cr_expect_eq(n->sessions->len, 0, "nothing of IPv6 where it is not told");
	close(host);
	close(one);
}

/* In order, and no more than a state should hold. */
Test(conntrack, of_many_some_are_told_and_the_rest_counted)
{
	enum { SENT = INSPECT_SESSIONS_MAX + 7 };
	g_autoptr(exec) x = build_topology(FIREWALL);
	int host = udp_in(x, "host", "10.9.0.2", 4000), last = -1;
	const json_t *item;
	json_t *state;
	size_t i;

	for (guint16 n = 1; n <= SENT; n++) {
		/* "nobody listens there" comes back, as an error of the next one, which is then not
		 * sent */
		if (udp_send(host, "198.51.100.10", n, 'q') != 0)
			cr_assert_eq(udp_send(host, "198.51.100.10", n, 'q'), 0, "sent to port %u",
				     n);
	}
	state = state_of(x, "router");
	cr_expect_eq(sessions(state), INSPECT_SESSIONS_MAX, "%zu", sessions(state));
	cr_expect_eq(json_integer_value(json_object_get(state, "conntrack_left_out")),
		     SENT - INSPECT_SESSIONS_MAX);
	json_array_foreach(json_object_get(state, "conntrack"), i, item) {
		int port = (int)json_integer_value(json_object_get(item, "dport"));

		cr_assert_gt(port, last, "sorted");
		last = port;
	}
	json_decref(state);
	close(host);
}

Test(conntrack, a_refusal_is_told)
{
	g_autoptr(exec) x = build_topology(FIREWALL);
	g_autoptr(GError) error = NULL;
	int host = udp_in(x, "host", "10.9.0.2", 4000);
	g_autoptr(node_state) n = node_without_ipv6();
	g_auto(cap_t) none = capabilities_new(NULL, 0);

	cr_assert_eq(udp_send(host, "198.51.100.10", 5000, 'q'), 0, "sent");
	cr_assert_eq(setns(exec_netns_fd(x, "router"), CLONE_NEWNET), 0, "enter");
	cr_assert(capabilities_keep(none, false), "without privilege");
	cr_expect_not(inspect_put_sessions(n, &error), "an empty list would be a lie");
	cr_expect(error && strstr(error->message, "read sessions: "), "%s",
		  error ? error->message : "no error");
	close(host);
}
