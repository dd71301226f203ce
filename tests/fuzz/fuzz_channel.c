/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on the control channel: any bytes, then end of file, which is told once.
 *
 * They come from memory, which is many times as fast as a new pair of sockets; inputs of every
 * eighth length come over sockets, as they do to agents. */
#include "common/channel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void command(channel *c, const char *name, json_t *object, G_GNUC_UNUSED gpointer user_data)
{
	g_assert_true(json_is_object(object));
	channel_log(c, "debug", "%s", name);
}

static void closed(G_GNUC_UNUSED channel *c, gpointer user_data)
{
	(*(guint *)user_data)++;
}

/* Gives the channel `in` and `out`, which it closes, until its end. */
static void serve(int in, int out)
{
	static const struct channel_handlers handlers = {.command = command, .closed = closed};
	guint ends = 0;
	channel *c = channel_new(in, out, &handlers, &ends);

	while (!ends)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(ends, ==, 1);
	channel_free(c);
}

static void from_memory(const guint8 *data, size_t size)
{
	static int memory = -1, nothing = -1;

	if (memory < 0) {
		memory = memfd_create("lines", MFD_CLOEXEC);
		nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
		g_assert_true(memory >= 0 && nothing >= 0);
	}
	g_assert_cmpint(ftruncate(memory, (off_t)size), ==, 0);
	g_assert_cmpint(pwrite(memory, data, size, 0), ==, (gint64)size);
	lseek(memory, 0, SEEK_SET);
	serve(fcntl(memory, F_DUPFD_CLOEXEC, 0), fcntl(nothing, F_DUPFD_CLOEXEC, 0));
}

static void over_sockets(const guint8 *data, size_t size)
{
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	if (send(pair[1], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size) {
		shutdown(pair[1], SHUT_WR);
		serve(pair[0], pair[0]);
	} else { /* more than the socket takes at once: nothing to learn */
		close(pair[0]);
	}
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	if (size % 8 == 0)
		over_sockets(data, size);
	else
		from_memory(data, size);
	return 0;
}
