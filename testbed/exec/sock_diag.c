/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/sock_diag.h"

#include "testbed/exec/netns.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIAG_BUFFER_BYTES 16384

int sock_diag_open(guint32 groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool request_sockets(int fd, guint8 family, guint32 states)
{
	const struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {.nlmsg_len = sizeof message,
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = family,
			    .sdiag_protocol = IPPROTO_TCP,
			    .idiag_states = states},
	};

	return send(fd, &message, sizeof message, 0) == (ssize_t)sizeof message;
}

bool sock_diag_each(int fd, guint8 family, guint32 states, sock_diag_func func, gpointer user_data)
{
	_Alignas(struct nlmsghdr) char buffer[DIAG_BUFFER_BYTES];

	if (!request_sockets(fd, family, states))
		return false;
	for (;;) {
		ssize_t length = recv(fd, buffer, sizeof buffer, 0);
		int left = (int)length;

		if (length <= 0)
			return false;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buffer; nlmsg_ok(h, left);
		     h = nlmsg_next(h, &left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return true;
			if (h->nlmsg_type == NLMSG_ERROR)
				return false;
			func(nlmsg_data(h), user_data);
		}
	}
}
