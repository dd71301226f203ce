/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/http_response.h"

#include <libsoup/soup.h>
#include <string.h>

enum chunk_part { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };

struct http_response {
	gsize body_max;
	GString *raw;	/* what has come and is not used yet */
	gsize searched; /* of `raw`: what is looked for does not begin there */
	guint status;	/* 0: the head is not complete */
	SoupMessageHeaders *headers;
	bool keeps_open;
	SoupEncoding form;
	gsize length; /* bytes that are to come, of the body or the chunk */
	enum chunk_part part;
	gsize frame_bytes; /* of the lines around chunks, so far; no more than the body may have */
	GString *body;
};

http_response *http_response_new(gsize body_max)
{
	http_response *r = g_new0(http_response, 1);

	r->body_max = body_max;
	r->raw = g_string_new(NULL);
	r->body = g_string_new(NULL);
	r->headers = soup_message_headers_new(SOUP_MESSAGE_HEADERS_RESPONSE);
	return r;
}

void http_response_free(http_response *r)
{
	if (!r)
		return;
	g_string_free(r->raw, TRUE);
	g_string_free(r->body, TRUE);
	soup_message_headers_unref(r->headers);
	g_free(r);
}

guint http_response_status(const http_response *r)
{
	return r->status;
}

const char *http_response_header(const http_response *r, const char *name)
{
	return soup_message_headers_get_one(r->headers, name);
}

const char *http_response_body(const http_response *r, gsize *ret_bytes)
{
	*ret_bytes = r->body->len;
	return r->body->str;
}

bool http_response_keeps_open(const http_response *r)
{
	return r->keeps_open;
}

/* The first `what` in what has come; NULL: none yet, or it is behind a NUL, which no line has.
 * Looks only where it has not looked before: a server may send byte by byte. */
static const char *search(http_response *r, const char *what)
{
	const char *from = r->raw->str + r->searched, *found = strstr(from, what);
	gsize seen = found ? 0 : strlen(from), begun = strlen(what) - 1;

	if (found) /* the caller takes it out */
		r->searched = 0;
	else if (seen > begun)
		r->searched += seen - begun;
	return found;
}

/* --- the head --------------------------------------------------------------------------------- */

/* Finds out how the body ends (RFC 9112 section 6.3). */
static enum http_progress choose_form(http_response *r, SoupHTTPVersion version)
{
	goffset length = 0;

	r->form = soup_message_headers_get_encoding(r->headers);
	if (r->status == SOUP_STATUS_NO_CONTENT || r->status == SOUP_STATUS_NOT_MODIFIED)
		r->form = SOUP_ENCODING_NONE;
	if (r->form == SOUP_ENCODING_CONTENT_LENGTH)
		length = soup_message_headers_get_content_length(r->headers);
	r->keeps_open = version == SOUP_HTTP_1_1 && r->form != SOUP_ENCODING_EOF &&
			!soup_message_headers_header_contains(r->headers, "Connection", "close");
	r->length = (gsize)length;
	return r->form == SOUP_ENCODING_UNRECOGNIZED ? HTTP_BROKEN : HTTP_MORE;
}

/* Reads the head if all of it is there. */
static enum http_progress read_head(http_response *r)
{
	const char *end = search(r, "\r\n\r\n");
	SoupHTTPVersion version;
	bool good;

	if (!end && r->raw->len > HTTP_HEAD_MAX)
		return HTTP_TOO_LARGE;
	if (!end) /* no head has a NUL, behind which nothing is searched */
		return r->searched + strlen(r->raw->str + r->searched) < r->raw->len ? HTTP_BROKEN :
										       HTTP_MORE;
	soup_message_headers_clear(r->headers);
	good = soup_headers_parse_response(r->raw->str, (int)(end + 2 - r->raw->str), r->headers,
					   &version, &r->status, NULL);
	g_string_erase(r->raw, 0, end - r->raw->str + (gssize)strlen("\r\n\r\n"));
	return good ? choose_form(r, version) : HTTP_BROKEN;
}

/* --- the body --------------------------------------------------------------------------------- */

