/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process in a node, and tunnels. */
#include "tests/netns/exec/built_network.h"

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
				       .record_fd = -1,
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
	struct exec_process process = {
		.node = "a", .argv = argv, .control_fd = -1, .record_fd = -1, .log_fd = -1};

	cr_expect_eq(exec_spawn(x, &process, &error), -1, "not found");
	cr_expect(g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED), "%s", error->message);
	g_clear_error(&error);
	argv[0] = file;
	cr_expect_eq(exec_spawn(x, &process, &error), -1, "not a program");
	cr_expect_not_null(error, "an error");
	cr_expect(strstr(error->message, "/etc/hosts"), "'%s' names it", error->message);
}
