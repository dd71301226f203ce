/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/call_sdp.h"

#include <gio/gio.h>
#include <stddef.h>
#include <string.h>

#include <sofia-sip/sdp.h>

#define PORT_UNKNOWN 9 /* the discard port: candidates follow (RFC 8840 section 4.1.3) */
#define PORT_MESSAGE 5060
#define MEDIA_INDEX_MAX 255

/* --- life ------------------------------------------------------------------------------------- */

static const struct object_shape call_sdp_media_shape = OBJECT_SHAPE(
	call_sdp_media, NULL, OWNS_TEXT(call_sdp_media, kind), OWNS_TEXT(call_sdp_media, ufrag),
	OWNS_TEXT(call_sdp_media, pwd), OWNS(call_sdp_media, candidates, g_ptr_array_unref),
	OWNS_TEXT(call_sdp_media, protocol), OWNS_TEXT(call_sdp_media, formats),
	OWNS_TEXT(call_sdp_media, mid), OWNS(call_sdp_media, cryptos, g_ptr_array_unref),
	OWNS(call_sdp_media, rtpmaps, g_ptr_array_unref),
	OWNS_TEXT(call_sdp_media, remote_candidates));

static const struct object_shape call_sdp_shape = OBJECT_SHAPE(
	call_sdp, NULL, OWNS_TEXT(call_sdp, address), OWNS(call_sdp, media, g_ptr_array_unref));

call_sdp *call_sdp_new(const char *address)
{
	call_sdp *s = object_new(&call_sdp_shape);

	s->address = g_strdup(address);
	s->media = g_ptr_array_new_with_free_func(object_free);
	return s;
}

struct call_sdp_media *call_sdp_add(call_sdp *s, const char *kind)
{
	struct call_sdp_media *m = object_new(&call_sdp_media_shape);

