/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/reach.h"
#include "common/base/object.h"

#include <stdbool.h>

/* One attempt.  tls_connect's callback frees it. */
struct reach_attempt {
	reach *owner; /* NULL: the result is not wanted any more */
	guint way;
	GCancellable *cancellable;
};

struct reach {
	char **locals, **addresses; /* a local address may be NULL */
	guint n_ways, next, running;
	guint16 port;
	char *server_name;
	tls_identity *id;
	guint timeout_ms;
	reach_func func;
	gpointer user_data;
	struct reach_attempt **attempts; /* by way; NULL: not running */
	guint timer;			 /* source: starts the next attempt */
};

static void start_attempt(reach *r);

static gboolean on_next_attempt(gpointer data)
{
	reach *r = data;

	r->timer = 0;
	start_attempt(r);
	return G_SOURCE_REMOVE;
}

static const struct object_shape reach_attempt_shape =
	OBJECT_SHAPE(reach_attempt, NULL, OWNS(reach_attempt, cancellable, g_object_unref));

/* Gives up all running attempts: they end later, and their results are thrown away. */
static void cancel_attempts(reach *r)
{
	g_clear_handle_id(&r->timer, g_source_remove);
	for (guint i = 0; i < r->n_ways; i++) {
		struct reach_attempt *a = r->attempts[i];

		r->attempts[i] = NULL;
		if (!a)
			continue;
		a->owner = NULL;
		g_cancellable_cancel(a->cancellable);
	}
}

/* Reports one attempt.  A success cancels the others; after a failure the next one starts at
 * once. */
static void on_attempt_done(GIOStream *stream, const GError *error, gpointer data)
{
	struct reach_attempt *a = data;
	reach *r = a->owner;
	guint way = a->way;

	object_free(a);
	if (!r) {
		g_clear_object(&stream);
		return;
	}
	r->attempts[way] = NULL;
	r->running--;
	if (stream)
		cancel_attempts(r);
	else if (r->next < r->n_ways)
		start_attempt(r);
	r->func(stream, way, error, !stream && r->running == 0, r->user_data);
}

static void start_attempt(reach *r)
{
	struct reach_attempt *a = object_new(&reach_attempt_shape);
	guint way = r->next++;

	g_clear_handle_id(&r->timer, g_source_remove);
	r->timer = r->next < r->n_ways ? g_timeout_add(REACH_NEXT_MS, on_next_attempt, r) : 0;
	*a = (struct reach_attempt){.owner = r, .way = way, .cancellable = g_cancellable_new()};
	r->attempts[way] = a;
	r->running++;
	tls_connect(r->locals[way], r->addresses[way], r->port, r->server_name, r->id,
		    r->timeout_ms, a->cancellable, on_attempt_done, a);
}

reach *reach_new(const struct reach_way *ways, guint n_ways, guint16 port, const char *server_name,
		 tls_identity *id, guint timeout_ms, reach_func func, gpointer user_data)
{
	reach *r = g_new0(reach, 1);

	r->locals = g_new0(char *, n_ways);
	r->addresses = g_new0(char *, n_ways);
	r->attempts = g_new0(struct reach_attempt *, n_ways);
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
	start_attempt(r);
	return r;
}

void reach_free(reach *r)
{
	if (!r)
		return;
	cancel_attempts(r);
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
