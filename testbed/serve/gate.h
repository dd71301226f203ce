/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gate: who may ask the live page for what.
 *
 * The page is on 127.0.0.1, which every user of the machine and every page in a browser can reach.
 * So a request has to know a token of 128 random bits, which stands in the path and nowhere else,
 * and to name this very server as its host (a page of another name that leads here is refused) and
 * as its origin (another page's script is refused).
 * Depends on GLib.  Only gate_init asks the kernel for something.
 */
#ifndef TESTBED_SERVE_GATE_H
#define TESTBED_SERVE_GATE_H

#include <glib.h>
#include <stdbool.h>

#define GATE_TOKEN_BYTES 16
#define GATE_TOKEN_DIGITS (2 * GATE_TOKEN_BYTES)

struct gate {
	char token[GATE_TOKEN_DIGITS + 1];
	char host[24];	 /* "127.0.0.1:PORT" */
	char origin[32]; /* "http://127.0.0.1:PORT" */
};

/* Draws the token (getrandom).  False: the kernel gave none. */
bool gate_init(struct gate *g, guint16 port);
/* The page's address; the caller frees. */
char *gate_url(const struct gate *g);

/* What a request says; NULL: nothing. */
struct gate_request {
	const char *method, *path, *host, *origin;
};

enum gate_answer {
	GATE_PAGE,
	GATE_SOCKET,
	GATE_NOT_FOUND,	  /* 404: also for a wrong token */
	GATE_FORBIDDEN,	  /* 403: another host or origin */
	GATE_WRONG_METHOD /* 405 */
};
/* Takes the same time whatever token the path has.  Pure. */
enum gate_answer gate_ask(const struct gate *g, const struct gate_request *r);

#endif
