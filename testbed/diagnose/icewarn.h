/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICEWarn: the bit mask in which a Lync client reports what went wrong while it looked for a media
 * path.
 *
 * Depends on GLib.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_ICEWARN_H
#define TESTBED_DIAGNOSE_ICEWARN_H

#include <glib.h>
#include <stdbool.h>

/* "0x12b", decimal, or a header line or log that holds "ICEWarn=0x12b"; the first one counts. false
 * when there is no number of 32 bits. */
bool icewarn_parse(const char *text, guint32 *ret);

/* Appends a line for every bit that is set, lowest first: "  0x1        the TURN server cannot be
 * reached", with " (normal)", or when it is normal, behind it. */
void icewarn_text(guint32 value, GString *out);

#endif
