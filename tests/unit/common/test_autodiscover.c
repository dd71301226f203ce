/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The documents of [MS-OCDISCWS], as we write them and as others do. */
#include "common/autodiscover.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/object.h"

#define WEB "https://web.contoso.com/Autodiscover/AutodiscoverService.svc/root"

static struct autodiscover *make_user(void)
{
	struct autodiscover *d = autodiscover_new(AUTODISCOVER_USER, AUTODISCOVER_EXTERNAL);

	autodiscover_set_server(d, AUTODISCOVER_INTERNAL, "fe.contoso.com", 5061);
	autodiscover_set_server(d, AUTODISCOVER_EXTERNAL, "sip.contoso.com", 443);
	autodiscover_add_link(d, "External/Autodiscover", WEB);
	autodiscover_add_link(d, "Self", WEB "/user?a=1&b=<2>");
	return d;
}

Test(autodiscover, as_it_is_printed)
{
	struct autodiscover *d = make_user();
	g_autofree char *xml = autodiscover_print(d, AUTODISCOVER_XML);
	g_autofree char *json = autodiscover_print(d, AUTODISCOVER_JSON);

	cr_expect_str_eq(xml,
			 "<?xml version=\"1.0\" encoding=\"utf-8\"?><AutodiscoverResponse"
			 " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
			 " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
			 " AccessLocation=\"External\"><User>"
			 "<SipClientInternalAccess fqdn=\"fe.contoso.com\" port=\"5061\"/>"
			 "<SipClientExternalAccess fqdn=\"sip.contoso.com\" port=\"443\"/>"
			 "<Link token=\"External/Autodiscover\" href=\"" WEB "\"/>"
			 "<Link token=\"Self\" href=\"" WEB "/user?a=1&amp;b=&lt;2&gt;\"/>"
			 "</User></AutodiscoverResponse>",
			 "%s", xml);
	cr_expect_str_eq(
		json,
		"{\"AccessLocation\":\"External\",\"User\":{"
		"\"SipClientInternalAccess\":{\"fqdn\":\"fe.contoso.com\",\"port\":\"5061\"},"
		"\"SipClientExternalAccess\":{\"fqdn\":\"sip.contoso.com\",\"port\":\"443\"},"
		"\"Links\":[{\"href\":\"" WEB "\",\"token\":\"External/Autodiscover\"},"
		"{\"href\":\"" WEB "/user?a=1&b=<2>\",\"token\":\"Self\"}]}}",
		"%s", json);
	object_free(d);
}

Test(autodiscover, there_and_back)
{
	for (guint i = 0; i <= AUTODISCOVER_JSON; i++) {
		struct autodiscover *d = make_user();
		g_autofree char *text = autodiscover_print(d, i);
		struct autodiscover *got = autodiscover_parse(text, strlen(text));

		cr_assert_not_null(got, "%s", text);
		cr_expect_eq(got->resource, AUTODISCOVER_USER);
		cr_expect_eq(got->location, AUTODISCOVER_EXTERNAL);
		cr_expect_str_eq(autodiscover_sip_server(got)->fqdn, "sip.contoso.com");
		cr_expect_str_eq(autodiscover_href(got, "self"), WEB "/user?a=1&b=<2>");
		cr_expect_null(autodiscover_href(got, "User"));
		object_free(got);
		object_free(d);
	}
}

/* As the product's documentation shows a root document, slashes escaped. */
Test(autodiscover, root_of_the_product)
{
	static const char json[] =
		"{\"AccessLocation\":\"External\",\"Root\":{\"Links\":["
		"{\"href\":\"https:\\/\\/extweb.contoso.com\\/root\\/"
		"domain\",\"token\":\"Domain\"},"
		"{\"href\":\"https:\\/\\/extweb.contoso.com\\/root\\/user\",\"token\":\"User\"}]}}";
	struct autodiscover *d = autodiscover_parse(json, strlen(json));

	cr_assert_not_null(d);
	cr_expect_eq(d->resource, AUTODISCOVER_ROOT);
	cr_expect_str_eq(autodiscover_href(d, "User"), "https://extweb.contoso.com/root/user");
	cr_expect_null(autodiscover_sip_server(d));
	object_free(d);
}

