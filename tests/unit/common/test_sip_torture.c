/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is a message and what is not: after the torture messages of RFC 4475, as a TLS peer would
 * send them. */
#include "common/sip.h"

#include <criterion/criterion.h>
#include <string.h>

#define VIA "Via: SIP/2.0/TLS host.example.com;branch=z9hG4bK776asdhds\r\n"
#define FROM "From: <sip:caller@example.net>;tag=134161461246\r\n"
#define TO "To: <sip:user@example.com>\r\n"
#define CALL_ID "Call-ID: 98asdh@192.0.2.1\r\n"
#define CSEQ "CSeq: 1 OPTIONS\r\n"
#define END "Content-Length: 0\r\n\r\n"
#define OPTIONS "OPTIONS sip:user@example.com SIP/2.0\r\n"

static const struct row {
	const char *name;
	const char *text;
	bool valid;
} rows[] = {
	{"3.1.1.1 wsinv: a tortuous INVITE",
	 "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
	 "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
	 "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = "
	 "98asjd8\r\n"
	 "MaX-fOrWaRdS: 0068\r\n"
	 "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
	 "Content-Length   : 0\r\n"
	 "cseq: 0009\r\n  INVITE\r\n"
	 "Via  : SIP  /   2.0\r\n /TLS\r\n    192.0.2.2;branch=390skdjuw\r\n"
	 "s :\r\n"
	 "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
	 "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
	 "Content-Type: application/sdp\r\n"
	 "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
	 "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
	 " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
	 "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue "
	 ";\r\n"
	 "  secondparam ; q = 0.33\r\n\r\n",
	 true},
	{"3.1.1.2 intmeth: a wide range of characters (the method's ! * + ` are refused by "
	 "sofia-sip)",
	 "interesting-Method0123456789_.indeed'~ "
	 "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,"
	 "weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\r\n" VIA
	 "To: \"BEL:\\\x07 NUL:\\ DEL:\\\x7F\" "
	 "<sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\r\n"
	 "From: token1~` token2'+_ token3*%!.- "
	 "<sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xD1\x80\";tag=_token~1'+`*%!-.\r\n"
	 "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
	 "CSeq: 139122385 interesting-Method0123456789_.indeed'~\r\nMax-Forwards: 255\r\n"
	 "extensionHeader-!.%*+_`'~:\xEF\xBB\xBF\xE5\xA4\xA7\xE5\x81\x9C\xE9\x9B\xBB\r\n" END,
	 true},
	{"3.1.1.3 esc01: escapes in the URI",
	 "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 1 INVITE\r\nContact: "
	 "<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\r\n" END,
	 true},
	{"3.1.1.5 esc02: % that is no escape, in a method",
	 "RE%47IST%45R sip:registrar.example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 29344 RE%47IST%45R\r\n" END,
	 true},
	{"3.1.1.6 lwsdisp: no space before <",
	 OPTIONS VIA "From: caller<sip:caller@example.com>;tag=323\r\n" TO CALL_ID CSEQ END, true},
	{"3.1.1.7 longreq, in small: values repeated in one line",
	 OPTIONS "Via: SIP/2.0/TLS a;branch=z9hG4bK1, SIP/2.0/TLS b;branch=z9hG4bK2\r\n" VIA FROM TO
		 CALL_ID CSEQ END,
	 true},
	{"3.1.1.10 mpart01, in small: NUL in a body",
	 OPTIONS VIA FROM TO CALL_ID CSEQ
	 "Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\nabcd",
	 true},
	{"3.1.1.12 unreason: a reason of any characters",
	 "SIP/2.0 200 = 2**3 * 5**2 \xD0\xBD\xD0\xBE\r\n" VIA FROM TO CALL_ID CSEQ END, true},
	{"3.1.1.13 noreason: no reason", "SIP/2.0 100 \r\n" VIA FROM TO CALL_ID CSEQ END, true},
	{"unknown scheme in the Request-URI (3.3.2)",
	 "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ
		 END,
	 true},
	{"unknown authorisation scheme (3.3.6)",
	 OPTIONS VIA FROM TO CALL_ID CSEQ
	 "Authorization: NoOneKnowsThisScheme opaque-data=here\r\n" END,
	 true},

	{"3.1.2.2 clerr: Content-Length larger than the message",
	 OPTIONS VIA FROM TO CALL_ID CSEQ "Content-Length: 9999\r\n\r\nshort", false},
	{"Content-Length smaller than the message",
	 OPTIONS VIA FROM TO CALL_ID CSEQ "Content-Length: 1\r\n\r\nshort", false},
	{"3.1.2.3 ncl: negative Content-Length",
	 OPTIONS VIA FROM TO CALL_ID CSEQ "Content-Length: -999\r\n\r\n", false},
	{"no Content-Length", OPTIONS VIA FROM TO CALL_ID CSEQ "\r\n", false},
	{"3.3.9 mcl01: two Content-Lengths",
	 OPTIONS VIA FROM TO CALL_ID CSEQ "Content-Length: 13\r\nContent-Length: 5\r\n\r\nhello",
	 false},
	{"3.1.2.4 scalar02: CSeq out of range",
	 "REGISTER sip:example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 36893488147419103232 REGISTER\r\n" END,
	 false},
	{"Max-Forwards out of range", OPTIONS VIA FROM TO CALL_ID CSEQ "Max-Forwards: 300\r\n" END,
	 false},
	{"3.1.2.7 ltgtruri: <> around the Request-URI",
	 "INVITE <sip:user@example.com> SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 INVITE\r\n" END,
	 false},
	{"3.1.2.8 lwsruri: space in the Request-URI",
	 "INVITE sip:user@example.com; lr SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 INVITE\r\n" END,
	 false},
	{"3.1.2.9 lwsstart: several spaces",
	 "INVITE  sip:user@example.com  SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 INVITE\r\n" END,
	 false},
	{"3.1.2.10 trws: space after the version",
	 "OPTIONS sip:user@example.com SIP/2.0  \r\n" VIA FROM TO CALL_ID CSEQ END, false},
	{"3.1.2.16 badvers: another version",
	 "OPTIONS sip:user@example.com SIP/7.0\r\n" VIA FROM TO CALL_ID CSEQ END, false},
	{"3.1.2.17 mismatch01: CSeq names another method",
	 OPTIONS VIA FROM TO CALL_ID "CSeq: 8 INVITE\r\n" END, false},
	{"3.1.2.19 bigcode: status out of range",
	 "SIP/2.0 4294967301 better not\r\n" VIA FROM TO CALL_ID CSEQ END, false},
	{"3.3.1 insuf: nothing that is required",
	 "INVITE sip:user@example.com SIP/2.0\r\nl: 0\r\n\r\n", false},
	{"no Via", OPTIONS FROM TO CALL_ID CSEQ END, false},
	{"no Call-ID", OPTIONS VIA FROM TO CSEQ END, false},
	{"3.3.8 multi01: From twice", OPTIONS VIA FROM FROM TO CALL_ID CSEQ END, false},
	{"Call-ID twice", OPTIONS VIA FROM TO CALL_ID CALL_ID CSEQ END, false},
	{"a line without colon", OPTIONS VIA FROM TO CALL_ID CSEQ "nonsense\r\n" END, false},
	{"a header without name", OPTIONS VIA FROM TO CALL_ID CSEQ ": value\r\n" END, false},
	{"a lone line feed in the headers", OPTIONS VIA FROM TO CALL_ID CSEQ "X: a\nY: b\r\n" END,
	 false},
	{"a lone carriage return in the headers",
	 OPTIONS VIA FROM TO CALL_ID CSEQ "X: a\rY: b\r\n" END, false},
	{"broken From", OPTIONS VIA "From: <sip:caller@example.net;tag=1\r\n" TO CALL_ID CSEQ END,
	 false},
	{"3.1.2.6 quotbal: a quote that does not end",
	 OPTIONS VIA FROM "To: \"Mr. J. User <sip:j.user@example.com>\r\n" CALL_ID CSEQ END, false},
	{"not SIP at all", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", false},
	{"nothing", "", false},
	{"only an end", "\r\n\r\n", false},
};

Test(sip_torture, accepted_and_refused)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(sip_msg) m = sip_msg_parse(rows[i].text, strlen(rows[i].text), &error);

		cr_expect_eq(m != NULL, rows[i].valid, "%s: %s", rows[i].name,
			     error ? error->message : "accepted");
		cr_expect_eq(m == NULL, error != NULL, "%s: either a message or an error",
			     rows[i].name);
		if (error)
			cr_expect(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA), "%s",
				  rows[i].name);
	}
}

