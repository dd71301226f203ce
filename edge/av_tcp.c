/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/av_tcp.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/acceptor.h"
#include "edge/tcp_frame.h"

struct av_tcp {
	acceptor *acceptor;
	struct endpoint local;
	readable *read;
	struct av_tcp_handlers handlers;
	gpointer user_data;
	GHashTable *streams; /* av_stream *, owned */
};

struct av_stream {
	int fd;
	guest *guest;
	av_tcp *listener;
	struct turn_tuple tuple;
	readable_watch *reading;
	GSource *writing; /* NULL: nothing is queued */
	GByteArray *queue;
	bool ending;
	gsize have; /* bytes in `in` */
	guint8 in[TCP_FRAME_MAX];
};

static void stream_free(gpointer data)
{
	av_stream *s = data;

	s->listener->handlers.closed(s, s->listener->user_data);
	readable_remove(s->reading);
	if (s->writing) {
		g_source_destroy(s->writing);
		g_source_unref(s->writing);
	}
	guest_leave(s->guest);
	guest_unref(s->guest);
	close(s->fd);
	g_byte_array_unref(s->queue);
	g_free(s);
}

/* Passes all complete frames of the input to the handler and removes them; false: the input is
 * malformed. */
static bool pass_frames(av_stream *s)
{
	gsize at = 0, length = 0;

	for (;;) {
		enum tcp_frame_result result = tcp_frame_next(s->in + at, s->have - at, &length);

		if (result == TCP_FRAME_BROKEN)
			return false;
		if (result == TCP_FRAME_PARTIAL)
			break;
		s->listener->handlers.frame(s, s->in + at, length, s->listener->user_data);
		at += length;
	}
	s->have -= at;
	memmove(s->in, s->in + at, s->have);
	return true;
}

static void on_stream_readable(int fd, gpointer user_data)
{
	av_stream *s = user_data;
	gssize n = recv(fd, s->in + s->have, sizeof s->in - s->have, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		s->have += (gsize)n;
		if (pass_frames(s))
			return;
	}
	g_hash_table_remove(s->listener->streams, s);
}

/* Shuts the stream down and returns false. on_stream_readable then frees it, so no sender has a
 * dangling pointer. */
static bool end_stream(av_stream *s)
{
	s->ending = true;
	shutdown(s->fd, SHUT_RDWR);
	return false;
}

/* Writes what the kernel takes and returns the number of bytes; -1: the stream has ended. */
static gssize write_stream(av_stream *s, const guint8 *data, gsize length)
{
	gssize n = send(s->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	end_stream(s);
	return -1;
}

static gboolean on_stream_writable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
				   gpointer user_data)
{
	av_stream *s = user_data;
	gssize n = write_stream(s, s->queue->data, s->queue->len);

	if (n > 0)
		g_byte_array_remove_range(s->queue, 0, (guint)n);
	if (n >= 0 && s->queue->len > 0)
		return G_SOURCE_CONTINUE;
	g_source_unref(s->writing);
	s->writing = NULL;
	return G_SOURCE_REMOVE;
}

static void wait_writable(av_stream *s)
{
	s->writing = g_unix_fd_source_new(s->fd, G_IO_OUT);
	g_source_set_callback(s->writing, G_SOURCE_FUNC(on_stream_writable), s, NULL);
	g_source_attach(s->writing, g_main_context_get_thread_default());
}

bool av_stream_send(av_stream *s, const guint8 *data, gsize length, bool media)
{
	gssize n = 0;

	if (s->ending)
		return false;
	if (s->queue->len == 0) {
		n = write_stream(s, data, length);
		if (n < 0)
			return false;
		if ((gsize)n == length)
			return true;
	}
	/* The rest of a frame that was sent in part must be queued. */
	if (n == 0 && s->queue->len + length > AV_TCP_QUEUE_MAX)
		return media ? false : end_stream(s);
	g_byte_array_append(s->queue, data + n, (guint)(length - (gsize)n));
	if (!s->writing)
		wait_writable(s);
	return true;
}

const struct turn_tuple *av_stream_tuple(const av_stream *s)
{
	return &s->tuple;
}

/* Adds an accepted connection, which it takes over. */
static void add_stream(av_tcp *l, int fd, guest *g, const struct endpoint *peer)
{
	av_stream *s = g_new0(av_stream, 1);
	int on = 1, code;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
		   sizeof on); /* media must not wait for acknowledgements */
	s->fd = fd;
	s->guest = g;
	s->listener = l;
	s->tuple = (struct turn_tuple){.transport = TURN_TCP, .server = l->local, .client = *peer};
	s->queue = g_byte_array_new();
	s->reading = readable_add(l->read, fd, on_stream_readable, s, &code);
	if (s->reading)
		g_hash_table_add(l->streams, s);
	else
		stream_free(s);
}

static void on_connection(acceptor *a, int fd, const struct sockaddr_storage *peer,
			  gpointer user_data)
{
	guest *g = acceptor_welcome(a, fd, NULL, peer);
	struct endpoint client;

	if (g && endpoint_from_sockaddr(peer, &client)) {
		add_stream(user_data, fd, g, &client);
		return;
	}
	if (g)
		guest_leave(g);
	guest_unref(g);
	close(fd);
}

void av_stream_set_used(av_stream *s, bool used)
{
	if (used)
		guest_prove(s->guest, true);
	else
		guest_forget(s->guest);
}

static void on_told(const char *peer, guint16 port, enum reason why, guint more, gpointer user_data)
{
	const av_tcp *l = user_data;

	l->handlers.told(peer, port, why, more, l->user_data);
}

av_tcp *av_tcp_listen(const struct endpoint *local, const struct av_tcp_handlers *handlers,
		      readable *read, gpointer user_data, GError **error)
{
	static const struct guest_limits limits = {.total = AV_TCP_STREAMS_MAX,
						   .per_source = AV_TCP_STREAMS_OF_ADDRESS,
						   .stranger_ms = AV_TCP_STRANGER_MS,
						   .stuck_ms = AV_TCP_STUCK_MS};
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(local, &address);
	char text[ENDPOINT_TEXT_MAX];
	av_tcp *l = g_new0(av_tcp, 1);

	l->local = *local;
	l->handlers = *handlers;
	l->user_data = user_data;
	l->read = read;
	l->streams = g_hash_table_new_full(NULL, NULL, stream_free, NULL);
	l->acceptor = acceptor_new(&address, length, &limits, on_connection, on_told, l, error);
	if (l->acceptor)
		return l;
	g_prefix_error(error, "cannot listen on TCP %s: ", endpoint_print(local, text));
	av_tcp_free(l);
	return NULL;
}

void av_tcp_free(av_tcp *l)
{
	if (!l)
		return;
	g_hash_table_unref(l->streams);
	acceptor_free(l->acceptor);
	g_free(l);
}
