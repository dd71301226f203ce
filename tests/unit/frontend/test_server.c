/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server over TLS on 127.0.0.1:
 *
 *   client (no certificate) ----+
 *                               +-- Front End ---- MRAS of "localhost" (the test's own listener)
 *   edge.contoso.com ----------+
 */
#include "common/tls.h"
#include "frontend/server.h"
#include "tests/unit/frontend/pki.h"
#include "tests/unit/frontend/world.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_S 10

struct net {
	struct pki *pki;
	fe_server *server;
	guint16 port;
	GPtrArray *events;
	tls_identity *mras_identity;
	tls_listener *mras;
	sip_conn *mras_conn;
	guint16 mras_port;
	guint timer;
	bool late;
};

struct peer {
	struct net *net;
	tls_identity *identity;
	sip_conn *conn;
	sip_msg *last; /* response */
	char *error;
};

static gboolean on_deadline(gpointer data)
{
	struct net *n = data;

	n->late = true;
	n->timer = 0;
	return G_SOURCE_REMOVE;
}

#define WAIT_FOR(net, condition, what)                                         \
	do {                                                                   \
		while (!(condition) && !(net)->late)                           \
			g_main_context_iteration(NULL, TRUE);                  \
		cr_assert(condition, "%s: not within %d s", what, DEADLINE_S); \
	} while (0)

static void on_event(const char *name, json_t *fields, gpointer user_data)
{
	struct net *n = user_data;

	json_object_set_new(fields, "event", json_string(name));
	g_ptr_array_add(n->events, fields);
}

/* --- the Edge's MRAS: answers every SERVICE with 200 ------------------------------------------ */

static void mras_message(sip_conn *c, sip_msg *m, gpointer user_data)
{
	g_autoptr(sip_msg) ok = sip_response_new(m, 200, "OK", "mras");

	(void)user_data;
	sip_conn_send(c, ok);
}

static void ignore_closed(sip_conn *c, const GError *error, gpointer user_data)
{
	(void)c;
	(void)error;
	(void)user_data;
}

static void mras_accepted(GIOStream *stream, const char *const *names, const char *address,
			  guint16 port, gpointer user_data)
{
	static const struct sip_conn_handlers handlers = {.message = mras_message,
							  .closed = ignore_closed};
	struct net *n = user_data;

	(void)address;
	(void)port;
	cr_assert(g_strv_contains(names, "fe.contoso.com"), "the Front End shows its certificate");
	n->mras_conn = sip_conn_new(stream, "127.0.0.1", &handlers, n);
}

static void mras_refused(const char *address, const GError *why, gpointer user_data)
{
	(void)address;
	(void)user_data;
	cr_assert_fail("MRAS refused the Front End: %s", why->message);
}

/* --- set-up ----------------------------------------------------------------------------------- */

static struct fe_config *make_config(const struct net *n)
{
	g_autofree char *ca = pki_path(n->pki, "ca.pem"),
			*certificate = pki_path(n->pki, "fe.contoso.com.pem");
	g_autofree char *key = pki_path(n->pki, "fe.contoso.com.key"),
			*records = pki_path(n->pki, "cdr.jsonl");
	json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:[s], s:[{s:s, "
				   "s:i}], s:[{s:s, s:s}, {s:s, s:s}]}",
				   "fqdn", "fe.contoso.com", "domain", "contoso.com", "address",
				   "127.0.0.1", "port", n->port, "ca", ca, "certificate",
				   certificate, "key", key, "cdr", records, "trusted_servers",
				   "edge.contoso.com", "edges", "fqdn", "localhost", "mras_port",
				   n->mras_port, "users", "user", "dc1@contoso.com", "password",
				   "secret", "user", "home1@contoso.com", "password", "secret");
	struct fe_config *config = fe_config_parse(object, NULL);

	json_decref(object);
	return config;
}

static void net_open(struct net *n)
{
	static const char *const names[] = {"fe.contoso.com", "edge.contoso.com", "localhost"};
	g_autoptr(GError) error = NULL;

	*n = (struct net){.pki = pki_new(), .port = pki_free_port(), .mras_port = pki_free_port()};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		pki_issue(n->pki, names[i]);
	n->events = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	n->timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, n);
	n->mras_identity = pki_identity(n->pki, "localhost");
	n->mras = tls_listen("127.0.0.1", n->mras_port, n->mras_identity, TLS_CLIENT_REQUIRED,
			     mras_accepted, mras_refused, n, &error);
	cr_assert_not_null(n->mras, "MRAS: %s", error ? error->message : "");
	n->server = fe_server_new(make_config(n), on_event, n, &error);
	cr_assert_not_null(n->server, "server: %s", error ? error->message : "");
}

static void net_close(struct net *n)
{
	fe_server_free(n->server);
	if (n->mras_conn)
		sip_conn_unref(n->mras_conn);
	tls_listener_free(n->mras);
	tls_identity_free(n->mras_identity);
	g_ptr_array_unref(n->events);
	if (n->timer)
		g_source_remove(n->timer);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	pki_free(n->pki);
}

static void peer_connected(GIOStream *stream, const GError *error, gpointer user_data)
{
	static const struct sip_conn_handlers handlers = {.message = NULL, .closed = ignore_closed};
	struct peer *p = user_data;

	if (stream)
		p->conn = sip_conn_new(stream, "127.0.0.1:9", &handlers, p);
	else
		p->error = g_strdup(error->message);
}

static void peer_open(struct peer *p, struct net *n, const char *certificate)
{
	*p = (struct peer){.net = n, .identity = pki_identity(n->pki, certificate)};
	tls_connect(NULL, "127.0.0.1", n->port, "fe.contoso.com", p->identity, 5000, NULL,
		    peer_connected, p);
	WAIT_FOR(n, p->conn || p->error, "connection");
	cr_assert_not_null(p->conn, "connection: %s", p->error);
}

static void peer_close(struct peer *p)
{
	sip_conn_unref(p->conn);
	g_clear_pointer(&p->last, sip_msg_unref);
	tls_identity_free(p->identity);
	g_free(p->error);
}

static void take_response(sip_conn *c, sip_msg *response, const GError *error, gpointer user_data)
{
	struct peer *p = user_data;

	(void)c;
	(void)error;
	if (response && sip_status(response) >= 200)
		p->last = sip_msg_ref(response);
}

/* Sends and waits for the final response. */
static int ask(struct peer *p, sip_msg *request)
{
	g_clear_pointer(&p->last, sip_msg_unref);
	sip_conn_request(p->conn, request, 0, take_response, p);
	WAIT_FOR(p->net, p->last, sip_method(request));
	sip_msg_unref(request);
	return sip_status(p->last);
}

static sip_msg *make_register(const char *user, guint cseq, const char *credentials)
{
	g_autofree char *aor = g_strdup_printf("sip:%s@contoso.com", user);
	sip_msg *m =
		sip_request_new("REGISTER", "sip:contoso.com", aor, "t", aor, NULL, "reg", cseq);

	sip_add_header(m, "Contact", "<sip:u@127.0.0.1:9;transport=tls>");
	sip_add_header(m, "Path", "<sip:tok@edge.contoso.com;lr>");
	if (credentials)
		sip_add_header(m, "Authorization", credentials);
	return m;
}

static void sign_in(struct peer *p, const char *user)
{
	g_autofree char *address = g_strdup_printf("%s@contoso.com", user);
	g_autofree char *credentials = NULL;

	cr_assert_eq(ask(p, make_register(user, 1, NULL)), 401, "challenge");
	credentials = sip_digest_answer(sip_header(p->last, "WWW-Authenticate"), "REGISTER",
					"sip:contoso.com", address, "secret");
	cr_assert_eq(ask(p, make_register(user, 2, credentials)), 200, "%s: %d", user,
		     sip_status(p->last));
}

/* Records go to a regular file of our own, whatever somebody puts in its place. */
Test(server, records_in_a_folder_of_others)
{
	for (guint fifo = 0; fifo < 2; fifo++) {
		struct net n = {.pki = pki_new(), .port = pki_free_port(), .mras_port = 1};
		g_autofree char *records = pki_path(n.pki, "cdr.jsonl"),
				*other = pki_path(n.pki, "other"), *text = NULL;
		g_autoptr(GError) error = NULL;

		pki_issue(n.pki, "fe.contoso.com");
		cr_assert(g_file_set_contents(other, "theirs", -1, NULL));
		cr_assert_eq(fifo ? mkfifo(records, 0600) : link(other, records), 0);
		cr_expect_null(fe_server_new(make_config(&n), on_event, &n, &error), "fifo: %u",
			       fifo);
		cr_assert_not_null(error);
		cr_expect(strstr(error->message, "cdr.jsonl"), "%s", error->message);
		cr_assert(g_file_get_contents(other, &text, NULL, NULL));
		cr_expect_str_eq(text, "theirs");
		pki_free(n.pki);
	}
}

Test(server, clients_edges_and_mras)
{
	struct net n;
	struct peer client, edge;
	sip_msg *service;

	net_open(&n);
	peer_open(&client, &n, NULL);
	peer_open(&edge, &n, "edge.contoso.com");
	sign_in(&client, "dc1");
	cr_assert_null(sip_header(client.last, "ms-user-logon-data"), "dc1 is inside");
	cr_assert_null(sip_header(client.last, "Path"), "a client's Path counts for nothing");
	sign_in(&edge, "home1");
	cr_assert_str_eq(sip_header(edge.last, "ms-user-logon-data"), "RemoteUser",
			 "home1 is remote");
	service = sip_request_new("SERVICE", "sip:mras@localhost;opaque=srvr:MRAS",
				  "sip:dc1@contoso.com", "t", "sip:mras@localhost;opaque=srvr:MRAS",
				  NULL, "mras", 1);
	cr_assert_eq(ask(&client, service), 200, "MRAS: %d", sip_status(client.last));
	cr_assert_str_eq(sip_to_tag(client.last), "mras", "answered by the Edge");
	peer_close(&client);
	peer_close(&edge);
	net_close(&n);
}

Test(server, direct_binding_ends_with_its_connection)
{
	struct net n;
	struct peer caller, callee;
	json_t *stats = NULL;
	json_int_t connections = 2;

	net_open(&n);
	peer_open(&caller, &n, NULL);
	peer_open(&callee, &n, NULL);
	sign_in(&caller, "dc1");
	sign_in(&callee, "home1");
	peer_close(&callee);
	while (connections > 1 && !n.late) {
		g_main_context_iteration(NULL, TRUE);
		stats = fe_server_stats(n.server);
		connections = json_integer_value(json_object_get(stats, "connections"));
		json_decref(stats);
	}
	cr_assert_eq(ask(&caller,
			 sip_request_new("MESSAGE", "sip:home1@contoso.com", "sip:dc1@contoso.com",
					 "t", "sip:home1@contoso.com", NULL, "im", 1)),
		     480, "got %d", sip_status(caller.last));
	peer_close(&caller);
	net_close(&n);
}
