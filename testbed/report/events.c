/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/events.h"

#include "testbed/netstate/netstate_json.h"

#include <stdlib.h>
#include <string.h>

/* One line; takes over `fields`. */
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
			  json_pack("{s:I, s:o}", "wall_us", (json_int_t)g_get_real_time(),
				    "results", report_results_json(r, true)));
}

char *report_event_run_changes(const char *const *changes, gint64 time_us)
{
	json_t *list = json_array();

	for (; *changes; changes++)
		json_array_append_new(list, json_string(*changes));
	return event_line(NULL, NULL, "run-changes", time_us, json_pack("{s:o}", "changes", list));
}

char *report_event_lab_built(const struct scenario_result *s, const char *vpn,
			     const char *impairment, gint64 time_us)
{
	json_t *event = json_pack("{s:f, s:s?}", "build_ms", s->build_ms, "vpn", vpn);

	if (impairment)
		json_object_set_new(event, "impairment", json_string(impairment));
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

/* --- replay ----------------------------------------------------------------------------------- */

static struct scenario_result *scenario_named(const results *r, const char *name)
{
	for (guint i = 0; name && i < r->scenarios->len; i++) {
		struct scenario_result *s = r->scenarios->pdata[i];

		if (g_str_equal(s->name, name))
			return s;
	}
	return NULL;
}

static void set_feature(results *r, const json_t *event, const char *name)
{
	const char *value = json_string_value(json_object_get(event, name));

	if (value)
		g_hash_table_replace(r->features, g_strdup(name), g_strdup(value));
}

static void replay_lab_built(results *r, struct scenario_result *s, const json_t *event)
{
	if (!s)
		return;
	s->build_ms = json_number_value(json_object_get(event, "build_ms"));
	r->build_ms = MAX(r->build_ms, s->build_ms);
	set_feature(r, event, "vpn");
	set_feature(r, event, "impairment");
}

static void replay_lab_failed(results *r G_GNUC_UNUSED, struct scenario_result *s,
			      const json_t *event)
{
	if (!s)
		return;
	g_free(s->error);
	s->error = g_strdup(json_string_value(json_object_get(event, "error")));
}

static void replay_cell_finished(results *r G_GNUC_UNUSED, struct scenario_result *s,
				 const json_t *event)
{
	struct cell *c = s ? report_cell_parse(json_object_get(event, "cell"), s->name) : NULL;

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

static void replay_run_finished(results *r, struct scenario_result *s G_GNUC_UNUSED,
				const json_t *event)
{
	r->complete = json_is_true(json_object_get(event, "complete"));
	r->wall_ms = json_number_value(json_object_get(event, "wall_ms"));
	set_feature(r, event, "at_once");
}

static const struct replay_row {
	const char *event;
	void (*handle)(results *r, struct scenario_result *s, const json_t *event);
} replay_rows[] = {
	{"lab-built", replay_lab_built},
	{"lab-failed", replay_lab_failed},
	{"cell-finished", replay_cell_finished},
	{"run-finished", replay_run_finished},
};

static void replay_event(results *r, const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));

	/* Ignores events of agents, which could have the same names. */
	if (!name || !json_is_null(json_object_get(event, "agent")))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(replay_rows); i++) {
		if (g_str_equal(name, replay_rows[i].event))
			replay_rows[i].handle(r,
					      scenario_named(r, json_string_value(json_object_get(
									event, "scenario"))),
					      event);
	}
}

/* The wall time of an interrupted run: from its first to its last event. */
static void note_time(results *r, const json_t *event, gint64 *first_us)
{
	gint64 time_us = json_integer_value(json_object_get(event, "time_us"));

	if (time_us <= 0)
		return;
	if (*first_us == 0)
		*first_us = time_us;
	r->wall_ms = (double)(time_us - *first_us) / 1000.0;
}

results *report_replay(const char *events, gsize length, GError **error)
{
	g_autoptr(results) r = NULL;
	gint64 first_us = 0;

	for (const char *at = events, *end; at < events + length; at = end + 1) {
		json_t *event;

		end = memchr(at, '\n', length - (gsize)(at - events));
		if (!end)
			break; /* cut off while it was written */
		event = json_loadb(at, (size_t)(end - at), 0, NULL);
		if (r) {
			note_time(r, event, &first_us);
			replay_event(r, event);
		} else if (g_strcmp0(json_string_value(json_object_get(event, "event")),
				     "run-started") == 0) {
			r = report_results_parse(json_object_get(event, "results"), error);
			if (!r) {
				json_decref(event);
				return NULL;
			}
			note_time(r, event, &first_us);
			r->complete = false;
		}
		json_decref(event);
	}
	if (!r)
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "no run has started in these events");
	return g_steal_pointer(&r);
}
