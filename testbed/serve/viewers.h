/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Viewers: the page's HTTP server on 127.0.0.1, and those who look at it over WebSockets.
 *
 * A request gets past the gate (gate.h) or is refused.  A connection that has made no WebSocket is
 * closed after VIEWERS_IDLE_MS; there are VIEWERS_WAITING_MAX of them, and when another one comes
 * the oldest goes.  There are VIEWERS_MAX viewers, whom nobody can push out.  A message is JSON
 * text of VIEWERS_MESSAGE_MAX_BYTES at most; who sends something else is sent away.  Nobody waits
 * for a viewer: what one has not taken is queued, and with more than VIEWERS_QUEUE_MAX_BYTES the
 * viewer's connection ends.
 * Depends on libsoup and gate.  Runs on the default main context.
 */
#ifndef TESTBED_SERVE_VIEWERS_H
#define TESTBED_SERVE_VIEWERS_H

#include "common/base/json.h"

#define VIEWERS_MAX 64
#define VIEWERS_WAITING_MAX 64
#define VIEWERS_IDLE_MS 10000
#define VIEWERS_MESSAGE_MAX_BYTES (64 * 1024)
#define VIEWERS_QUEUE_MAX_BYTES (8 * 1024 * 1024)

typedef struct viewers viewers;
typedef struct viewer viewer;

struct viewers_handlers {
	/* The page; the caller frees. */
	char *(*page)(gpointer user_data);
	void (*joined)(viewer *v, gpointer user_data);
	/* A message, which is an object; borrowed. */
	void (*asked)(viewer *v, const json_t *message, gpointer user_data);
};

/* Listens on that port (0: any that is free).  NULL with `error`.  For viewers_free. */
viewers *viewers_new(guint16 port, const struct viewers_handlers *handlers, gpointer user_data,
		     GError **error);
void viewers_free(viewers *all);
/* The page's address, and the same of its server alone for the page's content security policy;
 * borrowed. */
const char *viewers_url(const viewers *all);
const char *viewers_socket_origin(const viewers *all);

/* Sends `message`, which is taken over, to one or to all. */
void viewer_tell(viewer *v, json_t *message);
void viewers_tell(viewers *all, json_t *message);
/* A viewer by a number that no other one gets, for answers that come later; NULL: it has left. */
guint64 viewer_number(const viewer *v);
viewer *viewers_find(const viewers *all, guint64 number);
/* Says goodbye to all viewers, and lets nobody in any more; what is queued is still sent while the
 * main context runs, until nobody is left (`left`). */
void viewers_close(viewers *all, void (*left)(gpointer user_data));

#endif