/* Moves bytes to the body; HTTP_TOO_LARGE when it has no room for them. */
static enum http_progress move_to_body(http_response *r, gsize bytes)
{
	if (bytes > r->body_max - r->body->len)
		return HTTP_TOO_LARGE;
	g_string_append_len(r->body, r->raw->str, (gssize)bytes);
	g_string_erase(r->raw, 0, (gssize)bytes);
	return HTTP_MORE;
}

/* Takes a line of the frame of chunks out of what has come; the caller frees.  NULL: it is not all
 * there, or too long, which *ret says. */
static char *take_line(http_response *r, enum http_progress *ret)
{
	const char *end = search(r, "\r\n");
	gsize bytes = end ? (gsize)(end - r->raw->str) : r->raw->len;
	char *line;

	r->frame_bytes += end ? bytes : 0;
	*ret = bytes > HTTP_HEAD_MAX || r->frame_bytes > r->body_max ? HTTP_TOO_LARGE : HTTP_MORE;
	if (!end || *ret != HTTP_MORE)
		return NULL;
	line = g_strndup(r->raw->str, bytes);
	g_string_erase(r->raw, 0, (gssize)(bytes + strlen("\r\n")));
	return line;
}

/* Reads "1f; extension". */
static bool read_chunk_size(http_response *r, const char *line)
{
	gsize digits = strspn(line, "0123456789abcdefABCDEF");

	if (digits == 0 || digits > 8 || !strchr("; \t", line[digits]))
		return false;
	r->length = (gsize)g_ascii_strtoull(line, NULL, 16);
	return true;
}

/* Takes the next line of the frame: the size of a chunk, the empty one behind its data, or one of
 * the trailer, which an empty one ends. */
static enum http_progress read_frame(http_response *r)
{
	enum http_progress progress;
	g_autofree char *line = take_line(r, &progress);

	if (!line)
		return progress;
	if (r->part == CHUNK_SIZE) {
		if (!read_chunk_size(r, line))
			return HTTP_BROKEN;
		r->part = r->length > 0 ? CHUNK_DATA : CHUNK_TRAILER;
	} else if (r->part == CHUNK_END) {
		if (*line)
			return HTTP_BROKEN;
		r->part = CHUNK_SIZE;
	} else if (!*line) {
		return HTTP_COMPLETE;
	}
	return HTTP_MORE;
}

/* Takes what there is of the `length` bytes that are to come. */
static enum http_progress read_bytes(http_response *r)
{
	gsize bytes = MIN(r->length, r->raw->len);

	if (r->length > r->body_max - r->body->len)
		return HTTP_TOO_LARGE;
	r->length -= bytes;
	return move_to_body(r, bytes);
}

static enum http_progress read_chunks(http_response *r)
{
	enum http_progress progress = HTTP_MORE;
	gsize before;

	do {
		before = r->raw->len;
		progress = r->part == CHUNK_DATA ? read_bytes(r) : read_frame(r);
		if (r->part == CHUNK_DATA && r->length == 0)
			r->part = CHUNK_END;
	} while (progress == HTTP_MORE && r->raw->len < before);
	return progress;
}

static enum http_progress read_body(http_response *r)
{
	enum http_progress progress;

	if (r->form == SOUP_ENCODING_CHUNKED)
		return read_chunks(r);
	if (r->form == SOUP_ENCODING_EOF)
		return move_to_body(r, r->raw->len);
	progress = read_bytes(r);
	return progress == HTTP_MORE && r->length == 0 ? HTTP_COMPLETE : progress;
}

enum http_progress http_response_feed(http_response *r, const char *data, gsize bytes)
{
	if (bytes == 0)
		return r->status > 0 && r->form == SOUP_ENCODING_EOF ? HTTP_COMPLETE : HTTP_BROKEN;
	g_string_append_len(r->raw, data, (gssize)bytes);
	while (r->status < SOUP_STATUS_OK) {
		enum http_progress progress;

		r->status = 0;
		progress = read_head(r);
		if (progress != HTTP_MORE || r->status == 0)
			return progress;
	}
	return read_body(r);
}
