/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/web_steps.h"

#include <criterion/criterion.h>
#include <string.h>

static struct web_steps *begin(void)
{
	return web_steps_new("lyncdiscover.contoso.com", 443, "home1@contoso.com", "contoso.com");
}

static enum web_step document(struct web_steps *w, const char *body)
{
	struct web_answer a = {.status = 200, .body = body, .bytes = strlen(body)};

	return web_steps_answer(w, &a);
}

static enum web_step lead(struct web_steps *w, guint status, const char *location)
{
	struct web_answer a = {.status = status, .location = location, .body = ""};

	return web_steps_answer(w, &a);
}

#define USER(location, servers) \
	"<AutodiscoverResponse" location "><User>" servers "</User></AutodiscoverResponse>"
#define ROOT(token, href)                                             \
	"<AutodiscoverResponse AccessLocation=\"External\"><Root>"    \
	"<Link token=\"Domain\" href=\"https://web.contoso.com/d\"/>" \
	"<Link token=\"" token "\" href=\"" href "\"/></Root></AutodiscoverResponse>"
#define INSIDE "<SipClientInternalAccess fqdn=\"fe.contoso.com\" port=\"5061\"/>"
#define OUTSIDE "<SipClientExternalAccess fqdn=\"sip.contoso.com\" port=\"443\"/>"

Test(web_steps, root_user_server)
{
	struct web_steps *w = begin();

	cr_expect_str_eq(w->url, "https://lyncdiscover.contoso.com/?sipuri=home1@contoso.com");
	cr_expect_str_eq(w->host, "lyncdiscover.contoso.com");
	cr_expect_str_eq(w->target, "/?sipuri=home1@contoso.com");
	cr_expect_eq(w->port, 443);
	cr_assert_eq(document(w, ROOT("User", "https://WEB.contoso.com/root/user?sipuri=a%26b@c")),
		     WEB_STEP_REQUEST);
	cr_expect_str_eq(w->host, "web.contoso.com");
	cr_expect_str_eq(w->target, "/root/user?sipuri=a%26b@c", "%s", w->target);
	cr_assert_eq(document(w, USER(" AccessLocation=\"External\"", INSIDE OUTSIDE)),
		     WEB_STEP_SERVER);
	cr_expect_str_eq(w->sip.fqdn, "sip.contoso.com");
	cr_expect_eq(w->sip.port, 443);
	cr_expect_eq(w->location, AUTODISCOVER_EXTERNAL);
	web_steps_free(w);
}

