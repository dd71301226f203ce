/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat/judge.h"

#include "common/acceptor.h"
#include "nat/binding.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS 4 /* for each protocol; index: 2 * address + port, each 0 or 1 */

/* A TCP listener. */
struct door {
	judge *j;
	guint which; /* index of the address */
	acceptor *acceptor;
};

struct judge {
	struct sockaddr_in at[SOCKETS];
	int udp[SOCKETS];
	guint sources[SOCKETS];
	struct door tcp[SOCKETS];
	GHashTable *tcp_clients; /* struct tcp_client */
};

/* One TCP connection, until the client closes it. */
struct tcp_client {
	judge *j;
	guint which; /* index of the socket that accepted it */
	int fd;
	guest *guest;
	guint source;
	struct sockaddr_in from;
	guint8 data[BINDING_MESSAGE_MAX];
	gsize length;
};

/* The reply to a request that came from `from` to socket `at`, sent by socket `by`. */
static struct binding_message make_reply(const judge *j, const struct binding_message *request,
					 guint at, guint by, const struct sockaddr_in *from)
{
	struct binding_message reply = {
		.mapped = *from, .origin = j->at[by], .other = j->at[at ^ 3]};

	memcpy(reply.id, request->id, sizeof reply.id);
	return reply;
}

/* --- UDP -------------------------------------------------------------------------------------- */

static guint socket_index(const judge *j, int fd)
{
	guint i = 0;

	while (j->udp[i] != fd)
		i++;
	return i;
}

