/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client outside can do to others: nothing. */
#include "tests/unit/border/net.h"

#include <criterion/criterion.h>
#include <string.h>

#define HOME1 "sip:home1@contoso.com"
#define FACTORY HOME1 ";gruu;opaque=app:conf:focusfactory"
#define MRAS "sip:mras@edge.contoso.com;opaque=srvr:MRAS"

/* A fresh connection through the Edge speaks for nobody, whoever has registered on others; one that
 * has registered does, until it signs out. */
Test(border, sender_is_bound_to_its_connection)
{
	static const struct {
		const char *method, *uri;
	} rows[] = {{"INVITE", "sip:dc1@contoso.com"},
		    {"MESSAGE", "sip:dc1@contoso.com"},
		    {"SERVICE", FACTORY},
		    {"SERVICE", MRAS},
		    {"SUBSCRIBE", HOME1}};
	struct net *n = net_open();
	struct peer dc1, home1, home2, stranger;

	peer_open(&dc1, n, false);
	peer_open(&home1, n, true);
	peer_open(&home2, n, true);
	peer_open(&stranger, n, true);
	cr_assert_eq(peer_register(&dc1, "dc1", "900"), 200);
	cr_assert_eq(peer_register(&home1, "home1", "900"), 200);
	cr_assert_eq(peer_register(&home2, "home2", "900"), 200);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *claimed = request_of(rows[i].method, "home1", rows[i].uri, "s");
		int status;

		sip_add_header(claimed, "P-Asserted-Identity", "<sip:home1@contoso.com>");
		status = peer_ask(&stranger, claimed);
		cr_expect(status == 401 || status == 407, "%s %s: %d", rows[i].method, rows[i].uri,
			  status);
		status = peer_ask(&home2, request_of(rows[i].method, "home1", rows[i].uri, "s"));
		cr_expect_eq(status, 403, "%s %s: %d", rows[i].method, rows[i].uri, status);
	}
	cr_expect_null(dc1.request, "nothing came through");
	peer_say(&home1, request_of("MESSAGE", "home1", "sip:dc1@contoso.com", "m"));
	peer_wait_request(&dc1);
	cr_expect_null(sip_header(dc1.request, "P-Asserted-Identity"), "stays between servers");
	cr_assert_eq(peer_register(&home1, "home1", "0"), 200);
	cr_expect_eq(peer_ask(&home1, request_of("MESSAGE", "home1", "sip:dc1@contoso.com", "m")),
		     407, "signed out");
	peer_close(&dc1);
	peer_close(&home1);
	peer_close(&home2);
	peer_close(&stranger);
	net_close(n);
}

/* After a loss of its connection a client registers on another one, and goes on there. */
Test(border, another_connection)
{
	struct net *n = net_open();
	struct peer dc1, first, second;

	peer_open(&dc1, n, false);
	peer_open(&first, n, true);
	cr_assert_eq(peer_register(&dc1, "dc1", "900"), 200);
	cr_assert_eq(peer_register(&first, "home1", "900"), 200);
	peer_close(&first);
	peer_open(&second, n, true);
	cr_expect_eq(peer_ask(&second, request_of("BYE", "home1", "sip:dc1@contoso.com", "m")),
		     407);
	cr_assert_eq(peer_register(&second, "home1", "900"), 200);
	peer_say(&second, request_of("BYE", "home1", "sip:dc1@contoso.com", "m"));
	peer_wait_request(&dc1);
	peer_say(&dc1, request_of("MESSAGE", "dc1", HOME1, "back"));
	peer_wait_request(&second);
	peer_close(&dc1);
	peer_close(&second);
	net_close(n);
}

