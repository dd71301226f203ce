/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The web sites of a live lab, asked by curl from its nodes: inside, and through the reverse proxy.
 */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
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
		cr_skip("needs curl: there is none");
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
