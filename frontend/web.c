/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/web.h"

#include <libsoup/soup.h>
#include <string.h>

#include "common/base/source.h"
#include "common/error_reason.h"
#include "common/sip.h"
#include "common/wire/pack.h"
#include "frontend/web_answer.h"

#define FAMILIES 2
#define REQUESTS_MAX 20 /* over one connection: each is one layer more around its stream */
#define CONNECTION "tb-web-connection"

static const char *const site_names[FE_WEB_SITES] = {
	[FE_WEB_INTERNAL] = "internal",
	[FE_WEB_EXTERNAL] = "external",
};

struct web_site {
	fe_web_server *owner;
	enum fe_web which;
	SoupServer *soup;
	tls_listener *listeners[FAMILIES]; /* NULL: no address of that family */
	guint64 requests;
	GQueue connections; /* struct web_connection, that of the latest request last */
};

/* One connection, from the end of its handshake to that of its stream. */
struct web_connection {
	struct web_site *site; /* NULL: the site is gone */
	GSocket *socket;
	GSocketAddress *peer; /* leads from a request to this structure */
	GSource *idle;
	guint requests;
	GList link;
};

struct fe_web_server {
	const struct fe_config *config;
	struct fe_web_limits limits;
	fe_web_event_func event;
	gpointer user_data;
	struct web_site sites[FE_WEB_SITES];
};

/* --- connections ------------------------------------------------------------------------------ */

static char *peer_text(const struct web_connection *c)
{
	GInetSocketAddress *peer = G_INET_SOCKET_ADDRESS(c->peer);
	g_autofree char *address =
		g_inet_address_to_string(g_inet_socket_address_get_address(peer));

	return sip_host_port(address, g_inet_socket_address_get_port(peer));
}

/* What comes over the connection is not answered any more. */
static void leave_site(struct web_connection *c)
{
	source_clear(&c->idle);
	g_queue_unlink(&c->site->connections, &c->link);
	c->site = NULL;
}

/* Ends a connection: libsoup reads its end, and frees the stream. */
static void end_connection(struct web_connection *c, enum reason why)
{
	struct web_site *s = c->site;
	g_autofree char *peer = peer_text(c);

	leave_site(c);
	g_socket_shutdown(c->socket, TRUE, TRUE, NULL);
	s->owner->event(EVENT_WEB_CLOSED,
			reason_set(event_pack("{s:s, s:s, s:i}", "site", site_names[s->which],
					      "peer", peer, "requests", (int)c->requests),
				   why, NULL),
			s->owner->user_data);
}

static gboolean on_idle_too_long(gpointer user_data)
{
	end_connection(user_data, REASON_NO_REQUEST_IN_TIME);
	return G_SOURCE_REMOVE;
}

static void on_stream_gone(gpointer user_data, GObject *stream G_GNUC_UNUSED)
{
	struct web_connection *c = user_data;

	if (c->site)
		leave_site(c);
	g_object_unref(c->socket);
	g_object_unref(c->peer);
	g_free(c);
}

/* Waits for a request over the connection, whose time begins anew. */
static void await_request(struct web_connection *c, GIOStream *stream)
{
	struct web_site *s = c->site;
	const struct fe_config *config = s->owner->config;
	g_autoptr(GSocketAddress) own =
		g_inet_socket_address_new_from_string(config->address, config->web[s->which].port);

	source_clear(&c->idle);
	c->idle = timer_start(g_main_context_get_thread_default(), s->owner->limits.idle_ms,
			      on_idle_too_long, c);
	g_queue_unlink(&s->connections, &c->link);
	g_queue_push_tail_link(&s->connections, &c->link);
	soup_server_accept_iostream(s->soup, stream, own, c->peer, NULL);
}

static void on_web_accepted(GIOStream *stream, const char *const *peer_names G_GNUC_UNUSED,
			    const char *peer_address, guint16 peer_port, gpointer user_data)
{
	struct web_site *s = user_data;
	GSocketAddress *peer = g_inet_socket_address_new_from_string(peer_address, peer_port);
	g_autoptr(GIOStream) owned G_GNUC_UNUSED = stream, tcp = NULL;
	struct web_connection *c;

	/* Without an address the peer is gone again. */
	if (!peer)
		return;
	if (s->connections.length >= s->owner->limits.connections)
		end_connection(s->connections.head->data, REASON_TOO_MANY_CLIENTS);
	g_object_get(stream, "base-io-stream", &tcp, NULL);
	c = g_new0(struct web_connection, 1);
	c->site = s;
	c->peer = peer;
	c->socket = g_object_ref(g_socket_connection_get_socket(G_SOCKET_CONNECTION(tcp)));
	c->link.data = c;
	g_object_set_data(G_OBJECT(peer), CONNECTION, c);
	g_object_weak_ref(G_OBJECT(stream), on_stream_gone, c);
	g_queue_push_tail_link(&s->connections, &c->link);
	await_request(c, stream);
}

static void on_web_refused(const char *peer_address, const GError *why, gpointer user_data)
{
	struct web_site *s = user_data;

	s->owner->event(EVENT_TLS_REFUSED,
			error_set(event_pack("{s:s, s:s}", "peer", peer_address, "site",
					     site_names[s->which]),
				  why),
			s->owner->user_data);
}

/* --- requests --------------------------------------------------------------------------------- */

/* The host of the request without its port; the caller frees.  NULL: it names none. */
static char *host_of(SoupMessageHeaders *headers)
{
	const char *host = soup_message_headers_get_one(headers, "Host");

	return host ? g_strndup(host, strcspn(host, ":")) : NULL;
}