/* As another writer would lay it out: white space, prefixes, elements and attributes that we do not
 * know, two servers of one kind, names with spaces as in the product's documentation. */
Test(autodiscover, user_of_another_writer)
{
	static const char xml[] =
		"<?xml version=\"1.0\"?>\n<!-- a --><a:AutodiscoverResponse xmlns:a=\"urn:x\" "
		"New=\"1\" AccessLocation=\"Internal\">\n"
		" <a:Extra><a:SipClientInternalAccess fqdn=\"x.contoso.com\" port=\"1\"/></a:Extra>"
		"<a:User><a:SipServerInternalAccess fqdn=\"pool.contoso.com\" port=\"5061\"/>\n"
		"<a:SipClientExternalAccess port=\"443\" fqdn=\"sip.contoso.com\"/>"
		"<a:SipClientInternalAccess fqdn=\"\" port=\"443\"/>"
		"<a:SipClientInternalAccess fqdn=\" pool01.contoso.com\" port=\"443\">t</"
		"a:SipClientInternalAccess>"
		"<a:SipClientInternalAccess fqdn=\"second.contoso.com\" port=\"443\"/>"
		"<a:Link href=\"h\"/><a:Link token =\"T\" href=\"h\"/></a:User>"
		"<a:Root><a:Link token=\"User\" href=\"u\"/></a:Root></a:AutodiscoverResponse>";
	struct autodiscover *d = autodiscover_parse(xml, strlen(xml));

	cr_assert_not_null(d);
	cr_expect_eq(d->resource, AUTODISCOVER_USER);
	cr_expect_str_eq(autodiscover_sip_server(d)->fqdn, "pool01.contoso.com");
	cr_expect_eq(autodiscover_sip_server(d)->port, 443);
	cr_expect_eq(d->links->len, 1u);
	object_free(d);
}

Test(autodiscover, servers_that_nobody_can_reach)
{
	static const char *const rows[] = {
		"fqdn=\"a b\" port=\"443\"",   "fqdn=\"sip.contoso.com\" port=\"0\"",
		"fqdn=\"sip.contoso.com\"",    "fqdn=\"sip.contoso.com\" port=\"65536\"",
		"fqdn=\"a/b\" port=\"443\"",   "fqdn=\"sip.contoso.com\" port=\"x\"",
		"fqdn=\"&#10;\" port=\"443\"", "port=\"443\"",
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *xml = g_strdup_printf(
			"<AutodiscoverResponse><User><SipClientInternalAccess %s/></User>"
			"</AutodiscoverResponse>",
			rows[i]);
		struct autodiscover *d = autodiscover_parse(xml, strlen(xml));

		cr_assert_not_null(d, "%s", rows[i]);
		cr_expect_null(autodiscover_sip_server(d), "%s", rows[i]);
		object_free(d);
	}
}

Test(autodiscover, what_is_no_such_document)
{
	static const char *const rows[] = {
		"",
		" ",
		"{",
		"[]",
		"{}",
		"{\"User\":1}",
		"<html><body/></html>",
		"<AutodiscoverResponse>",
		"<AutodiscoverResponse/>",
		"<AutodiscoverResponse><User/></AutodiscoverResponse><AutodiscoverResponse/>",
		"<Autodiscover><User/></Autodiscover>",
		"<User/>",
		"<AutodiscoverResponse><Other><User/></Other></AutodiscoverResponse>",
	};
	g_autofree char *large = g_strnfill(AUTODISCOVER_BYTES_MAX + 1, ' ');

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_null(autodiscover_parse(rows[i], strlen(rows[i])), "%s", rows[i]);
	memcpy(large, "{\"User\":{}}", strlen("{\"User\":{}}"));
	cr_expect_null(autodiscover_parse(large, strlen(large)));
	large[AUTODISCOVER_BYTES_MAX] = '\0';
	struct autodiscover *d = autodiscover_parse(large, strlen(large));
	cr_expect_not_null(d);
	object_free(d);
}
