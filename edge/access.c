/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/access.h"

#include <string.h>

#include "common/sip_failure.h"
#include "edge/flow.h"
#include "edge/inside.h"
#include "edge/route.h"

#define LISTENERS 4 /* outside and inside, IPv4 and IPv6 */

#define CLIENTS_MAX 1024

/* A connection and its flow. */
struct access_link {
	access_edge *access;
	sip_conn *conn;
	char *token;
	enum edge_flow_side side;
};

/* A request that waits for the connection to the Front End. */
struct waiting_request {
	sip_msg *request;
	char *token; /* of the client's flow, which may be closed by then */
};

/* The connection to the Front End:
 *
 * state       | front_end | connecting | next state
 * none        | NULL      | false      | connecting, at the start or with a request
 * connecting  | NULL      | true       | open; or none, and waiting requests get 503
 * open        | set       | false      | none, when it is closed
 */
struct access_edge {
	const struct edge_config *config;
	tls_identity *identity;
	edge_event_func event;
	gpointer user_data;
	tls_listener *listeners[LISTENERS]; /* NULL where there is no such address */
	edge_flows *flows;
	GHashTable *links; /* struct access_link *, owned */
	struct access_link *front_end;
	bool connecting;
	GQueue waiting; /* struct waiting_request * */
	GCancellable *cancellable;
	char *internal, *access;
	struct edge_names names;
	guint64 requests_in, requests_out, responses, flow_failed, unavailable;
};

static void link_free(gpointer data)
{
	struct access_link *l = data;

	edge_flows_close(l->access->flows, l->token);
	sip_conn_close(l->conn);
	sip_conn_unref(l->conn);
	g_free(l->token);
	g_free(l);
}

static const struct object_shape waiting_request_shape =
	OBJECT_SHAPE(waiting_request, NULL, OWNS(waiting_request, request, sip_msg_unref),
		     OWNS_TEXT(waiting_request, token));

static void on_access_message(sip_conn *c, sip_msg *m, gpointer user_data);

static void on_access_closed(sip_conn *c, const GError *error, gpointer user_data)
{
	struct access_link *l = user_data;
	access_edge *a = l->access;

	a->event(EVENT_LOG,
		 json_pack("{s:s, s:o}", "level", "debug", "text",
			   json_sprintf("%s %s: %s",
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
	g_hash_table_add(a->links, l);
	return l;
}

/* --- messages --------------------------------------------------------------------------------- */

/* ACK is never answered (RFC 3261 section 17.1). */
static bool is_ack(const sip_msg *m)
{
	return g_strcmp0(sip_method(m), "ACK") == 0;
}

/* Refuses a request with this status; ACK gets no response. */
static void access_refuse(struct access_link *l, const sip_msg *request, int status,
			  const char *phrase)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response = sip_response_new(request, status, phrase, tag);

	if (!is_ack(request))
		sip_conn_send(l->conn, response);
}

/* Refuses a request with the status and ms-diagnostics of a reason; `words` NULL: its usual
 * ones. */
static void access_refuse_for(struct access_link *l, const sip_msg *request, enum reason r,
			      const char *words)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response =
		sip_refuse(request, r, words, tag, l->access->config->access_fqdn);

	if (!is_ack(request))
		sip_conn_send(l->conn, response);
}

/* Sends a client's request to the Front End, which must be connected.  `token`: the client's
 * flow. */
static void pass_inside(access_edge *a, sip_msg *request, const char *token)
{
	edge_route_from_client(request, &a->names, token);
	a->requests_in++;
	sip_conn_send(a->front_end->conn, request);
}

/* Answers all waiting requests with 503; `why` becomes part of ms-diagnostics. */
static void refuse_all_waiting(access_edge *a, const char *why)
{
	g_autofree char *words = g_strdelimit(g_strdup(why), "\"\\\r\n", ' ');
	struct waiting_request *w;

	while ((w = g_queue_pop_head(&a->waiting))) {
		struct access_link *l = edge_flows_find(a->flows, EDGE_FLOW_CLIENT, w->token);

		a->unavailable++;
		if (l)
			access_refuse_for(l, w->request, REASON_NEXT_HOP_FAILED, words);
		object_free(w);
	}
}

/* Sends all waiting requests to the Front End, except those of clients that are gone. */
static void send_all_waiting(access_edge *a)
{
	struct waiting_request *w;

	while ((w = g_queue_pop_head(&a->waiting))) {
		if (edge_flows_find(a->flows, EDGE_FLOW_CLIENT, w->token))
			pass_inside(a, w->request, w->token);
		object_free(w);
	}
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
		send_all_waiting(a);
		return;
	}
	a->event(EVENT_LINK_FAILED,
		 error_set(json_pack("{s:s, s:s?, s:i}", "peer", a->config->next_hop, "address",
				     address, "port", (int)a->config->next_hop_port),
			   error),
		 a->user_data);
	refuse_all_waiting(a, error->message);
}

/* Connects to the Front End, unless that has been done or is under way. */
static void connect_front_end(access_edge *a)
{
	if (a->front_end || a->connecting)
		return;
	a->connecting = true;
	inside_connect(a->config->next_hop, a->config->next_hop_port, a->internal, a->identity,
		       a->cancellable, on_front_end, a);
}

