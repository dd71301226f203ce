#include "common/sip_private.h"

#include <string.h>

#include "common/sip_grammar.h"

#ifndef TESTBED_VERSION
#define TESTBED_VERSION "0"
#endif

struct header {
	char *name;
	char *value;
};

struct sip_msg {
	guint refs;
	char *method;       /* of a request, else NULL */
	char *uri;
	int status;         /* of a response, else 0 */
	char *reason;
	GPtrArray *headers; /* struct header, in order; Content-Length is never among them */
	char *body;         /* NUL-terminated; NULL: none */
	gsize body_length;
	/* Taken out of the headers by derive(): */
	char *from_uri, *from_tag, *to_uri, *to_tag, *cseq_method, *content_type;
	guint32 cseq;
};

/* Headers whose line may hold several values separated by commas, which we keep one by one. */
static const char *const list_headers[] = { "Via", "Route", "Record-Route", "Path", "Service-Route" };
/* Headers that may come once only (RFC 3261 table 2; RFC 4475 section 3.3.8). */
static const char *const single_headers[] = { "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type", "Expires" };
static const char *const required_headers[] = { "Via", "From", "To", "Call-ID", "CSeq" };
static const char *const response_headers[] = { "Via", "Record-Route", "From", "To", "Call-ID", "CSeq" };

static bool is_in(const char *name, const char *const *names, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		if (!g_ascii_strcasecmp(name, names[i]))
			return true;
	}
	return false;
}

static void header_free(gpointer p)
{
	struct header *h = p;

	g_free(h->name);
	g_free(h->value);
	g_free(h);
}

/* A line break smuggled into a value would make a header of its own. */
static char *clean_value(const char *value, gssize length)
{
	char *clean = length < 0 ? g_strdup(value) : g_strndup(value, (gsize)length);

	for (char *p = clean; *p; p++) {
		if (*p == '\r' || *p == '\n')
			*p = ' ';
	}
	return g_strstrip(clean);
}

static struct header *header_new(const char *name, const char *value, gssize length)
{
	struct header *h = g_new(struct header, 1);

	h->name = g_strdup(sip_header_full_name(name));
	h->value = clean_value(value, length);
	return h;
}

static sip_msg *msg_new(void)
{
	sip_msg *m = g_new0(sip_msg, 1);

	m->refs = 1;
	m->headers = g_ptr_array_new_with_free_func(header_free);
	return m;
}

sip_msg *sip_msg_ref(sip_msg *m)
{
	m->refs++;
	return m;
}

void sip_msg_unref(sip_msg *m)
{
	if (!m || --m->refs)
		return;
	g_free(m->method);
	g_free(m->uri);
	g_free(m->reason);
	g_ptr_array_unref(m->headers);
	g_free(m->body);
	g_free(m->from_uri);
	g_free(m->from_tag);
	g_free(m->to_uri);
	g_free(m->to_tag);
	g_free(m->cseq_method);
	g_free(m->content_type);
	g_free(m);
}

/* --- headers ------------------------------------------------------------------------------------ */

static const struct header *header_at(const sip_msg *m, guint i)
{
	return g_ptr_array_index(m->headers, i);
}

/* Index of the n-th header of that name, or -1. */
static gint find(const sip_msg *m, const char *name, guint n)
{
	name = sip_header_full_name(name);
	for (guint i = 0; i < m->headers->len; i++) {
		if (!g_ascii_strcasecmp(header_at(m, i)->name, name) && n-- == 0)
			return (gint)i;
	}
	return -1;
}

static guint count(const sip_msg *m, const char *name)
{
	guint n = 0;

	for (guint i = 0; i < m->headers->len; i++)
		n += !g_ascii_strcasecmp(header_at(m, i)->name, name);
	return n;
}

static bool derive_address(const sip_msg *m, const char *name, char **uri, char **tag)
{
	const char *value = sip_header(m, name);

	g_clear_pointer(uri, g_free);
	g_clear_pointer(tag, g_free);
	return value && sip_grammar_address(value, uri, tag);
}

/* Brings the fields taken out of the headers up to date; false: one of them does not parse. */
static bool derive(sip_msg *m)
{
	const char *type = sip_header(m, "Content-Type");
	const char *cseq = sip_header(m, "CSeq");
	bool valid = derive_address(m, "From", &m->from_uri, &m->from_tag);

	valid = derive_address(m, "To", &m->to_uri, &m->to_tag) && valid;
	m->cseq = 0;
	g_clear_pointer(&m->cseq_method, g_free);
	valid = cseq && sip_grammar_cseq(cseq, &m->cseq, &m->cseq_method) && valid;
	g_free(m->content_type);
	m->content_type = type ? g_strstrip(g_ascii_strdown(type, (gssize)strcspn(type, ";"))) : NULL;
	return valid;
}

