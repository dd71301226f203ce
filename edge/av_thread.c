/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/av_thread.h"

struct av_thread {
	const struct edge_config *config;
	edge_event_func event;
	gpointer user_data;
	GThread *thread;
	GMainContext *context; /* the thread's */
	GMainLoop *loop;       /* the thread's */
	av_edge *edge;	       /* of the thread alone; NULL: not started */
	GAsyncQueue *told;     /* struct event: from the thread to its maker */
	GSource *hand_on;      /* in the maker's context; ready when something was told */
};

struct event {
	char *name;
	json_t *fields;
};

/* What the maker has the thread do. */
struct errand {
	av_thread *thread;
	void (*run)(struct errand *e);
	json_t *fields;
	GError **error;
	GMutex lock;
	GCond ended;
	bool done;
};

/* --- events ----------------------------------------------------------------------------------- */

/* In the thread. */
static void on_event(const char *name, json_t *fields, gpointer user_data)
{
	av_thread *t = user_data;
	struct event *e = g_new(struct event, 1);

	json_object_set_new(fields, "time_us", json_integer((json_int_t)g_get_monotonic_time()));
	*e = (struct event){.name = g_strdup(name), .fields = fields};
	g_async_queue_push(t->told, e);
	g_source_set_ready_time(t->hand_on, 0);
}

static void hand_on_all(av_thread *t)
{
	struct event *e;

	while ((e = g_async_queue_try_pop(t->told))) {
		t->event(e->name, e->fields, t->user_data);
		g_free(e->name);
		g_free(e);
	}
}

static gboolean on_told(gpointer user_data)
{
	av_thread *t = user_data;

	/* before the queue is looked at: what comes in between wakes it again */
	g_source_set_ready_time(t->hand_on, -1);
	hand_on_all(t);
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source G_GNUC_UNUSED, GSourceFunc callback, gpointer user_data)
{
	return callback(user_data);
}

static GSource *hand_on_new(av_thread *t)
{
	static GSourceFuncs functions = {.dispatch = dispatch};
	GSource *source = g_source_new(&functions, sizeof(GSource));

	g_source_set_callback(source, on_told, t, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

/* --- errands ---------------------------------------------------------------------------------- */

static gboolean on_errand(gpointer user_data)
{
	struct errand *e = user_data;

	e->run(e);
	g_mutex_lock(&e->lock);
	e->done = true;
	g_cond_signal(&e->ended);
	g_mutex_unlock(&e->lock);
	return G_SOURCE_REMOVE;
}

/* Returns when the thread has done it. */
static void send_on(av_thread *t, void (*run)(struct errand *e), json_t *fields, GError **error)
{
	struct errand e = {.thread = t, .run = run, .fields = fields, .error = error};
	g_autoptr(GSource) source = g_idle_source_new();

	g_mutex_init(&e.lock);
	g_cond_init(&e.ended);
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_errand, &e, NULL);
	g_source_attach(source, t->context);
	g_mutex_lock(&e.lock);
	while (!e.done)
		g_cond_wait(&e.ended, &e.lock);
	g_mutex_unlock(&e.lock);
	g_cond_clear(&e.ended);
	g_mutex_clear(&e.lock);
}

static void start(struct errand *e)
{
	e->thread->edge = av_edge_new(e->thread->config, on_event, e->thread, e->error);
}

static void tell_stats(struct errand *e)
{
	av_edge_stats(e->thread->edge, e->fields);
}

static void stop(struct errand *e)
{
	av_edge_free(e->thread->edge);
	g_main_loop_quit(e->thread->loop);
}

/* --- life ------------------------------------------------------------------------------------- */

static gpointer run(gpointer user_data)
{
	av_thread *t = user_data;

	g_main_context_push_thread_default(t->context);
	g_main_loop_run(t->loop);
	g_main_context_pop_thread_default(t->context);
	return NULL;
}

av_thread *av_thread_new(const struct edge_config *config, edge_event_func event,
			 gpointer user_data, GError **error)
{
	av_thread *t = g_new0(av_thread, 1);

	t->config = config;
	t->event = event;
	t->user_data = user_data;
	t->told = g_async_queue_new();
	t->hand_on = hand_on_new(t);
	t->context = g_main_context_new();
	t->loop = g_main_loop_new(t->context, FALSE);
	t->thread = g_thread_new("av", run, t);
	send_on(t, start, NULL, error);
	if (t->edge) {
		hand_on_all(t);
		return t;
	}
	av_thread_free(t);
	return NULL;
}

void av_thread_free(av_thread *t)
{
	if (!t)
		return;
	send_on(t, stop, NULL, NULL);
	g_thread_join(t->thread);
	hand_on_all(t);
	g_source_destroy(t->hand_on);
	g_source_unref(t->hand_on);
	g_async_queue_unref(t->told);
	g_main_loop_unref(t->loop);
	g_main_context_unref(t->context);
	g_free(t);
}

void av_thread_stats(av_thread *t, json_t *fields)
{
	send_on(t, tell_stats, fields, NULL);
}