static bool is_domain_served(const access_edge *a, const sip_msg *m)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(m));
	const char *at = user ? strchr(user, '@') : NULL;

	return at && g_ascii_strcasecmp(at + 1, a->config->domain) == 0;
}

static void report_request_refused(access_edge *a, const sip_msg *m)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(m));

	a->event(EVENT_REQUEST_REFUSED,
		 reason_set(json_pack("{s:s, s:s?, s:i}", "method", sip_method(m), "user", user,
				      "status", 403),
			    REASON_DOMAIN_NOT_SERVED, "the domain is not served here"),
		 a->user_data);
}

/* Passes a request of a served domain inside, or lets it wait for the connection; else refuses
 * it. */
static void request_from_client(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;
	struct waiting_request *w;

	if (!is_domain_served(a, m)) {
		report_request_refused(a, m);
		access_refuse_for(l, m, REASON_DOMAIN_NOT_SERVED, NULL);
		return;
	}
	if (a->front_end) {
		pass_inside(a, m, l->token);
		return;
	}
	w = object_new(&waiting_request_shape);
	w->request = sip_msg_ref(m);
	w->token = g_strdup(l->token);
	g_queue_push_tail(&a->waiting, w);
	connect_front_end(a);
}

/* Passes a request to the client whose token is in its Route; 430 when that is gone (RFC 5626
 * section 5.3.1). */
static void request_from_inside(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;
	g_autofree char *token = edge_route_take_token(m, &a->names);
	struct access_link *client = edge_flows_find(a->flows, EDGE_FLOW_CLIENT, token);

	if (!client) {
		a->flow_failed++;
		access_refuse(l, m, 430, "Flow Failed");
		return;
	}
	edge_route_to_client(m, &a->names, l->token, client->token);
	a->requests_out++;
	sip_conn_send(client->conn, m);
}

/* Passes a response to the other side, by the token in our Via.  It is dropped when the sender of
 * the request is gone (RFC 3261 section 16.11). */
static void response_from(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;
	g_autofree char *token = edge_route_take_via(m, &a->names);
	enum edge_flow_side other =
		l->side == EDGE_FLOW_CLIENT ? EDGE_FLOW_INSIDE : EDGE_FLOW_CLIENT;
	struct access_link *to = edge_flows_find(a->flows, other, token);

	if (!to)
		return;
	a->responses++;
	sip_conn_send(to->conn, m);
}

/* This proxy has no extensions.  true: the request needed one and was refused. */
static bool refuse_extensions(struct access_link *l, const sip_msg *request)
{
	g_autoptr(sip_msg) answer = sip_refuse_extensions(request, "Proxy-Require", NULL, NULL);

	if (answer)
		sip_conn_send(l->conn, answer);
	return answer;
}

static void on_access_message(sip_conn *c G_GNUC_UNUSED, sip_msg *m, gpointer user_data)
{
	struct access_link *l = user_data;

	if (!sip_is_request(m))
		response_from(l, m);
	else if (refuse_extensions(l, m))
		return;
	else if (!sip_take_hop(m))
		access_refuse(l, m, 483, "Too Many Hops");
	else if (l->side == EDGE_FLOW_CLIENT)
		request_from_client(l, m);
	else
		request_from_inside(l, m);
}

/* --- listening -------------------------------------------------------------------------------- */

static void on_access_tls_refused(const char *peer, const GError *why, gpointer user_data)
{
	access_edge *a = user_data;

	a->event(EVENT_TLS_REFUSED, error_set(json_pack("{s:s}", "peer", peer), why), a->user_data);
}

/* Closes a connection after its handshake, with an event `tls-refused`. */
static void refuse_connection(access_edge *a, GIOStream *connection, const char *peer,
			      enum reason r)
{
	a->event(EVENT_TLS_REFUSED, reason_set(json_pack("{s:s}", "peer", peer), r, NULL),
		 a->user_data);
	g_object_unref(connection);
}

static void on_client_accepted(GIOStream *connection, const char *const *peer_names G_GNUC_UNUSED,
			       const char *peer, guint16 port G_GNUC_UNUSED, gpointer user_data)
{
	access_edge *a = user_data;

	if (edge_flows_count(a->flows, EDGE_FLOW_CLIENT) >= CLIENTS_MAX) {
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
	a->names = (struct edge_names){.inside = config->fqdn,
				       .outside = config->access_fqdn,
				       .outside_port = config->access_port};
	a->flows = edge_flows_new();
	a->links = g_hash_table_new_full(NULL, NULL, link_free, NULL);
	a->cancellable = g_cancellable_new();
	a->internal = edge_address_text(&config->internal);
	a->access = edge_address_text(&config->access);
	g_queue_init(&a->waiting);
	if (!access_listen(a, error)) {
		access_edge_free(a);
		return NULL;
	}
	connect_front_end(a);
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
	g_queue_clear_full(&a->waiting, object_free);
	g_hash_table_unref(a->links);
	object_free(a->flows);
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
		{"sip_flow_failed", a->flow_failed},
		{"sip_unavailable", a->unavailable},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		json_object_set_new(fields, rows[i].name, json_integer((json_int_t)rows[i].value));
}
