/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/av_thread.h"

#include "edge/readable.h"

struct av_thread {
	const struct edge_config *config;
	edge_event_func event;
	gpointer user_data;
	GThread *thread;
	GMainContext *context; /* the thread's */
	GMainLoop *loop;       /* the thread's */
	av_edge *edge;	       /* used by the thread only; NULL: not started */
	GAsyncQueue *events;   /* struct av_event: from the thread to its maker */
	GSource *deliver;      /* in the maker's context; ready when an event was queued */
};

struct av_event {
	char *name;
	json_t *fields;
};

/* A call that the maker has the thread execute. */
struct thread_call {
	av_thread *thread;
	void (*run)(struct thread_call *e);
	json_t *fields;
	GError **error;
	GMutex lock;
	GCond ended;
	bool done;
};

/* --- events ----------------------------------------------------------------------------------- */

/* Queues an event with the present time.  Runs in the thread. */
static void queue_event(const char *name, json_t *fields, gpointer user_data)
{
	av_thread *t = user_data;
	struct av_event *e = g_new(struct av_event, 1);

	json_object_set_new(fields, "time_us", json_integer((json_int_t)g_get_monotonic_time()));
	*e = (struct av_event){.name = g_strdup(name), .fields = fields};
	g_async_queue_push(t->events, e);
	g_source_set_ready_time(t->deliver, 0);
}

/* Passes all queued events to the maker.  Runs in the maker's thread. */
static void deliver_events(av_thread *t)
{
	struct av_event *e;

	while ((e = g_async_queue_try_pop(t->events))) {
		t->event(e->name, e->fields, t->user_data);
		g_free(e->name);
		g_free(e);
	}
}

static gboolean on_events_queued(gpointer user_data)
{
	av_thread *t = user_data;

	/* Before the queue is read: an event that is queued meanwhile makes it ready again. */
	g_source_set_ready_time(t->deliver, -1);
	deliver_events(t);
	return G_SOURCE_CONTINUE;
}

/* --- calls ------------------------------------------------------------------------------------ */

static gboolean on_thread_call(gpointer user_data)
{
	struct thread_call *e = user_data;

	e->run(e);
	g_mutex_lock(&e->lock);
	e->done = true;
	g_cond_signal(&e->ended);
	g_mutex_unlock(&e->lock);
	return G_SOURCE_REMOVE;
}

/* Has the thread call `run`, and blocks until that has returned.  `fields` and `error` are for
 * `run`. */
static void call_in_thread(av_thread *t, void (*run)(struct thread_call *e), json_t *fields,
			   GError **error)
{
	struct thread_call e = {.thread = t, .run = run, .fields = fields, .error = error};
	g_autoptr(GSource) source = g_idle_source_new();

	g_mutex_init(&e.lock);
	g_cond_init(&e.ended);
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_thread_call, &e, NULL);
	g_source_attach(source, t->context);
	g_mutex_lock(&e.lock);
	while (!e.done)
		g_cond_wait(&e.ended, &e.lock);
	g_mutex_unlock(&e.lock);
	g_cond_clear(&e.ended);
	g_mutex_clear(&e.lock);
}

static void start_edge(struct thread_call *e)
{
	e->thread->edge = av_edge_new(e->thread->config, queue_event, e->thread, e->error);
}

static void add_stats(struct thread_call *e)
{
	av_edge_stats(e->thread->edge, e->fields);
}

static void stop_edge(struct thread_call *e)
{
	av_edge_free(e->thread->edge);
	g_main_loop_quit(e->thread->loop);
}

/* --- life ------------------------------------------------------------------------------------- */

static gpointer thread_main(gpointer user_data)
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
	t->events = g_async_queue_new();
	t->deliver = ready_time_source_new(on_events_queued, t);
	t->context = g_main_context_new();
	t->loop = g_main_loop_new(t->context, FALSE);
	t->thread = g_thread_new("av", thread_main, t);
	call_in_thread(t, start_edge, NULL, error);
	if (t->edge) {
		deliver_events(t);
		return t;
	}
	av_thread_free(t);
	return NULL;
}

void av_thread_free(av_thread *t)
{
	if (!t)
		return;
	call_in_thread(t, stop_edge, NULL, NULL);
	g_thread_join(t->thread);
	deliver_events(t);
	g_source_destroy(t->deliver);
	g_source_unref(t->deliver);
	g_async_queue_unref(t->events);
	g_main_loop_unref(t->loop);
	g_main_context_unref(t->context);
	g_free(t);
}

void av_thread_stats(av_thread *t, json_t *fields)
{
	call_in_thread(t, add_stats, fields, NULL);
}
