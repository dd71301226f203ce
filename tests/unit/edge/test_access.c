/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Access Edge's pure parts: flows and headers; and what MRAS answers. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/mras.h"
#include "edge/allocation.h"
#include "edge/flow.h"
#include "edge/inside.h"
#include "edge/mras_service.h"
#include "edge/route.h"

#define FQDN "edge.contoso.com"

static const struct edge_names names = {
	.inside = FQDN, .outside = "sip.contoso.com", .outside_port = 443, .key = "k"};

static sip_msg *request(const char *method)
{
	sip_msg *m = sip_request_new(method, "sip:home1@contoso.com", "sip:dc1@contoso.com", "1",
				     "sip:home1@contoso.com", NULL, "call", 1);

	sip_add_header(m, "Via", "SIP/2.0/TLS 10.0.1.10:5061;branch=z9hG4bKabc");
	return m;
}

static char *branch_of(const sip_msg *m)
{
	return sip_param(sip_header_nth(m, "Via", 0), "branch");
}

Test(access, flows_have_sides_and_end)
{
	edge_flows *f = edge_flows_new();
	int client = 0, inside = 0;
	g_autofree char *a = edge_flows_open(f, EDGE_FLOW_CLIENT, &client),
			*b = edge_flows_open(f, EDGE_FLOW_INSIDE, &inside);

	cr_expect_str_neq(a, b, "tokens differ");
	cr_expect_eq(strlen(a), 16, "64 bits");
	cr_expect_eq(edge_flows_find(f, EDGE_FLOW_CLIENT, a), &client, "found");
	cr_expect_null(edge_flows_find(f, EDGE_FLOW_INSIDE, a), "not for the other side");
	cr_expect_null(edge_flows_find(f, EDGE_FLOW_CLIENT, b), "nor the reverse");
	cr_expect_null(edge_flows_find(f, EDGE_FLOW_CLIENT, "0000000000000000"), "unknown");
	cr_expect_null(edge_flows_find(f, EDGE_FLOW_CLIENT, NULL), "none");
	edge_flows_close(f, a);
	cr_expect_null(edge_flows_find(f, EDGE_FLOW_CLIENT, a), "lost");
	cr_expect_eq(edge_flows_count(f, EDGE_FLOW_INSIDE), 1, "the other is not");
	object_free(f);
}

Test(access, register_gets_a_path)
{
	g_autoptr(sip_msg) reg = request("REGISTER"), invite = request("INVITE");

	edge_route_from_client(reg, &names, "00ff", "ee");
	edge_route_from_client(invite, &names, "00ff", "ee");
	cr_expect_str_eq(sip_header(reg, "Path"),
			 "<sip:00ff@edge.contoso.com:5061;transport=tls;lr>", "Path");
	cr_expect_null(sip_header(invite, "Path"), "no Path on others");
	cr_expect(g_str_has_prefix(sip_header_nth(reg, "Via", 0),
				   "SIP/2.0/TLS edge.contoso.com:5061;branch=z9hG4bK"),
		  "our Via on top: %s", sip_header_nth(reg, "Via", 0));
	cr_expect_not_null(strstr(sip_header_nth(reg, "Via", 1), "10.0.1.10"),
			   "the client's below");
}

Test(access, a_response_finds_its_flow_by_via)
{
	g_autoptr(sip_msg) m = request("INVITE"), response = NULL;
	g_autofree char *token = NULL;

	edge_route_from_client(m, &names, "00ff", "ee");
	response = sip_response_new(m, 200, "OK", "t");
	token = edge_route_take_via(response, &names, "ee");
	cr_expect_str_eq(token, "00ff", "token");
	cr_expect_not_null(strstr(sip_header_nth(response, "Via", 0), "10.0.1.10"),
			   "our Via is off");
	cr_expect_null(edge_route_take_via(response, &names, "ee"), "the next one is not ours");
	cr_expect_not_null(sip_header_nth(response, "Via", 0), "and stays");
}

