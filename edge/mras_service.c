/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/mras_service.h"

#include <string.h>

#include "common/error_reason.h"
#include "common/mras.h"
#include "common/sip_failure.h"
#include "common/wire/pack.h"
#include "edge/inside.h"

struct mras_service {
	const struct edge_config *config;
	edge_event_func event;
	gpointer user_data;
	tls_listener *listener, *listener6; /* the latter NULL without IPv6 */
	GHashTable *connections;	    /* sip_conn *, owned */
	char *address;			    /* the sent-by of our Via */
};

static void connection_free(gpointer data)
{
	sip_conn_close(data);
	sip_conn_unref(data);
}

/* The XML with new credentials for the user of the request; the caller frees.  They live as long as
 * was asked for, but no longer than the configuration allows. */
static char *print_response(const struct edge_config *config, const struct mras_request *request,
			    const char *user, gint64 now_s)
{
	guint duration_min = CLAMP(request->duration_min, 1, MRAS_DURATION_MAX_MIN);
	gint64 lifetime_s = MIN((gint64)duration_min * 60, config->credential_lifetime_ms / 1000);
	struct mras_response response = {.request_id = request->request_id,
					 .duration_min = duration_min,
					 .host_name =
						 request->internet ? config->av_fqdn : config->fqdn,
					 .udp_port = AV_EDGE_UDP_PORT,
					 .tcp_port = config->av_tcp_port,
					 .internet = request->internet};
	char *body;

	response.duration_min = MAX(1, (guint)(lifetime_s / 60));
	mras_credentials(config->mras_secret, user, now_s + lifetime_s, &response.username,
			 &response.password);
	body = mras_response_print(&response);
	g_free(response.username);
	g_free(response.password);
	return body;
}

/* Whether the identity that credentials are asked for, "sip:bob@contoso.com", is this user. */
static bool is_own_identity(const char *identity, const char *user)
{
	g_autofree char *asked = sip_uri_user(identity);

	return user && g_ascii_strcasecmp(asked ? asked : identity, user) == 0;
}

/* The response to SERVICE, for the caller to unref; arguments as of mras_answer. */
static sip_msg *answer_service(const struct edge_config *config, const sip_msg *request,
			       gint64 now_s, const char *tag, char **ret_user, bool *ret_internet)
{
	struct mras_request asked = {0};
	g_autofree char *text = NULL, *user = sip_uri_user(sip_from_uri(request));
	const char *body;
	sip_msg *answer;
	gsize length = 0;

	body = sip_body(request, &length);
	if (!body || g_strcmp0(sip_content_type(request), MRAS_CONTENT_TYPE) != 0 ||
	    !mras_request_parse(body, length, &asked) || !asked.identity) {
		mras_request_clear(&asked);
		return sip_response_new(request, 400, "Bad Request", tag);
	}
	if (!is_own_identity(asked.identity, user)) {
		mras_request_clear(&asked);
		return sip_refuse(request, REASON_WRONG_CREDENTIALS, NULL, tag, config->fqdn);
	}
	text = print_response(config, &asked, user, now_s);
	answer = sip_response_new(request, 200, "OK", tag);
	sip_set_body(answer, MRAS_CONTENT_TYPE, text, -1);
	*ret_user = g_steal_pointer(&user);
	*ret_internet = asked.internet;
	mras_request_clear(&asked);
	return answer;
}

sip_msg *mras_answer(const struct edge_config *config, const sip_msg *request, gint64 now_s,
		     char **ret_user, bool *ret_internet)
{
	g_autofree char *tag = sip_new_tag();
	sip_msg *answer;

	*ret_user = NULL;
	if (g_strcmp0(sip_method(request), "SERVICE") == 0)
		return answer_service(config, request, now_s, tag, ret_user, ret_internet);
	answer = sip_response_new(request, 405, "Method Not Allowed", tag);
	sip_add_header(answer, "Allow", "SERVICE"); /* RFC 3261 section 21.4.6 */
	return answer;
}

