/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire: lines of text both ways over one non-blocking descriptor.
 *
 * What is sent is queued and written as the other side reads, so a burst on both sides at once
 * can't lock them up.  Lines arrive one callback each, without their newline. Depends on GLib. Runs
 * on the main context it was given; single-threaded.
 */
#ifndef TESTBED_LAB_WIRE_H
#define TESTBED_LAB_WIRE_H

#include <glib.h>

typedef struct wire wire;

struct wire_handlers {
	/* `line` is NUL-terminated, borrowed for the call, and may be changed by the callee. */
	void (*line)(wire *w, char *line, gsize length, gpointer user_data);
	/* End of file, or a line longer than allowed; nothing arrives after it. */
	void (*closed)(wire *w, gpointer user_data);
};

/* Takes over `fd` (a stream socket) and makes it non-blocking.  `line_max` in bytes. */
wire *wire_new(int fd, GMainContext *context, gsize line_max, const struct wire_handlers *handlers,
	       gpointer user_data);
/* Closes; what is still queued is dropped.  No callback follows; allowed inside a callback. Accepts
 * NULL. */
void wire_free(wire *w);

/* Sends `length` bytes and a newline.  Never blocks; when the other side is gone the line is
 * dropped and `closed` will tell. */
void wire_send(wire *w, const char *line, gsize length);

/* The same with `n` open descriptors (1 to WIRE_FDS_MAX), which the other side gets as copies; the
 * caller keeps its own. */
#define WIRE_FDS_MAX 8
void wire_send_fds(wire *w, const char *line, gsize length, const int *fds, guint n);
/* The oldest descriptor that came and was not taken yet, close-on-exec; -1: none.  Those of a line
 * are there when the line is handed over.  The caller closes it; what nobody takes is closed with
 * the wire. */
int wire_take_fd(wire *w);

/* Hands over every line that has arrived already, without waiting for the main loop. */
void wire_drain(wire *w);
/* Writes out what is queued, waiting at most `timeout_ms`; for the end of a process. */
void wire_flush(wire *w, int timeout_ms);

#endif
