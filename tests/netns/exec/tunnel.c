/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels of every kind that this kernel has, between IPv4 and between IPv6 addresses.
 *
 *   a --- left ======= right --- b     the middle routes nothing of theirs
 */
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* %s: the kind and other keys of the tunnel, the addresses of its ends. */
static const char topology[] =
	"networks: {a: {subnet: 10.1.0.0/24}, b: {subnet: 10.2.0.0/24}, middle: {subnet: "
	"198.51.100.0/24, subnet6: \"2001:db8:ff::/64\"}}\n"
	"nodes:\n"
	"  a: {interfaces: {eth0: {network: a, address: 10.1.0.2/24}}, routes: [{to: default, via: "
	"10.1.0.1}]}\n"
	"  b: {interfaces: {eth0: {network: b, address: 10.2.0.2/24}}, routes: [{to: default, via: "
	"10.2.0.1}]}\n"
	"  left:\n"
	"    forwarding: true\n"
	"    interfaces:\n"
	"      lan: {network: a, address: 10.1.0.1/24}\n"
	"      wan: {network: middle, addresses: [198.51.100.1/24, \"2001:db8:ff::1/64\"]}\n"
	"    routes: [{to: 10.2.0.0/24, via: 10.255.0.2}]\n"
	"    firewall: {rules: [{name: outer, chain: output, out: wan, action: accept, dst: "
	"[198.51.100.2, \"2001:db8:ff::2\"]}]}\n"
	"  right:\n"
	"    forwarding: true\n"
	"    interfaces:\n"
	"      lan: {network: b, address: 10.2.0.1/24}\n"
	"      wan: {network: middle, addresses: [198.51.100.2/24, \"2001:db8:ff::2/64\"]}\n"
	"    routes: [{to: 10.1.0.0/24, via: 10.255.0.1}]\n"
	"tunnels:\n"
	"  vpn:\n"
	"    %s\n"
	"    ends:\n"
	"      - {node: left, iface: vpn0, address: 10.255.0.1/30, underlay: \"%s\", prefixes: "
	"[10.1.0.0/24, 10.255.0.1/32]}\n"
	"      - {node: right, iface: vpn0, address: 10.255.0.2/30, underlay: \"%s\", prefixes: "
	"[10.2.0.0/24, 10.255.0.2/32]}\n";

static const struct underlay {
	const char *name, *left, *right;
} underlays[] = {{"IPv4", "198.51.100.1", "198.51.100.2"},
		 {"IPv6", "2001:db8:ff::1", "2001:db8:ff::2"}};

static plan *tunnel_plan(const char *settings, const struct underlay *u)
{
	g_autofree char *text = g_strdup_printf(topology, settings, u->left, u->right);

	return topology_plan(text);
}

/* Two key pairs of RFC 7748 section 6.1. */
static const struct {
	const char *name;
	uint8_t private_key[32], public_key[32];
} keys[] = {
	{"vpn/left",
	 {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
	  0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
	  0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a},
	 {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
	  0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
	  0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a}},
	{"vpn/right",
	 {0x5d, 0xab, 0x08, 0x7e, 0x62, 0x4a, 0x8a, 0x4b, 0x79, 0xe1, 0x7f,
	  0x8b, 0x83, 0x80, 0x0e, 0xe6, 0x6f, 0x3b, 0xb1, 0x29, 0x26, 0x18,
	  0xb6, 0xfd, 0x1c, 0x2f, 0x8b, 0x27, 0xff, 0x88, 0xe0, 0xeb},
	 {0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61,
	  0xc2, 0xec, 0xe4, 0x35, 0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78,
	  0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f}},
};

static gboolean key_of(const char *name, uint8_t private_key[32], uint8_t public_key[32],
		       gpointer user_data)
{
	(void)user_data;
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!g_str_equal(keys[i].name, name))
			continue;
		memcpy(private_key, keys[i].private_key, 32);
		memcpy(public_key, keys[i].public_key, 32);
		return TRUE;
	}
	return FALSE;
}

static int mtu_in(const exec *x, const char *node)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	struct ifreq r = {.ifr_name = "vpn0"};

	cr_assert(home >= 0 && setns(exec_netns_fd(x, node), CLONE_NEWNET) == 0, "enter %s", node);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(fd >= 0 && ioctl(fd, SIOCGIFMTU, &r) == 0, "vpn0: %s", strerror(errno));
	close(fd);
	cr_assert_eq(setns(home, CLONE_NEWNET), 0, "go back");
	close(home);
	return r.ifr_mtu;
}

