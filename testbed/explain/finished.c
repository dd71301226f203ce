/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/finished.h"

#include "common/base/files.h"
#include "testbed/model/change_text.h"
#include "testbed/netstate/netstate_json.h"
#include "testbed/session/machine.h"
#include "testbed/report/events.h"

#include <string.h>
#include <unistd.h>

#define EVENTS_BYTES_MAX (1024u * 1024u * 1024u) /* a matrix of 268 cells has 7 MB */
#define TOLD_BYTES_MAX (256u * 1024u * 1024u)	 /* of one scenario's events */
#define AFTER_US 500000 /* what servers say of a call may come after its end */

/* --- the run ---------------------------------------------------------------------------------- */

static gint64 time_of(const json_t *event)
{
	return member_integer(event, "time_us");
}

static void on_start(const json_t *event, struct loc loc, gpointer user_data)
{
	finished *f = user_data;

	if (f->start.line > 0 || !report_is_run_event(event, "run-started"))
		return;
	f->start = loc;
	f->started_us = member_integer(event, "wall_us");
	f->clock_offset_us = f->started_us - time_of(event);
}

static const struct object_shape finished_shape =
	OBJECT_SHAPE(finished, NULL, OWNS(finished, results, results_free),
		     OWNS(finished, told, g_ptr_array_unref),
		     OWNS(finished, run, g_ptr_array_unref), OWNS(finished, state, netstate_unref),
		     OWNS(finished, packets, journeys_unref), OWNS_TEXT(finished, scenario),
		     OWNS_TEXT(finished, bytes), OWNS_TEXT(finished, path),
		     OWNS_TEXT(finished, dir));

/* Opens the folder and reads events.jsonl; false with a finding. */
static bool read_events(finished *f, const char *dir, diags *d)
{
	struct loc loc = {.file = g_intern_string(f->path)};
	g_autoptr(GError) why = NULL;
	int fd;

	fd = files_open_below(dir, "events.jsonl", &why);
	if (fd >= 0) {
		f->bytes = files_read(fd, EVENTS_BYTES_MAX, &f->events.length, &why);
		close(fd);
	}
	if (!f->bytes)
		return diags_add(d, DIAG_ERROR, loc, "a run writes it with --out DIR",
				 "'%s' is no run folder: %s", dir, why->message);
	f->events.bytes = f->bytes;
	f->events.path = f->path;
	return true;
}

finished *finished_open(const char *dir, diags *d)
{
	g_autoptr(finished) f = object_new(&finished_shape);
	g_autoptr(diags) unheard = diags_new();

	d = d ? d : unheard;
	f->dir = g_canonicalize_filename(dir, NULL);
	f->path = g_build_filename(dir, "events.jsonl", NULL);
	if (!read_events(f, dir, d))
		return NULL;
	f->results = report_replay(&f->events, d);
	if (!f->results)
		return NULL;
	report_each_event(&f->events, "\"run-started\"", on_start, f, NULL);
	return g_steal_pointer(&f);
}

bool finished_is_of(const finished *f, const model *base, char *const *changes)
{
	g_auto(GStrv) given = model_change_lines(changes),
		      made = model_change_lines(f->results->changes);

	return g_strcmp0(f->results->topology_sha256, base->sha256) == 0 &&
	       g_strv_equal((const char *const *)(gpointer)made,
			    (const char *const *)(gpointer)given);
}

const struct cell *finished_cell(const finished *f, const char *id)
{
	ptr_array_foreach(const struct scenario_result, s, f->results->scenarios) {
		ptr_array_foreach(const struct cell, c, s->cells)
			if (g_str_equal(c->id, id))
				return c;
	}
	return NULL;
}

char *finished_near(const finished *f, const char *id)
{
	const matrix_selection all = {.results = f->results};
	g_auto(GStrv) near = explain_near_ids(&all, id, 3);

	return near[0] ? g_strjoinv(", ", near) : NULL;
}

/* --- one cell --------------------------------------------------------------------------------- */

struct reading {
	const struct cell *cell;
	char *call; /* the id of its call */
	struct recorded *to;
	gint64 start_us, end_us; /* 0: not recorded */
	const json_t *state;	 /* the nearest to the call's end; NULL: none */
	gint64 state_us;
};

static void on_time(const json_t *event, struct reading *r)
{
	if (report_is_run_event(event, "cell-started") && member_is(event, "id", r->cell->id))
		r->start_us = time_of(event);
	/* the first one: the cause may be told by another */
	if (r->end_us == 0 && report_is_run_event(event, "cell-finished") &&
	    member_is(json_object_get(event, "cell"), "id", r->cell->id))
		r->end_us = time_of(event);
}

/* A participant's leg of a conference is LEG/CALL. */
static bool is_call_of(const struct reading *r, const char *call)
{
	const char *leg = strchr(call, '/');

	return g_str_has_prefix(call, r->call) || (leg && g_str_has_prefix(leg + 1, r->call));
}

static bool is_participant(const struct cell *c, const char *agent)
{
	return g_ptr_array_find_with_equal_func(c->participants, agent, g_str_equal, NULL);
}

/* What servers say about one call without naming it: only while this one went on. */
static bool is_of_some_call(const char *name)
{
	static const char *const names[] = {EVENT_ALLOCATION,  EVENT_ALLOCATION_END,
					    EVENT_AUTH_FAILED, EVENT_DENIED,
					    EVENT_SEND_ERROR,  EVENT_SESSION};

	for (guint i = 0; name && i < G_N_ELEMENTS(names); i++) {
		if (g_str_equal(name, names[i]))
			return true;
	}
	return false;
}

