/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reason of an error: the one place where errors of GLib, GIO and the kernel become codes.
 *
 * Depends on GIO and common/wire.  Pure.
 */
#ifndef COMMON_ERROR_REASON_H
#define COMMON_ERROR_REASON_H

#include <gio/gio.h>

#include "common/wire/reason.h"

/* Errors that know their reason: the code is an enum reason. */
#define REASON_ERROR reason_error_quark()
GQuark reason_error_quark(void);
/* An error with this reason and printf-like text; the caller frees.  `subject`: the name in a
 * certificate that was refused; NULL: it is about none. */
GError *reason_error_new(enum reason r, const char *subject, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* The same with the words of the table of reasons, about no certificate. */
GError *reason_error_plain(enum reason r);

/* The reason of an error (of an errno); REASON_INTERNAL for those without a row. */
enum reason error_reason(const GError *error);
enum reason errno_reason(int code);
/* Adds "code", "reason" and, where there is one, "subject" to an event, which it returns. */
json_t *error_set(json_t *event, const GError *error);

#endif
