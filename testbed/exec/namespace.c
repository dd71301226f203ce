/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/namespace.h"

#include "testbed/exec/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The namespace to come back to; -1: see errno. */
static int go_inside(int netns_fd)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), saved;

	if (home < 0 || setns(netns_fd, CLONE_NEWNET) == 0)
		return home;
	saved = errno;
	close(home);
	errno = saved;
	return -1;
}

static bool come_back(int home)
{
	bool back = setns(home, CLONE_NEWNET) == 0;
	int saved = errno;

	close(home);
	errno = saved;
	return back;
}

int namespace_socket(int netns_fd, int family, int type)
{
	int home = go_inside(netns_fd), fd, saved;

	if (home < 0)
		return -1;
	fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	saved = errno;
	if (come_back(home)) {
		errno = saved;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool has_ethernet_header(int fd, const char *ifname)
{
	struct ifreq request = {.ifr_flags = 0};

	g_strlcpy(request.ifr_name, ifname, sizeof request.ifr_name);
	return ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
	       (request.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
		request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK);
}

GArray *namespace_interfaces(int netns_fd, GError **error)
{
	int fd = namespace_socket(netns_fd, AF_INET, SOCK_DGRAM);
	int home = fd >= 0 ? go_inside(netns_fd) : -1;
	struct if_nameindex *all = home >= 0 ? if_nameindex() : NULL;
	GArray *found = NULL;

	if (all)
		found = g_array_new(FALSE, FALSE, sizeof(struct namespace_interface));
	else
		g_set_error(error, TB_ERROR,
			    errno == EPERM ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
			    "list the interfaces: %s", g_strerror(errno));
	for (guint i = 0; all && all[i].if_index != 0; i++) {
		struct namespace_interface one = {.ethernet =
							  has_ethernet_header(fd, all[i].if_name)};

		g_strlcpy(one.name, all[i].if_name, sizeof one.name);
		if (all[i].if_index < EXEC_HIDDEN_IFINDEX)
			g_array_append_val(found, one);
	}
	if (all)
		if_freenameindex(all);
	if (home >= 0)
		come_back(home);
	if (fd >= 0)
		close(fd);
	return found;
}