static void report_request(const struct web_connection *c, const struct fe_web_request *r,
			   guint status)
{
	struct web_site *s = c->site;
	g_autofree char *peer = peer_text(c);

	s->requests++;
	s->owner->event(EVENT_WEB_REQUEST,
			event_pack("{s:s, s:s, s:s?, s:s, s:s?, s:i}", "site", site_names[s->which],
				   "peer", peer, "host", r->host, "path", r->path, "user",
				   r->sipuri, "status", (int)status),
			s->owner->user_data);
}

/* What a request carries is not used: it is thrown away as it comes. */
static void on_web_headers(SoupServer *soup G_GNUC_UNUSED, SoupServerMessage *m,
			   const char *path G_GNUC_UNUSED, GHashTable *query G_GNUC_UNUSED,
			   gpointer user_data G_GNUC_UNUSED)
{
	soup_message_body_set_accumulate(soup_server_message_get_request_body(m), FALSE);
}

/* The answer is sent.  libsoup would close a connection that was given to it: it is given to it
 * again. */
static void on_web_answered(SoupServerMessage *m, gpointer user_data)
{
	struct web_connection *c = user_data;
	g_autoptr(GIOStream) stream = NULL;

	if (!c->site)
		return;
	stream = soup_server_message_steal_connection(m);
	await_request(c, stream);
}

/* Whether more may come over the connection after this request (RFC 9112 section 9.3). */
static bool stays_open(SoupServerMessage *m, SoupMessageHeaders *headers,
		       const struct web_connection *c)
{
	const char *wish = soup_message_headers_get_list(headers, "Connection");

	return soup_server_message_get_http_version(m) == SOUP_HTTP_1_1 &&
	       c->requests < REQUESTS_MAX && !(wish && soup_header_contains(wish, "close"));
}

static void on_web_request(SoupServer *soup G_GNUC_UNUSED, SoupServerMessage *m, const char *path,
			   GHashTable *query, gpointer user_data)
{
	struct web_site *s = user_data;
	struct web_connection *c =
		g_object_get_data(G_OBJECT(soup_server_message_get_remote_address(m)), CONNECTION);
	SoupMessageHeaders *headers = soup_server_message_get_request_headers(m),
			   *replies = soup_server_message_get_response_headers(m);
	g_autofree char *host = host_of(headers);
	struct fe_web_request request = {
		.method = soup_server_message_get_method(m),
		.host = host,
		.path = path,
		.sipuri = query ? g_hash_table_lookup(query, "sipuri") : NULL,
		.accept = soup_message_headers_get_list(headers, "Accept"),
	};
	struct fe_web_answer answer = fe_web_answer(s->owner->config, s->which, &request);

	c->requests++;
	soup_server_message_set_status(m, answer.status, NULL);
	if (stays_open(m, headers, c))
		g_signal_connect(m, "wrote-body", G_CALLBACK(on_web_answered), c);
	else
		soup_message_headers_replace(replies, "Connection", "close");
	if (answer.status == SOUP_STATUS_METHOD_NOT_ALLOWED)
		soup_message_headers_replace(replies, "Allow", "GET, HEAD");
	if (answer.body)
		soup_server_message_set_response(m, answer.type, SOUP_MEMORY_TAKE, answer.body,
						 strlen(answer.body));
	if (c->site)
		report_request(c, &request, answer.status);
}

/* --- life ------------------------------------------------------------------------------------- */

static bool start_site(struct web_site *s, tls_identity *identity, GError **error)
{
	const struct fe_config *c = s->owner->config;
	const char *const addresses[FAMILIES] = {c->address, c->address6};

	s->soup = soup_server_new(NULL, NULL);
	soup_server_add_early_handler(s->soup, NULL, on_web_headers, s, NULL);
	soup_server_add_handler(s->soup, NULL, on_web_request, s, NULL);
	for (guint i = 0; i < FAMILIES; i++) {
		if (!addresses[i])
			continue;
		s->listeners[i] =
			tls_listen(addresses[i], c->web[s->which].port, identity, TLS_CLIENT_NONE,
				   on_web_accepted, on_web_refused, s, error);
		if (!s->listeners[i])
			return false;
	}
	return true;
}

fe_web_server *fe_web_new(const struct fe_config *c, tls_identity *identity,
			  struct fe_web_limits limits, fe_web_event_func event, gpointer user_data,
			  GError **error)
{
	fe_web_server *w = g_new0(fe_web_server, 1);

	*w = (fe_web_server){.config = c, .limits = limits, .event = event, .user_data = user_data};
	for (guint i = 0; i < FE_WEB_SITES; i++) {
		w->sites[i] = (struct web_site){.owner = w, .which = i};
		if (start_site(&w->sites[i], identity, error))
			continue;
		fe_web_free(w);
		return NULL;
	}
	return w;
}

void fe_web_free(fe_web_server *w)
{
	for (guint i = 0; w && i < FE_WEB_SITES; i++) {
		for (guint family = 0; family < FAMILIES; family++)
			tls_listener_free(w->sites[i].listeners[family]);
		while (w->sites[i].connections.head)
			leave_site(w->sites[i].connections.head->data);
		if (w->sites[i].soup)
			soup_server_disconnect(w->sites[i].soup);
		g_clear_object(&w->sites[i].soup);
	}
	g_free(w);
}

json_t *fe_web_stats(const fe_web_server *w)
{
	json_t *stats = json_object();

	for (guint i = 0; i < FE_WEB_SITES; i++)
		json_object_set_new(stats, site_names[i],
				    json_integer((json_int_t)w->sites[i].requests));
	return stats;
}
