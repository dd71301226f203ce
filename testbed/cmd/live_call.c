/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call: one call in a lab that is up, printed as `run call` prints it. */
#include "testbed/cmd/live_view.h"
#include "testbed/cmd/watched_run.h"
#include "testbed/diagnose/diagnose.h"
#include "testbed/live/client.h"
#include "testbed/session/machine.h"
#include "testbed/report/hops.h"
#include "testbed/report/json.h"
#include "testbed/report/timeline.h"

#include <string.h>
#include <unistd.h>

/* A call that is placed. */
struct placed_call {
	GPtrArray *events; /* struct timeline_event */
	struct observation seen;
	live_view *view;
	struct cell *cell; /* NULL: it is not over */
};

/* Keeps an event line of the call, and shows it. */
static void keep_event(const json_t *line, gpointer user_data)
{
	struct placed_call *p = user_data;
	const char *agent;
	bool again;
	json_t *event = live_view_event(p->view, line, &agent, &again);

	if (again)
		g_ptr_array_set_size(p->events, 0);
	if (event)
		g_ptr_array_add(p->events, timeline_event_new(agent, event));
	observation_hear(&p->seen, line);
}

/* Sets features of the run that the lab's status tells. */
static void take_features(results *r, const json_t *status)
{
	static const char *const names[] = {"vpn", "impairment", "uncontained"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *value = member_text(status, names[i]);

		if (value)
			g_hash_table_replace(r->features, g_strdup(names[i]), g_strdup(value));
	}
}

/* What the lab's status says of the network: file, endpoints, the scenario's title.  `base` NULL:
 * its file can't be read any more. */
static void take_network(results *r, struct scenario_result *s, const json_t *status,
			 const model *base, const model *network)
{
	const json_t *topology = json_object_get(status, "topology");
	const struct scenario *sc = base ? model_scenario(base, s->name) : NULL;

	r->topology_name = g_strdup(member_text(topology, "name"));
	r->topology_file = g_strdup(member_text(topology, "file"));
	r->topology_sha256 = g_strdup(member_text(topology, "sha256"));
	s->title = sc ? g_strdup(sc->title) : NULL;
	if (network)
		results_add_endpoints(r, network);
}

/* Why the call failed, by what was heard of it and the kernels as they are now.  An exercise asks
 * for that. */
static void find_cause(live_client *c, struct placed_call *p, const json_t *status,
		       const model *network)
{
	g_autoptr(finding) f = NULL;

	if (!network || p->cell->verdict != VERDICT_FAIL || json_object_get(status, "exercise"))
		return;
	p->seen.state = live_inspect(c, NULL, NULL);
	f = p->seen.state ? diagnose_call(network, p->cell, &p->seen) : NULL;
	if (f && f->code != CAUSE_UNKNOWN)
		p->cell->cause = g_strdup(cause_name(f->code));
}

/* A results document with the call, as a run of one cell has it; its text is the caller's. */
static char *document_of(live_client *c, struct placed_call *p)
{
	json_auto_t *status = live_ask(c, "status", NULL);
	g_auto(GStrv) changes = report_strv_parse(json_object_get(status, "changes"));
	g_autoptr(results) r = results_new();
	struct scenario_result *s = scenario_result_new(p->cell->scenario, NULL);
	const struct scenario *sc;
	g_autoptr(model) base = status ? cmd_live_base(status, &sc) : NULL;
	g_autoptr(model) network = base ? cmd_scenario_model(base, sc) : NULL;
	char *text;

	watched_run_describe(r, changes);
	r->complete = true;
	r->seed = (guint64)member_integer(status, "seed");
	r->wall_ms = p->cell->duration_ms;
	r->build_ms = s->build_ms = member_number(status, "build_ms");
	take_features(r, status);
	take_network(r, s, status, base, network);
	find_cause(c, p, status, network);
	g_ptr_array_add(r->scenarios, s);
	g_ptr_array_add(s->cells, p->cell);
	text = report_results_text(r);
	g_ptr_array_steal_index(s->cells, 0);
	return text;
}

/* Prints the call as text or JSON.  Returns the exit code. */
static int write_call(live_client *c, struct placed_call *p, const struct options *o)
{
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *document = NULL;
	int status = CMD_AS_EXPECTED;
	bool differs = !p->cell->as_expected && !cell_mended(p->cell);

	report_timeline(p->cell, p->events, o->verbose, true, &style, text);
	if (o->json) {
		document = document_of(c, p);
		status = cmd_write_json(o->json, document);
	}
	if (!cmd_is_stdout(o->json) && status == CMD_AS_EXPECTED)
		status = cmd_print(text->str, (gssize)text->len);
	return status != CMD_AS_EXPECTED ? status : differs ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

/* Adds to the cell what the call sent over each interface; nothing when the topology can't be read
 * any more. */
static void add_hops(live_client *c, const netstate *before, struct cell *cell)
{
	json_auto_t *status = live_ask(c, "status", NULL);
	g_autoptr(netstate) after = live_inspect(c, NULL, NULL);
	g_autoptr(model) m = status && after ? cmd_live_model(status) : NULL;

	if (m)
		report_hops(cell, m, before, after);
}

/* Places the call that the options name; false with `error`. */
static bool place_call(live_client *c, struct placed_call *p, guint media_ms,
		       const struct options *o, GError **error)
{
	json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:i}", "do", "call", "a", o->arguments[0],
				    "b", o->arguments[1], "media", o->media ? o->media : "audio",
				    "media_ms", (int)media_ms);
	json_auto_t *answer = NULL;

	progress_stage(p->view->progress, "calling");
	live_view_follow(p->view, c);
	answer = live_request(c, request, keep_event, p, error);
	live_view_end(p->view);
	p->cell = answer ? live_cell(answer, error) : NULL;
	return p->cell;
}

int cmd_call(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(netstate) before = NULL;
	g_autoptr(live_view) view = live_view_new(o, true);
	struct placed_call placed = {.events = events, .view = view};
	guint media_ms;
	int status;

	if (!cmd_media_ms(o, CELL_MEDIA_MS, &media_ms))
		return CMD_USAGE;
	c = live_connect(o->name, &error);
	if (!c)
		return cmd_failed(error);
	before = o->verbose ? live_inspect(c, NULL, NULL) : NULL;
	observation_init(&placed.seen);
	if (place_call(c, &placed, media_ms, o, &error)) {
		if (before)
			add_hops(c, before, placed.cell);
		status = write_call(c, &placed, o);
	} else {
		status = cmd_failed(error);
	}
	cell_free(placed.cell);
	observation_clear(&placed.seen);
	return status;
}
