/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/av_edge.h"

#include <errno.h>
#include <string.h>

#include "common/error_reason.h"
#include "common/random.h"
#include "common/wire/pack.h"
#include "edge/av_tcp.h"
#include "edge/av_udp.h"
#include "edge/rate.h"
#include "edge/turn.h"

#define LISTENERS 4 /* internal and external, IPv4 and IPv6 */
#define NONCE_LIFETIME_S 3600
#define ALLOCATIONS_TOTAL 4096
#define ALLOCATIONS_PER_SOURCE (ALLOCATIONS_TOTAL / 2) /* a company may be behind one address */

struct av_edge {
	const struct edge_config *config;
	edge_event_func event;
	gpointer user_data;
	policy *policy;
	turn *turn;
	readable *read;
	av_udp_batch *batch;
	av_udp *udp[LISTENERS];
	av_tcp *tcp[LISTENERS];
	GSource *timer;
	rate *send_errors, *denials, *refusals;
	guint64 send_failures, send_dropped;
};

/* --- time ------------------------------------------------------------------------------------- */

/* Ends expired allocations and sets the timer for the next ones. */
static gboolean on_expiry_timer(gpointer user_data)
{
	av_edge *e = user_data;
	gint64 next_us;

	turn_expire(e->turn, g_get_monotonic_time());
	next_us = turn_next_expiry(e->turn);
	g_source_set_ready_time(e->timer, next_us == G_MAXINT64 ? -1 : next_us);
	return G_SOURCE_CONTINUE;
}

/* Sets the timer earlier if a request has brought an earlier expiry. */
static void advance_expiry_timer(av_edge *e)
{
	gint64 next_us = turn_next_expiry(e->turn), ready_us = g_source_get_ready_time(e->timer);

	if (next_us != G_MAXINT64 && (ready_us < 0 || next_us < ready_us))
		g_source_set_ready_time(e->timer, next_us);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* Counts a send that failed with the errno `code`.  A full queue is a dropped packet; other
 * failures are reported, at most once a second for each destination. */
static void note_send_failure(av_edge *e, const struct endpoint *from, const struct endpoint *to,
			      int code)
{
	char from_text[ENDPOINT_TEXT_MAX], to_text[ENDPOINT_TEXT_MAX];

	if (code == EAGAIN || code == ENOBUFS) { /* the queue is full */
		e->send_dropped++;
		return;
	}
	e->send_failures++;
	if (!rate_allows(e->send_errors, endpoint_print(to, to_text), g_get_monotonic_time()))
		return;
	e->event(EVENT_SEND_ERROR,
		 event_pack("{s:s, s:s, s:i, s:s, s:s}", "to", to_text, "from",
			    endpoint_print(from, from_text), "errno", code, "code",
			    reason_code(errno_reason(code)), "text", g_strerror(code)),
		 e->user_data);
}

static void send_to_client(gpointer client, const struct turn_tuple *tuple, const guint8 *data,
			   gsize length, bool media, gpointer user_data)
{
	av_edge *e = user_data;
	int code;

	if (tuple->transport == TURN_TCP) {
		if (!av_stream_send(client, data, length, media))
			e->send_dropped++;
		return;
	}
	code = av_udp_send(client, &tuple->client, data, length);
	if (code)
		note_send_failure(e, &tuple->server, &tuple->client, code);
}

/* --- relays ----------------------------------------------------------------------------------- */

/* The user data of a relay's socket. */
struct relay {
	av_edge *edge;
	struct allocation *allocation;
	av_udp *socket;
};

static void on_peer_datagram(av_udp *u G_GNUC_UNUSED, const struct endpoint *from,
			     const guint8 *data, gsize length, gpointer user_data)
{
	struct relay *relay = user_data;

	turn_from_peer(relay->edge->turn, g_get_monotonic_time(), relay->allocation, from, data,
		       length);
}

/* Of turn_output: binds the allocation's relay; returns 0 or an errno. */
static int open_relay_socket(struct allocation *a, gpointer user_data)
{
	av_edge *e = user_data;
	struct relay *relay = g_new0(struct relay, 1);
	int code = 0;

	relay->edge = e;
	relay->allocation = a;
	relay->socket = av_udp_new(&a->relay, e->batch, on_peer_datagram, relay, &code);
	if (!relay->socket) {
		g_free(relay);
		return code;
	}
	a->socket = relay;
	return 0;
}

static void close_relay_socket(struct allocation *a, gpointer user_data G_GNUC_UNUSED)
{
	struct relay *relay = a->socket;

	av_udp_free(relay->socket);
	g_free(relay);
}

static void send_to_peer_socket(struct allocation *a, const struct endpoint *peer,
				const guint8 *data, gsize length, gpointer user_data)
{
	const struct relay *relay = a->socket;
	int code = av_udp_send(relay->socket, peer, data, length);

	if (code)
		note_send_failure(user_data, &a->relay, peer, code);
}

/* --- events ----------------------------------------------------------------------------------- */

static const char *const transport_names[] = {[TURN_UDP] = "udp", [TURN_TCP] = "tcp"};

static json_t *allocation_fields(const struct allocation *a)
{
	char client[ENDPOINT_TEXT_MAX], relay[ENDPOINT_TEXT_MAX];

	return event_pack("{s:s, s:s, s:s, s:s}", "user", a->identity, "client",
			  endpoint_print(&a->tuple.client, client), "transport",
			  transport_names[a->tuple.transport], "relay",
			  endpoint_print(&a->advertised, relay));
}

static json_t *allocation_end_fields(const struct allocation *a, enum reason reason)
{
	char relay[ENDPOINT_TEXT_MAX];

	return reason_set(event_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "user", a->identity, "relay",
				     endpoint_print(&a->advertised, relay), "sent",
				     (json_int_t)a->sent, "received", (json_int_t)a->received,
				     "bytes_sent", (json_int_t)a->bytes_sent, "bytes_received",
				     (json_int_t)a->bytes_received),
			  reason, NULL);
}

