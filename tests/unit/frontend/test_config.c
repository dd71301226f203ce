/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/config.h"

#include <criterion/criterion.h>
#include <gio/gio.h>

/* A configuration with this value of "web". */
static struct fe_config *parse(const char *web, GError **error)
{
	g_autofree char *text = g_strdup_printf(
		"{\"fqdn\": \"fe.contoso.com\", \"domain\": \"contoso.com\","
		" \"address\": \"10.0.1.10\", \"ca\": \"/ca\", \"certificate\": \"/cert\","
		" \"key\": \"/key\", \"web\": %s}",
		web);
	json_t *object = json_loads(text, 0, NULL);
	struct fe_config *c = fe_config_parse(object, error);

	json_decref(object);
	return c;
}

Test(fe_config, no_web_sites)
{
	struct fe_config *c = parse("null", NULL);

	cr_assert_not_null(c);
	cr_expect(!c->has_web);
	fe_config_free(c);
}

Test(fe_config, web_sites_by_default)
{
	struct fe_config *c = parse("{}", NULL);

	cr_assert_not_null(c);
	cr_expect(c->has_web);
	cr_expect_eq(c->web[FE_WEB_INTERNAL].port, 443);
	cr_expect_eq(c->web[FE_WEB_EXTERNAL].port, 4443);
	cr_expect_null(c->web[FE_WEB_INTERNAL].names[0]);
	cr_expect_null(c->web[FE_WEB_EXTERNAL].sip_name);
	cr_expect_null(c->web[FE_WEB_EXTERNAL].links_to);
	fe_config_free(c);
}

Test(fe_config, web_sites)
{
	struct fe_config *c = parse(
		"{\"internal_port\": 1443, \"names\": [\"fe.contoso.com\"],"
		" \"external_names\": [\"lyncdiscover.contoso.com\", \"web.contoso.com\"],"
		" \"sip_internal\": {\"name\": \"fe.contoso.com\"},"
		" \"sip_external\": {\"name\": \"sip.contoso.com\", \"port\": 443},"
		" \"web_internal\": \"fe.contoso.com\", \"web_external\": \"web.contoso.com\"}",
		NULL);

	cr_assert_not_null(c);
	cr_expect_eq(c->web[FE_WEB_INTERNAL].port, 1443);
	cr_expect_str_eq(c->web[FE_WEB_INTERNAL].names[0], "fe.contoso.com");
	cr_expect_str_eq(c->web[FE_WEB_INTERNAL].sip_name, "fe.contoso.com");
	cr_expect_eq(c->web[FE_WEB_INTERNAL].sip_port, 5061);
	cr_expect_str_eq(c->web[FE_WEB_EXTERNAL].names[1], "web.contoso.com");
	cr_expect_eq(c->web[FE_WEB_EXTERNAL].sip_port, 443);
	cr_expect_str_eq(c->web[FE_WEB_EXTERNAL].links_to, "web.contoso.com");
	fe_config_free(c);
}

Test(fe_config, mistakes_name_the_member)
{
	static const struct {
		const char *web, *message;
	} rows[] = {
		{"1", "config member 'web': not an object"},
		{"{\"external_port\": 0}", "config member 'external_port': not a port"},
		{"{\"names\": \"fe\"}", "config member 'names': not a list"},
		{"{\"external_names\": [1]}",
		 "config member 'external_names': not a list of names"},
		{"{\"sip_external\": {\"port\": 99999}}", "config member 'port': not a port"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_assert_null(parse(rows[i].web, &error), "%s", rows[i].web);
		cr_expect_str_eq(error->message, rows[i].message, "%s", error->message);
	}
}
