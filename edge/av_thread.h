/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The A/V Edge in a thread of its own, so that media waits for no signalling.
 *
 * A loop of GLib's looks at every connection in each of its turns; a thousand signed-in clients
 * made a packet of media cost ten times what it costs alone.  The thread's loop has the sockets of
 * av_edge.h and nothing else. Functions and events belong to the thread that made it and to that
 * thread's default main context.
 */
#ifndef EDGE_AV_THREAD_H
#define EDGE_AV_THREAD_H

#include "edge/av_edge.h"

typedef struct av_thread av_thread;

/* As av_edge_new; blocks until the sockets are bound, or can't be.  Events are handed on from the
 * maker's loop, those of the start at once, each with the `time_us` at which it happened. */
av_thread *av_thread_new(const struct edge_config *config, edge_event_func event,
			 gpointer user_data, GError **error);
/* Ends all allocations and the thread, and hands on every event that is left before it returns.
 * NULL is accepted. */
void av_thread_free(av_thread *t);

/* As av_edge_stats; waits for the thread, which never blocks. */
void av_thread_stats(av_thread *t, json_t *fields);

#endif
