/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_trust.h"

#include <string.h>

#include "common/sip_grammar.h"

#define ASSERTED "P-Asserted-Identity"

/* --- messages --------------------------------------------------------------------------------- */

/* Whether one of the header's values, which are addresses, is too long or has an unfit user. */
static const char *why_unfit(const sip_msg *request, const char *header, bool is_address)
{
	const char *value;

	for (guint i = 0; (value = sip_header_nth(request, header, i)); i++) {
		g_autofree char *uri = NULL;

		if (strlen(value) > SIP_NAME_MAX)
			return "too long";
		uri = is_address ? sip_value_uri(value) : NULL;
		if (uri && sip_grammar_has_control(uri))
			return "a control character in a user name";
	}
	return NULL;
}

sip_msg *sip_refuse_unfit(const sip_msg *request, const char *to_tag)
{
	static const struct {
		const char *header;
		bool is_address;
	} rows[] = {{"From", true}, {"To", true}, {"Call-ID", false}, {"Contact", true}};
	g_autofree char *fresh = to_tag ? NULL : sip_new_tag();
	const char *tag = to_tag ? to_tag : fresh;

	if (strlen(sip_uri(request)) > SIP_NAME_MAX)
		return sip_response_new(request, 414, NULL, tag);
	if (sip_grammar_has_control(sip_uri(request)))
		return sip_response_new(request, 400,
					"Bad Request: a control character in a user name", tag);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *why = why_unfit(request, rows[i].header, rows[i].is_address);
		g_autofree char *phrase =
			g_strdup_printf("Bad Request: %s: %s", rows[i].header, why ? why : "");

		if (why)
			return sip_response_new(request, 400, phrase, tag);
	}
	return NULL;
}

sip_msg *sip_refuse_too_long(const sip_msg *request)
{
	g_autofree char *tag = sip_new_tag();

	return sip_response_new(request, 513, "Message Too Large", tag);
}

void sip_remove_claims(sip_msg *m)
{
	static const char *const always[] = {ASSERTED, "P-Preferred-Identity", "Path", "Ms-Sender",
					     "ms-user-logon-data"},
				 *const of_servers[] = {"ms-diagnostics", "ms-diagnostics-public"};

	for (gsize i = 0; i < G_N_ELEMENTS(always); i++)
		sip_remove_header(m, always[i]);
	for (gsize i = 0; !sip_is_request(m) && i < G_N_ELEMENTS(of_servers); i++)
		sip_remove_header(m, of_servers[i]);
}

char *sip_asserted_user(const sip_msg *request)
{
	g_autofree char *uri = sip_value_uri(sip_header(request, ASSERTED));

	return sip_uri_user(uri);
}

void sip_assert_user(sip_msg *request, const char *user)
{
	g_autofree char *escaped = g_uri_escape_string(user, "@!$&'()*+,;=", FALSE);
	g_autofree char *value = g_strdup_printf("<sip:%s>", escaped);

	sip_add_header(request, ASSERTED, value);
}

/* --- the users of a connection ---------------------------------------------------------------- */

struct sip_users {
	GPtrArray *list; /* struct signed_in, the last one is the newest */
};

struct signed_in {
	char *user;
	gint64 until_us;
};

static const struct object_shape signed_in_shape =
	OBJECT_SHAPE(signed_in, NULL, OWNS_TEXT(signed_in, user));

static const struct object_shape sip_users_shape =
	OBJECT_SHAPE(sip_users, NULL, OWNS_LIST(sip_users, list, object_free));

sip_users *sip_users_new(void)
{
	return object_new(&sip_users_shape);
}

void sip_users_forget(sip_users *u, const char *user)
{
	for (guint i = u->list->len; i > 0; i--) {
		const struct signed_in *s = g_ptr_array_index(u->list, i - 1);

		if (g_str_equal(s->user, user))
			g_ptr_array_remove_index(u->list, i - 1);
	}
}

bool sip_users_learn(sip_users *u, const sip_msg *response, gint64 now_us)
{
	const char *text = sip_header(response, "Expires");
	g_autofree char *user = sip_uri_user(sip_to_uri(response));
	guint64 seconds = 0;
	struct signed_in *s;

	if (sip_status(response) != 200 || !g_str_equal(sip_method(response), "REGISTER") || !user)
		return false;
	sip_users_forget(u, user);
	if (!text || !g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &seconds, NULL))
		return false;
	if (u->list->len == SIP_USERS_MAX)
		g_ptr_array_remove_index(u->list, 0);
	s = object_new(&signed_in_shape);
	s->user = g_steal_pointer(&user);
	s->until_us = now_us + (gint64)seconds * G_USEC_PER_SEC;
	g_ptr_array_add(u->list, s);
	return true;
}

bool sip_users_has(const sip_users *u, const char *user, gint64 now_us)
{
	for (guint i = 0; i < u->list->len; i++) {
		const struct signed_in *s = g_ptr_array_index(u->list, i);

		if (now_us < s->until_us && g_str_equal(s->user, user))
			return true;
	}
	return false;
}

const char *sip_users_any(const sip_users *u, gint64 now_us)
{
	for (guint i = 0; i < u->list->len; i++) {
		const struct signed_in *s = g_ptr_array_index(u->list, i);

		if (now_us < s->until_us)
			return s->user;
	}
	return NULL;
}