static void try_tunnel(const struct exec_features *features, const char *settings,
		       const char *backend, const int mtu_bytes[2])
{
	for (gsize i = 0; i < G_N_ELEMENTS(underlays); i++) {
		g_autoptr(plan) p = tunnel_plan(settings, &underlays[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(exec) x = exec_new_linux(features, key_of, NULL, &error);
		int a, b;

		cr_assert(x && exec_run(x, p, &error), "%s over %s: %s", backend, underlays[i].name,
			  error ? error->message : "");
		cr_expect_str_eq(exec_tunnel_backend(x), backend, "made by");
		cr_expect_eq(mtu_in(x, "left"), mtu_bytes[i], "%s over %s: %d", backend,
			     underlays[i].name, mtu_in(x, "left"));
		a = udp_in(x, "a", "10.1.0.2", 0);
		b = udp_in(x, "b", "10.2.0.2", 5000);
		cr_assert_eq(udp_send(a, "10.2.0.2", 5000, 't'), 0, "sent");
		cr_expect_eq(udp_receive(b).byte, 't', "through %s over %s", backend,
			     underlays[i].name);
		/* a handshake that is lost is sent again, before there is a session; other tunnels
		 * carry what their interfaces say of themselves */
		cr_expect(!g_str_has_prefix(backend, "wireguard") ||
				  rule_packets(x, "left", "outer") == 1,
			  "%s: a handshake was lost", backend);
		close(a);
		close(b);
	}
}

Test(tunnel, wireguard_of_the_kernel)
{
	struct exec_features features;

	need_features(&features);
	if (!features.wireguard)
		cr_skip_test("needs wireguard: the kernel has none, or there is no wg program");
	try_tunnel(&features, "kind: wireguard", "wireguard", (const int[]){1420, 1420});
}

Test(tunnel, wireguard_go)
{
	struct exec_features features;

	need_features(&features);
	if (!features.wireguard_go)
		cr_skip_test("needs wireguard-go: it is not there, or /dev/net/tun can't be used");
	features.wireguard = false;
	try_tunnel(&features, "kind: wireguard", "wireguard-go", (const int[]){1420, 1420});
	try_tunnel(&features, "kind: wireguard\n    mtu: 1300B", "wireguard-go",
		   (const int[]){1300, 1300});
}

Test(tunnel, vxlan_in_its_place)
{
	struct exec_features features;

	need_features(&features);
	if (!features.vxlan)
		cr_skip_test("needs vxlan: the kernel has none");
	features.wireguard = features.wireguard_go = false;
	try_tunnel(&features, "kind: wireguard", "vxlan", (const int[]){1420, 1420});
}

Test(tunnel, vxlan)
{
	struct exec_features features;

	need_features(&features);
	if (!features.vxlan)
		cr_skip_test("needs vxlan: the kernel has none");
	try_tunnel(&features, "kind: vxlan", "vxlan", (const int[]){1450, 1430});
}

Test(tunnel, gre)
{
	struct exec_features features;

	need_features(&features);
	if (!features.gre)
		cr_skip_test("needs gre: the kernel has none");
	try_tunnel(&features, "kind: gre", "gre", (const int[]){1472, 1452});
}

Test(tunnel, ipip)
{
	struct exec_features features;

	need_features(&features);
	if (!features.ipip)
		cr_skip_test("needs ipip: the kernel has none");
	try_tunnel(&features, "kind: ipip", "ipip", (const int[]){1480, 1460});
}

Test(tunnel, none_on_this_host)
{
	g_autoptr(plan) p = tunnel_plan("kind: wireguard", &underlays[0]);
	g_autoptr(GError) error = NULL;
	g_autoptr(exec) x = NULL;
	struct exec_features features;

	need_features(&features);
	features.wireguard = features.wireguard_go = features.vxlan = false;
	x = exec_new_linux(&features, key_of, NULL, &error);
	cr_assert_not(exec_run(x, p, &error), "no way to make it");
	cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED), "%s", error->message);
	cr_expect(g_str_has_prefix(error->message, "test.yaml:"), "'%s' says where",
		  error->message);
}
