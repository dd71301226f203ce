/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing and printing of SIP messages. */
#include "common/sip_grammar.h"
#include "common/sip_message.h"
#include "common/sip_private.h"

#include <string.h>

/* Headers whose comma-separated values are stored one by one. */
static const char *const list_headers[] = {"Via", "Route", "Record-Route", "Path", "Service-Route"};
/* Headers that may occur only once (RFC 3261 table 2; RFC 4475 section 3.3.8). */
static const char *const single_headers[] = {"From",	     "To",	     "Call-ID", "CSeq",
					     "Max-Forwards", "Content-Type", "Expires"};
static const char *const required_headers[] = {"Via", "From", "To", "Call-ID", "CSeq"};

/* Sets *error and returns false. */
static bool parse_error(GError **error, const char *why)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
	return false;
}

/* RFC 3261 section 7.1: exactly two single spaces, nothing around them. */
static bool parse_request_line(sip_msg *m, const char *line, GError **error)
{
	g_auto(GStrv) part = g_strsplit(line, " ", -1);

	if (g_strv_length(part) != 3 || !*part[0] || !*part[1])
		return parse_error(error, "malformed request line");
	if (strcmp(part[2], "SIP/2.0") != 0)
		return parse_error(error, "not SIP/2.0");
	if (!sip_grammar_is_uri(part[1]))
		return parse_error(error, "malformed Request-URI");
	m->method = g_strdup(part[0]);
	m->uri = g_strdup(part[1]);
	return true;
}

/* Reads a status line or a request line into the message. */
static bool parse_start_line(sip_msg *m, const char *line, GError **error)
{
	static const char version[] = "SIP/2.0 ";

	if (!g_str_has_prefix(line, version))
		return parse_request_line(m, line, error);
	line += strlen(version);
	if (strspn(line, "0123456789") != 3 || (line[3] != ' ' && line[3]))
		return parse_error(error, "malformed status line");
	m->status = (int)g_ascii_strtoull(line, NULL, 10);
	m->reason = g_strdup(line[3] ? line + 4 : "");
	return m->status >= 100 && m->status <= 699 ? true :
						      parse_error(error, "status out of range");
}

/* Appends each of the comma-separated values as a header of its own. */
static void append_values(sip_msg *m, const char *name, const char *values)
{
	while (*values) {
		const char *end = sip_piece_end(values, ",");
		struct sip_field *h = sip_field_new(name, values, end - values);

		if (*h->value)
			g_ptr_array_add(m->headers, h);
		else
			sip_field_free(h);
		values = *end ? end + 1 : end;
	}
}

/* Parses one unfolded header line and appends it.  Content-Length is not stored: sip_frame has used
 * it, and sip_msg_print writes it. */