/* Sends an event `denied`, at most once a second for each peer. */
static void report_denied(av_edge *e, const struct turn_event *event)
{
	char peer[ENDPOINT_TEXT_MAX];

	endpoint_print(event->peer, peer);
	if (rate_allows(e->denials, peer, g_get_monotonic_time()))
		e->event(EVENT_DENIED,
			 event_pack("{s:s, s:s, s:s, s:s}", "user", event->allocation->identity,
				    "peer", peer, "code", reason_code(event->reason), "rule",
				    reason_words(event->reason)),
			 e->user_data);
}

/* Sends an event of that name about a refused request, at most once a second for each client. */
static void report_refused(av_edge *e, const char *name, const struct turn_event *event)
{
	char client[ENDPOINT_TEXT_MAX];

	endpoint_print(event->client, client);
	if (rate_allows(e->refusals, client, g_get_monotonic_time()))
		e->event(name,
			 reason_set(event_pack("{s:s, s:s?, s:i}", "client", client, "user",
					       event->username ?
						       allocation_identity(event->username) :
						       NULL,
					       "status", (int)event->code),
				    event->reason, NULL),
			 e->user_data);
}

/* A stream is used while it has an allocation. */
static void set_stream_used(const struct allocation *a, bool used)
{
	if (a->tuple.transport == TURN_TCP)
		av_stream_set_used(a->client, used);
}

static void on_turn_event(const struct turn_event *event, gpointer user_data)
{
	av_edge *e = user_data;

	switch (event->kind) {
	case TURN_EVENT_ALLOCATION:
		set_stream_used(event->allocation, true);
		e->event(EVENT_ALLOCATION, allocation_fields(event->allocation), e->user_data);
		break;
	case TURN_EVENT_ALLOCATION_END:
		set_stream_used(event->allocation, false);
		e->event(EVENT_ALLOCATION_END,
			 allocation_end_fields(event->allocation, event->reason), e->user_data);
		break;
	case TURN_EVENT_DENIED:
		report_denied(e, event);
		break;
	case TURN_EVENT_AUTH_FAILED:
		report_refused(e, EVENT_AUTH_FAILED, event);
		break;
	case TURN_EVENT_REFUSED:
		report_refused(e, EVENT_RELAY_REFUSED, event);
		break;
	}
}

