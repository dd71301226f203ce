/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages as values: making, reading, changing, printing; URIs, parameters and digest. */
#include "common/sip.h"
#include "common/sip_private.h"

#include <criterion/criterion.h>
#include <string.h>

static sip_msg *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	sip_msg *m = sip_msg_parse(text, strlen(text), &error);

	cr_assert(m, "%s", error ? error->message : "");
	return m;
}

static const char invite[] =
	"INVITE sip:Bob@Contoso.com SIP/2.0\r\n"
	"v: SIP/2.0/TLS 10.0.1.10:5061;branch=z9hG4bK1, SIP/2.0/TLS "
	"10.0.2.2:4711;branch=z9hG4bK2\r\n"
	"Record-Route: <sip:a.test;lr>, \"x, y\" <sip:b.test;lr>\r\n"
	"Max-Forwards: 70\r\n"
	"f: \"Alice, in the DC\" <sip:alice@contoso.com;x=y>;tag=aa;epid=01\r\n"
	"t: sip:bob@contoso.com\r\n"
	"i: call-1\r\n"
	"CSeq: 7 INVITE\r\n"
	"ms-client-diagnostics: 22; reason=\"Call failed\"\r\n"
	"c: application/sdp; charset=utf-8\r\n"
	"l: 5\r\n\r\nv=0\r\n";

Test(sip_msg, reading)
{
	g_autoptr(sip_msg) m = parse(invite);
	gsize length = 0;

	cr_expect(sip_is_request(m));
	cr_expect_str_eq(sip_method(m), "INVITE");
	cr_expect_str_eq(sip_uri(m), "sip:Bob@Contoso.com");
	cr_expect_eq(sip_status(m), 0);
	cr_expect_str_eq(sip_call_id(m), "call-1");
	cr_expect_eq(sip_cseq(m), 7u);
	cr_expect_str_eq(sip_from_uri(m), "sip:alice@contoso.com;x=y");
	cr_expect_str_eq(sip_from_tag(m), "aa");
	cr_expect_str_eq(sip_to_uri(m), "sip:bob@contoso.com");
	cr_expect_null(sip_to_tag(m));
	cr_expect_str_eq(sip_header(m, "Ms-Client-Diagnostics"), "22; reason=\"Call failed\"");
	cr_expect_str_eq(sip_header_nth(m, "Via", 1), "SIP/2.0/TLS 10.0.2.2:4711;branch=z9hG4bK2");
	cr_expect_str_eq(sip_header_nth(m, "Record-Route", 1), "\"x, y\" <sip:b.test;lr>");
	cr_expect_str_eq(sip_header(m, "v"), sip_header(m, "via"),
			 "a compact name asks for the full one");
	cr_expect_null(sip_header(m, "Subject"));
	cr_expect_str_eq(sip_content_type(m), "application/sdp");
	cr_expect_str_eq(sip_body(m, &length), "v=0\r\n");
	cr_expect_eq(length, 5u);
}

/* sofia-sip takes "sip:" without a host where the line goes on in the next one only. */
Test(sip_msg, what_is_taken_folded_can_be_read_unfolded)
{
	static const char *const contacts[] = {"sip:\r\n ;+sin1", "sip: ;+sin1"};

	for (guint i = 0; i < G_N_ELEMENTS(contacts); i++) {
		g_autofree char *text =
			g_strconcat("REGISTER sip:contoso.com SIP/2.0\r\n"
				    "Via: SIP/2.0/TLS 10.0.1.5;branch=z9hG4bKa\r\n"
				    "From: <sip:a@contoso.com>;tag=1\r\nTo: <sip:a@contoso.com>\r\n"
				    "Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: ",
				    contacts[i], "\r\nContent-Length: 0\r\n\r\n", NULL);
		g_autoptr(sip_msg) m = sip_msg_parse(text, strlen(text), NULL);

		cr_expect_null(m, "%s", contacts[i]);
	}
}

