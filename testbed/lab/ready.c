/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/ready.h"

#include "testbed/exec/namespace.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_AGAIN_MS 10
#define ID_1 0x74
#define ID_2 0x62

/* RFC 1035, 4.1: one question, "version.bind" TXT CH. It is about the server itself, which so
 * answers without asking another server that may be out of reach; any answer will do. */
static const uint8_t dns_query[] = {ID_1, ID_2, 0x01, 0x00, 0,	 1,   0,   0,	0,   0,
				    0,	  0,	7,    'v',  'e', 'r', 's', 'i', 'o', 'n',
				    4,	  'b',	'i',  'n',  'd', 0,   0,   16,	0,   3};
/* RFC 8489, 5: Binding request, no attributes. */
static const uint8_t stun_query[] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, ID_1, ID_2,
				     't',  'e',	 's',  't',  'b',  'e',	 'd',  'l',  'a',  'b'};

static bool is_dns_answer(const uint8_t *data, size_t length)
{
	return length >= 12 && data[0] == ID_1 && data[1] == ID_2 && (data[2] & 0x80) != 0;
}

static bool is_stun_answer(const uint8_t *data, size_t length)
{
	return length >= 20 && (data[0] & 0xc0) == 0 && memcmp(data + 8, stun_query + 8, 12) == 0;
}

static const struct {
	int type;
	const uint8_t *query;
	size_t length;
	bool (*is_answer)(const uint8_t *data, size_t length);
} kinds[READY_KIND_COUNT] = {
	[READY_DNS] = {SOCK_DGRAM, dns_query, sizeof dns_query, is_dns_answer},
	[READY_STUN] = {SOCK_DGRAM, stun_query, sizeof stun_query, is_stun_answer},
	[READY_TCP] = {.type = SOCK_STREAM}, /* an accepted connection is the answer */
};

struct ready {
	enum ready_kind kind;
	int netns_fd; /* borrowed */
	struct sockaddr_storage to;
	socklen_t to_length;
	GMainContext *context;
	ready_func func;
	gpointer user_data;
	int fd;
	GSource *readable, *timer;
};

static gboolean on_socket(gint fd, GIOCondition condition, gpointer user_data);

static void watch_socket(ready *r)
{
	GIOCondition condition = kinds[r->kind].type == SOCK_STREAM ? G_IO_OUT : G_IO_IN;

	r->readable = g_unix_fd_source_new(r->fd, condition | G_IO_HUP | G_IO_ERR);
	g_source_set_callback(r->readable, G_SOURCE_FUNC(on_socket), r, NULL);
	g_source_attach(r->readable, r->context);
}

static void drop_socket(ready *r)
{
	if (r->readable)
		g_source_destroy(r->readable);
	g_clear_pointer(&r->readable, g_source_unref);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* A socket whose connection was refused can't be used again: it is a new one each time. */
static gboolean ask_daemon(gpointer user_data)
{
	ready *r = user_data;

	if (r->fd < 0) {
		r->fd = namespace_socket(r->netns_fd, r->to.ss_family, kinds[r->kind].type);
		if (r->fd < 0)
			return G_SOURCE_CONTINUE;
		if (connect(r->fd, (const struct sockaddr *)&r->to, r->to_length) < 0 &&
		    errno != EINPROGRESS) {
			drop_socket(r);
			return G_SOURCE_CONTINUE;
		}
		watch_socket(r);
	}
	if (kinds[r->kind].query)
		send(r->fd, kinds[r->kind].query, kinds[r->kind].length, MSG_NOSIGNAL);
	return G_SOURCE_CONTINUE;
}

static bool answered(const ready *r)
{
	uint8_t data[1500];
	int error = 0;
	socklen_t length = sizeof error;
	ssize_t n;

	if (kinds[r->kind].type == SOCK_STREAM)
		return getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
	n = recv(r->fd, data, sizeof data, 0);
	return n > 0 && kinds[r->kind].is_answer(data, (size_t)n);
}

static gboolean on_socket(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			  gpointer user_data)
{
	ready *r = user_data;
	bool ok = answered(r);

	/* refused: nobody listens yet, the timer asks again */
	drop_socket(r);
	if (ok) {
		g_source_destroy(r->timer);
		r->func(r->user_data);
	}
	return G_SOURCE_REMOVE;
}

static void set_address(ready *r, const struct addr *a, uint16_t port)
{
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&r->to;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->bytes, sizeof in6->sin6_addr);
		r->to_length = sizeof(*in6);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)&r->to;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes, sizeof in->sin_addr);
		r->to_length = sizeof(*in);
	}
}

ready *ready_new(enum ready_kind kind, int netns_fd, const struct addr *address, uint16_t port,
		 GMainContext *context, ready_func func, gpointer user_data)
{
	ready *r = g_new0(ready, 1);

	r->kind = kind;
	r->netns_fd = netns_fd;
	r->context = g_main_context_ref(context);
	r->func = func;
	r->user_data = user_data;
	r->fd = -1;
	set_address(r, address, port);
	r->timer = g_timeout_source_new(ASK_AGAIN_MS);
	g_source_set_callback(r->timer, ask_daemon, r, NULL);
	g_source_attach(r->timer, context);
	ask_daemon(r);
	return r;
}

void ready_free(ready *r)
{
	if (!r)
		return;
	drop_socket(r);
	g_source_destroy(r->timer);
	g_source_unref(r->timer);
	g_main_context_unref(r->context);
	g_free(r);
}
