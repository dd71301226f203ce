/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICEWarn: the bit mask in which a Lync client reports what went wrong while it looked for a media
 * path.
 *
 * Depends on GLib.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_ICEWARN_H
#define TESTBED_DIAGNOSE_ICEWARN_H

#include <glib.h>

/* "0x3eb", or decimal; FALSE when it is neither or does not fit into 32 bits. */
gboolean icewarn_parse(const char *text, guint32 *ret);

/* What one bit means, or NULL when it means nothing. */
const char *icewarn_bit_text(guint32 bit);

/* Appends a line for every bit that is set, lowest first: "  0x1        the TURN server cannot be
 * reached". */
void icewarn_text(guint32 value, GString *out);

#endif
