/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The web sites over real sockets on 127.0.0.1. */
#include "frontend/web.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/http_response.h"
#include "pki.h"

#define DEADLINE_S 10

struct site {
	struct pki *pki;
	struct fe_config *config;
	tls_identity *identity;
	fe_web_server *server;
	GPtrArray *events;
	/* the one connection at a time */
	GIOStream *stream;
	char *error;
	GString *heard;
	bool ended, late;
	guint timer;
};

static gboolean on_deadline(gpointer data)
{
	struct site *s = data;

	s->late = true;
	return G_SOURCE_CONTINUE;
}

#define WAIT_FOR(s, condition)                                \
	do {                                                  \
		while (!(condition) && !(s)->late)            \
			g_main_context_iteration(NULL, TRUE); \
		cr_assert(condition, #condition);             \
	} while (0)

static void on_event(const char *name, json_t *fields, gpointer user_data)
{
	struct site *s = user_data;

	json_object_set_new(fields, "event", json_string(name));
	g_ptr_array_add(s->events, fields);
}

static tls_identity *identity(const struct pki *p, bool server)
{
	g_autofree char *ca = pki_path(p, "ca.pem"), *pem = pki_path(p, "fe.contoso.com.pem"),
			*key = pki_path(p, "fe.contoso.com.key");

	return tls_identity_new(ca, server ? pem : NULL, server ? key : NULL, NULL);
}

static void site_open_for(struct site *s, struct fe_web_limits limits)
{
	g_autoptr(GError) error = NULL;
	json_t *object;

	*s = (struct site){.pki = pki_new()};
	s->timer = g_timeout_add_seconds(DEADLINE_S, on_deadline, s);
	s->events = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
	s->heard = g_string_new(NULL);
	pki_issue(s->pki, "fe.contoso.com");
	object =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[{s:s, s:s}],"
			  " s:{s:i, s:i, s:[s], s:{s:s, s:i}}}",
			  "fqdn", "fe.contoso.com", "domain", "contoso.com", "address", "127.0.0.1",
			  "ca", "-", "certificate", "-", "key", "-", "users", "user",
			  "dc1@contoso.com", "password", "x", "web", "internal_port",
			  (int)pki_free_port(), "external_port", (int)pki_free_port(), "names",
			  "fe.contoso.com", "sip_internal", "name", "fe.contoso.com", "port", 5061);
	s->config = fe_config_parse(object, &error);
	json_decref(object);
	cr_assert_not_null(s->config, "%s", error ? error->message : "");
	s->identity = identity(s->pki, true);
	s->server = fe_web_new(s->config, s->identity, limits, on_event, s, &error);
	cr_assert_not_null(s->server, "%s", error ? error->message : "");
}

static void site_open(struct site *s)
{
	site_open_for(s, FE_WEB_LIMITS);
}

static void site_close(struct site *s)
{
	g_clear_object(&s->stream);
	fe_web_free(s->server);
	tls_identity_free(s->identity);
	fe_config_free(s->config);
	g_ptr_array_unref(s->events);
	g_string_free(s->heard, TRUE);
	g_free(s->error);
	g_source_remove(s->timer);
	pki_free(s->pki);
	for (guint i = 0; i < 50 && g_main_context_iteration(NULL, FALSE); i++)
		;
}

static void on_connected(GIOStream *stream, const GError *error, gpointer user_data)
{
	struct site *s = user_data;

	s->stream = stream;
	s->error = error ? g_strdup(error->message) : NULL;
}

/* Connects as a client that trusts the CA of `trusted`. */
static void connect_to(struct site *s, const struct pki *trusted)
{
	tls_identity *id = identity(trusted, false);

	g_clear_object(&s->stream);
	g_clear_pointer(&s->error, g_free);
	tls_connect(NULL, "127.0.0.1", s->config->web[FE_WEB_INTERNAL].port, "fe.contoso.com", id,
		    5000, NULL, on_connected, s);
	WAIT_FOR(s, s->stream || s->error);
	tls_identity_free(id);
}

