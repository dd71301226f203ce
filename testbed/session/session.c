/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/session_internal.h"

#define WITNESS_KEPT_US (120 * G_USEC_PER_SEC) /* longer than any cell lasts */

/* --- what the machine did ------------------------------------------------------------------ */

/* Only what a cell that still runs may be excused by is kept. */
static void keep_witness(session *s, const struct witness *w)
{
	while (s->witnesses->len > 0 &&
	       ((const struct witness *)s->witnesses->pdata[0])->to_us < w->to_us - WITNESS_KEPT_US)
		g_ptr_array_remove_index(s->witnesses, 0);
	witness_note(s->witnesses, w);
}

static void on_witness(lab *l G_GNUC_UNUSED, const struct witness *w, gpointer user_data)
{
	keep_witness(user_data, w);
}

static void on_starved(lab *l G_GNUC_UNUSED, double share, gpointer user_data)
{
	session *s = user_data;

	if (s->callbacks.starved)
		s->callbacks.starved(s, share, s->user_data);
}

void session_distrust(const session *s, struct cell *c)
{
	GHashTableIter iter;
	gpointer name, how;
	g_autofree char *reason = NULL;

	g_hash_table_iter_init(&iter, s->dead);
	if (c->verdict == VERDICT_PASS || !g_hash_table_iter_next(&iter, &name, &how) ||
	    (c->reason && g_str_has_prefix(c->reason, how)))
		return;
	reason = g_strdup_printf("%s; %s", (const char *)how, c->reason ? c->reason : "");
	cell_finish(c, VERDICT_ERROR, reason);
}

GList *session_dead(const session *s)
{
	return g_list_sort(g_hash_table_get_values(s->dead), (GCompareFunc)strcmp);
}

/* An agent's loop says that it was late. */
static void hear_late(session *s, const char *agent, const json_t *event)
{
	gint64 to_us = json_integer_value(json_object_get(event, "time_us")),
	       late_ms = json_integer_value(json_object_get(event, "late_ms"));
	struct witness *w = witness_new(WITNESS_LATE, agent, (guint64)MAX(late_ms, 0),
					to_us - late_ms * 1000, to_us);

	keep_witness(s, w);
	witness_free(w);
}

const GPtrArray *session_witnesses(const session *s)
{
	return s->witnesses;
}

/* --- the lab's callbacks ---------------------------------------------------------------------- */

static void on_built(lab *l G_GNUC_UNUSED, const struct lab_build *build, gpointer user_data)
{
	session *s = user_data;

	s->built = true;
	if (s->callbacks.built)
		s->callbacks.built(s, build, s->user_data);
}

static void on_event(lab *l G_GNUC_UNUSED, const char *agent, json_t *event, gpointer user_data)
{
	session *s = user_data;
	const char *id = member_text(event, "call");
	struct placed_call *call = id ? g_hash_table_lookup(s->by_id, id) : NULL;

	if (s->callbacks.event)
		s->callbacks.event(s, (const struct session_call *)call, agent, event,
				   s->user_data);
	if (g_strcmp0(member_text(event, "event"), EVENT_LATE) == 0)
		hear_late(s, agent, event);
	if (call)
		calls_event(call, agent, event);
	else
		clients_event(s, agent, event);
}

static void on_agent_died(lab *l G_GNUC_UNUSED, const char *agent, enum reason code,
			  const char *how, gpointer user_data)
{
	session *s = user_data;
	g_autofree char *why = g_strdup_printf("agent %s died: %s", agent, how);
	json_t *event = json_pack("{s:s, s:I, s:s?, s:s}", "event", EVENT_AGENT_DIED, "time_us",
				  (json_int_t)g_get_monotonic_time(), "code", reason_code(code),
				  "how", how);

	if (s->callbacks.event)
		s->callbacks.event(s, NULL, agent, event, s->user_data);
	json_decref(event);
	if (s->callbacks.agent_died)
		s->callbacks.agent_died(s, agent, how, s->user_data);
	if (clients_died(s, agent, why)) {
		calls_abort_of(s, agent, why);
		return;
	}
	g_hash_table_insert(s->dead, g_strdup(agent), g_strdup(why));
	calls_abort_of(s, NULL, why);
}

static void on_failed(lab *l G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	session *s = user_data;

	s->gone = g_error_copy(error);
	if (s->callbacks.failed)
		s->callbacks.failed(s, error, s->user_data);
	session_quit(s);
}

/* --- its life --------------------------------------------------------------------------------- */

session *session_start(const struct session_job *job, const struct session_callbacks *callbacks,
		       gpointer user_data, GError **error)
{
	static const struct lab_callbacks lab_callbacks = {.built = on_built,
							   .event = on_event,
							   .agent_died = on_agent_died,
							   .witness = on_witness,
							   .starved = on_starved,
							   .failed = on_failed};
	g_autoptr(plan) p = plan_build(job->model);
	g_autoptr(session) s = g_new0(session, 1);

	s->model = job->model;
	s->callbacks = *callbacks;
	s->user_data = user_data;
	s->keep_stories = job->keep_stories;
	s->clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, client_free);
	g_queue_init(&s->waiting);
	s->witnesses = g_ptr_array_new_with_free_func(witness_free);
	s->dead = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	s->calls = g_ptr_array_new();
	s->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->lab = lab_start(job->model, p, &job->lab, &lab_callbacks, s, error);
	return s->lab ? g_steal_pointer(&s) : NULL;
}

void session_free(session *s)
{
	if (!s)
		return;
	lab_free(s->lab);
	g_ptr_array_foreach(s->calls, placed_call_free, NULL);
	g_ptr_array_unref(s->calls);
	g_ptr_array_unref(s->witnesses);
	g_hash_table_unref(s->dead);
	g_hash_table_unref(s->by_id);
	g_queue_clear(&s->waiting);
	g_hash_table_unref(s->clients);
	g_clear_error(&s->gone);
	g_free(s);
}

static void on_cancelled(GCancellable *cancel G_GNUC_UNUSED, gpointer user_data)
{
	session_quit(user_data);
}

gboolean session_run(session *s, GCancellable *cancel, GError **error)
{
	gulong handler =
		cancel ? g_cancellable_connect(cancel, G_CALLBACK(on_cancelled), s, NULL) : 0;

	s->loop = g_main_loop_new(NULL, FALSE);
	if (!s->gone && !g_cancellable_is_cancelled(cancel))
		g_main_loop_run(s->loop);
	g_clear_pointer(&s->loop, g_main_loop_unref);
	g_cancellable_disconnect(cancel, handler);
	if (!s->gone)
		return TRUE;
	if (error)
		*error = g_error_copy(s->gone);
	return FALSE;
}

void session_quit(session *s)
{
	if (s->loop)
		g_main_loop_quit(s->loop);
}

bool session_is_built(const session *s)
{
	return s->built && !s->gone;
}

lab *session_lab(const session *s)
{
	return s->lab;
}

gboolean session_command(session *s, const char *agent, json_t *command, GError **error)
{
	gboolean sent = lab_command(s->lab, agent, command, error);

	if (sent && s->callbacks.command_sent)
		s->callbacks.command_sent(s, agent, command, s->user_data);
	json_decref(command);
	return sent;
}
