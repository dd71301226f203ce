/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/inspect_lookup.h"

#include "testbed/exec/netns.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/rtnl.h>
#include <netlink/socket.h>
#include <sys/socket.h>

/* The answers to one send must fit into the socket's buffer: each takes a kilobyte of 200. */
#define QUESTIONS_A_SEND 64u
#define RECEIVE_BYTES (16u * 1024u)

struct answer {
	bool given;
	unsigned out;		    /* interface that it leads to; 0: none */
	struct kernel_lookup found; /* without what was asked, and interfaces by name */
};

/* One node's look-ups while they are made. */
struct asking {
	struct nl_sock *sock;
	questions *questions;
	GArray *answers; /* struct answer: one a question */
};

static gboolean cant_look_up(GError **error, const char *what, const char *words)
{
	return tb_error_set(error, TB_ERROR_FAILED, "look up routes: %s: %s", what, words);
}

/* --- to the kernel ---------------------------------------------------------------------------- */

static void append_request(GByteArray *bytes, const struct question *q, guint32 seq)
{
	/* all bits of both: a look-up by the packet's own addresses */
	const struct rtmsg header = {
		.rtm_family = (unsigned char)q->to.family,
		.rtm_dst_len = addr_bits(&q->to),
		.rtm_src_len = addr_bits(&q->from),
		.rtm_flags = RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE,
	};
	struct nl_msg *msg = nl_request(RTM_GETROUTE, 0, &header, sizeof header);

	nl_put_addr(msg, RTA_DST, &q->to);
	nl_put_addr(msg, RTA_SRC, &q->from);
	if (q->in != 0)
		nl_put_u32(msg, RTA_IIF, q->in);
	nlmsg_hdr(msg)->nlmsg_seq = seq;
	/* every attribute is a multiple of four bytes long, and so is the message */
	g_byte_array_append(bytes, (const guint8 *)nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
	nlmsg_free(msg);
}

static struct addr address_of(const struct nlattr *attribute, int family)
{
	struct addr a = {.family = family};

	if (!attribute || nla_len(attribute) * 8 != addr_bits(&a))
		return (struct addr){.family = 0};
	memcpy(a.bytes, nla_data(attribute), (gsize)nla_len(attribute));
	return a;
}

static unsigned number_of(const struct nlattr *attribute, unsigned otherwise)
{
	return attribute ? nla_get_u32(attribute) : otherwise;
}

static const struct nlattr *find_attribute(struct nlmsghdr *header, int type)
{
	return nlmsg_find_attr(header, sizeof(struct rtmsg), type);
}

/* A route to everything has no destination. */
static void read_route(struct nlmsghdr *header, struct answer *ret)
{
	const struct rtmsg *route = nlmsg_data(header);
	struct addr to = address_of(find_attribute(header, RTA_DST), route->rtm_family);

	ret->found.type = route->rtm_type < KERNEL_ROUTE_TYPE_COUNT ?
				  (enum kernel_route_type)route->rtm_type :
				  KERNEL_ROUTE_UNSPEC;
	ret->found.prefix.addr = addr_is_set(&to) ? to : (struct addr){.family = route->rtm_family};
	ret->found.prefix.len = route->rtm_dst_len;
	ret->found.via = address_of(find_attribute(header, RTA_GATEWAY), route->rtm_family);
	ret->found.table = number_of(find_attribute(header, RTA_TABLE), route->rtm_table);
	ret->out = number_of(find_attribute(header, RTA_OIF), 0);
}

/* How many answers the datagram had. */
static guint read_answers(struct asking *a, struct nlmsghdr *header, int length)
{
	guint n = 0;

	for (; nlmsg_ok(header, length); header = nlmsg_next(header, &length)) {
		struct answer *to;

		if (header->nlmsg_seq >= a->answers->len)
			continue;
		to = &g_array_index(a->answers, struct answer, header->nlmsg_seq);
		if (header->nlmsg_type == NLMSG_ERROR)
			to->found.error = -((const struct nlmsgerr *)nlmsg_data(header))->error;
		else if (header->nlmsg_type == RTM_NEWROUTE)
			read_route(header, to);
		else
			continue;
		n += !to->given;
		to->given = true;
	}
	return n;
}

/* The kernel answers during send: all answers are in the socket when it returns. */
static gboolean receive_answers(struct asking *a, guint wanted, GError **error)
{
	g_autofree guint8 *buffer = g_malloc(RECEIVE_BYTES);

	while (wanted > 0) {
		ssize_t n = recv(nl_socket_get_fd(a->sock), buffer, RECEIVE_BYTES, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return cant_look_up(error, "receive", g_strerror(n < 0 ? errno : EPIPE));
		wanted -= read_answers(a, (struct nlmsghdr *)(void *)buffer, (int)n);
	}
	return TRUE;
}

/* The questions from number `first` on. */
static gboolean send_questions(struct asking *a, guint first, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	guint end = questions_count(a->questions);

	g_array_set_size(a->answers, end);
	while (first < end) {
		guint n = MIN(end - first, QUESTIONS_A_SEND);

		g_byte_array_set_size(bytes, 0);
		for (guint i = first; i < first + n; i++)
			append_request(bytes, questions_at(a->questions, i), i);
		if (send(nl_socket_get_fd(a->sock), bytes->data, bytes->len, 0) !=
		    (ssize_t)bytes->len)
			return cant_look_up(error, "send", g_strerror(errno));
		if (!receive_answers(a, n, error))
			return FALSE;
		first += n;
	}
	return TRUE;
}

static gboolean ask_both_ways(struct asking *a, const node_state *node, GError **error)
{
	guint there = questions_count(a->questions);
	int rc = nl_connect(a->sock, NETLINK_ROUTE);

	if (rc != 0)
		return cant_look_up(error, "open a netlink socket", nl_geterror(rc));
	if (!send_questions(a, 0, error))
		return FALSE;
	for (guint i = 0; i < there; i++) {
		const struct answer *answer = &g_array_index(a->answers, struct answer, i);

		questions_ask_back(a->questions, questions_at(a->questions, i), answer->out, node);
	}
	return send_questions(a, there, error);
}

/* --- into the state --------------------------------------------------------------------------- */

/* NULL: loopback, or gone. */
static const char *iface_name(const node_state *n, unsigned ifindex)
{
	const struct kernel_link *link = node_state_link_at(n, ifindex);

	return link ? link->name : NULL;
}

/* An interface that is gone since leaves no question. */
static GArray *lookups_of(const struct asking *a, const node_state *n)
{
	GArray *list = g_array_new(FALSE, TRUE, sizeof(struct kernel_lookup));

	for (guint i = 0; i < questions_count(a->questions); i++) {
		const struct question *q = questions_at(a->questions, i);
		const struct answer *answer = &g_array_index(a->answers, struct answer, i);
		struct kernel_lookup l = answer->found;

		l.from = q->from;
		l.to = q->to;
		l.in = iface_name(n, q->in);
		l.dev = iface_name(n, answer->out);
		if (q->in == 0 || l.in)
			g_array_append_val(list, l);
	}
	return list;
}

gboolean exec_lookup(exec *x, const struct seen_pair *pairs, guint n, node_state *state,
		     GError **error)
{
	const char *node = state->name;
	struct linux_backend *r = (struct linux_backend *)x;
	g_autoptr(questions) q = questions_new();
	struct asking a = {.questions = q};
	gboolean ok;

	/* only the linux backend has namespaces */
	if (exec_netns_fd(x, node) < 0)
		return tb_error_set(error, TB_ERROR_FAILED, "there is no node '%s'", node);
	questions_ask(q, pairs, n, state);
	a.sock = nl_socket_alloc();
	a.answers = g_array_new(FALSE, TRUE, sizeof(struct answer));
	ok = netns_enter(r, linux_netns(r, node, error), error) && ask_both_ways(&a, state, error);
	x->backend->leave(x);
	if (ok)
		state->lookups = lookups_of(&a, state);
	else
		g_prefix_error(error, "inspect %s: ", node);
	nl_socket_free(a.sock);
	g_array_unref(a.answers);
	return ok;
}