static void on_bytes(GObject *source, GAsyncResult *result, gpointer user_data)
{
	struct site *s = user_data;
	g_autoptr(GBytes) bytes =
		g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, NULL);

	s->ended = true;
	if (bytes && g_bytes_get_size(bytes) > 0)
		g_string_append_len(s->heard, g_bytes_get_data(bytes, NULL),
				    (gssize)g_bytes_get_size(bytes));
}

static void send_text(struct site *s, const char *text)
{
	cr_assert(g_output_stream_write_all(g_io_stream_get_output_stream(s->stream), text,
					    strlen(text), NULL, NULL, NULL));
}

/* Reads what comes next; nothing at the end of the connection. */
static void hear(struct site *s, GIOStream *stream)
{
	s->ended = false;
	g_string_truncate(s->heard, 0);
	g_input_stream_read_bytes_async(g_io_stream_get_input_stream(stream), 4096,
					G_PRIORITY_DEFAULT, NULL, on_bytes, s);
	WAIT_FOR(s, s->ended);
}

/* Sends a request and returns the response; for http_response_free. */
static http_response *ask(struct site *s, const char *request)
{
	http_response *r = http_response_new(64 * 1024);
	enum http_progress progress = HTTP_MORE;

	send_text(s, request);
	while (progress == HTTP_MORE) {
		hear(s, s->stream);
		progress = http_response_feed(r, s->heard->str, s->heard->len);
	}
	cr_assert_eq(progress, HTTP_COMPLETE, "progress %d: %s", progress, s->heard->str);
	return r;
}

static const char *last_text(const struct site *s, const char *member)
{
	const json_t *event = g_ptr_array_index(s->events, s->events->len - 1);
	const char *text = json_string_value(json_object_get(event, member));

	return text ? text : "";
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: fe.contoso.com:443\r\n\r\n"

Test(web, a_document_and_its_event)
{
	struct site s;
	http_response *r;
	gsize bytes;

	site_open(&s);
	connect_to(&s, s.pki);
	r = ask(&s, GET("/?sipuri=dc1%40contoso.com"));
	cr_expect_eq(http_response_status(r), 200);
	cr_expect_str_eq(http_response_header(r, "Content-Type"),
			 "application/vnd.microsoft.rtc.autodiscover+json; v=1");
	cr_expect(strstr(http_response_body(r, &bytes), "sipuri=dc1@contoso.com"), "%s",
		  http_response_body(r, &bytes));
	cr_assert_eq(s.events->len, 1u);
	cr_expect_str_eq(last_text(&s, "event"), "web-request");
	cr_expect_str_eq(last_text(&s, "site"), "internal");
	cr_expect_str_eq(last_text(&s, "host"), "fe.contoso.com");
	cr_expect_str_eq(last_text(&s, "path"), "/");
	cr_expect_str_eq(last_text(&s, "user"), "dc1@contoso.com");
	cr_expect(g_str_has_prefix(last_text(&s, "peer"), "127.0.0.1:"));
	http_response_free(r);
	site_close(&s);
}

Test(web, bad_requests)
{
	static const struct {
		const char *request;
		guint status;
	} rows[] = {
		{GET("/meet"), 404},
		{"POST / HTTP/1.1\r\nHost: fe.contoso.com\r\nContent-Length: 3\r\n\r\nabc", 405},
		{"GET / HTTP/1.1\r\nHost: web.contoso.com\r\n\r\n", 404},
		{"nonsense\r\n\r\n", 400},
	};
	struct site s;

	site_open(&s);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		http_response *r;

		connect_to(&s, s.pki);
		r = ask(&s, rows[i].request);
		cr_expect_eq(http_response_status(r), rows[i].status, "row %u: %u", i,
			     http_response_status(r));
		http_response_free(r);
	}
	site_close(&s);
}

Test(web, who_does_not_trust_us_is_told)
{
	struct pki *other = pki_new();
	struct site s;

	site_open(&s);
	connect_to(&s, other);
	cr_expect_not_null(s.error);
	WAIT_FOR(&s, s.events->len > 0);
	cr_expect_str_eq(last_text(&s, "event"), "tls-refused");
	cr_expect_str_eq(last_text(&s, "site"), "internal");
	pki_free(other);
	site_close(&s);
}

