/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big networks know their gateways' link addresses before the first packet; small ones ask. */
#include "testbed/exec/inspect.h"
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <unistd.h>

static exec *office(guint hosts)
{
	g_autofree char *body = g_strdup_printf(
		"networks: {lan: {subnet: 10.9.0.0/24}}\n"
		"nodes:\n"
		"  gw: {interfaces: {eth0: {network: lan, address: 10.9.0.1/24}}}\n"
		"  pc-$(n):\n"
		"    count: %u\n"
		"    interfaces: {eth0: {network: lan, address: $(10.9.0.1 + n)/24}}\n"
		"    routes: [{to: default, via: 10.9.0.1}]\n",
		hosts);

	return build_topology(body);
}

static guint neighbours_of(exec *x, const char *node)
{
	g_autoptr(node_state) n = exec_inspect(x, node, NULL);

	cr_assert_not_null(n, "%s", node);
	return n->neighbours->len;
}

Test(neighbours, are_told_where_there_are_many)
{
	g_autoptr(exec) x = office(101);
	int gw = udp_in(x, "gw", "10.9.0.1", 5000), pc = udp_in(x, "pc-77", "10.9.0.78", 6000);

	cr_expect_eq(neighbours_of(x, "gw"), 101);
	cr_expect_eq(neighbours_of(x, "pc-1"), 1, "its gateway");
	/* What was told wrong would be sent to nobody. */
	cr_assert_eq(udp_send(pc, "10.9.0.1", 5000, 'q'), 0);
	cr_expect_eq(udp_receive(gw).byte, 'q');
	cr_assert_eq(udp_send(gw, "10.9.0.78", 6000, 'a'), 0);
	cr_expect_eq(udp_receive(pc).byte, 'a');
	close(gw);
	close(pc);
}

Test(neighbours, are_asked_where_there_are_few)
{
	g_autoptr(exec) x = office(3);

	cr_expect_eq(neighbours_of(x, "gw"), 0);
	cr_expect_eq(neighbours_of(x, "pc-1"), 0);
}
