/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call: one call in a lab that is up, printed as `run call` prints it. */
#include "testbed/cmd/live_view.h"
#include "testbed/live/client.h"
#include "testbed/session/machine.h"
#include "testbed/report/hops.h"
#include "testbed/report/json.h"
#include "testbed/report/timeline.h"

#include <string.h>
#include <unistd.h>

/* A call that is placed. */
struct placing {
	GPtrArray *events; /* struct timeline_event */
	live_view *view;
};

/* Keeps an event line of the call, and shows it. */
static void keep_event(const json_t *line, gpointer user_data)
{
	const struct placing *p = user_data;
	const char *agent;
	bool again;
	json_t *event = live_view_event(p->view, line, &agent, &again);

	if (again)
		g_ptr_array_set_size(p->events, 0);
	if (event)
		g_ptr_array_add(p->events, timeline_event_new(agent, event));
}

/* A results document with this cell, which it takes over; the caller frees the text. */
static char *document_of(struct cell *c)
{
	g_autoptr(results) r = results_new();
	struct scenario_result *s = scenario_result_new(c->scenario, NULL);

	r->complete = true;
	r->version = g_strdup(TESTBED_VERSION);
	g_ptr_array_add(s->cells, c);
	g_ptr_array_add(r->scenarios, s);
	return report_results_text(r);
}

/* Prints the call as text or JSON; takes the cell over.  Returns the exit code. */
static int write_call(struct cell *c, const GPtrArray *events, const struct options *o)
{
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *document = NULL;
	int status = CMD_AS_EXPECTED;
	bool differs = !c->as_expected && !cell_mended(c);

	report_timeline(c, events, o->verbose, true, &style, text);
	document = document_of(c);
	if (o->json)
		status = cmd_write_json(o->json, document);
	if (g_strcmp0(o->json, "-") != 0 && status == CMD_AS_EXPECTED)
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

int cmd_call(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = NULL;
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(netstate) before = NULL;
	g_autoptr(live_view) view = live_view_new(o, true);
	struct placing placing = {events, view};
	json_auto_t *answer = NULL;
	struct cell *cell;
	guint media_ms;

	if (!cmd_media_ms(o, CELL_MEDIA_MS, &media_ms))
		return CMD_USAGE;
	c = live_connect(o->name, &error);
	before = c && o->verbose ? live_inspect(c, NULL, NULL) : NULL;
	progress_stage(view->progress, "calling");
	if (c)
		live_view_follow(view, c);
	if (c)
		answer = live_request(c,
				      json_pack("{s:s, s:s, s:s, s:s, s:i}", "do", "call", "a",
						o->arguments[0], "b", o->arguments[1], "media",
						o->media ? o->media : "audio", "media_ms",
						(int)media_ms),
				      keep_event, &placing, &error);
	live_view_end(view);
	cell = answer ? live_cell(answer, &error) : NULL;
	if (!cell)
		return cmd_failed(error);
	if (before)
		add_hops(c, before, cell);
	return write_call(cell, events, o);
}
