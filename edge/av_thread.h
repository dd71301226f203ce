/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The A/V Edge in a thread of its own, so that media does not wait for signalling.
 *
 * GLib's main loop polls every connection in each iteration: with a thousand signed-in clients a
 * media packet cost ten times as much as without.  The thread's loop has only the sockets of
 * av_edge.h.  The functions must be called on the thread that made it; events come on that thread,
 * from its default main context.
 */
#ifndef EDGE_AV_THREAD_H
#define EDGE_AV_THREAD_H

#include "edge/av_edge.h"

typedef struct av_thread av_thread;

/* As av_edge_new; blocks until the sockets are bound or an error has occurred.  The main loop of
 * the calling thread passes events on (this function those of the start), each with the `time_us`
 * at which it happened. */
av_thread *av_thread_new(const struct edge_config *config, edge_event_func event,
			 gpointer user_data, GError **error);
/* Ends all allocations and the thread, and passes on all remaining events before it returns.
 * Accepts NULL. */
void av_thread_free(av_thread *t);

/* As av_edge_stats; blocks until the thread has answered. */
void av_thread_stats(av_thread *t, json_t *fields);

#endif
