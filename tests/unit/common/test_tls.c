/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS between a listener and a client of the same process, over 127.0.0.1: who is let in, and what
 * is said when not. */
#include "common/error_reason.h"
#include "common/tls.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/common/certs.h"

struct side {
	bool over, connected;
	GIOStream *stream;
	char *words; /* of the error */
	char *names; /* of the peer, joined by "," */
	bool cancelled;
	enum reason reason;
};

struct world {
	struct certs certs;
	GMainLoop *loop;
	struct side server, client;
	guint16 port;
};

static tls_identity *identity(struct world *w, const char *name)
{
	g_autofree char *ca = certs_path(&w->certs, "ours-ca.pem");
	g_autofree char *pem = name ? g_strdup_printf("%s/%s.pem", w->certs.dir, name) : NULL;
	g_autofree char *key = name ? g_strdup_printf("%s/%s.key", w->certs.dir, name) : NULL;
	g_autoptr(GError) error = NULL;
	tls_identity *id = tls_identity_new(ca, pem, key, &error);

	cr_assert(id, "identity %s: %s", name, error ? error->message : "");
	return id;
}

static void quit_when_over(struct world *w)
{
	if (w->server.over && w->client.over)
		g_main_loop_quit(w->loop);
}

static void on_accepted(GIOStream *stream, const char *const *names, const char *address,
			guint16 port, gpointer p)
{
	struct world *w = p;

	cr_expect_str_eq(address, "127.0.0.1");
	cr_expect_neq(port, 0);
	w->server = (struct side){.over = true, .connected = true, .stream = stream};
	w->server.names = g_strjoinv(",", (char **)(guintptr)names);
	quit_when_over(w);
}

static void on_refused(const char *address, const GError *why, gpointer p)
{
	struct world *w = p;

	cr_expect_str_eq(address, "127.0.0.1");
	w->server.over = true;
	w->server.words = g_strdup(why->message);
	w->server.reason = error_reason(why);
	quit_when_over(w);
}

static void on_connected(GIOStream *stream, const GError *error, gpointer p)
{
	struct world *w = p;

	cr_expect((stream == NULL) == (error != NULL), "either a connection or an error");
	w->client.over = true;
	w->client.connected = stream != NULL;
	w->client.stream = stream;
	w->client.words = error ? g_strdup(error->message) : NULL;
	w->client.reason = error ? error_reason(error) : REASON_NONE;
	w->client.cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	quit_when_over(w);
}

static gboolean on_too_long(gpointer p)
{
	struct world *w = p;

	cr_expect(false, "no outcome within ten seconds (server %d, client %d)", w->server.over,
		  w->client.over);
	g_main_loop_quit(w->loop);
	return G_SOURCE_REMOVE;
}

/* A port that is free just now. */
static guint16 free_port(void)
{
	g_autoptr(GSocketListener) probe = g_socket_listener_new();

	return g_socket_listener_add_any_inet_port(probe, NULL, NULL);
}

static void world_init(struct world *w)
{
	*w = (struct world){0};
	w->loop = g_main_loop_new(NULL, FALSE);
	w->port = free_port();
	certs_init(&w->certs);
	certs_make_ca(&w->certs, "ours");
	certs_make_ca(&w->certs, "theirs");
	certs_make(&w->certs, "ours", "server", "fe.test", 86400);
	certs_make(&w->certs, "ours", "edge", "edge.test", 86400);
	certs_make(&w->certs, "ours", "old", "edge.test", -3600);
	certs_make(&w->certs, "theirs", "stranger", "edge.test", 86400);
	certs_make(&w->certs, "theirs", "false-server", "fe.test", 86400);
}

static void side_clear(struct side *s)
{
	g_clear_object(&s->stream);
	g_free(s->words);
	g_free(s->names);
	*s = (struct side){0};
}

static void world_done(struct world *w)
{
	side_clear(&w->server);
	side_clear(&w->client);
	g_main_loop_unref(w->loop);
	certs_done(&w->certs);
}

static void run(struct world *w)
{
	guint timer = g_timeout_add_seconds(10, on_too_long, w);

	g_main_loop_run(w->loop);
	g_source_remove(timer);
}

