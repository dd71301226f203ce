/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire/line_socket.h"

#include "common/base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
/* Descriptors of the line that is delivered next, and of one that has come partly. */
#define UNTAKEN_MAX (2 * LINE_SOCKET_FDS_MAX)

struct line_socket {
	int in_fd, out_fd;
	bool in_is_socket, out_is_socket;
	gsize line_max_bytes;
	struct line_socket_handlers handlers;
	gpointer user_data;
	GMainContext *context;	  /* NULL: line_socket_wait_line is used */
	GSource *reader, *writer; /* `writer` only while something is queued */
	GByteArray *received;
	gsize taken;   /* of `received`: lines that were delivered */
	gsize scanned; /* of `received`: no newline between `taken` and here */
	GByteArray *queued;
	gsize written;	   /* of `queued` */
	GQueue fds_queued; /* struct queued_fds, in order */
	GArray *fds_came;  /* int: not taken yet */
	unsigned refs;	   /* the owner's and one for each callback that is running */
	bool ended;	   /* nothing is read any more */
	bool broken;	   /* nothing can be written any more */
};

/* Descriptors that are sent with the byte of the queue at `offset`. */
struct queued_fds {
	gsize offset;
	guint n;
	int fds[LINE_SOCKET_FDS_MAX];
};

union ancillary {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(LINE_SOCKET_FDS_MAX * sizeof(int))];
};

/* --- life ------------------------------------------------------------------------------------- */

static GSource *watch_fd(line_socket *s, int fd, GIOCondition condition, GUnixFDSourceFunc func)
{
	GSource *source = g_unix_fd_source_new(fd, condition | G_IO_HUP | G_IO_ERR);

	g_source_set_callback(source, G_SOURCE_FUNC(func), s, NULL);
	g_source_attach(source, s->context);
	return source;
}

static void queued_fds_free(gpointer data)
{
	struct queued_fds *q = data;

	for (guint i = 0; i < q->n; i++)
		close(q->fds[i]);
	g_free(q);
}

/* Gives a reference back; the last one frees the memory and closes descriptors that nobody took. */
static void line_socket_unref(line_socket *s)
{
	int fd;

	if (--s->refs > 0)
		return;
	g_queue_clear_full(&s->fds_queued, queued_fds_free);
	while ((fd = line_socket_take_fd(s)) >= 0)
		close(fd);
	g_array_unref(s->fds_came);
	g_byte_array_unref(s->received);
	g_byte_array_unref(s->queued);
	g_clear_pointer(&s->context, g_main_context_unref);
	g_free(s);
}

void line_socket_free(line_socket *s)
{
	if (!s)
		return;
	s->ended = true;
	source_clear(&s->reader);
	source_clear(&s->writer);
	close(s->in_fd);
	if (s->out_fd != s->in_fd)
		close(s->out_fd);
	line_socket_unref(s);
}

/* Reads no more, and calls `closed` if there are handlers.  Does nothing the second time. */
static void end_reading(line_socket *s)
{
	if (s->ended)
		return;
	s->ended = true;
	source_clear(&s->reader);
	if (s->context)
		s->handlers.closed(s, s->user_data);
}

int line_socket_fd(const line_socket *s)
{
	return s->in_fd;
}

/* --- receiving -------------------------------------------------------------------------------- */

/* Keeps the descriptors that came with a message. */
static void keep_fds(line_socket *s, struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			g_array_append_vals(s->fds_came, CMSG_DATA(c),
					    (guint)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)));
}

/* Reads once; returns as read() does.  From a socket it never blocks, and takes descriptors,
 * too. */
static ssize_t receive_bytes(line_socket *s, guint8 *data, gsize length)
{
	union ancillary control;
	struct iovec part = {.iov_base = data, .iov_len = length};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof control};
	ssize_t n;

	if (!s->in_is_socket)
		return read(s->in_fd, data, length);
	n = recvmsg(s->in_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n >= 0)
		keep_fds(s, &message);
	return n;
}

/* Reads once what has come, after removing the lines that were delivered.  End of file, an error or
 * too many descriptors end the reading. */
static void read_some(line_socket *s)
{
	guint before;
	ssize_t n;
	int problem;

	g_byte_array_remove_range(s->received, 0, (guint)s->taken);
	s->scanned -= s->taken;
	s->taken = 0;
	before = s->received->len;
	g_byte_array_set_size(s->received, before + READ_BYTES);
	n = receive_bytes(s, s->received->data + before, READ_BYTES);
	problem = n < 0 ? errno : 0;
	g_byte_array_set_size(s->received, before + (guint)MAX(n, 0));
	if (n == 0 || (n < 0 && problem != EAGAIN && problem != EINTR) ||
	    s->fds_came->len > UNTAKEN_MAX)
		end_reading(s);
}

