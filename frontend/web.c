/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/web.h"

#include <libsoup/soup.h>
#include <string.h>

#include "common/error_reason.h"
#include "common/sip.h"
#include "frontend/web_answer.h"

#define FAMILIES 2

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
};

struct fe_web_server {
	const struct fe_config *config;
	fe_web_event_func event;
	gpointer user_data;
	struct web_site sites[FE_WEB_SITES];
};

/* --- requests --------------------------------------------------------------------------------- */

/* The host of the request without its port; the caller frees.  NULL: it names none. */
static char *host_of(SoupMessageHeaders *headers)
{
	const char *host = soup_message_headers_get_one(headers, "Host");

	return host ? g_strndup(host, strcspn(host, ":")) : NULL;
}

static void report_request(struct web_site *s, SoupServerMessage *m, const struct fe_web_request *r,
			   guint status)
{
	GInetSocketAddress *from = G_INET_SOCKET_ADDRESS(soup_server_message_get_remote_address(m));
	g_autofree char *address =
		g_inet_address_to_string(g_inet_socket_address_get_address(from));
	g_autofree char *peer = sip_host_port(address, g_inet_socket_address_get_port(from));

	s->requests++;
	s->owner->event(EVENT_WEB_REQUEST,
			json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:i}", "site", site_names[s->which],
				  "peer", peer, "host", r->host, "path", r->path, "user", r->sipuri,
				  "status", (int)status),
			s->owner->user_data);
}

/* What a request carries is not used: it is thrown away as it comes. */
static void on_web_headers(SoupServer *soup G_GNUC_UNUSED, SoupServerMessage *m,
			   const char *path G_GNUC_UNUSED, GHashTable *query G_GNUC_UNUSED,
			   gpointer user_data G_GNUC_UNUSED)
{
	soup_message_body_set_accumulate(soup_server_message_get_request_body(m), FALSE);
}

static void on_web_request(SoupServer *soup G_GNUC_UNUSED, SoupServerMessage *m, const char *path,
			   GHashTable *query, gpointer user_data)
{
	struct web_site *s = user_data;
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

	soup_server_message_set_status(m, answer.status, NULL);
	/* libsoup closes connections that were given to it; the peer should know. */
	soup_message_headers_replace(replies, "Connection", "close");
	if (answer.status == SOUP_STATUS_METHOD_NOT_ALLOWED)
		soup_message_headers_replace(replies, "Allow", "GET, HEAD");
	if (answer.body)
		soup_server_message_set_response(m, answer.type, SOUP_MEMORY_TAKE, answer.body,
						 strlen(answer.body));
	report_request(s, m, &request, answer.status);
}

/* --- connections ------------------------------------------------------------------------------ */

static void on_web_accepted(GIOStream *stream, const char *const *peer_names G_GNUC_UNUSED,
			    const char *peer_address, guint16 peer_port, gpointer user_data)
{
	struct web_site *s = user_data;
	const struct fe_config *c = s->owner->config;
	g_autoptr(GSocketAddress) peer =
		g_inet_socket_address_new_from_string(peer_address, peer_port);
	g_autoptr(GSocketAddress) own =
		g_inet_socket_address_new_from_string(c->address, c->web[s->which].port);

	/* Without an address the peer is gone again. */
	if (peer)
		soup_server_accept_iostream(s->soup, stream, own, peer, NULL);
	g_object_unref(stream);
}

static void on_web_refused(const char *peer_address, const GError *why, gpointer user_data)
{
	struct web_site *s = user_data;

	s->owner->event(EVENT_TLS_REFUSED,
			error_set(json_pack("{s:s, s:s}", "peer", peer_address, "site",
					    site_names[s->which]),
				  why),
			s->owner->user_data);
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
			  fe_web_event_func event, gpointer user_data, GError **error)
{
	fe_web_server *w = g_new0(fe_web_server, 1);

	*w = (fe_web_server){.config = c, .event = event, .user_data = user_data};
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
