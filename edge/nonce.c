/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/nonce.h"

#include <string.h>

#define STEP_S 16

/* The number of the step of STEP_S seconds that `now_us` is in, modulo 2^16. */
static guint16 step_at(gint64 now_us)
{
	return (guint16)(now_us / (STEP_S * G_USEC_PER_SEC));
}

/* Makes the nonce of that step for this client. */
static void nonce_make_at(const struct nonce_source *s, const struct endpoint *client, guint16 step,
			  char ret[static NONCE_LENGTH + 1])
{
	g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA1, s->key, sizeof s->key);
	guint8 bytes[6] = {(guint8)(step >> 8), (guint8)step}, digest[20];
	g_autofree char *text = NULL;
	gsize length = sizeof digest;

	g_hmac_update(hmac, bytes, 2);
	g_hmac_update(hmac, client->ip, sizeof client->ip);
	g_hmac_get_digest(hmac, digest, &length);
	memcpy(bytes + 2, digest, 4);
	text = g_base64_encode(bytes, sizeof bytes);
	g_strlcpy(ret, text, NONCE_LENGTH + 1);
}

void nonce_make(const struct nonce_source *s, const struct endpoint *client, gint64 now_us,
		char ret[static NONCE_LENGTH + 1])
{
	nonce_make_at(s, client, step_at(now_us), ret);
}

bool nonce_is_fresh(const struct nonce_source *s, const struct endpoint *client, gint64 now_us,
		    const guint8 *nonce, gsize length)
{
	char text[NONCE_LENGTH + 1] = "", expected[NONCE_LENGTH + 1];
	g_autofree guchar *bytes = NULL;
	guint16 step, age;
	gsize n = 0;

	if (length != NONCE_LENGTH)
		return false;
	memcpy(text, nonce, NONCE_LENGTH);
	bytes = g_base64_decode(text, &n);
	if (n != 6)
		return false;
	step = (guint16)(bytes[0] << 8 | bytes[1]);
	age = (guint16)(step_at(now_us) - step);
	nonce_make_at(s, client, step, expected);
	return memcmp(expected, text, NONCE_LENGTH) == 0 && (guint)age * STEP_S <= s->lifetime_s;
}
