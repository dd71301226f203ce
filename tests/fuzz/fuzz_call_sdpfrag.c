/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trickle fragments: what is accepted prints and parses again to the same. */
#include "common/call_sdp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(GPtrArray) first = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) second = g_ptr_array_new_with_free_func(g_free);
	guint index, index_again;
	bool end, end_again;

	if (!call_sdpfrag_parse((const char *)data, size, &index, first, &end))
		return 0;
	g_ptr_array_add(first, NULL);

	g_autofree char *text =
		call_sdpfrag_print("u", "p", index, (const char *const *)first->pdata, end);

	g_assert_true(call_sdpfrag_parse(text, strlen(text), &index_again, second, &end_again));
	g_assert_cmpuint(index, ==, index_again);
	g_assert_true(end == end_again);
	g_assert_cmpuint(first->len, ==, second->len + 1);
	return 0;
}
