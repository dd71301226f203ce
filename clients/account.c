/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/account.h"

#include <string.h>

#include "clients/discovery.h"
#include "clients/dns.h"
#include "clients/signin.h"
#include "common/reach.h"
#include "common/sip_event.h"
#include "common/tls.h"

#define SIGN_IN_MS 15000
#define TLS_MS 3000
#define REQUEST_MS 8000

/* Not signed in; looking for a server and connecting; signing in on a connection; signed in. */
enum account_state { ACCOUNT_OUT, ACCOUNT_SEARCHING, ACCOUNT_REGISTERING, ACCOUNT_IN };

/* One look-up of the discovery list. */
struct account_lookup {
	account *owner;
	guint index;
};

struct account {
	const struct client_config *config;
	channel *events;
	struct account_handlers handlers;
	gpointer user_data;
	enum account_state state;
	char *uri;
	tls_identity *identity;
	dns *dns;
	discovery *discovery;
	struct account_lookup lookups[DISCOVERY_LOOKUPS];
	GPtrArray *dns_events[DISCOVERY_LOOKUPS]; /* json_t: reported in the list's order */
	guint reported_dns;			  /* number of look-ups whose events are reported */
	reach *connecting;			  /* NULL: not connecting */
	struct discovery_target target;		  /* strings belong to `discovery` */
	const char *ways[2];			  /* its addresses, in the order of attempts */
	enum reason last_code;			  /* of the last failure to connect */
	char *last_failure;			  /* the same in words; NULL: none */
	sip_conn *conn;
	struct signin signin;
	struct account_relay relay;
	guint relay_queries; /* pending queries for its addresses */
	guint deadline, renewal;
	gint64 start_us;
};

static void relay_clear(struct account_relay *r)
{
	g_free(r->host);
	g_free(r->address);
	g_free(r->address6);
	g_free(r->username);
	g_free(r->password);
	*r = (struct account_relay){0};
}

static void unref_json(gpointer j)
{
	json_decref(j);
}

account *account_new(const struct client_config *config, channel *events,
		     const struct account_handlers *handlers, gpointer user_data, GError **error)
{
	tls_identity *identity = tls_identity_new(config->ca, NULL, NULL, error);
	if (!identity)
		return NULL;
	account *a = g_new0(account, 1);
	a->config = config;
	a->events = events;
	a->handlers = *handlers;
	a->user_data = user_data;
	a->identity = identity;
	a->uri = g_strdup_printf("sip:%s", config->user);
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++) {
		a->lookups[i] = (struct account_lookup){.owner = a, .index = i};
		a->dns_events[i] = g_ptr_array_new_with_free_func(unref_json);
	}
	return a;
}

/* Frees what the search for a server uses; no callback of it follows. */
static void stop_search(account *a)
{
	g_clear_pointer(&a->connecting, reach_free);
	g_clear_pointer(&a->dns, dns_free);
	g_clear_pointer(&a->discovery, discovery_free);
	g_clear_pointer(&a->last_failure, g_free);
	g_clear_handle_id(&a->deadline, g_source_remove);
}

/* Closes the connection and forgets what the sign-in has brought; the account is then signed
 * out. */
static void drop_connection(account *a)
{
	g_clear_handle_id(&a->renewal, g_source_remove);
	if (a->conn) {
		sip_conn_close(a->conn);
		g_clear_pointer(&a->conn, sip_conn_unref);
	}
	signin_done(&a->signin);
	relay_clear(&a->relay);
	a->state = ACCOUNT_OUT;
}

void account_free(account *a)
{
	if (!a)
		return;
	stop_search(a);
	drop_connection(a);
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++)
		g_ptr_array_unref(a->dns_events[i]);
	tls_identity_free(a->identity);
	g_free(a->uri);
	g_free(a);
}

/* --- events ----------------------------------------------------------------------------------- */

