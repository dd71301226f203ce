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

/* A remote client may not use the name of a user who is inside, nor of one signed in through
 * another Edge. */
Test(proxy, sender_through_edge)
{
	struct office o = office_open();
	struct fe_flow *edge2 = world_flow(o.w, "edge2.contoso.com");
	g_autoptr(sip_msg) inside = NULL, other = NULL;

	world_receive(o.w, o.edge, office_invite("dc2", "dc1", "c1", NULL));
	inside = world_take(o.w, o.edge);
	cr_assert_eq(sip_status(inside), 403, "got %d", sip_status(inside));
	world_receive(o.w, edge2, office_invite("home1", "dc1", "c2", NULL));
	other = world_take(o.w, edge2);
	cr_assert_eq(sip_status(other), 403, "got %d", sip_status(other));
	cr_assert_eq(world_pending(o.w, o.dc1), 0, "nothing passed on");
	fe_flow_unref(edge2);
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
		 REGISTRAR_NONCE_LIFE_US + 1, 407, true},
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