static bool parse_header(sip_msg *m, char *line, GError **error)
{
	static const char token[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
	char *colon = strchr(line, ':');

	if (!colon)
		return parse_error(error, "a header line has no colon");
	*colon = '\0';
	g_strchomp(line);
	if (!*line || strspn(line, token) != strlen(line))
		return parse_error(error, "malformed header name");

	const char *name = sip_header_full_name(line);

	if (!g_ascii_strcasecmp(name, "Content-Length"))
		return true;
	if (sip_name_is_in(name, list_headers, G_N_ELEMENTS(list_headers)))
		append_values(m, name, colon + 1);
	else
		sip_field_append(m, name, colon + 1);
	return true;
}

/* Joins folded lines in place: a line that begins with white space continues the one before (RFC
 * 3261 section 7.3.1). */
static void unfold(char *head)
{
	char *out = head;

	for (const char *in = head; *in; in++) {
		if (in[0] == '\r' && in[1] == '\n' && (in[2] == ' ' || in[2] == '\t')) {
			*out++ = ' ';
			in += 2;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* Parses start line and headers.  `head` is the unfolded text up to and with the CRLF of the last
 * header. */
static bool parse_head(sip_msg *m, const char *head, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);

	for (guint i = 0; lines[i]; i++) {
		if (strpbrk(lines[i], "\r\n"))
			return parse_error(error, "a line ends without CRLF");
		if (i == 0 && !parse_start_line(m, lines[i], error))
			return false;
		if (i > 0 && *lines[i] && !parse_header(m, lines[i], error))
			return false;
		if (m->headers->len > SIP_HEADERS_MAX)
			return parse_error(error, "too many headers");
	}
	return true;
}

/* Checks what sofia-sip does not, and derives the members that come from headers. */
static bool check_headers(sip_msg *m, GError **error)
{
	const char *hops = sip_header(m, "Max-Forwards");

	for (gsize i = 0; i < G_N_ELEMENTS(required_headers); i++) {
		if (sip_field_find(m, required_headers[i], 0) < 0)
			return parse_error(error, "Via, From, To, Call-ID or CSeq is missing");
	}
	for (gsize i = 0; i < G_N_ELEMENTS(single_headers); i++) {
		if (sip_field_count(m, single_headers[i]) > 1)
			return parse_error(error, "a header that may occur only once is repeated");
	}
	if (!sip_msg_derive(m))
		return parse_error(error, "From, To or CSeq does not parse");
	if (m->cseq > G_MAXINT32) /* RFC 3261 section 8.1.1.5: below 2^31 */
		return parse_error(error, "CSeq out of range");
	if (m->method && strcmp(m->method, m->cseq_method) != 0)
		return parse_error(error, "CSeq names another method than the request");
	if (hops && !g_ascii_string_to_unsigned(hops, 10, 0, 255, NULL, NULL))
		return parse_error(error, "Max-Forwards out of range");
	return true;
}

/* Length of start line, headers and blank line; 0: they are incomplete or contain NUL. */
static gsize head_length(const char *data, gsize length)
{
	const char *end = memmem(data, length, "\r\n\r\n", 4);

	return end && !memchr(data, '\0', (gsize)(end - data)) ? (gsize)(end - data) + 4 : 0;
}

/* What is wrong with the message whose unfolded head is `text`, up to and with the CRLF of the last
 * header; NULL: nothing.  It is judged as it will be printed: sofia-sip takes some folded lines
 * that it refuses unfolded. */
static const char *refusal(const char *text, gsize head, const char *data, gsize length)
{
	g_autofree char *copy = NULL;
	gsize unfolded = strlen(text) + 2;

	if (unfolded == head)
		return sip_grammar_refusal(data, length);
	copy = g_malloc(unfolded + length - head);
	memcpy(copy, text, unfolded - 2);
	memcpy(copy + unfolded - 2, data + head - 2, length - head + 2);
	return sip_grammar_refusal(copy, unfolded + length - head);
}

sip_msg *sip_msg_parse(const char *data, gsize length, GError **error)
{
	g_autoptr(sip_msg) m = sip_msg_new();
	gsize head = head_length(data, length);
	gsize scanned = 0;
	gsize total = 0;

	if (length > SIP_MESSAGE_MAX || !head) {
		parse_error(error, head ? "message longer than the limit" :
					  "headers are incomplete or contain NUL");
		return NULL;
	}
	if (sip_frame(data, length, &scanned, &total, error) != 1)
		return NULL;
	if (total != length) {
		parse_error(error, "Content-Length does not agree with the body");
		return NULL;
	}

	g_autofree char *text = g_strndup(data, head - 2);
	const char *why;

	unfold(text);
	why = refusal(text, head, data, length);
	if (why) {
		parse_error(error, why);
		return NULL;
	}
	if (!parse_head(m, text, error) || !check_headers(m, error))
		return NULL;
	sip_body_store(m, data + head, length - head);
	return g_steal_pointer(&m);
}

/* Whether the start line is that of a request that may be answered, which an ACK is not. */
static bool is_answerable(const char *line, int *ret_status)
{
	g_auto(GStrv) word = g_strsplit_set(line, " \t", -1);
	guint n = g_strv_length(word);

	if (n < 2 || !*word[0] || g_str_has_prefix(line, "SIP/") || strcmp(word[0], "ACK") == 0)
		return false;
	*ret_status = g_str_has_prefix(word[n - 1], "SIP/") && strcmp(word[n - 1], "SIP/2.0") != 0 ?
			      505 :
			      400;
	return true;
}

sip_msg *sip_bad_request(const char *data, gsize length, const GError *why)
{
	const char *end = memmem(data, length, "\r\n\r\n", 4);
	g_autoptr(sip_msg) m = sip_msg_new();
	g_autofree char *tag = sip_new_tag(), *head = NULL, *phrase = NULL;
	g_auto(GStrv) lines = NULL;
	int status = 400;

	if (!end || memchr(data, '\0', (gsize)(end - data)))
		return NULL;
	head = g_strndup(data, (gsize)(end - data));
	unfold(head);
	lines = g_strsplit(head, "\r\n", -1);
	if (!lines[0] || !is_answerable(lines[0], &status))
		return NULL;
	for (guint i = 1; lines[i] && m->headers->len <= SIP_HEADERS_MAX; i++)
		if (!strpbrk(lines[i], "\r\n"))
			parse_header(m, lines[i], NULL); /* what is malformed is left out */
	for (gsize i = 0; i < G_N_ELEMENTS(required_headers); i++)
		if (!sip_field_count(m, required_headers[i]))
			return NULL;
	sip_msg_derive(m);
	if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
		status = 513;
	phrase = status == 400 ? g_strdup_printf("Bad Request: %s", why->message) : NULL;
	return sip_response_new(m, status, phrase, tag);
}

static gsize digits_of(gsize n)
{
	gsize digits = 1;

	while (n >= 10) {
		n /= 10;
		digits++;
	}
	return digits;
}

gsize sip_msg_size(const sip_msg *m)
{
	gsize size = m->method ? strlen(m->method) + strlen(m->uri) + strlen("  SIP/2.0\r\n") :
				 strlen("SIP/2.0 200 \r\n") + strlen(m->reason);

	for (guint i = 0; i < m->headers->len; i++)
		size += strlen(sip_field_at(m, i)->name) + strlen(sip_field_at(m, i)->value) +
			strlen(": \r\n");
	return size + strlen("Content-Length: \r\n\r\n") + digits_of(m->body_length) +
	       m->body_length;
}

char *sip_msg_print(const sip_msg *m, gsize *ret_length)
{
	GString *out = g_string_sized_new(1024 + m->body_length);

	if (m->method)
		g_string_append_printf(out, "%s %s SIP/2.0\r\n", m->method, m->uri);
	else
		g_string_append_printf(out, "SIP/2.0 %d %s\r\n", m->status, m->reason);
	for (guint i = 0; i < m->headers->len; i++)
		g_string_append_printf(out, "%s: %s\r\n", sip_field_at(m, i)->name,
				       sip_field_at(m, i)->value);
	g_string_append_printf(out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", m->body_length);
	if (m->body)
		g_string_append_len(out, m->body, (gssize)m->body_length);
	if (ret_length)
		*ret_length = out->len;
	return g_string_free(out, FALSE);
}