static json_t *dns_event(const account *a, const struct dns_answer *answer)
{
	json_t *list = json_array(), *servers = json_array();
	g_auto(GStrv) asked = dns_servers(a->dns);
	for (guint i = 0; asked[i]; i++)
		json_array_append_new(servers, json_string(asked[i]));
	for (guint i = 0; i < answer->texts->len; i++)
		json_array_append_new(list, json_string(g_ptr_array_index(answer->texts, i)));
	return json_pack("{s:s, s:s, s:o, s:s?, s:s?, s:o}", "query", answer->query, "type",
			 dns_type_name(answer->type), "answer", list, "code",
			 reason_code(answer->error), "error", reason_words(answer->error),
			 "servers", servers);
}

/* Sends events `dns` for the look-ups that discovery has used, in the order of the list, not in
 * that of their arrival. */
static void report_dns(account *a)
{
	for (; a->reported_dns < discovery_used(a->discovery); a->reported_dns++) {
		const GPtrArray *list = a->dns_events[a->reported_dns];
		for (guint i = 0; i < list->len; i++)
			channel_event(a->events, EVENT_DNS,
				      json_incref(g_ptr_array_index(list, i)));
	}
}

static json_t *server_json(const account *a)
{
	const struct discovery_target *t = &a->target;
	return json_pack("{s:s, s:s, s:i, s:s}", "name", t->name, "address", t->address, "port",
			 t->port, "found_by", t->query);
}

/* The result of the request for relay credentials. */
static json_t *mras_json(const struct signin *s)
{
	return json_pack("{s:s?, s:s?, s:s?, s:o, s:s?}", "uri", s->mras_uri, "code",
			 reason_code(s->relay_code), "trouble", s->relay_failure, "sip_status",
			 s->relay_status ? json_integer(s->relay_status) : json_null(), "host",
			 s->relay.host_name);
}

/* Sends `sign-in-failed` and gives up. */
static void sign_in_fail(account *a, const char *stage, struct sip_failure why)
{
	channel_event(a->events, EVENT_SIGN_IN_FAILED,
		      reason_set(json_pack("{s:s, s:o, s:s?, s:o}", "stage", stage, "sip_status",
					   why.status ? json_integer(why.status) : json_null(),
					   "diagnostics", a->signin.diagnostics, "server",
					   a->state == ACCOUNT_REGISTERING ? server_json(a) :
									     json_null()),
				 why.code, why.words));
	stop_search(a);
	drop_connection(a);
}

static json_t *relay_json(const struct account_relay *r)
{
	if (!r->address)
		return json_null();
	json_t *relay = json_pack("{s:s, s:s, s:i, s:i}", "host", r->host, "address", r->address,
				  "udp_port", r->udp_port, "tcp_port", r->tcp_port);
	if (r->address6)
		json_object_set_new(relay, "address6", json_string(r->address6));
	return relay;
}

static void renew_later(account *a);

/* Sends `signed-in`, sets the timer of the renewal and calls the owner. */
static void sign_in_succeed(account *a)
{
	gint64 elapsed_ms = (g_get_monotonic_time() - a->start_us) / 1000;
	a->state = ACCOUNT_IN;
	channel_event(a->events, EVENT_SIGNED_IN,
		      json_pack("{s:o, s:b, s:o, s:o, s:I}", "server", server_json(a),
				"remote_user", a->signin.remote_user, "relay",
				relay_json(&a->relay), "mras", mras_json(&a->signin), "elapsed_ms",
				(json_int_t)elapsed_ms));
	stop_search(a);
	renew_later(a);
	a->handlers.signed_in(a->user_data);
}

/* Fails the sign-in in the stage that it is in. */
static gboolean on_sign_in_deadline(gpointer data)
{
	account *a = data;
	const char *stage = a->state == ACCOUNT_REGISTERING ? signin_stage_name(a->signin.stage) :
			    a->connecting		    ? STAGE_TLS :
							      STAGE_DNS;
	a->deadline = 0;
	sign_in_fail(a, stage, (struct sip_failure){.code = REASON_SIGN_IN_TIMED_OUT});
	return G_SOURCE_REMOVE;
}

/* How many address families the client has, and so how many queries a name needs. */
static guint n_families(const account *a)
{
	return client_config_has_ipv4(a->config) && client_config_has_ipv6(a->config) ? 2 : 1;
}

