/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses, routes, rules: packets tell.
 *
 *   a --- b            one cable
 *
 *   far --- left [host] right --- near       host has two interfaces; prefixes behind both
 */
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#define CABLE                                                                \
	"networks: {wire: {subnet: 10.9.0.0/24}}\n"                          \
	"nodes:\n"                                                           \
	"  a: {interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}}\n" \
	"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n"

/* `a` asks once who has an address, so a link that loses the request loses the packet. */
Test(links, the_first_packet_passes)
{
	g_autoptr(exec) x = build_topology(
		"networks: {wire: {subnet: 10.9.0.0/24}}\n"
		"nodes:\n"
		"  a:\n"
		"    interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}\n"
		"    sysctls: {net.ipv4.neigh.eth0.mcast_solicit: \"1\"}\n"
		"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n");
	int a = udp_in(x, "a", "10.9.0.1", 0), b = udp_in(x, "b", "10.9.0.2", 5000);

	cr_assert_eq(udp_send(a, "10.9.0.2", 5000, 'x'), 0, "sent");
	cr_expect_eq(udp_receive(b).byte, 'x', "received");
	close(a);
	close(b);
}

Test(links, a_bridge_joins_more_than_two)
{
	g_autoptr(exec) x = build_topology(
		CABLE "  c: {interfaces: {eth0: {network: wire, address: 10.9.0.3/24}}}\n");
	static const char *const nodes[] = {"a", "b"}, *const addresses[] = {"10.9.0.1",
									     "10.9.0.2"};
	int c = udp_in(x, "c", "10.9.0.3", 5000);

	for (int i = 0; i < 2; i++) {
		int fd = udp_in(x, nodes[i], addresses[i], 0);

		cr_assert_eq(udp_send(fd, "10.9.0.3", 5000, (char)('0' + i)), 0, "sent from %s",
			     nodes[i]);
		cr_expect_eq(udp_receive(c).byte, '0' + i, "received from %s", nodes[i]);
		close(fd);
	}
	close(c);
}

#define TWO_INTERFACES(model)                                                                \
	"networks: {left: {subnet: 10.1.0.0/24}, right: {subnet: 10.2.0.0/24}}\n"            \
	"nodes:\n"                                                                           \
	"  host:\n"                                                                          \
	"    host_model: " model "\n"                                                        \
	"    interfaces:\n"                                                                  \
	"      left: {network: left, address: 10.1.0.1/24}\n"                                \
	"      right: {network: right, address: 10.2.0.1/24}\n"                              \
	"    routes: [{to: default, via: 10.2.0.2, dev: right}, {to: 10.50.0.0/24, via: "    \
	"10.1.0.2, dev: "                                                                    \
	"left}]\n"                                                                           \
	"  far:\n"                                                                           \
	"    interfaces: {eth0: {network: left, address: 10.1.0.2/24}}\n"                    \
	"    routes: [{to: default, via: 10.1.0.1}]\n"                                       \
	"  near:\n"                                                                          \
	"    interfaces: {eth0: {network: right, addresses: [10.2.0.2/24, 10.2.0.77/24]}}\n" \
	"    routes: [{to: 10.1.0.0/24, via: 10.2.0.1}]\n"

Test(host_model, strong_does_not_send_from_the_wrong_card)
{
	g_autoptr(exec) x = build_topology(TWO_INTERFACES("strong"));
	int left = udp_in(x, "host", "10.1.0.1", 0), right = udp_in(x, "host", "10.2.0.1", 0);

	cr_expect_eq(udp_send(left, "10.60.0.9", 5000, 'x'), ENETUNREACH,
		     "no route through the left interface");
	cr_expect_eq(udp_send(left, "10.50.0.9", 5000, 'x'), 0, "the left interface's own route");
	cr_expect_eq(udp_send(right, "10.60.0.9", 5000, 'x'), 0,
		     "the right interface's default route");
	cr_expect_eq(udp_send(left, "10.2.0.2", 5000, 'x'), ENETUNREACH,
		     "not even to the right interface's subnet");
	close(left);
	close(right);
}

Test(host_model, weak_leaks_out_of_the_other_interface)
{
	g_autoptr(exec) x = build_topology(TWO_INTERFACES("weak"));
	int left = udp_in(x, "host", "10.1.0.1", 0), near = udp_in(x, "near", "10.2.0.77", 5000);
	struct heard heard;

	cr_assert_eq(udp_send(left, "10.2.0.77", 5000, 'x'), 0, "sent");
	heard = udp_receive(near);
	cr_expect_eq(heard.byte, 'x', "came by the right interface");
	cr_expect_str_eq(heard.from, "10.1.0.1", "with the left interface's address");
	close(left);
	close(near);
}

static guint64 receive_by_wrong_interface(const char *topology, char *ret_byte)
{
	g_autoptr(exec) x = build_topology(topology);
	int near = udp_in(x, "near", "10.2.0.2", 0), left = udp_in(x, "host", "10.1.0.1", 5000);
	int far = udp_in(x, "far", "10.1.0.2", 0);
	guint64 dropped = 0;

	cr_assert_eq(udp_send(near, "10.1.0.1", 5000, 'w'), 0,
		     "sent to the left address by the right interface");
	if (strstr(topology, "strong"))
		dropped = rule_packets(x, "host", "strong-host-receive");
	cr_assert_eq(udp_send(far, "10.1.0.1", 5000, 'r'), 0, "and by the left interface");
	*ret_byte = udp_receive(left).byte;
	close(near);
	close(left);
	close(far);
	return dropped;
}

