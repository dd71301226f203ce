/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

/* libnl's socket buffers have 32 KiB each way. */
#define SEND_BYTES (16u * 1024u)
#define RECEIVE_BYTES (16u * 1024u)

struct nl_queue {
	struct nl_sock *sock;
	GByteArray *bytes;
	GPtrArray *ops;	   /* struct op, one for each queued request */
	guint32 first_seq; /* of the first queued request */
	gsize last;	   /* where the last request starts in `bytes` */
	bool forgiving;
};

static const struct object_shape nl_queue_shape =
	OBJECT_SHAPE(nl_queue, NULL, OWNS(nl_queue, sock, nl_socket_free),
		     OWNS(nl_queue, bytes, g_byte_array_unref),
		     OWNS(nl_queue, ops, g_ptr_array_unref));

nl_queue *nl_queue_new(GError **error)
{
	nl_queue *q = object_new(&nl_queue_shape);
	int on = 1, rc;

	q->bytes = g_byte_array_new();
	q->ops = g_ptr_array_new();
	q->first_seq = 1;
	q->sock = nl_socket_alloc();
	rc = nl_connect(q->sock, NETLINK_ROUTE);
	if (rc != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED, "open a netlink socket: %s",
			    nl_geterror(rc));
		object_free(q);
		return NULL;
	}
	/* Old kernels know neither; then errors have numbers only. */
	setsockopt(nl_socket_get_fd(q->sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	setsockopt(nl_socket_get_fd(q->sock), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	return q;
}

/* --- requests --------------------------------------------------------------------------------- */

static struct nl_msg *with_header(struct nl_msg *msg, const void *header, gsize length)
{
	void *place = msg ? nlmsg_reserve(msg, length, NLMSG_ALIGNTO) : NULL;

	g_assert(place);
	memcpy(place, header, length);
	return msg;
}

struct nl_msg *nl_request(int type, int flags, const void *header, gsize length)
{
	return with_header(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags), header, length);
}

struct nl_msg *nl_request_large(int type, int flags, const void *header, gsize length)
{
	struct nl_msg *msg = nlmsg_alloc_size(SEND_BYTES);

	g_assert(msg);
	nlmsg_hdr(msg)->nlmsg_type = (guint16)type;
	nlmsg_hdr(msg)->nlmsg_flags = (guint16)(NLM_F_REQUEST | flags);
	return with_header(msg, header, length);
}

void nl_put(struct nl_msg *msg, int type, const void *data, gsize length)
{
	int rc = nla_put(msg, type, (int)length, data);

	g_assert(rc == 0);
}

void nl_put_u32(struct nl_msg *msg, int type, guint32 value)
{
	nl_put(msg, type, &value, sizeof value);
}

void nl_put_text(struct nl_msg *msg, int type, const char *text)
{
	nl_put(msg, type, text, strlen(text) + 1);
}

void nl_put_addr(struct nl_msg *msg, int type, const struct addr *a)
{
	nl_put(msg, type, a->bytes, addr_bits(a) / 8u);
}

struct nlattr *nl_nest(struct nl_msg *msg, int type)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	g_assert(nest);
	return nest;
}

void nl_nest_end(struct nl_msg *msg, struct nlattr *nest)
{
	nla_nest_end(msg, nest);
}

/* --- the queue -------------------------------------------------------------------------------- */

gboolean nl_queue_add(nl_queue *q, struct nl_msg *msg, const struct op *op,
		      const struct op **failed, GError **error)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	static const guint8 padding[NLMSG_ALIGNTO];
	gboolean ok = TRUE;

	if (q->bytes->len + header->nlmsg_len > SEND_BYTES)
		ok = nl_queue_flush(q, failed, error);
	header->nlmsg_seq = q->first_seq + q->ops->len;
	q->last = q->bytes->len;
	g_byte_array_append(q->bytes, (const guint8 *)header, header->nlmsg_len);
	g_byte_array_append(q->bytes, padding,
			    (guint)(NLMSG_ALIGN(header->nlmsg_len) - header->nlmsg_len));
	g_ptr_array_add(q->ops, (gpointer)(guintptr)op);
	nlmsg_free(msg);
	return ok;
}

