/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shown call: a call that is placed in a lab and told while it goes on.
 *
 * The lab records the packets of all nodes in memory, and this process reads that memory every
 * SHOWN_CALL_ROUND_MS.  From all that was heard and captured so far the story is made anew, and
 * what differs from the one before is told: the first `keep` steps stay, and others follow.  A
 * packet that was seen a moment ago is not called lost, as it may be on its way.
 *
 * Afterwards a call that did not come out as a pass that was expected is explained, in a thread of
 * its own: that asks for much computing and for nothing else.
 *
 * Events, as docs/LIVE.md has them: call-begins, steps, call-ends, explained, tried.
 * Depends on control, network, explain, live, report, diagnose, packets, netstate, model and base.
 * Runs on the default main context.
 */
#ifndef TESTBED_SERVE_SHOWN_CALL_H
#define TESTBED_SERVE_SHOWN_CALL_H

#include "testbed/netstate/netstate.h"
#include "testbed/serve/control.h"
#include "testbed/serve/lab_network.h"

#define SHOWN_CALL_ROUND_MS 100

typedef struct shown_call shown_call;

struct shown_call_job {
	guint number;
	const char *lab, *vpn; /* the lab's name; NULL: no tunnel */
	const char *scenario, *a, *b;
	enum media media;
	guint media_ms;
	struct lab_network_state *network; /* a reference is taken */
	bool explains;			   /* false: causes are not told, as this is an exercise */
	control *work, *ask;
};

struct shown_call_handlers {
	/* Taken over. */
	void (*tell)(shown_call *c, json_t *event, gpointer user_data);
	/* It could not be placed; nothing was told of it.  The callee frees it, later. */
	void (*refused)(shown_call *c, const char *error, gpointer user_data);
	/* It is over and told; `state` is that of the lab after it, borrowed; NULL: not known. */
	void (*over)(shown_call *c, const netstate *state, gpointer user_data);
};

/* Copies the job. */
shown_call *shown_call_new(const struct shown_call_job *job,
			   const struct shown_call_handlers *handlers, gpointer user_data);
/* Waits for an explanation that is being made. */
void shown_call_free(shown_call *c);

/* What its keeper has to be asked for so that it ends before its time, which the caller owns; NULL:
 * it is not on any more. */
json_t *shown_call_hang_up(const shown_call *c);
guint shown_call_number(const shown_call *c);
/* What has to be asked of who tries fixes, for that fix of its explanation on a copy of the lab as
 * it was; the caller owns it.  NULL: there is no such fix, or it is nothing that a copy can show.
 *
 *   {"changes": of the lab when the call was placed, "cell": as in results.json, "fix": its
 * changes, as for `set`, "lost": the path that the call could have taken}  -> {"trial":
 * docs/STORY.md} */
json_t *shown_call_trial(const shown_call *c, guint index);
/* Tells what became of it. */
void shown_call_tried(shown_call *c, guint index, json_t *trial);
/* Explains it now, or tells again how it was explained.  False: it is not over, or causes are not
 * told. */
bool shown_call_explain(shown_call *c);
/* Keeps only what was told: it can't be explained any more.  Nothing while it is being explained.
 */
void shown_call_forget(shown_call *c);
/* What who comes later has to be told: the events so far that are still true, which the caller
 * owns; empty where nothing was told yet. */
json_t *shown_call_events(const shown_call *c);

#endif