static void changed(sip_msg *m, const char *name)
{
	static const char *const sources[] = { "From", "To", "CSeq", "Content-Type" };

	if (is_in(sip_header_full_name(name), sources, G_N_ELEMENTS(sources)))
		derive(m);
}

const char *sip_header_nth(const sip_msg *m, const char *name, guint n)
{
	gint i = find(m, name, n);

	return i < 0 ? NULL : header_at(m, (guint)i)->value;
}

const char *sip_header(const sip_msg *m, const char *name)
{
	return sip_header_nth(m, name, 0);
}

static void append(sip_msg *m, const char *name, const char *value)
{
	g_ptr_array_add(m->headers, header_new(name, value, -1));
}

void sip_add_header(sip_msg *m, const char *name, const char *value)
{
	gint last = -1;
	gint i;

	for (guint n = 0; (i = find(m, name, n)) >= 0; n++)
		last = i;
	g_ptr_array_insert(m->headers, last < 0 ? -1 : last + 1, header_new(name, value, -1));
	changed(m, name);
}

void sip_prepend_header(sip_msg *m, const char *name, const char *value)
{
	gint first = find(m, name, 0);

	g_ptr_array_insert(m->headers, first < 0 ? 0 : first, header_new(name, value, -1));
	changed(m, name);
}

bool sip_pop_header(sip_msg *m, const char *name)
{
	gint first = find(m, name, 0);

	if (first < 0)
		return false;
	g_ptr_array_remove_index(m->headers, (guint)first);
	changed(m, name);
	return true;
}

void sip_remove_header(sip_msg *m, const char *name)
{
	for (gint i; (i = find(m, name, 0)) >= 0;)
		g_ptr_array_remove_index(m->headers, (guint)i);
	changed(m, name);
}

bool sip_take_hop(sip_msg *m)
{
	const char *value = sip_header(m, "Max-Forwards");
	guint64 hops = 70; /* RFC 3261 section 16.6 step 3: what to add where there is none */

	if (value && !g_ascii_string_to_unsigned(value, 10, 0, 255, &hops, NULL))
		return false;
	if (hops == 0)
		return false;

	g_autofree char *next = g_strdup_printf("%u", (guint)(value ? hops - 1 : hops));
	gint i = find(m, "Max-Forwards", 0);

	if (i < 0) {
		append(m, "Max-Forwards", next);
	} else {
		struct header *h = g_ptr_array_index(m->headers, (guint)i);

		g_free(h->value);
		h->value = g_steal_pointer(&next);
	}
	return true;
}

/* --- body --------------------------------------------------------------------------------------- */

static void store_body(sip_msg *m, const char *body, gsize length)
{
	g_free(m->body);
	m->body_length = length;
	m->body = length ? g_malloc(length + 1) : NULL;
	if (m->body) {
		memcpy(m->body, body, length);
		m->body[length] = '\0';
	}
}

const char *sip_body(const sip_msg *m, gsize *ret_length)
{
	if (ret_length)
		*ret_length = m->body_length;
	return m->body;
}

void sip_set_body(sip_msg *m, const char *content_type, const char *body, gssize length)
{
	if (!body)
		length = 0;
	sip_remove_header(m, "Content-Type");
	if (body && content_type)
		sip_add_header(m, "Content-Type", content_type);
	store_body(m, body, length < 0 ? strlen(body) : (gsize)length);
}

const char *sip_content_type(const sip_msg *m)
{
	return m->body ? m->content_type : NULL;
}

/* --- parsing ------------------------------------------------------------------------------------ */

static bool refuse(GError **error, const char *why)
{
	g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
	return false;
}

/* RFC 3261 section 7.1: exactly two single spaces, nothing around them. */
static bool parse_request_line(sip_msg *m, const char *line, GError **error)
{
	g_auto(GStrv) part = g_strsplit(line, " ", -1);

	if (g_strv_length(part) != 3 || !*part[0] || !*part[1])
		return refuse(error, "malformed request line");
	if (strcmp(part[2], "SIP/2.0"))
		return refuse(error, "not SIP/2.0");
	if (!sip_grammar_is_uri(part[1]))
		return refuse(error, "malformed Request-URI");
	m->method = g_strdup(part[0]);
	m->uri = g_strdup(part[1]);
	return true;
}

