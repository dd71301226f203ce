/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/access_private.h"

#include "common/base/each.h"
#include "common/error_reason.h"
#include "common/random.h"
#include "common/wire/pack.h"
#include "edge/inside.h"

/* Of clients.  When that many are connected a new one takes the place of the oldest on which nobody
 * has signed in; while there is none it is refused. */
#define CLIENTS_MAX 1024
#define EVICTIONS_TOLD 1000 /* each so many-th is told */
#define QUEUE_OF_STRANGER                                                      \
	(128 * 1024) /* bytes that may wait for a client before it is given up \
		      */

static void link_free(gpointer data)
{
	struct access_link *l = data;

	edge_flows_close(l->access->flows, l->token);
	g_ptr_array_remove(l->access->clients, l);
	sip_conn_close(l->conn);
	sip_conn_unref(l->conn);
	object_free(l->users);
	g_free(l->token);
	g_free(l);
}

static void on_access_message(sip_conn *c G_GNUC_UNUSED, sip_msg *m, gpointer user_data)
{
	access_message(user_data, m);
}

static void on_access_closed(sip_conn *c, const GError *error, gpointer user_data)
{
	struct access_link *l = user_data;
	access_edge *a = l->access;

	a->event(EVENT_LOG,
		 event_pack("{s:s, s:o}", "level", "debug", "text",
			    event_text_printf("%s %s: %s",
					      l->side == EDGE_FLOW_CLIENT ? "client" : "server",
					      sip_conn_peer(c), error ? error->message : "closed")),
		 a->user_data);
	if (a->front_end == l)
		a->front_end = NULL;
	g_hash_table_remove(a->links, l);
}

/* Adds a connection, which it takes over, with a flow of its own.  The Via of its requests has
 * `local_address` and `port`.  Owned by a->links. */
static struct access_link *add_link(access_edge *a, GIOStream *connection, enum edge_flow_side side,
				    const char *local_address, guint16 port)
{
	static const struct sip_conn_handlers handlers = {.message = on_access_message,
							  .closed = on_access_closed};
	g_autofree char *local = sip_host_port(local_address, port);
	struct access_link *l = g_new0(struct access_link, 1);

	l->access = a;
	l->side = side;
	l->conn = sip_conn_new(connection, local, &handlers, l);
	l->token = edge_flows_open(a->flows, side, l);
	l->users = sip_users_new();
	g_hash_table_add(a->links, l);
	if (side == EDGE_FLOW_CLIENT) {
		sip_conn_set_queue_max(l->conn, QUEUE_OF_STRANGER);
		g_ptr_array_add(a->clients, l);
	}
	return l;
}

/* Uses the new connection to the Front End, or reports why there is none. */
static void on_front_end(GIOStream *connection, const char *address, const GError *error,
			 gpointer user_data)
{
	access_edge *a = user_data;

	a->connecting = false;
	if (connection) {
		a->front_end =
			add_link(a, connection, EDGE_FLOW_INSIDE, a->internal, EDGE_SIP_PORT);
		access_send_waiting(a);
		return;
	}
	a->event(EVENT_LINK_FAILED,
		 error_set(event_pack("{s:s, s:s?, s:i}", "peer", a->config->next_hop, "address",
				      address, "port", (int)a->config->next_hop_port),
			   error),
		 a->user_data);
	access_refuse_waiting(a, error->message);
}

void access_connect_front_end(access_edge *a)
{
	if (a->front_end || a->connecting)
		return;
	a->connecting = true;
	inside_connect(a->config->next_hop, a->config->next_hop_port, a->internal, a->identity,
		       a->cancellable, on_front_end, a);
}

/* --- listening -------------------------------------------------------------------------------- */

static void on_access_tls_refused(const char *peer, const GError *why, gpointer user_data)
{
	access_edge *a = user_data;

	a->event(EVENT_TLS_REFUSED, error_set(event_pack("{s:s}", "peer", peer), why),
		 a->user_data);
}

/* Closes a connection after its handshake, with an event `tls-refused`. */
static void refuse_connection(access_edge *a, GIOStream *connection, const char *peer,
			      enum reason r)
{
	a->event(EVENT_TLS_REFUSED, reason_set(event_pack("{s:s}", "peer", peer), r, NULL),
		 a->user_data);
	g_object_unref(connection);
}

/* Closes the oldest connection of a client on which nobody has signed in.  false: there is none. */
static bool evict_stranger(access_edge *a)
{
	gint64 now_us = g_get_monotonic_time();

	ptr_array_foreach(struct access_link, l, a->clients) {
		if (sip_users_any(l->users, now_us))
			continue;
		if (a->evicted++ % EVICTIONS_TOLD == 0)
			a->event(EVENT_TLS_REFUSED,
				 reason_set(event_pack("{s:s}", "peer", sip_conn_peer(l->conn)),
					    REASON_TOO_MANY_CLIENTS,
					    "too many clients: nobody has signed in on this one"),
				 a->user_data);
		g_hash_table_remove(a->links, l);
		return true;
	}
	return false;
}

