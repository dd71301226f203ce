/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is seen of a node's namespace from outside of it. */
#include "testbed/exec/namespace.h"
#include "testbed/exec/mounts.h"
#include "tests/netns/exec/built_network.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CABLE                                                                                   \
	"networks: {wire: {subnet: 10.9.0.0/24}}\n"                                             \
	"nodes:\n"                                                                              \
	"  a:\n"                                                                                \
	"    interfaces: {eth0: {network: wire, address: 10.9.0.1/24, impair: {delay: 1ms}}}\n" \
	"  b: {interfaces: {eth0: {network: wire, address: 10.9.0.2/24}}}\n"

static ino_t own_namespace(void)
{
	struct stat s;

	cr_assert_eq(stat("/proc/thread-self/ns/net", &s), 0);
	return s.st_ino;
}

/* The link is impaired: where the kernel has no netem, its node has a tap, which is exec's own. */
Test(namespace, interfaces_are_those_of_the_network)
{
	g_autoptr(exec) x = build_topology(CABLE);
	ino_t home = own_namespace();
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) found = namespace_interfaces(exec_netns_fd(x, "a"), &error);
	const struct namespace_interface *all;

	cr_assert(found, "%s", error ? error->message : "");
	all = (const struct namespace_interface *)(const void *)found->data;
	cr_assert_eq(found->len, 2u);
	cr_expect_str_eq(all[0].name, "lo");
	cr_expect_str_eq(all[1].name, "eth0");
	cr_expect(all[0].ethernet && all[1].ethernet);
	cr_expect_eq(own_namespace(), home);
}

Test(namespace, a_socket_stays_inside)
{
	g_autoptr(exec) x = build_topology(CABLE);
	ino_t home = own_namespace();
	int fd = namespace_socket(exec_netns_fd(x, "a"), AF_INET, SOCK_DGRAM);
	struct sockaddr_in a = {.sin_family = AF_INET};

	inet_pton(AF_INET, "10.9.0.1", &a.sin_addr);
	cr_expect_eq(bind(fd, (const struct sockaddr *)&a, sizeof a), 0, "%s", strerror(errno));
	cr_expect_eq(own_namespace(), home);
	close(fd);
}

Test(namespace, what_is_none_is_refused)
{
	g_autoptr(GError) error = NULL;

	errno = 0;
	cr_expect_eq(namespace_socket(-1, AF_INET, SOCK_DGRAM), -1);
	cr_expect_eq(errno, EBADF);
	cr_expect_null(namespace_interfaces(-1, &error));
	cr_expect_str_eq(error->message, "list the interfaces: Bad file descriptor");
}

/* As nodes are published under /run/netns. */
Test(namespace, can_be_bound_to_a_path_and_taken_away)
{
	g_autoptr(exec) x = build_topology(CABLE);
	struct stat inside, bound;

	own_run();
	cr_assert(g_file_set_contents("/run/node", "", 0, NULL));
	cr_assert(mounts_bind_fd(exec_netns_fd(x, "a"), "/run/node"), "%s", strerror(errno));
	cr_assert_eq(fstat(exec_netns_fd(x, "a"), &inside), 0);
	cr_assert_eq(stat("/run/node", &bound), 0);
	cr_expect_eq(bound.st_ino, inside.st_ino);
	mounts_detach("/run/node");
	mounts_detach("/run/node");
	cr_assert_eq(stat("/run/node", &bound), 0);
	cr_expect_neq(bound.st_ino, inside.st_ino);
}
