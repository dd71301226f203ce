/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/events.h"

#include "testbed/base/clock.h"
#include "testbed/netstate/netstate_json.h"

#include <stdlib.h>
#include <string.h>

#define SKIP_WARNINGS_MAX 10 /* enough for a file that has no events at all */
#define FILE_HINT "was the file written by another program, or changed?"

/* One line of events.jsonl, which the caller frees; takes `fields` over.  `event` NULL or `time_us`
 * 0: the fields have them. */
static char *event_line(const char *scenario, const char *agent, const char *event, gint64 time_us,
			json_t *fields)
{
	json_t *object = json_pack("{s:s?, s:s?}", "scenario", scenario, "agent", agent);
	char *dumped, *text;

	if (event)
		json_object_set_new(object, "event", json_string(event));
	if (time_us > 0)
		json_object_set_new(object, "time_us", json_integer(time_us));
	json_object_update(object, fields);
	dumped = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
	text = g_strconcat(dumped ? dumped : "{}", "\n", NULL);
	free(dumped);
	json_decref(object);
	json_decref(fields);
	return text;
}

char *report_event_agent(const char *scenario, const char *agent, const json_t *event)
{
	json_t *fields = json_copy((json_t *)(gpointer)(guintptr)event);

	/* Only the lab says which agent sent the event. */
	json_object_del(fields, "scenario");
	json_object_del(fields, "agent");
	return event_line(scenario, agent, NULL, 0, fields);
}

char *report_event_command(const char *scenario, const char *agent, const json_t *command,
			   gint64 time_us)
{
	return event_line(scenario, agent, "command", time_us,
			  json_pack("{s:O}", "command", command));
}

char *report_event_run_started(const results *r, gint64 time_us)
{
	return event_line(NULL, NULL, "run-started", time_us,
			  json_pack("{s:I, s:o}", "wall_us",
				    (json_int_t)(time_us + clock_wall_offset_us()), "results",
				    report_results_json(r, true)));
}

char *report_event_lab_built(const struct scenario_result *s, const char *vpn,
			     const char *impairment, const char *uncontained, gint64 time_us)
{
	json_t *event = json_pack("{s:f, s:s?, s:s*, s:s*}", "build_ms", s->build_ms, "vpn", vpn,
				  "impairment", impairment, "uncontained", uncontained);

	return event_line(s->name, NULL, "lab-built", time_us, event);
}

char *report_event_lab_failed(const struct scenario_result *s, const char *error, gint64 time_us)
{
	return event_line(s->name, NULL, "lab-failed", time_us, json_pack("{s:s}", "error", error));
}

char *report_event_lab_state(const struct scenario_result *s, const netstate *state,
			     const char *error, gint64 time_us)
{
	return event_line(s->name, NULL, "lab-state", time_us,
			  json_pack("{s:o?, s:s?}", "state", state ? netstate_to_json(state) : NULL,
				    "error", error));
}

char *report_event_cell_started(const struct cell *c, gint64 time_us)
{
	return event_line(c->scenario, NULL, "cell-started", time_us,
			  json_pack("{s:s}", "id", c->id));
}

char *report_event_cell_finished(const struct cell *c, gint64 time_us)
{
	return event_line(c->scenario, NULL, "cell-finished", time_us,
			  json_pack("{s:o}", "cell", report_cell_json(c)));
}

char *report_event_run_finished(const results *r, gint64 time_us)
{
	return event_line(NULL, NULL, "run-finished", time_us,
			  json_pack("{s:b, s:f, s:f, s:s?}", "complete", r->complete, "wall_ms",
				    r->wall_ms, "build_ms", r->build_ms, "at_once",
				    g_hash_table_lookup(r->features, "at_once")));
}

/* --- line by line ----------------------------------------------------------------------------- */

