/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live page of a lab, as tests use it: its server, and those who look at it. */
#ifndef TESTS_E2E_LIVE_PAGE_H
#define TESTS_E2E_LIVE_PAGE_H

#include "common/base/json.h"
#include "tests/e2e/live/live.h"

#include <libsoup/soup.h>

struct page {
	struct started program;
	char *url, *host; /* "127.0.0.1:PORT" */
};

/* `option` NULL: none. */
void page_start(struct page *p, const struct home *h, const char *option);
/* Ends it by the signal (0: it ends by itself); its exit code. */
int page_end(struct page *p, int number);

struct looker {
	SoupSession *session;
	SoupWebsocketConnection *socket; /* NULL: not let in */
	bool answered, closed;
	GQueue messages; /* json_t */
	json_int_t asked;
};

/* Comes to the page's WebSocket from that origin (NULL: the page's own). */
void looker_new(struct looker *l, const struct page *p, const char *origin);
void looker_clear(struct looker *l);
/* The next message, which the caller owns; NULL: the connection is closed. */
json_t *looker_next(struct looker *l);
/* The next event of that name, which the caller owns; those before it are dropped. */
json_t *looker_await(struct looker *l, const char *event);
/* Asks for something (taken over). */
void looker_ask(struct looker *l, json_t *request);
/* The answer to what was asked last, which the caller owns; messages before it are dropped, but the
 * last state is kept in *ret_state (NULL: not wanted). */
json_t *looker_answer(struct looker *l, json_t **ret_state);
/* It must be done; returns the state after it, which the caller owns. */
json_t *looker_expect_done(struct looker *l, json_t *request);
/* It must be refused with an error that has `part` in it. */
void looker_expect_refused(struct looker *l, json_t *request, const char *part);
json_t *call_request(const char *from, const char *to, const char *media);
json_t *set_request(const char *change);

#endif
