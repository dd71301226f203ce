/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/edge.h"

#include "common/tls.h"
#include "edge/access.h"
#include "edge/av_thread.h"
#include "edge/config.h"
#include "edge/mras_service.h"

struct edge {
	struct edge_config *config;
	tls_identity *identity;
	access_edge *access; /* this part and the next two: NULL when not configured */
	mras_service *mras;
	av_thread *av; /* NULL also when another program is the relay */
};

static bool start_parts(edge *e, const json_t *object, edge_event_func event, gpointer user_data,
			GError **error)
{
	e->config = edge_config_parse(object, error);
	if (!e->config)
		return false;
	e->identity =
		tls_identity_new(e->config->ca, e->config->certificate, e->config->key, error);
	if (!e->identity)
		return false;
	if (e->config->runs_access &&
	    !(e->access = access_edge_new(e->config, e->identity, event, user_data, error)))
		return false;
	if (e->config->runs_mras &&
	    !(e->mras = mras_service_new(e->config, e->identity, event, user_data, error)))
		return false;
	if (e->config->runs_av && e->config->builtin_av)
		e->av = av_thread_new(e->config, event, user_data, error);
	return e->av || !e->config->runs_av || !e->config->builtin_av;
}

edge *edge_new(const json_t *object, edge_event_func event, gpointer user_data, GError **error)
{
	edge *e = g_new0(edge, 1);

	if (start_parts(e, object, event, user_data, error))
		return e;
	edge_free(e);
	return NULL;
}

void edge_free(edge *e)
{
	if (!e)
		return;
	av_thread_free(e->av);
	object_free(e->mras);
	access_edge_free(e->access);
	if (e->identity)
		tls_identity_free(e->identity);
	edge_config_free(e->config);
	g_free(e);
}

json_t *edge_stats(const edge *e)
{
	json_t *fields = json_object();

	if (e->access)
		access_edge_stats(e->access, fields);
	if (e->av)
		av_thread_stats(e->av, fields);
	return fields;
}