Test(web_steps, the_site_that_was_asked_decides)
{
	static const struct {
		const char *body, *server;
	} rows[] = {
		{USER(" AccessLocation=\"Internal\"", INSIDE OUTSIDE), "fe.contoso.com"},
		{USER(" AccessLocation=\"external\"", INSIDE OUTSIDE), "sip.contoso.com"},
		{USER("", OUTSIDE INSIDE), "fe.contoso.com"},
		{USER("", OUTSIDE), "sip.contoso.com"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct web_steps *w = begin();

		cr_assert_eq(document(w, rows[i].body), WEB_STEP_SERVER, "row %u", i);
		cr_expect_str_eq(w->sip.fqdn, rows[i].server, "row %u: %s", i, w->sip.fqdn);
		web_steps_free(w);
	}
}

Test(web_steps, a_redirect_within_the_domain_is_followed)
{
	static const struct {
		const char *location, *host, *target;
		guint16 port;
	} rows[] = {
		{"https://web.contoso.com:4443/a?b=c", "web.contoso.com", "/a?b=c", 4443},
		{"https://contoso.com", "contoso.com", "/", 443},
		{"/other", "lyncdiscover.contoso.com", "/other", 443},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct web_steps *w = begin();

		cr_assert_eq(lead(w, 302, rows[i].location), WEB_STEP_REQUEST, "row %u", i);
		cr_expect_str_eq(w->host, rows[i].host, "row %u: %s", i, w->host);
		cr_expect_str_eq(w->target, rows[i].target, "row %u: %s", i, w->target);
		cr_expect_eq(w->port, rows[i].port, "row %u: %u", i, w->port);
		web_steps_free(w);
	}
}

static void expect_failure(const char *what, enum web_step step, struct web_steps *w,
			   enum reason code)
{
	cr_expect_eq(step, WEB_STEP_FAILED, "%s: step %d", what, step);
	cr_expect_eq(w->code, code, "%s: %s", what, reason_code(w->code));
	cr_expect_not_null(w->words, "%s", what);
	web_steps_free(w);
}

Test(web_steps, where_nobody_is_led)
{
	static const struct {
		const char *location;
		enum reason code;
	} rows[] = {
		{"https://web.evil.com/", REASON_WEB_FOREIGN_HOST},
		{"https://evilcontoso.com/", REASON_WEB_FOREIGN_HOST},
		{"https://web.contoso.com@evil.com/", REASON_WEB_FOREIGN_HOST},
		{"//evil.com/", REASON_WEB_FOREIGN_HOST},
		{"http://web.contoso.com/", REASON_WEB_NOT_HTTPS},
		{"sip:home1@contoso.com", REASON_ANSWER_UNREADABLE},
		{"https://", REASON_ANSWER_UNREADABLE},
		{"https://web.contoso.com:99999/", REASON_ANSWER_UNREADABLE},
	};
	g_autofree char *long_one = g_strnfill(3000, 'a');
	struct web_steps *w;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		w = begin();
		expect_failure(rows[i].location, lead(w, 302, rows[i].location), w, rows[i].code);
	}
	w = begin();
	expect_failure("long", lead(w, 302, long_one), w, REASON_ANSWER_UNREADABLE);
	w = begin();
	expect_failure("link", document(w, ROOT("Redirect", "https://evil.com/")), w,
		       REASON_WEB_FOREIGN_HOST);
	w = begin();
	expect_failure("server",
		       document(w, USER("", "<SipClientInternalAccess fqdn=\"sip.evil.com\" "
					    "port=\"443\"/>")),
		       w, REASON_WEB_FOREIGN_HOST);
}

Test(web_steps, a_circle_ends)
{
	struct web_steps *w = begin();
	enum web_step step = WEB_STEP_REQUEST;
	guint n = 0;

	for (; step == WEB_STEP_REQUEST && n < 100; n++)
		step = document(w, ROOT("Redirect", "https://lyncdiscover.contoso.com/"));
	cr_expect_eq(n, (guint)WEB_REQUESTS_MAX, "%u requests", n);
	expect_failure("circle", step, w, REASON_WEB_TOO_MANY_REDIRECTS);
}

Test(web_steps, answers_that_lead_nowhere)
{
	static const struct {
		guint status;
		const char *body;
		enum reason code;
	} rows[] = {
		{200, "", REASON_ANSWER_UNREADABLE},
		{200, "<html><body>Welcome</body></html>", REASON_ANSWER_UNREADABLE},
		{200, USER(" AccessLocation=\"External\"", INSIDE), REASON_WEB_NO_SERVER},
		{200, "{\"Root\":{\"Links\":[]}}", REASON_WEB_NO_SERVER},
		{302, "", REASON_WEB_STATUS},
		{401, "", REASON_WEB_STATUS},
		{404, "", REASON_WEB_NOT_FOUND},
		{502, "", REASON_WEB_BAD_GATEWAY},
		{504, "", REASON_WEB_GATEWAY_TIMED_OUT},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct web_answer a = {.status = rows[i].status,
				       .body = rows[i].body,
				       .bytes = strlen(rows[i].body)};
		struct web_steps *w = begin();
		g_autofree char *what = g_strdup_printf("row %u", i);

		expect_failure(what, web_steps_answer(w, &a), w, rows[i].code);
	}
}
