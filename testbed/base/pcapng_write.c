/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/pcapng.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

struct pcapng_writer {
	int fd;
	guint32 interfaces;
	GByteArray *pending;
	guint64 written; /* bytes */
	int problem;	 /* errno; 0: none */
};

static const struct object_shape pcapng_writer_shape =
	OBJECT_SHAPE(pcapng_writer, NULL, OWNS(pcapng_writer, pending, g_byte_array_unref));

pcapng_writer *pcapng_writer_new(int fd)
{
	pcapng_writer *w = object_new(&pcapng_writer_shape);

	w->fd = fd;
	w->pending = g_byte_array_new();
	pcapng_section(w->pending);
	return w;
}

guint32 pcapng_writer_interface(pcapng_writer *w, enum pcapng_link link, const char *name)
{
	pcapng_interface(w->pending, link, name);
	return w->interfaces++;
}

void pcapng_writer_packet(pcapng_writer *w, guint32 interface, guint64 time_ns,
			  enum pcapng_direction direction, const guint8 *data, guint32 captured,
			  guint32 original)
{
	pcapng_packet(w->pending, interface, time_ns, direction, data, captured, original);
}

/* Writes all bytes; waits while the descriptor takes none.  Returns 0, or the errno of a failure;
 * *ret_done is how many were written. */
static int write_bytes(const pcapng_writer *w, const guint8 *bytes, gsize length, gsize *ret_done)
{
	struct pollfd writable = {.fd = w->fd, .events = POLLOUT};

	for (*ret_done = 0; *ret_done < length;) {
		ssize_t n = write(w->fd, bytes + *ret_done, length - *ret_done);

		if (n > 0)
			*ret_done += (gsize)n;
		else if (n == 0)
			return ENOSPC;
		else if (errno == EAGAIN)
			poll(&writable, 1, -1);
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

int pcapng_writer_flush(pcapng_writer *w)
{
	gsize done = 0;

	if (!w->problem)
		w->problem = write_bytes(w, w->pending->data, w->pending->len, &done);
	w->written += done;
	g_byte_array_set_size(w->pending, 0);
	return w->problem;
}

guint64 pcapng_writer_bytes(const pcapng_writer *w)
{
	return w->written;
}