/* What is wrong with those members of an event that every reader uses, static; NULL: nothing. */
static const char *wrong_member(const json_t *event)
{
	static const char *const times[] = {"time_us", "wall_us"};
	const json_t *agent = json_object_get(event, "agent"),
		     *scenario = json_object_get(event, "scenario");

	if (!json_is_string(json_object_get(event, "event")))
		return "'event' is no text";
	if (agent && !json_is_null(agent) && !json_is_string(agent))
		return "'agent' is no text";
	if (scenario && !json_is_null(scenario) && !json_is_string(scenario))
		return "'scenario' is no text";
	for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
		const json_t *time = json_object_get(event, times[i]);

		if (time && (!json_is_integer(time) || json_integer_value(time) < 0 ||
			     json_integer_value(time) > EVENT_TIME_MAX_US))
			return "its time is no number of microseconds";
	}
	return NULL;
}

void report_each_event(const struct event_text *t, const char *containing, report_event_func func,
		       gpointer user_data, diags *d)
{
	struct loc loc = {.file = g_intern_string(t->path), .line = 0};
	gsize passed = 0;

	for (const char *at = t->bytes, *end; at < t->bytes + t->length; at = end + 1) {
		const char *wrong = NULL;
		json_error_t error = {.column = 1};
		json_t *event = NULL;

		loc.line++;
		end = memchr(at, '\n', t->length - (gsize)(at - t->bytes));
		if (!end)
			return; /* cut off while it was written */
		if (containing && !memmem(at, (gsize)(end - at), containing, strlen(containing)))
			continue;
		passed += (gsize)(end - at);
		if (t->bytes_max > 0 && passed > t->bytes_max)
			return;
		if ((gsize)(end - at) > EVENT_LINE_MAX)
			wrong = "it has more than 16 MiB";
		else
			event = json_loadb(at, (size_t)(end - at), 0, &error);
		loc.col = event ? 1 : MAX(error.column, 1);
		if (!wrong)
			wrong = event ? wrong_member(event) : error.text;
		if (!wrong)
			func(event, loc, user_data);
		else if (d && diags_count(d) < SKIP_WARNINGS_MAX)
			diags_add(d, DIAG_WARNING, loc, NULL, "skipped, for it is no event: %s",
				  wrong);
		json_decref(event);
	}
}

bool report_is_run_event(const json_t *event, const char *name)
{
	return json_is_null(json_object_get(event, "agent")) && member_is(event, "event", name);
}

/* --- replay ----------------------------------------------------------------------------------- */

/* One report_replay at work. */
struct replay {
	results *r;	 /* NULL: no run has started yet */
	gint64 first_us; /* time of the first event */
	struct loc loc;	 /* the line that is read */
	diags *d;
};

/* The scenario of that name, borrowed; NULL: none, or no name. */
static struct scenario_result *scenario_named(const results *r, const char *name)
{
	for (guint i = 0; name && i < r->scenarios->len; i++) {
		struct scenario_result *s = r->scenarios->pdata[i];

		if (g_str_equal(s->name, name))
			return s;
	}
	return NULL;
}

/* Sets a feature of the run from the event's member of that name, if it is there. */
static void set_feature(results *r, const json_t *event, const char *name)
{
	const char *value = member_text(event, name);

	if (value)
		g_hash_table_replace(r->features, g_strdup(name), g_strdup(value));
}

/* Makes the results, all cells not run; an error is noted and leaves p->r NULL.  Later ones are
 * ignored. */
static void replay_run_started(struct replay *p, struct scenario_result *s G_GNUC_UNUSED,
			       const json_t *event)
{
	g_autoptr(GError) error = NULL;

	if (p->r)
		return;
	p->r = report_results_parse(json_object_get(event, "results"), &error);
	if (p->r)
		p->r->complete = false;
	else
		diags_add(p->d, DIAG_ERROR, p->loc, FILE_HINT, "no run to report: %s",
			  error->message);
}

