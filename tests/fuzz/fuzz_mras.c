/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MRAS documents and user names: what is accepted prints and parses again to the same. */
#include "common/mras.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void request(const char *xml, gsize length)
{
	struct mras_request r = {0};
	struct mras_request again = {0};

	if (!mras_request_parse(xml, length, &r))
		return;

	g_autofree char *text = mras_request_print(&r);

	g_assert_true(mras_request_parse(text, strlen(text), &again));
	g_assert_cmpstr(r.identity, ==, again.identity);
	mras_request_clear(&r);
	mras_request_clear(&again);
}

static void response(const char *xml, gsize length)
{
	struct mras_response r = {0};
	struct mras_response again = {0};

	if (!mras_response_parse(xml, length, &r))
		return;

	g_autofree char *text = mras_response_print(&r);

	g_assert_true(mras_response_parse(text, strlen(text), &again));
	g_assert_cmpstr(r.password, ==, again.password);
	mras_response_clear(&r);
	mras_response_clear(&again);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);

	request((const char *)data, size);
	response((const char *)data, size);
	g_free(mras_password("secret", text, 1));
	return 0;
}
