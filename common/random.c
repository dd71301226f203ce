/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/random.h"

#include <errno.h>
#include <sys/random.h>

#define HEX_BYTES_MAX 64

void random_bytes(void *bytes, gsize length)
{
	guint8 *at = bytes;

	while (length > 0) {
		gssize n = getrandom(at, length, 0);

		if (n > 0) {
			at += n;
			length -= (gsize)n;
		} else if (errno != EINTR) {
			/* A kernel without getrandom(2) is older than every one that runs labs. */
			g_error("getrandom: %s", g_strerror(errno));
		}
	}
}

guint32 random_word(void)
{
	guint32 word;

	random_bytes(&word, sizeof word);
	return word;
}

guint32 random_below(guint32 limit)
{
	return (guint32)((guint64)random_word() * limit >> 32);
}

char *random_hex(gsize bytes)
{
	guint8 raw[HEX_BYTES_MAX];
	GString *text = g_string_new(NULL);

	g_assert(bytes <= sizeof raw);
	random_bytes(raw, bytes);
	for (gsize i = 0; i < bytes; i++)
		g_string_append_printf(text, "%02x", raw[i]);
	return g_string_free(text, FALSE);
}

char *random_uuid(void)
{
	g_autofree char *h = random_hex(16);

	return g_strdup_printf("%.8s-%.4s-4%.3s-%c%.3s-%.12s", h, h + 8, h + 13,
			       "89ab"[random_below(4)], h + 17, h + 20);
}
