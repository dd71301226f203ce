/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of events.jsonl: everything that happened in a run, in order, and results made from them.
 *
 *   run level   { "scenario", "agent": null, "event", "time_us", ... }: run-started (with
 * "wall_us", the time since 1970 at "time_us"), run-changes, lab-built, lab-failed, lab-state,
 * cell-started, cell-finished, run-finished agents      { "scenario", "agent", "event", "time_us",
 * ... } as docs/AGENTS.md says; what was sent to an agent is "event": "command" with the command in
 * "command"
 *
 * Depends on model and jansson.  Pure.
 */
#ifndef TESTBED_REPORT_EVENTS_H
#define TESTBED_REPORT_EVENTS_H

#include "testbed/report/json.h"

/* Each returns one whole line with its line feed; the caller frees it. */
char *report_event_agent(const char *scenario, const char *agent, const json_t *event);
char *report_event_command(const char *scenario, const char *agent, const json_t *command,
			   gint64 time_us);
char *report_event_run_started(const results *r, gint64 time_us);
/* Changes made on top of every scenario; NULL-terminated. */
char *report_event_run_changes(const char *const *changes, gint64 time_us);
char *report_event_lab_built(const struct scenario_result *s, const char *vpn,
			     const char *impairment, gint64 time_us);
char *report_event_lab_failed(const struct scenario_result *s, const char *error, gint64 time_us);
/* `state` as docs/EXPLAIN.md says, or NULL with the `error` for which it could not be read. */
char *report_event_lab_state(const struct scenario_result *s, const json_t *state,
			     const char *error, gint64 time_us);
char *report_event_cell_started(const struct cell *c, gint64 time_us);
char *report_event_cell_finished(const struct cell *c, gint64 time_us);
char *report_event_run_finished(const results *r, gint64 time_us);

/* Results as the events tell them.  A run that did not finish, and a last line that was cut, give
 * results that are not complete.  NULL with TB_ERROR_INPUT when there is no run-started. */
results *report_replay(const char *events, gsize length, GError **error);

#endif
