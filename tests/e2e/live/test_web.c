/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The web in a live lab: its sites are asked by curl from its nodes, inside and through the reverse
 * proxy; and a client finds its server although a rogue answers in the proxy's place. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#define LAB "web"
#define ROOT "/Autodiscover/AutodiscoverService.svc/root"
#define XML "Accept: application/vnd.microsoft.rtc.autodiscover+xml;v=1"
#define JSON "Accept: application/vnd.microsoft.rtc.autodiscover+json;v=1"

static const struct {
	const char *node, *url, *accept;
	const char *head, *body; /* what is in them; body NULL: nothing is */
} rows[] = {
	{"branch1", "https://lyncdiscoverinternal.contoso.com/?sipuri=branch1@contoso.com", XML,
	 "HTTP/1.1 200", "<AutodiscoverResponse "},
	{"branch1", "https://lyncdiscoverinternal.contoso.com/?sipuri=branch1@contoso.com", JSON,
	 "HTTP/1.1 200", "{\"AccessLocation\":\"Internal\",\"Root\":{"},
	{"branch1", "https://fe.contoso.com" ROOT "/user?sipuri=branch1@contoso.com", XML,
	 "autodiscover+xml; v=1",
	 "<SipClientInternalAccess fqdn=\"fe.contoso.com\" port=\"5061\"/>"},
	{"home1", "https://lyncdiscover.contoso.com/?sipuri=home1@contoso.com", XML, "HTTP/1.1 200",
	 " AccessLocation=\"External\"><Root>"},
	{"home1", "https://lyncdiscover.contoso.com/?sipuri=home1@contoso.com", JSON,
	 "autodiscover+json; v=1", "{\"AccessLocation\":\"External\",\"Root\":{"},
	{"home1", "https://web.contoso.com" ROOT "/user?sipuri=home1@contoso.com", JSON,
	 "HTTP/1.1 200",
	 "\"SipClientExternalAccess\":{\"fqdn\":\"sip.contoso.com\",\"port\":\"443\"}"},
	{"cafe1", "https://web.contoso.com" ROOT "/domain", XML, "HTTP/1.1 200", "<Domain>"},
	{"home1", "https://web.contoso.com" ROOT "/user?sipuri=nobody@contoso.com", XML,
	 "HTTP/1.1 404", NULL},
};

Test(web, curl_gets_the_documents)
{
	struct home h;
	struct outcome o;

	program_shell("command -v curl", NULL, &o);
	if (o.exit_code != 0) {
		outcome_clear(&o);
		cr_skip_test("needs curl: there is none");
	}
	outcome_clear(&o);
	home_new(&h, 0);
	home_expect(&h, 0, "up", "-s", "missing-route", "-n", LAB, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *body;

		home_run(&h, &o, NULL, "exec", "-n", LAB, rows[i].node, "--", "curl", "-sSi", "-m",
			 "20", "--cacert", "/run/testbed/trust/ca.pem", "-H", rows[i].accept,
			 rows[i].url, NULL);
		cr_assert_eq(o.exit_code, 0, "row %zu: %d: %s", i, o.exit_code, o.err);
		body = strstr(o.out, "\r\n\r\n");
		cr_assert_not_null(body, "row %zu: %s", i, o.out);
		cr_expect(strstr(o.out, rows[i].head) && strstr(o.out, rows[i].head) < body,
			  "row %zu: %s", i, o.out);
		if (rows[i].body)
			cr_expect(strstr(body, rows[i].body), "row %zu: %s", i, o.out);
		else
			cr_expect_str_eq(body, "\r\n\r\n", "row %zu: %s", i, o.out);
		outcome_clear(&o);
	}
	home_expect(&h, 0, "down", "-n", LAB, NULL);
	home_clear(&h);
}

/* --- a rogue in the proxy's place ------------------------------------------------------------- */

static const struct {
	const char *answer, *told; /* what the client says of it */
} wrongs[] = {
	{"huge", "the answer is too long"},
	{"endless", "the answer is too long"},
	{"chunked", "the answer is too long"},
	{"slow", "no answer in time"},
	{"slow-headers", "no answer in time"},
	{"truncated", "the answer is cut off"},
	{"page", "the answer cannot be read"},
	{"circle", "the answers lead on and on"},
	{"foreign", "the answer leads out of the domain"},
	{"mail", "the answer cannot be read"},
};

/* Starts it on the proxy's node; returns when it listens. */
static void start_rogue(const struct home *h, const char *choice)
{
	const char *build = g_getenv("TESTBED_BUILD");
	g_autofree char *
		program = g_build_filename(build ? build : "build", "tests", "rogue-web", NULL),
	       *whole = g_canonicalize_filename(program, NULL),
	       *folder = g_path_get_dirname(choice),
	       *line = g_strdup_printf(
		       "mkfifo /tmp/ready && { %s 203.0.113.12 /run/testbed/trust/rp.pem "
		       "/run/testbed/trust/rp.key %s >/tmp/ready 2>&1 & } && read said </tmp/ready "
		       "&& test \"$said\" = ready",
		       whole, choice);

	home_expect(h, 0, "set", "-n", LAB, "stop-service: {node: rp, service: reverse-proxy}",
		    NULL);
	home_expect(h, 0, "exec", "-n", LAB, "--bind", whole, "--bind", folder, "rp", "--", "sh",
		    "-c", line, NULL);
}

Test(web, a_rogue_does_not_keep_a_client_from_its_server)
{
	struct home h;
	g_autofree char *folder = NULL, *choice = NULL;

	home_new(&h, 0);
	folder = g_build_filename(h.folder, "rogue", NULL);
	choice = g_build_filename(folder, "answer", NULL);
	cr_assert_eq(g_mkdir(folder, 0755), 0);
	home_expect(&h, 0, "up", "-s", "missing-route", "-n", LAB, NULL);
	start_rogue(&h, choice);
	for (gsize i = 0; i < G_N_ELEMENTS(wrongs); i++) {
		g_autofree char *told = g_strdup_printf(
			"asks https://lyncdiscover.contoso.com/ at 203.0.113.12: %s",
			wrongs[i].told);
		struct outcome o;

		cr_assert(g_file_set_contents(choice, wrongs[i].answer, -1, NULL));
		/* The client signs in anew when it is told something else. */
		home_expect(&h, 0, "set", "-n", LAB, "set-discovery: {node: home1, discovery: srv}",
			    NULL);
		home_expect(&h, 0, "set", "-n", LAB,
			    "set-discovery: {node: home1, discovery: auto}", NULL);
		home_run(&h, &o, NULL, "call", "-n", LAB, "home1", "dc1", "--media", "im", "-v",
			 NULL);
		cr_expect_eq(o.exit_code, 0, "%s: %s%s", wrongs[i].answer, o.out, o.err);
		cr_expect(strstr(o.out, told), "%s: not '%s' in %s", wrongs[i].answer, told, o.out);
		cr_expect(strstr(o.out, "found by _sip._tls.contoso.com"), "%s: %s",
			  wrongs[i].answer, o.out);
		outcome_clear(&o);
	}
	home_expect(&h, 0, "down", "-n", LAB, NULL);
	home_clear(&h);
}
