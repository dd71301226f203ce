/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON that is walked, held against jansson. */
#include "testbed/base/json_scan.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

static bool walks(const char *text, gsize length)
{
	struct json_scan s;
	struct json_slice whole;

	json_scan_begin(&s, text, length);
	return json_scan_value(&s, &whole) && json_scan_end(&s);
}

static const char *const texts[] = {
	"{}", "[]", " [ ] ", "{\"a\":1}", "{\"a\" : [1, 2.5, -0, 1e9, 1E-7, 0.25e+3]}",
	"[true,false,null]", "\"\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "[[[[[]]]]]",
	"{\"a\":{\"b\":{\"c\":[{}]}}}", "\"\xc3\xa9\"", "12", "-3.5",
	/* wrong ones */
	"", " ", "{", "}", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
	"[01]", "[1.]", "[.5]", "[-]", "[1e]", "[+1]", "tru", "truely", "nul", "\"", "\"\\x\"",
	"\"\\u12g4\"", "\"a\nb\"", "{} {}", "[1 2]", "{\"a\" 1}", "[\"a]", "\x01", "[}", "{]"};

/* Also every beginning of a text, as a file is that was cut off. */
Test(json_scan, takes_what_jansson_takes)
{
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		gsize length = strlen(texts[i]);

		for (gsize n = 0; n <= length; n++) {
			json_t *known = json_loadb(texts[i], n, JSON_DECODE_ANY, NULL);

			cr_expect_eq(walks(texts[i], n), known != NULL, "'%.*s'", (int)n, texts[i]);
			json_decref(known);
		}
	}
}

Test(json_scan, nesting_has_an_end)
{
	char deep[400];

	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	cr_expect_not(walks(deep, sizeof deep));
	cr_expect(walks(deep + 136, 128));
}

/* What the callbacks were given. */
struct found {
	GString *told;
	const char *stop_at;
};

static bool on_member(struct json_scan *s, const struct json_slice *key, gpointer user_data)
{
	struct found *f = user_data;
	struct json_slice value;

	if (f->stop_at && json_slice_is(key, f->stop_at))
		return false;
	if (!json_scan_value(s, &value))
		return false;
	g_string_append_printf(f->told, "%.*s=%.*s;", (int)key->length, key->at, (int)value.length,
			       value.at);
	return true;
}

static bool on_item(struct json_scan *s, gpointer user_data)
{
	struct found *f = user_data;

	g_string_append_printf(f->told, "%" G_GSIZE_FORMAT ":", json_scan_at(s));
	return json_scan_object(s, on_member, f);
}

Test(json_scan, members_and_places)
{
	static const char text[] = "[ {\"a\" : [1, 2] , \"b\":\"x\"},\n{} ]";
	g_autoptr(GString) told = g_string_new(NULL);
	struct found f = {told, NULL};
	struct json_scan s;

	json_scan_begin(&s, text, strlen(text));
	cr_expect(json_scan_array(&s, on_item, &f));
	cr_expect(json_scan_end(&s));
	cr_expect_str_eq(told->str, "2:a=[1, 2];b=\"x\";28:");
}

Test(json_scan, a_callback_ends_the_walk)
{
	static const char text[] = "{\"a\": 1, \"b\": 2, \"c\": wrong}";
	g_autoptr(GString) told = g_string_new(NULL);
	struct found f = {told, "b"};
	struct json_scan s;

	json_scan_begin(&s, text, strlen(text));
	cr_expect_not(json_scan_object(&s, on_member, &f));
	cr_expect_null(s.wrong);
	cr_expect_str_eq(told->str, "a=1;");
}