/* Who answers must have got the request on that connection. */
Test(access, a_response_of_another_has_no_flow)
{
	static const struct {
		const char *name, *from, *via, *call;
		bool taken;
	} rows[] = {
		{"as it came", "ee", NULL, NULL, true},
		{"on another connection", "dd", NULL, NULL, false},
		{"to another", "ee", "SIP/2.0/TLS edge.contoso.com:5061;branch=z9hG4bK1;tb-flow=aa",
		 NULL, false},
		{"without branch", "ee", "SIP/2.0/TLS edge.contoso.com:5061;tb-flow=00ff", NULL,
		 false},
		{"of another call", "ee", NULL, "other", false},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(sip_msg) m = request("INVITE"), response = NULL;
		g_autofree char *token = NULL;

		edge_route_from_client(m, &names, "00ff", "ee");
		response = sip_response_new(m, 200, "OK", "t");
		if (rows[i].via) {
			sip_pop_header(response, "Via");
			sip_prepend_header(response, "Via", rows[i].via);
		}
		if (rows[i].call) {
			sip_remove_header(response, "Call-ID");
			sip_add_header(response, "Call-ID", rows[i].call);
		}
		token = edge_route_take_via(response, &names, rows[i].from);
		cr_expect_eq(token != NULL, rows[i].taken, "%s", rows[i].name);
	}
}

Test(access, branches_are_stable_and_differ)
{
	g_autoptr(sip_msg) invite = request("INVITE"), ack = request("ACK"),
			   other = request("INVITE");
	g_autofree char *a = NULL, *b = NULL, *c = NULL;

	sip_remove_header(other, "Via");
	sip_add_header(other, "Via", "SIP/2.0/TLS 10.0.1.10:5061;branch=z9hG4bKother");
	edge_route_from_client(invite, &names, "00ff", "ee");
	edge_route_from_client(ack, &names, "00ff", "ee");
	edge_route_from_client(other, &names, "00ff", "ee");
	a = branch_of(invite);
	b = branch_of(ack);
	c = branch_of(other);
	cr_expect_str_eq(a, b, "an ACK for a failure has its INVITE's");
	cr_expect_str_neq(a, c, "another transaction has another");
}

