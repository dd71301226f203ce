/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two look-ups in the small XML documents of the product's protocols.  Pure. */
#ifndef CLIENTS_XML_H
#define CLIENTS_XML_H

#include <glib.h>
#include <stdbool.h>

/* Text of the first element `name`, any depth; NULL: none, or not well formed.  The caller frees.
 */
char *xml_text(const char *xml, gsize length, const char *name);
/* Value of `attribute` of the first element `name` that has it; the same. */
char *xml_attribute(const char *xml, gsize length, const char *name, const char *attribute);

#endif
