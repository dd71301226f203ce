/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/xml.h"

#include <string.h>

struct search {
	const char *name, *attribute;
	bool inside;
	GString *text;
	char *value;
};

static void on_start(GMarkupParseContext *context G_GNUC_UNUSED, const char *name,
		     const char **names, const char **values, gpointer data,
		     GError **error G_GNUC_UNUSED)
{
	struct search *s = data;
	if (s->value || strcmp(name, s->name) != 0)
		return;
	s->inside = true;
	for (guint i = 0; s->attribute && names[i] && !s->value; i++)
		if (strcmp(names[i], s->attribute) == 0)
			s->value = g_strdup(values[i]);
}

static void on_end(GMarkupParseContext *context G_GNUC_UNUSED, const char *name, gpointer data,
		   GError **error G_GNUC_UNUSED)
{
	struct search *s = data;
	if (!s->inside || strcmp(name, s->name) != 0)
		return;
	s->inside = false;
	if (!s->attribute && !s->value)
		s->value = g_strdup(g_strstrip(s->text->str));
}

static void on_text(GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize length,
		    gpointer data, GError **error G_GNUC_UNUSED)
{
	struct search *s = data;
	if (s->inside)
		g_string_append_len(s->text, text, (gssize)length);
}

static char *search(const char *xml, gsize length, const char *name, const char *attribute)
{
	static const GMarkupParser parser = {
		.start_element = on_start, .end_element = on_end, .text = on_text};
	struct search s = {.name = name, .attribute = attribute, .text = g_string_new(NULL)};
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &s, NULL);
	bool ok = g_markup_parse_context_parse(context, xml, (gssize)length, NULL) &&
		  g_markup_parse_context_end_parse(context, NULL);
	g_markup_parse_context_free(context);
	g_string_free(s.text, TRUE);
	if (!ok)
		g_clear_pointer(&s.value, g_free);
	return s.value;
}

char *xml_text(const char *xml, gsize length, const char *name)
{
	return search(xml, length, name, NULL);
}

char *xml_attribute(const char *xml, gsize length, const char *name, const char *attribute)
{
	return search(xml, length, name, attribute);
}
