/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/each.h"
#include "testbed/base/pcapng.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* The block of a packet that waits to be written. */
struct waiting {
	guint64 time_ns;
	guint at, length; /* in `packets` */
};

struct pcapng_writer {
	int fd;
	guint32 interfaces;
	GByteArray *pending; /* blocks that go before the packets */
	GByteArray *packets; /* blocks of packets */
	GArray *order;	     /* struct waiting */
	guint64 written;     /* bytes */
	int problem;	     /* errno; 0: none */
};

static const struct object_shape pcapng_writer_shape =
	OBJECT_SHAPE(pcapng_writer, NULL, OWNS(pcapng_writer, pending, g_byte_array_unref),
		     OWNS(pcapng_writer, packets, g_byte_array_unref),
		     OWNS(pcapng_writer, order, g_array_unref));

pcapng_writer *pcapng_writer_new(int fd)
{
	pcapng_writer *w = object_new(&pcapng_writer_shape);

	w->fd = fd;
	w->pending = g_byte_array_new();
	w->packets = g_byte_array_new();
	w->order = g_array_new(FALSE, FALSE, sizeof(struct waiting));
	pcapng_section(w->pending);
	return w;
}

guint32 pcapng_writer_interface(pcapng_writer *w, enum pcapng_link link, const char *name)
{
	pcapng_interface(w->pending, link, name);
	return w->interfaces++;
}

void pcapng_writer_packet(pcapng_writer *w, const struct pcapng_packet *p)
{
	struct waiting one = {.time_ns = p->time_ns, .at = w->packets->len};

	pcapng_packet(w->packets, p);
	one.length = w->packets->len - one.at;
	g_array_append_val(w->order, one);
}

void pcapng_writer_tls_keys(pcapng_writer *w, const char *lines, gsize length)
{
	pcapng_tls_keys(w->pending, lines, length);
}

void pcapng_writer_names(pcapng_writer *w, const struct pcapng_name *names, guint n)
{
	pcapng_names(w->pending, names, n);
}

bool pcapng_writer_keeps_some(const pcapng_writer *w)
{
	return w->order->len > 0;
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

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct waiting *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* Moves the packets up to that time behind what is pending, by their time; of one time as they
 * came. */
static void release_packets(pcapng_writer *w, guint64 until_ns)
{
	GByteArray *kept = g_byte_array_new();
	guint n_kept = 0;

	g_array_sort(w->order, by_time);
	array_foreach(const struct waiting, one, w->order) {
		GByteArray *to = one->time_ns <= until_ns ? w->pending : kept;
		struct waiting moved = {one->time_ns, to->len, one->length};

		g_byte_array_append(to, w->packets->data + one->at, one->length);
		if (to == kept)
			g_array_index(w->order, struct waiting, n_kept++) = moved;
	}
	g_array_set_size(w->order, n_kept);
	g_byte_array_unref(w->packets);
	w->packets = kept;
}

int pcapng_writer_flush_until(pcapng_writer *w, guint64 until_ns)
{
	gsize done = 0;

	release_packets(w, w->problem ? G_MAXUINT64 : until_ns);
	if (!w->problem)
		w->problem = write_bytes(w, w->pending->data, w->pending->len, &done);
	w->written += done;
	g_byte_array_set_size(w->pending, 0);
	return w->problem;
}

int pcapng_writer_flush(pcapng_writer *w)
{
	return pcapng_writer_flush_until(w, G_MAXUINT64);
}

guint64 pcapng_writer_bytes(const pcapng_writer *w)
{
	return w->written;
}