static void on_client_accepted(GIOStream *connection, const char *const *peer_names G_GNUC_UNUSED,
			       const char *peer, guint16 port G_GNUC_UNUSED, gpointer user_data)
{
	access_edge *a = user_data;

	guint limit = a->config->clients_max ? a->config->clients_max : CLIENTS_MAX;

	if (a->clients->len >= limit && !evict_stranger(a)) {
		refuse_connection(a, connection, peer, REASON_TOO_MANY_CLIENTS);
		return;
	}
	add_link(a, connection, EDGE_FLOW_CLIENT, a->access, a->config->access_port);
}

static void on_server_accepted(GIOStream *connection, const char *const *peer_names,
			       const char *peer, guint16 port G_GNUC_UNUSED, gpointer user_data)
{
	access_edge *a = user_data;

	if (!inside_has_name(peer_names, a->config->next_hop)) {
		refuse_connection(a, connection, peer, REASON_TLS_NOT_NEXT_HOP);
		return;
	}
	add_link(a, connection, EDGE_FLOW_INSIDE, a->internal, EDGE_SIP_PORT);
}

/* Opens all listeners and reports them; false with an error. */
static bool access_listen(access_edge *a, GError **error)
{
	const struct edge_config *c = a->config;
	const struct {
		const struct endpoint *at;
		guint16 port;
		enum tls_client_certificate policy;
		tls_accept_func accepted;
	} rows[LISTENERS] = {
		{&c->access, c->access_port, TLS_CLIENT_NONE, on_client_accepted},
		{&c->internal, EDGE_SIP_PORT, TLS_CLIENT_REQUIRED, on_server_accepted},
		{&c->access6, c->access_port, TLS_CLIENT_NONE, on_client_accepted},
		{&c->internal6, EDGE_SIP_PORT, TLS_CLIENT_REQUIRED, on_server_accepted},
	};

	for (guint i = 0; i < LISTENERS; i++) {
		g_autofree char *address = NULL;

		if (rows[i].at->family == ENDPOINT_NONE)
			continue;
		address = edge_address_text(rows[i].at);
		a->listeners[i] = tls_listen(address, rows[i].port, a->identity, rows[i].policy,
					     rows[i].accepted, on_access_tls_refused, a, error);
		if (!a->listeners[i])
			return false;
	}
	for (guint i = 0; i < LISTENERS; i++)
		if (a->listeners[i])
			edge_report_listening(a->event, a->user_data, "access", rows[i].at,
					      rows[i].port, "tls");
	return true;
}

access_edge *access_edge_new(const struct edge_config *config, tls_identity *identity,
			     edge_event_func event, gpointer user_data, GError **error)
{
	access_edge *a = g_new0(access_edge, 1);

	a->config = config;
	a->identity = identity;
	a->event = event;
	a->user_data = user_data;
	a->key = random_hex(16);
	a->names = (struct edge_names){.inside = config->fqdn,
				       .outside = config->access_fqdn,
				       .outside_port = config->access_port,
				       .key = a->key};
	a->flows = edge_flows_new();
	a->links = g_hash_table_new_full(NULL, NULL, link_free, NULL);
	a->clients = g_ptr_array_new();
	a->cancellable = g_cancellable_new();
	a->internal = edge_address_text(&config->internal);
	a->access = edge_address_text(&config->access);
	g_queue_init(&a->waiting);
	if (!access_listen(a, error)) {
		access_edge_free(a);
		return NULL;
	}
	access_connect_front_end(a);
	return a;
}

void access_edge_free(access_edge *a)
{
	if (!a)
		return;
	g_cancellable_cancel(a->cancellable); /* on_front_end is not called any more */
	g_object_unref(a->cancellable);
	for (guint i = 0; i < LISTENERS; i++)
		tls_listener_free(a->listeners[i]);
	access_drop_waiting(a);
	g_hash_table_unref(a->links);
	g_ptr_array_unref(a->clients);
	object_free(a->flows);
	g_free(a->key);
	g_free(a->internal);
	g_free(a->access);
	g_free(a);
}

void access_edge_stats(const access_edge *a, json_t *fields)
{
	const struct {
		const char *name;
		guint64 value;
	} rows[] = {
		{"sip_clients", edge_flows_count(a->flows, EDGE_FLOW_CLIENT)},
		{"sip_servers", edge_flows_count(a->flows, EDGE_FLOW_INSIDE)},
		{"sip_requests_in", a->requests_in},
		{"sip_requests_out", a->requests_out},
		{"sip_responses", a->responses},
		{"sip_responses_dropped", a->responses_dropped},
		{"sip_evicted", a->evicted},
		{"sip_flow_failed", a->flow_failed},
		{"sip_unavailable", a->unavailable},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		json_object_set_new(fields, rows[i].name, json_integer((json_int_t)rows[i].value));
}
