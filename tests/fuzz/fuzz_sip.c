/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SIP messages: what is accepted prints, parses again to the same, and can be answered. */
#include "common/sip_private.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static void read_all(const sip_msg *m)
{
	static const char *const names[] = {"Via",     "Route",		"From", "To",
					    "Contact", "Authorization", "X"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *value;

		for (guint n = 0; (value = sip_header_nth(m, names[i], n)); n++) {
			g_free(sip_param(value, "tag"));
			g_free(sip_uri_user(value));
			sip_digest_check(value, "REGISTER", "u", "p");
			g_free(sip_digest_answer(value, "REGISTER", "sip:x", "u", "p"));
		}
	}
	g_free(sip_top_branch(m));
	g_free(sip_uri_user(sip_from_uri(m)));
	g_free(sip_uri_user(sip_uri(m)));
	g_assert_nonnull(sip_method(m));
	g_assert_nonnull(sip_call_id(m));
	g_assert_nonnull(sip_to_uri(m));
}

static void answer(const sip_msg *m)
{
	g_autoptr(sip_msg) response = sip_response_new(m, 200, NULL, "tag");
	g_autofree char *text = sip_msg_print(response, NULL);
	g_autoptr(sip_msg) again = sip_msg_parse(text, strlen(text), NULL);

	if (sip_is_request(m))
		g_assert_nonnull(again);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	gsize scanned = 0;
	gsize total;

	sip_frame((const char *)data, size, &scanned, &total, NULL);

	g_autoptr(sip_msg) m = sip_msg_parse((const char *)data, size, NULL);

	if (!m)
		return 0;

	gsize length, length_again;
	g_autofree char *text = sip_msg_print(m, &length);

	g_assert_cmpuint(length, ==, sip_msg_size(m));

	g_autoptr(sip_msg) again = sip_msg_parse(text, length, NULL);

	/* Compact names have become long ones: no peer would take it, and sip_conn sends no such
	 * message. */
	if (length > SIP_MESSAGE_MAX) {
		g_assert_null(again);
		return 0;
	}

	g_assert_nonnull(again);

	g_autofree char *text_again = sip_msg_print(again, &length_again);

	g_assert_true(length == length_again && memcmp(text, text_again, length) == 0);
	read_all(m);
	answer(m);
	return 0;
}
