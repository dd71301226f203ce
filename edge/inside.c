/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/inside.h"

#include <string.h>

struct inside_attempt {
	char *name, *local_address, *address;
	guint16 port;
	tls_identity *identity; /* borrowed */
	GCancellable *cancellable;
	inside_connected done;
	gpointer user_data;
};

/* Calls the caller, unless the attempt was cancelled, and frees the attempt. */
static void attempt_finish(struct inside_attempt *t, GIOStream *connection, const GError *error)
{
	if (!g_cancellable_is_cancelled(t->cancellable))
		t->done(connection, t->address, error, t->user_data);
	else if (connection)
		g_object_unref(connection);
	g_object_unref(t->cancellable);
	g_free(t->name);
	g_free(t->local_address);
	g_free(t->address);
	g_free(t);
}

static void on_inside_connected(GIOStream *connection, const GError *error, gpointer user_data)
{
	attempt_finish(user_data, connection, error);
}

/* The first address of the local address's family, else the first one; the caller frees. */
static char *reachable_from(const char *local, const GList *found)
{
	GSocketFamily family = strchr(local, ':') ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;

	for (const GList *l = found; l; l = l->next)
		if (g_inet_address_get_family(l->data) == family)
			return g_inet_address_to_string(l->data);
	return g_inet_address_to_string(found->data);
}

static void on_inside_resolved(GObject *source, GAsyncResult *result, gpointer user_data)
{
	struct inside_attempt *t = user_data;
	g_autoptr(GError) error = NULL;
	GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(source), result, &error);

	if (!found || g_cancellable_is_cancelled(t->cancellable)) {
		g_resolver_free_addresses(found);
		attempt_finish(t, NULL, error);
		return;
	}
	t->address = reachable_from(t->local_address, found);
	g_resolver_free_addresses(found);
	tls_connect(t->local_address, t->address, t->port, t->name, t->identity,
		    INSIDE_CONNECT_TIMEOUT_MS, t->cancellable, on_inside_connected, t);
}

void inside_connect(const char *name, guint16 port, const char *local_address,
		    tls_identity *identity, GCancellable *cancellable, inside_connected done,
		    gpointer user_data)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	struct inside_attempt *t = g_new0(struct inside_attempt, 1);

	t->name = g_strdup(name);
	t->local_address = g_strdup(local_address);
	t->port = port;
	t->identity = identity;
	t->cancellable = g_object_ref(cancellable);
	t->done = done;
	t->user_data = user_data;
	g_resolver_lookup_by_name_async(resolver, name, cancellable, on_inside_resolved, t);
}

bool inside_has_name(const char *const *peer_names, const char *name)
{
	for (; *peer_names; peer_names++)
		if (g_ascii_strcasecmp(*peer_names, name) == 0)
			return true;
	return false;
}
