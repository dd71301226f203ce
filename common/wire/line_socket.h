/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line_socket: lines of text both ways over one stream socket, with open descriptors passed along.
 *
 * The one transport of JSON lines in this project: between supervisor and orchestrator, supervisor
 * and agents, keeper and verbs.
 *
 * Sending never blocks.  What the kernel does not take at once is queued, and written as the other
 * side reads.  Reading never waits for writing, so a burst in both directions at once can't block
 * the two ends.  Descriptors are sent with the first byte of their line, as copies; they arrive in
 * the order of their lines, not later than the line.
 *
 * There are two ways to receive.  With handlers, a main context calls back for every line.  Without
 * (line_socket_new_blocking), the owner waits for the next line; what is queued is written
 * meanwhile.
 *
 * End of file ends only the reading: what is queued is still written, by the main context or by
 * line_socket_flush, as long as the other side takes it.
 *
 * Input and output may be two descriptors that are no sockets (the pipes or the terminal of an
 * agent that somebody runs by hand).  Such a pair can't pass descriptors.
 *
 * Depends on GLib and jansson.  For one thread.
 */
#ifndef COMMON_WIRE_LINE_SOCKET_H
#define COMMON_WIRE_LINE_SOCKET_H

#include "common/base/json.h"

#include <glib.h>
#include <stdbool.h>

#define CONTROL_LINE_MAX_BYTES (256 * 1024) /* of an agent's commands and events */
#define LINE_SOCKET_FDS_MAX 8		    /* descriptors with one line */

typedef struct line_socket line_socket;

struct line_socket_handlers {
	/* `line` ends with a NUL in place of its newline; borrowed for the call, and the callee may
	 * change it. */
	void (*line)(line_socket *s, char *line, gsize length, gpointer user_data);
	/* Called once; no line comes after it.  End of file, a line longer than allowed, more
	 * descriptors than the owner takes, or an output (not a socket) without reader. */
	void (*closed)(line_socket *s, gpointer user_data);
};

/* Takes over both descriptors, equal for a socket.  `line_max_bytes` is without the newline.  The
 * handlers are copied; `context` calls them.  For line_socket_free. */
line_socket *line_socket_new(int in_fd, int out_fd, GMainContext *context, gsize line_max_bytes,
			     const struct line_socket_handlers *handlers, gpointer user_data);
/* The same for a socket on which the owner waits for lines with line_socket_wait_line. */
line_socket *line_socket_new_blocking(int fd, gsize line_max_bytes);
/* Closes; what is still queued is dropped, and descriptors that nobody took are closed.  No
 * callback follows; allowed inside a callback.  Accepts NULL. */
void line_socket_free(line_socket *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(line_socket, line_socket_free)

/* The descriptor of the input, borrowed: readable when something has come, also end of file. */
int line_socket_fd(const line_socket *s);

/* Queues `length` bytes and a newline, and sends what the kernel takes.  They are dropped when the
 * other side is gone. */
void line_socket_send(line_socket *s, const char *line, gsize length);
/* How many bytes are queued that the other side has not taken. */
gsize line_socket_queued(const line_socket *s);
/* Sends a JSON object or array as one line; takes over one reference to it.  Returns false, and
 * sends nothing, when it can't be text: `value` is NULL, for example because json_pack was given
 * invalid UTF-8. */
bool line_socket_send_json(line_socket *s, json_t *value);
/* The same with copies of `n` open descriptors (at most LINE_SOCKET_FDS_MAX).  False also when one
 * of them can't be copied. */
bool line_socket_send_json_fds(line_socket *s, json_t *value, const int *fds, guint n);
/* The oldest descriptor that came and was not taken yet, close-on-exec; the caller closes it. -1:
 * there is none.  Those of a line are there when the line is passed to the handler. */
int line_socket_take_fd(line_socket *s);

/* Calls the handler for every line that has arrived already, without waiting for the main loop. */
void line_socket_drain(line_socket *s);
/* Writes out what is queued and blocks for it, at most `timeout_ms`; for the end of a process. */
void line_socket_flush(line_socket *s, guint timeout_ms);
/* Blocks until the next line has come, and returns it as `line` above; borrowed until the next
 * call.  Writes what is queued meanwhile.  NULL: no line comes any more, or none came within
 * `timeout_ms` (-1: no limit).  Only for a socket made by line_socket_new_blocking. */
char *line_socket_wait_line(line_socket *s, int timeout_ms, gsize *ret_length);
/* Whether no line comes any more, of which it is known by line_socket_wait_line. */
bool line_socket_has_ended(const line_socket *s);

#endif