static gboolean on_datagram(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	const judge *j = user_data;
	guint8 data[BINDING_MESSAGE_MAX];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t n = recvfrom(fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
	guint at = socket_index(j, fd), by;
	struct binding_message request, reply;

	if (n <= 0 || !binding_read(data, (gsize)n, &request) || !request.request)
		return G_SOURCE_CONTINUE;
	by = at ^ ((request.change & BINDING_CHANGE_ADDRESS ? 2 : 0) |
		   (request.change & BINDING_CHANGE_PORT ? 1 : 0));
	reply = make_reply(j, &request, at, by, &from);
	if (request.response_port != 0)
		from.sin_port = g_htons(request.response_port);
	/* Errors are ignored: to the client the datagram is lost, and it sends its request again.
	 */
	(void)!sendto(j->udp[by], data, binding_write(&reply, data), MSG_DONTWAIT,
		      (struct sockaddr *)&from, sizeof from);
	return G_SOURCE_CONTINUE;
}

/* --- TCP -------------------------------------------------------------------------------------- */

static void tcp_client_free(gpointer data)
{
	struct tcp_client *c = data;

	g_source_remove(c->source);
	guest_leave(c->guest);
	guest_unref(c->guest);
	close(c->fd);
	g_free(c);
}

/* Answers the request in the first `length` bytes, if it is one, and removes them. */
static void answer_tcp_client(struct tcp_client *c, gsize length)
{
	struct binding_message request, reply;
	guint8 data[BINDING_MESSAGE_MAX];
	gsize length_sent;

	if (binding_read(c->data, length, &request) && request.request) {
		reply = make_reply(c->j, &request, c->which, c->which, &c->from);
		/* Cannot fail: the few bytes fit into the empty send buffer. */
		length_sent = binding_write(&reply, data);
		(void)!send(c->fd, data, length_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	c->length -= length;
	memmove(c->data, c->data + length, c->length);
}

/* Answers all requests that are complete.  Drops a client that has closed, or whose message is too
 * long. */
static gboolean on_client_bytes(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	struct tcp_client *c = user_data;
	ssize_t n = recv(fd, c->data + c->length, sizeof c->data - c->length, MSG_DONTWAIT);
	gsize length;

	if (n < 0 && errno == EAGAIN)
		return G_SOURCE_CONTINUE;
	if (n <= 0) {
		g_hash_table_remove(c->j->tcp_clients, c);
		return G_SOURCE_CONTINUE;
	}
	c->length += (gsize)n;
	while ((length = binding_length(c->data, c->length)) != 0 && length <= c->length)
		answer_tcp_client(c, length);
	if (c->length == sizeof c->data)
		g_hash_table_remove(c->j->tcp_clients, c);
	return G_SOURCE_CONTINUE;
}

static void on_tcp_connection(acceptor *a, int fd, const struct sockaddr_storage *peer,
			      gpointer user_data)
{
	const struct door *door = user_data;
	guest *g = acceptor_welcome(a, fd, NULL, peer);
	struct tcp_client *c;

	if (!g) {
		close(fd);
		return;
	}
	c = g_new0(struct tcp_client, 1);
	*c = (struct tcp_client){.j = door->j,
				 .which = door->which,
				 .fd = fd,
				 .guest = g,
				 .from = *(const struct sockaddr_in *)peer};
	c->source = g_unix_fd_add(fd, G_IO_IN, on_client_bytes, c);
	g_hash_table_add(door->j->tcp_clients, c);
}

/* That a client was refused is nothing that a measurement tells. */
static void on_refused(const char *peer G_GNUC_UNUSED, guint16 port G_GNUC_UNUSED,
		       enum reason why G_GNUC_UNUSED, guint more G_GNUC_UNUSED,
		       gpointer user_data G_GNUC_UNUSED)
{
}

/* Opens TCP listener number `i`; false with an error. */
static bool open_door(judge *j, guint i, GError **error)
{
	static const struct guest_limits limits = {
		.total = 256, .per_source = 64, .stranger_ms = 600000, .stuck_ms = 60000};
	struct sockaddr_storage at = {0};

	memcpy(&at, &j->at[i], sizeof j->at[i]);
	j->tcp[i] = (struct door){.j = j, .which = i};
	j->tcp[i].acceptor = acceptor_new(&at, sizeof j->at[i], &limits, on_tcp_connection,
					  on_refused, &j->tcp[i], error);
	if (!j->tcp[i].acceptor)
		g_prefix_error(error, "port %u: ", g_ntohs(j->at[i].sin_port));
	return j->tcp[i].acceptor;
}

/* --- life ------------------------------------------------------------------------------------- */

/* A bound, non-blocking UDP socket for the caller to close; -1 with an error. */
static int open_socket(const struct sockaddr_in *at, GError **error)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	    bind(fd, (const struct sockaddr *)at, sizeof *at) == 0)
		return fd;
	g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(errno), "port %u: %s",
		    g_ntohs(at->sin_port), g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

judge *judge_new(struct in_addr first, struct in_addr second, GError **error)
{
	judge *j = g_new0(judge, 1);

	j->tcp_clients = g_hash_table_new_full(NULL, NULL, tcp_client_free, NULL);
	for (guint i = 0; i < SOCKETS; i++)
		j->udp[i] = -1;
	for (guint i = 0; i < SOCKETS; i++) {
		j->at[i] = (struct sockaddr_in){.sin_family = AF_INET,
						.sin_addr = i < 2 ? first : second,
						.sin_port = g_htons(i % 2 == 0 ? JUDGE_PORT :
										 JUDGE_OTHER_PORT)};
		j->udp[i] = open_socket(&j->at[i], error);
		if (j->udp[i] < 0 || !open_door(j, i, error)) {
			judge_free(j);
			return NULL;
		}
		j->sources[i] = g_unix_fd_add(j->udp[i], G_IO_IN, on_datagram, j);
	}
	return j;
}

void judge_free(judge *j)
{
	if (!j)
		return;
	g_hash_table_unref(j->tcp_clients);
	for (guint i = 0; i < SOCKETS; i++) {
		if (j->sources[i] != 0)
			g_source_remove(j->sources[i]);
		if (j->udp[i] >= 0)
			close(j->udp[i]);
		acceptor_free(j->tcp[i].acceptor);
	}
	g_free(j);
}
