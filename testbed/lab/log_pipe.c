/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/log_pipe.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <unistd.h>

/* What a talkative daemon may say while the supervisor is busy with a change. */
#define ROOM_BYTES (1024 * 1024)

struct log_pipe {
	int file, end;
	GSource *source; /* NULL: nobody writes any more */
};

/* False: nothing is there now. */
static bool copy_some(const log_pipe *l, bool *ret_over)
{
	char text[16384];
	ssize_t n = read(l->end, text, sizeof text);

	*ret_over = n == 0;
	/* a full disk loses the log, and nothing else */
	return n > 0 && write(l->file, text, (size_t)n) > 0;
}

static gboolean on_text(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			gpointer user_data)
{
	log_pipe *l = user_data;
	bool over;

	copy_some(l, &over);
	if (!over)
		return G_SOURCE_CONTINUE;
	g_clear_pointer(&l->source, g_source_unref);
	return G_SOURCE_REMOVE;
}

log_pipe *log_pipe_new(int file, GMainContext *context, int *ret_write)
{
	log_pipe *l;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fcntl(ends[1], F_SETPIPE_SZ, ROOM_BYTES);
	l = g_new0(log_pipe, 1);
	l->file = file;
	l->end = ends[0];
	l->source = g_unix_fd_source_new(l->end, G_IO_IN);
	g_source_set_callback(l->source, G_SOURCE_FUNC(on_text), l, NULL);
	g_source_attach(l->source, context);
	*ret_write = ends[1];
	return l;
}

void log_pipe_free(log_pipe *l)
{
	bool over;

	if (!l)
		return;
	while (copy_some(l, &over))
		;
	if (l->source) {
		g_source_destroy(l->source);
		g_source_unref(l->source);
	}
	close(l->end);
	close(l->file);
	g_free(l);
}
