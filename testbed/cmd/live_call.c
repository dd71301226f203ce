/* call: one call on a lab that is up, told as `run call` tells it. */
#include "testbed/cmd/cmd.h"
#include "testbed/live/client.h"
#include "testbed/report/json.h"
#include "testbed/report/story.h"

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

/* One cell as a document of results; steals nothing. */
static char *document_of(const json_t *cell_json, const char *scenario)
{
	g_autoptr(results) r = results_new();
	struct scenario_result *s = scenario_result_new(scenario, NULL);

	r->complete = true;
	r->version = g_strdup(TESTBED_VERSION);
	g_ptr_array_add(s->cells, report_cell_parse(cell_json, scenario));
	g_ptr_array_add(r->scenarios, s);
	return report_results_text(r);
}

static int tell(const json_t *cell_json, const GPtrArray *story, const struct options *o)
{
	const char *id = json_string_value(json_object_get(cell_json, "id"));
	g_autofree char *scenario = g_strndup(id, strcspn(id, "/"));
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) text = g_string_new(NULL);
	struct cell *c = report_cell_parse(cell_json, scenario);
	int status = CMD_AS_EXPECTED;
	bool differs = !c->as_expected;

	report_story(c, story, o->verbose, &style, text);
	cell_free(c);
	if (o->json) {
		g_autofree char *document = document_of(cell_json, scenario);

		status = cmd_write_json(o->json, document);
	}
	if (g_strcmp0(o->json, "-") != 0 && status == CMD_AS_EXPECTED)
		status = cmd_print(text->str, (gssize)text->len);
	return status != CMD_AS_EXPECTED ? status : differs ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

int cmd_call(const struct options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(live_client) c = live_connect(o->name, &error);
	g_autoptr(GPtrArray) story = g_ptr_array_new_with_free_func(story_event_destroy);
	json_t *answer = NULL;
	int status;

	if (c)
		answer = live_request(c,
				      json_pack("{s:s, s:s, s:s, s:s}", "do", "call", "a", o->arguments[0], "b", o->arguments[1],
						"media", o->media ? o->media : "audio"),
				      keep_event, story, &error);
	if (!answer) {
		cmd_error("%s", error->message);
		return cmd_exit_of(error);
	}
	status = tell(json_object_get(answer, "cell"), story, o);
	json_decref(answer);
	return status;
}
