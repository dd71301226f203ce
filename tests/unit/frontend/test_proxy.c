/* SPDX-License-Identifier: GPL-2.0-or-later */
/*   dc1, dc2 ---- Front End ---- edge.contoso.com ---- home1, branch1 (signed in from outside)   */
#include "tests/unit/frontend/world.h"

#include <criterion/criterion.h>
#include <string.h>

Test(proxy, statuses)
{
	static const struct {
		const char *name, *method, *from, *uri, *max_forwards;
		int status;
	} rows[] = {
		{"from somebody else", "MESSAGE", "dc2", "sip:home1@contoso.com", NULL, 403},
		{"from a stranger", "MESSAGE", "nobody", "sip:home1@contoso.com", NULL, 403},
		{"unknown user", "MESSAGE", "dc1", "sip:nobody@contoso.com", NULL, 404},
		{"foreign domain", "MESSAGE", "dc1", "sip:dc2@example.org", NULL, 404},
		{"no user part", "OPTIONS", "dc1", "sip:contoso.com", NULL, 404},
		{"not signed in", "MESSAGE", "dc1", "sip:branch1@contoso.com", NULL, 480},
		{"no hop left", "MESSAGE", "dc1", "sip:dc2@contoso.com", "0", 483},
		{"unknown conference", "INVITE", "dc1",
		 "sip:dc1@contoso.com;gruu;opaque=app:conf:chat:id:none", NULL, 404},
		{"unknown Edge", "SERVICE", "dc1", "sip:mras@edge9.contoso.com;opaque=srvr:MRAS",
		 NULL, 404},
		{"unknown event package", "SUBSCRIBE", "dc1", "sip:dc1@contoso.com", NULL, 489},
		{"presence to oneself", "PUBLISH", "dc1", "sip:dc1@contoso.com", NULL, 405},
		{"service to oneself", "SERVICE", "dc1", "sip:dc1@contoso.com", NULL, 405},
		{"service to another", "SERVICE", "dc1", "sip:dc2@contoso.com", NULL, 405},
		{"CANCEL of nothing", "CANCEL", "dc1", "sip:dc2@contoso.com", NULL, 481},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *m = world_request(rows[i].method, rows[i].uri, rows[i].from, NULL, NULL,
					   "c", 1, rows[i].name);
		g_autoptr(sip_msg) answer = NULL;

		if (rows[i].max_forwards) {
			sip_remove_header(m, "Max-Forwards");
			sip_add_header(m, "Max-Forwards", rows[i].max_forwards);
		}
		world_receive(o.w, o.dc1, m);
		answer = world_take_final(o.w, o.dc1);
		cr_assert_not_null(answer, "%s: no answer", rows[i].name);
		cr_assert_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].name,
			     sip_status(answer));
		cr_assert_eq(o.w->sent->len, 0, "%s: nothing else sent", rows[i].name);
	}
	office_close(&o);
}

Test(proxy, before_register)
{
	struct office o = office_open();
	struct fe_flow *new_one = world_flow(o.w, NULL);
	g_autoptr(sip_msg) proxied = NULL, own = NULL;

	world_receive(o.w, new_one, office_invite("branch1", "dc1", "c1", NULL));
	proxied = world_take(o.w, new_one);
	cr_assert_eq(sip_status(proxied), 407, "got %d", sip_status(proxied));
	cr_assert_not_null(sip_header(proxied, "Proxy-Authenticate"), "challenge");
	world_receive(o.w, new_one,
		      world_request("SUBSCRIBE", "sip:branch1@contoso.com", "branch1", NULL, NULL,
				    "c2", 1, "2"));
	own = world_take(o.w, new_one);
	cr_assert_eq(sip_status(own), 401, "got %d", sip_status(own));
	cr_assert_not_null(sip_header(own, "WWW-Authenticate"), "challenge");
	fe_flow_unref(new_one);
	office_close(&o);
}

/* A client speaks for those who have registered on its own connection, wherever else they are
 * registered; nobody else does, not even through the same Edge. */
