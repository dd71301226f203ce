/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_private.h"

#include <string.h>

#include "common/random.h"
#include "common/sip_grammar.h"

char *sip_new_tag(void)
{
	return random_hex(8);
}

char *sip_new_branch(void)
{
	g_autofree char *rest = random_hex(8);

	/* RFC 3261 section 8.1.1.7: the prefix promises that the branch is unique. */
	return g_strconcat("z9hG4bK", rest, NULL);
}

char *sip_new_call_id(void)
{
	return random_hex(16);
}

char *sip_host_port(const char *address, guint port)
{
	return g_strdup_printf(strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
}

char *sip_uri_user(const char *uri)
{
	return uri ? sip_grammar_user(uri) : NULL;
}

char *sip_user_of_address(const char *address)
{
	const char *at = strrchr(address, '@');
	g_autofree char *domain = at ? g_ascii_strdown(at, -1) : NULL;

	return at ? g_strdup_printf("%.*s%s", (int)(at - address), address, domain) :
		    g_strdup(address);
}

char *sip_value_uri(const char *value)
{
	char *uri = NULL, *tag = NULL;

	if (value && sip_grammar_address(value, &uri, &tag))
		g_free(tag);
	return uri;
}

char *sip_uri_place(const char *uri)
{
	return uri ? sip_grammar_place(uri) : NULL;
}

bool sip_makes_dialog(const sip_msg *m)
{
	static const char *const methods[] = {"INVITE", "SUBSCRIBE", "REFER", "UPDATE"};

	for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
		if (!g_strcmp0(sip_method(m), methods[i]))
			return sip_is_request(m);
	return false;
}

/* Host of the sent-by of a Via, without brackets; NULL: malformed.  The caller frees. */
static char *via_host(const char *via)
{
	const char *host = strchr(via, ' ');

	if (!host)
		return NULL;
	host += strspn(host, " \t[");
	return g_strndup(host, host[-1] == '[' ? strcspn(host, "]") : strcspn(host, ":; \t"));
}

void sip_via_received(sip_msg *request, const char *peer)
{
	const char *via = sip_header(request, "Via"), *colon = strrchr(peer, ':');
	g_autofree char *host = via ? via_host(via) : NULL, *address = NULL;
	GString *out;
	bool asked = false;

	if (!host || !colon)
		return;
	address = *peer == '[' ? g_strndup(peer + 1, (gsize)(colon - peer) - 2) :
				 g_strndup(peer, (gsize)(colon - peer));
	out = g_string_new(NULL);
	for (const char *p = via; *p;) {
		const char *end = sip_piece_end(p, ";");
		g_autofree char *piece = g_strstrip(g_strndup(p, (gsize)(end - p)));

		g_string_append_printf(out, "%s%s", out->len ? ";" : "", piece);
		if (!g_ascii_strcasecmp(piece, "rport")) {
			g_string_append_printf(out, "=%s", colon + 1);
			asked = true;
		}
		p = *end ? end + 1 : end;
	}
	if (asked || g_ascii_strcasecmp(host, address))
		g_string_append_printf(out, ";received=%s", address);
	sip_pop_header(request, "Via");
	sip_prepend_header(request, "Via", out->str);
	g_string_free(out, TRUE);
}

char *sip_top_branch(const sip_msg *m)
{
	const char *via = sip_header(m, "Via");

	return via ? sip_param(via, "branch") : NULL;
}

const char *sip_piece_end(const char *p, const char *ends)
{
	bool quoted = false;
	int depth = 0;

	for (; *p; p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (*p == '<')
			depth++;
		else if (*p == '>')
			depth--;
		else if (depth <= 0 && strchr(ends, *p))
			break;
	}
	return p;
}

/* Removes quotes and their backslashes; returns `value`. */
static char *unquote_in_place(char *value)
{
	gsize length = strlen(value);
	char *out = value;

	if (length < 2 || value[0] != '"' || value[length - 1] != '"')
		return value;
	value[length - 1] = '\0';
	for (const char *in = value + 1; *in; in++) {
		if (*in == '\\' && in[1])
			in++;
		*out++ = *in;
	}
	*out = '\0';
	return value;
}

/* The value of `piece` ("name=value", "Digest name=value", "name") if it has that name; the caller
 * frees.  NULL: it has another one.  The first piece is a host, an address, or a scheme with the
 * first parameter. */
static char *piece_value(const char *piece, gsize length, const char *name, bool first)
{
	g_autofree char *text = g_strstrip(g_strndup(piece, length));
	gsize key_length = strcspn(text, "=\"<");
	const char *value = text[key_length] == '=' ? text + key_length + 1 : NULL;

	if ((first && !value) || text[key_length] == '"' || text[key_length] == '<')
		return NULL;

	g_autofree char *left = g_strchomp(g_strndup(text, key_length));
	const char *space = strrchr(left, ' ');

	if (g_ascii_strcasecmp(value && space ? space + 1 : left, name))
		return NULL;
	return value ? unquote_in_place(g_strstrip(g_strdup(value))) : g_strdup("");
}

char *sip_param(const char *text, const char *name)
{
	bool is_uri = text && (!g_ascii_strncasecmp(text, "sip:", 4) ||
			       !g_ascii_strncasecmp(text, "sips:", 5));
	/* The user part, before the '@', may contain ';'. */
	const char *at = is_uri ? strchr(text, '@') : NULL;
	const char *start = at ? at + 1 : text;
	const char *p = start, *ends = is_uri ? ";,?" : ";,";

	while (p && *p) {
		const char *end = sip_piece_end(p, ends);
		char *value = piece_value(p, (gsize)(end - p), name, p == start);

		if (value)
			return value;
		p = *end && *end != '?' ? end + 1 : NULL;
	}
	return NULL;
}