/* Who answers or acknowledges writes the address between brackets, and a peer must read that. */
Test(sip_msg, addresses_that_fit_no_brackets)
{
	static const char *const wrong[] = {"sip:bob@contoso.com>", "bob@contoso.com>;tag=x",
					    "sip:bob@contoso.com>>"};

	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_auto(GStrv) to = g_strsplit(invite, "sip:bob@contoso.com", 2);
		g_autofree char *text = g_strjoinv(wrong[i], to);
		g_autoptr(sip_msg) m = sip_msg_parse(text, strlen(text), NULL);

		cr_expect_null(m, "To: %s", wrong[i]);
	}
}

Test(sip_msg, changing)
{
	g_autoptr(sip_msg) m = parse(invite);

	sip_prepend_header(m, "Via", "SIP/2.0/TLS proxy;branch=z9hG4bK0");
	cr_expect_str_eq(sip_header(m, "Via"), "SIP/2.0/TLS proxy;branch=z9hG4bK0");
	cr_expect(sip_pop_header(m, "Via"));
	cr_expect(sip_pop_header(m, "v"));
	cr_expect_str_eq(sip_header(m, "Via"), "SIP/2.0/TLS 10.0.2.2:4711;branch=z9hG4bK2");
	cr_expect(sip_pop_header(m, "Via"));
	cr_expect(!sip_pop_header(m, "Via"), "none is left");
	sip_add_header(m, "Route", "<sip:one;lr>");
	sip_add_header(m, "Route", "<sip:two;lr>");
	sip_prepend_header(m, "Route", "<sip:zero;lr>");
	cr_expect_str_eq(sip_header_nth(m, "Route", 0), "<sip:zero;lr>");
	cr_expect_str_eq(sip_header_nth(m, "Route", 1), "<sip:one;lr>");
	cr_expect_str_eq(sip_header_nth(m, "Route", 2), "<sip:two;lr>");
	sip_remove_header(m, "Route");
	cr_expect_null(sip_header(m, "Route"));
	sip_remove_header(m, "To");
	sip_add_header(m, "To", "<sip:carol@contoso.com>;tag=cc");
	cr_expect_str_eq(sip_to_uri(m), "sip:carol@contoso.com");
	cr_expect_str_eq(sip_to_tag(m), "cc");
}

Test(sip_msg, line_breaks_make_no_header)
{
	g_autoptr(sip_msg) m = parse(invite);

	sip_add_header(m, "Subject", "hello\r\nEvil: yes");

	g_autofree char *text = sip_msg_print(m, NULL);

	cr_expect(!strstr(text, "\nEvil:"), "%s", text);
	cr_expect_str_eq(sip_header(m, "Subject"), "hello  Evil: yes");
}

Test(sip_msg, hops)
{
	g_autoptr(sip_msg) m = parse(invite);

	for (int i = 70; i > 0; i--)
		cr_assert(sip_take_hop(m), "hop %d", i);
	cr_expect_str_eq(sip_header(m, "Max-Forwards"), "0");
	cr_expect(!sip_take_hop(m));
	sip_remove_header(m, "Max-Forwards");
	cr_expect(sip_take_hop(m));
	cr_expect_str_eq(sip_header(m, "Max-Forwards"), "70");
}

Test(sip_msg, body)
{
	g_autoptr(sip_msg) m = parse(invite);

	sip_set_body(m, "text/plain;charset=UTF-8", "hello", -1);

	g_autofree char *text = sip_msg_print(m, NULL);

	cr_expect(g_str_has_suffix(text, "Content-Length: 5\r\n\r\nhello"), "%s", text);
	cr_expect_str_eq(sip_content_type(m), "text/plain");
	sip_set_body(m, NULL, NULL, 0);
	cr_expect_null(sip_body(m, NULL));
	cr_expect_null(sip_content_type(m));
	cr_expect_null(sip_header(m, "Content-Type"));
}