Test(proxy, sender_is_bound_to_a_connection)
{
	enum { DC1, DC2, HOME1, STRANGER, EDGE2, NEW };
	static const struct {
		const char *name, *user, *claim;
		guint on;
		int status;
	} rows[] = {
		{"its own", "dc1", NULL, DC1, 0},
		{"a colleague's name", "dc2", NULL, DC1, 403},
		{"a name from outside", "home1", NULL, DC1, 403},
		{"through the Edge, its own", "home1", NULL, HOME1, 0},
		{"through the Edge, a name from inside", "dc2", NULL, HOME1, 407},
		{"on another connection of the same Edge", "home1", NULL, STRANGER, 407},
		{"through another Edge", "home1", NULL, EDGE2, 407},
		{"on a fresh connection", "dc2", NULL, NEW, 407},
		{"which says that it is proven", "dc2", "dc2", NEW, 407},
		{"a colleague's name, said to be proven", "dc2", "dc2", DC1, 403},
	};
	struct office o = office_open();
	struct fe_flow *fresh = world_flow(o.w, NULL),
		       *edge2 = world_flow(o.w, "edge2.contoso.com");
	/* The office's Edge says nothing about a connection on which nobody has registered. */
	struct fe_flow *stranger = world_flow(o.w, "edge.contoso.com");
	struct fe_flow *flows[] = {o.dc1, o.dc2, o.edge, stranger, edge2, fresh};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *m = office_invite(rows[i].user, "dc2", rows[i].name, NULL);
		g_autoptr(sip_msg) answer = NULL, passed = NULL;

		if (rows[i].claim)
			sip_assert_user(m, "dc2@contoso.com");
		world_receive(o.w, flows[rows[i].on], m);
		answer = world_take_final(o.w, flows[rows[i].on]);
		passed = world_take(o.w, o.dc2);
		cr_expect_eq(answer && !passed ? sip_status(answer) : 0, rows[i].status, "%s: %d",
			     rows[i].name, answer ? sip_status(answer) : 0);
		cr_expect(!passed || !sip_header(passed, "P-Asserted-Identity"), "%s: kept inside",
			  rows[i].name);
	}
	fe_flow_unref(fresh);
	fe_flow_unref(edge2);
	fe_flow_unref(stranger);
	office_close(&o);
}

/* Of two clients of one user the first goes on with its calls, until its registration ends. */
Test(proxy, two_clients_of_one_user)
{
	struct office o = office_open();
	struct fe_flow *second = world_flow(o.w, NULL);

	cr_assert_eq(world_register(o.w, second, "dc1", NULL), 200);
	for (guint k = 0; k < 3; k++) {
		g_autoptr(sip_msg) passed = NULL, answer = NULL;

		world_receive(o.w, k == 1 ? second : o.dc1,
			      world_request("BYE", "sip:dc2@contoso.com", "dc1", NULL, "t", "c", 2,
					    "bye"));
		passed = world_take(o.w, o.dc2);
		answer = world_take(o.w, o.dc1);
		cr_expect_eq(passed != NULL, k < 2, "client %u", k);
		cr_expect_eq(answer ? sip_status(answer) : 0, k < 2 ? 0 : 407);
		if (k == 1)
			world_advance(o.w, 900 * (gint64)G_USEC_PER_SEC);
		if (k == 1)
			cr_assert_eq(world_register(o.w, o.dc2, "dc2", NULL), 200);
	}
	fe_flow_unref(second);
	office_close(&o);
}

/* Nobody acknowledges, cancels or ends what is between others. */
Test(proxy, requests_for_calls_of_others)
{
	struct office o = office_open();
	struct fe_flow *stranger = world_flow(o.w, NULL);
	g_autoptr(sip_msg) invite = NULL, ok = NULL, cancelled = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c1", NULL));
	invite = world_take(o.w, o.dc2);
	world_receive(o.w, stranger,
		      world_request("CANCEL", "sip:dc2@contoso.com", "dc1", NULL, NULL, "c1", 1,
				    "c1"));
	cancelled = world_take(o.w, stranger);
	cr_expect_eq(sip_status(cancelled), 481, "its branch, but not its connection");
	world_answer(o.w, o.dc2, invite, 200, "b");
	ok = world_take_final(o.w, o.dc1);
	world_receive(o.w, stranger,
		      world_request("ACK", "sip:dc2@contoso.com", "home1", "sip:dc2@contoso.com",
				    "b", "c1", 1, "ack"));
	cr_expect_eq(world_pending(o.w, o.dc2), 0, "no ACK of one who is not in the call");
	world_receive(o.w, o.edge,
		      world_request("BYE", "sip:dc2@contoso.com", "home1", NULL, "tag-dc1", "c1", 2,
				    "bye"));
	cr_expect_null(world_event(o.w, "session"), "it ends nobody's session");
	fe_flow_unref(stranger);
	office_close(&o);
}