static bool belongs(const struct reading *r, const char *agent, const json_t *event)
{
	const char *call = member_text(event, "call"), *name;
	gint64 now_us;

	if (call && !is_call_of(r, call))
		return false;
	now_us = time_of(event);
	name = member_text(event, "event");
	if (g_strcmp0(name, "command") == 0)
		return false;
	if (r->end_us != 0 && now_us > r->end_us + AFTER_US)
		return false;
	if (call)
		return true;
	if (is_of_some_call(name))
		return r->start_us != 0 && now_us >= r->start_us;
	return is_participant(r->cell, agent) || strchr(agent, '/') != NULL;
}

static void take_state(struct reading *r, const json_t *event)
{
	const json_t *state = json_object_get(event, "state");
	gint64 wanted_us = r->end_us != 0 ? r->end_us : time_of(event), now_us = time_of(event);

	if (!json_is_object(state) ||
	    (r->state && ABS(now_us - wanted_us) >= ABS(r->state_us - wanted_us)))
		return;
	r->state = state;
	r->state_us = now_us;
}

static void on_event(json_t *event, struct reading *r)
{
	const char *agent = member_text(event, "agent");

	if (belongs(r, agent, event))
		g_ptr_array_add(r->to->seen.heard, heard_ref(agent, event));
}

/* --- what is kept from cell to cell ----------------------------------------------------------- */

static void on_told(const json_t *event, struct loc loc G_GNUC_UNUSED, gpointer user_data)
{
	finished *f = user_data;

	if (member_is(event, "scenario", f->scenario))
		g_ptr_array_add(member_text(event, "agent") ? f->told : f->run,
				json_incref((json_t *)(guintptr)event));
}

static void read_packets(finished *f, netstate *state)
{
	g_autofree char *name = g_strconcat(f->scenario, ".pcapng", NULL);
	g_autofree char *path = g_build_filename("evidence", g_strdelimit(name, "/", '_'), NULL);
	struct observation seen = {.state = state};
	int fd = files_open_below(f->dir, path, NULL);

	if (fd < 0)
		return;
	observation_read_packets(&seen, fd);
	f->packets = seen.packets;
	close(fd);
}

/* The last state that was read of the scenario: it counts what the whole capture lost. */
static netstate *last_state(const finished *f)
{
	for (guint i = f->run->len; i-- > 0;) {
		if (report_is_run_event(f->run->pdata[i], "lab-state"))
			return netstate_from_json(json_object_get(f->run->pdata[i], "state"));
	}
	return NULL;
}

static void read_scenario(finished *f, const char *scenario)
{
	g_autofree char *quoted = g_strdup_printf("\"%s\"", scenario);
	g_autoptr(netstate) last = NULL;
	struct event_text bounded = f->events;

	if (g_strcmp0(f->scenario, scenario) == 0)
		return;
	g_clear_pointer(&f->told, g_ptr_array_unref);
	g_clear_pointer(&f->run, g_ptr_array_unref);
	g_clear_pointer(&f->state, netstate_unref);
	f->state_json = NULL;
	g_clear_pointer(&f->packets, journeys_unref);
	g_free(f->scenario);
	f->scenario = g_strdup(scenario);
	f->told = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	f->run = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	bounded.bytes_max = TOLD_BYTES_MAX;
	report_each_event(&bounded, quoted, on_told, f, NULL);
	last = last_state(f);
	read_packets(f, last);
}

netstate *finished_state(finished *f, const char *scenario)
{
	read_scenario(f, scenario);
	return last_state(f);
}

static void miss(struct recorded *to, const char *what)
{
	g_ptr_array_add(to->missing, g_strdup(what));
}

/* The state that the event tells (NULL: none), for the caller to unref: cells have few different
 * ones. */
static netstate *state_of(finished *f, const json_t *json)
{
	if (f->state_json != json) {
		netstate_unref(f->state);
		f->state = netstate_from_json(json);
		f->state_json = json;
	}
	return netstate_ref(f->state);
}

void finished_read(finished *f, const char *id, struct recorded *ret)
{
	struct reading r = {.cell = finished_cell(f, id), .to = ret};

	*ret = (struct recorded){
		.run_id = g_strdup(f->results->run_id), .dir = g_strdup(f->dir), .cell = r.cell};
	observation_init(&ret->seen);
	ret->missing = g_ptr_array_new_with_free_func(g_free);
	r.call = cell_call_id(r.cell, f->results->run_id);
	read_scenario(f, r.cell->scenario);
	ret->seen.clock_offset_us = f->clock_offset_us;
	for (guint i = 0; i < f->run->len; i++)
		on_time(f->run->pdata[i], &r);
	for (guint i = 0; i < f->run->len; i++)
		if (report_is_run_event(f->run->pdata[i], "lab-state"))
			take_state(&r, f->run->pdata[i]);
	for (guint i = 0; i < f->told->len; i++)
		on_event(f->told->pdata[i], &r);
	ret->seen.state = state_of(f, r.state);
	ret->seen.packets = f->packets ? journeys_ref(f->packets) : NULL;
	ret->seen.start_us = r.start_us;
	ret->seen.end_us = r.end_us;
	if (r.start_us == 0 && r.end_us == 0)
		miss(ret, "the call's start");
	if (r.end_us == 0)
		miss(ret, "the call's end");
	if (!ret->seen.state)
		miss(ret, "the state of the kernels");
	if (!ret->seen.packets)
		miss(ret, "the packets");
	g_free(r.call);
}