static bool parse_start_line(sip_msg *m, const char *line, GError **error)
{
	static const char version[] = "SIP/2.0 ";

	if (!g_str_has_prefix(line, version))
		return parse_request_line(m, line, error);
	line += strlen(version);
	if (strspn(line, "0123456789") != 3 || (line[3] != ' ' && line[3]))
		return refuse(error, "malformed status line");
	m->status = (int)g_ascii_strtoull(line, NULL, 10);
	m->reason = g_strdup(line[3] ? line + 4 : "");
	return m->status >= 100 && m->status <= 699 ? true : refuse(error, "status out of range");
}

/* End of the first of several values separated by commas: outside quotes and angle brackets. */
static const char *value_end(const char *p)
{
	bool quoted = false;
	int depth = 0;

	for (; *p; p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && *p == '<')
			depth++;
		else if (!quoted && *p == '>')
			depth--;
		else if (!quoted && depth <= 0 && *p == ',')
			break;
	}
	return p;
}

static void append_values(sip_msg *m, const char *name, const char *values)
{
	while (*values) {
		const char *end = value_end(values);
		struct header *h = header_new(name, values, end - values);

		if (*h->value)
			g_ptr_array_add(m->headers, h);
		else
			header_free(h);
		values = *end ? end + 1 : end;
	}
}

/* One header line, unfolded.  Content-Length has done its work in the framing; print makes it anew. */
static bool parse_header(sip_msg *m, char *line, GError **error)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
	char *colon = strchr(line, ':');

	if (!colon)
		return refuse(error, "a header line without colon");
	*colon = '\0';
	g_strchomp(line);
	if (!*line || strspn(line, token) != strlen(line))
		return refuse(error, "malformed header name");

	const char *name = sip_header_full_name(line);

	if (!g_ascii_strcasecmp(name, "Content-Length"))
		return true;
	if (is_in(name, list_headers, G_N_ELEMENTS(list_headers)))
		append_values(m, name, colon + 1);
	else
		append(m, name, colon + 1);
	return true;
}

/* Joins folded lines: a line that begins with white space continues the one before (RFC 3261 section 7.3.1). */
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

/* `head` is the text up to and with the CRLF of the last header. */
static bool parse_head(sip_msg *m, char *head, GError **error)
{
	unfold(head);

	g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);

	for (guint i = 0; lines[i]; i++) {
		if (strpbrk(lines[i], "\r\n"))
			return refuse(error, "a line ends without CRLF");
		if (i == 0 && !parse_start_line(m, lines[i], error))
			return false;
		if (i > 0 && *lines[i] && !parse_header(m, lines[i], error))
			return false;
	}
	return true;
}

/* What sofia-sip lets pass and we must not. */
static bool check(sip_msg *m, GError **error)
{
	const char *hops = sip_header(m, "Max-Forwards");

	for (gsize i = 0; i < G_N_ELEMENTS(required_headers); i++) {
		if (find(m, required_headers[i], 0) < 0)
			return refuse(error, "Via, From, To, Call-ID or CSeq is missing");
	}
	for (gsize i = 0; i < G_N_ELEMENTS(single_headers); i++) {
		if (count(m, single_headers[i]) > 1)
			return refuse(error, "a header that may come once comes again");
	}
	if (!derive(m))
		return refuse(error, "From, To or CSeq does not parse");
	if (m->cseq > G_MAXINT32) /* RFC 3261 section 8.1.1.5: below 2^31 */
		return refuse(error, "CSeq out of range");
	if (m->method && strcmp(m->method, m->cseq_method))
		return refuse(error, "CSeq names another method than the request");
	if (hops && !g_ascii_string_to_unsigned(hops, 10, 0, 255, NULL, NULL))
		return refuse(error, "Max-Forwards out of range");
	return true;
}

/* Length of start line and headers, with the blank line; 0: incomplete or broken. */
static gsize head_length(const char *data, gsize length)
{
	const char *end = memmem(data, length, "\r\n\r\n", 4);

	return end && !memchr(data, '\0', (gsize)(end - data)) ? (gsize)(end - data) + 4 : 0;
}

sip_msg *sip_msg_parse(const char *data, gsize length, GError **error)
{
	g_autoptr(sip_msg) m = msg_new();
	gsize head = head_length(data, length);
	gsize scanned = 0;
	gsize total = 0;

	if (length > SIP_MESSAGE_MAX || !head) {
		refuse(error, head ? "message longer than the limit" : "headers do not end, or hold NUL");
		return NULL;
	}
	if (sip_frame(data, length, &scanned, &total, error) != 1)
		return NULL;
	if (total != length) {
		refuse(error, "Content-Length does not agree with the body");
		return NULL;
	}

	g_autofree char *text = g_strndup(data, head - 2);
	const char *why = sip_grammar_refusal(data, length);

	if (why) {
		refuse(error, why);
		return NULL;
	}
	if (!parse_head(m, text, error) || !check(m, error))
		return NULL;
	store_body(m, data + head, length - head);
	return g_steal_pointer(&m);
}

