/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/page.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/testbed/web/"
#define GZIP_LEVEL 9

/* Made by glib-compile-resources of all files in web/. */
GResource *testbed_web_get_resource(void);

struct page {
	GString *parts;
};

page *page_new(void)
{
	page *p = g_new0(page, 1);

	p->parts = g_string_new(NULL);
	return p;
}

/* --- packing ---------------------------------------------------------------------------------- */

/* The bytes as gzip (RFC 1952), without a time: the same bytes give the same. */
static GBytes *packed(const char *bytes, gsize length)
{
	g_autoptr(GZlibCompressor) gzip =
		g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, GZIP_LEVEL);
	g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
	g_autoptr(GOutputStream) out = g_converter_output_stream_new(memory, G_CONVERTER(gzip));

	/* memory takes everything */
	g_output_stream_write_all(out, bytes, length, NULL, NULL, NULL);
	g_output_stream_close(out, NULL, NULL);
	return g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(memory));
}

void page_add(page *p, enum page_part part, const char *name, const json_t *value)
{
	static const char *const words[] = {[PAGE_CELL] = "cell", [PAGE_NODES] = "nodes"};
	char *text = json_dumps(value, JSON_COMPACT);
	g_autoptr(GBytes) gzip = packed(text, strlen(text));
	g_autofree char *valid = g_utf8_make_valid(name, -1),
			*attribute = g_markup_escape_text(valid, -1), *base64 = NULL;
	gsize length;
	const guint8 *bytes = g_bytes_get_data(gzip, &length);

	base64 = g_base64_encode(bytes, length);
	g_string_append_printf(p->parts,
			       "<script type=\"application/gzip;base64\" data-%s=\"%s\">%s"
			       "</script>\n",
			       words[part], attribute, base64);
	free(text);
}

/* --- the files of web/ ------------------------------------------------------------------------ */

/* A file of web/ that is always there. */
static char *file_text(const char *name)
{
	g_autofree char *path = g_strconcat(FOLDER, name, NULL);
	g_autoptr(GBytes) bytes = g_resource_lookup_data(testbed_web_get_resource(), path,
							 G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	gsize length = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	return g_strndup(text ? text : "", length);
}

/* Appends a module as part of one script: without its imports, and nothing is exported. */
static void append_module(GString *out, const char *name)
{
	g_autofree char *text = file_text(name);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		const char *line = lines[i];

		if (g_str_has_prefix(line, "import ") || (!*line && !lines[i + 1]))
			continue;
		if (g_str_has_prefix(line, "export "))
			line += strlen("export ");
		g_string_append_printf(out, "%s\n", line);
	}
}

static char *script_text(void)
{
	g_autofree char *list = file_text("modules.txt");
	g_auto(GStrv) names = g_strsplit(list, "\n", -1);
	GString *out = g_string_new(NULL);

	for (guint i = 0; names[i]; i++)
		if (*g_strstrip(names[i]))
			append_module(out, names[i]);
	return g_string_free(out, FALSE);
}

static char *style_text(void)
{
	g_autofree char *screen = file_text("style.css"), *print = file_text("print.css");

	return g_strconcat(screen, print, NULL);
}

/* As a content security policy names it. */
static char *hash_text(const char *text)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	guint8 digest[32];
	gsize length = sizeof digest;

	g_checksum_update(sum, (const guchar *)text, -1);
	g_checksum_get_digest(sum, digest, &length);
	return g_base64_encode(digest, length);
}

/* In JSON "<" stands in strings only. */
static char *index_text(const json_t *index)
{
	char *text = json_dumps(index, JSON_COMPACT);
	g_auto(GStrv) parts = g_strsplit(text, "<", -1);

	free(text);
	return g_strjoinv("\\u003c", parts);
}

GString *page_finish(page *p, const json_t *index, const char *server)
{
	g_autofree char *template = file_text("index.html"), *script = script_text(),
			*style = style_text(), *script_hash = hash_text(script),
			*style_hash = hash_text(style), *document = index_text(index),
			*connect = server ? g_strdup_printf("connect-src %s; ", server) : NULL;
	const struct {
		const char *mark, *text;
	} marks[] = {{"@STYLE@", style},
		     {"@SCRIPT@", script},
		     {"@STYLE_HASH@", style_hash},
		     {"@SCRIPT_HASH@", script_hash},
		     {"@INDEX@", document},
		     {"@CELLS@", p->parts->str},
		     {"@CONNECT@", connect ? connect : ""}};
	GString *out = g_string_new(NULL);

	for (const char *at = template; *at;) {
		const char *text = NULL;

		for (guint i = 0; i < G_N_ELEMENTS(marks) && !text; i++)
			if (g_str_has_prefix(at, marks[i].mark)) {
				text = marks[i].text;
				at += strlen(marks[i].mark);
			}
		if (text)
			g_string_append(out, text);
		else
			g_string_append_c(out, *at++);
	}
	g_string_free(p->parts, TRUE);
	g_free(p);
	return out;
}
