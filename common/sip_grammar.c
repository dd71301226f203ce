/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_grammar.h"

#include <string.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>

/* What is wrong with a parsed message, in static words; NULL: nothing. */
static const char *why_refused(msg_t *msg, const sip_t *sip)
{
	if (!sip || (!sip->sip_request && !sip->sip_status))
		return "no start line";
	if (sip->sip_error || (sip->sip_flags & MSG_FLG_ERROR) || msg_has_error(msg))
		return "a header does not parse";
	if (!sip->sip_from || !sip->sip_to || !sip->sip_call_id || !sip->sip_cseq || !sip->sip_via)
		return "Via, From, To, Call-ID or CSeq is missing";
	if (sip->sip_from->a_next || sip->sip_to->a_next)
		return "From or To has more than one value";
	if (sip_sanity_check(sip) < 0)
		return "the message contradicts itself";
	return NULL;
}

/* Points at the method in the CSeq line of a message; NULL: none. */
static char *cseq_method(char *data, gsize length)
{
	char *end = data + length;

	for (char *line = data, *feed; line < end; line = feed + 1) {
		if (end - line >= 5 && g_ascii_strncasecmp(line, "CSeq", 4) == 0) {
			line += 4;
			while (line < end && (g_ascii_isdigit(*line) || strchr(" \t:", *line)))
				line++;
			return line < end ? line : NULL;
		}
		feed = memchr(line, '\n', (gsize)(end - line));
		if (!feed)
			break;
	}
	return NULL;
}

/* sofia-sip 1.12.11 refuses all methods that begin with S except SUBSCRIBE, also the SERVICE of
 * media relay and conference requests.  Returns a copy with another first letter in the request
 * line and in CSeq, so that sofia-sip's other checks still apply; the caller frees.  NULL: no
 * change is needed. */
static char *without_s_method(const char *data, gsize length)
{
	g_autofree char *text = g_memdup2(data, length);
	char *method = cseq_method(text, length);

	if (!method || *method != 'S' ||
	    !strncmp(method, "SUBSCRIBE", MIN(9, length - (gsize)(method - text))))
		return NULL;
	*method = 'X';
	if (data[0] == 'S' && strncmp(data, "SIP/", MIN(4, length)) != 0)
		text[0] = 'X';
	return g_steal_pointer(&text);
}

const char *sip_grammar_refusal(const char *data, gsize length)
{
	g_autofree char *shown = without_s_method(data, length);
	msg_t *msg = msg_make(sip_default_mclass(), 0, shown ? shown : data, (ssize_t)length);

	if (!msg)
		return "not a message";

	const char *why = why_refused(msg, sip_object(msg));

	msg_destroy(msg);
	return why;
}

/* A URL as text; the caller frees.  (url_as_string writes to NULL when there is no memory.) */
static char *url_text(const url_t *url)
{
	issize_t length = url_e(NULL, 0, url);
	char *text = length < 0 ? NULL : g_malloc((gsize)length + 1);

	if (text)
		url_e(text, (isize_t)length + 1, url);
	return text;
}

bool sip_grammar_address(const char *value, char **ret_uri, char **ret_tag)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	sip_from_t *a = sip_from_make(home, value);
	char *uri = a && !a->a_next ? url_text(a->a_url) : NULL;

	/* sofia-sip takes them where the URI is not between brackets, as others will write it */
	if (uri && strpbrk(uri, "<>"))
		g_clear_pointer(&uri, g_free);
	if (uri) {
		*ret_uri = uri;
		*ret_tag = g_strdup(a->a_tag);
	}
	su_home_deinit(home);
	return uri;
}

/* By hand (RFC 3261 section 20.16), because sofia-sip does not know all methods (see
 * without_s_method). */
bool sip_grammar_cseq(const char *value, guint32 *ret_number, char **ret_method)
{
	g_auto(GStrv) word = g_strsplit_set(value, " \t\r\n", 2);
	guint64 number = 0;

	if (!word[0] || !word[1] ||
	    !g_ascii_string_to_unsigned(word[0], 10, 0, G_MAXINT32, &number, NULL))
		return false;
	g_strstrip(word[1]);
	if (!word[1][0] || strpbrk(word[1], " \t\r\n"))
		return false;
	*ret_number = (guint32)number;
	*ret_method = g_steal_pointer(&word[1]);
	return true;
}

static bool has_user(const url_t *u)
{
	return u && (u->url_type == url_sip || u->url_type == url_sips) && u->url_user &&
	       *u->url_user && u->url_host && *u->url_host;
}

/* Whether an escaped text means a control character, or has one. */
static bool means_control(const char *text)
{
	for (; *text; text++) {
		guchar c = (guchar)*text;

		if (c == '%' && g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2]))
			c = (guchar)(g_ascii_xdigit_value(text[1]) * 16 +
				     g_ascii_xdigit_value(text[2]));
		if (c < ' ' || c == 0x7f)
			return true;
	}
	return false;
}

char *sip_grammar_user(const char *uri)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const url_t *u = url_make(home, uri);
	char *result = NULL;

	if (has_user(u) && !means_control(u->url_user)) {
		g_autofree char *user = g_strdup(u->url_user);
		g_autofree char *host = g_ascii_strdown(u->url_host, -1);

		url_unescape(user, u->url_user);
		result = g_strconcat(user, "@", host, NULL);
	}
	su_home_deinit(home);
	return result;
}

bool sip_grammar_has_control(const char *uri)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const url_t *u = url_make(home, uri);
	bool found = has_user(u) && means_control(u->url_user);

	su_home_deinit(home);
	return found;
}

static bool uses_tls(const url_t *u)
{
	char transport[8] = "";

	url_param(u->url_params, "transport", transport, sizeof transport);
	return u->url_type == url_sips || !g_ascii_strcasecmp(transport, "tls");
}

char *sip_grammar_place(const char *uri)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const url_t *u = url_make(home, uri);
	char *result = NULL;

	if (u && (u->url_type == url_sip || u->url_type == url_sips) && u->url_host) {
		g_autofree char *host = g_ascii_strdown(u->url_host, -1);
		const char *port = u->url_port ? u->url_port : uses_tls(u) ? "5061" : "5060";

		result = g_strdup_printf("%s%s%s:%s", u->url_user ? u->url_user : "",
					 u->url_user ? "@" : "", host, port);
	}
	su_home_deinit(home);
	return result;
}

bool sip_grammar_is_uri(const char *uri)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const url_t *u = url_make(home, uri);
	bool valid = u && u->url_type != url_invalid && u->url_type != url_any &&
		     !strpbrk(uri, " \t\r\n<>\"");

	su_home_deinit(home);
	return valid;
}

const char *sip_grammar_phrase(int status)
{
	/* sofia-sip has other phrases for these two. */
	const char *phrase = status == 500 ? "Server Internal Error" :
			     status == 504 ? "Server Time-out" :
					     sip_status_phrase(status);

	return phrase ? phrase : "";
}
