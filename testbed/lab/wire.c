/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)

struct wire {
	int fd;
	gsize line_max;
	struct wire_handlers handlers;
	gpointer user_data;
	GMainContext *context;
	GSource *in, *out; /* `out` only while something is queued */
	GByteArray *received, *queued;
	gsize written;	 /* of `queued` */
	GQueue luggage;	 /* struct luggage: descriptors that go with bytes of `queued`, in order */
	GArray *arrived; /* int: descriptors that came and were not taken */
	unsigned refs;	 /* the owner's and one for each callback under way */
	bool ended;	 /* end of file was told, or the owner has freed it */
};

/* Descriptors that travel with the byte of the queue at `offset`. */
struct luggage {
	gsize offset;
	guint n;
	int fds[WIRE_FDS_MAX];
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data);
static gboolean on_writable(gint fd, GIOCondition condition, gpointer user_data);

static GSource *watch(wire *w, GIOCondition condition, GUnixFDSourceFunc func)
{
	GSource *source = g_unix_fd_source_new(w->fd, condition);

	g_source_set_callback(source, G_SOURCE_FUNC(func), w, NULL);
	g_source_attach(source, w->context);
	return source;
}

static void unwatch(GSource **source)
{
	if (*source == NULL)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

wire *wire_new(int fd, GMainContext *context, gsize line_max, const struct wire_handlers *handlers,
	       gpointer user_data)
{
	wire *w = g_new0(wire, 1);

	w->fd = fd;
	w->line_max = line_max;
	w->handlers = *handlers;
	w->user_data = user_data;
	w->context = g_main_context_ref(context);
	w->received = g_byte_array_new();
	w->queued = g_byte_array_new();
	w->arrived = g_array_new(FALSE, FALSE, sizeof(int));
	g_queue_init(&w->luggage);
	w->refs = 1;
	g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	w->in = watch(w, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable);
	return w;
}

static void luggage_free(gpointer data)
{
	struct luggage *l = data;

	for (guint i = 0; i < l->n; i++)
		close(l->fds[i]);
	g_free(l);
}

static void unref(wire *w)
{
	if (--w->refs > 0)
		return;
	g_queue_clear_full(&w->luggage, luggage_free);
	for (guint i = 0; i < w->arrived->len; i++)
		close(g_array_index(w->arrived, int, i));
	g_array_unref(w->arrived);
	g_byte_array_unref(w->received);
	g_byte_array_unref(w->queued);
	g_main_context_unref(w->context);
	g_free(w);
}

void wire_free(wire *w)
{
	if (w == NULL)
		return;
	w->ended = true;
	unwatch(&w->in);
	unwatch(&w->out);
	close(w->fd);
	w->fd = -1;
	unref(w);
}

static void end(wire *w)
{
	if (w->ended)
		return;
	w->ended = true;
	unwatch(&w->in);
	unwatch(&w->out);
	w->handlers.closed(w, w->user_data);
}

/* Hands over the whole lines of what was received; the first `seen` bytes hold no newline. */
static void deliver(wire *w, gsize seen)
{
	gsize start = 0;

	while (!w->ended) {
		char *line = (char *)w->received->data + start;
		char *newline = memchr(line + seen, '\n', w->received->len - start - seen);

		if (newline == NULL)
			break;
		*newline = '\0';
		start += (gsize)(newline - line) + 1;
		seen = 0;
		w->handlers.line(w, line, (gsize)(newline - line), w->user_data);
	}
	g_byte_array_remove_range(w->received, 0, (guint)start);
	if (!w->ended && w->received->len > w->line_max)
		end(w);
}

union ancillary {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
};

static void keep_fds(wire *w, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			g_array_append_vals(w->arrived, CMSG_DATA(c),
					    (guint)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)));
	}
}

static ssize_t receive(wire *w, guint8 *data, gsize length)
{
	union ancillary control;
	struct iovec part = {.iov_base = data, .iov_len = length};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(w->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n >= 0)
		keep_fds(w, &message);
	return n;
}

int wire_take_fd(wire *w)
{
	int fd;

	if (w->arrived->len == 0)
		return -1;
	fd = g_array_index(w->arrived, int, 0);
	g_array_remove_index(w->arrived, 0);
	return fd;
}