/* The kernel's own message, if it sent one, and the error's text. */
static void set_kernel_error(GError **error, const struct nlmsghdr *header,
			     const struct nlmsgerr *answer)
{
	int number = -answer->error;
	gsize fixed = sizeof *answer;
	const char *words = NULL;
	bool unsupported = number == EOPNOTSUPP || number == ENOSYS || number == EPERM;

	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		fixed += NLMSG_ALIGN(answer->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (header->nlmsg_flags & NLM_F_ACK_TLVS) {
		const struct nlattr *attribute = nlmsg_find_attr(
			(struct nlmsghdr *)(guintptr)header, (int)fixed, NLMSGERR_ATTR_MSG);

		words = attribute ? nla_get_string(attribute) : NULL;
	}
	g_set_error(error, TB_ERROR, unsupported ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
		    "%s%s%s%s", words ? words : g_strerror(number), words ? " (" : "",
		    words ? g_strerror(number) : "", words ? ")" : "");
}

static bool is_forgiven(const nl_queue *q, int number)
{
	static const int forgivable[] = {EEXIST, ESRCH, ENOENT, ENODEV, EADDRNOTAVAIL};

	for (gsize i = 0; q->forgiving && i < G_N_ELEMENTS(forgivable); i++)
		if (forgivable[i] == number)
			return true;
	return false;
}

/* Looks through one datagram.  True when the last request was answered. */
static bool read_answers(nl_queue *q, struct nlmsghdr *header, int length, const struct op **failed,
			 GError **first)
{
	guint32 last_seq = q->first_seq + q->ops->len - 1;
	bool done = false;

	for (; nlmsg_ok(header, length); header = nlmsg_next(header, &length)) {
		const struct nlmsgerr *answer = nlmsg_data(header);
		guint32 index = header->nlmsg_seq - q->first_seq;

		if (header->nlmsg_type != NLMSG_ERROR || index >= q->ops->len)
			continue;
		if (answer->error != 0 && !*first && !is_forgiven(q, -answer->error)) {
			set_kernel_error(first, header, answer);
			*failed = q->ops->pdata[index];
		}
		done = done || header->nlmsg_seq == last_seq;
	}
	return done;
}

static void set_socket_error(GError **error, const char *what)
{
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "netlink: %s: %s", what, g_strerror(errno));
}

static gboolean receive_answers(nl_queue *q, const struct op **failed, GError **error)
{
	g_autofree guint8 *buffer = g_malloc(RECEIVE_BYTES);
	GError *first = NULL;
	bool done = false;

	while (!done) {
		ssize_t n = recv(nl_socket_get_fd(q->sock), buffer, RECEIVE_BYTES, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (!first)
				set_socket_error(&first, "receive");
			break;
		}
		done = read_answers(q, (struct nlmsghdr *)(void *)buffer, (int)n, failed, &first);
	}
	if (first)
		g_propagate_error(error, first);
	return !first;
}

void nl_queue_forgive(nl_queue *q, bool on)
{
	q->forgiving = on;
}

gboolean nl_queue_flush(nl_queue *q, const struct op **failed, GError **error)
{
	gboolean ok;

	if (q->ops->len == 0)
		return TRUE;
	((struct nlmsghdr *)(void *)(q->bytes->data + q->last))->nlmsg_flags |= NLM_F_ACK;
	if (send(nl_socket_get_fd(q->sock), q->bytes->data, q->bytes->len, 0) ==
	    (ssize_t)q->bytes->len) {
		ok = receive_answers(q, failed, error);
	} else {
		set_socket_error(error, "send");
		ok = FALSE;
	}
	q->first_seq += q->ops->len;
	g_byte_array_set_size(q->bytes, 0);
	g_ptr_array_set_size(q->ops, 0);
	return ok;
}
