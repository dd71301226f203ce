/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page: the HTML file that shows stories, joined from the files of web/ and the data.
 *
 * The data is untrusted, as run folders come from anybody: in the index every "<" is written as an
 * escape of JSON, cells are gzip and base64, names in attributes are escaped, so that nothing of it
 * ends an element.  Marks are replaced where they stand in the template only.  Depends on jansson
 * and GIO.  Pure: web/ is inside the program.
 *
 *   page *p = page_new();
 *   page_add(p, PAGE_CELL, id, cell);  ...
 *   g_autoptr(GString) html = page_finish(p, index, NULL);
 */
#ifndef TESTBED_REPORT_PAGE_H
#define TESTBED_REPORT_PAGE_H

#include <glib.h>
#include <jansson.h>

typedef struct page page;

enum page_part { PAGE_CELL, PAGE_NODES };

page *page_new(void);
/* Packs the value, which stays the caller's. */
void page_add(page *p, enum page_part part, const char *name, const json_t *value);
/* The whole file with the story's document `index`; frees the page.  `server` is what the page may
 * connect to besides, as a source of a content security policy ("ws://127.0.0.1:8000"); NULL:
 * nothing, it is a file.  The caller frees. */
GString *page_finish(page *p, const json_t *index, const char *server);

#endif
