/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small XML documents that SIP carries, as look-ups by name.
 *
 * Namespace prefixes of elements are ignored.  Of several elements or attributes with the same name
 * the first counts.  Depends on GLib.  Pure.
 */
#ifndef COMMON_XML_H
#define COMMON_XML_H

#include <glib.h>
#include <stdbool.h>

typedef struct xml_document xml_document;

/* The name of an element or attribute without its prefix; a part of `name`. */
const char *xml_local_name(const char *name);

/* Reads a document; for xml_free.  NULL when `xml` is NULL or not well-formed, or when its root is
 * not `root` (NULL: any). */
xml_document *xml_parse(const char *xml, gsize length, const char *root);
void xml_free(xml_document *d); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xml_document, xml_free)

bool xml_has(const xml_document *d, const char *element); /* false without a document */
/* Text of an element without spaces around it, and value of its attribute; borrowed.  NULL: there
 * is none, or no document. */
const char *xml_text(const xml_document *d, const char *element);
const char *xml_attribute(const xml_document *d, const char *element, const char *attribute);

#endif
