/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip.h"

#include <string.h>

#include "common/random.h"

static char *md5_hex(const char *text)
{
	return g_compute_checksum_for_string(G_CHECKSUM_MD5, text, -1);
}

/* The response of RFC 2617 section 3.2.2 with qop=auth, in hex.  The caller frees. */
static char *digest_response(const char *user, const char *realm, const char *password,
			     const char *method, const char *uri, const char *nonce, const char *nc,
			     const char *cnonce)
{
	g_autofree char *a1 = g_strdup_printf("%s:%s:%s", user, realm, password);
	g_autofree char *a2 = g_strdup_printf("%s:%s", method, uri);
	g_autofree char *h1 = md5_hex(a1);
	g_autofree char *h2 = md5_hex(a2);
	g_autofree char *text = g_strdup_printf("%s:%s:%s:%s:auth:%s", h1, nonce, nc, cnonce, h2);

	return md5_hex(text);
}

static bool is_digest(const char *value)
{
	return value && !g_ascii_strncasecmp(value, "Digest ", strlen("Digest "));
}

/* The text with backslashes, for the inside of a quoted-string; the caller frees. */
static char *escape_quoted(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	return g_string_free(out, FALSE);
}

/* Whether "auth" is in a comma-separated list. */
static bool offers_auth(const char *qop)
{
	g_auto(GStrv) values = g_strsplit(qop, ",", -1);

	for (guint i = 0; values[i]; i++) {
		if (!g_ascii_strcasecmp(g_strstrip(values[i]), "auth"))
			return true;
	}
	return false;
}

char *sip_digest_challenge(const char *realm, const char *nonce)
{
	g_autofree char *quoted = escape_quoted(realm);

	return g_strdup_printf("Digest realm=\"%s\", nonce=\"%s\", qop=\"auth\", algorithm=MD5",
			       quoted, nonce);
}

char *sip_digest_answer(const char *challenge, const char *method, const char *uri,
			const char *user, const char *password)
{
	if (!is_digest(challenge))
		return NULL;

	g_autofree char *realm = sip_param(challenge, "realm");
	g_autofree char *nonce = sip_param(challenge, "nonce");
	g_autofree char *qop = sip_param(challenge, "qop");
	g_autofree char *algorithm = sip_param(challenge, "algorithm");
	g_autofree char *opaque = sip_param(challenge, "opaque");

	if (!realm || !nonce || !qop || !offers_auth(qop) ||
	    (algorithm && g_ascii_strcasecmp(algorithm, "MD5")))
		return NULL;

	g_autofree char *cnonce = random_hex(8);
	g_autofree char *digest =
		digest_response(user, realm, password, method, uri, nonce, "00000001", cnonce);
	g_autofree char *quoted_user = escape_quoted(user);
	g_autofree char *quoted_realm = escape_quoted(realm);
	g_autofree char *quoted_nonce = escape_quoted(nonce);
	g_autofree char *quoted_opaque = opaque ? escape_quoted(opaque) : NULL;
	g_autofree char *tail =
		opaque ? g_strdup_printf(", opaque=\"%s\"", quoted_opaque) : g_strdup("");

	return g_strdup_printf(
		"Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
		"algorithm=MD5, cnonce=\"%s\", qop=auth, nc=00000001%s",
		quoted_user, quoted_realm, quoted_nonce, uri, digest, cnonce, tail);
}

/* Whether two texts are equal.  Takes the same time wherever they differ, so that it does not
 * reveal how much of a guess is right. */
static bool equal_constant_time(const char *a, const char *b)
{
	gsize length = strlen(a);
	guint difference = 0;

	if (strlen(b) != length)
		return false;
	for (gsize i = 0; i < length; i++)
		difference |= (guint)(guchar)(a[i] ^ b[i]);
	return difference == 0;
}

bool sip_digest_check(const char *authorization, const char *method, const char *user,
		      const char *password)
{
	if (!is_digest(authorization))
		return false;

	g_autofree char *name = sip_param(authorization, "username");
	g_autofree char *realm = sip_param(authorization, "realm");
	g_autofree char *nonce = sip_param(authorization, "nonce");
	g_autofree char *uri = sip_param(authorization, "uri");
	g_autofree char *given = sip_param(authorization, "response");
	g_autofree char *cnonce = sip_param(authorization, "cnonce");
	g_autofree char *nc = sip_param(authorization, "nc");
	g_autofree char *qop = sip_param(authorization, "qop");

	if (!name || !realm || !nonce || !uri || !given || !cnonce || !nc || !qop)
		return false;
	if (strcmp(name, user) != 0 || g_ascii_strcasecmp(qop, "auth") != 0)
		return false;

	g_autofree char *wanted =
		digest_response(user, realm, password, method, uri, nonce, nc, cnonce);
	g_autofree char *lower = g_ascii_strdown(given, -1);

	return equal_constant_time(lower, wanted);
}
