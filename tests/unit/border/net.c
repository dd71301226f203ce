/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/border/net.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "common/tls.h"
#include "edge/access.h"
#include "frontend/server.h"
#include "tests/unit/frontend/pki.h"

struct net {
	struct pki *pki;
	fe_server *server;
	access_edge *edge;
	struct edge_config *edge_config;
	tls_identity *edge_identity, *identity;
	char *outside, *inside; /* addresses of the Edge */
	guint16 server_port, access_port;
	guint timer;
	bool late;
};

static gboolean on_deadline(gpointer data)
{
	struct net *n = data;

	n->late = true;
	n->timer = 0;
	return G_SOURCE_REMOVE;
}

bool net_is_late(const struct net *n)
{
	return n->late;
}

static void ignore_event(const char *name, json_t *fields, gpointer user_data)
{
	(void)name;
	(void)user_data;
	json_decref(fields);
}

static void start_server(struct net *n)
{
	g_autofree char *ca = pki_path(n->pki, "ca.pem"), *pem = pki_path(n->pki, "localhost.pem"),
			*key = pki_path(n->pki, "localhost.key");
	g_autoptr(GError) error = NULL;
	json_t *users = json_array(), *object;
	struct fe_config *config;

	for (guint i = 0; i < 4; i++)
		json_array_append_new(users,
				      json_pack("{s:o, s:s, s:s}", "user",
						json_sprintf("%s@contoso.com", i == 0 ? "dc1" :
									       i == 1 ? "home1" :
									       i == 2 ? "home2" :
											"cafe1"),
						"password", "secret", "edge", "edge.contoso.com"));
	object = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:[s], s:o}", "fqdn", "localhost",
			   "domain", "contoso.com", "address", "127.0.0.1", "port",
			   (int)n->server_port, "ca", ca, "certificate", pem, "key", key,
			   "trusted_servers", "edge.contoso.com", "users", users);
	config = fe_config_parse(object, NULL);
	json_decref(object);
	config->clients_max = NET_CLIENTS_MAX;
	n->server = fe_server_new(config, ignore_event, n, &error);
	cr_assert_not_null(n->server, "Front End: %s", error ? error->message : "");
}

static void start_edge(struct net *n)
{
	g_autoptr(GError) error = NULL;

	n->edge_config = g_new0(struct edge_config, 1);
	*n->edge_config = (struct edge_config){
		.fqdn = g_strdup("edge.contoso.com"),
		.access_fqdn = g_strdup("sip.contoso.com"),
		.domain = g_strdup("contoso.com"),
		.next_hop = g_strdup("localhost"),
		.next_hop_port = n->server_port,
		.access_port = n->access_port,
		.clients_max = NET_CLIENTS_MAX,
	};
	endpoint_parse(n->inside, 0, &n->edge_config->internal);
	endpoint_parse(n->outside, 0, &n->edge_config->access);
	n->edge_identity = pki_identity(n->pki, "edge.contoso.com");
	n->edge = access_edge_new(n->edge_config, n->edge_identity, ignore_event, n, &error);
	cr_assert_not_null(n->edge, "Edge: %s", error ? error->message : "");
}

struct net *net_open(void)
{
	static const char *const names[] = {"localhost", "edge.contoso.com", "sip.contoso.com"};
	struct net *n = g_new0(struct net, 1);
	guint pid = (guint)getpid();

	n->pki = pki_new();
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		pki_issue(n->pki, names[i]);
	n->server_port = pki_free_port();
	n->access_port = pki_free_port();
	/* Addresses of our own, since the Edge's port inside is fixed. */
	n->inside = g_strdup_printf("127.1.%u.%u", pid / 250 % 250, 1 + pid % 250);
	n->outside = g_strdup("127.0.0.1");
	n->timer = g_timeout_add_seconds(NET_DEADLINE_S, on_deadline, n);
	n->identity = pki_identity(n->pki, NULL);
	start_server(n);
	start_edge(n);
	return n;
}

void net_close(struct net *n)
{
	access_edge_free(n->edge);
	fe_server_free(n->server);
	if (n->timer)
		g_source_remove(n->timer);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	tls_identity_free(n->edge_identity);
	tls_identity_free(n->identity);
	edge_config_free(n->edge_config);
	pki_free(n->pki);
	g_free(n->inside);
	g_free(n->outside);
	g_free(n);
}

static json_int_t figure_of(json_t *stats, const char *name)
{
	const json_t *value = json_object_get(stats, name);
	json_int_t figure = value ? json_integer_value(value) : -1;

	json_decref(stats);
	return figure;
}