/* Who registers the contact of another does not get what is meant for that one. */
Test(proxy, contact_of_another)
{
	struct office o = office_open();
	struct fe_flow *branch = world_flow(o.w, NULL);
	g_autoptr(sip_msg) first = world_request("REGISTER", "sip:contoso.com", "branch1",
						 "sip:branch1@contoso.com", NULL, "r", 1, "r");
	g_autoptr(sip_msg) challenge = NULL, answer = NULL;
	g_autofree char *credentials = NULL;
	sip_msg *second;

	sip_add_header(first, "Contact", "<sip:dc2@192.0.2.1:40000;transport=tls>");
	second = sip_msg_copy(first);
	world_receive(o.w, branch, sip_msg_ref(first));
	challenge = world_take(o.w, branch);
	credentials = sip_digest_answer(sip_header(challenge, "WWW-Authenticate"), "REGISTER",
					"sip:contoso.com", "branch1", "secret-branch1");
	sip_add_header(second, "Authorization", credentials);
	world_advance(o.w, 5);
	world_receive(o.w, branch, second);
	answer = world_take(o.w, branch);
	cr_assert_eq(sip_status(answer), 200, "%d", sip_status(answer));
	for (guint in_dialog = 0; in_dialog < 2; in_dialog++) {
		g_autoptr(sip_msg) got = NULL;

		world_receive(o.w, o.dc1,
			      world_request("OPTIONS", "sip:dc2@192.0.2.1:40000;transport=tls",
					    "dc1", "sip:dc2@contoso.com", in_dialog ? "t" : NULL,
					    "c", 1, "o"));
		got = world_take(o.w, o.dc2);
		cr_expect_not_null(got, "in a dialog: %u", in_dialog);
		cr_expect_eq(world_pending(o.w, branch), 0, "in a dialog: %u", in_dialog);
	}
	fe_flow_unref(branch);
	office_close(&o);
}

/* What a client may not send is refused where it comes in, and goes no further. */
Test(proxy, unfit_requests)
{
	static const struct {
		const char *name, *header;
		gsize length; /* of the header, or of the body without header */
		int status;
	} rows[] = {
		{"a long From", "From", 3000, 400},
		{"a long Call-ID", "Call-ID", 3000, 400},
		{"a long Contact", "Contact", 3000, 400},
		{"as long as it may be", NULL, SIP_CLIENT_MESSAGE_MAX - 700, 0},
		{"too long", NULL, SIP_CLIENT_MESSAGE_MAX, 513},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *m = world_request("MESSAGE", "sip:dc2@contoso.com", "dc1", NULL, NULL, "c",
					   1, "m");
		g_autofree char *x = g_strnfill(rows[i].length, 'x');
		g_autofree char *value =
			g_strdup_printf("<sip:dc1@contoso.com>;x=%s;tag=tag-dc1", x);
		g_autoptr(sip_msg) answer = NULL, passed = NULL;

		if (rows[i].header)
			sip_remove_header(m, rows[i].header);
		if (rows[i].header)
			sip_add_header(m, rows[i].header, value);
		else
			sip_set_body(m, "text/plain", x, -1);
		world_receive(o.w, o.dc1, m);
		answer = world_take(o.w, o.dc1);
		passed = world_take(o.w, o.dc2);
		cr_expect_eq(answer ? sip_status(answer) : 0, rows[i].status, "%s: %d",
			     rows[i].name, answer ? sip_status(answer) : 0);
		cr_expect_eq(passed != NULL, rows[i].status == 0, "%s", rows[i].name);
	}
	office_close(&o);
}

/* User names that would be cut off, or look like others (RFC 3261 section 19.1.4). */
Test(proxy, user_names)
{
	static const struct {
		const char *from;
		int status;
	} rows[] = {
		{"sip:dc1@contoso.com", 404},	       {"sip:d%63%31@CONTOSO.com", 404},
		{"sip:DC1@contoso.com", 403},	       {"sip:dc1%00evil@contoso.com", 400},
		{"sip:dc1%0d%0aX:y@contoso.com", 400},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *m = sip_request_new("OPTIONS", "sip:nobody@contoso.com", rows[i].from, "t",
					     "sip:nobody@contoso.com", NULL, "c", 1);
		g_autoptr(sip_msg) answer = NULL;

		sip_add_header(m, "Via", "SIP/2.0/TLS 192.0.2.1:40000;branch=z9hG4bK-1");
		world_receive(o.w, o.dc1, m);
		answer = world_take(o.w, o.dc1);
		cr_expect_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].from,
			     sip_status(answer));
	}
	office_close(&o);
}

