/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XML with the place of each element.  Private to the import layer.  Pure.
 *
 * GLib's GMarkup reads it.  It knows no document types, no entities but the five of XML itself and
 * character references, and opens no files, so nothing can be expanded or fetched; a document type
 * is refused all the same, as no export has one.
 */
#ifndef TESTBED_IMPORT_XML_H
#define TESTBED_IMPORT_XML_H

#include "testbed/base/diag.h"

/* Reads UTF-8 text.  `calls` get `data`, and find the place of an element at `at` when it starts.
 * false with an error in `d`, with this hint: not XML, or a call has set its error. */
bool xml_read(const char *file, const char *text, const GMarkupParser *calls, gpointer data,
	      struct loc *at, const char *hint, diags *d);

/* For the calls: whether an element may be within so many; the `passthrough` that refuses document
 * types.  Both set the error. */
bool xml_depth_fits(guint depth, GError **error);
void xml_refuse_type(GMarkupParseContext *context, const char *text, gsize length, gpointer data,
		     GError **error);

#endif
