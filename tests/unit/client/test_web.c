/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The question to the web service, put to a server that answers as a row says. */
#include "clients/web.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/frontend/pki.h"

#define DEADLINE_S 20
#define HOST "lyncdiscover.contoso.com"
#define TEN "0123456789"
#define ANY G_MAXUINT /* how far it comes within the limit depends on the machine */

#define WITH_LENGTH(n) "HTTP/1.1 200 OK\r\nContent-Length: " n "\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define TO_THE_END "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define LEAD(where) "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " where "\r\n\r\n"
#define USER                                                                        \
	"<AutodiscoverResponse AccessLocation=\"External\"><User>"                  \
	"<SipClientExternalAccess fqdn=\"sip.contoso.com\" port=\"443\"/></User></" \
	"AutodiscoverResponse>"
#define LINK(token, href)                                                              \
	"<AutodiscoverResponse AccessLocation=\"External\"><Root><Link token=\"" token \
	"\" href=\"" href "\"/></Root></AutodiscoverResponse>"

struct row {
	const char *what;
	const char *answers[2]; /* the last one for all further requests */
	bool closes;		/* after each answer, without having said so */
	const char *code;	/* NULL: the server is found */
	guint requests, connections;
};

struct world {
	const struct row *row;
	struct pki *pki;
	tls_listener *listener;
	struct client_config config;
	channel *events;
	int far; /* the other end of `events` */
	GPtrArray *streams;
	guint requests, connections;
	bool ended, late;
	enum web_step end;
	char *code, *sip;
};

/* --- the server ------------------------------------------------------------------------------- */

struct talk {
	struct world *world;
	GIOStream *stream;
	char buffer[4096];
};

static void listen_on(struct talk *t);

