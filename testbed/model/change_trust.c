/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of what proves who somebody is, and of what the servers grant. */
#include "testbed/model/change_args.h"
#include "testbed/model/object.h"

#include <string.h>

/* Replaces the node's certificate.  Keys that are not given have their default, so an empty change
 * gives a good certificate back. */
void change_set_certificate(struct apply *a, struct change_args *args, struct node *node)
{
	struct certificate old = node->certificate;

	if (!node_shows_certificate(node)) {
		diags_add(a->r->d, DIAG_ERROR, a->change->loc,
			  "only a Front End, an Edge and a reverse proxy have one",
			  "node '%s' shows no certificate", node->name);
		return;
	}
	node->certificate = args->certificate;
	args->certificate = old;
}

/* The node's endpoint; NULL with an error when no client runs there. */
static struct endpoint *require_endpoint(struct apply *a, struct node *node)
{
	if (!node->endpoint)
		diags_add(a->r->d, DIAG_ERROR, a->change->loc, NULL, "node '%s' is not an endpoint",
			  node->name);
	return node->endpoint;
}

void change_set_password(struct apply *a, struct change_args *args, struct node *node)
{
	struct endpoint *endpoint = require_endpoint(a, node);

	if (!endpoint)
		return;
	g_free(endpoint->password);
	endpoint->password = g_steal_pointer(&args->password);
}

void change_set_account(struct apply *a, struct change_args *args, struct node *node)
{
	struct endpoint *endpoint = require_endpoint(a, node);

	if (endpoint)
		endpoint->account = args->account;
}

void change_set_discovery(struct apply *a, struct change_args *args, struct node *node)
{
	struct endpoint *endpoint = require_endpoint(a, node);

	if (!endpoint)
		return;
	g_free(endpoint->discovery);
	endpoint->discovery = g_steal_pointer(&args->discovery);
}

/* Reads the change's keys again, now into the service itself, so only the keys that are given
 * change it.  `settings` is the member of `args` that they are usually read into. */
static void overwrite_given_keys(struct apply *a, struct change_args *args,
				 struct service **settings, struct service *service)
{
	struct service *scratch = *settings;

	*settings = service;
	change_args_read(a->r, a->change, args);
	*settings = scratch;
}

void change_set_edge(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_EDGE);

	if (!service)
		return;
	/* a list that is given replaces the old one: reading only appends */
	if (read_has_key(a->r, a->change->value, "relay_to"))
		g_array_set_size(service->edge.relay_to, 0);
	if (read_has_key(a->r, a->change->value, "relay_not_to"))
		g_array_set_size(service->edge.relay_not_to, 0);
	overwrite_given_keys(a, args, &args->edge_settings, service);
}

void change_set_frontend(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_FRONTEND);

	if (service)
		overwrite_given_keys(a, args, &args->frontend_settings, service);
}

void change_set_proxy(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_REVERSE_PROXY);

	if (!service)
		return;
	if (read_has_key(a->r, a->change->value, "names"))
		g_ptr_array_set_size(service->proxy.names, 0);
	overwrite_given_keys(a, args, &args->proxy_settings, service);
}
