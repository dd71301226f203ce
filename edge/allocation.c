/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/allocation.h"

#include <string.h>

struct allocation_table {
	GHashTable *by_tuple;	 /* struct turn_tuple * -> struct allocation *, the owner */
	GHashTable *by_relay;	 /* struct endpoint * -> struct allocation * */
	GHashTable *by_identity; /* char * -> count */
	GHashTable *by_source;	 /* struct endpoint * (endpoint_source) -> count */
};

static guint tuple_hash(gconstpointer key)
{
	const struct turn_tuple *t = key;

	return endpoint_hash(&t->client) ^ endpoint_hash(&t->server) * 31u ^ (guint)t->transport;
}

static gboolean tuple_equal(gconstpointer a, gconstpointer b)
{
	const struct turn_tuple *x = a, *y = b;

	return x->transport == y->transport && endpoint_equal(&x->client, &y->client) &&
	       endpoint_equal(&x->server, &y->server);
}

static gboolean relay_equal(gconstpointer a, gconstpointer b)
{
	return endpoint_equal(a, b);
}

static const struct object_shape allocation_table_shape =
	OBJECT_SHAPE(allocation_table, NULL, OWNS_TABLE(allocation_table, by_relay),
		     OWNS_TABLE(allocation_table, by_identity),
		     OWNS_TABLE(allocation_table, by_source),
		     OWNS_TABLE(allocation_table, by_tuple));

allocation_table *allocation_table_new(void)
{
	allocation_table *t = object_new(&allocation_table_shape);

	t->by_tuple = g_hash_table_new_full(tuple_hash, tuple_equal, NULL,
					    (GDestroyNotify)allocation_free);
	t->by_relay = g_hash_table_new((GHashFunc)endpoint_hash, relay_equal);
	t->by_identity = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	t->by_source = g_hash_table_new_full((GHashFunc)endpoint_hash, relay_equal, g_free, NULL);
	return t;
}

void allocation_free(struct allocation *a)
{
	if (!a)
		return;
	g_free(a->username);
	g_free(a->identity);
	g_free(a);
}

/* Changes the count of a key, of which `copy` is a copy that the table takes over, by one. */
static void count_change(GHashTable *counts, gpointer copy, int change)
{
	int count = GPOINTER_TO_INT(g_hash_table_lookup(counts, copy)) + change;

	if (count > 0) {
		g_hash_table_replace(counts, copy, GINT_TO_POINTER(count));
		return;
	}
	g_hash_table_remove(counts, copy);
	g_free(copy);
}

/* Counts an allocation (`change` 1), or one less (-1), for its user and its source. */
static void count_allocation(allocation_table *t, const struct allocation *a, int change)
{
	struct endpoint source = endpoint_source(&a->tuple.client);

	count_change(t->by_identity, g_strdup(a->identity), change);
	count_change(t->by_source, g_memdup2(&source, sizeof source), change);
}

void allocation_table_add(allocation_table *t, struct allocation *a)
{
	g_hash_table_insert(t->by_tuple, &a->tuple, a);
	g_hash_table_insert(t->by_relay, &a->advertised, a);
	count_allocation(t, a, 1);
}

void allocation_table_remove(allocation_table *t, struct allocation *a)
{
	count_allocation(t, a, -1);
	g_hash_table_remove(t->by_relay, &a->advertised);
	g_hash_table_remove(t->by_tuple, &a->tuple);
}

struct allocation *allocation_by_tuple(const allocation_table *t, const struct turn_tuple *tuple)
{
	return g_hash_table_lookup(t->by_tuple, tuple);
}

struct allocation *allocation_by_relay(const allocation_table *t, const struct endpoint *advertised)
{
	return g_hash_table_lookup(t->by_relay, advertised);
}

guint allocation_count(const allocation_table *t)
{
	return g_hash_table_size(t->by_tuple);
}

guint allocation_count_of(const allocation_table *t, const char *identity)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(t->by_identity, identity));
}

guint allocation_count_from(const allocation_table *t, const struct endpoint *client)
{
	struct endpoint source = endpoint_source(client);

	return GPOINTER_TO_UINT(g_hash_table_lookup(t->by_source, &source));
}

GPtrArray *allocation_expired(const allocation_table *t, gint64 now_us)
{
	GPtrArray *expired = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, t->by_tuple);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct allocation *a = value;

		if (a->expires_us <= now_us)
			g_ptr_array_add(expired, a);
	}
	return expired;
}

gint64 allocation_next_expiry(const allocation_table *t)
{
	gint64 next_us = G_MAXINT64;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, t->by_tuple);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct allocation *a = value;

		next_us = MIN(next_us, a->expires_us);
	}
	return next_us;
}

const char *allocation_identity(const char *username)
{
	const char *colon = strchr(username, ':');

	return colon ? colon + 1 : username;
}
