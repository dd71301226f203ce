/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP responses: the same comes out of them in one piece and byte by byte, and no body is too
 * long. */
#include "common/http_response.h"

#include <string.h>

#define BODY_MAX 1000

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* Feeds the bytes in pieces, and the connection's end. */
static enum http_progress feed(http_response *r, const char *bytes, gsize size, gsize piece)
{
	enum http_progress progress = HTTP_MORE;

	for (gsize at = 0; progress == HTTP_MORE && at < size; at += piece)
		progress = http_response_feed(r, bytes + at, MIN(piece, size - at));
	return progress == HTTP_MORE ? http_response_feed(r, NULL, 0) : progress;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	http_response *whole = http_response_new(BODY_MAX), *bytes = http_response_new(BODY_MAX);
	enum http_progress a = feed(whole, (const char *)data, size, size + 1);
	enum http_progress b = feed(bytes, (const char *)data, size, 1);
	gsize n, m;

	if (a == HTTP_COMPLETE) {
		const char *text = http_response_body(whole, &n);

		g_assert_cmpint(b, ==, HTTP_COMPLETE);
		g_assert_true(memcmp(text, http_response_body(bytes, &m), n) == 0 && m == n);
		g_assert_cmpuint(n, <=, BODY_MAX);
		g_assert_cmpuint(http_response_status(whole), ==, http_response_status(bytes));
	}
	http_response_free(whole);
	http_response_free(bytes);
	return 0;
}