static const struct row {
	const char *name;
	const char *server, *client; /* certificates; client NULL: none */
	const char *asked;	     /* server name */
	enum tls_client_certificate policy;
	const char *client_words; /* NULL: connects */
	const char *server_words; /* NULL: accepts; "": refuses with any words */
	const char *names;
} rows[] = {
	{"no certificate asked for", "server", NULL, "fe.test", TLS_CLIENT_NONE, NULL, NULL, ""},
	{"a certificate nobody asked for", "server", "edge", "fe.test", TLS_CLIENT_NONE, NULL, NULL,
	 ""},
	{"optional, none given", "server", NULL, "fe.test", TLS_CLIENT_OPTIONAL, NULL, NULL, ""},
	{"optional, a good one", "server", "edge", "fe.test", TLS_CLIENT_OPTIONAL, NULL, NULL,
	 "edge.test"},
	{"optional, of another CA", "server", "stranger", "fe.test", TLS_CLIENT_OPTIONAL, NULL,
	 "certificate of another CA", NULL},
	{"required, a good one", "server", "edge", "fe.test", TLS_CLIENT_REQUIRED, NULL, NULL,
	 "edge.test"},
	{"required, none given", "server", NULL, "fe.test", TLS_CLIENT_REQUIRED, NULL, "", NULL},
	{"required, of another CA", "server", "stranger", "fe.test", TLS_CLIENT_REQUIRED, NULL,
	 "certificate of another CA", NULL},
	{"required, expired", "server", "old", "fe.test", TLS_CLIENT_REQUIRED, NULL,
	 "certificate has expired", NULL},
	{"server of another CA", "false-server", NULL, "fe.test", TLS_CLIENT_NONE,
	 "certificate of another CA", "", NULL},
	{"server with another name", "server", NULL, "sip.test", TLS_CLIENT_NONE, "name mismatch",
	 "", NULL},
	{"expired server", "old", NULL, "edge.test", TLS_CLIENT_NONE, "certificate has expired", "",
	 NULL},
};

/* The words have those of the reason in them; "": any. */
static void check_reason(const char *name, const struct side *s, const char *words)
{
	cr_expect_neq(s->reason, REASON_NONE, "%s: no reason for '%s'", name, s->words);
	cr_expect(strstr(s->words, words), "%s: '%s'", name, s->words);
	if (words[0])
		cr_expect_str_eq(reason_words(s->reason), words, "%s", name);
}

static void check_server(const struct row *r, const struct side *s)
{
	cr_expect_eq(s->connected, r->server_words == NULL, "%s: server %s (%s)", r->name,
		     s->connected ? "accepted" : "refused", s->words ? s->words : "");
	if (r->server_words && s->words)
		check_reason(r->name, s, r->server_words);
	if (r->names)
		cr_expect_str_eq(s->names, r->names, "%s: names '%s'", r->name, s->names);
}

static void check_row(struct world *w, const struct row *r)
{
	g_autoptr(GError) error = NULL;
	tls_identity *server = identity(w, r->server);
	tls_identity *client = identity(w, r->client);
	tls_listener *l = tls_listen("127.0.0.1", w->port, server, r->policy, on_accepted,
				     on_refused, w, &error);

	cr_assert(l, "%s: %s", r->name, error ? error->message : "");
	tls_connect("127.0.0.1", "127.0.0.1", w->port, r->asked, client, 5000, NULL, on_connected,
		    w);
	run(w);
	check_server(r, &w->server);
	/* TLS 1.3: the client is done before the server has looked at its certificate. */
	if (r->client_words || !r->server_words)
		cr_expect_eq(w->client.connected, r->client_words == NULL, "%s: client: %s",
			     r->name, w->client.words);
	if (r->client_words && w->client.words)
		check_reason(r->name, &w->client, r->client_words);
	side_clear(&w->server);
	side_clear(&w->client);
	tls_listener_free(l);
	tls_identity_free(server);
	tls_identity_free(client);
}

Test(tls, who_is_let_in)
{
	struct world w;

	world_init(&w);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&w, &rows[i]);
	world_done(&w);
}

