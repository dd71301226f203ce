/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/lookup.h"

#include <string.h>

struct pending_lookup {
	looked_up_func done;
	gpointer user_data;
};

static void on_looked_up(GObject *source, GAsyncResult *result, gpointer data)
{
	struct pending_lookup *l = data;
	g_autoptr(GError) error = NULL;
	GList *addresses =
		g_resolver_lookup_by_name_with_flags_finish(G_RESOLVER(source), result, &error);
	g_autofree char *text = addresses ? g_inet_address_to_string(addresses->data) : NULL;

	g_resolver_free_addresses(addresses);
	l->done(text, error, l->user_data);
	g_free(l);
}

void fe_lookup(const char *own, GCancellable *cancel, const char *name, looked_up_func done,
	       gpointer user_data)
{
	GResolverNameLookupFlags flags = strchr(own, ':') ? G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY :
							    G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY;
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	struct pending_lookup *l = g_new0(struct pending_lookup, 1);

	l->done = done;
	l->user_data = user_data;
	g_resolver_lookup_by_name_with_flags_async(resolver, name, flags, cancel, on_looked_up, l);
}
