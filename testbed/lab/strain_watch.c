/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/strain_watch.h"

#include "testbed/exec/strain.h"

#include <time.h>

#define MACHINE "the machine"
#define SUPERVISOR "the lab's supervisor"
#define LINKS "impaired links"
#define COST_SHARE 50 /* looking takes at most this part of the time */
/* A process that waits for half of the time has twice the work that it gets done. */
#define STARVED_SHARE 0.5
#define STARVED_MS 100
#define TELL_SHARE 0.2
#define LATE_MS 100

/* Threads, sockets' namespaces and devices, each with its counter at the last look. */
struct strain_watch {
	exec *x;
	const process_set *processes;
	GMainContext *context;
	struct strain_watch_handlers handlers;
	gpointer user_data;
	GSource *timer;
	GHashTable *counters;	/* what is counted -> guint64 */
	GHashTable *stopped;	/* pid -> gint64: since when */
	gint64 last_us, due_us; /* the last look; when the timer should have fired */
	gint64 cost_us;		/* processor time of the last look */
	/* during a look: */
	gint64 now_us;
	const char *where;  /* the process that is looked at */
	guint64 longest_ns; /* that one of its threads waited */
	double worst;	    /* share of the time, of all processes that serve others */
	GHashTable *seen;   /* nodes whose namespace has been looked at */
	const char *tun, *node;
};

bool strain_is_witness(double waited_ms, double tick_ms)
{
	return waited_ms >= STARVED_MS && waited_ms >= tick_ms * STARVED_SHARE;
}

static void tell_witness(strain_watch *s, enum witness_kind kind, const char *where, guint64 amount,
			 gint64 from_us, gint64 to_us)
{
	struct witness *w = witness_new(kind, where, amount, from_us, to_us);

	s->handlers.witness(w, s->user_data);
	witness_free(w);
}

/* By how much a counter has grown since the last look; 0 the first time.  Takes `key`. */
static guint64 growth(strain_watch *s, char *key, guint64 value)
{
	guint64 *last = g_hash_table_lookup(s->counters, key);
	guint64 grown = last && value > *last ? value - *last : 0;

	if (last) {
		*last = value;
		g_free(key);
	} else {
		g_hash_table_insert(s->counters, key, g_memdup2(&value, sizeof value));
	}
	return grown;
}

static void tell_lost(strain_watch *s, enum witness_kind kind, const char *where, guint64 lost)
{
	if (lost > 0)
		tell_witness(s, kind, where, lost, s->last_us, s->now_us);
}

/* --- one look --------------------------------------------------------------------------------- */

static void on_thread(guint tid, guint64 waited_ns, gpointer user_data)
{
	strain_watch *s = user_data;
	guint64 grown = growth(s, g_strdup_printf("thread %u", tid), waited_ns);

	s->longest_ns = MAX(s->longest_ns, grown);
}

/* `all`: it serves others, who wait with it, so all of its threads count. */
static void look_at_threads(strain_watch *s, GPid pid, const char *name, bool all)
{
	double tick_ms = (double)(s->now_us - s->last_us) / 1000, waited_ms;

	s->longest_ns = 0;
	strain_each_thread(pid, all, on_thread, s);
	waited_ms = (double)s->longest_ns / 1e6;
	if (tick_ms > 0 && all)
		s->worst = MAX(s->worst, waited_ms / tick_ms);
	if (strain_is_witness(waited_ms, tick_ms))
		tell_witness(s, WITNESS_STARVED, name, (guint64)waited_ms, s->last_us, s->now_us);
}

static void on_device(const char *ifname, guint64 dropped, gpointer user_data)
{
	strain_watch *s = user_data;
	g_autofree char *where = g_strdup_printf("%s:%s", s->node, ifname);

	if (g_strcmp0(ifname, s->tun) == 0)
		tell_lost(s, WITNESS_QUEUE_FULL, where,
			  growth(s, g_strdup_printf("device %s", where), dropped));
}

static void look_at_sockets(strain_watch *s, GPid pid, const char *node)
{
	g_autofree char *where = NULL;

	if (!g_hash_table_add(s->seen, g_strdup(node)))
		return;
	where = g_strdup_printf("sockets of %s", node);
	tell_lost(s, WITNESS_SOCKET_FULL, where,
		  growth(s, g_strdup_printf("sockets %s", node), strain_socket_drops(pid)));
}

static void look_at_member(const struct process_set_member *m, gpointer user_data)
{
	strain_watch *s = user_data;

	look_at_threads(s, m->pid, m->name, m->serves);
	look_at_sockets(s, m->pid, m->node);
}

static void look_at_queue(strain_watch *s, const struct exec_daemon *d)
{
	g_autofree char *where = d->tun ? g_strdup_printf("%s:%s", d->node, d->tun) : NULL;
	guint64 drops, grown;
	bool up;

	if (!where)
		return;
	drops = strain_queue_drops(s->x, d->node, d->tun, &up);
	grown = growth(s, g_strdup_printf("queue %s", where), drops);
	/* what a device loses that is down is not the machine's doing */
	if (up)
		tell_lost(s, WITNESS_QUEUE_FULL, where, grown);
}

