/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MRAS documents there and back, and credentials that end. */
#include "common/mras.h"

#include <criterion/criterion.h>
#include <string.h>

Test(mras, request_there_and_back)
{
	struct mras_request r = {.request_id = (char[]){"7&8"},
				 .from = (char[]){"sip:branch1@contoso.com"},
				 .to = (char[]){"sip:mras@edge.contoso.com;opaque=srvr:MRAS"},
				 .identity = (char[]){"sip:<branch1>@contoso.com"},
				 .internet = true,
				 .duration_min = 480};
	struct mras_request got = {0};
	g_autofree char *xml = mras_request_print(&r);

	cr_assert(mras_request_parse(xml, strlen(xml), &got), "%s", xml);
	cr_expect_str_eq(got.request_id, r.request_id);
	cr_expect_str_eq(got.from, r.from);
	cr_expect_str_eq(got.to, r.to);
	cr_expect_str_eq(got.identity, r.identity);
	cr_expect(got.internet);
	cr_expect_eq(got.duration_min, 480u);
	mras_request_clear(&got);
	cr_expect_null(got.identity);
}

Test(mras, response_there_and_back)
{
	struct mras_response r = {.request_id = (char[]){"9"},
				  .username = (char[]){"1700000000:sip:home1@contoso.com"},
				  .password = (char[]){"a+b/c="},
				  .duration_min = 60,
				  .host_name = (char[]){"av.contoso.com"},
				  .udp_port = 3478,
				  .tcp_port = 443,
				  .internet = false};
	struct mras_response got = {0};
	g_autofree char *xml = mras_response_print(&r);

	cr_assert(mras_response_parse(xml, strlen(xml), &got), "%s", xml);
	cr_expect_str_eq(got.request_id, r.request_id);
	cr_expect_str_eq(got.username, r.username);
	cr_expect_str_eq(got.password, r.password);
	cr_expect_str_eq(got.host_name, r.host_name);
	cr_expect_eq(got.duration_min, 60u);
	cr_expect_eq(got.udp_port, 3478);
	cr_expect_eq(got.tcp_port, 443);
	cr_expect(!got.internet);
	mras_response_clear(&got);
	cr_expect_null(got.username);
}

/* As another writer would lay it out: white space, prefixes, several relays, elements we do not
 * know. */
Test(mras, response_of_another_writer)
{
	static const char xml[] =
		"<?xml version=\"1.0\"?>\n<m:response "
		"xmlns:m=\"http://schemas.microsoft.com/2006/09/sip/mrasp\" requestID=\"1\" "
		"version=\"1.0\" serverVersion=\"2.0\" reasonPhrase=\"OK\">\n "
		"<m:credentialsResponse credentialsRequestID=\"1\">\n"
		"  <m:credentials><m:username> u "
		"</m:username><m:password>p</m:password><m:duration>480</m:duration>"
		"<m:realm>rtcmedia</m:realm></m:credentials>\n  <m:mediaRelayList>\n"
		"   "
		"<m:mediaRelay><m:location>internet</m:location><m:hostName>first</"
		"m:hostName><m:udpPort>3478</m:udpPort>"
		"<m:tcpPort>443</m:tcpPort></m:mediaRelay>\n"
		"   "
		"<m:mediaRelay><m:location>intranet</m:location><m:hostName>second</"
		"m:hostName><m:udpPort>1</m:udpPort>"
		"<m:tcpPort>2</m:tcpPort></m:mediaRelay>\n  </m:mediaRelayList>\n "
		"</m:credentialsResponse>\n</m:response>\n";
	struct mras_response got = {0};

	cr_assert(mras_response_parse(xml, strlen(xml), &got));
	cr_expect_str_eq(got.username, "u");
	cr_expect_str_eq(got.host_name, "first");
	cr_expect_eq(got.udp_port, 3478);
	cr_expect(got.internet);
	mras_response_clear(&got);
}

