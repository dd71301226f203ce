/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan as a shell script builds the network that exec builds: seen by packets and by reading
 * back. */
#include "tests/netns/exec/room.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char *script_of(const char *scenario)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("topologies/lync.yaml", d);
	g_autoptr(model) m =
		base ? model_instantiate(base, model_scenario(base, scenario), d) : NULL;
	g_autoptr(plan) p = m ? plan_build(m) : NULL;
	GString *text = g_string_new(NULL);

	cr_assert(p != NULL, "the reference topology loads");
	plan_print(p, PLAN_SH, text);
	return g_string_free(text, FALSE);
}

static int run_script(const char *script, const char *verb)
{
	g_autofree char *text = g_strdup(script), *word = g_strdup(verb), *complaints = NULL;
	char sh[] = "sh", option[] = "-c", name[] = "script";
	char *argv[] = {sh, option, text, name, word, NULL};
	int status = -1;

	cr_assert(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &complaints,
			       &status, NULL),
		  "sh runs");
	cr_expect_eq(status, 0, "'%s': %s", verb, complaints);
	return status;
}

static int udp_in_named(const char *node, const char *address, guint16 port)
{
	g_autofree char *path = g_strdup_printf("/run/netns/tb-%s", node);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval deadline = {.tv_sec = 2};
	int netns = open(path, O_RDONLY | O_CLOEXEC), fd = -1;

	cr_assert(netns >= 0 && setns(netns, CLONE_NEWNET) == 0, "enter %s", path);
	close(netns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert(inet_pton(AF_INET, address, &a.sin_addr) == 1 &&
			  bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 &&
			  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) == 0,
		  "socket in %s", node);
	return fd;
}

static int send_to(int fd, const char *address, guint16 port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	char byte = 'x';

	inet_pton(AF_INET, address, &a.sin_addr);
	return sendto(fd, &byte, 1, 0, (const struct sockaddr *)&a, sizeof a) == 1 ? 0 : errno;
}

Test(script, builds_and_removes_the_network)
{
	g_autofree char *script = script_of("missing-route");
	g_autofree char *ip = g_find_program_in_path("ip");
	int branch, dns, edge;
	char byte = 0;

	if (!ip)
		cr_skip_test("no ip program");
	/* `ip netns` keeps names under /run, which must not be the machine's. */
	own_run();
	cr_assert_eq(run_script(script, "up"), 0, "up");
	branch = udp_in_named("branch1", "10.20.0.101", 0);
	dns = udp_in_named("dns-int", "10.0.1.53", 53);
	edge = udp_in_named("edge", "172.25.33.10", 0);
	cr_assert_eq(send_to(branch, "10.0.1.53", 53), 0, "sent from the branch");
	cr_expect_eq(recv(dns, &byte, 1, 0), 1, "through the VPN to the data center");
	cr_expect_eq(send_to(edge, "10.20.0.101", 5000), ENETUNREACH,
		     "the Edge has no route to the branch");
	close(branch);
	close(dns);
	close(edge);
	cr_assert_eq(run_script(script, "down"), 0, "down");
	cr_expect_neq(access("/run/netns/tb-branch1", F_OK), 0, "nothing is left");
}
