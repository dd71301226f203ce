/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for the last words of a node's connections, in the real kernel. */
#include "tests/netns/exec/built_network.h"

#include "testbed/exec/closing.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#define CABLE                                                                \
	"networks: {wire: {subnet: 10.9.0.0/24}}\n"                          \
	"nodes:\n"                                                           \
	"  a: {interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}}\n" \
	"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n"

#define PORT 5061

static void set_cable(exec *x, bool up)
{
	const struct op op = {.kind = OP_LINK_UP,
			      .node = (char *)(gpointer)(guintptr) "b",
			      .link_up = {.ifname = (char *)(gpointer)(guintptr) "eth0"}};

	cr_assert(up ? exec_apply(x, &op, NULL) : exec_remove(x, &op, NULL), "cable %s",
		  up ? "up" : "down");
}

Test(closing, nothing_is_under_way)
{
	g_autoptr(exec) x = build_topology(CABLE);

	cr_expect(exec_wait_closed(x, "a", 5000), "there is no connection at all");
	cr_expect_not(exec_wait_closed(x, "c", 5000), "there is no such node");
}

Test(closing, waits_for_the_other_ends_acknowledgement)
{
	g_autoptr(exec) x = build_topology(CABLE);
	int peer, a = tcp_connected(x, "a", "b", "10.9.0.2", PORT, &peer);

	cr_expect(exec_wait_closed(x, "a", 50), "an open connection is no reason to wait");
	set_cable(x, false);
	close(a);
	cr_expect_not(exec_wait_closed(x, "a", 50), "the FIN cannot have arrived");
	set_cable(x, true);
	cr_expect(exec_wait_closed(x, "a", 20000),
		  "the FIN was not sent again, or its end not noticed");
	close(peer);
}
