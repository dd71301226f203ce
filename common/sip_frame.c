/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_private.h"

#include <string.h>

/* Sets *error and returns -1, for sip_frame to return. */
static int frame_error(GError **error, GIOErrorEnum code, const char *why)
{
	g_set_error_literal(error, G_IO_ERROR, (int)code, why);
	return -1;
}

/* The compact forms are of RFC 3261 section 7.3.3 and its extensions. */
const char *sip_header_full_name(const char *name)
{
	static const struct {
		char compact;
		const char *full;
	} forms[] = {
		{'a', "Accept-Contact"},
		{'b', "Referred-By"},
		{'c', "Content-Type"},
		{'d', "Request-Disposition"},
		{'e', "Content-Encoding"},
		{'f', "From"},
		{'i', "Call-ID"},
		{'j', "Reject-Contact"},
		{'k', "Supported"},
		{'l', "Content-Length"},
		{'m', "Contact"},
		{'n', "Identity-Info"},
		{'o', "Event"},
		{'r', "Refer-To"},
		{'s', "Subject"},
		{'t', "To"},
		{'u', "Allow-Events"},
		{'v', "Via"},
		{'x', "Session-Expires"},
		{'y', "Identity"},
	};

	if (!name[0] || name[1])
		return name;
	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		if (forms[i].compact == g_ascii_tolower(name[0]))
			return forms[i].full;
	}
	return name;
}

/* Whether a name of `length` bytes is Content-Length or its compact form. */
static bool is_content_length(const char *name, gsize length)
{
	static const char full[] = "Content-Length";

	while (length && (name[length - 1] == ' ' || name[length - 1] == '\t'))
		length--;
	if (length == 1)
		return g_ascii_tolower(name[0]) == 'l';
	return length == strlen(full) && !g_ascii_strncasecmp(name, full, length);
}

/* Parses the value of Content-Length, which may be folded (RFC 3261 section 7.3.1).  Returns false
 * when it is not a number; a number above SIP_MESSAGE_MAX may come back smaller, but above it. */
static bool parse_length(const char *p, const char *end, gsize *ret_length)
{
	gsize n = 0;

	while (p < end && strchr(" \t\r\n", *p))
		p++;
	if (p == end || !g_ascii_isdigit(*p))
		return false;
	for (; p < end && g_ascii_isdigit(*p); p++) {
		n = n * 10 + (gsize)(*p - '0');
		if (n > SIP_MESSAGE_MAX)
			n = SIP_MESSAGE_MAX + 1;
	}
	while (p < end && strchr(" \t\r\n", *p))
		p++;
	*ret_length = n;
	return p == end;
}

/* End of the header line that begins at `p`, with its folded lines; `end` is the end of all
 * headers. */
static const char *line_end(const char *p, const char *end)
{
	while (p < end) {
		const char *newline = memchr(p, '\n', (gsize)(end - p));

		if (!newline)
			return end;
		if (newline + 1 == end || (newline[1] != ' ' && newline[1] != '\t'))
			return newline;
		p = newline + 1;
	}
	return end;
}

/* The value of Content-Length in the headers; -1: it is missing or not a number, or two differ (RFC
 * 4475 section 3.3.9). */
static gssize content_length(const char *headers, const char *end)
{
	gssize found = -1;

	for (const char *line = headers; line < end;) {
		const char *stop = line_end(line, end);
		const char *colon = memchr(line, ':', (gsize)(stop - line));
		gsize n;

		if (colon && is_content_length(line, (gsize)(colon - line))) {
			if (!parse_length(colon + 1, stop, &n) ||
			    (found >= 0 && found != (gssize)n))
				return -1;
			found = (gssize)n;
		}
		line = stop + 1;
	}
	return found;
}

int sip_frame(const char *data, gsize length, gsize *scanned, gsize *ret_total, GError **error)
{
	static const char blank[] = "\r\n\r\n";
	gsize from = *scanned > 3 ? *scanned - 3 : 0;
	const char *end = length > from ? memmem(data + from, length - from, blank, 4) : NULL;

	*scanned = length;
	if (!end)
		return length > SIP_MESSAGE_MAX ?
			       frame_error(error, G_IO_ERROR_MESSAGE_TOO_LARGE,
					   "headers longer than a message may be") :
			       0;

	const char *start_line_end = memchr(data, '\n', length);
	gssize body = start_line_end < end ? content_length(start_line_end + 1, end + 2) : -1;
	gsize head = (gsize)(end - data) + 4;

	*scanned = (gsize)(end - data); /* the next call finds the end of the headers at once */
	if (body < 0)
		return frame_error(error, G_IO_ERROR_INVALID_DATA, "no valid Content-Length");
	if (head + (gsize)body > SIP_MESSAGE_MAX)
		return frame_error(error, G_IO_ERROR_MESSAGE_TOO_LARGE,
				   "message longer than the limit");
	*ret_total = head + (gsize)body;
	return 1;
}