	m->kind = g_strdup(kind);
	m->candidates = g_ptr_array_new_with_free_func(g_free);
	m->cryptos = g_ptr_array_new_with_free_func(g_free);
	m->rtpmaps = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(s->media, m);
	return m;
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *address_family(const char *address)
{
	return strchr(address, ':') ? "IP6" : "IP4";
}

/* Appends "a=NAME:VALUE"; nothing when `value` is NULL. */
static void print_attribute(GString *out, const char *name, const char *value)
{
	if (value)
		g_string_append_printf(out, "a=%s:%s\r\n", name, value);
}

/* The formats of the m= line, each with a space before it. */
static void print_formats(GString *out, const struct call_sdp_media *m)
{
	if (m->formats)
		g_string_append_printf(out, " %s", m->formats);
	for (guint i = 0; !m->formats && i < m->rtpmaps->len; i++)
		g_string_append_printf(out, " %u",
				       (guint)g_ascii_strtoull(g_ptr_array_index(m->rtpmaps, i),
							       NULL, 10));
	if (!m->formats && !m->rtpmaps->len)
		g_string_append(out, " 0");
	g_string_append(out, "\r\n");
}

/* Appends the m= line and, when there is a candidate ("1 1 UDP 2130706431 ADDRESS PORT ..."), the
 * c= line: the first candidate is the default destination. */
static void print_destination(GString *out, const struct call_sdp_media *m)
{
	const char *candidate = m->candidates->len ? g_ptr_array_index(m->candidates, 0) : "";
	g_auto(GStrv) field = g_strsplit(candidate, " ", 7);
	bool known = g_strv_length(field) >= 6 && !m->rejected;

	g_string_append_printf(out, "m=%s %s %s", m->kind,
			       known	   ? field[5] :
			       m->rejected ? "0" :
					     G_STRINGIFY(PORT_UNKNOWN),
			       m->protocol ? m->protocol : "RTP/SAVP");
	print_formats(out, m);
	if (known)
		g_string_append_printf(out, "c=IN %s %s\r\n", address_family(field[4]), field[4]);
}

static void print_attributes(GString *out, const char *name, const GPtrArray *values)
{
	for (guint i = 0; i < values->len; i++)
		print_attribute(out, name, g_ptr_array_index(values, i));
}

static void print_media(GString *out, const struct call_sdp_media *m, guint index)
{
	if (!strcmp(m->kind, "message")) {
		g_string_append_printf(out,
				       "m=message %d sip null\r\na=accept-types:text/plain\r\n",
				       PORT_MESSAGE);
		return;
	}
	print_destination(out, m);
	if (m->rejected)
		return;
	if (!m->mid && !m->no_mid)
		g_string_append_printf(out, "a=mid:%u\r\n", index);
	print_attribute(out, "mid", m->mid);
	print_attribute(out, "ice-ufrag", m->ufrag);
	print_attribute(out, "ice-pwd", m->pwd);
	print_attributes(out, "candidate", m->candidates);
	if (m->end_of_candidates)
		g_string_append(out, "a=end-of-candidates\r\n");
	print_attribute(out, "remote-candidates", m->remote_candidates);
	print_attributes(out, "crypto", m->cryptos);
	print_attributes(out, "rtpmap", m->rtpmaps);
	if (m->ptime_ms)
		g_string_append_printf(out, "a=ptime:%u\r\n", m->ptime_ms);
	if (!m->no_rtcp_mux)
		g_string_append(out, "a=rtcp-mux\r\n");
	if (m->ssrc) /* RFC 5576: an attribute must follow, here cname */
		g_string_append_printf(out, "a=ssrc:%u cname:%08x\r\n", m->ssrc, m->ssrc);
}

char *call_sdp_print(const call_sdp *s)
{
	GString *out = g_string_new(NULL);
	const char *family = address_family(s->address);

	g_string_append_printf(out,
			       "v=0\r\no=- 0 0 IN %s %s\r\ns=session\r\nc=IN %s %s\r\nt=0 0\r\n",
			       family, s->address, family, s->address);
	if (!s->no_trickle)
		g_string_append(out, "a=ice-options:trickle\r\n");
	for (guint i = 0; i < s->media->len; i++)
		print_media(out, g_ptr_array_index(s->media, i), i);
	return g_string_free(out, FALSE);
}

/* --- parsing ---------------------------------------------------------------------------------- */

static void set_candidate(struct call_sdp_media *m, const char *value)
{
	g_ptr_array_add(m->candidates, g_strdup(value));
}

static void set_crypto(struct call_sdp_media *m, const char *value)
{
	g_ptr_array_add(m->cryptos, g_strdup(value));
}

static void set_ssrc(struct call_sdp_media *m, const char *value)
{
	if (!m->ssrc)
		m->ssrc = (guint32)MIN(g_ascii_strtoull(value, NULL, 10), G_MAXUINT32);
}

static void set_ptime(struct call_sdp_media *m, const char *value)
{
	m->ptime_ms = (guint)MIN(g_ascii_strtoull(value, NULL, 10), G_MAXINT);
}

static void set_rtcp_mux(struct call_sdp_media *m, const char *value G_GNUC_UNUSED)
{
	m->no_rtcp_mux = false;
}

static void set_end_of_candidates(struct call_sdp_media *m, const char *value G_GNUC_UNUSED)
{
	m->end_of_candidates = true;
}

/* The attributes of a medium.  Without `set` it is a text at `offset`, of which the first counts.
 */
static const struct {
	const char *name;
	gsize offset;
	void (*set)(struct call_sdp_media *m, const char *value);
	bool has_no_value;
} attributes[] = {
	{"mid", offsetof(struct call_sdp_media, mid), NULL, false},
	{"ice-ufrag", offsetof(struct call_sdp_media, ufrag), NULL, false},
	{"ice-pwd", offsetof(struct call_sdp_media, pwd), NULL, false},
	{"remote-candidates", offsetof(struct call_sdp_media, remote_candidates), NULL, false},
	{"crypto", 0, set_crypto, false},
	{"candidate", 0, set_candidate, false},
	{"ssrc", 0, set_ssrc, false},
	{"ptime", 0, set_ptime, false},
	{"rtcp-mux", 0, set_rtcp_mux, true},
	{"end-of-candidates", 0, set_end_of_candidates, true},
};

static void read_attribute(struct call_sdp_media *m, gsize row, const char *value)
{
	char **text = (char **)(void *)((char *)m + attributes[row].offset);

	if (!value && !attributes[row].has_no_value)
		return;
	if (attributes[row].set)
		attributes[row].set(m, value);
	else if (!*text)
		*text = g_strdup(value);
}

static void read_attributes(struct call_sdp_media *m, const sdp_attribute_t *a)
{
	for (; a; a = a->a_next)
		for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++)
			if (strcmp(a->a_name, attributes[i].name) == 0)
				read_attribute(m, i, a->a_value);
}