/* Earlier versions told the changes of --change in an event of their own. */
static void replay_run_changes(struct replay *p, struct scenario_result *s G_GNUC_UNUSED,
			       const json_t *event)
{
	g_strfreev(p->r->changes);
	p->r->changes = report_strv_parse(json_object_get(event, "changes"));
}

static void replay_lab_built(struct replay *p, struct scenario_result *s, const json_t *event)
{
	if (!s)
		return;
	s->build_ms = member_number(event, "build_ms");
	p->r->build_ms = MAX(p->r->build_ms, s->build_ms);
	set_feature(p->r, event, "vpn");
	set_feature(p->r, event, "impairment");
	set_feature(p->r, event, "uncontained");
}

static void replay_lab_failed(struct replay *p G_GNUC_UNUSED, struct scenario_result *s,
			      const json_t *event)
{
	if (!s)
		return;
	g_free(s->error);
	s->error = g_strdup(member_text(event, "error"));
}

/* Replaces the cell that has the same id; a cell that was not to run is ignored. */
static void replay_cell_finished(struct replay *p, struct scenario_result *s, const json_t *event)
{
	g_autoptr(GError) error = NULL;
	struct cell *c =
		s ? report_cell_parse(json_object_get(event, "cell"), s->name, &error) : NULL;

	if (error)
		diags_add(p->d, DIAG_WARNING, p->loc, NULL, "skipped, for it is no cell: %s",
			  error->message);
	for (guint i = 0; c && i < s->cells->len; i++) {
		struct cell *old = s->cells->pdata[i];

		if (!g_str_equal(old->id, c->id))
			continue;
		s->cells->pdata[i] = c;
		cell_free(old);
		return;
	}
	cell_free(c);
}

/* The run's own end: complete or interrupted, and its times. */
static void replay_run_finished(struct replay *p, struct scenario_result *s G_GNUC_UNUSED,
				const json_t *event)
{
	p->r->complete = member_true(event, "complete");
	p->r->wall_ms = member_number(event, "wall_ms");
	set_feature(p->r, event, "at_once");
}

static const struct replay_row {
	const char *event;
	void (*handle)(struct replay *p, struct scenario_result *s, const json_t *event);
} replay_rows[] = {
	{"run-started", replay_run_started},	 {"run-changes", replay_run_changes},
	{"lab-built", replay_lab_built},	 {"lab-failed", replay_lab_failed},
	{"cell-finished", replay_cell_finished}, {"run-finished", replay_run_finished},
};

/* Sets the wall time to that from the first event to this one, for runs that have no
 * run-finished. */
static void note_time(struct replay *p, const json_t *event)
{
	gint64 time_us = member_integer(event, "time_us");

	if (time_us <= 0)
		return;
	if (p->first_us == 0)
		p->first_us = time_us;
	p->r->wall_ms = (double)(time_us - p->first_us) / 1000.0;
}

/* Passes the run's own events to their rows; events of agents are ignored. */
static void replay_event(const json_t *event, struct loc loc, gpointer user_data)
{
	struct replay *p = user_data;
	const char *scenario = member_text(event, "scenario");

	p->loc = loc;
	if (p->r)
		note_time(p, event);
	/* An agent could use the same words; only the run itself is believed. */
	for (guint i = 0; i < G_N_ELEMENTS(replay_rows); i++) {
		if (report_is_run_event(event, replay_rows[i].event) && (p->r || i == 0))
			replay_rows[i].handle(p, p->r ? scenario_named(p->r, scenario) : NULL,
					      event);
	}
}

results *report_replay(const struct event_text *t, diags *d)
{
	struct replay p = {.d = d};

	report_each_event(t, NULL, replay_event, &p, d);
	if (!p.r && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR,
			  (struct loc){.file = g_intern_string(t->path), .line = 1, .col = 1},
			  FILE_HINT, "no run has started in these events (is it cut off?)");
	if (diags_errors(d) == 0)
		return p.r;
	results_free(p.r);
	return NULL;
}
