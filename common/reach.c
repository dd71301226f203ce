/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/reach.h"

#include <stdbool.h>

/* One address.  It belongs to itself from when it is tried until tls_connect has called back. */
struct attempt {
	reach *owner; /* NULL: nobody is interested any more */
	guint way;
	GCancellable *cancellable;
};

struct reach {
	char **locals, **addresses; /* a local address may be NULL */
	guint n_ways, next, under_way;
	guint16 port;
	char *server_name;
	tls_identity *id;
	guint timeout_ms;
	reach_func func;
	gpointer user_data;
	struct attempt **attempts; /* of those under way */
	guint timer;
};

static void try_next(reach *r);

static gboolean on_timer(gpointer data)
{
	reach *r = data;

	r->timer = 0;
	try_next(r);
	return G_SOURCE_REMOVE;
}

static void attempt_free(struct attempt *a)
{
	g_object_unref(a->cancellable);
	g_free(a);
}

/* What is under way ends by itself, and calls nobody. */
static void stop(reach *r)
{
	if (r->timer)
		g_source_remove(r->timer);
	r->timer = 0;
	for (guint i = 0; i < r->n_ways; i++) {
		struct attempt *a = r->attempts[i];

		r->attempts[i] = NULL;
		if (!a)
			continue;
		a->owner = NULL;
		g_cancellable_cancel(a->cancellable);
	}
}

static void on_done(GIOStream *stream, const GError *error, gpointer data)
{
	struct attempt *a = data;
	reach *r = a->owner;
	guint way = a->way;

	attempt_free(a);
	if (!r) {
		g_clear_object(&stream);
		return;
	}
	r->attempts[way] = NULL;
	r->under_way--;
	if (stream)
		stop(r);
	else if (r->next < r->n_ways)
		try_next(r);
	r->func(stream, way, error, !stream && r->under_way == 0, r->user_data);
}

static void try_next(reach *r)
{
	struct attempt *a = g_new0(struct attempt, 1);
	guint way = r->next++;

	if (r->timer)
		g_source_remove(r->timer);
	r->timer = r->next < r->n_ways ? g_timeout_add(REACH_NEXT_MS, on_timer, r) : 0;
	*a = (struct attempt){.owner = r, .way = way, .cancellable = g_cancellable_new()};
	r->attempts[way] = a;
	r->under_way++;
	tls_connect(r->locals[way], r->addresses[way], r->port, r->server_name, r->id,
		    r->timeout_ms, a->cancellable, on_done, a);
}

reach *reach_new(const struct reach_way *ways, guint n_ways, guint16 port, const char *server_name,
		 tls_identity *id, guint timeout_ms, reach_func func, gpointer user_data)
{
	reach *r = g_new0(reach, 1);

	r->locals = g_new0(char *, n_ways);
	r->addresses = g_new0(char *, n_ways);
	r->attempts = g_new0(struct attempt *, n_ways);
	for (guint i = 0; i < n_ways; i++) {
		r->locals[i] = g_strdup(ways[i].local);
		r->addresses[i] = g_strdup(ways[i].address);
	}
	r->n_ways = n_ways;
	r->port = port;
	r->server_name = g_strdup(server_name);
	r->id = id;
	r->timeout_ms = timeout_ms;
	r->func = func;
	r->user_data = user_data;
	try_next(r);
	return r;
}

void reach_free(reach *r)
{
	if (!r)
		return;
	stop(r);
	for (guint i = 0; i < r->n_ways; i++) {
		g_free(r->locals[i]);
		g_free(r->addresses[i]);
	}
	g_free(r->locals);
	g_free(r->addresses);
	g_free(r->attempts);
	g_free(r->server_name);
	g_free(r);
}
