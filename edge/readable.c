/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/readable.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 64
#define ROUNDS 4 /* in one iteration of the loop, before other sources get their turn */

struct readable_watch {
	readable *owner;
	int fd;
	readable_func func; /* NULL: removed */
	gpointer user_data;
};

struct readable {
	int epoll;
	GSource *source;
	bool reading;
	GPtrArray *removed; /* freed after reading, because events may still point at them */
};

/* Calls the functions of up to EVENTS readable descriptors; returns how many there were. */
static int read_round(readable *r)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(r->epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		const readable_watch *w = events[i].data.ptr;

		if (w->func)
			w->func(w->fd, w->user_data);
	}
	return n;
}

static gboolean on_epoll_readable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
				  gpointer user_data)
{
	readable *r = user_data;

	r->reading = true;
	for (guint i = 0; i < ROUNDS && read_round(r) > 0; i++)
		g_ptr_array_set_size(r->removed, 0);
	r->reading = false;
	g_ptr_array_set_size(r->removed, 0);
	return G_SOURCE_CONTINUE;
}

readable *readable_new(int *ret_errno)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	readable *r;

	if (epoll < 0) {
		*ret_errno = errno;
		return NULL;
	}
	r = g_new0(readable, 1);
	r->epoll = epoll;
	r->removed = g_ptr_array_new_with_free_func(g_free);
	r->source = g_unix_fd_source_new(epoll, G_IO_IN);
	g_source_set_callback(r->source, G_SOURCE_FUNC(on_epoll_readable), r, NULL);
	g_source_attach(r->source, g_main_context_get_thread_default());
	return r;
}

void readable_free(readable *r)
{
	if (!r)
		return;
	g_source_destroy(r->source);
	g_source_unref(r->source);
	g_ptr_array_unref(r->removed);
	close(r->epoll);
	g_free(r);
}

readable_watch *readable_add(readable *r, int fd, readable_func func, gpointer user_data,
			     int *ret_errno)
{
	readable_watch *w = g_new0(readable_watch, 1);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};

	*w = (readable_watch){.owner = r, .fd = fd, .func = func, .user_data = user_data};
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return w;
	*ret_errno = errno;
	g_free(w);
	return NULL;
}

static gboolean dispatch_ready(GSource *source G_GNUC_UNUSED, GSourceFunc callback,
			       gpointer user_data)
{
	return callback(user_data);
}

GSource *ready_time_source_new(GSourceFunc callback, gpointer user_data)
{
	static GSourceFuncs functions = {.dispatch = dispatch_ready};
	GSource *source = g_source_new(&functions, sizeof(GSource));

	g_source_set_callback(source, callback, user_data, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

void readable_remove(readable_watch *w)
{
	if (!w)
		return;
	epoll_ctl(w->owner->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->func = NULL;
	if (w->owner->reading)
		g_ptr_array_add(w->owner->removed, w);
	else
		g_free(w);
}