/* A hop that would make a message too long for the next one says so, and nothing else happens. */
Test(proxy, too_long_for_the_next_hop)
{
	struct office o = office_open();
	sip_msg *m =
		world_request("MESSAGE", "sip:dc1@contoso.com", "home1", NULL, NULL, "c", 1, "m");
	g_autofree char *body = g_strnfill(SIP_MESSAGE_MAX - sip_msg_size(m) - 100, 'x');
	g_autoptr(sip_msg) answer = NULL;
	json_t *stats;

	sip_set_body(m, "text/plain", body, -1);
	world_receive(o.w, o.edge, m);
	answer = world_take(o.w, o.edge);
	cr_assert_not_null(answer);
	cr_expect_eq(sip_status(answer), 513, "%d", sip_status(answer));
	cr_expect_eq(world_pending(o.w, o.dc1), 0);
	stats = fe_core_stats(o.w->core);
	cr_expect_eq(json_integer_value(json_object_get(stats, "transactions")), 0);
	json_decref(stats);
	office_close(&o);
}

/* One sender's pending requests have a limit; others go on. */
Test(proxy, pending_requests_of_one_sender)
{
	struct office o = office_open();
	g_autofree char *body = g_strnfill(50000, 'x');
	g_autoptr(sip_msg) passed = NULL;
	guint full = 0;
	json_t *stats;

	for (guint i = 0; i < 1000; i++) {
		g_autofree char *id = g_strdup_printf("m%u", i);
		sip_msg *m = world_request("MESSAGE", "sip:dc2@contoso.com", "dc1", NULL, NULL, id,
					   1, id);
		g_autoptr(sip_msg) answer = NULL;

		sip_set_body(m, "text/plain", body, -1);
		world_receive(o.w, o.dc1, m);
		answer = world_take(o.w, o.dc1);
		if (!answer)
			continue;
		full++;
		cr_expect_eq(sip_status(answer), 503, "%d", sip_status(answer));
		cr_expect_not_null(sip_header(answer, "Retry-After"));
		g_ptr_array_set_size(o.w->sent, 0);
	}
	stats = fe_core_stats(o.w->core);
	cr_expect_eq(json_integer_value(json_object_get(stats, "transactions")), 1000 - full);
	cr_expect(1000 - full <= TRANSACTIONS_OF_SENDER_BYTES / 100000, "%u", 1000 - full);
	json_decref(stats);
	g_ptr_array_set_size(o.w->sent, 0);
	world_receive(o.w, o.edge, office_invite("home1", "dc2", "c1", NULL));
	passed = world_take(o.w, o.dc2);
	cr_expect_not_null(passed, "an honest call");
	world_advance(o.w, TRANSACTION_OTHER_US);
	g_ptr_array_set_size(o.w->sent, 0);
	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c2", NULL));
	cr_expect_eq(world_pending(o.w, o.dc2), 1, "there is room again");
	office_close(&o);
}

Test(proxy, register_answer_says_remote_user)
{
	struct office o = office_open();
	static const struct {
		const char *user, *path;
	} rows[] = {{"dc1", NULL}, {"branch1", HOME1_PATH}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_flow *flow = rows[i].path ? o.edge : o.dc1;
		g_autofree char *to = g_strdup_printf("sip:%s@contoso.com", rows[i].user);
		g_autofree char *password = g_strdup_printf("secret-%s", rows[i].user);
		g_autoptr(sip_msg) first = world_request("REGISTER", "sip:contoso.com",
							 rows[i].user, to, NULL, "r", 1, "r1");
		sip_msg *second = sip_msg_copy(first);
		g_autoptr(sip_msg) challenge = NULL, answer = NULL;
		g_autofree char *credentials = NULL;
		const char *logon;

		fe_core_message(o.w->core, flow, first);
		challenge = world_take(o.w, flow);
		credentials = sip_digest_answer(sip_header(challenge, "WWW-Authenticate"),
						"REGISTER", "sip:contoso.com", to + 4, password);
		sip_add_header(second, "Authorization", credentials);
		if (rows[i].path)
			sip_add_header(second, "Path", rows[i].path);
		world_receive(o.w, flow, second);
		answer = world_take(o.w, flow);
		cr_assert_eq(sip_status(answer), 200, "%s: %d", rows[i].user, sip_status(answer));
		logon = sip_header(answer, "ms-user-logon-data");
		cr_assert_eq(g_strcmp0(logon, "RemoteUser") == 0, rows[i].path != NULL, "%s: %s",
			     rows[i].user, logon ? logon : "no header");
		cr_assert_eq(g_strcmp0(sip_header(answer, "Path"), rows[i].path), 0, "%s: Path",
			     rows[i].user);
	}
	office_close(&o);
}