/* The next whole line of what was received; NULL: there is none.  A line that is too long ends the
 * reading. */
static char *next_line(line_socket *s, gsize *ret_length)
{
	char *data = (char *)s->received->data;
	gsize unscanned = s->received->len - s->scanned;
	char *newline = unscanned > 0 ? memchr(data + s->scanned, '\n', unscanned) : NULL;
	gsize end = newline ? (gsize)(newline - data) : s->received->len;
	gsize start = s->taken;

	if (end - start > s->line_max_bytes) {
		end_reading(s);
		return NULL;
	}
	s->scanned = end;
	if (!newline)
		return NULL;
	*newline = '\0';
	s->taken = ++s->scanned;
	*ret_length = end - start;
	return data + start;
}

/* Reads once and delivers all whole lines. */
static void read_lines(line_socket *s)
{
	char *line;
	gsize length;

	read_some(s);
	while (!s->ended && (line = next_line(s, &length)))
		s->handlers.line(s, line, length, s->user_data);
}

static gboolean on_readable(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition,
			    gpointer user_data)
{
	line_socket *s = user_data;

	s->refs++;
	read_lines(s);
	line_socket_unref(s);
	return G_SOURCE_CONTINUE; /* end_reading has taken the source away when it had to */
}

static bool is_readable(const line_socket *s)
{
	struct pollfd p = {.fd = s->in_fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

void line_socket_drain(line_socket *s)
{
	s->refs++;
	while (!s->ended && is_readable(s))
		read_lines(s);
	line_socket_unref(s);
}

int line_socket_take_fd(line_socket *s)
{
	int fd;

	if (s->fds_came->len == 0)
		return -1;
	fd = g_array_index(s->fds_came, int, 0);
	g_array_remove_index(s->fds_came, 0);
	return fd;
}

/* --- sending ---------------------------------------------------------------------------------- */

/* Sends from the queue once; returns as write() does.  The kernel delivers the descriptors of one
 * send at a time, so a send ends where the next descriptors begin. */
static ssize_t send_part(line_socket *s)
{
	const struct queued_fds *first = g_queue_peek_head(&s->fds_queued);
	bool carries = first && first->offset == s->written;
	const struct queued_fds *next = carries ? g_queue_peek_nth(&s->fds_queued, 1) : first;
	gsize end = next ? next->offset : s->queued->len;
	struct iovec part = {.iov_base = s->queued->data + s->written, .iov_len = end - s->written};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union ancillary control = {.bytes = {0}};
	ssize_t n;

	if (!s->out_is_socket)
		return write(s->out_fd, part.iov_base, part.iov_len);
	if (carries) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(first->n * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(first->n * sizeof(int));
		memcpy(CMSG_DATA(&control.header), first->fds, first->n * sizeof(int));
	}
	n = sendmsg(s->out_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0 && carries)
		queued_fds_free(g_queue_pop_head(&s->fds_queued));
	return n;
}

/* Writes until the kernel takes no more; returns true when nothing is left.  After an error all
 * that is queued is dropped. */
static bool write_some(line_socket *s)
{
	while (!s->broken && s->written < s->queued->len) {
		ssize_t n = send_part(s);

		if (n > 0)
			s->written += (gsize)n;
		else if (n < 0 && errno == EAGAIN)
			return false;
		else if (n == 0 || errno != EINTR)
			s->broken = true;
	}
	g_byte_array_set_size(s->queued, 0);
	g_queue_clear_full(&s->fds_queued, queued_fds_free);
	s->written = 0;
	return true;
}

/* Writes on.  A socket without reader ends by reading (its last lines, then end of file), not by a
 * failed write; an output that is not a socket ends here. */
static gboolean on_writable(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition,
			    gpointer user_data)
{
	line_socket *s = user_data;

	if (!write_some(s))
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&s->writer, g_source_unref);
	if (s->broken && s->in_fd != s->out_fd) {
		s->refs++;
		end_reading(s);
		line_socket_unref(s);
	}
	return G_SOURCE_REMOVE;
}

/* Removes what was written from the queue when it is a large part: a queue that never gets empty
 * must not keep it. */
static void drop_written(line_socket *s)
{
	if (s->written < READ_BYTES || s->written < s->queued->len / 2)
		return;
	g_byte_array_remove_range(s->queued, 0, (guint)s->written);
	for (GList *i = s->fds_queued.head; i; i = i->next)
		((struct queued_fds *)i->data)->offset -= s->written;
	s->written = 0;
}

gsize line_socket_queued(const line_socket *s)
{
	return s->queued->len - s->written;
}

void line_socket_send(line_socket *s, const char *line, gsize length)
{
	if (s->broken)
		return;
	drop_written(s);
	g_byte_array_append(s->queued, (const guint8 *)line, (guint)length);
	g_byte_array_append(s->queued, (const guint8 *)"\n", 1);
	/* only a socket is sure not to call `closed` from in here, and not to block */
	if (!s->writer && (s->in_fd != s->out_fd || !s->out_is_socket || !write_some(s)) &&
	    s->context)
		s->writer = watch_fd(s, s->out_fd, G_IO_OUT, on_writable);
}

bool line_socket_send_json(line_socket *s, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
	bool is_text = text != NULL;

	json_decref(value);
	if (is_text)
		line_socket_send(s, text, strlen(text));
	free(text);
	return is_text;
}

bool line_socket_send_json_fds(line_socket *s, json_t *value, const int *fds, guint n)
{
	struct queued_fds *q = g_new0(struct queued_fds, 1);

	g_assert(n <= LINE_SOCKET_FDS_MAX);
	drop_written(s);
	q->offset = s->queued->len;
	while (q->n < n && (q->fds[q->n] = fcntl(fds[q->n], F_DUPFD_CLOEXEC, 0)) >= 0)
		q->n++;
	if (q->n < n || s->broken) {
		bool copied = q->n == n;

		queued_fds_free(q);
		json_decref(value);
		return copied;
	}
	g_queue_push_tail(&s->fds_queued, q);
	if (line_socket_send_json(s, value))
		return true;
	queued_fds_free(g_queue_pop_tail(&s->fds_queued));
	return false;
}

/* Milliseconds until `deadline_us`, at least 0; -1 when that is 0 (no deadline). */
static int ms_until(gint64 deadline_us)
{
	return deadline_us ? (int)(MAX(deadline_us - g_get_monotonic_time(), 0) / 1000) : -1;
}

void line_socket_flush(line_socket *s, guint timeout_ms)
{
	gint64 deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	int left_ms;

	while (!write_some(s) && (left_ms = ms_until(deadline_us)) > 0) {
		struct pollfd p = {.fd = s->out_fd, .events = POLLOUT};

		poll(&p, 1, left_ms);
	}
}

char *line_socket_wait_line(line_socket *s, int timeout_ms, gsize *ret_length)
{
	gint64 deadline_us =
		timeout_ms < 0 ? 0 : g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	char *line;
	int left_ms = -1;

	while (!(line = next_line(s, ret_length)) && !s->ended && left_ms != 0) {
		struct pollfd p = {.fd = s->in_fd, .events = POLLIN};

		if (!write_some(s))
			p.events = POLLIN | POLLOUT;
		left_ms = ms_until(deadline_us);
		if (poll(&p, 1, left_ms) > 0 && p.revents != POLLOUT)
			read_some(s);
	}
	return line;
}

bool line_socket_has_ended(const line_socket *s)
{
	return s->ended;
}

/* --- making ----------------------------------------------------------------------------------- */

static bool is_of_type(int fd, mode_t type)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type;
}

