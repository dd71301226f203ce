/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What viewers ask for: a row of the table each.  What changes something, or calls, is done by the
 * keeper, one thing at a time for all viewers. */
#include "testbed/serve/serve_internal.h"

#include <math.h>
#include <string.h>

#define MEDIA_S_DEFAULT 3.0
#define MEDIA_S_MIN 0.8
#define MEDIA_S_MAX 60.0
#define CHANGES_MAX 64 /* of the page, on top of the scenario */
#define BUSY_TEXT_MAX 160

/* Who asked, and under which number. */
struct waiting_answer {
	const serve *serve;
	guint64 viewer;
	json_int_t id;
};

static void answer(const struct waiting_answer *to, const char *error)
{
	viewer *v = viewers_find(to->serve->viewers, to->viewer);

	if (v)
		viewer_tell(v, json_pack("{s:I, s:b, s:s?}", "answer", to->id, "ok", !error,
					 "error", error));
}

static struct waiting_answer *answer_later(const serve *s, const viewer *v, const json_t *message)
{
	struct waiting_answer *to = g_new0(struct waiting_answer, 1);

	to->serve = s;
	to->viewer = viewer_number(v);
	to->id = member_integer(message, "id");
	return to;
}

static void answer_now(const serve *s, const viewer *v, const json_t *message, const char *error)
{
	g_autofree struct waiting_answer *to = answer_later(s, v, message);

	answer(to, error);
}

void serve_answer_waiting(serve *s)
{
	struct waiting_answer *to;

	while ((to = g_queue_pop_head(&s->waiting))) {
		answer(to, NULL);
		g_free(to);
	}
}

/* --- calls ------------------------------------------------------------------------------------ */

/* An endpoint as the request names it, borrowed from the model; NULL: there is none. */
static const char *endpoint_of(const serve *s, const json_t *message, const char *key)
{
	const char *name = member_text(message, key);
	const struct node *n = name ? model_node(s->network->model, name) : NULL;

	return n && n->endpoint ? n->name : NULL;
}

/* The answer of a call that is being placed waits here until it is told of. */
static void on_call_told(shown_call *c G_GNUC_UNUSED, json_t *event, gpointer user_data)
{
	serve *s = user_data;
	bool begins = member_is(event, "event", "call-begins");

	viewers_tell(s->viewers, event);
	if (begins)
		serve_answer_waiting(s);
}

static gboolean free_call_later(gpointer call)
{
	shown_call_free(call);
	return G_SOURCE_REMOVE;
}

static void on_call_refused(shown_call *c, const char *error, gpointer user_data)
{
	serve *s = user_data;
	struct waiting_answer *to = g_queue_pop_head(&s->waiting);

	s->call = NULL;
	g_idle_add(free_call_later, c);
	if (to)
		answer(to, error);
	g_free(to);
	serve_set_busy(s, NULL);
}

static void on_call_over(shown_call *c, const netstate *state, gpointer user_data)
{
	serve *s = user_data;

	s->call = NULL;
	/* packets of the last one only are kept */
	for (GList *l = s->past.head; l; l = l->next)
		shown_call_forget(l->data);
	g_queue_push_tail(&s->past, c);
	if (s->past.length > PAST_CALLS_MAX)
		shown_call_free(g_queue_pop_head(&s->past));
	g_free(g_steal_pointer(&s->busy));
	if (state)
		serve_set_state(s, state);
	else
		serve_set_busy(s, NULL);
}

static const char *place_call(serve *s, const viewer *v, const json_t *message)
{
	static const struct shown_call_handlers handlers = {
		.tell = on_call_told, .refused = on_call_refused, .over = on_call_over};
	const char *medium = member_text(message, "media");
	double seconds = member_figure(message, "seconds");
	struct shown_call_job job = {.number = s->n_calls + 1,
				     .lab = s->lab,
				     .vpn = member_text(s->status, "vpn"),
				     .scenario = s->scenario,
				     .a = endpoint_of(s, message, "from"),
				     .b = endpoint_of(s, message, "to"),
				     .network = s->network,
				     .explains = s->explains,
				     .work = s->work,
				     .ask = s->ask};

	if (!job.a || !job.b || g_str_equal(job.a, job.b))
		return "a call has two ends, which are endpoints of the lab";
	if (!media_parse(medium ? medium : "audio", &job.media) || job.media > MEDIA_VIDEO)
		return "a call has one medium: im, audio or video";
	seconds = isnan(seconds) ? MEDIA_S_DEFAULT : CLAMP(seconds, MEDIA_S_MIN, MEDIA_S_MAX);
	job.media_ms = (guint)(seconds * 1000);
	s->n_calls++;
	g_queue_push_tail(&s->waiting, answer_later(s, v, message));
	serve_set_busy(s, g_strdup_printf("a call is placed: %s to %s", job.a, job.b));
	s->call = shown_call_new(&job, &handlers, s);
	return NULL;
}