/* --- signing in ------------------------------------------------------------------------------- */

/* Takes the relay's address of one family; after the last one the sign-in has succeeded, with or
 * without a relay. */
static void on_relay_address(const struct dns_answer *answer, gpointer data)
{
	account *a = data;
	struct account_relay *r = &a->relay;
	channel_event(a->events, EVENT_DNS, dns_event(a, answer));
	*(answer->type == DNS_A ? &r->address : &r->address6) = g_strdup(answer->target);
	if (--a->relay_queries > 0)
		return;
	if (!r->address)
		r->address = g_steal_pointer(&r->address6);
	if (!r->address)
		channel_log(a->events, "warning", "relay \"%s\" has no address: %s", answer->query,
			    answer->error ? reason_words(answer->error) : "no record");
	sign_in_succeed(a);
}

/* Queries the addresses of each family that the client has itself, and returns the number of
 * queries; `done` is called for each. */
static guint query_addresses(account *a, const char *name, dns_func done, gpointer user_data)
{
	bool of_ipv4 = client_config_has_ipv4(a->config),
	     of_ipv6 = client_config_has_ipv6(a->config);
	if (of_ipv4)
		dns_query(a->dns, name, DNS_A, done, user_data);
	if (of_ipv6)
		dns_query(a->dns, name, DNS_AAAA, done, user_data);
	return n_families(a);
}

/* Starts the look-up of the relay's addresses after a sign-in; without a relay the sign-in has
 * succeeded. */
static void find_relay(account *a)
{
	const struct mras_response *r = &a->signin.relay;
	if (a->signin.relay_failure)
		channel_log(a->events, "warning", "no relay credentials: %s",
			    a->signin.relay_failure);
	if (!r->host_name) {
		sign_in_succeed(a);
		return;
	}
	a->relay = (struct account_relay){
		.host = g_strdup(r->host_name),
		.udp_port = r->udp_port,
		.tcp_port = r->tcp_port,
		.username = g_strdup(r->username),
		.password = g_strdup(r->password),
	};
	a->relay_queries = query_addresses(a, r->host_name, on_relay_address, a);
}

static void send_signin(account *a, sip_msg *request);
static gboolean on_renewal_timer(gpointer data);

/* Sets the timer of the renewal to a random time between half and five sixths of the
 * registration's: early enough for a slow server, and so that clients that signed in together do
 * not renew together. */
static void renew_later(account *a)
{
	guint lasts_ms = a->signin.expires_s * 1000;
	a->renewal = g_timeout_add(lasts_ms / 2 +
					   (guint)g_random_int_range(0, (gint32)(lasts_ms / 3 + 1)),
				   on_renewal_timer, a);
}

/* Takes new relay credentials after a renewal; the relay's address stays. */
static void on_renewed(account *a)
{
	const struct mras_response *r = &a->signin.relay;
	if (a->signin.relay_failure)
		channel_log(a->events, "warning", "no new relay credentials: %s",
			    a->signin.relay_failure);
	if (r->host_name && a->relay.host) {
		g_free(a->relay.username);
		g_free(a->relay.password);
		a->relay.username = g_strdup(r->username);
		a->relay.password = g_strdup(r->password);
	}
	renew_later(a);
}

/* Signs the user out and calls the owner's `lost`. */
static void on_not_renewed(account *a)
{
	channel_log(a->events, "warning", "the registration could not be renewed: %s",
		    a->signin.reason);
	drop_connection(a);
	a->handlers.lost(a->user_data);
}

/* Ends a sign-in or a renewal, by its result. */
static void end_signin(account *a)
{
	bool good = a->signin.stage == SIGNIN_DONE, again = a->state == ACCOUNT_IN;
	if (good && again)
		on_renewed(a);
	else if (good)
		find_relay(a);
	else if (again)
		on_not_renewed(a);
	else
		sign_in_fail(a, signin_stage_name(a->signin.failed_stage),
			     (struct sip_failure){a->signin.code, a->signin.reason,
						  a->signin.sip_status});
}