Test(sip_msg, request)
{
	g_autoptr(sip_msg) m =
		sip_request_new("MESSAGE", "sip:bob@contoso.com", "sip:alice@contoso.com", "aa",
				"sip:bob@contoso.com", NULL, "call-2", 3);

	cr_expect_str_eq(sip_header(m, "From"), "<sip:alice@contoso.com>;tag=aa");
	cr_expect_str_eq(sip_header(m, "To"), "<sip:bob@contoso.com>");
	cr_expect_str_eq(sip_header(m, "CSeq"), "3 MESSAGE");
	cr_expect_str_eq(sip_header(m, "Max-Forwards"), "70");
	cr_expect_null(sip_header(m, "Via"), "the connection adds it");
	cr_expect(sip_header(m, "User-Agent"));
}

Test(sip_msg, response)
{
	g_autoptr(sip_msg) m = parse(invite);
	g_autoptr(sip_msg) trying = sip_response_new(m, 100, NULL, NULL);
	g_autoptr(sip_msg) ok = sip_response_new(m, 200, "Fine", "bb");
	g_autoptr(sip_msg) copy = sip_msg_copy(ok);

	cr_expect_str_eq(sip_reason(trying), "Trying");
	cr_expect_null(sip_to_tag(trying));
	cr_expect(!sip_is_request(ok));
	cr_expect_eq(sip_status(ok), 200);
	cr_expect_str_eq(sip_reason(ok), "Fine");
	cr_expect_str_eq(sip_method(ok), "INVITE", "of CSeq");
	cr_expect_str_eq(sip_to_tag(ok), "bb");
	cr_expect_str_eq(sip_to_uri(ok), "sip:bob@contoso.com");
	cr_expect_str_eq(sip_from_tag(ok), "aa");
	cr_expect_str_eq(sip_header_nth(ok, "Via", 1), sip_header_nth(m, "Via", 1));
	cr_expect_str_eq(sip_header_nth(ok, "Record-Route", 1),
			 sip_header_nth(m, "Record-Route", 1));
	cr_expect_null(sip_header(ok, "Max-Forwards"));
	cr_expect_null(sip_uri(ok));

	g_autofree char *a = sip_msg_print(ok, NULL);
	g_autofree char *b = sip_msg_print(copy, NULL);

	cr_expect_str_eq(a, b);
	g_clear_pointer(&copy, sip_msg_unref);
	copy = sip_response_new(m, 200, NULL, "bb");
	sip_remove_header(m, "To");
	sip_add_header(m, "To", "<sip:bob@contoso.com>;tag=old");

	g_autoptr(sip_msg) tagged = sip_response_new(m, 200, NULL, "new");

	cr_expect_str_eq(sip_to_tag(tagged), "old", "a tag that is there stays");
}

