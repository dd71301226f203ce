/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gio.h>
#include <string.h>

#include "common/media_internal.h"
#include "common/random.h"

#define SUITE "AES_CM_128_HMAC_SHA1_80"

/* A new SRTP session; NULL: libsrtp refuses.  The key is copied and its copy wiped. */
static srtp_t session_new(const guint8 key[MEDIA_KEY_BYTES], srtp_ssrc_type_t direction)
{
	guint8 master[MEDIA_KEY_BYTES];
	srtp_policy_t policy = {.ssrc = {.type = direction}, .key = master, .window_size = 1024};
	srtp_t session = NULL;

	memcpy(master, key, sizeof master);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	if (srtp_create(&session, &policy) != srtp_err_status_ok)
		session = NULL;
	explicit_bzero(master, sizeof master);
	return session;
}

/* Initialises libsrtp, once for the process; NULL: it failed.  Its crypto library (NSS) starts with
 * the first session and stops with the last, which costs two milliseconds each time; one unused
 * session keeps it running. */
static gpointer library_init(gpointer data G_GNUC_UNUSED)
{
	static const guint8 no_key[MEDIA_KEY_BYTES];

	return srtp_init() == srtp_err_status_ok ? session_new(no_key, ssrc_any_outbound) : NULL;
}

static bool start_library(void)
{
	static GOnce once = G_ONCE_INIT;

	return g_once(&once, library_init, NULL);
}

void media_warm_up(void)
{
	start_library(); /* an error is reported by media_srtp_new */
}

srtp_t media_srtp_new(const guint8 key[MEDIA_KEY_BYTES], srtp_ssrc_type_t direction, GError **error)
{
	srtp_t session = start_library() ? session_new(key, direction) : NULL;

	if (!session)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot make an SRTP session");
	return session;
}

void media_key_new(guint8 ret_key[MEDIA_KEY_BYTES])
{
	random_bytes(ret_key, MEDIA_KEY_BYTES);
}

char *media_crypto_print(guint tag, const guint8 key[MEDIA_KEY_BYTES])
{
	g_autofree char *text = g_base64_encode(key, MEDIA_KEY_BYTES);
	return g_strdup_printf("%u " SUITE " inline:%s|2^31", tag, text);
}

/* RFC 4568 section 6.3: parameters that we need not understand begin with '-'; the window size
 * concerns the receiver only. */
static bool are_parameters_harmless(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	for (guint i = 0; words[i]; i++)
		if (*words[i] && *words[i] != '-' && !g_str_has_prefix(words[i], "WSH="))
			return false;
	return true;
}

bool media_crypto_parse(const char *value, guint *ret_tag, guint8 ret_key[MEDIA_KEY_BYTES])
{
	g_auto(GStrv) words = g_strsplit(value, " ", 4);
	guint n = g_strv_length(words);
	guint64 tag;
	if (n < 3 || !g_ascii_string_to_unsigned(words[0], 10, 0, 999999999, &tag, NULL) ||
	    strcmp(words[1], SUITE) != 0 || !g_str_has_prefix(words[2], "inline:") ||
	    (n > 3 && !are_parameters_harmless(words[3])))
		return false;
	/* RFC 4568 section 6.1: key||salt [ "|" lifetime ] [ "|" MKI ":" length ].  MKI changes the
	 * format of packets and is not supported. */
	g_auto(GStrv) parts = g_strsplit(words[2] + strlen("inline:"), "|", 4);
	for (guint i = 1; parts[0] && parts[i]; i++)
		if (strchr(parts[i], ':'))
			return false;
	gsize length = 0;
	g_autofree guchar *key = parts[0] ? g_base64_decode(parts[0], &length) : NULL;
	if (!key || length != MEDIA_KEY_BYTES)
		return false;
	memcpy(ret_key, key, MEDIA_KEY_BYTES);
	*ret_tag = (guint)tag;
	return true;
}

bool media_crypto_choose(const GPtrArray *values, guint *ret_tag, guint8 ret_key[MEDIA_KEY_BYTES])
{
	for (guint i = 0; i < values->len; i++)
		if (media_crypto_parse(g_ptr_array_index(values, i), ret_tag, ret_key))
			return true;
	return false;
}
