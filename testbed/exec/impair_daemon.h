/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to exec: the process that carries the packets of impaired links in user space.
 *
 * A `tap` is where the packets to be impaired arrive: a packet socket with a ring, or a TUN device;
 * `out` is a packet socket that is bound to the interface they leave by.  The process is a fork of
 * the backend's, without any privilege; it needs none, because its sockets are opened for it.  It
 * dies with its parent. One process serves all links of a lab.
 */
#ifndef TESTBED_EXEC_IMPAIR_DAEMON_H
#define TESTBED_EXEC_IMPAIR_DAEMON_H

#include "testbed/exec/impair_queue.h"

struct impair_daemon;

/* Starts it.  The caller must have one thread only. */
struct impair_daemon *impair_daemon_new(GError **error);
/* Ends it; NULL is accepted. */
void impair_daemon_free(struct impair_daemon *d);

/* 0: there is none (NULL is accepted), or it has ended. */
pid_t impair_daemon_pid(const struct impair_daemon *d);
/* The process `pid` was reaped; true: it was this one.  NULL is accepted. */
bool impair_daemon_ended(struct impair_daemon *d, pid_t pid);
/* Frames that found a ring full since it began; NULL is accepted. */
guint64 impair_daemon_lost(const struct impair_daemon *d);

struct impair_link_ends {
	int tap, out;
	/* The ring that `tap` was given (TPACKET_V2); frame_bytes 0: it has none and is a TUN
	 * device (without packet information, non-blocking). */
	unsigned frame_bytes, frames;
};

/* A new link; passes everything at once.  `seed` is that of its random numbers.  The descriptors
 * stay the caller's.  Returns its number, -1 with `error`.  Blocks until the process has answered.
 */
int impair_daemon_add(struct impair_daemon *d, const struct impair_link_ends *ends, guint64 seed,
		      GError **error);
gboolean impair_daemon_set(struct impair_daemon *d, int link, const struct impairment *what,
			   GError **error);
/* What happened to the link's packets since it was made.  Blocks until the process has answered. */
gboolean impair_daemon_counts(struct impair_daemon *d, int link, struct impair_counts *ret,
			      GError **error);

#endif