static line_socket *new_line_socket(int in_fd, int out_fd, gsize line_max_bytes)
{
	line_socket *s = g_new0(line_socket, 1);

	s->in_fd = in_fd;
	s->out_fd = out_fd;
	s->in_is_socket = is_of_type(in_fd, S_IFSOCK);
	s->out_is_socket = is_of_type(out_fd, S_IFSOCK);
	/* A terminal or file is shared with others, and always takes a line. */
	if (is_of_type(out_fd, S_IFIFO))
		g_unix_set_fd_nonblocking(out_fd, TRUE, NULL);
	s->line_max_bytes = line_max_bytes;
	s->received = g_byte_array_new();
	s->queued = g_byte_array_new();
	s->fds_came = g_array_new(FALSE, FALSE, sizeof(int));
	s->refs = 1;
	return s;
}

line_socket *line_socket_new(int in_fd, int out_fd, GMainContext *context, gsize line_max_bytes,
			     const struct line_socket_handlers *handlers, gpointer user_data)
{
	line_socket *s = new_line_socket(in_fd, out_fd, line_max_bytes);

	s->handlers = *handlers;
	s->user_data = user_data;
	s->context = g_main_context_ref(context);
	s->reader = watch_fd(s, in_fd, G_IO_IN, on_readable);
	return s;
}

line_socket *line_socket_new_blocking(int fd, gsize line_max_bytes)
{
	return new_line_socket(fd, fd, line_max_bytes);
}