Test(host_model, strong_does_not_receive_by_the_wrong_card)
{
	char byte = 0;

	cr_expect_eq(receive_by_wrong_interface(TWO_INTERFACES("strong"), &byte), 1,
		     "dropped and counted");
	cr_expect_eq(byte, 'r', "only what came by the right interface arrived");
	receive_by_wrong_interface(TWO_INTERFACES("weak"), &byte);
	cr_expect_eq(byte, 'w', "a weak host takes it");
}

/* --- what the kernel says --------------------------------------------------------------------- */

Test(errors, the_kernels_own_words)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autoptr(GError) error = NULL;
	char node[] = "a";
	struct op op = {.kind = OP_ROUTE, .node = node, .loc = {"lab.yaml", 7, 3}};

	cr_assert(prefix_parse("10.77.0.0/24", &op.route.to) &&
			  addr_parse("192.0.2.9", &op.route.via),
		  "addresses");
	op.route.table = 254;
	cr_assert_not(exec_apply(x, &op, &error), "no such gateway");
	cr_expect(g_str_has_prefix(error->message,
				   "lab.yaml:7:3: route a 10.77.0.0/24 via 192.0.2.9: "),
		  "%s", error->message);
	cr_expect(strstr(error->message, "Nexthop has invalid gateway"), "%s", error->message);
}

Test(errors, a_rulesets_line)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autoptr(GError) error = NULL;
	char node[] = "b", text[] = "table inet tb_filter {\n\tchain tb_input {\n\t\tiifname \"x\" "
				    "nonsense\n\t}\n}\n";
	struct op op = {.kind = OP_NFT, .node = node, .nft = {.text = text}};

	cr_assert_not(exec_apply(x, &op, &error), "not a rule");
	cr_expect(g_str_has_prefix(error->message, "nft b: "), "%s", error->message);
	cr_expect(strstr(error->message, "iifname \"x\" nonsense"), "'%s' shows the line",
		  error->message);
}

Test(errors, names_are_not_cut)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autoptr(GError) error = NULL;
	char a[] = "a", b[] = "b", long_name[] = "sixteen-letters-", short_name[] = "short";
	struct op op = {.kind = OP_VETH, .node = a};

	op.veth[0] = (struct op_veth_end){.node = a, .ifname = long_name, .ifindex = 500};
	op.veth[1] = (struct op_veth_end){.node = b, .ifname = short_name, .ifindex = 501};
	cr_assert_not(exec_apply(x, &op, &error), "refused");
	cr_expect(strstr(error->message, "1 to 15 characters"), "%s", error->message);
}

Test(errors, the_thread_comes_home_after_a_failure)
{
	g_autoptr(plan) p = topology_plan(CABLE);
	struct exec_features features;
	g_autoptr(GError) error = NULL;
	g_autoptr(exec) x = NULL;
	g_autofree char *before = g_file_read_link("/proc/thread-self/ns/net", NULL), *after = NULL;
	struct op *op = p->ops->pdata[p->ops->len - 1];

	need_features(&features);
	for (guint i = 0; i < p->ops->len; i++) {
		op = p->ops->pdata[i];
		if (op->kind == OP_SYSCTL)
			break;
	}
	g_free(op->sysctl.value);
	op->sysctl.value = g_strdup("not a number");
	x = exec_new_linux(&features, NULL, NULL, &error);
	cr_assert_not(exec_run(x, p, &error), "a bad setting");
	cr_expect(strstr(error->message, "sysctl a net.ipv4."), "%s", error->message);
	after = g_file_read_link("/proc/thread-self/ns/net", NULL);
	cr_expect_str_eq(before, after, "same namespace as before");
}

/* As root the machine's own settings could be written: a plan that names one is refused before
 * that. */
Test(errors, a_setting_of_the_machine_is_refused)
{
	static const char *const keys[] = {"kernel.panic", "vm.swappiness", "net"};

	for (guint k = 0; k < G_N_ELEMENTS(keys); k++) {
		g_autoptr(plan) p = topology_plan(CABLE);
		struct exec_features features;
		g_autoptr(GError) error = NULL;
		g_autoptr(exec) x = NULL;

		need_features(&features);
		for (guint i = 0; i < p->ops->len; i++) {
			struct op *op = p->ops->pdata[i];

			if (op->kind != OP_SYSCTL)
				continue;
			g_free(op->sysctl.key);
			op->sysctl.key = g_strdup(keys[k]);
			break;
		}
		x = exec_new_linux(&features, NULL, NULL, &error);
		cr_expect_not(exec_run(x, p, &error), "%s is not refused", keys[k]);
		cr_expect(error && strstr(error->message, "no setting of a network namespace"),
			  "%s: %s", keys[k], error ? error->message : "nothing");
	}
}
