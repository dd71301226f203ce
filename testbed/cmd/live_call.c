/* call: one call on a lab that is up, told as `run call` tells it. */
#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"
#include "testbed/report/hops.h"
#include "testbed/report/json.h"
#include "testbed/report/story.h"

#include <stdlib.h>
#include <unistd.h>

static void story_event_destroy(gpointer event)
{
	story_event_free(event);
}

static void keep_event(const json_t *line, gpointer user_data)
{
	const char *agent = json_string_value(json_object_get(line, "agent"));
	json_t *event = json_object_get(line, "event");

	if (agent && event)
		g_ptr_array_add(user_data, story_event_new(agent, event));
}

/* Puts `hops` into the one cell of a document; the document again. */
static char *add_hops(char *document, json_t *hops)
{
	json_t *o = json_loads(document, 0, NULL);
	json_t *scenario = json_array_get(json_object_get(o, "scenarios"), 0);
	json_t *cell = json_array_get(json_object_get(scenario, "cells"), 0);
	char *dump, *result;

	json_object_update(cell, hops);
	dump = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	result = g_strconcat(dump, "\n", NULL);
	free(dump);
	json_decref(o);
	g_free(document);
	return result;
}

/* One cell as a document of results; steals nothing.  `hops` may be NULL. */
static char *document_of(const json_t *cell_json, const char *scenario, json_t *hops)
{
	char *document;

	g_autoptr(results) r = results_new();
	struct scenario_result *s = scenario_result_new(scenario, NULL);

	r->complete = true;
	r->version = g_strdup(TESTBED_VERSION);
	g_ptr_array_add(s->cells, report_cell_parse(cell_json, scenario));
	g_ptr_array_add(r->scenarios, s);
	document = report_results_text(r);
	return hops ? add_hops(document, hops) : document;
}

static int tell(const json_t *cell_json, const GPtrArray *story, json_t *hops, const struct options *o)
{
	const char *id = json_string_value(json_object_get(cell_json, "id"));
	g_autofree char *scenario = g_strndup(id, strcspn(id, "/"));
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) text = g_string_new(NULL);
	struct cell *c = report_cell_parse(cell_json, scenario);
	int status = CMD_AS_EXPECTED;
	bool differs = !c->as_expected;

	report_story(c, story, o->verbose, &style, text);
	if (hops)
		report_hops_text(hops, text);
	cell_free(c);
	if (o->json) {
		g_autofree char *document = document_of(cell_json, scenario, hops);

		status = cmd_write_json(o->json, document);
	}
	if (g_strcmp0(o->json, "-") != 0 && status == CMD_AS_EXPECTED)
		status = cmd_print(text->str, (gssize)text->len);
	return status != CMD_AS_EXPECTED ? status : differs ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

static json_t *ask(live_client *c, const char *what)
{
	return live_request(c, json_pack("{s:s}", "do", what), NULL, NULL, NULL);
}

/* What the call cost on the wire; NULL: not known, because the topology can't be read any more. */
static json_t *hops_of(live_client *c, const json_t *before, const json_t *answer)
{
	const json_t *quality = json_object_get(json_object_get(answer, "cell"), "quality");
	json_t *status = ask(c, "status"), *after = ask(c, "inspect");
	g_autoptr(model) m = status && after ? cmd_live_model(status) : NULL;
	json_t *hops = NULL;

	if (m)
		hops = report_hops(m, json_object_get(before, "nodes"), json_object_get(after, "nodes"),
				   (guint64)json_integer_value(json_object_get(quality, "sent")));
	json_decref(status);
	json_decref(after);
	return hops;
}

int cmd_call(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = live_connect(o->name, &error);
	g_autoptr(GPtrArray) story = g_ptr_array_new_with_free_func(story_event_destroy);
	json_t *answer = NULL, *before = c && o->verbose ? ask(c, "inspect") : NULL, *hops = NULL;
	int status;

	if (c)
		answer = live_request(c,
				      json_pack("{s:s, s:s, s:s, s:s}", "do", "call", "a", o->arguments[0], "b", o->arguments[1],
						"media", o->media ? o->media : "audio"),
				      keep_event, story, &error);
	if (!answer) {
		json_decref(before);
		cmd_error("%s", error->message);
		return cmd_exit_of(error);
	}
	hops = before ? hops_of(c, before, answer) : NULL;
	status = tell(json_object_get(answer, "cell"), story, hops, o);
	json_decref(hops);
	json_decref(before);
	json_decref(answer);
	return status;
}