/* To a remote user: over the Edge's connection, with Route from Path and our Via on top; back by
 * Via. */
Test(proxy, path_and_via)
{
	struct office o = office_open();
	g_autoptr(sip_msg) trying = NULL, forwarded = NULL, ringing = NULL, ok = NULL, ack = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "home1", "c1", NULL));
	trying = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(trying), 100, "got %d", sip_status(trying));
	forwarded = world_take(o.w, o.edge);
	cr_assert_not_null(forwarded, "not sent to the Edge");
	cr_assert_str_eq(sip_header(forwarded, "Route"), HOME1_PATH, "Route");
	cr_assert_str_eq(sip_header(forwarded, "Max-Forwards"), "69", "a hop is taken");
	cr_assert_not_null(strstr(sip_header_nth(forwarded, "Via", 0), "10.0.1.10:5061"),
			   "our Via");
	cr_assert_not_null(strstr(sip_header_nth(forwarded, "Via", 1), "z9hG4bK-c1"),
			   "the client's below");
	world_answer(o.w, o.edge, forwarded, 100, NULL);
	cr_assert_eq(world_pending(o.w, o.dc1), 0, "100 goes one hop");
	world_answer(o.w, o.edge, forwarded, 183, "b");
	ringing = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(ringing), 183, "got %d", sip_status(ringing));
	world_answer(o.w, o.edge, forwarded, 200, "b");
	ok = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(ok), 200, "got %d", sip_status(ok));
	cr_assert_null(sip_header_nth(ok, "Via", 1), "our Via is gone");
	world_receive(o.w, o.dc1,
		      world_request("ACK", "sip:home1@contoso.com", "dc1", NULL, "b", "c1", 1,
				    "ack"));
	ack = world_take(o.w, o.edge);
	cr_assert_str_eq(sip_method(ack), "ACK", "ACK passed on");
	cr_assert_str_eq(sip_header(ack, "Route"), HOME1_PATH, "Route of the ACK");
	world_answer(o.w, o.edge, forwarded, 200, "b");
	cr_assert_eq(o.w->sent->len, 0, "nobody waits for it any more");
	office_close(&o);
}

Test(proxy, from_remote_user_in_dialog)
{
	struct office o = office_open();
	g_autoptr(sip_msg) bye = NULL, ok = NULL;

	world_receive(o.w, o.edge,
		      world_request("BYE", "sip:dc1@contoso.com", "home1", NULL, "a", "c1", 2,
				    "bye"));
	bye = world_take(o.w, o.dc1);
	cr_assert_str_eq(sip_method(bye), "BYE", "passed on");
	cr_assert_null(sip_header(bye, "Route"), "none for a direct client");
	world_answer(o.w, o.dc1, bye, 200, NULL);
	ok = world_take(o.w, o.edge);
	cr_assert_eq(sip_status(ok), 200, "got %d", sip_status(ok));
	office_close(&o);
}

#define RECORDED "<sip:fe.contoso.com:5061;transport=tls;lr>"

/* What foreign clients need: Record-Route, the callee's contact as Request-URI, and later requests
 * that name contacts and Routes (RFC 3261 sections 12.2, 16.4 to 16.6). */
