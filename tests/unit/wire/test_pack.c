/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever bytes the network brings, an event is made, and all of it is told. */
#include "common/wire/pack.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_json(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	cr_expect(text && strcmp(text, expected) == 0, "%s, not %s", text ? text : "nothing",
		  expected);
	free(text);
	json_decref(value);
}

Test(pack, texts_become_valid)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{"plain", "\"plain\""},
		{"\xd0\xbd", "\"\xd0\xbd\""},
		{"a\xff\xfez", "\"a\\\\xff\\\\xfez\""},
		{"\xd0", "\"\\\\xd0\""},
		{"\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\""},
		{"\xc0\x80.", "\"\\\\xc0\\\\x80.\""},
		{"\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""},
		{"\x1b[1m\n", "\"\\u001B[1m\\n\""},
		{"", "\"\""},
		{NULL, "null"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_json(event_text(rows[i].text), rows[i].json);
	expect_json(event_text_printf("%s-%d", "\xff", 7), "\"\\\\xff-7\"");
}

Test(pack, as_json_pack)
{
	expect_json(event_pack("{s:s, s:s?, s:i, s:I, s:b, s:n, s:o}", "a", "x\xff", "b", NULL, "c",
			       -1, "d", (json_int_t)1 << 40, "e", 1, "f", "g", json_array()),
		    "{\"a\":\"x\\\\xff\",\"b\":null,\"c\":-1,\"d\":1099511627776,\"e\":true,"
		    "\"f\":null,\"g\":[]}");
	expect_json(event_pack("{s:{s:s, s:[i, s]}, s:[], s:o*, s:s}", "o", "k", "v", "l", 1,
			       "\xff", "empty", "left-out", NULL, "last", "z"),
		    "{\"empty\":[],\"last\":\"z\",\"o\":{\"k\":\"v\",\"l\":[1,\"\\\\xff\"]}}");
}