/* Credentials may be given once, for all media (RFC 8839 section 5.4). */
static void inherit_credentials(struct call_sdp_media *m, const sdp_attribute_t *session)
{
	const sdp_attribute_t *ufrag = sdp_attribute_find(session, "ice-ufrag");
	const sdp_attribute_t *pwd = sdp_attribute_find(session, "ice-pwd");

	if (ufrag && pwd && !m->ufrag && !m->pwd) {
		m->ufrag = g_strdup(ufrag->a_value);
		m->pwd = g_strdup(pwd->a_value);
	}
}

/* "114 x-msrta/16000" of the first rtpmap; NULL: there is none.  The caller frees. */
static char *rtpmap_print(const sdp_rtpmap_t *r)
{
	if (!r || !r->rm_encoding)
		return NULL;
	return g_strdup_printf("%u %s/%lu%s%s", (guint)r->rm_pt, r->rm_encoding, r->rm_rate,
			       r->rm_params ? "/" : "", r->rm_params ? r->rm_params : "");
}

/* Whether a list of ICE options has "trickle" (RFC 8839 section 5.6). */
static bool has_trickle(const sdp_attribute_t *list)
{
	const sdp_attribute_t *a = sdp_attribute_find(list, "ice-options");
	g_auto(GStrv) words = g_strsplit(a && a->a_value ? a->a_value : "", " ", -1);

	return g_strv_contains((const char *const *)words, "trickle");
}

static void take_formats(struct call_sdp_media *m, const sdp_media_t *from)
{
	GString *numbers = g_string_new(NULL);

	for (const sdp_rtpmap_t *r = from->m_rtpmaps; r; r = r->rm_next) {
		char *value = rtpmap_print(r);

		g_string_append_printf(numbers, "%s%u", numbers->len ? " " : "", (guint)r->rm_pt);
		if (value)
			g_ptr_array_add(m->rtpmaps, value);
	}
	for (const sdp_list_t *f = from->m_format; f && !from->m_rtpmaps; f = f->l_next)
		g_string_append_printf(numbers, "%s%s", numbers->len ? " " : "", f->l_text);
	m->formats = g_string_free(numbers, !numbers->len);
}

static void take_medium(call_sdp *s, const sdp_session_t *session, const sdp_media_t *from)
{
	struct call_sdp_media *m = call_sdp_add(s, from->m_type_name);

	m->no_rtcp_mux = strcmp(m->kind, "message") != 0;
	read_attributes(m, from->m_attributes);
	m->no_mid = !m->mid;
	if (!strcmp(m->kind, "message"))
		return;
	inherit_credentials(m, session->sdp_attributes);
	m->protocol = g_strdup(from->m_proto_name);
	m->rejected = from->m_rejected || from->m_port == 0;
	take_formats(m, from);
	if (has_trickle(from->m_attributes))
		s->no_trickle = false;
}

/* Copies what sofia-sip has parsed into a new description, for object_free. */
static call_sdp *description_from_sofia(const sdp_session_t *session)
{
	const sdp_connection_t *where = session->sdp_connection;

	if (!where && session->sdp_media)
		where = session->sdp_media->m_connections;

	call_sdp *s = call_sdp_new(where ? where->c_address : "0.0.0.0");

	s->no_trickle = !has_trickle(session->sdp_attributes);
	for (const sdp_media_t *from = session->sdp_media; from; from = from->m_next)
		take_medium(s, session, from);
	return s;
}

/* RFC 4566 section 9: medium, port, protocol and one or more formats, each of its own set of
 * characters.  At another character sofia-sip 1.12.11 appends empty formats until memory runs out,
 * so such lines are refused before it sees them. */
static bool is_media_line(const char *line)
{
	static const char digits[] = "0123456789";
	static const char token[] =
		"+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz*";
	static const char protocol[] =
		"/-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char *const allowed[] = {token, digits, protocol, token};
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	guint n = g_strv_length(words);

	for (guint i = 0; i < n; i++) {
		const char *set = allowed[MIN(i, G_N_ELEMENTS(allowed) - 1)];

		if (!*words[i] || words[i][strspn(words[i], set)])
			return false;
	}
	return n >= G_N_ELEMENTS(allowed);
}

/* Whether all lines that sofia-sip would take for media lines are well-formed, and no NUL is in the
 * text. */