Test(proxy, requests_in_a_dialog_follow_contact_and_route)
{
	static const struct {
		const char *name, *uri;
	} rows[] = {
		{"the contact that was registered", "sip:dc2@192.0.2.1:40000;transport=tls"},
		{"a contact that was not", "sip:dc2-0x55@198.51.100.7:50000;transport=tls"},
		{"one without user", "sip:198.51.100.7:50000;transport=tls"},
	};
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, ok = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c1", NULL));
	forwarded = world_take(o.w, o.dc2);
	cr_assert_str_eq(sip_uri(forwarded), "sip:dc2@192.0.2.1:40000;transport=tls");
	cr_assert_str_eq(sip_to_uri(forwarded), "sip:dc2@contoso.com", "To stays");
	cr_assert_str_eq(sip_header(forwarded, "Record-Route"), RECORDED);
	world_answer(o.w, o.dc2, forwarded, 200, "b");
	ok = world_take_final(o.w, o.dc1);
	cr_assert_str_eq(sip_header(ok, "Record-Route"), RECORDED, "for the caller, too");
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		static const char *const methods[] = {"ACK", "BYE"};

		for (gsize k = 0; k < G_N_ELEMENTS(methods); k++) {
			sip_msg *m = world_request(methods[k], rows[i].uri, "dc1",
						   "sip:dc2@contoso.com", "b", "c1", 2, "later");
			g_autoptr(sip_msg) got = NULL;

			sip_add_header(m, "Route", RECORDED);
			world_receive(o.w, o.dc1, m);
			got = world_take(o.w, o.dc2);
			cr_assert_not_null(got, "%s: %s is lost", rows[i].name, methods[k]);
			cr_expect_str_eq(sip_method(got), methods[k]);
			cr_expect_str_eq(sip_uri(got), rows[i].uri, "as it came");
			cr_expect_null(sip_header(got, "Route"), "it was ours");
		}
	}
	office_close(&o);
}

/* RFC 3261 section 22: who has not registered proves each request. */
Test(proxy, credentials_without_registration)
{
	static const struct {
		const char *name, *method, *user, *password, *header;
		gint64 wait_us;
		int status; /* 0: it is passed on */
		bool stale;
	} rows[] = {
		{"right", "INVITE", "branch1", "secret-branch1", "Proxy-Authorization", 0, 0,
		 false},
		{"in the other header", "MESSAGE", "branch1", "secret-branch1", "Authorization", 0,
		 0, false},
		{"wrong password", "INVITE", "branch1", "x", "Proxy-Authorization", 0, 403, false},
		{"another's", "INVITE", "dc2", "secret-dc2", "Proxy-Authorization", 0, 403, false},
		{"too late", "INVITE", "branch1", "secret-branch1", "Proxy-Authorization",
		 REGISTRAR_NONCE_LIFE_US + 1000, 407, true},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_flow *flow = world_flow(o.w, NULL);
		sip_msg *first = office_invite("branch1", "dc1", rows[i].name, NULL),
			*second = office_invite("branch1", "dc1", rows[i].name, NULL);
		g_autoptr(sip_msg) challenge = NULL, answer = NULL, passed = NULL;
		g_autofree char *credentials = NULL;

		if (g_str_equal(rows[i].method, "MESSAGE")) {
			sip_msg_unref(second);
			second = world_request("MESSAGE", "sip:dc1@contoso.com", "branch1", NULL,
					       NULL, rows[i].name, 1, "m");
		}
		world_receive(o.w, flow, first);
		challenge = world_take(o.w, flow);
		credentials = sip_digest_answer(sip_header(challenge, "Proxy-Authenticate"),
						rows[i].method, "sip:dc1@contoso.com", rows[i].user,
						rows[i].password);
		sip_add_header(second, rows[i].header, credentials);
		world_advance(o.w, rows[i].wait_us);
		world_receive(o.w, flow,
			      world_request("ACK", "sip:dc1@contoso.com", "branch1", NULL,
					    sip_to_tag(challenge), rows[i].name, 1, rows[i].name));
		cr_expect_eq(world_pending(o.w, o.dc1), 0, "%s: the ACK is ours", rows[i].name);
		world_receive(o.w, flow, second);
		answer = world_take_final(o.w, flow);
		passed = world_take(o.w, o.dc1);
		cr_expect_eq(answer ? sip_status(answer) : 0, rows[i].status, "%s: %d",
			     rows[i].name, answer ? sip_status(answer) : 0);
		cr_expect_eq(passed != NULL, rows[i].status == 0, "%s: passed on", rows[i].name);
		cr_expect_eq(rows[i].stale,
			     answer && sip_header(answer, "Proxy-Authenticate") &&
				     strstr(sip_header(answer, "Proxy-Authenticate"), "stale=true"),
			     "%s: stale", rows[i].name);
		fe_flow_unref(flow);
	}
	office_close(&o);
}

