/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/serve.h"

#include "testbed/netstate/netstate_json.h"
#include "testbed/report/page.h"
#include "testbed/report/story_json.h"
#include "testbed/serve/serve_internal.h"

#include <string.h>

/* --- the page --------------------------------------------------------------------------------- */

static json_t *exercise_json(const serve *s)
{
	const json_t *exercise = json_object_get(s->status, "exercise");

	return exercise ? json_pack("{s:O*, s:O*, s:O*}", "name", json_object_get(exercise, "name"),
				    "title", json_object_get(exercise, "title"), "level",
				    json_object_get(exercise, "level")) :
			  NULL;
}

static char *page_text(gpointer user_data)
{
	const serve *s = user_data;
	json_auto_t *index = json_copy(s->network->index);
	g_autofree char *connect = g_strdup_printf("'self' %s", viewers_socket_origin(s->viewers));
	json_t *exercise = exercise_json(s);

	json_object_set_new(index, "live", json_true());
	json_object_set_new(index, "lab", json_string(s->lab));
	json_object_set_new(index, "read_only", json_boolean(s->read_only));
	json_object_set_new(index, "tries", json_boolean(s->trials && s->explains));
	json_object_set_new(index, "all_scenarios", lab_network_scenarios(s->known));
	if (s->lessons)
		json_object_set(index, "lessons", s->lessons);
	if (exercise)
		json_object_set_new(index, "exercise", exercise);
	return g_string_free(page_finish(page_new(), index, connect), FALSE);
}

/* --- the state -------------------------------------------------------------------------------- */

static json_t *changes_json(const serve *s)
{
	json_t *list = json_array();

	for (guint i = 0; i < s->network->changes->len; i++) {
		const char *text = s->network->changes->pdata[i];

		json_array_append_new(list, json_pack("{s:s, s:s?}", "text", text, "undo",
						      i < s->network->declared ? NULL : text));
	}
	return list;
}

static json_t *state_json(const serve *s)
{
	const json_t *scenario = json_array_get(json_object_get(s->network->index, "scenarios"), 0);

	return json_pack("{s:s, s:O, s:o, s:o, s:O, s:s?, s:s?}", "event", "state", "scenario",
			 scenario, "changes", changes_json(s), "nodes",
			 story_nodes_json(s->network->model, s->state), "endpoints",
			 json_object_get(s->status, "endpoints"), "as",
			 lab_network_scenario_of(s->known, s->network), "busy", s->busy);
}

static void refresh(serve *s);

static void on_refreshed(const json_t *done, const char *error G_GNUC_UNUSED, int fd G_GNUC_UNUSED,
			 gpointer user_data)
{
	serve *s = user_data;
	netstate *state = netstate_from_json(done);
	bool again = s->refresh_again;

	s->refreshing = false;
	if (state) {
		netstate_unref(s->state);
		s->state = state;
	}
	if (again) {
		refresh(s);
		return;
	}
	if (s->settling)
		g_free(g_steal_pointer(&s->busy));
	viewers_tell(s->viewers, state_json(s));
	if (s->settling)
		serve_answer_waiting(s);
	s->settling = false;
}

static void on_status(const json_t *done, const char *error G_GNUC_UNUSED, int fd G_GNUC_UNUSED,
		      gpointer user_data)
{
	serve *s = user_data;
	struct lab_network_state *now =
		done ? lab_network_by_status(s->known, done, s->network, NULL) : NULL;

	if (now) {
		lab_network_state_unref(s->network);
		s->network = now;
		json_decref(s->status);
		s->status = json_deep_copy(done);
	}
	control_ask(s->ask, json_pack("{s:s}", "do", "inspect"), NULL, on_refreshed, s);
}

/* Asks for the lab's state and tells everybody; once more when somebody asks meanwhile. */
static void refresh(serve *s)
{
	s->refresh_again = s->refreshing;
	if (s->refreshing)
		return;
	s->refreshing = true;
	control_ask(s->ask, json_pack("{s:s}", "do", "status"), NULL, on_status, s);
}

void serve_refresh(serve *s)
{
	refresh(s);
}

void serve_set_state(serve *s, const netstate *state)
{
	netstate_unref(s->state);
	s->state = netstate_ref(state);
	viewers_tell(s->viewers, state_json(s));
}

