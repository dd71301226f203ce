/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page: all of the data is in it, and none of it can be taken for the page itself. */
#include "testbed/report/page.h"

#include <criterion/criterion.h>
#include <gio/gio.h>
#include <string.h>

#define HOSTILE "\"></script><script>alert(1)</script><!--<script>@CELLS@@SCRIPT@\xe2\x80\xa8"

static guint count_of(const char *text, const char *what)
{
	guint n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* The text between two others; the caller frees. */
static char *between(const char *text, const char *before, const char *after)
{
	const char *from = strstr(text, before),
		   *to = from ? strstr(from + strlen(before), after) : NULL;

	cr_assert(from && to, "'%s' is there", before);
	from += strlen(before);
	return g_strndup(from, (gsize)(to - from));
}

static json_t *unpacked(const char *base64)
{
	gsize length;
	g_autofree guchar *gzip = g_base64_decode(base64, &length);
	g_autoptr(GInputStream) memory =
		g_memory_input_stream_new_from_data(gzip, (gssize)length, NULL);
	g_autoptr(GZlibDecompressor) unzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
	g_autoptr(GInputStream) in = g_converter_input_stream_new(memory, G_CONVERTER(unzip));
	char text[4096];
	gsize n = 0;

	cr_assert(g_input_stream_read_all(in, text, sizeof text - 1, &n, NULL, NULL));
	text[n] = '\0';
	return json_loads(text, 0, NULL);
}

static GString *page_over(const char *text, const char *server)
{
	json_auto_t *index = json_pack("{s:s, s:s}", "schema", "testbed.story/1", "text", text);
	json_auto_t *cell = json_pack("{s:s}", "text", text);
	page *p = page_new();

	page_add(p, PAGE_CELL, text, cell);
	page_add(p, PAGE_NODES, text, cell);
	return page_finish(p, index, server);
}

static GString *page_of(const char *text)
{
	return page_over(text, NULL);
}

Test(page, holds_hostile_text_as_data)
{
	g_autoptr(GString) plain = page_of("plain"), hostile = page_of(HOSTILE);
	g_autofree char *index = between(hostile->str, "id=\"story-index\">", "</script>"),
			*cell = between(hostile->str, "data-cell=\"", "</script>"),
			*base64 = g_strdup(strstr(cell, "\">") + 2);
	json_auto_t *read = json_loads(index, 0, NULL), *one = unpacked(base64);

	cr_expect_eq(count_of(hostile->str, "<script"), count_of(plain->str, "<script"));
	cr_expect_eq(count_of(hostile->str, "</script"), count_of(plain->str, "</script"));
	cr_expect_eq(count_of(hostile->str, "<!--"), count_of(plain->str, "<!--"));
	cr_expect_eq(count_of(hostile->str, "alert(1)</"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(read, "text")), HOSTILE);
	cr_expect_str_eq(json_string_value(json_object_get(one, "text")), HOSTILE);
}

Test(page, has_no_mark_of_its_template_left)
{
	g_autoptr(GString) html = page_of("plain");
	g_autofree char *policy = between(html->str, "Content-Security-Policy\" content=\"", "\">");

	cr_expect_null(strstr(policy, "@"));
	cr_expect_not_null(strstr(policy, "sha256-"));
	cr_expect_null(strstr(html->str, "\nimport "));
	cr_expect_null(strstr(html->str, "\nexport "));
	cr_expect_null(strstr(html->str, "@INDEX@"));
}

Test(page, connects_to_its_server_only)
{
	g_autoptr(GString) file = page_of("plain"),
			   live = page_over("plain", "ws://127.0.0.1:8000");

	cr_expect_null(strstr(file->str, "; connect-src"));
	cr_expect_not_null(strstr(live->str, "default-src 'none'; connect-src ws://127.0.0.1:8000; "
					     "script-src 'sha256-"));
}

Test(page, is_the_same_for_the_same_data)
{
	g_autoptr(GString) first = page_of("plain"), again = page_of("plain");

	cr_expect_str_eq(first->str, again->str);
}