Test(web, a_connection_serves_further_requests)
{
	static const struct {
		const char *request;
		bool open;
	} rows[] = {
		{GET("/?sipuri=dc1%40contoso.com"), true},
		{GET("/meet"), true},
		{"HEAD / HTTP/1.1\r\nHost: fe.contoso.com\r\n\r\n", true},
		{"POST / HTTP/1.1\r\nHost: fe.contoso.com\r\nContent-Length: 3\r\n\r\nabc", true},
		{"GET / HTTP/1.1\r\nHost: fe.contoso.com\r\nConnection: close\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nHost: fe.contoso.com\r\n\r\n", false},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct site s;
		g_autofree char *peer = NULL;

		site_open(&s);
		connect_to(&s, s.pki);
		if (strncmp(rows[i].request, "HEAD", 4) == 0) {
			send_text(&s, rows[i].request);
			hear(&s, s.stream);
			cr_expect(g_str_has_suffix(s.heard->str, "\r\n\r\n"), "%s", s.heard->str);
		} else {
			http_response_free(ask(&s, rows[i].request));
		}
		peer = g_strdup(last_text(&s, "peer"));
		if (rows[i].open) {
			http_response_free(ask(&s, GET("/")));
			cr_expect_eq(s.events->len, 2u, "row %u", i);
			cr_expect_str_eq(last_text(&s, "peer"), peer, "row %u", i);
		} else {
			hear(&s, s.stream);
			cr_expect_eq(s.heard->len, 0u, "row %u: %s", i, s.heard->str);
		}
		site_close(&s);
	}
}

Test(web, a_connection_ends_after_its_last_request)
{
	struct site s;
	guint answered = 0;

	site_open(&s);
	connect_to(&s, s.pki);
	for (bool open = true; open; answered++) {
		http_response *r = ask(&s, GET("/"));

		open = http_response_keeps_open(r);
		http_response_free(r);
	}
	cr_expect_eq(answered, 20u, "%u", answered);
	hear(&s, s.stream);
	cr_expect_eq(s.heard->len, 0u);
	site_close(&s);
}

/* The site ends the connection, and says why. */
static void expect_closed(struct site *s, GIOStream *stream, const char *code, const char *about)
{
	hear(s, stream);
	cr_expect_eq(s->heard->len, 0u, "%s: %s", about, s->heard->str);
	cr_expect_str_eq(last_text(s, "event"), "web-closed", "%s", about);
	cr_expect_str_eq(last_text(s, "site"), "internal", "%s", about);
	cr_expect_str_eq(last_text(s, "code"), code, "%s", about);
	cr_expect(g_str_has_prefix(last_text(s, "peer"), "127.0.0.1:"), "%s", about);
}

Test(web, who_sends_no_whole_request_in_time_is_let_go)
{
	static const char *const rows[] = {
		"",
		"GET / HT",
		"GET / HTTP/1.1\r\nHost: fe.contoso.com\r\nX-A: b\r\n",
		"POST / HTTP/1.1\r\nHost: fe.contoso.com\r\nContent-Length: 99\r\n\r\nabc",
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct site s;

		site_open_for(&s, (struct fe_web_limits){.idle_ms = 100, .connections = 1});
		connect_to(&s, s.pki);
		send_text(&s, rows[i]);
		expect_closed(&s, s.stream, "no-request-in-time", rows[i]);
		site_close(&s);
	}
}

Test(web, who_waits_longest_makes_room)
{
	g_autoptr(GPtrArray) idle = g_ptr_array_new_with_free_func(g_object_unref);
	struct site s;

	site_open_for(&s, (struct fe_web_limits){.idle_ms = 60000, .connections = 4});
	for (guint i = 0; i < 4; i++) {
		connect_to(&s, s.pki);
		g_ptr_array_add(idle, g_steal_pointer(&s.stream));
	}
	/* The first one asks: it waits no longer than the others. */
	s.stream = g_object_ref(idle->pdata[0]);
	http_response_free(ask(&s, GET("/")));
	connect_to(&s, s.pki);
	expect_closed(&s, idle->pdata[1], "too-many-clients", "the second one");
	http_response_free(ask(&s, GET("/")));
	g_set_object(&s.stream, idle->pdata[0]);
	http_response_free(ask(&s, GET("/")));
	site_close(&s);
}