/* A client of another make, in a thread, as it blocks: its handshake, and one more. */
struct foreign {
	struct world *w;
	const char *versions;
	bool again;
	bool connected, renegotiated;
};

static int foreign_handshake(gnutls_session_t s)
{
	int code;

	do {
		code = gnutls_handshake(s);
	} while (code < 0 && !gnutls_error_is_fatal(code));
	return code;
}

static gboolean on_foreign_over(gpointer p)
{
	struct foreign *f = p;

	g_main_loop_quit(f->w->loop);
	return G_SOURCE_REMOVE;
}

static gpointer foreign_client(gpointer p)
{
	struct foreign *f = p;
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(f->w->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	g_autofree char *priority = g_strdup_printf("NORMAL:-VERS-ALL:%s", f->versions);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t s;

	connect(fd, (struct sockaddr *)&to, sizeof to);
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_init(&s, GNUTLS_CLIENT);
	gnutls_priority_set_direct(s, priority, NULL);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(s, fd);
	gnutls_handshake_set_timeout(s, 3000);
	f->connected = foreign_handshake(s) == 0;
	if (f->connected && f->again)
		f->renegotiated = foreign_handshake(s) == 0;
	gnutls_deinit(s);
	gnutls_certificate_free_credentials(credentials);
	close(fd);
	g_idle_add(on_foreign_over, f);
	return NULL;
}

static void on_nothing_read(GObject *source G_GNUC_UNUSED, GAsyncResult *result G_GNUC_UNUSED,
			    gpointer user_data G_GNUC_UNUSED)
{
}

/* Reads, so that the connection sees what its peer wants. */
static void on_foreign_accepted(GIOStream *stream, const char *const *names G_GNUC_UNUSED,
				const char *address G_GNUC_UNUSED, guint16 port G_GNUC_UNUSED,
				gpointer p)
{
	static guint8 byte;
	struct world *w = p;

	w->server.stream = stream;
	g_input_stream_read_async(g_io_stream_get_input_stream(stream), &byte, 1, 0, NULL,
				  on_nothing_read, NULL);
}

Test(tls, versions_and_renegotiation)
{
	static const struct {
		const char *versions;
		bool connects;
	} cases[] = {{"+VERS-TLS1.0", false},
		     {"+VERS-TLS1.1", false},
		     {"+VERS-TLS1.2", true},
		     {"+VERS-TLS1.3", true}};
	struct world w;
	tls_identity *id;
	tls_listener *l;

	world_init(&w);
	id = identity(&w, "server");
	l = tls_listen("127.0.0.1", w.port, id, TLS_CLIENT_NONE, on_foreign_accepted, NULL, &w,
		       NULL);
	cr_assert(l);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct foreign f = {.w = &w,
				    .versions = cases[i].versions,
				    .again = strstr(cases[i].versions, "1.2")};
		GThread *client = g_thread_new(NULL, foreign_client, &f);

		g_main_loop_run(w.loop);
		g_thread_join(client);
		cr_expect_eq(f.connected, cases[i].connects, "%s: %d", f.versions, f.connected);
		cr_expect_not(f.renegotiated, "%s", f.versions);
		side_clear(&w.server);
	}
	tls_listener_free(l);
	tls_identity_free(id);
	world_done(&w);
}

/* Peers that begin a handshake and then say nothing keep nobody else waiting for their time to run
 * out. */
