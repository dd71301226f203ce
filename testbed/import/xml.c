/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/xml.h"

#include <string.h>

#define DEPTH_MAX 64

bool xml_depth_fits(guint depth, GError **error)
{
	if (depth < DEPTH_MAX)
		return true;
	g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
		    "elements are more than %d deep", DEPTH_MAX);
	return false;
}

/* Comments and declarations may be there. */
void xml_refuse_type(GMarkupParseContext *context G_GNUC_UNUSED, const char *text,
		     gsize length G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED, GError **error)
{
	if (g_str_has_prefix(text, "<!DOCTYPE"))
		g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT,
			    "a document type is not read: no export has one");
}

/* "Error on line 3 char 4: text" -> "text"; the place is told before it. */
static const char *without_place(const char *message)
{
	const char *colon = strstr(message, ": ");

	return strstr(message, " char ") && colon ? colon + 2 : message;
}

static void advance(struct loc *at, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n') {
			at->line++;
			at->col = 1;
		} else if ((text[i] & 0xc0) != 0x80) { /* a character's first byte */
			at->col++;
		}
	}
}

/* The text is given to the parser in pieces that begin at each '<', so that elements' places are
 * known. */
bool xml_read(const char *file, const char *text, const GMarkupParser *calls, gpointer data,
	      struct loc *at, const char *hint, diags *d)
{
	GMarkupParseContext *context =
		g_markup_parse_context_new(calls, G_MARKUP_TREAT_CDATA_AS_TEXT, data, NULL);
	g_autoptr(GError) error = NULL;
	bool good = true;

	*at = (struct loc){file, 1, 1};
	while (good && *text) {
		size_t length = strcspn(text + 1, "<") + 1;

		good = g_markup_parse_context_parse(context, text, (gssize)length, &error);
		if (good)
			advance(at, text, length);
		text += length;
	}
	good = good && g_markup_parse_context_end_parse(context, &error);
	if (!good)
		diags_add(d, DIAG_ERROR, *at, hint, "not XML: %s", without_place(error->message));
	g_markup_parse_context_free(context);
	return good;
}
