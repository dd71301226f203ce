/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serve: the live page of a lab that is up.
 *
 * Three parts: the viewers (viewers.h) ask for things, one at a time; the lab's keeper does them
 * (control.h, two connections, so that it can be asked while a call goes on); and all viewers are
 * told what came of it: the network's state whenever it has changed, also by others, and calls
 * while they go on (shown_call.h).  docs/LIVE.md has the messages.
 *
 * Nothing that a viewer says reaches a shell or a path, and it needs no rights: who has made a
 * serve can give up everything that is not open yet (cmd/serve.c). Depends on live, explain,
 * report, diagnose, packets, netstate, model and base.  Runs on the default main context.
 */
#ifndef TESTBED_SERVE_SERVE_H
#define TESTBED_SERVE_SERVE_H

#include "testbed/serve/lab_network.h"
#include "testbed/serve/viewers.h"

typedef struct serve serve;

struct serve_job {
	const json_t *status; /* the lab's, when it is up; borrowed */
	int control[2];	      /* connected to its keeper; taken over */
	int trials; /* to who tries fixes on copies of the lab; taken over; -1: nobody does */
	struct lab_network_origin network; /* its base is taken over */
	guint16 port;			   /* 0: any that is free */
	bool read_only;			   /* all may look, and nobody change or call */
	bool explains;	 /* false: why calls fail is not told, as in some exercises */
	json_t *lessons; /* for the page's tab; taken over, or NULL */
};

/* Listens.  `over` is called once, when the lab is gone, after viewers were told.  NULL with
 * `error`. */
serve *serve_new(const struct serve_job *job, void (*over)(gpointer user_data), gpointer user_data,
		 GError **error);
void serve_free(serve *s);
/* The page's address, borrowed. */
const char *serve_url(const serve *s);
/* Sends the viewers away; then `over`. */
void serve_end(serve *s);

#endif