static bool are_media_lines_valid(const char *text, gsize length)
{
	g_autofree char *copy = g_strndup(text, length);
	g_auto(GStrv) lines = g_strsplit_set(copy, "\r\n", -1);

	for (guint i = 0; lines[i]; i++) {
		const char *line = g_strchug(lines[i]); /* sofia-sip skips white space, too */

		if (line[0] == 'm' && (line[1] != '=' || !is_media_line(line + strlen("m="))))
			return false;
	}
	return !memchr(text, '\0', length);
}

call_sdp *call_sdp_parse(const char *text, gsize length, GError **error)
{
	if (!are_media_lines_valid(text, length)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "session description: malformed media line");
		return NULL;
	}

	su_home_t home[1] = {SU_HOME_INIT(home)};
	sdp_parser_t *parser = sdp_parse(home, text, (issize_t)length, 0);
	const sdp_session_t *session = sdp_session(parser);
	call_sdp *result = NULL;

	if (!session)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "session description: %s",
			    sdp_parsing_error(parser));
	else if (!session->sdp_media)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "session description: no media");
	else
		result = description_from_sofia(session);
	sdp_parser_free(parser);
	su_home_deinit(home);
	return result;
}

call_sdp *call_sdp_of(const sip_msg *m)
{
	gsize length = 0;
	const char *body = sip_body(m, &length);

	return body ? call_sdp_parse(body, length, NULL) : NULL;
}

bool call_sdp_is_messages(const call_sdp *s)
{
	const struct call_sdp_media *only =
		s && s->media->len == 1 ? g_ptr_array_index(s->media, 0) : NULL;

	return only && g_strcmp0(only->kind, "message") == 0;
}

/* --- trickle fragments ------------------------------------------------------------------------ */

char *call_sdpfrag_print(const char *ufrag, const char *pwd, guint media_index,
			 const char *const *candidates, bool end_of_candidates)
{
	GString *out = g_string_new(NULL);

	print_attribute(out, "ice-ufrag", ufrag);
	print_attribute(out, "ice-pwd", pwd);
	/* The m= line only separates; its values are fixed (RFC 8840 section 4.4). */
	g_string_append_printf(out, "m=audio %d RTP/AVP 0\r\na=mid:%u\r\n", PORT_UNKNOWN,
			       media_index);
	for (guint i = 0; candidates && candidates[i]; i++)
		print_attribute(out, "candidate", candidates[i]);
	if (end_of_candidates)
		g_string_append(out, "a=end-of-candidates\r\n");
	return g_string_free(out, FALSE);
}

struct fragment {
	guint media_lines;
	bool has_mid, end;
	guint64 mid;
	GPtrArray *candidates;
};

/* Reads one line without its end into `f`; false: it is malformed.  Unknown lines are passed
 * over. */
static bool parse_fragment_line(struct fragment *f, const char *line)
{
	static const char mid[] = "a=mid:";
	static const char candidate[] = "a=candidate:";

	if (!g_ascii_isalpha(line[0]) || line[1] != '=')
		return false;
	if (line[0] == 'm') {
		f->media_lines++;
	} else if (g_str_has_prefix(line, mid)) {
		if (f->has_mid || !g_ascii_string_to_unsigned(line + strlen(mid), 10, 0,
							      MEDIA_INDEX_MAX, &f->mid, NULL))
			return false;
		f->has_mid = true;
	} else if (g_str_has_prefix(line, candidate)) {
		g_ptr_array_add(f->candidates, g_strdup(line + strlen(candidate)));
	} else if (!strcmp(line, "a=end-of-candidates")) {
		f->end = true;
	}
	return true;
}

bool call_sdpfrag_parse(const char *text, gsize length, guint *ret_media_index,
			GPtrArray *candidates, bool *ret_end_of_candidates)
{
	g_autofree char *copy = g_strndup(text, length);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	struct fragment f = {.candidates = found};

	if (memchr(text, '\0', length))
		return false;
	for (guint i = 0; lines[i]; i++) {
		g_strchomp(lines[i]);
		if (*lines[i] && !parse_fragment_line(&f, lines[i]))
			return false;
	}
	if (!f.has_mid || f.media_lines > 1)
		return false;
	for (guint i = 0; i < found->len; i++)
		g_ptr_array_add(candidates, g_strdup(g_ptr_array_index(found, i)));
	*ret_media_index = (guint)f.mid;
	*ret_end_of_candidates = f.end;
	return true;
}