/* Sends the next request of the sign-in, or ends it. */
static void on_signin_response(sip_conn *c, sip_msg *response, const GError *error, gpointer data)
{
	account *a = data;
	if (c != a->conn)
		return;
	sip_msg *next = signin_response(&a->signin, response, error);
	if (next)
		send_signin(a, next);
	else if (a->signin.stage == SIGNIN_FAILED || a->signin.stage == SIGNIN_DONE)
		end_signin(a);
}

static void send_signin(account *a, sip_msg *request)
{
	sip_conn_request(a->conn, request, REQUEST_MS, on_signin_response, a);
	sip_msg_unref(request);
}

static gboolean on_renewal_timer(gpointer data)
{
	account *a = data;
	a->renewal = 0;
	send_signin(a, signin_renew(&a->signin));
	return G_SOURCE_REMOVE;
}

static void on_server_message(sip_conn *c G_GNUC_UNUSED, sip_msg *m, gpointer data)
{
	account *a = data;
	if (sip_is_request(m))
		a->handlers.message(m, a->user_data);
}

static void on_server_passed(sip_conn *c, const sip_msg *m, bool sent, gpointer data)
{
	account *a = data;
	json_t *event = sip_event(m, sip_conn_peer(c), sent);
	if (event)
		channel_event(a->events, EVENT_SIP, event);
}

/* A connection that is lost fails the sign-in, or signs the user out. */
static void on_server_closed(sip_conn *c, const GError *error, gpointer data)
{
	account *a = data;
	if (c != a->conn)
		return;
	bool was_in = a->state == ACCOUNT_IN;
	if (!was_in) {
		sign_in_fail(a, signin_stage_name(a->signin.stage), sip_failure_of(NULL, error));
		return;
	}
	channel_log(a->events, "warning", "the connection to the server is lost: %s",
		    error->message);
	drop_connection(a);
	a->handlers.lost(a->user_data);
}

/* "address:port" of our end of a TLS stream, or `fallback` with port 5061; the caller frees. */
static char *local_name(GIOStream *stream, const char *fallback)
{
	g_autoptr(GIOStream) base = NULL;
	if (G_IS_TLS_CONNECTION(stream))
		g_object_get(stream, "base-io-stream", &base, NULL);
	if (!base || !G_IS_SOCKET_CONNECTION(base))
		return g_strdup_printf("%s:5061", fallback);
	g_autoptr(GSocketAddress) address =
		g_socket_connection_get_local_address(G_SOCKET_CONNECTION(base), NULL);
	if (!address || !G_IS_INET_SOCKET_ADDRESS(address))
		return g_strdup_printf("%s:5061", fallback);
	GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
	g_autofree char *text = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
	return sip_host_port(text, g_inet_socket_address_get_port(inet));
}

/* Starts the sign-in proper on a new connection, which it takes over. */
static void start_registering(account *a, GIOStream *stream)
{
	static const struct sip_conn_handlers handlers = {.message = on_server_message,
							  .closed = on_server_closed,
							  .passed = on_server_passed};
	g_autofree char *local = local_name(stream, a->config->address);
	a->state = ACCOUNT_REGISTERING;
	a->conn = sip_conn_new(stream, local, &handlers, a);
	signin_init(&a->signin, a->config->user, a->config->password, a->config->domain, local);
	send_signin(a, signin_start(&a->signin));
}

/* --- finding the server ----------------------------------------------------------------------- */

static void try_next_server(account *a);

/* Registers on the connection, or reports a failed attempt; after the last one the next server is
 * tried. */
static void on_reached(GIOStream *stream, guint way, const GError *error, bool last, gpointer data)
{
	account *a = data;
	a->target.address = a->ways[way];
	if (stream || last)
		g_clear_pointer(&a->connecting, reach_free);
	if (stream) {
		start_registering(a, stream);
		return;
	}
	channel_event(a->events, EVENT_CONNECT_FAILED,
		      error_set(json_pack("{s:o}", "server", server_json(a)), error));
	a->last_code = error_reason(error);
	g_free(a->last_failure);
	g_autofree char *at = sip_host_port(a->target.address, a->target.port);
	a->last_failure = g_strdup_printf("%s: %s", at, error->message);
	if (last)
		try_next_server(a);
}

