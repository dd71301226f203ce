/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change_args.h"
#include "testbed/model/object.h"

/* --- names ------------------------------------------------------------------------------------ */

void change_add_nrpt(struct apply *a, struct change_args *args, struct node *node)
{
	args->nrpt->loc = a->change->loc;
	g_ptr_array_add(node->nrpt, g_steal_pointer(&args->nrpt));
}

/* Takes all objects of that name out of a list; false when there was none. */
static bool retire_named(struct apply *a, GPtrArray *objects, const char *name)
{
	guint before = objects->len;

	for (guint i = before; i > 0; i--)
		if (g_strcmp0(*(char **)g_ptr_array_index(objects, i - 1), name) == 0)
			model_retire(a->m, objects, i - 1);
	return objects->len < before;
}

void change_remove_nrpt(struct apply *a, struct change_args *args, struct node *node)
{
	if (!retire_named(a, node->nrpt, args->namespace))
		change_not_found(a, "NRPT rule", &args->namespace, node->nrpt);
}

void change_set_resolvers(struct apply *a G_GNUC_UNUSED, struct change_args *args,
			  struct node *node)
{
	GArray *old = node->resolvers;

	node->resolvers = args->servers;
	args->servers = old;
}

struct service *change_find_service(struct apply *a, struct node *node, enum service_kind kind)
{
	const struct service *service = node_declared_service(node, kind);

	if (!service)
		diags_add(a->r->d, DIAG_ERROR, a->change->loc, NULL,
			  "node '%s' has no service '%s'", node->name, service_kind_name(kind));
	/* the node may be changed, so may its service */
	return (struct service *)(guintptr)service;
}

void change_add_record(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_DNS);

	if (!service)
		return;
	args->record->loc = a->change->loc;
	g_ptr_array_add(service->dns.records, g_steal_pointer(&args->record));
}

static void remove_records(struct apply *a, struct change_args *args, GPtrArray *records,
			   const char *what)
{
	if (!retire_named(a, records, args->record_name))
		change_not_found(a, what, &args->record_name, records);
}

void change_remove_record(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_DNS);

	if (service)
		remove_records(a, args, service->dns.records, "record");
}

void change_set_record(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_DNS);

	if (!service)
		return;
	retire_named(a, service->dns.records, args->record->name);
	change_add_record(a, args, node);
}

void change_add_host(struct apply *a, struct change_args *args, struct node *node)
{
	args->record->loc = a->change->loc;
	g_ptr_array_add(node->hosts, g_steal_pointer(&args->record));
}

void change_remove_host(struct apply *a, struct change_args *args, struct node *node)
{
	remove_records(a, args, node->hosts, "host");
}

/* --- services and hosts ----------------------------------------------------------------------- */

/* Starts or stops parts of an Edge.  One without any running part is disabled.  A disabled one that
 * gets a part back runs with that part alone. */
static void set_parts(struct apply *a, struct change_args *args, struct service *service,
		      bool enabled)
{
	unsigned running;

	if (service->kind != SERVICE_EDGE) {
		diags_add(a->r->d, DIAG_ERROR,
			  places_get(a->r->places, &args->parts, a->change->loc),
			  "leave 'part' away, or set 'service: edge'", "only an Edge has parts");
		return;
	}
	running = service->enabled ? service->edge.parts : 0;
	running = enabled ? running | args->parts : running & ~args->parts;
	service->enabled = running != 0;
	service->edge.parts = running != 0 ? running : EDGE_ALL_PARTS;
}

/* Enables or (`arg` 0) disables a service or, with 'part', parts of an Edge.  An Edge that is
 * started as a whole runs with all parts. */
void change_service(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, args->service);
	bool enabled = a->change->kind->arg;

	if (service && args->parts != 0)
		set_parts(a, args, service, enabled);
	else if (service)
		service->enabled = enabled;
	if (service && service->kind == SERVICE_EDGE && enabled && args->parts == 0)
		service->edge.parts = EDGE_ALL_PARTS;
}

void change_set_engine(struct apply *a, struct change_args *args, struct node *node)
{
	struct service *service = change_find_service(a, node, SERVICE_EDGE);

	if (!service)
		return;
	g_free(service->edge.engine);
	service->edge.engine = g_steal_pointer(&args->engine);
}

void change_set_host_model(struct apply *a G_GNUC_UNUSED, struct change_args *args,
			   struct node *node)
{
	node->host_model = args->host_model;
}

void change_set_sysctl(struct apply *a, struct change_args *args, struct node *node)
{
	struct sysctl_setting *setting = object_new(&sysctl_setting_shape);

	/* Later settings win, so an earlier one of the same key may stay. */
	setting->key = g_steal_pointer(&args->key);
	setting->value = g_steal_pointer(&args->value);
	setting->loc = a->change->loc;
	g_ptr_array_add(node->sysctls, setting);
}

static void set_site_edge(struct apply *a, struct change_args *args)
{
	struct site *site = change_find(a, "site", &args->site, a->m->sites);

	if (!site)
		return;
	g_free(site->media_edge);
	site->media_edge = g_strdup(args->edge);
	places_set(a->r->places, &site->media_edge,
		   places_get(a->r->places, &args->edge, a->change->loc));
}

static void set_endpoint_edge(struct apply *a, struct change_args *args)
{
	struct node *node = named_find(a->m->nodes, args->endpoint);
	struct loc loc = places_get(a->r->places, &args->endpoint, a->change->loc);

	if (!node) {
		named_error(a->r->d, loc, "node", args->endpoint, a->m->nodes);
	} else if (!node->endpoint) {
		diags_add(a->r->d, DIAG_ERROR, loc, NULL, "node '%s' is not an endpoint",
			  args->endpoint);
	} else {
		g_free(node->endpoint->media_edge);
		node->endpoint->media_edge = g_strdup(args->edge);
		places_set(a->r->places, &node->endpoint->media_edge,
			   places_get(a->r->places, &args->edge, a->change->loc));
	}
}

void change_set_media_edge(struct apply *a, struct change_args *args,
			   struct node *node G_GNUC_UNUSED)
{
	if (args->site)
		set_site_edge(a, args);
	if (args->endpoint)
		set_endpoint_edge(a, args);
}