json_int_t net_edge_figure(const struct net *n, const char *name)
{
	json_t *stats = json_object();

	access_edge_stats(n->edge, stats);
	return figure_of(stats, name);
}

json_int_t net_frontend_figure(const struct net *n, const char *name)
{
	return figure_of(fe_server_stats(n->server), name);
}

void net_settle(struct net *n)
{
	gint64 until_us = g_get_monotonic_time() + G_USEC_PER_SEC / 5;

	/* TLS works in threads, so "nothing to do now" is not the end. */
	while (g_get_monotonic_time() < until_us && !n->late)
		g_main_context_iteration(NULL, FALSE);
}

/* --- clients ---------------------------------------------------------------------------------- */

static void on_message(sip_conn *c, sip_msg *m, gpointer user_data)
{
	struct peer *p = user_data;

	(void)c;
	if (!sip_is_request(m))
		return;
	g_clear_pointer(&p->request, sip_msg_unref);
	p->request = sip_msg_ref(m);
}

static void on_closed(sip_conn *c, const GError *error, gpointer user_data)
{
	struct peer *p = user_data;

	(void)error;
	p->conn = NULL;
	sip_conn_unref(c);
}

static void on_connected(GIOStream *stream, const GError *error, gpointer user_data)
{
	static const struct sip_conn_handlers handlers = {.message = on_message,
							  .closed = on_closed};
	struct peer *p = user_data;

	(void)error;
	if (stream)
		p->conn = sip_conn_new(stream, "127.0.0.1:9", &handlers, p);
	else
		p->refused = true;
}

void peer_start(struct peer *p, struct net *n, bool outside)
{
	*p = (struct peer){.net = n};
	tls_connect(NULL, outside ? n->outside : "127.0.0.1",
		    outside ? n->access_port : n->server_port,
		    outside ? "edge.contoso.com" : "localhost", n->identity, 20000, NULL,
		    on_connected, p);
}

void peer_open(struct peer *p, struct net *n, bool outside)
{
	peer_start(p, n, outside);
	WAIT_FOR(n, p->conn || p->refused, "connection");
	cr_assert_not_null(p->conn, "refused");
}

void peer_close(struct peer *p)
{
	g_clear_pointer(&p->conn, sip_conn_unref);
	g_clear_pointer(&p->response, sip_msg_unref);
	g_clear_pointer(&p->request, sip_msg_unref);
}

static void on_response(sip_conn *c, sip_msg *response, const GError *error, gpointer user_data)
{
	struct peer *p = user_data;

	(void)c;
	(void)error;
	if (response && sip_status(response) >= 200)
		p->response = sip_msg_ref(response);
}

void peer_say(struct peer *p, sip_msg *request)
{
	g_clear_pointer(&p->response, sip_msg_unref);
	if (p->conn)
		sip_conn_request(p->conn, request, 0, on_response, p);
	sip_msg_unref(request);
}

int peer_ask(struct peer *p, sip_msg *request)
{
	peer_say(p, request);
	WAIT_FOR(p->net, p->response || !p->conn, "an answer");
	return p->response ? sip_status(p->response) : 0;
}

void peer_wait_request(struct peer *p)
{
	WAIT_FOR(p->net, p->request || !p->conn, "a request");
	cr_assert_not_null(p->request, "closed");
}

sip_msg *request_of(const char *method, const char *name, const char *to_uri, const char *call_id)
{
	g_autofree char *from = g_strdup_printf("sip:%s@contoso.com", name);
	static guint32 cseq;

	return sip_request_new(method, to_uri, from, "t", to_uri, NULL, call_id, ++cseq);
}

static sip_msg *register_of(const char *name, const char *expires, const char *credentials)
{
	g_autofree char *from = g_strdup_printf("sip:%s@contoso.com", name);
	g_autofree char *contact = g_strdup_printf("<sip:%s@127.0.0.1:9;transport=tls>", name);
	sip_msg *m =
		sip_request_new("REGISTER", "sip:contoso.com", from, "t", from, NULL, "reg", 1);

	sip_add_header(m, "Contact", contact);
	sip_add_header(m, "Expires", expires);
	if (credentials)
		sip_add_header(m, "Authorization", credentials);
	return m;
}

int peer_register(struct peer *p, const char *name, const char *expires)
{
	g_autofree char *credentials = NULL;

	cr_assert_eq(peer_ask(p, register_of(name, expires, NULL)), 401, "challenge");
	credentials = sip_digest_answer(sip_header(p->response, "WWW-Authenticate"), "REGISTER",
					"sip:contoso.com", name, "secret");
	return peer_ask(p, register_of(name, expires, credentials));
}