/* Starts connecting to the target; to its IPv6 address first, where it has both (RFC 6724). The
 * kernel chooses the source by its routes, as for any program: a client with a VPN has several
 * addresses. */
static void connect_to_target(account *a)
{
	bool both = a->target.address6;
	a->ways[0] = both ? a->target.address6 : a->target.address;
	a->ways[1] = a->target.address;
	const struct reach_way ways[] = {
		{.address = a->ways[0]},
		{.address = a->ways[1]},
	};
	a->connecting = reach_new(ways, both ? 2 : 1, a->target.port, a->target.name, a->identity,
				  TLS_MS, on_reached, a);
}

/* Connects to the next server of the list.  Does nothing when its look-up is not answered yet, or
 * while connecting.  At the end of the list the sign-in fails. */
static void try_next_server(account *a)
{
	if (a->connecting || a->state != ACCOUNT_SEARCHING)
		return;
	enum discovery_step step = discovery_next(a->discovery, &a->target);
	report_dns(a);
	if (step == DISCOVERY_WAIT)
		return;
	if (step == DISCOVERY_NONE) {
		g_autofree char *words = g_strdup(a->last_failure);
		sign_in_fail(a, words ? STAGE_TLS : STAGE_DNS,
			     (struct sip_failure){words ? a->last_code : REASON_NO_SERVER_NAME,
						  words, 0});
		return;
	}
	connect_to_target(a);
}

static void on_target_address(const struct dns_answer *answer, gpointer data)
{
	const struct account_lookup *l = data;
	g_ptr_array_add(l->owner->dns_events[l->index], dns_event(l->owner, answer));
	discovery_target_address(l->owner->discovery, l->index, answer);
	try_next_server(l->owner);
}

/* Passes an answer to discovery; an SRV target's addresses are queried next. */
static void on_lookup(const struct dns_answer *answer, gpointer data)
{
	struct account_lookup *l = data;
	account *a = l->owner;
	g_ptr_array_add(a->dns_events[l->index], dns_event(a, answer));
	const char *target = discovery_answer(a->discovery, l->index, answer);
	if (target)
		query_addresses(a, target, on_target_address, l);
	else
		try_next_server(a);
}

void account_sign_in(account *a)
{
	g_autoptr(GError) error = NULL;
	bool was_in = a->state == ACCOUNT_IN;
	stop_search(a);
	drop_connection(a);
	if (was_in)
		a->handlers.lost(a->user_data);
	a->start_us = g_get_monotonic_time();
	a->dns = dns_new(&error);
	if (!a->dns) {
		sign_in_fail(a, STAGE_DNS, sip_failure_of(NULL, error));
		return;
	}
	a->state = ACCOUNT_SEARCHING;
	a->reported_dns = 0;
	a->discovery = discovery_new(a->config->domain, n_families(a));
	a->deadline = g_timeout_add(SIGN_IN_MS, on_sign_in_deadline, a);
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++) {
		enum dns_type type;
		const char *name = discovery_query(a->discovery, i, &type);
		g_ptr_array_set_size(a->dns_events[i], 0);
		if (type == DNS_A)
			query_addresses(a, name, on_lookup, &a->lookups[i]);
		else
			dns_query(a->dns, name, type, on_lookup, &a->lookups[i]);
	}
}

/* --- result ----------------------------------------------------------------------------------- */

bool account_is_signed_in(const account *a)
{
	return a->state == ACCOUNT_IN;
}

sip_conn *account_conn(const account *a)
{
	return a->conn;
}

const char *account_uri(const account *a)
{
	return a->uri;
}

const char *account_contact(const account *a)
{
	return a->signin.contact;
}

bool account_remote_user(const account *a)
{
	return a->signin.remote_user;
}

const struct account_relay *account_relay(const account *a)
{
	return &a->relay;
}

const char *account_focus_factory(const account *a)
{
	return a->signin.focus_factory_uri;
}