char *sip_msg_print(const sip_msg *m, gsize *ret_length)
{
	GString *out = g_string_sized_new(1024 + m->body_length);

	if (m->method)
		g_string_append_printf(out, "%s %s SIP/2.0\r\n", m->method, m->uri);
	else
		g_string_append_printf(out, "SIP/2.0 %d %s\r\n", m->status, m->reason);
	for (guint i = 0; i < m->headers->len; i++)
		g_string_append_printf(out, "%s: %s\r\n", header_at(m, i)->name, header_at(m, i)->value);
	g_string_append_printf(out, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", m->body_length);
	if (m->body)
		g_string_append_len(out, m->body, (gssize)m->body_length);
	if (ret_length)
		*ret_length = out->len;
	return g_string_free(out, FALSE);
}

/* --- making ------------------------------------------------------------------------------------- */

static char *address_print(const char *uri, const char *tag)
{
	return tag ? g_strdup_printf("<%s>;tag=%s", uri, tag) : g_strdup_printf("<%s>", uri);
}

sip_msg *sip_request_new(const char *method, const char *uri, const char *from_uri, const char *from_tag,
			 const char *to_uri, const char *to_tag, const char *call_id, guint32 cseq)
{
	sip_msg *m = msg_new();
	g_autofree char *from = address_print(from_uri, from_tag);
	g_autofree char *to = address_print(to_uri, to_tag);
	g_autofree char *cseq_value = g_strdup_printf("%u %s", cseq, method);

	m->method = g_strdup(method);
	m->uri = g_strdup(uri);
	append(m, "Max-Forwards", "70");
	append(m, "From", from);
	append(m, "To", to);
	append(m, "Call-ID", call_id);
	append(m, "CSeq", cseq_value);
	append(m, "User-Agent", "testbed/" TESTBED_VERSION);
	derive(m);
	return m;
}

static void copy_header(sip_msg *m, const struct header *h, const char *to_tag, bool has_tag)
{
	if (to_tag && !has_tag && !g_ascii_strcasecmp(h->name, "To")) {
		g_autofree char *tagged = g_strdup_printf("%s;tag=%s", h->value, to_tag);

		append(m, h->name, tagged);
	} else {
		append(m, h->name, h->value);
	}
}

sip_msg *sip_response_new(const sip_msg *request, int status, const char *reason, const char *to_tag)
{
	sip_msg *m = msg_new();

	m->status = status;
	m->reason = clean_value(reason ? reason : sip_grammar_phrase(status), -1);
	for (guint i = 0; i < request->headers->len; i++) {
		const struct header *h = header_at(request, i);

		if (is_in(h->name, response_headers, G_N_ELEMENTS(response_headers)))
			copy_header(m, h, to_tag, request->to_tag != NULL);
	}
	derive(m);
	return m;
}

sip_msg *sip_msg_copy(const sip_msg *m)
{
	sip_msg *copy = msg_new();

	copy->method = g_strdup(m->method);
	copy->uri = g_strdup(m->uri);
	copy->status = m->status;
	copy->reason = g_strdup(m->reason);
	for (guint i = 0; i < m->headers->len; i++)
		append(copy, header_at(m, i)->name, header_at(m, i)->value);
	if (m->body)
		store_body(copy, m->body, m->body_length);
	derive(copy);
	return copy;
}

/* --- reading ------------------------------------------------------------------------------------ */

bool sip_is_request(const sip_msg *m)
{
	return m->method;
}

const char *sip_method(const sip_msg *m)
{
	return m->method ? m->method : m->cseq_method;
}

const char *sip_uri(const sip_msg *m)
{
	return m->uri;
}

void sip_set_uri(sip_msg *m, const char *uri)
{
	char *clean = clean_value(uri, -1);

	g_free(m->uri);
	m->uri = clean;
}

int sip_status(const sip_msg *m)
{
	return m->status;
}

const char *sip_reason(const sip_msg *m)
{
	return m->reason;
}

const char *sip_call_id(const sip_msg *m)
{
	return sip_header(m, "Call-ID");
}

guint32 sip_cseq(const sip_msg *m)
{
	return m->cseq;
}

const char *sip_from_uri(const sip_msg *m)
{
	return m->from_uri;
}

const char *sip_to_uri(const sip_msg *m)
{
	return m->to_uri;
}

const char *sip_from_tag(const sip_msg *m)
{
	return m->from_tag;
}

const char *sip_to_tag(const sip_msg *m)
{
	return m->to_tag;
}
