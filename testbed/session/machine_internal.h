/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cell while it runs, from inside: shared by machine.c (its life, and calls between two) and
 * conference.c. */
#ifndef TESTBED_SESSION_MACHINE_INTERNAL_H
#define TESTBED_SESSION_MACHINE_INTERNAL_H

#include "common/wire/event.h"
#include "testbed/session/endreport.h"
#include "testbed/session/loss_judge.h"
#include "testbed/session/machine.h"

struct cell_machine {
	struct cell *cell;
	char **users;
	char *call; /* the call id; a participant's leg of a conference is LEG/CALL */
	char *text; /* what an instant message says */
	double max_loss_pct;
	guint media_ms, deadline_ms;
	bool stand, stands; /* is to stay up until told to hang up; is up */
	gint64 started_us;
	struct end_report *ends; /* one a participant */
	guint n_ends;
	bool received; /* the callee has the right text */
	bool incoming; /* the callee has seen the call */
	/* Where media may be lost on its way (machine_judge.c): */
	loss_judge *judge; /* NULL: it may not */
	bool *talking;	   /* of each end: media flows, and it was not told to hang up */
	gint64 talking_us; /* since when the first one's does; 0: none's */
	bool enough;	   /* they were told to hang up */
	/* A conference: */
	bool joined;		    /* everybody was sent to it, or invited */
	bool hung_up;		    /* ad hoc: the call that it grew out of is being ended */
	struct end_report first[2]; /* ad hoc: both ends of that call */
};

/* The name of an end, by its number; borrowed. */
const char *machine_participant(const cell_machine *m, guint index);
/* Takes `command`. */
void machine_send(GPtrArray *commands, const char *agent, json_t *command);
void machine_finish(cell_machine *m, enum verdict verdict, const char *reason, gint64 now_us);

/* From the ends' reports into the cell: figures; the caller's pair, of the stream whose path is the
 * cell's. */
void machine_keep_figures(cell_machine *m);
void machine_keep_selected(cell_machine *m);
/* The worst verdict of the ends that have reported, with every failing end's own words. */
enum verdict machine_ends_verdict(const cell_machine *m, GString *why);
/* Has that end the streams that a passing end must have? */
bool machine_streams_good(const cell_machine *m, guint end, GString *why);
/* Adds what one end says of a failure to the words of all.  Returns false. */
bool machine_blame(GString *why, const char *who, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* machine_judge.c: does nothing in a call that is not judged. */
void machine_judge_begin(cell_machine *m, const struct lossy_way *way);
/* Media of that end flows, in a conference of all others, too. */
void machine_judge_talking(cell_machine *m, guint end, gint64 now_us, GPtrArray *commands);
void machine_judge_media(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands);
/* The end has reported its result. */
void machine_judge_result(cell_machine *m, guint end, json_t *event, GPtrArray *commands);
/* What the tests come to, with the reasons; keeps them in the cell. */
enum verdict machine_judge_verdict(cell_machine *m, GString *why);

/* conference.c: events are those of the same name (docs/AGENTS.md); `first` is any result of the
 * call that an ad-hoc conference begins with. */
void conference_start(cell_machine *m, GPtrArray *commands);
void conference_on_first(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands);
void conference_on_ready(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands);
void conference_on_invited(cell_machine *m, guint end, json_t *event, gint64 now_us,
			   GPtrArray *commands);
void conference_on_result(cell_machine *m, guint end, json_t *event, gint64 now_us,
			  GPtrArray *commands);

#endif
