/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is a message and what is not: after the torture messages of RFC 4475, as a TLS peer would
 * send them. */
#include "common/sip_private.h"

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
	{"3.1.1.11 mpart01, in small: NUL in a body",
	 OPTIONS VIA FROM TO CALL_ID CSEQ
	 "Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\nabcd",
	 true},
	{"3.1.1.12 unreason: a reason of any characters",
	 "SIP/2.0 200 = 2**3 * 5**2 \xD0\xBD\xD0\xBE\r\n" VIA FROM TO CALL_ID CSEQ END, true},
	{"3.1.1.13 noreason: no reason", "SIP/2.0 100 \r\n" VIA FROM TO CALL_ID CSEQ END, true},
	{"3.3.2 unkscm: unknown scheme in the Request-URI",
	 "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ
		 END,
	 true},
	{"3.3.7 regaut01: unknown authorisation scheme",
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
	{"3.3.1 insuf: no Call-ID, From and To",
	 "INVITE sip:user@example.com SIP/2.0\r\nCSeq: 193942 INVITE\r\n" VIA "l: 0\r\n\r\n",
	 false},
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
	{"3.1.1.4 escnull: %00 in URIs",
	 "REGISTER sip:example.com SIP/2.0\r\nTo: sip:null-%00-null@example.com\r\n"
	 "From: sip:null-%00-null@example.com;tag=839923423\r\nMax-Forwards: 70\r\n"
	 "Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd\r\nCSeq: 14398234 REGISTER\r\n" VIA
	 "Contact: <sip:%00@host5.example.com>\r\nContact: <sip:%00%00@host5.example.com>\r\n"
	 "L:0\r\n\r\n",
	 true},
	{"3.1.1.9 semiuri: semicolon in the user part",
	 "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\r\n"
	 "To: sip:j_user@example.com\r\nFrom: sip:caller@example.org;tag=33242\r\n"
	 "Max-Forwards: 3\r\nCall-ID: semiuri.0ha0isndaksdj\r\nCSeq: 8 OPTIONS\r\n"
	 "Accept: application/sdp, application/pkcs7-mime,\r\n        multipart/mixed, "
	 "multipart/signed,\r\n        message/sip, message/sipfrag\r\n" VIA "l: 0\r\n\r\n",
	 true},
	{"3.1.1.10 transports: Vias of many transports",
	 OPTIONS TO "From: <sip:caller@example.com>;tag=323\r\nMax-Forwards: 70\r\n"
		    "Call-ID:  transports.kijh4akdnaqjkwendsasfdj\r\nAccept: application/sdp\r\n"
		    "CSeq: 60 OPTIONS\r\nVia: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\r\n"
		    "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\r\n"
		    "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\r\n"
		    "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\r\n"
		    "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee\r\nl: 0\r\n\r\n",
	 true},
	{"3.1.2.1 badinv01: extraneous separators",
	 "INVITE sip:user@example.com SIP/2.0\r\nTo: sip:j.user@example.com\r\n"
	 "From: sip:caller@example.net;tag=134161461246\r\nMax-Forwards: 7\r\n"
	 "Call-ID: badinv01.0ha0isndaksdjasdf3234nas\r\nCSeq: 8 INVITE\r\n"
	 "Via: SIP/2.0/TLS 192.0.2.15;;,;,,\r\n"
	 "Contact: \"Joe\" <sip:joe@example.org>;;;;\r\n" END,
	 false},
	{"3.1.2.5 scalarlg: response with scalars out of range",
	 "SIP/2.0 503 Service Unavailable\r\n" VIA
	 "To: <sip:user@example.com>;tag=2229\r\nFrom: <sip:user@example.com>;tag=1928301774\r\n"
	 "Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r\r\n"
	 "CSeq: 9292394834772304023312 OPTIONS\r\nRetry-After: 949302838503028349304023988\r\n"
	 "Warning: 1812 overture \"In Progress\"\r\n" END,
	 false},
	{"3.1.2.11 escruri: headers in the Request-URI",
	 "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 149209342 INVITE\r\nContact: <sip:caller@host1.example.com>\r\n" END,
	 true},
	{"3.1.2.12 baddate: not GMT",
	 "INVITE sip:user@example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 392934 INVITE\r\nDate: Fri, 01 Jan 2010 16:00:00 EST\r\n"
	 "Contact: <sip:caller@host5.example.net>\r\n" END,
	 false},
	{"3.1.2.13 regbadct: ? in a Contact without <>",
	 "REGISTER sip:example.com SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 98 REGISTER\r\nContact: "
	 "sip:user@example.com?Route=%3Csip:sip.example.com%3E\r\n" END,
	 false},
	{"3.1.2.14 badaspec: spaces within <>",
	 OPTIONS VIA "From: \"Bell, Alexander\" <sip:a.g.bell@example.com>;tag=433423\r\n"
		     "To: \"Watson, Thomas\" < sip:t.watson@example.org >\r\n" CALL_ID CSEQ END,
	 true},
	{"3.1.2.15 baddn: a display name that is no token",
	 OPTIONS VIA "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\r\n"
		     "To: Watson, Thomas <sip:t.watson@example.org>\r\n" CALL_ID CSEQ END,
	 false},
	{"3.1.2.18 mismatch02: CSeq names another unknown method",
	 "NEWMETHOD sip:user@example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 34 INVITE\r\nContact: <sip:caller@host.example.net>\r\n" END,
	 false},
	{"3.2.1 badbranch: a branch of the magic cookie alone",
	 OPTIONS "Via: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK\r\n" FROM TO CALL_ID CSEQ END, true},
	{"3.3.3 novelsc: a known scheme that is not SIP",
	 "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n" VIA FROM TO CALL_ID CSEQ END, true},
	{"3.3.4 unksm2: unknown schemes in headers",
	 "REGISTER sip:example.com SIP/2.0\r\nTo: isbn:2983792873\r\n"
	 "From: <http://www.example.com>;tag=3234233\r\n" VIA CALL_ID
	 "CSeq: 234902 REGISTER\r\nContact: <name:John_Smith>\r\n" END,
	 true},
	{"3.3.5 bext01: Require and Proxy-Require of unknown extensions",
	 OPTIONS VIA FROM TO CALL_ID CSEQ
	 "Require: nothingSupportsThis, nothingSupportsThisEither\r\n"
	 "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\r\n" END,
	 true},
	{"3.3.6 invut: an unknown Content-Type",
	 "INVITE sip:user@example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 8392 INVITE\r\nContent-Type: application/unknownformat\r\n"
	 "Content-Length: 40\r\n\r\n<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>\r\n",
	 true},
	{"3.3.10 bcast: a response with a broadcast Via",
	 "SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS 192.0.2.198;branch=z9hG4bK1324923\r\n"
	 "Via: SIP/2.0/TLS 255.255.255.255;branch=z9hG4bK1saber23\r\n" FROM
	 "To: <sip:user@example.com>;tag=9\r\n" CALL_ID "CSeq: 35 INVITE\r\n" END,
	 true},
	{"3.3.11 zeromf: Max-Forwards of 0",
	 OPTIONS VIA FROM TO CALL_ID CSEQ "Max-Forwards: 0\r\n" END, true},
	{"3.3.12 cparam01: a parameter of the Contact header",
	 "REGISTER sip:example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 9 REGISTER\r\nContact: sip:+19725552222@gw1.example.net;unknownparam\r\n" END,
	 true},
	{"3.3.13 cparam02: a parameter of the Contact's URI",
	 "REGISTER sip:example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 3 REGISTER\r\nContact: <sip:+19725552222@gw1.example.net;unknownparam>\r\n" END,
	 true},
	{"3.3.14 regescrt: a header in the Contact's URI",
	 "REGISTER sip:example.com SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 14398234 REGISTER\r\n"
	 "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\r\n" END,
	 true},
	{"3.3.15 sdp01: Accept of an unknown type only",
	 "INVITE sip:user@example.com SIP/2.0\r\n" VIA FROM TO CALL_ID
	 "CSeq: 5 INVITE\r\nAccept: text/nobodyKnowsThis\r\n" END,
	 true},
	{"3.4.1 inv2543: a request of RFC 2543",
	 "INVITE sip:UserB@example.com SIP/2.0\r\nVia: SIP/2.0/TLS iftgw.example.com\r\n"
	 "From: <sip:+13035551111@ift.client.example.net;user=phone>\r\n"
	 "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\r\n"
	 "To: sip:+16505552222@ss1.example.net;user=phone\r\n" CALL_ID "CSeq: 56 INVITE\r\n" END,
	 true},
	{"3.1.1.8 dblreq: a second request behind the first, which the length tells apart",
	 "REGISTER sip:example.com SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 8 REGISTER\r\n" END
	 "INVITE sip:joe@example.com SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 8 INVITE\r\n" END,
	 false},
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

/* All 49 of them are here, and in this order of sections once. */
Test(sip_torture, every_message_of_the_rfc)
{
	static const guint sections[][3] = {
		{1, 1, 13}, {1, 2, 19}, {2, 1, 0}, {3, 15, 0}, {4, 1, 0}};
	guint found = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
		const guint *s = sections[i];

		for (guint n = 1; n <= (s[2] ? s[2] : s[1]); n++) {
			g_autofree char *number =
				s[2] ? g_strdup_printf("3.%u.%u.%u ", s[0], s[1], n) :
				       g_strdup_printf("3.%u.%u ", s[0], n);
			guint times = 0;

			for (gsize k = 0; k < G_N_ELEMENTS(rows); k++)
				times += g_str_has_prefix(rows[k].name, number) ? 1 : 0;
			cr_expect_eq(times, 1, "%s%u times", number, times);
			found += times;
		}
	}
	cr_expect_eq(found, 49);
}

/* A request that can't be taken is answered with 400.  What is no request, or lacks what an answer
 * repeats (RFC 3261 section 8.2.6.2), is not. */
Test(sip_torture, refused_requests_are_answered)
{
	static const char *const silent[] = {"3.1.2.5 ", "3.1.2.19 ",	"no Via",     "not SIP",
					     "nothing",	 "only an end", "no Call-ID", "3.3.1 "};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(sip_msg) m = sip_msg_parse(rows[i].text, strlen(rows[i].text), &error),
				   answer = NULL;
		bool answered = !m;

		for (gsize k = 0; k < G_N_ELEMENTS(silent); k++)
			answered = answered && !g_str_has_prefix(rows[i].name, silent[k]);
		if (m)
			continue;
		answer = sip_bad_request(rows[i].text, strlen(rows[i].text), error);
		cr_expect_eq(answer != NULL, answered, "%s", rows[i].name);
		cr_expect(!answer || sip_status(answer) == 400 || sip_status(answer) == 505,
			  "%s: %d", rows[i].name, answer ? sip_status(answer) : 0);
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
