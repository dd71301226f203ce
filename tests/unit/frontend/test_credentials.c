/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials: for which request they are, and who may ask for them. */
#include "tests/unit/frontend/world.h"

#include "frontend/proxy.h"

#include <criterion/criterion.h>
#include <string.h>

/* RFC 3261 section 22.4 item 6: what is compared, and what may differ. */
Test(credentials, of_another_request)
{
	static const struct {
		const char *asked, *uri;
		int status; /* 0: passed on */
	} rows[] = {
		{"sip:dc2@contoso.com", "sip:dc2@contoso.com", 0},
		{"sip:dc2@contoso.com", "sip:dc2@CONTOSO.com:5061;transport=tls", 0},
		{"sip:dc2@contoso.com", "sip:%64c2@contoso.com", 0},
		{"sip:dc2@contoso.com", "sip:home1@contoso.com", 400},
		{"sip:dc2@contoso.com", "sip:contoso.com", 400},
		{"sip:dc2@contoso.com", "sip:dc2@fabrikam.com", 400},
		{"sip:dc2@contoso.com", "", 400},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_flow *flow = world_flow(o.w, NULL);
		g_autofree char *id = g_strdup_printf("c%zu", i), *credentials = NULL;
		sip_msg *again = world_request("MESSAGE", rows[i].asked, "branch1", NULL, NULL, id,
					       2, "again");
		g_autoptr(sip_msg) challenge = NULL, answer = NULL, passed = NULL;

		world_receive(o.w, flow,
			      world_request("MESSAGE", rows[i].asked, "branch1", NULL, NULL, id, 1,
					    "first"));
		challenge = world_take(o.w, flow);
		credentials =
			sip_digest_answer(sip_header(challenge, "Proxy-Authenticate"), "MESSAGE",
					  rows[i].uri, "branch1", "secret-branch1");
		sip_add_header(again, "Proxy-Authorization", credentials);
		world_receive(o.w, flow, again);
		answer = world_take(o.w, flow);
		passed = world_take(o.w, o.dc2);
		cr_expect_eq(answer ? sip_status(answer) : 0, rows[i].status, "'%s' for %s: %d",
			     rows[i].uri, rows[i].asked, answer ? sip_status(answer) : 0);
		cr_expect_eq(passed != NULL, rows[i].status == 0, "'%s': passed on", rows[i].uri);
		fe_flow_unref(flow);
	}
	office_close(&o);
}

Test(credentials, of_another_domain_register_nobody)
{
	static const struct {
		const char *uri;
		int status;
	} rows[] = {{"sip:contoso.com:5061", 200},
		    {"sip:Contoso.com;transport=tls", 200},
		    {"sip:fabrikam.com", 400},
		    {"sip:dc1@contoso.com", 400}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct world *w = world_new();
		struct fe_flow *flow = world_flow(w, NULL);
		sip_msg *again = world_request("REGISTER", "sip:contoso.com", "dc1",
					       "sip:dc1@contoso.com", NULL, "r", 2, "r2");
		g_autoptr(sip_msg) challenge = NULL, answer = NULL;
		g_autofree char *credentials = NULL;

		world_receive(w, flow,
			      world_request("REGISTER", "sip:contoso.com", "dc1",
					    "sip:dc1@contoso.com", NULL, "r", 1, "r1"));
		challenge = world_take(w, flow);
		credentials = sip_digest_answer(sip_header(challenge, "WWW-Authenticate"),
						"REGISTER", rows[i].uri, "dc1", "secret-dc1");
		sip_add_header(again, "Authorization", credentials);
		world_receive(w, flow, again);
		answer = world_take(w, flow);
		cr_expect_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].uri,
			     sip_status(answer));
		fe_flow_unref(flow);
		world_free(w);
	}
}

/* A callee that asks for the caller's password of this server gets nothing; what two users ask of
 * each other goes through. */
Test(credentials, that_a_callee_asks_for)
{
	static const struct {
		const char *name, *header, *challenge;
		int answer, status;
	} rows[] = {
		{"another realm", "WWW-Authenticate", "Digest realm=\"club\", nonce=\"n\"", 401,
		 401},
		{"our realm", "WWW-Authenticate", "Digest realm=\"contoso.com\", nonce=\"n\"", 401,
		 403},
		{"our realm in capitals", "WWW-Authenticate",
		 "Digest realm=\"CONTOSO.COM\", nonce=\"n\"", 401, 403},
		{"our realm, escaped", "WWW-Authenticate",
		 "Digest realm=\"conto\\so.com\", nonce=\"n\"", 401, 403},
		{"our realm as a second one", "WWW-Authenticate",
		 "Digest realm=\"club\", nonce=\"n\", realm=\"contoso.com\"", 401, 403},
		{"as a proxy", "Proxy-Authenticate", "Digest realm=\"club\", nonce=\"n\"", 407,
		 403},
		{"without challenge", "Server", "x", 401, 401},
	};
	struct office o = office_open();

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(sip_msg) forwarded = NULL, answer = NULL, ack = NULL;
		sip_msg *refusal;

		world_receive(o.w, o.dc1, office_invite("dc1", "dc2", rows[i].name, NULL));
		forwarded = world_take(o.w, o.dc2);
		refusal = sip_response_new(forwarded, rows[i].answer, NULL, "b");
		sip_add_header(refusal, rows[i].header, rows[i].challenge);
		world_receive(o.w, o.dc2, refusal);
		answer = world_take_final(o.w, o.dc1);
		ack = world_take(o.w, o.dc2);
		cr_assert(answer && ack, "%s", rows[i].name);
		cr_expect_eq(sip_status(answer), rows[i].status, "%s: %d", rows[i].name,
			     sip_status(answer));
		cr_expect_eq(sip_header(answer, rows[i].header) != NULL, rows[i].status == 401,
			     "%s: the challenge", rows[i].name);
		cr_expect_str_eq(sip_method(ack), "ACK", "%s", rows[i].name);
	}
	office_close(&o);
}

Test(credentials, for_this_server_go_no_further)
{
	g_autoptr(sip_msg) m =
		world_request("MESSAGE", "sip:dc2@contoso.com", "dc1", NULL, NULL, "c", 1, "m");

	sip_add_header(m, "Authorization", "Digest realm=\"club\", nonce=\"1\"");
	sip_add_header(m, "Authorization", "Digest realm=\"contoso.com\", nonce=\"2\"");
	sip_add_header(m, "Authorization", "Digest realm=\"Contoso.com\", nonce=\"3\"");
	sip_add_header(m, "Proxy-Authorization", "Digest realm=\"club\", nonce=\"4\"");
	fe_proxy_remove_credentials(m, "contoso.com");
	cr_expect_str_eq(sip_header(m, "Authorization"), "Digest realm=\"club\", nonce=\"1\"");
	cr_expect_null(sip_header_nth(m, "Authorization", 1));
	cr_expect_null(sip_header(m, "Proxy-Authorization"));
}