/* What we print of a valid message is a message again, and the same. */
Test(sip_torture, printed_again)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(sip_msg) m =
			rows[i].valid ? sip_msg_parse(rows[i].text, strlen(rows[i].text), NULL) :
					NULL;
		gsize length;

		if (!m)
			continue;

		g_autofree char *once = sip_msg_print(m, &length);
		g_autoptr(GError) error = NULL;
		g_autoptr(sip_msg) again = sip_msg_parse(once, length, &error);

		cr_assert(again, "%s: %s\n%s", rows[i].name, error ? error->message : "", once);

		g_autofree char *twice = sip_msg_print(again, NULL);

		cr_expect_str_eq(twice, once, "%s", rows[i].name);
	}
}

Test(sip_torture, nul_bytes)
{
	static const char head[] = OPTIONS VIA FROM TO CALL_ID CSEQ "X: a\0b\r\n" END;
	static const char body[] = OPTIONS VIA FROM TO CALL_ID CSEQ
		"Content-Type: a/b\r\nContent-Length: 3\r\n\r\n\0a\0";
	g_autoptr(sip_msg) refused = sip_msg_parse(head, sizeof head - 1, NULL);
	g_autoptr(sip_msg) m = sip_msg_parse(body, sizeof body - 1, NULL);
	gsize length = 0;

	cr_expect_null(refused, "NUL in a header");
	cr_assert(m, "NUL in a body");
	cr_expect_eq(memcmp(sip_body(m, &length), "\0a\0", 3), 0);
	cr_expect_eq(length, 3u);
}

Test(sip_torture, wsinv_values)
{
	g_autoptr(sip_msg) m = sip_msg_parse(rows[0].text, strlen(rows[0].text), NULL);

	cr_assert(m);
	cr_expect_str_eq(sip_from_uri(m), "sip:jdrosen@example.com");
	cr_expect_str_eq(sip_from_tag(m), "98asjd8");
	cr_expect_str_eq(sip_to_tag(m), "1918181833n");
	cr_expect_eq(sip_cseq(m), 9u);
	cr_expect_str_eq(sip_method(m), "INVITE");
	cr_expect(sip_header_nth(m, "Via", 2), "three Via values in two lines");
	cr_expect_null(sip_header_nth(m, "Via", 3));
	cr_expect_str_eq(sip_header(m, "newfangledheader"),
			 "newfangled value continued newfangled value");
	cr_expect(sip_take_hop(m));
	cr_expect_str_eq(sip_header(m, "Max-Forwards"), "67");
}
