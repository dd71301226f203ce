/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process in a node, and tunnels. */
#include "tests/netns/exec/room.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CABLE                                                                \
	"networks: {wire: {subnet: 10.9.0.0/24}}\n"                          \
	"nodes:\n"                                                           \
	"  a: {interfaces: {eth0: {network: wire, address: 10.9.0.1/24}}}\n" \
	"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n"

Test(spawn, no_privileges)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autofree char *status = shell_in(x, "a", "cat /proc/self/status");
	static const char *const lines[] = {
		"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000",
		"CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
		"CapAmb:\t0000000000000000", "NoNewPrivs:\t1"};

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		cr_expect(strstr(status, lines[i]), "'%s' in\n%s", lines[i], status);
}

Test(spawn, in_the_nodes_network)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autofree char *said = shell_in(x, "b", "cat /proc/self/net/fib_trie");

	cr_expect(strstr(said, "10.9.0.2"), "b's own address in\n%s", said);
	cr_expect_null(strstr(said, "10.9.0.1\n"), "not a's");
}

static GPid spawn_sh(exec *x, const char *command, int control_fd, int log_fd,
		     const char *const *files, bool keep)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *line = g_strdup(command);
	char sh[] = "sh", option[] = "-c";
	char *const argv[] = {sh, option, line, NULL};
	struct exec_process process = {.node = "a",
				       .argv = argv,
				       .control_fd = control_fd,
				       .log_fd = log_fd,
				       .files = files,
				       .keep_net_admin = keep};
	GPid pid = exec_spawn(x, &process, &error);

	cr_assert(pid > 0, "%s", error ? error->message : "");
	return pid;
}

static void expect_exit_0(GPid pid)
{
	int status = 0;

	cr_assert_eq(waitpid(pid, &status, 0), pid, "it ends");
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

Test(spawn, descriptors_0_to_3_and_no_other)
{
	g_autoptr(exec) x = build_topology(CABLE);
	int ends[2], stray = dup(0);
	char answer[8] = "";

	cr_assert(stray >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "descriptors");
	expect_exit_0(spawn_sh(
		x,
		"for f in 4 5 6 7 8 9; do test ! -e /proc/$$/fd/$f || exit 1; done; echo hello >&3",
		ends[1], -1, NULL, false));
	cr_expect_eq(read(ends[0], answer, sizeof answer - 1), 6, "its word");
	cr_expect_str_eq(answer, "hello\n");
	close(ends[0]);
	close(ends[1]);
	close(stray);
}

Test(spawn, its_own_files)
{
	g_autoptr(exec) x = build_topology(CABLE);
	char path[] = "/tmp/testbed-spawn-XXXXXX";
	int fd = mkstemp(path);
	const char *const files[] = {"/etc/hosts", path, NULL};

	cr_assert(fd >= 0 && write(fd, "10.9.0.2 b.example.com\n", 23) == 23, "content");
	expect_exit_0(spawn_sh(x, "grep -q b.example.com /etc/hosts", -1, -1, files, false));
	cr_expect_neq(system("grep -q b.example.com /etc/hosts"), 0,
		      "the machine's file is what it was");
	unlink(path);
	close(fd);
}

/* /etc/resolv.conf is often a link into a /run that a lab does not have. */
Test(spawn, a_target_that_is_a_dangling_link_into_run)
{
	g_autoptr(exec) x = build_topology(CABLE);
	char folder[] = "/tmp/testbed-link-XXXXXX";
	g_autofree char *link = NULL, *content = NULL;
	const char *files[] = {NULL, NULL, NULL};
	g_autofree char *command = NULL;

	own_run();
	cr_assert_not_null(mkdtemp(folder), "folder");
	link = g_build_filename(folder, "resolv.conf", NULL);
	content = g_build_filename(folder, "content", NULL);
	cr_assert(symlink("/run/systemd/resolve/stub.conf", link) == 0 &&
			  g_file_set_contents(content, "nameserver 10.9.0.2\n", -1, NULL),
		  "files");
	files[0] = link;
	files[1] = content;
	command = g_strdup_printf("grep -q 10.9.0.2 %s", link);
	expect_exit_0(spawn_sh(x, command, -1, -1, files, false));
	unlink(link);
	unlink(content);
	rmdir(folder);
}

Test(spawn, net_admin_only_when_asked)
{
	g_autoptr(exec) x = build_topology(CABLE);

	/* CAP_NET_ADMIN is bit 12, CAP_NET_RAW bit 13. */
	expect_exit_0(spawn_sh(x, "grep -q 'CapEff:.0000000000003000' /proc/self/status", -1, -1,
			       NULL, true));
	expect_exit_0(spawn_sh(x, "grep -q 'CapBnd:.0000000000003000' /proc/self/status", -1, -1,
			       NULL, true));
}

Test(spawn, a_program_that_is_not_there)
{
	g_autoptr(exec) x = build_topology(CABLE);
	g_autoptr(GError) error = NULL;
	char program[] = "no-such-program-anywhere", file[] = "/etc/hosts";
	char *argv[] = {program, NULL};
	struct exec_process process = {.node = "a", .argv = argv, .control_fd = -1, .log_fd = -1};

	cr_expect_eq(exec_spawn(x, &process, &error), -1, "not found");
	cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED), "%s", error->message);
	g_clear_error(&error);
	argv[0] = file;
	cr_expect_eq(exec_spawn(x, &process, &error), -1, "not a program");
	cr_expect_not_null(error, "an error");
	cr_expect(strstr(error->message, "/etc/hosts"), "'%s' names it", error->message);
}