Test(proxy, extensions_that_it_does_not_have)
{
	static const struct {
		const char *method, *uri, *header, *value;
		int status; /* 0: passed on */
	} rows[] = {
		{"INVITE", "sip:dc2@contoso.com", "Proxy-Require", "foo", 420},
		{"OPTIONS", "sip:dc2@contoso.com", "Proxy-Require", "foo, bar", 420},
		{"MESSAGE", "sip:dc2@contoso.com", "Require", "foo", 0},
		{"INVITE", "sip:dc1@contoso.com;gruu;opaque=app:conf:chat:id:x", "Require", "foo",
		 420},
		{"REGISTER", "sip:contoso.com", "Require", "foo", 420},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		sip_msg *m = world_request(rows[i].method, rows[i].uri, "dc1", NULL, NULL, "c", 1,
					   rows[i].value);
		g_autoptr(sip_msg) answer = NULL, passed = NULL;

		sip_add_header(m, rows[i].header, rows[i].value);
		world_receive(o.w, o.dc1, m);
		answer = world_take_final(o.w, o.dc1);
		passed = world_take(o.w, o.dc2);
		cr_expect_eq(answer ? sip_status(answer) : 0, rows[i].status, "%s %s: %d",
			     rows[i].method, rows[i].uri, answer ? sip_status(answer) : 0);
		cr_expect(!answer || g_str_equal(sip_header(answer, "Unsupported"), rows[i].value),
			  "%s %s", rows[i].method, rows[i].uri);
		cr_expect_eq(passed != NULL, rows[i].status == 0, "%s %s", rows[i].method,
			     rows[i].uri);
	}
	office_close(&o);
}

/* A response counts only on the connection that the request went to. */
Test(proxy, foreign_response)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, answer = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "home1", "c1", NULL));
	forwarded = world_take(o.w, o.edge);
	world_answer(o.w, o.dc2, forwarded, 200, "x");
	answer = world_take_final(o.w, o.dc1);
	cr_assert_null(answer, "a stranger answered");
	office_close(&o);
}

Test(proxy, failed_invite_is_acknowledged_here)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, busy = NULL, ack = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c1", NULL));
	forwarded = world_take(o.w, o.dc2);
	world_answer(o.w, o.dc2, forwarded, 486, "b");
	busy = world_take_final(o.w, o.dc1);
	cr_assert_eq(sip_status(busy), 486, "got %d", sip_status(busy));
	ack = world_take(o.w, o.dc2);
	cr_assert_str_eq(sip_method(ack), "ACK", "ours");
	cr_assert_str_eq(sip_header(ack, "Via"), sip_header(forwarded, "Via"),
			 "with the branch of the INVITE");
	world_receive(o.w, o.dc1,
		      world_request("ACK", "sip:dc2@contoso.com", "dc1", NULL, "b", "c1", 1, "c1"));
	cr_assert_eq(o.w->sent->len, 0, "the caller's ends here");
	office_close(&o);
}

Test(proxy, cancel)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, ok = NULL, cancel = NULL, terminated = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "home1", "c1", NULL));
	forwarded = world_take(o.w, o.edge);
	world_receive(o.w, o.dc1,
		      world_request("CANCEL", "sip:home1@contoso.com", "dc1", NULL, NULL, "c1", 1,
				    "c1"));
	ok = world_take_final(o.w, o.dc1);
	cr_assert_eq(sip_status(ok), 200, "got %d", sip_status(ok));
	cr_assert_str_eq(sip_method(ok), "CANCEL", "the CANCEL's own answer");
	cancel = world_take(o.w, o.edge);
	cr_assert_str_eq(sip_method(cancel), "CANCEL", "passed on");
	cr_assert_str_eq(sip_header(cancel, "Via"), sip_header_nth(forwarded, "Via", 0),
			 "with the branch of the INVITE");
	cr_assert_str_eq(sip_header(cancel, "Route"), HOME1_PATH, "where the INVITE went");
	world_answer(o.w, o.edge, cancel, 200, "b");
	cr_assert_eq(world_pending(o.w, o.dc1), 0, "the answer to our CANCEL is ours");
	world_answer(o.w, o.edge, forwarded, 487, "b");
	terminated = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(terminated), 487, "got %d", sip_status(terminated));
	office_close(&o);
}

Test(proxy, callee_goes_away)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, unavailable = NULL, later = NULL;

	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c1", NULL));
	forwarded = world_take(o.w, o.dc2);
	world_close(o.w, o.dc2);
	unavailable = world_take_final(o.w, o.dc1);
	cr_assert_eq(sip_status(unavailable), 480, "got %d", sip_status(unavailable));
	world_receive(o.w, o.dc1,
		      world_request("MESSAGE", "sip:dc2@contoso.com", "dc1", NULL, NULL, "c2", 1,
				    "c2"));
	later = world_take_final(o.w, o.dc1);
	cr_assert_eq(sip_status(later), 480, "got %d", sip_status(later));
	office_close(&o);
}

