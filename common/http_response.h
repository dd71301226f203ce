/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads one response of HTTP/1.1 (RFC 9112) from the bytes of a connection, as they come.
 *
 * Of libsoup this uses the reader of headers only.  A session of libsoup looks names up and
 * connects by itself; but each look-up and each attempt of a client is a step that it must tell.
 *
 * All forms of a body are read: chunked, of a given length, up to the end of the connection.
 * Responses 1xx are passed over.  Limits: HTTP_HEAD_MAX for the head, the caller's for the body.
 * Pure.
 */
#ifndef COMMON_HTTP_RESPONSE_H
#define COMMON_HTTP_RESPONSE_H

#include <glib.h>
#include <stdbool.h>

#define HTTP_HEAD_MAX (16 * 1024)

typedef struct http_response http_response;

enum http_progress {
	HTTP_MORE,	/* it is not complete */
	HTTP_COMPLETE,	/* status, headers and body are there */
	HTTP_BROKEN,	/* it is none, or the connection ended within it */
	HTTP_TOO_LARGE, /* it is over a limit */
};

/* For http_response_free.  A body of more than `body_max` bytes is too large. */
http_response *http_response_new(gsize body_max);
void http_response_free(http_response *r); /* accepts NULL */
/* Takes the next bytes; none: the connection has ended.  Not to be called after another result than
 * HTTP_MORE. */
enum http_progress http_response_feed(http_response *r, const char *data, gsize bytes);

/* Of a complete response; borrowed. */
guint http_response_status(const http_response *r);
/* The first header of that name; NULL: there is none. */
const char *http_response_header(const http_response *r, const char *name);
const char *http_response_body(const http_response *r, gsize *ret_bytes); /* ends with a NUL */
/* Whether the connection may take another request. */
bool http_response_keeps_open(const http_response *r);

#endif
