/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits until links carry packets.
 *
 * When the second half of a veth pair goes up, the kernel switches the first half's queue on later,
 * from its link watch.  A packet sent before that is dropped, and when it was an ARP request the
 * next one comes a second later.  The operational state tells (RFC 2863, IF_OPER_UP): it is set
 * when the queue works.  Asking for it makes new kernels (6.8) do the work at once; older ones send
 * a notification when it is done.
 */
#include "testbed/exec/link.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The longest time without a notification: taking down another big lab holds the kernel's link
 * lock for seconds. */
#define DEADLINE_S 30
/* After so long without a notification the state is asked for again: a full socket loses answers
 * and notifications. */
#define ASK_AGAIN_MS 100
#define SOCKET_BYTES (1024 * 1024)
#define BUFFER_BYTES (32u * 1024u)

static gboolean cant_settle(GError **error, const struct netns *s, const char *what)
{
	return tb_error_set(error, TB_ERROR_FAILED, "wait for links of '%s': %s", s->node, what);
}

static struct nl_sock *open_socket(struct linux_backend *r, struct netns *s, GError **error)
{
	struct timeval patience = {.tv_usec = ASK_AGAIN_MS * 1000};
	struct nl_sock *sock;

	if (!netns_enter(r, s, error))
		return NULL;
	sock = nl_socket_alloc();
	if (nl_connect(sock, NETLINK_ROUTE) == 0 &&
	    nl_socket_add_membership(sock, RTNLGRP_LINK) == 0 &&
	    setsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof patience) == 0 &&
	    nl_socket_set_buffer_size(sock, SOCKET_BYTES, 0) == 0)
		return sock;
	cant_settle(error, s, "can't open a netlink socket");
	nl_socket_free(sock);
	return NULL;
}

static bool ask_state(struct nl_sock *sock, unsigned ifindex)
{
	struct ifinfomsg header = {.ifi_index = (int)ifindex};
	struct nl_msg *msg = nl_request(RTM_GETLINK, 0, &header, sizeof header);
	const struct nlmsghdr *h = nlmsg_hdr(msg);
	bool sent = send(nl_socket_get_fd(sock), h, h->nlmsg_len, 0) == (ssize_t)h->nlmsg_len;

	nlmsg_free(msg);
	return sent;
}

static bool tells_up(struct nlmsghdr *h, int length, unsigned ifindex)
{
	for (; nlmsg_ok(h, length); h = nlmsg_next(h, &length)) {
		const struct ifinfomsg *link = nlmsg_data(h);
		const struct nlattr *state;

		if (h->nlmsg_type != RTM_NEWLINK || link->ifi_index != (int)ifindex)
			continue;
		state = nlmsg_find_attr(h, sizeof *link, IFLA_OPERSTATE);
		if (state && nla_get_u8(state) == IF_OPER_UP)
			return true;
	}
	return false;
}

static gboolean wait_up(struct nl_sock *sock, struct netns *s, unsigned ifindex, GError **error)
{
	g_autofree guint8 *buffer = g_malloc(BUFFER_BYTES);
	gint64 deadline_us = g_get_monotonic_time() + DEADLINE_S * G_USEC_PER_SEC;
	bool up = false, sent = ask_state(sock, ifindex);

	while (sent && !up) {
		ssize_t n = recv(nl_socket_get_fd(sock), buffer, BUFFER_BYTES, 0);

		if (n < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
			if (g_get_monotonic_time() > deadline_us)
				return cant_settle(error, s, "no carrier");
			sent = ask_state(sock, ifindex);
		} else if (n < 0 && errno != EINTR) {
			return cant_settle(error, s, g_strerror(errno));
		} else if (n > 0) {
			up = tells_up((struct nlmsghdr *)(void *)buffer, (int)n, ifindex);
		}
	}
	return sent || cant_settle(error, s, g_strerror(errno));
}

static gboolean settle_netns(struct linux_backend *r, struct netns *s, GError **error)
{
	struct nl_sock *sock;
	gboolean ok = TRUE;

	if (s->unsettled->len == 0)
		return TRUE;
	sock = open_socket(r, s, error);
	for (guint i = 0; sock && ok && i < s->unsettled->len; i++)
		ok = wait_up(sock, s, g_array_index(s->unsettled, unsigned, i), error);
	g_array_set_size(s->unsettled, 0);
	nl_socket_free(sock);
	return sock && ok;
}

gboolean links_settle(struct linux_backend *r, GError **error)
{
	for (guint i = 0; i < r->order->len; i++)
		if (!settle_netns(r, r->order->pdata[i], error))
			return FALSE;
	return TRUE;
}
