/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/account.h"

#include <string.h>

#include "clients/search.h"
#include "clients/signin.h"
#include "common/random.h"
#include "common/sip_event.h"
#include "common/tls.h"
#include "common/wire/pack.h"

#define SIGN_IN_MS 15000
#define REQUEST_MS 8000

/* After a loss: the wait before the first sign-in, and the longest.  Each failure doubles it, and
 * half of it is random, so that clients of a server that fails do not come back together (RFC 5626
 * section 4.5). */
static const struct again_row {
	const char *profile;
	guint first_ms, longest_ms;
} again_rows[] = {{"standard", 2000, 120000}, {"fast", 500, 15000}};

/* Not signed in; looking for a server and connecting; signing in on a connection; signed in. */
enum account_state { ACCOUNT_OUT, ACCOUNT_SEARCHING, ACCOUNT_REGISTERING, ACCOUNT_IN };

struct account {
	const struct client_config *config;
	channel *events;
	struct account_handlers handlers;
	gpointer user_data;
	enum account_state state;
	char *uri;
	tls_identity *identity;
	search *search; /* NULL: signed in, or out */
	sip_conn *conn;
	struct signin signin;
	struct account_relay relay;
	guint relay_queries; /* pending queries for its addresses */
	guint deadline, renewal, again;
	guint again_ms; /* the wait after the next failure; 0: the user has not been signed in */
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

static const struct again_row *again_row(const account *a)
{
	gsize i = G_N_ELEMENTS(again_rows) - 1;
	while (i > 0 && strcmp(again_rows[i].profile, a->config->ice_profile) != 0)
		i--;
	return &again_rows[i];
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
	return a;
}

/* Frees what the search for a server uses; no callback of it follows. */
static void stop_search(account *a)
{
	g_clear_pointer(&a->search, search_free);
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
	g_clear_handle_id(&a->again, g_source_remove);
	stop_search(a);
	drop_connection(a);
	tls_identity_free(a->identity);
	g_free(a->uri);
	g_free(a);
}

/* --- events ----------------------------------------------------------------------------------- */

/* The result of the request for relay credentials. */
static json_t *mras_json(const struct signin *s)
{
	return event_pack("{s:s?, s:s?, s:s?, s:o, s:s?}", "uri", s->mras_uri, "code",
			  reason_code(s->relay_code), "trouble", s->relay_failure, "sip_status",
			  s->relay_status ? json_integer(s->relay_status) : json_null(), "host",
			  s->relay.host_name);
}

static void sign_in_later(account *a);

/* Sends `sign-in-failed`, and gives up unless the user was signed in before. */
static void sign_in_fail(account *a, const char *stage, struct sip_failure why)
{
	channel_event(a->events, EVENT_SIGN_IN_FAILED,
		      reason_set(event_pack("{s:s, s:o, s:s?, s:o}", "stage", stage, "sip_status",
					    why.status ? json_integer(why.status) : json_null(),
					    "diagnostics", a->signin.diagnostics, "server",
					    a->state == ACCOUNT_REGISTERING ?
						    search_server(a->search) :
						    json_null()),
				 why.code, why.words));
	stop_search(a);
	drop_connection(a);
	sign_in_later(a);
}

static json_t *relay_json(const struct account_relay *r)
{
	if (!r->address)
		return json_null();
	json_t *relay = event_pack("{s:s, s:s, s:i, s:i}", "host", r->host, "address", r->address,
				   "udp_port", r->udp_port, "tcp_port", r->tcp_port);
	if (r->address6)
		json_object_set_new(relay, "address6", event_text(r->address6));
	return relay;
}

static void renew_later(account *a);

/* Sends `signed-in`, sets the timer of the renewal and calls the owner. */
static void sign_in_succeed(account *a)
{
	gint64 elapsed_ms = (g_get_monotonic_time() - a->start_us) / 1000;
	a->state = ACCOUNT_IN;
	a->again_ms = again_row(a)->first_ms;
	channel_event(a->events, EVENT_SIGNED_IN,
		      event_pack("{s:o, s:b, s:o, s:o, s:I}", "server", search_server(a->search),
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
							      search_stage(a->search);
	a->deadline = 0;
	sign_in_fail(a, stage, (struct sip_failure){.code = REASON_SIGN_IN_TIMED_OUT});
	return G_SOURCE_REMOVE;
}

/* --- signing in ------------------------------------------------------------------------------- */

/* Takes the relay's address of one family; after the last one the sign-in has succeeded, with or
 * without a relay. */
static void on_relay_address(const struct dns_answer *answer, gpointer data)
{
	account *a = data;
	struct account_relay *r = &a->relay;
	names_report(search_names(a->search), answer);
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
	a->relay_queries = names_families(a->config);
	names_query_addresses(search_names(a->search), r->host_name, on_relay_address, a);
}

static void send_signin(account *a, sip_msg *request);
static gboolean on_renewal_timer(gpointer data);

/* Sets the timer of the renewal to a random time between half and five sixths of the
 * registration's: early enough for a slow server, and so that clients that signed in together do
 * not renew together. */
static void renew_later(account *a)
{
	guint lasts_ms = a->signin.expires_s * 1000;
	a->renewal =
		g_timeout_add(lasts_ms / 2 + random_below(lasts_ms / 3 + 1), on_renewal_timer, a);
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

/* The registration is lost: closes the connection, tells the owner (`lost`), and signs in again
 * later. */
static void on_not_renewed(account *a)
{
	channel_log(a->events, "warning", "the registration could not be renewed: %s",
		    a->signin.reason);
	drop_connection(a);
	a->handlers.lost(a->user_data);
	sign_in_later(a);
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
	json_t *event = sip_event(m, sip_conn_peer(c), sent, a->config->sip_texts);
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
	sign_in_later(a);
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

/* Starts the sign-in proper on the connection to the server that was found. */
static void on_server_found(GIOStream *stream, gpointer data)
{
	static const struct sip_conn_handlers handlers = {.message = on_server_message,
							  .closed = on_server_closed,
							  .passed = on_server_passed};
	account *a = data;
	g_autofree char *local = local_name(stream, a->config->address);
	a->state = ACCOUNT_REGISTERING;
	a->conn = sip_conn_new(stream, local, &handlers, a);
	signin_init(&a->signin, a->config->user, a->config->password, a->config->domain, local);
	send_signin(a, signin_start(&a->signin));
}

static void on_no_server(const char *stage, struct sip_failure why, gpointer data)
{
	sign_in_fail(data, stage, why);
}

static void begin_sign_in(account *a)
{
	static const struct search_handlers handlers = {.found = on_server_found,
							.failed = on_no_server};
	g_autoptr(GError) error = NULL;
	bool was_in = a->state == ACCOUNT_IN;
	stop_search(a);
	drop_connection(a);
	if (was_in)
		a->handlers.lost(a->user_data);
	a->start_us = g_get_monotonic_time();
	a->state = ACCOUNT_SEARCHING;
	a->search = search_new(a->config, a->events, a->identity, &handlers, a, &error);
	if (!a->search) {
		sign_in_fail(a, STAGE_DNS, sip_failure_of(NULL, error));
		return;
	}
	a->deadline = g_timeout_add(SIGN_IN_MS, on_sign_in_deadline, a);
}

void account_sign_in(account *a)
{
	g_clear_handle_id(&a->again, g_source_remove);
	a->again_ms = 0;
	begin_sign_in(a);
}

static gboolean on_sign_in_again(gpointer data)
{
	account *a = data;
	a->again = 0;
	begin_sign_in(a);
	return G_SOURCE_REMOVE;
}

/* Signs in again after a while a user who was signed in; else does nothing. */
static void sign_in_later(account *a)
{
	if (!a->again_ms || a->again)
		return;
	a->again = g_timeout_add(a->again_ms / 2 + random_below(a->again_ms / 2 + 1),
				 on_sign_in_again, a);
	a->again_ms = MIN(a->again_ms * 2, again_row(a)->longest_ms);
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