/* --- listeners -------------------------------------------------------------------------------- */

static void on_client_datagram(av_udp *u, const struct endpoint *from, const guint8 *data,
			       gsize length, gpointer user_data)
{
	av_edge *e = user_data;
	struct turn_tuple tuple = {
		.client = *from, .server = *av_udp_local(u), .transport = TURN_UDP};

	turn_from_client(e->turn, g_get_monotonic_time(), u, &tuple, data, length);
	advance_expiry_timer(e);
}

static void on_client_frame(av_stream *s, const guint8 *data, gsize length, gpointer user_data)
{
	av_edge *e = user_data;

	turn_from_client(e->turn, g_get_monotonic_time(), s, av_stream_tuple(s), data, length);
	advance_expiry_timer(e);
}

static void on_client_closed(av_stream *s, gpointer user_data)
{
	av_edge *e = user_data;

	turn_client_gone(e->turn, av_stream_tuple(s));
}

/* Sends an event about a TCP connection that was refused or ended for a limit. */
static void on_connection_told(const char *peer, guint16 port, enum reason why, guint more,
			       gpointer user_data)
{
	av_edge *e = user_data;

	e->event(EVENT_TCP_REFUSED,
		 reason_set(event_pack("{s:s, s:i, s:i}", "peer", peer, "port", (int)port, "more",
				       (int)more),
			    why, NULL),
		 e->user_data);
}

/* Opens UDP and TCP listener number `i` at the address and reports them; false with an error. */
static bool av_listen_at(av_edge *e, guint i, const struct endpoint *address, GError **error)
{
	static const struct av_tcp_handlers handlers = {
		.frame = on_client_frame, .closed = on_client_closed, .told = on_connection_told};
	struct endpoint udp = endpoint_with_port(address, AV_EDGE_UDP_PORT);
	struct endpoint tcp = endpoint_with_port(address, e->config->av_tcp_port);
	char text[ENDPOINT_TEXT_MAX];
	int code = 0;

	e->udp[i] = av_udp_new(&udp, e->batch, on_client_datagram, e, &code);
	if (!e->udp[i]) {
		g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code),
			    "cannot bind UDP %s: %s", endpoint_print(&udp, text), g_strerror(code));
		return false;
	}
	e->tcp[i] = av_tcp_listen(&tcp, &handlers, e->read, e, error);
	if (!e->tcp[i])
		return false;
	edge_report_listening(e->event, e->user_data, "av", &udp, udp.port, "udp");
	edge_report_listening(e->event, e->user_data, "av", &tcp, tcp.port, "tcp");
	return true;
}

static bool av_listen(av_edge *e, GError **error)
{
	const struct endpoint *const at[LISTENERS] = {&e->config->internal,
						      &e->config->relay[0][TURN_UDP],
						      &e->config->internal6,
						      &e->config->relay[1][TURN_UDP]};

	for (guint i = 0; i < LISTENERS; i++) {
		bool again = false; /* an Edge with one card has one address inside and outside */

		for (guint k = 0; k < i; k++)
			again = again || endpoint_same_ip(at[k], at[i]);
		if (at[i]->family != ENDPOINT_NONE && !again && !av_listen_at(e, i, at[i], error))
			return false;
	}
	return true;
}

/* --- life ------------------------------------------------------------------------------------- */

static policy *edge_policy_new(const struct edge_config *c, GError **error)
{
	const struct endpoint own[] = {c->internal,
				       c->internal6,
				       c->access,
				       c->access6,
				       c->relay[0][TURN_UDP],
				       c->relay[0][TURN_TCP],
				       c->relay[1][TURN_UDP],
				       c->relay[1][TURN_TCP],
				       c->advertised[0][TURN_UDP],
				       c->advertised[0][TURN_TCP]};
	struct policy_config config = {.own = own,
				       .n_own = G_N_ELEMENTS(own),
				       .relays = c->advertised[0],
				       .n_relays =
					       sizeof c->advertised / sizeof c->advertised[0][0],
				       .relay_port_min = c->relay_port_min,
				       .relay_port_max = c->relay_port_max,
				       .relay_to = (const char *const *)c->relay_to,
				       .relay_not_to = (const char *const *)c->relay_not_to};

	return policy_new(&config, error);
}