Test(access, routes)
{
	static const struct {
		const char *name, *route, *token; /* NULL: not taken */
	} rows[] = {
		{"ours", "<sip:00ff@edge.contoso.com:5061;transport=tls;lr>", "00ff"},
		{"ours, capitals", "<sip:00ff@EDGE.Contoso.com:5061;transport=tls;lr>", "00ff"},
		{"ours, outside", "<sip:00ff@sip.contoso.com:443;transport=tls;lr>", "00ff"},
		{"ours, outside with the other port",
		 "<sip:00ff@sip.contoso.com:5061;transport=tls;lr>", NULL},
		{"another host", "<sip:00ff@edge2.contoso.com:5061;transport=tls;lr>", NULL},
		{"another port", "<sip:00ff@edge.contoso.com:5062;transport=tls;lr>", NULL},
		{"longer host", "<sip:00ff@edge.contoso.com.evil.com:5061;lr>", NULL},
		{"no user", "<sip:edge.contoso.com:5061;lr>", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(sip_msg) m = request("INVITE");
		g_autofree char *token = NULL;

		sip_add_header(m, "Route", rows[i].route);
		sip_add_header(m, "Route", "<sip:next.contoso.com;lr>");
		token = edge_route_take_token(m, &names);
		cr_expect_eq(g_strcmp0(token, rows[i].token), 0, "%s: '%s'", rows[i].name,
			     token ? token : "none");
		cr_expect_eq(sip_header_nth(m, "Route", 1) == NULL, rows[i].token != NULL,
			     "%s: one Route is off", rows[i].name);
	}
}

Test(access, a_client_may_not_choose_a_flow)
{
	g_autoptr(sip_msg) m = request("MESSAGE");

	sip_add_header(m, "Route", "<sip:aaaa@edge.contoso.com:5061;lr>");
	sip_add_header(m, "Route", "<sip:bbbb@edge.contoso.com:5061;lr>");
	edge_route_from_client(m, &names, "00ff", "ee");
	cr_expect_null(sip_header(m, "Route"), "its Routes are off");
}

/* Both ends keep the Edge on the way of later requests, each by the name that it can reach
 * (RFC 3261 section 16.6 step 4, RFC 5658). */
Test(access, dialogs_stay_on_the_way)
{
	static const char inside[] = "<sip:00ff@edge.contoso.com:5061;transport=tls;lr>",
			  outside[] = "<sip:00ff@sip.contoso.com:443;transport=tls;lr>";
	g_autoptr(sip_msg) inwards = request("INVITE"), outwards = request("INVITE"),
			   message = request("MESSAGE"), later = request("BYE");
	g_autofree char *token = NULL;

	sip_add_header(inwards, "Record-Route", "<sip:before.contoso.com;lr>");
	edge_route_from_client(inwards, &names, "00ff", "ee");
	cr_expect_str_eq(sip_header_nth(inwards, "Record-Route", 0), inside);
	cr_expect_str_eq(sip_header_nth(inwards, "Record-Route", 1), outside);
	cr_expect_str_eq(sip_header_nth(inwards, "Record-Route", 2), "<sip:before.contoso.com;lr>");
	edge_route_to_client(outwards, &names, "ee", "00ff");
	cr_expect_str_eq(sip_header_nth(outwards, "Record-Route", 0), outside);
	cr_expect_str_eq(sip_header_nth(outwards, "Record-Route", 1), inside);
	cr_expect(g_str_has_prefix(sip_header(outwards, "Via"), "SIP/2.0/TLS sip.contoso.com:443;"),
		  "the connection that the client has: %s", sip_header(outwards, "Via"));
	edge_route_from_client(message, &names, "00ff", "ee");
	cr_expect_null(sip_header(message, "Record-Route"), "it makes no dialog");
	sip_add_header(later, "Route", inside);
	sip_add_header(later, "Route", outside);
	sip_add_header(later, "Route", "<sip:fe.contoso.com:5061;lr>");
	token = edge_route_take_token(later, &names);
	cr_expect_str_eq(token, "00ff");
	cr_expect_str_eq(sip_header(later, "Route"), "<sip:fe.contoso.com:5061;lr>",
			 "both are off");
}

Test(access, names_of_the_next_hop)
{
	static const char *const given[] = {"x.contoso.com", "FE.contoso.com", NULL},
				 *const none[] = {NULL};

	cr_expect(inside_has_name(given, "fe.contoso.com"), "without case");
	cr_expect_not(inside_has_name(given, "contoso.com"), "whole");
	cr_expect_not(inside_has_name(none, "fe.contoso.com"), "no certificate");
}

static sip_msg *ask_mras(const char *body, const char *type, char **ret_user, bool *ret_internet)
{
	char fqdn[] = "edge.contoso.com", av_fqdn[] = "av.contoso.com", secret[] = "s3cret";
	struct edge_config config = {.fqdn = fqdn,
				     .av_tcp_port = 443,
				     .av_fqdn = av_fqdn,
				     .secret = secret,
				     .mras_secret = secret,
				     .credential_lifetime_ms = 8 * 3600 * 1000};
	g_autoptr(sip_msg) m = request("SERVICE");

	if (body)
		sip_set_body(m, type, body, -1);
	return mras_answer(&config, m, 1000, ret_user, ret_internet);
}

static char *mras_body(bool internet, guint duration_min)
{
	char id[] = "7", from[] = "sip:dc1@contoso.com", to[] = "sip:mras@edge.contoso.com";
	struct mras_request r = {.request_id = id,
				 .from = from,
				 .to = to,
				 .identity = from,
				 .internet = internet,
				 .duration_min = duration_min};

	return mras_request_print(&r);
}

Test(access, mras_gives_credentials_for_the_location)
{
	static const struct {
		bool internet;
		guint asked_min, given_min;
		const char *host;
	} rows[] = {{true, 480, 480, "av.contoso.com"},
		    {false, 60, 60, "edge.contoso.com"},
		    {false, 100000, 480, "edge.contoso.com"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *body = mras_body(rows[i].internet, rows[i].asked_min),
				*user = NULL, *password = NULL;
		struct mras_response got = {0};
		bool internet = false;
		g_autoptr(sip_msg) answer = ask_mras(body, MRAS_CONTENT_TYPE, &user, &internet);
		const char *text;
		gsize length = 0;

		cr_assert_eq(sip_status(answer), 200, "row %u", (guint)i);
		text = sip_body(answer, &length);
		cr_assert(text && mras_response_parse(text, length, &got), "row %u has a response",
			  (guint)i);
		cr_expect_str_eq(got.host_name, rows[i].host, "row %u", (guint)i);
		cr_expect(got.udp_port == 3478 && got.tcp_port == 443, "ports");
		cr_expect_eq(got.duration_min, rows[i].given_min, "row %u", (guint)i);
		password = mras_password("s3cret", got.username, 1000 + rows[i].given_min * 60 - 1);
		cr_expect(password && strcmp(password, got.password) == 0,
			  "the A/V Edge will take them");
		cr_expect_null(mras_password("s3cret", got.username,
					     1000 + rows[i].given_min * 60 + 1),
			       "until then");
		cr_expect_eq(internet, rows[i].internet, "location told");
		mras_response_clear(&got);
	}
}

/* The Front End has proven who sent the request: nobody gets credentials, or a quota of relays, as
 * somebody else, however he is written. */
Test(access, mras_gives_credentials_to_the_sender_only)
{
	static const struct {
		const char *identity;
		int status;
	} rows[] = {{"sip:dc1@contoso.com", 200},   {"sip:DC1@Contoso.com", 200},
		    {"dc1@contoso.com", 200},	    {"sip:home2@contoso.com", 403},
		    {"sip:x4711@contoso.com", 403}, {"x", 403}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		char id[] = "7", from[] = "sip:dc1@contoso.com", to[] = "sip:mras@edge.contoso.com";
		g_autofree char *identity = g_strdup(rows[i].identity), *user = NULL;
		struct mras_request r = {.request_id = id,
					 .from = from,
					 .to = to,
					 .identity = identity,
					 .duration_min = 60};
		g_autofree char *body = mras_request_print(&r);
		bool internet = false;
		g_autoptr(sip_msg) answer = ask_mras(body, MRAS_CONTENT_TYPE, &user, &internet);
		struct mras_response got = {0};
		const char *text;
		gsize length = 0;

		cr_expect_eq(sip_status(answer), rows[i].status, "'%s': %d", rows[i].identity,
			     sip_status(answer));
		cr_expect_eq(user != NULL, rows[i].status == 200, "'%s'", rows[i].identity);
		if (!user)
			continue;
		text = sip_body(answer, &length);
		cr_assert(text && mras_response_parse(text, length, &got));
		cr_expect_str_eq(allocation_identity(got.username), "dc1@contoso.com");
		mras_response_clear(&got);
	}
}

Test(access, mras_refuses)
{
	static const struct {
		const char *name, *body, *type;
	} rows[] = {
		{"no body", NULL, NULL},
		{"no XML", "x", MRAS_CONTENT_TYPE},
		{"another type", "<request/>", "text/plain"},
		{"empty request", "<request/>", MRAS_CONTENT_TYPE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *user = NULL;
		bool internet;
		g_autoptr(sip_msg) answer = ask_mras(rows[i].body, rows[i].type, &user, &internet);

		cr_expect_eq(sip_status(answer), 400, "%s: %d", rows[i].name, sip_status(answer));
		cr_expect_null(user, "%s: for nobody", rows[i].name);
	}
}