Test(sip_msg, users)
{
	static const struct {
		const char *uri, *user;
	} rows[] = {
		{"sip:Alice@Contoso.com;x=y", "Alice@contoso.com"},
		{"sips:alice@contoso.com:5061", "alice@contoso.com"},
		{"sip:al%69ce@contoso.com", "alice@contoso.com"},
		{"sip:a%00evil@contoso.com", NULL},
		{"sip:a%1fb@contoso.com", NULL},
		{"sip:a%7Fb@contoso.com", NULL},
		{"sip:a%20b@contoso.com", "a b@contoso.com"},
		{"sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:1", "alice@contoso.com"},
		{"sip:contoso.com", NULL},
		{"tel:+4930", NULL},
		{"alice", NULL},
		{"", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *user = sip_uri_user(rows[i].uri);

		cr_expect(!g_strcmp0(user, rows[i].user), "%s: %s", rows[i].uri,
			  user ? user : "(none)");
	}
	cr_expect_null(sip_uri_user(NULL));
}

Test(sip_msg, parameters)
{
	static const struct {
		const char *text, *name, *value;
	} rows[] = {
		{"sip:dc1@d.test;gruu;opaque=app:conf:focusfactory", "opaque",
		 "app:conf:focusfactory"},
		{"sip:dc1@d.test;gruu;opaque=app:conf:focusfactory", "gruu", ""},
		{"sip:dc1@d.test;gruu?Subject=x", "gruu", ""},
		{"sip:a;opaque=no@d.test;opaque=yes", "opaque", "yes"},
		{"sip:lr;x=1", "lr", NULL},
		{"<sip:t@e.test;lr;x=1>;tag=5", "tag", "5"},
		{"<sip:t@e.test;tag=6>", "tag", NULL},
		{"\"a;tag=evil\" <sip:t@e.test>;tag=5", "tag", "5"},
		{"\"a tag=evil\" <sip:t@e.test>", "tag", NULL},
		{"<sip:t@e.test>;+sip.instance=\"<urn:uuid:1;2>\"", "+sip.instance",
		 "<urn:uuid:1;2>"},
		{"SIP/2.0/TLS h:1;branch = z9hG4bK1 ;rport", "branch", "z9hG4bK1"},
		{"SIP/2.0/TLS h:1;branch=z9hG4bK1;rport", "rport", ""},
		{"Digest realm=\"d.test\", nonce=\"a,b\\\"c\"", "realm", "d.test"},
		{"Digest realm=\"d.test\", nonce=\"a,b\\\"c\"", "NONCE", "a,b\"c"},
		{"Digest realm=\"d.test\", nonce=\"x\"", "qop", NULL},
		{"22; reason=\"Call failed\"; CallerMediaDebug=\"audio:ICEWarn=0x3eb\"",
		 "CallerMediaDebug", "audio:ICEWarn=0x3eb"},
		{"", "x", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *value = sip_param(rows[i].text, rows[i].name);

		cr_expect(!g_strcmp0(value, rows[i].value), "%s of %s: %s", rows[i].name,
			  rows[i].text, value ? value : "(none)");
	}
}

Test(sip_msg, fresh_names_differ)
{
	g_autofree char *a = sip_new_branch();
	g_autofree char *b = sip_new_branch();
	g_autofree char *tag = sip_new_tag();

	cr_expect_str_neq(a, b);
	cr_expect(g_str_has_prefix(a, "z9hG4bK"));
	cr_expect_eq(strlen(tag), 16u);
}

/* --- digest ----------------------------------------------------------------------------------- */

/* RFC 2617 section 3.5. */
static const char vector[] = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
			     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
			     "uri=\"/dir/index.html\", qop=auth, nc=00000001, "
			     "cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", "
			     "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

Test(sip_digest, vector_of_the_standard)
{
	cr_expect(sip_digest_check(vector, "GET", "Mufasa", "Circle Of Life"));
	cr_expect(!sip_digest_check(vector, "GET", "Mufasa", "Circle of Life"), "another password");
	cr_expect(!sip_digest_check(vector, "POST", "Mufasa", "Circle Of Life"), "another method");
	cr_expect(!sip_digest_check(vector, "GET", "Simba", "Circle Of Life"), "another user");
	cr_expect(!sip_digest_check("Basic TXVmYXNh", "GET", "Mufasa", "Circle Of Life"));
	cr_expect(!sip_digest_check("", "GET", "Mufasa", "Circle Of Life"));
	cr_expect(!sip_digest_check("Digest username=\"Mufasa\"", "GET", "Mufasa",
				    "Circle Of Life"),
		  "nothing to check");
}

Test(sip_digest, answer_passes_the_check)
{
	g_autofree char *challenge = sip_digest_challenge("conto\"so", "n,1");
	g_autofree char *answer = sip_digest_answer(challenge, "REGISTER", "sip:contoso.com",
						    "dc1@contoso.com", "p\"w\\");
	g_autofree char *nonce = answer ? sip_param(answer, "nonce") : NULL;

	cr_assert(answer);
	cr_expect_str_eq(nonce, "n,1");
	cr_expect(sip_digest_check(answer, "REGISTER", "dc1@contoso.com", "p\"w\\"), "%s", answer);
	cr_expect(!sip_digest_check(answer, "REGISTER", "dc1@contoso.com", "pw"));
}

Test(sip_digest, challenges_we_cannot_answer)
{
	static const char *const rows[] = {
		"Basic realm=\"x\"",
		"NTLM realm=\"SIP Communications Service\"",
		"Digest realm=\"x\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"",
		"Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
		"Digest realm=\"x\", qop=\"auth\"",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_null(sip_digest_answer(rows[i], "REGISTER", "sip:x", "u", "p"), "%s",
			       rows[i]);
}

/* --- where requests come from and go to ------------------------------------------------------- */

Test(sip_msg, via_says_where_it_came_from)
{
	static const struct {
		const char *via, *peer, *expected;
	} rows[] = {
		{"SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1", "10.0.0.1:40000",
		 "SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1"},
		{"SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1", "192.0.2.1:40000",
		 "SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1;received=192.0.2.1"},
		{"SIP/2.0/TLS host.test;branch=z9hG4bK1", "192.0.2.1:40000",
		 "SIP/2.0/TLS host.test;branch=z9hG4bK1;received=192.0.2.1"},
		{"SIP/2.0/TLS 10.0.0.1;rport;branch=z9hG4bK1", "10.0.0.1:40000",
		 "SIP/2.0/TLS 10.0.0.1;rport=40000;branch=z9hG4bK1;received=10.0.0.1"},
		{"SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bK1;rport", "[2001:db8::2]:40000",
		 "SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bK1;rport=40000;received=2001:db8::2"},
		{"SIP/2.0/TLS [2001:db8::1];branch=z9hG4bK1", "[2001:db8::1]:40000",
		 "SIP/2.0/TLS [2001:db8::1];branch=z9hG4bK1"},
		{"SIP/2.0/TLS host.test;branch=z9hG4bK1", "unknown",
		 "SIP/2.0/TLS host.test;branch=z9hG4bK1"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(sip_msg) m = sip_request_new("BYE", "sip:a@b.test", "sip:a@b.test", "1",
						       "sip:c@b.test", "2", "x", 1);

		sip_add_header(m, "Via", rows[i].via);
		sip_via_received(m, rows[i].peer);
		cr_expect_str_eq(sip_header(m, "Via"), rows[i].expected);
	}
}

Test(sip_msg, places)
{
	static const struct {
		const char *uri, *place;
	} rows[] = {
		{"sip:Alice@Host.Test:40000;transport=tls", "Alice@host.test:40000"},
		{"sip:alice@host.test;transport=tls", "alice@host.test:5061"},
		{"sips:alice@host.test", "alice@host.test:5061"},
		{"sip:host.test", "host.test:5060"},
		{"tel:+123", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *place = sip_uri_place(rows[i].uri);

		cr_expect_eq(g_strcmp0(place, rows[i].place), 0, "%s: %s", rows[i].uri,
			     place ? place : "none");
	}
}

Test(sip_msg, unknown_extensions)
{
	static const char *const known[] = {"path", NULL};
	static const struct {
		const char *method, *value, *unsupported;
	} rows[] = {
		{"INVITE", "100rel", "100rel"},	  {"INVITE", "Path", NULL},
		{"INVITE", "path, a, b", "a, b"}, {"INVITE", "", NULL},
		{"CANCEL", "100rel", NULL},	  {"ACK", "100rel", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(sip_msg) m =
			sip_request_new(rows[i].method, "sip:a@b.test", "sip:a@b.test", "1",
					"sip:c@b.test", NULL, "x", 1);
		g_autoptr(sip_msg) answer = NULL;

		sip_add_header(m, "Require", rows[i].value);
		answer = sip_refuse_extensions(m, "Require", known, NULL);
		cr_expect_eq(g_strcmp0(answer ? sip_header(answer, "Unsupported") : NULL,
				       rows[i].unsupported),
			     0, "%s %s", rows[i].method, rows[i].value);
		cr_expect(!answer || sip_status(answer) == 420, "420");
	}
}