/* Reads once; false: nothing more is there now. */
static bool read_some(wire *w)
{
	guint seen = w->received->len;
	ssize_t n;

	g_byte_array_set_size(w->received, seen + READ_BYTES);
	do
		n = receive(w, w->received->data + seen, READ_BYTES);
	while (n < 0 && errno == EINTR);
	g_byte_array_set_size(w->received, seen + (n > 0 ? (guint)n : 0));
	if (n > 0) {
		deliver(w, seen);
		return !w->ended;
	}
	if (n == 0 || errno != EAGAIN)
		end(w);
	return false;
}

static gboolean on_readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			    gpointer user_data)
{
	wire *w = user_data;

	w->refs++;
	read_some(w);
	unref(w);
	return G_SOURCE_CONTINUE;
}

void wire_drain(wire *w)
{
	w->refs++;
	while (!w->ended && read_some(w))
		;
	unref(w);
}

/* Descriptors go with the first byte of a send, so one ends where the next luggage begins. */
static ssize_t send_part(wire *w)
{
	const struct luggage *first = g_queue_peek_head(&w->luggage);
	bool carries = first != NULL && first->offset == w->written;
	const struct luggage *next = carries ? g_queue_peek_nth(&w->luggage, 1) : first;
	gsize end_of_part = next != NULL ? next->offset : w->queued->len;
	struct iovec part = {.iov_base = w->queued->data + w->written,
			     .iov_len = end_of_part - w->written};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union ancillary control = {.bytes = {0}};
	ssize_t n;

	if (carries) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(first->n * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(first->n * sizeof(int));
		memcpy(CMSG_DATA(&control.header), first->fds, first->n * sizeof(int));
	}
	n = sendmsg(w->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0 && carries)
		luggage_free(g_queue_pop_head(&w->luggage));
	return n;
}

/* Writes until the kernel takes no more; false: it still has to. */
static bool write_some(wire *w)
{
	while (w->written < w->queued->len) {
		ssize_t n = send_part(w);

		if (n > 0)
			w->written += (gsize)n;
		else if (errno == EAGAIN)
			return false;
		else if (errno != EINTR)
			break; /* the reader is gone: reading will see that too */
	}
	g_byte_array_set_size(w->queued, 0);
	g_queue_clear_full(&w->luggage, luggage_free);
	w->written = 0;
	return true;
}

static gboolean on_writable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			    gpointer user_data)
{
	wire *w = user_data;

	if (!write_some(w))
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&w->out, g_source_unref);
	return G_SOURCE_REMOVE;
}

/* A queue that never runs empty must not keep what was written long ago. */
static void trim(wire *w)
{
	if (w->written < READ_BYTES || w->written < w->queued->len / 2)
		return;
	g_byte_array_remove_range(w->queued, 0, (guint)w->written);
	for (GList *i = w->luggage.head; i != NULL; i = i->next)
		((struct luggage *)i->data)->offset -= w->written;
	w->written = 0;
}

void wire_send_fds(wire *w, const char *line, gsize length, const int *fds, guint n)
{
	struct luggage *l = g_new0(struct luggage, 1);

	trim(w);
	l->offset = w->queued->len;
	for (guint i = 0; i < n && i < WIRE_FDS_MAX; i++) {
		l->fds[l->n] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		l->n += l->fds[l->n] >= 0;
	}
	if (l->n > 0)
		g_queue_push_tail(&w->luggage, l);
	else
		g_free(l);
	wire_send(w, line, length);
}

void wire_send(wire *w, const char *line, gsize length)
{
	if (w->ended)
		return;
	trim(w);
	g_byte_array_append(w->queued, (const guint8 *)line, (guint)length);
	g_byte_array_append(w->queued, (const guint8 *)"\n", 1);
	if (w->out == NULL && !write_some(w))
		w->out = watch(w, G_IO_OUT | G_IO_HUP | G_IO_ERR, on_writable);
}

void wire_flush(wire *w, int timeout_ms)
{
	gint64 deadline_us = g_get_monotonic_time() + timeout_ms * G_GINT64_CONSTANT(1000);

	while (!w->ended && !write_some(w)) {
		gint64 left_ms = (deadline_us - g_get_monotonic_time()) / 1000;
		struct pollfd p = {.fd = w->fd, .events = POLLOUT};

		if (left_ms <= 0 || (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR))
			return;
	}
}
