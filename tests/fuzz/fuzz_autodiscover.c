/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Autodiscover documents: what is accepted prints and parses again to the same, in both formats. */
#include "common/autodiscover.h"

#include <string.h>

#include "common/base/object.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void expect_same(const struct autodiscover *d, enum autodiscover_format format)
{
	g_autofree char *text = autodiscover_print(d, format);
	struct autodiscover *again = autodiscover_parse(text, strlen(text));

	/* printed, it may be too large */
	if (again) {
		g_assert_cmpint(again->resource, ==, d->resource);
		g_assert_cmpint(again->location, ==, d->location);
		g_assert_cmpuint(again->links->len, ==, d->links->len);
		for (guint i = 0; i < G_N_ELEMENTS(d->servers); i++)
			g_assert_cmpstr(again->servers[i].fqdn, ==, d->servers[i].fqdn);
	} else {
		g_assert_cmpuint(strlen(text), >, AUTODISCOVER_BYTES_MAX);
	}
	object_free(again);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	struct autodiscover *d = autodiscover_parse((const char *)data, size);

	if (d) {
		expect_same(d, AUTODISCOVER_XML);
		expect_same(d, AUTODISCOVER_JSON);
	}
	object_free(d);
	return 0;
}