static void on_hung_up(const json_t *done G_GNUC_UNUSED, const char *error, int fd G_GNUC_UNUSED,
		       gpointer user_data)
{
	struct waiting_answer *to = user_data;

	answer(to, error);
	g_free(to);
}

/* It ends as any call does, and is told then. */
static const char *hang_up(serve *s, const viewer *v, const json_t *message)
{
	json_t *request = s->call ? shown_call_hang_up(s->call) : NULL;

	if (!request)
		return "no call goes on";
	control_ask(s->ask, request, NULL, on_hung_up, answer_later(s, v, message));
	return NULL;
}

static const char *explain_last(serve *s, const viewer *v, const json_t *message)
{
	shown_call *last = g_queue_peek_tail(&s->past);

	if (!last)
		return "no call was placed yet";
	if (!shown_call_explain(last))
		return "why a call fails is for you to find out in this exercise";
	answer_now(s, v, message, NULL);
	return NULL;
}

/* --- fixes, on copies ------------------------------------------------------------------------- */

/* A fix that is being tried. */
struct tried_fix {
	serve *serve;
	guint call, fix;
};

static shown_call *past_call(const serve *s, json_int_t number)
{
	for (GList *l = s->past.head; l; l = l->next)
		if (shown_call_number(l->data) == number)
			return l->data;
	return NULL;
}

static void on_tried(const json_t *done, const char *error, int fd G_GNUC_UNUSED,
		     gpointer user_data)
{
	g_autofree struct tried_fix *t = user_data;
	struct waiting_answer *to = g_queue_pop_head(&t->serve->waiting);
	shown_call *c = past_call(t->serve, t->call);

	if (done && c)
		shown_call_tried(c, t->fix, json_object_get(done, "trial"));
	if (to)
		answer(to, error);
	g_free(to);
	serve_set_busy(t->serve, NULL);
}

/* Has the call placed on a copy of the lab as it was then, with that fix. */
static const char *try_fix(serve *s, const viewer *v, const json_t *message)
{
	shown_call *c = past_call(s, member_integer(message, "call"));
	guint index = (guint)member_count(message, "fix");
	json_t *request = c && s->trials ? shown_call_trial(c, index) : NULL;
	struct tried_fix *t;

	if (!request)
		return "no such fix can be tried";
	t = g_new(struct tried_fix, 1);
	*t = (struct tried_fix){s, shown_call_number(c), index};
	g_queue_push_tail(&s->waiting, answer_later(s, v, message));
	serve_set_busy(s, g_strdup("a fix is tried on a copy of the lab"));
	control_ask(s->trials, request, NULL, on_tried, t);
	return NULL;
}

/* --- changes ---------------------------------------------------------------------------------- */

/* The keeper has made the change, and clients have signed in again, or it refused. */
static void on_change_done(const json_t *done, const char *error, int fd G_GNUC_UNUSED,
			   gpointer user_data)
{
	serve *s = user_data;
	struct waiting_answer *to = done ? NULL : g_queue_pop_head(&s->waiting);

	if (to)
		answer(to, error);
	g_free(to);
	if (done) {
		s->settling = true;
		serve_refresh(s);
	} else {
		serve_set_busy(s, NULL);
	}
}

/* Has the keeper do it; takes `request` and `busy` over. */
static void change(serve *s, const viewer *v, const json_t *message, json_t *request, char *busy)
{
	g_queue_push_tail(&s->waiting, answer_later(s, v, message));
	serve_set_busy(s, busy);
	control_ask(s->work, request, NULL, on_change_done, s);
}