static void fill_random(guint8 *bytes, gsize length, gpointer user_data G_GNUC_UNUSED)
{
	random_bytes(bytes, length);
}

/* The TURN server with this Edge's configuration. */
static turn *edge_turn_new(av_edge *e)
{
	static const struct turn_output output = {.to_client = send_to_client,
						  .open_relay = open_relay_socket,
						  .close_relay = close_relay_socket,
						  .to_peer = send_to_peer_socket,
						  .event = on_turn_event,
						  .draw = fill_random};
	const struct edge_config *c = e->config;
	struct turn_config config = {.realm = c->realm,
				     .secret = c->secret,
				     .nonce = {.lifetime_s = NONCE_LIFETIME_S},
				     .relay_family_same = c->relay_family_same,
				     .relay_port_min = c->relay_port_min,
				     .relay_port_max = c->relay_port_max,
				     .policy = e->policy,
				     .allocations_per_user = c->relays_per_user,
				     .allocations_per_source = ALLOCATIONS_PER_SOURCE,
				     .allocations_total = ALLOCATIONS_TOTAL,
				     .wall_offset_us = c->wall_offset_us};

	memcpy(config.relay, c->relay, sizeof config.relay);
	memcpy(config.advertised, c->advertised, sizeof config.advertised);
	random_bytes(config.nonce.key, sizeof config.nonce.key);
	return turn_new(&config, &output, e);
}

av_edge *av_edge_new(const struct edge_config *config, edge_event_func event, gpointer user_data,
		     GError **error)
{
	av_edge *e = g_new0(av_edge, 1);
	int code = 0;

	e->config = config;
	e->event = event;
	e->user_data = user_data;
	e->read = readable_new(&code);
	if (!e->read) {
		g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(code), "epoll: %s",
			    g_strerror(code));
		g_free(e);
		return NULL;
	}
	e->batch = av_udp_batch_new(e->read);
	e->send_errors = rate_new(G_USEC_PER_SEC);
	e->denials = rate_new(G_USEC_PER_SEC);
	e->refusals = rate_new(G_USEC_PER_SEC);
	e->timer = ready_time_source_new(on_expiry_timer, e);
	e->policy = edge_policy_new(config, error);
	e->turn = e->policy ? edge_turn_new(e) : NULL;
	if (e->turn && av_listen(e, error))
		return e;
	av_edge_free(e);
	return NULL;
}

void av_edge_free(av_edge *e)
{
	if (!e)
		return;
	for (guint i = 0; i < LISTENERS; i++)
		av_tcp_free(e->tcp[i]);
	turn_free(e->turn);
	for (guint i = 0; i < LISTENERS; i++)
		av_udp_free(e->udp[i]);
	policy_free(e->policy);
	g_source_destroy(e->timer);
	g_source_unref(e->timer);
	object_free(e->send_errors);
	object_free(e->denials);
	object_free(e->refusals);
	av_udp_batch_free(e->batch);
	readable_free(e->read);
	g_free(e);
}

void av_edge_stats(const av_edge *e, json_t *fields)
{
	const struct turn_counters *c = turn_counters_of(e->turn);
	const struct {
		const char *name;
		guint64 value;
	} rows[] = {
		{"allocations_open", turn_allocation_count(e->turn)},
		{"allocations", c->allocations},
		{"bindings", c->bindings},
		{"challenges", c->challenges},
		{"auth_failures", c->auth_failures},
		{"denied", c->denied},
		{"malformed", c->malformed},
		{"flooded", c->flooded},
		{"packets_to_peers", c->to_peers},
		{"packets_to_clients", c->to_clients},
		{"packets_relay_to_relay", c->relay_to_relay},
		{"dropped_no_permission", c->no_permission},
		{"dropped_no_channel", c->no_channel},
		{"dropped_no_relay", c->no_relay},
		{"dropped_full", e->send_dropped},
		{"send_failures", e->send_failures},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		json_object_set_new(fields, rows[i].name, json_integer((json_int_t)rows[i].value));
}