/* --- tunnels ---------------------------------------------------------------------------------- */

/*   a --- left ======= right --- b     the middle routes nothing of theirs */
static const char tunnel[] =
	"networks: {a: {subnet: 10.1.0.0/24}, b: {subnet: 10.2.0.0/24}, middle: {subnet: "
	"198.51.100.0/24}}\n"
	"nodes:\n"
	"  a: {interfaces: {eth0: {network: a, address: 10.1.0.2/24}}, routes: [{to: default, via: "
	"10.1.0.1}]}\n"
	"  b: {interfaces: {eth0: {network: b, address: 10.2.0.2/24}}, routes: [{to: default, via: "
	"10.2.0.1}]}\n"
	"  left:\n"
	"    forwarding: true\n"
	"    interfaces: {lan: {network: a, address: 10.1.0.1/24}, wan: {network: middle, address: "
	"198.51.100.1/24}}\n"
	"    routes: [{to: 10.2.0.0/24, via: 10.255.0.2}]\n"
	"  right:\n"
	"    forwarding: true\n"
	"    interfaces: {lan: {network: b, address: 10.2.0.1/24}, wan: {network: middle, address: "
	"198.51.100.2/24}}\n"
	"    routes: [{to: 10.1.0.0/24, via: 10.255.0.1}]\n"
	"tunnels:\n"
	"  vpn:\n"
	"    kind: wireguard\n"
	"    port: 51820\n"
	"    ends:\n"
	"      - {node: left, iface: vpn0, address: 10.255.0.1/30, underlay: 198.51.100.1, "
	"prefixes: "
	"[10.1.0.0/24, 10.255.0.1/32]}\n"
	"      - {node: right, iface: vpn0, address: 10.255.0.2/30, underlay: 198.51.100.2, "
	"prefixes: "
	"[10.2.0.0/24, 10.255.0.2/32]}\n";

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

static void try_tunnel(const struct exec_features *features, const char *backend)
{
	g_autoptr(plan) p = topology_plan(tunnel);
	g_autoptr(GError) error = NULL;
	g_autoptr(exec) x = exec_new_linux(features, key_of, NULL, &error);
	gint64 before;
	int a, b;

	cr_assert(x && exec_run(x, p, &error), "%s", error ? error->message : "");
	cr_expect_str_eq(exec_tunnel_backend(x), backend, "made by");
	a = udp_in(x, "a", "10.1.0.2", 0);
	b = udp_in(x, "b", "10.2.0.2", 5000);
	before = g_get_monotonic_time();
	cr_assert_eq(udp_send(a, "10.2.0.2", 5000, 't'), 0, "sent");
	cr_expect_eq(udp_receive(b).byte, 't', "through the tunnel by %s", backend);
	cr_expect_lt(g_get_monotonic_time() - before, 900000, "without a lost handshake");
	close(a);
	close(b);
}

Test(tunnel, wireguard_of_the_kernel)
{
	struct exec_features features;

	need_features(&features);
	if (!features.wireguard)
		cr_skip_test("this kernel has no WireGuard, or there is no wg program");
	try_tunnel(&features, "wireguard");
}

Test(tunnel, wireguard_go)
{
	struct exec_features features;

	need_features(&features);
	if (!features.wireguard_go)
		cr_skip_test("no wireguard-go, or no access to /dev/net/tun");
	features.wireguard = false;
	try_tunnel(&features, "wireguard-go");
}

Test(tunnel, vxlan_in_its_place)
{
	struct exec_features features;

	need_features(&features);
	if (!features.vxlan)
		cr_skip_test("this kernel has no VXLAN");
	features.wireguard = features.wireguard_go = false;
	try_tunnel(&features, "vxlan");
}

Test(tunnel, none_on_this_host)
{
	g_autoptr(plan) p = topology_plan(tunnel);
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
