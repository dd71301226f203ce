/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many readable descriptors as one source of the main loop.
 *
 * GLib's loop passes all of its descriptors to poll(2) in each iteration, which with the relays of
 * 500 calls is most of an Edge's work.  epoll(7) returns only the readable ones.  One thread, its
 * default main context.  Depends on GLib.
 */
#ifndef EDGE_READABLE_H
#define EDGE_READABLE_H

#include <glib.h>

typedef struct readable readable;
typedef struct readable_watch readable_watch;

/* Makes an empty set, read by the thread's default main context.  NULL with *ret_errno: there is no
 * descriptor left. */
readable *readable_new(int *ret_errno);
/* Frees the set; all watches must have been removed.  Accepts NULL. */
void readable_free(readable *r);

/* Called in each iteration of the loop in which `fd` is readable or at its end. */
typedef void (*readable_func)(int fd, gpointer user_data);
/* Watches `fd`, which must stay open until readable_remove.  NULL with *ret_errno: it can't be
 * watched. */
readable_watch *readable_add(readable *r, int fd, readable_func func, gpointer user_data,
			     int *ret_errno);
/* Ends a watch; `func` is not called any more.  Allowed in any callback, also its own.  Accepts
 * NULL. */
void readable_remove(readable_watch *w);

/* A source of the thread's default context that calls `callback` at its ready time, which is not
 * set yet (g_source_set_ready_time).  The caller destroys and unrefs it. */
GSource *ready_time_source_new(GSourceFunc callback, gpointer user_data);

#endif
