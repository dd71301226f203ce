/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What queues had no room for, in the real kernel. */
#include "tests/netns/exec/built_network.h"

#include "testbed/exec/strain.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#define CABLE                                                                \
	"networks: {wire: {subnet: 10.9.0.0/24}}\n"                          \
	"nodes:\n"                                                           \
	"  a: {interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}}\n" \
	"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n"

/* Gives a's interface that queue and sends a datagram to b. */
static void send_through(const exec *x, const char *queue)
{
	g_autofree char *line = g_strdup_printf("tc qdisc replace dev eth0 root %s && "
						"bash -c 'echo hello >/dev/udp/10.9.0.2/9' || :",
						queue);
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(setns(exec_netns_fd(x, "a"), CLONE_NEWNET), 0);
	cr_expect_eq(system(line), 0);
	cr_assert_eq(setns(home, CLONE_NEWNET), 0);
	close(home);
}

Test(queue_drops, counts_what_a_full_queue_lost)
{
	g_autoptr(exec) x = build_topology(CABLE);
	bool up;

	cr_expect_eq(strain_queue_drops(x, "a", "eth0", &up), 0);
	send_through(x, "bfifo limit 1");
	cr_expect_gt(strain_queue_drops(x, "a", "eth0", &up), 0, "one byte is room for no packet");
	cr_expect(up);
	cr_expect_eq(strain_queue_drops(x, "b", "eth0", &up), 0, "another node");
	cr_expect_eq(strain_queue_drops(x, "c", "eth0", &up), 0, "there is no such node");
	cr_expect_not(up);
}

Test(queue_drops, does_not_count_what_an_impairment_loses)
{
	g_autoptr(exec) x = build_topology(CABLE);
	bool up;

	send_through(x, "tbf rate 8kbit burst 100 limit 1");
	cr_expect_eq(strain_queue_drops(x, "a", "eth0", &up), 0);
}

/* What it holds is lost then, and the machine has nothing to do with it. */
Test(queue_drops, says_of_an_interface_that_it_is_down)
{
	g_autoptr(exec) x = build_topology(CABLE);
	bool up;

	send_through(x, "bfifo limit 1000; ip link set dev eth0 down");
	strain_queue_drops(x, "a", "eth0", &up);
	cr_expect_not(up);
}
