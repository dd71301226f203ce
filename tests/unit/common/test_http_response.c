/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/http_response.h"

#include <criterion/criterion.h>
#include <string.h>

#define BODY_MAX 64
#define TEN "0123456789"

static const struct row {
	const char *what, *text;
	enum http_progress progress; /* after all of it, and the connection's end unless complete */
	guint status;
	const char *body;
	bool keeps_open;
} rows[] = {
	{"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", HTTP_COMPLETE, 200, "abc",
	 true},
	{"no body", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", HTTP_COMPLETE, 404, "",
	 true},
	{"no content", "HTTP/1.1 204 No Content\r\n\r\n", HTTP_COMPLETE, 204, "", true},
	{"closed", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na",
	 HTTP_COMPLETE, 200, "a", false},
	{"old", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", HTTP_COMPLETE, 200, "a", false},
	{"to the end", "HTTP/1.1 200 OK\r\n\r\nabc", HTTP_COMPLETE, 200, "abc", false},
	{"chunks",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n" TEN
	 "\r\n0\r\nTrailer: t\r\n\r\n",
	 HTTP_COMPLETE, 200, "abc" TEN, true},
	{"continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
	 HTTP_COMPLETE, 200, "a", true},
	{"truncated body", "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc", HTTP_BROKEN, 0, NULL,
	 false},
	{"truncated head", "HTTP/1.1 200 OK\r\nContent-Len", HTTP_BROKEN, 0, NULL, false},
	{"truncated chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
	 HTTP_BROKEN, 0, NULL, false},
	{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	 HTTP_BROKEN, 0, NULL, false},
	{"no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n",
	 HTTP_BROKEN, 0, NULL, false},
	{"long size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000000001\r\na\r\n",
	 HTTP_BROKEN, 0, NULL, false},
	{"chunk without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
	 HTTP_BROKEN, 0, NULL, false},
	{"large chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
	 HTTP_TOO_LARGE, 0, NULL, false},
	{"many chunks",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1e\r\n" TEN TEN TEN
	 "\r\n1e\r\n" TEN TEN TEN "\r\n1e\r\n" TEN TEN TEN "\r\n",
	 HTTP_TOO_LARGE, 0, NULL, false},
	{"endless trailer",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: " TEN TEN TEN TEN
	 "\r\nb: " TEN TEN TEN "\r\n",
	 HTTP_TOO_LARGE, 0, NULL, false},
	{"large length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", HTTP_TOO_LARGE,
	 0, NULL, false},
	{"large to the end", "HTTP/1.1 200 OK\r\n\r\n" TEN TEN TEN TEN TEN TEN TEN, HTTP_TOO_LARGE,
	 0, NULL, false},
	{"another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", HTTP_BROKEN, 0,
	 NULL, false},
	{"not HTTP", "220 mail.contoso.com ESMTP\r\n\r\n", HTTP_BROKEN, 0, NULL, false},
	{"nothing", "", HTTP_BROKEN, 0, NULL, false},
};

/* Feeds the text in pieces of so many bytes, and the end of the connection. */
static enum http_progress feed(http_response *r, const char *text, gsize piece)
{
	enum http_progress progress = HTTP_MORE;

	for (gsize at = 0; progress == HTTP_MORE && at < strlen(text); at += piece)
		progress = http_response_feed(r, text + at, MIN(piece, strlen(text) - at));
	return progress == HTTP_MORE ? http_response_feed(r, "", 0) : progress;
}

Test(http_response, each_form_in_any_pieces)
{
	static const gsize pieces[] = {1, 2, 7, 10000};

	for (guint i = 0; i < G_N_ELEMENTS(rows) * G_N_ELEMENTS(pieces); i++) {
		const struct row *row = &rows[i / G_N_ELEMENTS(pieces)];
		gsize piece = pieces[i % G_N_ELEMENTS(pieces)], bytes;
		http_response *r = http_response_new(BODY_MAX);
		enum http_progress progress = feed(r, row->text, piece);

		cr_expect_eq(progress, row->progress, "%s by %zu: %d", row->what, piece, progress);
		if (progress == HTTP_COMPLETE) {
			cr_expect_eq(http_response_status(r), row->status, "%s", row->what);
			cr_expect_str_eq(http_response_body(r, &bytes), row->body, "%s", row->what);
			cr_expect_eq(bytes, strlen(row->body), "%s", row->what);
			cr_expect_eq(http_response_keeps_open(r), row->keeps_open, "%s", row->what);
		}
		http_response_free(r);
	}
}

Test(http_response, headers)
{
	http_response *r = http_response_new(BODY_MAX);

	feed(r, "HTTP/1.1 302 Found\r\nLocation:  /there \r\nContent-Length: 0\r\n\r\n", 1000);
	cr_expect_str_eq(http_response_header(r, "LOCATION"), "/there");
	cr_expect_null(http_response_header(r, "Host"));
	http_response_free(r);
}

Test(http_response, an_endless_head_ends)
{
	http_response *r = http_response_new(BODY_MAX);
	g_autofree char *line = g_strnfill(HTTP_HEAD_MAX, 'a');
	enum http_progress progress = http_response_feed(r, "HTTP/1.1 200 OK\r\n", 17);

	cr_expect_eq(progress, HTTP_MORE);
	cr_expect_eq(http_response_feed(r, line, strlen(line)), HTTP_TOO_LARGE);
	http_response_free(r);
	r = http_response_new(BODY_MAX);
	cr_expect_eq(http_response_feed(r, "HTTP/1.1 200 OK\r\n\0", 18), HTTP_BROKEN);
	http_response_free(r);
}
