/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of events.jsonl, the events of a run in order, and results made from them.
 *
 * Events of the run itself have "agent": null: run-started (with "wall_us", the time since 1970 at
 * "time_us"), run-changes, lab-built, lab-failed, lab-state, cell-started, cell-finished,
 * run-finished. Events of agents are as in docs/AGENTS.md, with "scenario" and "agent"; a command
 * that was sent to an agent is "event": "command" with a member "command".
 *
 * Depends on netstate, model and jansson.  Pure.  `time_us` is CLOCK_MONOTONIC.
 */
#ifndef TESTBED_REPORT_EVENTS_H
#define TESTBED_REPORT_EVENTS_H

#include "testbed/netstate/netstate.h"
#include "testbed/report/json.h"

/* Each returns one line with its line feed; the caller frees. */
char *report_event_agent(const char *scenario, const char *agent, const json_t *event);
char *report_event_command(const char *scenario, const char *agent, const json_t *command,
			   gint64 time_us);
char *report_event_run_started(const results *r, gint64 time_us);
/* `changes`, NULL-terminated, were applied on top of every scenario. */
char *report_event_run_changes(const char *const *changes, gint64 time_us);
char *report_event_lab_built(const struct scenario_result *s, const char *vpn,
			     const char *impairment, gint64 time_us);
char *report_event_lab_failed(const struct scenario_result *s, const char *error, gint64 time_us);
/* `state` is NULL with the `error` that prevented reading it. */
char *report_event_lab_state(const struct scenario_result *s, const netstate *state,
			     const char *error, gint64 time_us);
char *report_event_cell_started(const struct cell *c, gint64 time_us);
char *report_event_cell_finished(const struct cell *c, gint64 time_us);
char *report_event_run_finished(const results *r, gint64 time_us);

/* Makes results from events; the caller frees.  They are incomplete when the run did not finish or
 * the last line is cut.  NULL with TB_ERROR_INPUT when there is no run-started. */
results *report_replay(const char *events, gsize length, GError **error);

#endif
