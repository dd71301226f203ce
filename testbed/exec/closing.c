/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/closing.h"

#include "testbed/exec/netns.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Our FIN is not acknowledged yet. */
#define FIN_UNDER_WAY (1u << TCP_FIN_WAIT1 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)
#define DIAG_BUFFER_BYTES 16384

static int diag_socket(guint32 groups)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool request_sockets(int fd, guint8 family)
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
			    .idiag_states = FIN_UNDER_WAY},
	};

	return send(fd, &message, sizeof message, 0) == (ssize_t)sizeof message;
}

/* Reads the answer to its end; false when the kernel refuses. */
static bool count_answer(int fd, guint *count)
{
	_Alignas(struct nlmsghdr) char buffer[DIAG_BUFFER_BYTES];

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
			(*count)++;
		}
	}
}

static bool fins_under_way(int fd, guint *ret_count)
{
	*ret_count = 0;
	return request_sockets(fd, AF_INET) && count_answer(fd, ret_count) &&
	       request_sockets(fd, AF_INET6) && count_answer(fd, ret_count);
}

/* Throws the notifications away: the sockets are counted again. */
static void drop_notifications(int fd)
{
	char buffer[DIAG_BUFFER_BYTES];

	while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0)
		;
}

static gboolean wait_closed(int answers, int events, gint64 end_us)
{
	gint64 left_us;
	guint count;

	while (fins_under_way(answers, &count)) {
		struct pollfd gone = {.fd = events, .events = POLLIN};

		if (count == 0)
			return TRUE;
		left_us = end_us - g_get_monotonic_time();
		if (left_us <= 0 || poll(&gone, 1, (int)((left_us + 999) / 1000)) <= 0)
			return FALSE;
		drop_notifications(events);
	}
	return FALSE;
}

gboolean exec_wait_closed(exec *x, const char *node, guint timeout_ms)
{
	struct linux_backend *r = (struct linux_backend *)x;
	gint64 end_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	int answers = -1, events = -1;
	gboolean closed;

	/* only the linux backend has namespaces */
	if (exec_netns_fd(x, node) < 0)
		return FALSE;
	/* before the first count, so that a socket which goes after it is not missed */
	if (netns_enter(r, linux_netns(r, node, NULL), NULL)) {
		events = diag_socket(1u << (SKNLGRP_INET_TCP_DESTROY - 1) |
				     1u << (SKNLGRP_INET6_TCP_DESTROY - 1));
		answers = diag_socket(0);
	}
	x->backend->leave(x);
	closed = events >= 0 && answers >= 0 && wait_closed(answers, events, end_us);
	if (events >= 0)
		close(events);
	if (answers >= 0)
		close(answers);
	return closed;
}
