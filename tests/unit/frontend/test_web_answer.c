/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The documents of the two web sites, without any socket. */
#include "frontend/web_answer.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/autodiscover.h"
#include "common/base/object.h"

#define ROOT AUTODISCOVER_PATH
#define XML "application/vnd.microsoft.rtc.autodiscover+xml;v=1"

static struct fe_config *config(void)
{
	static const char text[] =
		"{\"fqdn\": \"fe.contoso.com\", \"domain\": \"contoso.com\", "
		" \"address\": \"10.0.1.10\", \"ca\": \"/ca\", \"certificate\": \"/cert\","
		" \"key\": \"/key\", \"users\": [{\"user\": \"dc1@contoso.com\","
		" \"password\": \"x\"}], \"web\": {\"names\": [\"fe.contoso.com\","
		" \"lyncdiscoverinternal.contoso.com\"], \"external_names\":"
		" [\"lyncdiscover.contoso.com\", \"web.contoso.com\"], \"sip_internal\":"
		" {\"name\": \"fe.contoso.com\", \"port\": 5061}, \"sip_external\":"
		" {\"name\": \"sip.contoso.com\", \"port\": 443}, \"internal_port\": 8443,"
		" \"web_external\": \"web.contoso.com\"}}";
	json_t *object = json_loads(text, 0, NULL);
	struct fe_config *c = fe_config_parse(object, NULL);

	json_decref(object);
	cr_assert_not_null(c);
	return c;
}

static struct fe_web_answer ask(const struct fe_config *c, enum fe_web site, const char *host,
				const char *path, const char *sipuri)
{
	struct fe_web_request r = {
		.method = "GET", .host = host, .path = path, .sipuri = sipuri, .accept = XML};

	return fe_web_answer(c, site, &r);
}

static struct autodiscover *document(struct fe_web_answer *a)
{
	struct autodiscover *d;

	cr_assert_eq(a->status, 200, "status %u", a->status);
	d = autodiscover_parse(a->body, strlen(a->body));
	cr_assert_not_null(d, "%s", a->body);
	g_free(a->body);
	return d;
}

Test(web_answer, each_site_leads_to_its_own_servers)
{
	static const struct {
		enum fe_web site;
		const char *host, *user_link, *server;
		enum autodiscover_location location;
	} rows[] = {
		{FE_WEB_INTERNAL, "lyncdiscoverinternal.contoso.com",
		 "https://fe.contoso.com:8443" ROOT "/user?sipuri=dc1@contoso.com",
		 "fe.contoso.com", AUTODISCOVER_INTERNAL},
		{FE_WEB_EXTERNAL, "LyncDiscover.contoso.com",
		 "https://web.contoso.com" ROOT "/user?sipuri=dc1@contoso.com", "sip.contoso.com",
		 AUTODISCOVER_EXTERNAL},
	};
	struct fe_config *c = config();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_web_answer a =
			ask(c, rows[i].site, rows[i].host, "/", "sip:dc1@Contoso.com");
		struct autodiscover *d = document(&a);

		cr_expect_eq(d->resource, AUTODISCOVER_ROOT);
		cr_expect_eq(d->location, rows[i].location);
		cr_expect_str_eq(autodiscover_href(d, "User"), rows[i].user_link, "%s",
				 autodiscover_href(d, "User"));
		cr_expect_not_null(autodiscover_href(d, "Domain"));
		object_free(d);
		a = ask(c, rows[i].site, rows[i].host, ROOT "/user", "dc1@contoso.com");
		d = document(&a);
		cr_expect_eq(d->resource, AUTODISCOVER_USER);
		cr_expect_str_eq(autodiscover_sip_server(d)->fqdn, rows[i].server);
		object_free(d);
	}
	fe_config_free(c);
}

Test(web_answer, what_is_wanted_decides_the_format)
{
	static const struct {
		const char *accept, *type;
		char first;
	} rows[] = {
		{NULL, "application/vnd.microsoft.rtc.autodiscover+json; v=1", '{'},
		{"*/*", "application/vnd.microsoft.rtc.autodiscover+json; v=1", '{'},
		{"application/json", "application/vnd.microsoft.rtc.autodiscover+json; v=1", '{'},
		{XML, "application/vnd.microsoft.rtc.autodiscover+xml; v=1", '<'},
	};
	struct fe_config *c = config();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_web_request r = {.method = "GET",
					   .host = "fe.contoso.com",
					   .path = "/",
					   .accept = rows[i].accept};
		struct fe_web_answer a = fe_web_answer(c, FE_WEB_INTERNAL, &r);

		cr_expect_str_eq(a.type, rows[i].type, "row %u: %s", i, a.type);
		cr_expect_eq(a.body[0], rows[i].first, "row %u: %s", i, a.body);
		g_free(a.body);
	}
	fe_config_free(c);
}

Test(web_answer, what_is_refused)
{
	static const struct {
		const char *what, *method, *host, *path, *sipuri;
		guint status;
	} rows[] = {
		{"root for nobody", "GET", "fe.contoso.com", "/", NULL, 200},
		{"case, slash", "GET", "fe.contoso.com",
		 "/autodiscover/autodiscoverservice.svc/root/", NULL, 200},
		{"head", "HEAD", "fe.contoso.com", "/", NULL, 200},
		{"domain", "GET", "fe.contoso.com", ROOT "/domain", NULL, 200},
		{"user for nobody", "GET", "fe.contoso.com", ROOT "/user", NULL, 401},
		{"unknown user", "GET", "fe.contoso.com", ROOT "/user", "x@contoso.com", 404},
		{"root for an unknown user", "GET", "fe.contoso.com", "/", "x@contoso.com", 200},
		{"other domain", "GET", "fe.contoso.com", "/", "dc1@fabrikam.com", 404},
		{"no domain", "GET", "fe.contoso.com", "/", "dc1", 404},
		{"other page", "GET", "fe.contoso.com", "/meet", NULL, 404},
		{"page below", "GET", "fe.contoso.com", ROOT "/user/x", "dc1@contoso.com", 404},
		{"method", "POST", "fe.contoso.com", "/", NULL, 405},
		{"other site's name", "GET", "web.contoso.com", "/", NULL, 404},
		{"no host", "GET", NULL, "/", NULL, 404},
	};
	struct fe_config *c = config();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_web_request r = {.method = rows[i].method,
					   .host = rows[i].host,
					   .path = rows[i].path,
					   .sipuri = rows[i].sipuri};
		struct fe_web_answer a = fe_web_answer(c, FE_WEB_INTERNAL, &r);

		cr_expect_eq(a.status, rows[i].status, "%s: %u", rows[i].what, a.status);
		cr_expect((a.status == 200) == (a.body != NULL), "%s", rows[i].what);
		g_free(a.body);
	}
	fe_config_free(c);
}