/* Sends the event `request-refused` about one who wanted credentials of another user. */
static void report_another_user(mras_service *s, const sip_msg *m)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(m));

	s->event(EVENT_REQUEST_REFUSED,
		 reason_set(event_pack("{s:s, s:s?, s:i}", "method", sip_method(m), "user", user,
				       "status", 403),
			    REASON_WRONG_CREDENTIALS, "credentials of another user were asked for"),
		 s->user_data);
}

static void on_mras_message(sip_conn *c, sip_msg *m, gpointer user_data)
{
	mras_service *s = user_data;
	g_autofree char *user = NULL;
	g_autoptr(sip_msg) answer = NULL;
	bool internet = false;

	if (!sip_is_request(m) || g_strcmp0(sip_method(m), "ACK") == 0)
		return;
	answer = mras_answer(s->config, m, edge_wall_us(s->config) / G_USEC_PER_SEC, &user,
			     &internet);
	if (user)
		s->event(EVENT_MRAS,
			 event_pack("{s:s, s:s}", "user", user, "location",
				    internet ? "internet" : "intranet"),
			 s->user_data);
	else if (sip_status(answer) == 403)
		report_another_user(s, m);
	sip_conn_send(c, answer);
}

static void on_mras_closed(sip_conn *c, const GError *error, gpointer user_data)
{
	mras_service *s = user_data;

	s->event(EVENT_LOG,
		 event_pack("{s:s, s:o}", "level", "debug", "text",
			    event_text_printf("MRAS: %s: %s", sip_conn_peer(c),
					      error ? error->message : "closed")),
		 s->user_data);
	g_hash_table_remove(s->connections, c);
}

static void on_mras_tls_refused(const char *peer, const GError *why, gpointer user_data)
{
	mras_service *s = user_data;

	s->event(EVENT_TLS_REFUSED, error_set(event_pack("{s:s}", "peer", peer), why),
		 s->user_data);
}

static void on_mras_accepted(GIOStream *connection, const char *const *peer_names, const char *peer,
			     guint16 port G_GNUC_UNUSED, gpointer user_data)
{
	static const struct sip_conn_handlers handlers = {.message = on_mras_message,
							  .closed = on_mras_closed};
	mras_service *s = user_data;
	g_autofree char *local = NULL;

	if (!inside_has_name(peer_names, s->config->next_hop)) {
		s->event(EVENT_TLS_REFUSED,
			 reason_set(event_pack("{s:s}", "peer", peer), REASON_TLS_NOT_NEXT_HOP,
				    NULL),
			 s->user_data);
		g_object_unref(connection);
		return;
	}
	local = sip_host_port(s->address, MRAS_PORT);
	g_hash_table_add(s->connections, sip_conn_new(connection, local, &handlers, s));
}

/* Listens at an address and reports it; NULL with an error. */
static tls_listener *mras_listen_at(mras_service *s, const struct endpoint *at,
				    tls_identity *identity, GError **error)
{
	g_autofree char *address = edge_address_text(at);
	tls_listener *l = tls_listen(address, MRAS_PORT, identity, TLS_CLIENT_REQUIRED,
				     on_mras_accepted, on_mras_tls_refused, s, error);

	if (l)
		edge_report_listening(s->event, s->user_data, "mras", at, MRAS_PORT, "tls");
	return l;
}

static const struct object_shape mras_service_shape =
	OBJECT_SHAPE(mras_service, NULL, OWNS(mras_service, listener, tls_listener_free),
		     OWNS(mras_service, listener6, tls_listener_free),
		     OWNS_TABLE(mras_service, connections), OWNS_TEXT(mras_service, address));

mras_service *mras_service_new(const struct edge_config *config, tls_identity *identity,
			       edge_event_func event, gpointer user_data, GError **error)
{
	mras_service *s = object_new(&mras_service_shape);

	s->config = config;
	s->event = event;
	s->user_data = user_data;
	s->address = edge_address_text(&config->internal);
	s->connections = g_hash_table_new_full(NULL, NULL, connection_free, NULL);
	s->listener = mras_listen_at(s, &config->internal, identity, error);
	if (s->listener && config->internal6.family != ENDPOINT_NONE)
		s->listener6 = mras_listen_at(s, &config->internal6, identity, error);
	if (s->listener && (s->listener6 || config->internal6.family == ENDPOINT_NONE))
		return s;
	object_free(s);
	return NULL;
}
