/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to serve: serve.c has the page, the state and the life; requests.c what viewers ask
 * for. */
#ifndef TESTBED_SERVE_SERVE_INTERNAL_H
#define TESTBED_SERVE_SERVE_INTERNAL_H

#include "testbed/serve/serve.h"
#include "testbed/serve/shown_call.h"

#define PAST_CALLS_MAX 12

struct serve {
	char *lab;
	const char *scenario; /* that it was brought up with; borrowed from the base */
	bool read_only, explains;
	json_t *lessons;
	viewers *viewers;
	control *work, *ask; /* calls and changes; questions meanwhile */
	control *trials;     /* tries fixes on copies of the lab; NULL: nobody does */
	lab_network *known;
	struct lab_network_state *network; /* as it is now */
	json_t *status;
	netstate *state;		/* NULL: not known yet */
	bool refreshing, refresh_again; /* the state is being asked for; once more then */
	char *busy;			/* what is going on; NULL: nothing */
	shown_call *call;		/* that goes on; NULL: none */
	GQueue past;			/* shown_call, the newest last */
	guint n_calls;
	GQueue waiting; /* struct waiting_answer: of what makes the lab busy */
	bool settling;	/* a change is made, and the state after it is awaited */
	bool ending;
	void (*over)(gpointer user_data);
	gpointer user_data;
};

/* Asks the lab for its state, tells everybody, and then serve_answer_waiting. */
void serve_refresh(serve *s);
/* The state of the kernels is known, and told. */
void serve_set_state(serve *s, const netstate *state);
/* Takes over what is going on (NULL: nothing), and tells it. */
void serve_set_busy(serve *s, char *text);

/* --- requests.c ------------------------------------------------------------------------------- */

void serve_request(serve *s, viewer *v, const json_t *message);
/* What was asked for is done, or the call has begun: who asked gets the answer. */
void serve_answer_waiting(serve *s);

#endif