/* What one client sends ends nobody else's connection, least of all that between the servers. */
Test(border, no_message_ends_a_shared_connection)
{
	struct net *n = net_open();
	struct peer dc1, home1, cafe1;

	peer_open(&dc1, n, false);
	peer_open(&home1, n, true);
	peer_open(&cafe1, n, true);
	cr_assert_eq(peer_register(&dc1, "dc1", "900"), 200);
	cr_assert_eq(peer_register(&home1, "home1", "900"), 200);
	cr_assert_eq(peer_register(&cafe1, "cafe1", "900"), 200);
	for (gsize spare = 0; spare < 600; spare += 40) {
		sip_msg *m = request_of("MESSAGE", "cafe1", HOME1, "big");
		g_autofree char *body =
			g_strnfill(SIP_MESSAGE_MAX - 120 - sip_msg_size(m) - spare, 'x');

		sip_set_body(m, "text/plain", body, -1);
		cr_expect_eq(peer_ask(&cafe1, m), 513, "%zu spare", spare);
	}
	for (guint i = 0; i < 2; i++) { /* in a header that every hop and answer repeats */
		sip_msg *m = request_of("INVITE", "cafe1", HOME1, "big");
		g_autofree char *x = g_strnfill(SIP_CLIENT_MESSAGE_MAX - 900, 'x');
		g_autofree char *route = g_strdup_printf("<sip:a@b;lr>;x=%s", x);

		sip_add_header(m, i ? "Record-Route" : "X", route);
		peer_say(&cafe1, m);
		peer_wait_request(&home1);
		g_clear_pointer(&home1.request, sip_msg_unref);
	}
	peer_say(&home1, request_of("MESSAGE", "home1", "sip:dc1@contoso.com", "m"));
	peer_wait_request(&dc1);
	cr_expect(dc1.conn && home1.conn && cafe1.conn, "all are still connected");
	cr_expect_eq(net_edge_figure(n, "sip_servers"), 1);
	peer_close(&dc1);
	peer_close(&home1);
	peer_close(&cafe1);
	net_close(n);
}

/* Only who got a request can answer it, even when others know all of it. */
Test(border, answers_of_others)
{
	struct net *n = net_open();
	struct peer dc1, home1, home2;
	g_autoptr(sip_msg) forged = NULL, own = NULL;

	peer_open(&dc1, n, false);
	peer_open(&home1, n, true);
	peer_open(&home2, n, true);
	cr_assert_eq(peer_register(&dc1, "dc1", "900"), 200);
	cr_assert_eq(peer_register(&home1, "home1", "900"), 200);
	cr_assert_eq(peer_register(&home2, "home2", "900"), 200);
	peer_say(&dc1, request_of("MESSAGE", "dc1", HOME1, "m"));
	peer_wait_request(&home1);
	forged = sip_response_new(home1.request, 430, "Flow Failed", "x");
	sip_conn_send(home2.conn, forged);
	WAIT_FOR(n, net_edge_figure(n, "sip_responses_dropped") == 1, "the forged answer");
	own = sip_response_new(home1.request, 200, NULL, "x");
	sip_add_header(own, "ms-diagnostics", "1003;reason=\"User does not exist\"");
	sip_conn_send(home1.conn, own);
	WAIT_FOR(n, dc1.response, "the answer");
	cr_expect_eq(sip_status(dc1.response), 200, "%d", sip_status(dc1.response));
	cr_expect_null(sip_header(dc1.response, "ms-diagnostics"), "it is no server");
	cr_expect_eq(net_frontend_figure(n, "registered"), 3);
	peer_close(&dc1);
	peer_close(&home1);
	peer_close(&home2);
	net_close(n);
}

/* Connections that say nothing make room, oldest first; one on which a user has signed in stays. */
static void expect_room(bool outside)
{
	enum { SILENT = 40 };
	struct net *n = net_open();
	struct peer first, late, silent[SILENT];
	json_int_t evicted = 0;
	guint open = 0;

	peer_open(&first, n, outside);
	cr_assert_eq(peer_register(&first, "home1", "900"), 200);
	for (guint i = 0; i < SILENT; i++)
		peer_open(&silent[i], n, outside);
	peer_open(&late, n, outside);
	cr_expect_eq(peer_register(&late, "home2", "900"), 200, "there is room for a user");
	peer_say(&late, request_of("MESSAGE", "home2", HOME1, "m"));
	peer_wait_request(&first);
	net_settle(n);
	evicted = outside ? net_edge_figure(n, "sip_evicted") : net_frontend_figure(n, "evicted");
	cr_expect_eq(evicted, SILENT + 2 - (int)NET_CLIENTS_MAX, "%d", (int)evicted);
	for (guint i = 0; i < SILENT; i++)
		open += silent[i].conn != NULL;
	cr_expect_eq(open, NET_CLIENTS_MAX - 2, "%u", open);
	cr_expect_not_null(silent[SILENT - 1].conn, "the newest");
	for (guint i = 0; i < SILENT; i++)
		peer_close(&silent[i]);
	peer_close(&first);
	peer_close(&late);
	net_close(n);
}

Test(border, silent_connections_make_room_at_the_edge)
{
	expect_room(true);
}

Test(border, silent_connections_make_room_at_the_front_end)
{
	expect_room(false);
}
