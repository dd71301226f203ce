/* SPDX-License-Identifier: GPL-2.0-or-later */
/* readable: many descriptors that are read, as one source of the main loop.
 *
 * GLib's loop asks poll(2) about each of its descriptors each turn: with the relays of 500 calls
 * that is most of what an Edge does.  epoll(7) tells those that have something, whatever their
 * number. One thread, its default main context.  Depends on GLib.
 */
#ifndef EDGE_READABLE_H
#define EDGE_READABLE_H

#include <glib.h>

typedef struct readable readable;
typedef struct readable_watch readable_watch;

/* NULL: *ret_errno says why (out of descriptors). */
readable *readable_new(int *ret_errno);
/* Nothing may be watched any more; NULL is accepted. */
void readable_free(readable *r);

/* Called in each turn of the loop in which `fd` has something (or its end) to be read. */
typedef void (*readable_func)(int fd, gpointer user_data);
/* `fd` is borrowed, and must stay open until readable_remove.  NULL: *ret_errno says why. */
readable_watch *readable_add(readable *r, int fd, readable_func func, gpointer user_data,
			     int *ret_errno);
/* Allowed in any callback, also its own; NULL is accepted. */
void readable_remove(readable_watch *w);

#endif