static void on_heard(GObject *source, GAsyncResult *result, gpointer data)
{
	struct talk *t = data;
	const struct row *row = t->world->row;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
	const char *answer = row->answers[t->world->requests > 0 && row->answers[1] ? 1 : 0];

	if (n <= 0) {
		g_free(t);
		return;
	}
	t->world->requests++;
	g_output_stream_write_all(g_io_stream_get_output_stream(t->stream), answer, strlen(answer),
				  NULL, NULL, NULL);
	if (row->closes || strstr(answer, "Connection: close"))
		g_io_stream_close_async(t->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
	else
		listen_on(t);
	if (row->closes || strstr(answer, "Connection: close"))
		g_free(t);
}

static void listen_on(struct talk *t)
{
	g_input_stream_read_async(g_io_stream_get_input_stream(t->stream), t->buffer,
				  sizeof t->buffer, G_PRIORITY_DEFAULT, NULL, on_heard, t);
}

static void on_accepted(GIOStream *stream, const char *const *names G_GNUC_UNUSED,
			const char *address G_GNUC_UNUSED, guint16 port G_GNUC_UNUSED,
			gpointer user_data)
{
	struct world *w = user_data;
	struct talk *t = g_new0(struct talk, 1);

	w->connections++;
	g_ptr_array_add(w->streams, stream);
	t->world = w;
	t->stream = stream;
	listen_on(t);
}

/* --- one question ----------------------------------------------------------------------------- */

static gboolean on_deadline(gpointer data)
{
	((struct world *)data)->late = true;
	return G_SOURCE_CONTINUE;
}

static void on_end(enum web_step end, const struct web_steps *steps, gpointer user_data)
{
	struct world *w = user_data;

	w->ended = true;
	w->end = end;
	w->code = g_strdup(reason_code(steps->code));
	w->sip = g_strdup(steps->sip.fqdn);
}

static tls_identity *identity(const struct pki *p, const char *name)
{
	g_autofree char *ca = pki_path(p, "ca.pem");
	g_autofree char *pem_name = g_strdup_printf("%s.pem", name ? name : "-");
	g_autofree char *key_name = g_strdup_printf("%s.key", name ? name : "-");
	g_autofree char *pem = pki_path(p, pem_name), *key = pki_path(p, key_name);

	return tls_identity_new(ca, name ? pem : NULL, name ? key : NULL, NULL);
}

static guint16 free_port(void)
{
	g_autoptr(GSocketListener) l = g_socket_listener_new();

	return g_socket_listener_add_any_inet_port(l, NULL, NULL);
}

static const struct channel_handlers no_handlers = {0};

/* Asks the server of the row, which has the certificate of `name` (NULL: nobody listens). */
static void ask(struct world *w, const struct row *row, const char *name, guint limit_ms)
{
	int pair[2];
	struct discovery_target first = {
		.query = HOST, .name = HOST, .address = "127.0.0.1", .port = free_port()};
	tls_identity *client, *server;
	guint deadline = g_timeout_add_seconds(DEADLINE_S, on_deadline, w);
	web *asked;

	*w = (struct world){.row = row, .pki = pki_new()};
	pki_issue(w->pki, name ? name : HOST);
	w->streams = g_ptr_array_new_with_free_func(g_object_unref);
	w->config = (struct client_config){.user = (char[]){"home1@contoso.com"},
					   .domain = (char[]){"contoso.com"},
					   .address = (char[]){"127.0.0.1"},
					   .address6 = (char[]){""}};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	w->events = channel_new(pair[0], pair[0], &no_handlers, w);
	w->far = pair[1];
	client = identity(w->pki, NULL);
	server = identity(w->pki, name ? name : HOST);
	if (name)
		w->listener = tls_listen("127.0.0.1", first.port, server, TLS_CLIENT_NONE,
					 on_accepted, NULL, w, NULL);
	asked = web_new(&w->config, w->events, client, &first, limit_ms, on_end, w);
	while (!w->ended && !w->late)
		g_main_context_iteration(NULL, TRUE);
	web_free(asked);
	cr_assert(w->ended, "%s: no end", row->what);
	g_source_remove(deadline);
	tls_listener_free(w->listener);
	for (guint i = 0; i < 100 && g_main_context_iteration(NULL, FALSE); i++)
		;
	g_ptr_array_unref(w->streams);
	tls_identity_free(client);
	tls_identity_free(server);
}

/* The last event, for json_decref. */
static json_t *last_event(struct world *w)
{
	char buffer[16384];
	gssize n;
	char *line;

	n = recv(w->far, buffer, sizeof buffer - 1, MSG_DONTWAIT);
	cr_assert_gt(n, 0, "%s: no event", w->row->what);
	buffer[n] = '\0';
	buffer[n - 1] = '\0';
	line = strrchr(buffer, '\n');
	return json_loads(line ? line + 1 : buffer, 0, NULL);
}

static void world_done(struct world *w)
{
	channel_free(w->events);
	close(w->far);
	g_free(w->code);
	g_free(w->sip);
	pki_free(w->pki);
}

static void expect(const struct row *row, const char *name, guint limit_ms)
{
	struct world w;
	json_t *event;

	ask(&w, row, name, limit_ms);
	event = last_event(&w);
	cr_expect_eq(w.end, row->code ? WEB_STEP_FAILED : WEB_STEP_SERVER, "%s: %d", row->what,
		     w.end);
	cr_expect_eq(g_strcmp0(w.code, row->code), 0, "%s: %s", row->what, w.code);
	cr_expect_eq(g_strcmp0(w.sip, row->code ? NULL : "sip.contoso.com"), 0, "%s: %s", row->what,
		     w.sip);
	cr_expect(row->requests == ANY || w.requests == row->requests, "%s: %u requests", row->what,
		  w.requests);
	cr_expect(row->connections == ANY || w.connections == row->connections,
		  "%s: %u connections", row->what, w.connections);
	cr_expect_str_eq(json_string_value(json_object_get(event, "event")), "web");
	cr_expect_eq(g_strcmp0(json_string_value(json_object_get(event, "code")), row->code), 0,
		     "%s: the event's code is %s", row->what,
		     json_string_value(json_object_get(event, "code")));
	json_decref(event);
	world_done(&w);
}

Test(web, answers)
{
	static const struct row rows[] = {
		{"to the end", {TO_THE_END USER}, false, NULL, 1, 1},
		{"chunked", {CHUNKED "90\r\n" USER "\r\n0\r\n\r\n"}, false, NULL, 1, 1},
		{"one connection", {LEAD("/other"), TO_THE_END USER}, false, NULL, 2, 1},
		{"closed behind our back", {LEAD("/other"), TO_THE_END USER}, true, NULL, 2, 2},
		{"link", {TO_THE_END LINK("User", "/user"), TO_THE_END USER}, false, NULL, 2, 2},
		{"huge", {WITH_LENGTH("99999999999") TEN}, false, "message-too-long", 1, 1},
		{"huge chunk", {CHUNKED "ffffff\r\n" TEN}, false, "message-too-long", 1, 1},
		{"truncated", {WITH_LENGTH("99") TEN}, true, "connection-closed", 1, 1},
		{"truncated document",
		 {TO_THE_END "<AutodiscoverResponse>"},
		 false,
		 "answer-unreadable",
		 1,
		 1},
		{"closed at once", {""}, true, "connection-closed", 1, 1},
		{"a web page",
		 {TO_THE_END "<html><body>Welcome</body></html>"},
		 false,
		 "answer-unreadable",
		 1,
		 1},
		{"not HTTP", {"220 mail\r\n\r\n"}, false, "answer-unreadable", 1, 1},
		{"circle", {LEAD("/")}, false, "web-too-many-redirects", 5, 1},
		{"foreign host",
		 {LEAD("https://contoso.com.evil.com/")},
		 false,
		 "web-foreign-host",
		 1,
		 1},
		{"foreign link",
		 {TO_THE_END LINK("User", "https://evil.com/")},
		 false,
		 "web-foreign-host",
		 1,
		 1},
		{"no TLS", {LEAD("http://" HOST "/")}, false, "web-not-https", 1, 1},
		{"not found",
		 {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
		 false,
		 "web-not-found",
		 1,
		 1},
		{"bad gateway",
		 {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"},
		 false,
		 "web-bad-gateway",
		 1,
		 1},
		{"busy",
		 {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"},
		 false,
		 "web-status",
		 1,
		 1},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		expect(&rows[i], HOST, WEB_LIMIT_MS);
}

Test(web, silence_ends)
{
	static const struct row rows[] = {
		{"silent", {""}, false, "no-answer-in-time", ANY, ANY},
		{"slow", {WITH_LENGTH("99") TEN}, false, "no-answer-in-time", ANY, ANY},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		expect(&rows[i], HOST, 300);
}

Test(web, who_cannot_be_reached)
{
	static const struct row rows[] = {
		{"nobody", {""}, false, "connection-refused", 0, 0},
		{"another name", {""}, false, "tls-name-mismatch", 0, 0},
	};

	expect(&rows[0], NULL, WEB_LIMIT_MS);
	expect(&rows[1], "web.contoso.com", WEB_LIMIT_MS);
}