Test(tls, stalled_peers_keep_nobody_out)
{
	static const guint8 part[] = {22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3};
	struct world w;
	tls_identity *server, *client;
	tls_listener *l;
	int stalled[100];

	world_init(&w);
	server = identity(&w, "server");
	client = identity(&w, NULL);
	l = tls_listen("127.0.0.1", w.port, server, TLS_CLIENT_NONE, on_accepted, on_refused, &w,
		       NULL);
	cr_assert(l);
	for (gsize i = 0; i < G_N_ELEMENTS(stalled); i++) {
		struct sockaddr_in to = {.sin_family = AF_INET,
					 .sin_port = htons(w.port),
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		stalled[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		cr_assert_eq(connect(stalled[i], (struct sockaddr *)&to, sizeof to), 0);
		/* Nothing, a part of the first record, or of its header. */
		send(stalled[i], part, i % 3 == 0 ? 0 : i % 3 == 1 ? sizeof part : 3, MSG_NOSIGNAL);
	}
	tls_connect("127.0.0.1", "127.0.0.1", w.port, "fe.test", client, 5000, NULL, on_connected,
		    &w);
	run(&w);
	cr_expect(w.server.connected && w.client.connected, "%s",
		  w.client.words ? w.client.words : w.server.words);
	for (gsize i = 0; i < G_N_ELEMENTS(stalled); i++)
		close(stalled[i]);
	tls_listener_free(l);
	tls_identity_free(server);
	tls_identity_free(client);
	world_done(&w);
}

Test(tls, nobody_listens)
{
	struct world w;
	tls_identity *id;

	world_init(&w);
	id = identity(&w, NULL);
	w.server.over = true;
	tls_connect(NULL, "127.0.0.1", w.port, "fe.test", id, 5000, NULL, on_connected, &w);
	cr_expect(!w.client.over, "never from inside the call");
	run(&w);
	cr_expect_eq(w.client.reason, REASON_CONNECTION_REFUSED, "%s", w.client.words);
	tls_identity_free(id);
	world_done(&w);
}

Test(tls, no_address)
{
	struct world w;
	tls_identity *id;

	world_init(&w);
	id = identity(&w, NULL);
	w.server.over = true;
	tls_connect(NULL, "fe.test", w.port, "fe.test", id, 5000, NULL, on_connected, &w);
	cr_expect(!w.client.over, "never from inside the call");
	run(&w);
	cr_expect_eq(w.client.reason, REASON_CONFIG_INVALID, "%s", w.client.words);
	tls_identity_free(id);
	world_done(&w);
}

/* A server that takes the connection and says nothing. */
Test(tls, handshake_takes_too_long)
{
	struct world w;
	g_autoptr(GSocketListener) mute = g_socket_listener_new();
	tls_identity *id;

	world_init(&w);
	id = identity(&w, NULL);
	w.server.over = true;
	w.port = g_socket_listener_add_any_inet_port(mute, NULL, NULL);
	tls_connect(NULL, "127.0.0.1", w.port, "fe.test", id, 100, NULL, on_connected, &w);
	run(&w);
	cr_expect_eq(w.client.reason, REASON_TLS_TIMED_OUT, "%s", w.client.words);
	tls_identity_free(id);
	world_done(&w);
}

Test(tls, cancelled)
{
	struct world w;
	g_autoptr(GSocketListener) mute = g_socket_listener_new();
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	tls_identity *id;

	world_init(&w);
	id = identity(&w, NULL);
	w.server.over = true;
	w.port = g_socket_listener_add_any_inet_port(mute, NULL, NULL);
	tls_connect(NULL, "127.0.0.1", w.port, "fe.test", id, 5000, cancellable, on_connected, &w);
	g_cancellable_cancel(cancellable);
	run(&w);
	cr_expect(w.client.cancelled, "%s", w.client.words);
	tls_identity_free(id);
	world_done(&w);
}

/* The listener goes while a handshake is under way: no callback, nothing left behind. */
Test(tls, listener_freed_in_handshake)
{
	struct world w;
	tls_identity *id;
	tls_listener *l;
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) raw = NULL;

	world_init(&w);
	id = identity(&w, "server");
	l = tls_listen("127.0.0.1", w.port, id, TLS_CLIENT_NONE, on_accepted, on_refused, &w, NULL);
	raw = g_socket_client_connect_to_host(client, "127.0.0.1", w.port, NULL, NULL);
	cr_assert(raw);
	g_main_context_iteration(NULL, TRUE);
	tls_listener_free(l);
	while (g_main_context_iteration(NULL, FALSE))
		;
	cr_expect(!w.server.over, "no callback after the listener was freed");
	tls_identity_free(id);
	world_done(&w);
}

Test(tls, bad_identity)
{
	g_autoptr(GError) error = NULL;

	cr_expect_null(tls_identity_new("/nonexistent/ca.pem", NULL, NULL, &error));
	cr_expect(error, "an error says why");
}
