/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that was written by others, as a terminal may have it: nothing in it controls the terminal,
 * and nothing shows in another order than it is read.
 *
 * Control characters (C0 but for line feed and tab, DEL, C1) and bytes that are no UTF-8 become
 * \xNN, characters that change the direction of text or break lines become \uNNNN (Unicode TR 36,
 * CVE-2021-42574).  Depends on GLib.  Pure.
 */
#ifndef COMMON_BASE_PRINTABLE_H
#define COMMON_BASE_PRINTABLE_H

#include <glib.h>

enum printable {
	PRINTABLE_TEXT,
	PRINTABLE_LINE, /* one line: line feeds and tabs are escaped, too */
	PRINTABLE_JSON, /* a JSON document: everything becomes \uNNNN, so that it stays one */
};

/* Appends `length` bytes of `text` (-1: it ends with NUL). */
void printable_append(GString *out, const char *text, gssize length, enum printable kind);

#endif
