/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on the control channel: any bytes, then end of file, which is told once. */
#include "common/channel.h"

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

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	static const struct channel_handlers handlers = {.command = command, .closed = closed};
	guint ends = 0;
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);

	channel *c = channel_new(pair[0], pair[0], &handlers, &ends);

	if (send(pair[1], data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && size)
		ends = 1; /* more than the socket takes at once: nothing to learn */
	shutdown(pair[1], SHUT_WR);
	while (!ends)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(ends, ==, 1);
	channel_free(c);
	close(pair[1]);
	return 0;
}
