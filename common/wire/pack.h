/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of whatever comes from the network: the one place where its texts become valid.
 *
 * JSON's texts are UTF-8; what peers send need not be.  jansson makes no object of it at all, so
 * that an event would be lost for one bad byte.  Here a byte that is no UTF-8 is written as \xNN,
 * and all is told.  Depends on GLib and jansson.  Pure.
 */
#ifndef COMMON_WIRE_PACK_H
#define COMMON_WIRE_PACK_H

#include <jansson.h>

/* A text as JSON; NULL: null. */
json_t *event_text(const char *text);
/* The same of printf-like arguments. */
json_t *event_text_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As json_pack, with event_text for its texts.  The format may have {s:...}, [...], s, s?, b, i, I,
 * f, n, o, and o* (left out of an object when NULL). */
json_t *event_pack(const char *format, ...);

#endif
