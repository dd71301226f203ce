/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of a listener: how many there may be, and how long each may stay.
 *
 * Theory of operation: a connection is a stranger until its owner says that the other end has
 * proven who it is (guest_prove).  A stranger stays for a short time, however busy it is; a proven
 * guest as long as something comes within the time that it may be idle.  One that takes nothing of
 * what is sent to it is ended in either case.  When there are too many, of one source address or in
 * all, the oldest stranger of the source that has most of them makes room for the new one: a flood
 * of connections displaces itself.  A guest is never displaced; without a stranger the new
 * connection is refused.
 *
 * The kernel knows what came and what was taken (TCP_INFO), so that owners need not tell.  It is
 * asked in intervals.  "Ended" is a shutdown of the socket: its owner reads end of file, as from a
 * peer that has gone, and closes it.
 *
 * Depends on GLib.  One thread, its default main context; nothing blocks.
 */
#ifndef COMMON_GUESTS_H
#define COMMON_GUESTS_H

#include <gio/gio.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "common/wire/reason.h"

struct guest_limits {
	guint total, per_source; /* connections; a source is an IPv4 address or an IPv6 /64 */
	guint stranger_ms;	 /* from the beginning, or from guest_forget */
	guint idle_ms;		 /* of a proven guest; 0: no limit */
	guint stuck_ms;		 /* without taking any of what is sent */
};

typedef struct guests guests;
typedef struct guest guest; /* reference counted */

/* Tells of a connection that was refused or ended, at most GUESTS_TOLD_PER_S times a second; `more`
 * have not been told before.  `peer` is its address as text. */
#define GUESTS_TOLD_PER_S 20
typedef void (*guests_told)(const char *peer, guint16 port, enum reason why, guint more,
			    gpointer user_data);

/* Whether one more may be told just now; *ret_more: of how many before it was not told.  For what
 * else is told of connections. */
bool guests_may_tell(guests *g, guint *ret_more);

/* `limits` is copied.  For guests_free, which ends no connection; accepts NULL. */
guests *guests_new(const struct guest_limits *limits, guests_told told, gpointer user_data);
void guests_free(guests *g);

/* Takes a new connection in, if need be in the place of another one.  NULL: there is no room, it
 * has been told, and the caller closes it.  The caller unrefs the guest; before it closes `fd` it
 * must call guest_leave, unless `socket` is given (a reference is taken), which knows itself
 * whether it is closed. */
guest *guests_admit(guests *g, int fd, GSocket *socket, const struct sockaddr_storage *peer);
/* How many there are, without those that were ended. */
guint guests_count(const guests *g);
/* Tells, as above, of a connection that somebody else has refused. */
void guests_tell(guests *g, const struct sockaddr_storage *peer, enum reason why);

/* From now on it is no stranger; `trusted`: and may be idle for ever. */
void guest_prove(guest *g, bool trusted);
/* From now on it is a stranger again. */
void guest_forget(guest *g);
/* Whether it was ended or has left. */
bool guest_is_gone(const guest *g);
/* It is gone; not counted any more.  Allowed more than once. */
void guest_leave(guest *g);
void guest_unref(guest *g); /* accepts NULL; any thread */
guest *guest_ref(guest *g); /* returns `g` */

#endif