/* Has the keeper make these changes on top, or in place of what was set.  NULL, or why not. */
static const char *make_changes(serve *s, const viewer *v, const json_t *message,
				const GPtrArray *texts, bool instead)
{
	guint there = instead ? 0 : s->network->changes->len - s->network->declared;
	json_t *list;
	GString *busy;

	if (texts->len + there > CHANGES_MAX)
		return "too many changes; take some back";
	if (lab_network_adds_programs(s->known, s->network, texts, instead))
		return "a program can't be named from the page: use 'testbed set'";
	list = json_array();
	busy = g_string_new("changing the network");
	ptr_array_foreach(const char, text, texts) {
		json_array_append_new(list, json_string(text));
		g_string_append_printf(busy, "%s%s", text == texts->pdata[0] ? ": " : "; ", text);
	}
	if (busy->len > BUSY_TEXT_MAX) {
		char *end = g_utf8_find_prev_char(busy->str, busy->str + BUSY_TEXT_MAX);

		g_string_truncate(busy, end ? (gsize)(end - busy->str) : 0);
		g_string_append(busy, "...");
	}
	change(s, v, message,
	       json_pack("{s:s, s:o, s:b}", "do", "set", "changes", list, "instead", (int)instead),
	       g_string_free(busy, FALSE));
	return NULL;
}

static const char *set_changes(serve *s, const viewer *v, const json_t *message)
{
	const json_t *list = json_object_get(message, "changes");
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (!text)
			return "changes are texts";
		g_ptr_array_add(texts, g_strstrip(g_strdup(text)));
	}
	return texts->len > 0 ? make_changes(s, v, message, texts, false) : "no change is given";
}

static const char *unset_change(serve *s, const viewer *v, const json_t *message)
{
	const char *unwanted = member_text(message, "change");
	const GPtrArray *now = s->network->changes;
	g_autoptr(GPtrArray) texts = g_ptr_array_new();
	bool found = false;

	for (guint i = now->len; i > s->network->declared; i--) {
		bool is_it = !found && g_strcmp0(now->pdata[i - 1], unwanted) == 0;

		found = found || is_it;
		if (!is_it)
			g_ptr_array_insert(texts, 0, now->pdata[i - 1]);
	}
	return found ? make_changes(s, v, message, texts, true) :
		       "that was not set here, so it can't be taken back";
}

static const char *go_to_scenario(serve *s, const viewer *v, const json_t *message)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) way =
		lab_network_way_to(s->known, member_text(message, "name"), &error);

	if (way)
		return make_changes(s, v, message, way, true);
	answer_now(s, v, message, error->message);
	return NULL;
}

static const char *reset_network(serve *s, const viewer *v, const json_t *message)
{
	change(s, v, message, json_pack("{s:s}", "do", "reset"), g_strdup("resetting the network"));
	return NULL;
}

static const char *reboot_node(serve *s, const viewer *v, const json_t *message)
{
	const char *name = member_text(message, "node");

	if (!name || !model_node(s->network->model, name))
		return "no such node";
	change(s, v, message, json_pack("{s:s, s:s}", "do", "reboot", "node", name),
	       g_strdup_printf("%s starts again", name));
	return NULL;
}

/* --- the table -------------------------------------------------------------------------------- */

/* Each returns NULL, and has answered or will; or why not, static. */
static const struct {
	const char *name;
	const char *(*serve)(serve *s, const viewer *v, const json_t *message);
	bool while_busy; /* also while something else is being done */
} requests[] = {
	{"call", place_call, false},	     {"hang-up", hang_up, true},
	{"explain", explain_last, false},    {"try", try_fix, false},
	{"set", set_changes, false},	     {"unset", unset_change, false},
	{"scenario", go_to_scenario, false}, {"reset", reset_network, false},
	{"reboot", reboot_node, false},
};

void serve_request(serve *s, viewer *v, const json_t *message)
{
	const char *error = "there is no such request";
	g_autofree char *busy = s->busy ? g_strdup_printf("busy: %s", s->busy) : NULL;

	if (s->read_only)
		error = "this page is for looking only";
	else
		for (guint i = 0; i < G_N_ELEMENTS(requests); i++)
			if (member_is(message, "do", requests[i].name)) {
				error = busy && !requests[i].while_busy ?
						busy :
						requests[i].serve(s, v, message);
				break;
			}
	if (error)
		answer_now(s, v, message, error);
}
