/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client: a verb's end of a keeper's control socket.  It blocks, makes one request at a time and
 * needs no main loop.  Depends on report, netstate, model and base. */
#ifndef TESTBED_LIVE_CLIENT_H
#define TESTBED_LIVE_CLIENT_H

#include "common/base/object.h"
#include "common/base/json.h"
#include "testbed/live/runtime_dir.h"
#include "testbed/model/results.h"
#include "testbed/netstate/netstate.h"

typedef struct live_client live_client;

/* Connects to the lab of that name; NULL: to the only one that is up.  Removes what dead labs left.
 * The caller frees the client.  NULL with `error`: TB_ERROR_INPUT, with advice, when there is no
 * such lab or several to choose from; TB_ERROR_FAILED when the runtime folder can't be used. */
live_client *live_connect(const char *name, GError **error);
/* How many labs are up; removes what dead labs left. */
guint live_labs_up(void);
/* A client on a connected socket, which it takes over. */
live_client *live_client_new(int fd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(live_client, object_free)

/* The socket, borrowed; readable without a request: the lab is gone. */
int live_client_fd(const live_client *c);

/* While a request is answered, `func` is called whenever nothing has come for `every_ms`. */
void live_client_while_waiting(live_client *c, guint every_ms, void (*func)(gpointer user_data),
			       gpointer user_data);

/* Called with each line before the answer; `line` is valid during the call only. */
typedef void (*live_line_func)(const json_t *line, gpointer user_data);

/* Sends `request` (taken over) and blocks until it is answered.  Returns the value of "done", which
 * the caller owns; NULL with the keeper's error, or TB_ERROR_DIED when the lab ends before.  `func`
 * may be NULL. */
json_t *live_request(live_client *c, json_t *request, live_line_func func, gpointer user_data,
		     GError **error);
/* The same for the request {"do": WHAT}; lines before the answer are ignored. */
json_t *live_ask(live_client *c, const char *what, GError **error);
/* The state of the lab's kernels, with their answers to `questions` (struct route_question; NULL:
 * none).  The caller owns it; NULL with `error` as above. */
netstate *live_inspect(live_client *c, const GPtrArray *questions, GError **error);
/* The cell in the answer to a call; the caller frees it.  NULL with `error`. */
struct cell *live_cell(const json_t *answer, GError **error);
/* The next descriptor that came with an answer, oldest first; -1: none.  The caller closes it. */
int live_take_fd(live_client *c);

#endif