static void look_at_daemon(const struct exec_daemon *d, gpointer user_data)
{
	strain_watch *s = user_data;

	look_at_threads(s, d->pid, d->name, true);
	if (!d->node)
		return;
	look_at_sockets(s, d->pid, d->node);
	s->node = d->node;
	s->tun = d->tun;
	strain_each_device(d->pid, on_device, s);
	look_at_queue(s, d);
}

struct search {
	GPid pid;
	char *name;
};

static void match_member(const struct process_set_member *m, gpointer user_data)
{
	struct search *q = user_data;

	if (m->pid == q->pid && !q->name)
		q->name = g_strdup(m->name);
}

static void match_daemon(const struct exec_daemon *d, gpointer user_data)
{
	match_member(&(const struct process_set_member){.pid = d->pid, .name = d->name}, user_data);
}

/* NULL: it is no process of the lab's, or has ended. */
static char *name_of(const strain_watch *s, GPid pid)
{
	struct search q = {.pid = pid};

	process_set_each(s->processes, match_member, &q);
	exec_each_daemon(s->x, match_daemon, &q);
	return q.name;
}

/* Reports how long each process that is still stopped has not run since the last look. */
static void look_at_stopped(strain_watch *s)
{
	GHashTableIter iter;
	gpointer pid, since;

	g_hash_table_iter_init(&iter, s->stopped);
	while (g_hash_table_iter_next(&iter, &pid, &since)) {
		g_autofree char *name = name_of(s, GPOINTER_TO_INT(pid));
		gint64 *from_us = since;

		if (name && s->now_us - *from_us >= 1000)
			tell_witness(s, WITNESS_STOPPED, name,
				     (guint64)(s->now_us - *from_us) / 1000, *from_us, s->now_us);
		*from_us = s->now_us;
	}
}

static void look_at_machine(strain_watch *s)
{
	tell_lost(s, WITNESS_BACKLOG_FULL, MACHINE,
		  growth(s, g_strdup("backlog"), strain_backlog_drops()));
	tell_lost(s, WITNESS_RING_FULL, LINKS, growth(s, g_strdup("rings"), exec_ring_drops(s->x)));
}

/* Processor time of this thread.  What a busy machine adds to a look is no reason to look less
 * often. */
static gint64 cpu_us(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0 ?
		       now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 :
		       0;
}

void strain_watch_look(strain_watch *s)
{
	gint64 began_us = cpu_us();

	s->now_us = g_get_monotonic_time();
	s->worst = 0;
	s->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	look_at_stopped(s);
	process_set_each(s->processes, look_at_member, s);
	exec_each_daemon(s->x, look_at_daemon, s);
	look_at_machine(s);
	g_clear_pointer(&s->seen, g_hash_table_unref);
	if (s->worst >= TELL_SHARE)
		s->handlers.starved(MIN(s->worst, 1), s->user_data);
	s->last_us = s->now_us;
	s->cost_us = cpu_us() - began_us;
}

/* --- when ------------------------------------------------------------------------------------- */

static gboolean on_tick(gpointer user_data);

static void stop_timer(strain_watch *s)
{
	if (s->timer)
		g_source_destroy(s->timer);
	g_clear_pointer(&s->timer, g_source_unref);
}

static void wait_for_next(strain_watch *s)
{
	gint64 now_us = g_get_monotonic_time();
	guint wait_ms = MAX(STRAIN_TICK_MS, (guint)(s->cost_us * COST_SHARE / 1000));

	stop_timer(s);
	s->due_us = now_us + (gint64)wait_ms * 1000;
	s->timer = g_timeout_source_new(wait_ms);
	g_source_set_callback(s->timer, on_tick, s, NULL);
	g_source_attach(s->timer, s->context);
}

static gboolean on_tick(gpointer user_data)
{
	strain_watch *s = user_data;
	gint64 now_us = g_get_monotonic_time();

	if (now_us - s->due_us >= LATE_MS * 1000)
		tell_witness(s, WITNESS_LATE, SUPERVISOR, (guint64)(now_us - s->due_us) / 1000,
			     s->due_us, now_us);
	strain_watch_look(s);
	wait_for_next(s);
	return G_SOURCE_REMOVE;
}

void strain_watch_stopped(strain_watch *s, GPid pid, bool stopped)
{
	gpointer key = GINT_TO_POINTER(pid);
	gint64 now_us = g_get_monotonic_time();

	if (stopped) {
		if (!g_hash_table_contains(s->stopped, key))
			g_hash_table_insert(s->stopped, key, g_memdup2(&now_us, sizeof now_us));
		return;
	}
	s->now_us = now_us;
	look_at_stopped(s);
	g_hash_table_remove(s->stopped, key);
}

strain_watch *strain_watch_new(exec *x, const process_set *processes, GMainContext *context,
			       const struct strain_watch_handlers *handlers, gpointer user_data)
{
	strain_watch *s = g_new0(strain_watch, 1);

	s->x = x;
	s->processes = processes;
	s->handlers = *handlers;
	s->user_data = user_data;
	s->counters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	s->stopped = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	s->last_us = g_get_monotonic_time();
	s->context = context;
	strain_watch_look(s);
	wait_for_next(s);
	return s;
}
