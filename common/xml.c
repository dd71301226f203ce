/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/xml.h"

#include <string.h>

struct xml_document {
	GHashTable *values; /* "ELEMENT" -> text; "ELEMENT ATTRIBUTE" -> value */
	char *root;
	GString *text; /* of the current element */
	guint depth;
};

const char *xml_local_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

/* Adds a value, unless the key has one.  Takes over `key`. */
static void keep_first(xml_document *d, char *key, const char *value)
{
	if (g_hash_table_contains(d->values, key))
		g_free(key);
	else
		g_hash_table_insert(d->values, key, g_strdup(value));
}

static void on_xml_start(GMarkupParseContext *context G_GNUC_UNUSED, const char *name,
			 const char **names, const char **values, gpointer user_data,
			 GError **error)
{
	xml_document *d = user_data;
	const char *element = xml_local_name(name);

	g_string_truncate(d->text, 0);
	if (d->depth++ == 0 && d->root) /* GMarkup accepts several roots */
		g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
				    "two root elements");
	if (!d->root)
		d->root = g_strdup(element);
	keep_first(d, g_strdup(element), "");
	for (guint i = 0; names[i]; i++)
		keep_first(d, g_strdup_printf("%s %s", element, names[i]), values[i]);
}

static void on_xml_text(GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize length,
			gpointer user_data, GError **error G_GNUC_UNUSED)
{
	g_string_append_len(((xml_document *)user_data)->text, text, (gssize)length);
}

static void on_xml_end(GMarkupParseContext *context G_GNUC_UNUSED, const char *name,
		       gpointer user_data, GError **error G_GNUC_UNUSED)
{
	xml_document *d = user_data;
	g_autofree char *text = g_strstrip(g_strdup(d->text->str));

	d->depth--;
	if (*text && !xml_text(d, xml_local_name(name)))
		g_hash_table_replace(d->values, g_strdup(xml_local_name(name)),
				     g_steal_pointer(&text));
	g_string_truncate(d->text, 0);
}

xml_document *xml_parse(const char *xml, gsize length, const char *root)
{
	static const GMarkupParser parser = {
		.start_element = on_xml_start, .end_element = on_xml_end, .text = on_xml_text};
	g_autoptr(xml_document) d = g_new0(xml_document, 1);
	g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, d, NULL);

	d->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	d->text = g_string_new(NULL);
	if (!xml || !g_markup_parse_context_parse(context, xml, (gssize)length, NULL) ||
	    !g_markup_parse_context_end_parse(context, NULL) ||
	    (root && g_strcmp0(d->root, root) != 0))
		return NULL;
	return g_steal_pointer(&d);
}

void xml_free(xml_document *d)
{
	if (!d)
		return;
	g_hash_table_unref(d->values);
	g_string_free(d->text, TRUE);
	g_free(d->root);
	g_free(d);
}

bool xml_has(const xml_document *d, const char *element)
{
	return d && g_hash_table_contains(d->values, element);
}

const char *xml_text(const xml_document *d, const char *element)
{
	const char *text = d ? g_hash_table_lookup(d->values, element) : NULL;

	return text && *text ? text : NULL;
}

const char *xml_attribute(const xml_document *d, const char *element, const char *attribute)
{
	g_autofree char *key = g_strdup_printf("%s %s", element, attribute);

	return d ? g_hash_table_lookup(d->values, key) : NULL;
}
