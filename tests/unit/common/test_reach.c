/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server with several addresses, in 127.0.0.0/8: whichever connects first. */
#include "common/reach.h"

#include <criterion/criterion.h>

#include "tests/unit/common/certs.h"

#define GOOD "127.0.0.2"   /* a server */
#define MUTE "127.0.0.3"   /* takes connections and says nothing */
#define CLOSED "127.0.0.4" /* nobody */

struct world {
	struct certs certs;
	tls_identity *server, *client;
	tls_listener *listener;
	GSocket *mute;
	GMainLoop *loop;
	reach *reach;
	guint16 port;
	guint failures;
	int connected; /* which way; -1: none */
	bool over;
};

static tls_identity *identity(const struct world *w, const char *name)
{
	g_autofree char *ca = certs_path(&w->certs, "ours-ca.pem");
	g_autofree char *pem = name ? g_strdup_printf("%s/%s.pem", w->certs.dir, name) : NULL;
	g_autofree char *key = name ? g_strdup_printf("%s/%s.key", w->certs.dir, name) : NULL;
	g_autoptr(GError) error = NULL;
	tls_identity *id = tls_identity_new(ca, pem, key, &error);

	cr_assert(id, "identity: %s", error ? error->message : "");
	return id;
}

static void on_accepted(GIOStream *stream, const char *const *names, const char *address,
			guint16 port, gpointer p)
{
	(void)names;
	(void)address;
	(void)port;
	(void)p;
	g_object_unref(stream);
}

static GSocket *listen_mutely(guint16 port)
{
	g_autoptr(GSocketAddress) at = g_inet_socket_address_new_from_string(MUTE, port);
	GSocket *s = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
				  NULL);

	cr_assert(g_socket_bind(s, at, TRUE, NULL) && g_socket_listen(s, NULL),
		  "cannot listen on " MUTE);
	return s;
}

static void world_init(struct world *w)
{
	g_autoptr(GSocketListener) probe = g_socket_listener_new();
	g_autoptr(GError) error = NULL;

	*w = (struct world){.connected = -1};
	w->port = g_socket_listener_add_any_inet_port(probe, NULL, NULL);
	g_socket_listener_close(probe);
	w->loop = g_main_loop_new(NULL, FALSE);
	certs_init(&w->certs);
	certs_make_ca(&w->certs, "ours");
	certs_make(&w->certs, "ours", "server", "fe.test", 86400);
	w->server = identity(w, "server");
	w->client = identity(w, NULL);
	w->listener = tls_listen(GOOD, w->port, w->server, TLS_CLIENT_NONE, on_accepted, NULL, NULL,
				 &error);
	cr_assert(w->listener, "%s", error ? error->message : "");
	w->mute = listen_mutely(w->port);
}

static void world_done(struct world *w)
{
	reach_free(w->reach);
	tls_listener_free(w->listener);
	g_object_unref(w->mute);
	while (g_main_context_iteration(NULL, FALSE)) /* cancelled attempts call back */
		;
	tls_identity_free(w->server);
	tls_identity_free(w->client);
	g_main_loop_unref(w->loop);
	certs_done(&w->certs);
}

static void on_reached(GIOStream *stream, guint way, const GError *error, bool last, gpointer p)
{
	struct world *w = p;

	cr_expect_not(w->over, "called after the end");
	cr_expect((stream == NULL) == (error != NULL), "either a connection or an error");
	w->failures += stream == NULL;
	if (stream)
		w->connected = (int)way;
	w->over = stream || last;
	g_clear_object(&stream);
	if (w->over)
		g_main_loop_quit(w->loop);
}

static gboolean on_too_long(gpointer p)
{
	struct world *w = p;

	cr_expect(false, "no outcome within ten seconds");
	g_main_loop_quit(w->loop);
	return G_SOURCE_REMOVE;
}

static void go(struct world *w, const char *first, const char *second, guint timeout_ms)
{
	const struct reach_way ways[] = {{NULL, first}, {NULL, second}};
	guint timer = g_timeout_add_seconds(10, on_too_long, w);

	w->reach = reach_new(ways, second ? 2 : 1, w->port, "fe.test", w->client, timeout_ms,
			     on_reached, w);
	g_main_loop_run(w->loop);
	g_source_remove(timer);
}

Test(reach, ways)
{
	static const struct {
		const char *name, *first, *second;
		int connected;
		guint failures;
	} rows[] = {
		{"one that answers", GOOD, NULL, 0, 0},
		{"the first of two", GOOD, MUTE, 0, 0},
		{"the first is refused, so the second", CLOSED, GOOD, 1, 1},
		{"the first is mute, so the second, and no failure is told", MUTE, GOOD, 1, 0},
		{"neither", CLOSED, CLOSED, -1, 2},
		{"the only one", CLOSED, NULL, -1, 1},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world w;

		world_init(&w);
		go(&w, rows[i].first, rows[i].second, 60000);
		cr_expect_eq(w.connected, rows[i].connected, "%s: way %d", rows[i].name,
			     w.connected);
		cr_expect_eq(w.failures, rows[i].failures, "%s: %u failures", rows[i].name,
			     w.failures);
		world_done(&w);
	}
}

Test(reach, each_attempt_has_its_own_time)
{
	struct world w;

	world_init(&w);
	go(&w, MUTE, MUTE, REACH_NEXT_MS + 50);
	cr_expect_eq(w.connected, -1, "nobody answers");
	cr_expect_eq(w.failures, 2, "%u failures", w.failures);
	world_done(&w);
}

Test(reach, nothing_comes_after_the_end)
{
	struct world w;
	const struct reach_way ways[] = {{NULL, GOOD}};

	world_init(&w);
	w.reach = reach_new(ways, 1, w.port, "fe.test", w.client, 60000, on_reached, &w);
	g_clear_pointer(&w.reach, reach_free);
	while (g_main_context_iteration(NULL, FALSE))
		;
	cr_expect_not(w.over, "it called back");
	world_done(&w);
}
