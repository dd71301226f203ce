/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ids: which user and group ids of the machine a lab's own ids stand for.
 *
 * A lab of root has ids 0 to IDS_COUNT - 1, which are ids of the machine that nobody has: what a
 * program of the lab may do outside of it is what nobody may.  They are taken from the range that
 * systemd-nspawn takes them from, so that nothing else gives them out by mistake.  A lab of another
 * user has one id, which is that user.  Depends on GLib.
 */
#ifndef TESTBED_EXEC_IDS_H
#define TESTBED_EXEC_IDS_H

#include <glib.h>
#include <stdbool.h>

#define IDS_COUNT 65536u
#define IDS_FIRST 524288u
#define IDS_LAST 1878982656u /* the last range begins here */

/* Draws a range of ids that no account, no line of /etc/subuid and /etc/subgid and no process has;
 * its first id is a multiple of IDS_COUNT.  Reads /proc and /etc.  False: none was found. */
bool ids_draw(guint32 *ret_first);

/* Whether an id of this range is named in `text`, lines whose numbers stand between colons: passwd,
 * group ("name:x:ID:...") or subuid ("name:FIRST:COUNT").  `subordinate`: the latter.  Pure. */
bool ids_are_in_text(const char *text, bool subordinate, guint32 first);

#endif
