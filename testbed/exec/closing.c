/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/closing.h"

#include "testbed/exec/netns.h"
#include "testbed/exec/sock_diag.h"

#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Our FIN is not acknowledged yet. */
#define FIN_UNDER_WAY (1u << TCP_FIN_WAIT1 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)
#define NOTIFICATIONS_BYTES 16384

static void count_socket(const struct inet_diag_msg *socket G_GNUC_UNUSED, gpointer user_data)
{
	guint *count = user_data;

	(*count)++;
}

static bool fins_under_way(int fd, guint *ret_count)
{
	*ret_count = 0;
	return sock_diag_each(fd, AF_INET, FIN_UNDER_WAY, count_socket, ret_count) &&
	       sock_diag_each(fd, AF_INET6, FIN_UNDER_WAY, count_socket, ret_count);
}

/* Throws the notifications away: the sockets are counted again. */
static void drop_notifications(int fd)
{
	char buffer[NOTIFICATIONS_BYTES];

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
		events = sock_diag_open(1u << (SKNLGRP_INET_TCP_DESTROY - 1) |
					1u << (SKNLGRP_INET6_TCP_DESTROY - 1));
		answers = sock_diag_open(0);
	}
	x->backend->leave(x);
	closed = events >= 0 && answers >= 0 && wait_closed(answers, events, end_us);
	if (events >= 0)
		close(events);
	if (answers >= 0)
		close(answers);
	return closed;
}
