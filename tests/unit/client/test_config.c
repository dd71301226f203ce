/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/config.h"

#include <criterion/criterion.h>
#include <gio/gio.h>

static bool parse(const char *discovery, struct client_config *ret, GError **error)
{
	json_t *object =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?}", "name", "dc1", "user",
			  "dc1@contoso.com", "password", "secret", "domain", "contoso.com", "ca",
			  "/ca.pem", "address", "10.0.1.101", "discovery", discovery);
	bool good = client_config_parse(object, ret, error);

	json_decref(object);
	return good;
}

Test(config, words_for_discovery)
{
	static const struct {
		const char *word;
		enum client_discovery value;
	} rows[] = {
		{NULL, DISCOVERY_AUTO},
		{"auto", DISCOVERY_AUTO},
		{"web", DISCOVERY_WEB_ONLY},
		{"srv", DISCOVERY_SRV_ONLY},
	};
	struct client_config c;
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		cr_assert(parse(rows[i].word, &c, NULL), "row %u", i);
		cr_expect_eq(c.discovery, rows[i].value, "row %u: %d", i, c.discovery);
		client_config_done(&c);
	}
	cr_assert(!parse("dns", &c, &error));
	cr_expect_str_eq(error->message, "unknown discovery \"dns\"");
}