void serve_set_busy(serve *s, char *text)
{
	g_free(s->busy);
	s->busy = text;
	viewers_tell(s->viewers, json_pack("{s:s, s:s?}", "event", "busy", "busy", text));
}

/* --- viewers ---------------------------------------------------------------------------------- */

static void tell_call(viewer *v, const shown_call *c)
{
	json_auto_t *events = shown_call_events(c);
	json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
		viewer_tell(v, json_incref(event));
}

/* Earlier calls, the state, and the call that goes on. */
static void on_joined(viewer *v, gpointer user_data)
{
	const serve *s = user_data;

	for (const GList *l = s->past.head; l; l = l->next)
		tell_call(v, l->data);
	viewer_tell(v, state_json(s));
	if (s->call)
		tell_call(v, s->call);
}

static void on_asked(viewer *v, const json_t *message, gpointer user_data)
{
	serve_request(user_data, v, message);
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_all_left(gpointer user_data)
{
	serve *s = user_data;

	s->over(s->user_data);
}

void serve_end(serve *s)
{
	if (s->ending)
		return;
	s->ending = true;
	viewers_close(s->viewers, on_all_left);
}

static void on_gone(gpointer user_data)
{
	serve *s = user_data;
	g_autofree char *text = g_strdup_printf("lab '%s' is down", s->lab);

	if (s->ending)
		return;
	viewers_tell(s->viewers, json_pack("{s:s, s:s}", "event", "lab-down", "text", text));
	serve_end(s);
}

static void on_changed(gpointer user_data)
{
	refresh(user_data);
}

static void on_nothing(const json_t *done G_GNUC_UNUSED, const char *error G_GNUC_UNUSED,
		       int fd G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static void connect_controls(serve *s, const int *fds)
{
	static const struct control_handlers handlers = {.changed = on_changed, .gone = on_gone};

	s->work = control_new(fds[0], &handlers, s);
	s->ask = control_new(fds[1], &handlers, s);
	control_ask(s->ask, json_pack("{s:s}", "do", "follow"), NULL, on_nothing, NULL);
	refresh(s);
}

static void on_nobody_tries(gpointer user_data G_GNUC_UNUSED)
{
}

/* What is asked of it after its end is refused by control.c. */
static control *connect_trials(int fd)
{
	static const struct control_handlers handlers = {.changed = on_nobody_tries,
							 .gone = on_nobody_tries};

	return fd < 0 ? NULL : control_new(fd, &handlers, NULL);
}

serve *serve_new(const struct serve_job *job, void (*over)(gpointer user_data), gpointer user_data,
		 GError **error)
{
	static const struct viewers_handlers handlers = {
		.page = page_text, .joined = on_joined, .asked = on_asked};
	serve *s = g_new0(serve, 1);

	s->lab = g_strdup(member_text(job->status, "name"));
	s->scenario = job->network.scenario->name;
	s->read_only = job->read_only;
	s->explains = job->explains;
	s->lessons = job->lessons;
	s->over = over;
	s->user_data = user_data;
	g_queue_init(&s->past);
	s->known = lab_network_new(&job->network);
	s->status = json_deep_copy(job->status);
	connect_controls(s, job->control);
	s->trials = connect_trials(job->trials);
	s->network = lab_network_by_status(s->known, job->status, NULL, error);
	if (s->network)
		s->viewers = viewers_new(job->port, &handlers, s, error);
	if (s->viewers)
		return s;
	serve_free(s);
	return NULL;
}

static void past_free(gpointer call)
{
	shown_call_free(call);
}

void serve_free(serve *s)
{
	if (!s)
		return;
	viewers_free(s->viewers);
	control_free(s->work);
	control_free(s->ask);
	control_free(s->trials);
	shown_call_free(s->call);
	g_queue_clear_full(&s->past, past_free);
	g_queue_clear_full(&s->waiting, g_free);
	lab_network_state_unref(s->network);
	lab_network_free(s->known);
	netstate_unref(s->state);
	json_decref(s->status);
	json_decref(s->lessons);
	g_free(s->busy);
	g_free(s->lab);
	g_free(s);
}

const char *serve_url(const serve *s)
{
	return viewers_url(s->viewers);
}