#define REQUEST(inner) "<request requestID=\"1\" from=\"sip:a\" to=\"sip:b\">" inner "</request>"
#define RESPONSE(attribute, ports)                                            \
	"<response requestID=\"1\"" attribute                                 \
	"><username>u</username><password>p</password><duration>1</duration>" \
	"<location>internet</location><hostName>h</hostName>" ports "</response>"
#define PORTS "<udpPort>1</udpPort><tcpPort>2</tcpPort>"

Test(mras, malformed)
{
	static const char *const rows[] = {
		"",
		"<request",
		"plain text",
		"<other/>",
		REQUEST(""),
		REQUEST("<identity>i</identity><location>moon</location><duration>1</"
			"duration>"),
		REQUEST("<identity>i</identity><location>internet</location><duration>-1</"
			"duration>"),
		REQUEST("<identity>i</identity><location>internet</"
			"location><duration>99999999999</duration>"),
		REQUEST("<identity>i</identity><location>internet</location><duration>1</"
			"duration>") "<more/>",
		"<request "
		"requestID=\"1\"><identity>i</identity><location>internet</"
		"location><duration>1</duration></request>",
		"<!DOCTYPE r [<!ENTITY a \"b\">]><request requestID=\"&a;\" from=\"a\" "
		"to=\"b\"/>",
		RESPONSE(" reasonPhrase=\"Forbidden\"", PORTS),
		RESPONSE("", PORTS),
		RESPONSE(" reasonPhrase=\"OK\"", "<udpPort>1</udpPort>"),
		RESPONSE(" reasonPhrase=\"OK\"", "<udpPort>1</udpPort><tcpPort>65536</tcpPort>"),
	};
	static const char good_request[] = REQUEST(
		"<identity>i</identity><location>internet</location><duration>1</duration>");
	static const char good_response[] = RESPONSE(" reasonPhrase=\"OK\"", PORTS);
	struct mras_request request = {0};
	struct mras_response response = {0};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		cr_expect(!mras_request_parse(rows[i], strlen(rows[i]), &request), "request: %s",
			  rows[i]);
		cr_expect(!mras_response_parse(rows[i], strlen(rows[i]), &response), "response: %s",
			  rows[i]);
	}
	cr_expect(mras_request_parse(good_request, strlen(good_request), &request),
		  "what the rows differ from");
	cr_expect(mras_response_parse(good_response, strlen(good_response), &response),
		  "what the rows differ from");
	mras_request_clear(&request);
	mras_response_clear(&response);
}

Test(mras, credentials)
{
	g_autofree char *user = NULL;
	g_autofree char *password = NULL;

	mras_credentials("secret", "alice", 1000, &user, &password);
	cr_expect_str_eq(user, "1000:alice");
	/* printf 1000:alice | openssl dgst -sha1 -hmac secret -binary | base64 */
	cr_expect_str_eq(password, "6L+E1YAMNKLM/muDqj3WC+RrDLc=");
}

Test(mras, credentials_end)
{
	static const struct {
		const char *name, *username;
		gint64 now_s;
		bool valid;
	} rows[] = {
		{"fresh", "1000:alice", 999, true},
		{"just over", "1000:alice", 1000, false},
		{"long over", "1000:alice", 5000, false},
		{"identity with colons", "1000:sip:alice@contoso.com", 1, true},
		{"no time", "alice", 1, false},
		{"empty time", ":alice", 1, false},
		{"no identity", "1000:", 1, false},
		{"negative", "-5:alice", -10, false},
		{"trailing letters", "1000x:alice", 1, false},
		{"beyond numbers", "99999999999999999999:alice", 1, false},
		{"nothing", "", 1, false},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *password =
			mras_password("secret", rows[i].username, rows[i].now_s);

		cr_expect_eq(password != NULL, rows[i].valid, "%s", rows[i].name);
	}
}

Test(mras, secrets_matter)
{
	g_autofree char *a = mras_password("one", "1000:alice", 1);
	g_autofree char *b = mras_password("two", "1000:alice", 1);
	g_autofree char *c = mras_password("one", "1000:bob", 1);

	cr_expect_str_neq(a, b);
	cr_expect_str_neq(a, c);
}