/* RFC 5626 section 5.3: the Edge no longer knows the flow; the binding goes, the caller reads 480.
 */
Test(proxy, flow_failed)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, unavailable = NULL;
	json_t *stats;

	world_receive(o.w, o.dc1,
		      world_request("MESSAGE", "sip:home1@contoso.com", "dc1", NULL, NULL, "c1", 1,
				    "c1"));
	forwarded = world_take(o.w, o.edge);
	world_answer(o.w, o.edge, forwarded, 430, "x");
	unavailable = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(unavailable), 480, "got %d", sip_status(unavailable));
	stats = fe_core_stats(o.w->core);
	cr_assert_eq(json_integer_value(json_object_get(stats, "registered")), 2, "home1 is gone");
	json_decref(stats);
	office_close(&o);
}

/* Only the Edge that was asked can say so, and only about the flow that it was asked for. */
Test(proxy, forged_flow_failed)
{
	struct office o = office_open();
	struct fe_flow *edge2 = world_flow(o.w, "edge2.contoso.com");
	g_autoptr(sip_msg) forwarded = NULL, unasked = NULL, after = NULL;
	json_t *stats;

	unasked =
		world_request("MESSAGE", "sip:home1@contoso.com", "dc1", NULL, NULL, "c0", 1, "c0");
	world_answer(o.w, o.edge, unasked, 430, "x");
	world_receive(o.w, o.dc1,
		      world_request("MESSAGE", "sip:home1@contoso.com", "dc1", NULL, NULL, "c1", 1,
				    "c1"));
	forwarded = world_take(o.w, o.edge);
	world_answer(o.w, edge2, forwarded, 430, "x");
	world_answer(o.w, o.dc1, forwarded, 430, "x");
	cr_expect_eq(world_pending(o.w, o.dc1), 0, "no answer from others");
	cr_assert_eq(world_register(o.w, o.edge, "home1", "<sip:tok2@edge.contoso.com:5061;lr>"),
		     200);
	world_answer(o.w, o.edge, forwarded, 430, "x");
	stats = fe_core_stats(o.w->core);
	cr_expect_eq(json_integer_value(json_object_get(stats, "registered")), 3,
		     "home1 has a new flow");
	cr_expect_eq(json_integer_value(json_object_get(stats, "responses_dropped")), 3);
	json_decref(stats);
	after = world_take(o.w, o.dc1);
	cr_expect_eq(sip_status(after), 480, "%d", sip_status(after));
	fe_flow_unref(edge2);
	office_close(&o);
}

/* A binding outlives the Edge's connection, which the Edge opens again. */
Test(proxy, edge_reconnects)
{
	struct office o = office_open();
	struct fe_flow *again;
	g_autoptr(sip_msg) unavailable = NULL, forwarded = NULL;

	world_close(o.w, o.edge);
	world_receive(o.w, o.dc1,
		      world_request("MESSAGE", "sip:home1@contoso.com", "dc1", NULL, NULL, "c1", 1,
				    "c1"));
	unavailable = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(unavailable), 480, "got %d", sip_status(unavailable));
	again = world_flow(o.w, "edge.contoso.com");
	world_receive(o.w, o.dc1,
		      world_request("MESSAGE", "sip:home1@contoso.com", "dc1", NULL, NULL, "c2", 1,
				    "c2"));
	forwarded = world_take(o.w, again);
	cr_assert_not_null(forwarded, "over the new connection");
	fe_flow_unref(again);
	office_close(&o);
}

Test(proxy, time_outs)
{
	struct office o = office_open();
	g_autoptr(sip_msg) timeout = NULL;
	json_t *stats;

	world_receive(o.w, o.dc1, office_invite("dc1", "dc2", "c1", NULL));
	world_receive(o.w, o.dc1,
		      world_request("MESSAGE", "sip:dc2@contoso.com", "dc1", NULL, NULL, "c2", 1,
				    "c2"));
	g_ptr_array_set_size(o.w->sent, 0);
	world_advance(o.w, TRANSACTION_OTHER_US);
	cr_assert_eq(o.w->sent->len, 0, "no answer to a MESSAGE that timed out (RFC 4320)");
	world_advance(o.w, TRANSACTION_INVITE_US);
	timeout = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(timeout), 408, "got %d", sip_status(timeout));
	stats = fe_core_stats(o.w->core);
	cr_assert_eq(json_integer_value(json_object_get(stats, "transactions")), 0, "nothing left");
	json_decref(stats);
	office_close(&o);
}
