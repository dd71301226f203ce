/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client: the other end of a keeper's control socket, as a verb uses it.
 *
 * Blocking, one request at a time; no main loop.  Depends on netstate and base.
 */
#ifndef TESTBED_LIVE_CLIENT_H
#define TESTBED_LIVE_CLIENT_H

#include "testbed/live/runtime_dir.h"
#include "testbed/netstate/netstate.h"

#include <jansson.h>

typedef struct live_client live_client;

/* Connects to the lab of that name; NULL: to the only one that is up.  What is left of labs that
 * died is tidied up on the way.  TB_ERROR_INPUT with what to do when there is none, or several to
 * choose from. */
live_client *live_connect(const char *name, GError **error);
/* Takes a connected socket over. */
live_client *live_client_new(int fd);
void live_client_free(live_client *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(live_client, live_client_free)

int live_client_fd(const live_client *c); /* readable at end of file: the lab is gone */

/* A line on the way to the answer; borrowed. */
typedef void (*live_line_func)(const json_t *line, gpointer user_data);

/* Sends `request` (taken over) and blocks until it is answered: what "done" holds, which the caller
 * owns.  NULL with the keeper's error, or TB_ERROR_DIED when the lab goes meanwhile.  `func` may be
 * NULL. */
json_t *live_request(live_client *c, json_t *request, live_line_func func, gpointer user_data,
		     GError **error);
/* The same for {"do": WHAT}, without lines on the way. */
json_t *live_ask(live_client *c, const char *what, GError **error);
/* The state of the lab's kernels, with their answers to `questions` (struct route_question; NULL:
 * none).  The caller owns it; NULL with `error` as above. */
netstate *live_inspect(live_client *c, const GPtrArray *questions, GError **error);
/* Descriptors that came with the answer, oldest first; -1: no more.  The caller closes it. */
int live_take_fd(live_client *c);

#endif
