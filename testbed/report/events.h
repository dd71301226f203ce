/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of events.jsonl, the events of a run in order, and results made from them.
 *
 * Events of the run itself have "agent": null: run-started (with "wall_us", the time since 1970 at
 * "time_us"), lab-built, lab-failed, lab-state, cell-started, cell-finished,
 * run-finished. Events of agents are as in docs/AGENTS.md, with "scenario" and "agent"; a command
 * that was sent to an agent is "event": "command" with a member "command".
 *
 * Depends on netstate, model and jansson.  Pure.  `time_us` is CLOCK_MONOTONIC.
 */
#ifndef TESTBED_REPORT_EVENTS_H
#define TESTBED_REPORT_EVENTS_H

#include "testbed/netstate/netstate.h"
#include "testbed/report/json.h"

/* Each returns the line of one event, with its line feed, which the caller frees: an agent's event,
 * a command to an agent, or one of the run's own events above. */
char *report_event_agent(const char *scenario, const char *agent, const json_t *event);
char *report_event_command(const char *scenario, const char *agent, const json_t *command,
			   gint64 time_us);
char *report_event_run_started(const results *r, gint64 time_us);
char *report_event_lab_built(const struct scenario_result *s, const char *vpn,
			     const char *impairment, const char *uncontained, gint64 time_us);
char *report_event_lab_failed(const struct scenario_result *s, const char *error, gint64 time_us);
/* `state` is NULL with the `error` that prevented reading it. */
char *report_event_lab_state(const struct scenario_result *s, const netstate *state,
			     const char *error, gint64 time_us);
char *report_event_cell_started(const struct cell *c, gint64 time_us);
char *report_event_cell_finished(const struct cell *c, gint64 time_us);
char *report_event_run_finished(const results *r, gint64 time_us);

/* The bytes of an events.jsonl, borrowed. */
struct event_text {
	const char *path; /* where errors are located */
	const char *bytes;
	gsize length;
	gsize bytes_max; /* of the lines that report_each_event passes on; 0: no limit */
};

/* No event has a later time: sums of a few, and nanoseconds, have room in 64 bits. */
#define EVENT_TIME_MAX_US ((json_int_t)1 << 52)

/* The state of a lab of 200 nodes takes 3 MiB. */
#define EVENT_LINE_MAX ((gsize)16 * 1024 * 1024)

typedef void (*report_event_func)(const json_t *event, struct loc loc, gpointer user_data);

/* Calls `func` for every whole line, or only for those with `containing` somewhere in their text.
 * Events are objects whose "event" is text, "agent" and "scenario" text or null, and times in
 * bounds; any other line is skipped, with a warning in `d` (NULL: none), and so is one of more than
 * EVENT_LINE_MAX bytes.  Agents' other members may
 * be anything. */
void report_each_event(const struct event_text *t, const char *containing, report_event_func func,
		       gpointer user_data, diags *d);
/* Whether it is the run's own event of that name, and not one of an agent. */
bool report_is_run_event(const json_t *event, const char *name);

/* The results of a run by its events; the caller frees them.  A run that did not finish, or a last
 * line that was cut, gives results that are not complete; lines that are no events are skipped with
 * a warning.  NULL, with an error in `d`, when no run-started says what was to run. */
results *report_replay(const struct event_text *t, diags *d);

#endif
