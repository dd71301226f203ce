/* Private to exec: the process that carries the packets of impaired links in user space.
 *
 * A `tap` is a packet socket on which the packets to be impaired arrive, `out` one that is bound to the
 * interface they leave by.  The process is a fork of the room's, without any privilege; it needs none,
 * because its sockets are opened for it.  It dies with its parent.
 * One process serves all links of a lab.
 */
#ifndef TESTBED_EXEC_IMPAIR_DAEMON_H
#define TESTBED_EXEC_IMPAIR_DAEMON_H

#include "testbed/model/model.h"

struct impair_daemon;

/* Starts it.  The caller must have one thread only. */
struct impair_daemon *impair_daemon_new(GError **error);
/* Ends it; NULL is accepted. */
void impair_daemon_free(struct impair_daemon *d);

/* A new link; passes everything at once.  `frame_bytes` and `frames` are the ring that `tap` was given
 * (TPACKET_V2); `seed` decides its lots.  The descriptors stay the caller's.  Returns its number, -1 with `error`.  Blocks until
 * the process has answered. */
int impair_daemon_add(struct impair_daemon *d, int tap, int out, unsigned frame_bytes, unsigned frames, guint64 seed,
		      GError **error);
gboolean impair_daemon_set(struct impair_daemon *d, int link, const struct impairment *what, GError **error);

#endif
