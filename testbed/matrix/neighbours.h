/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often the kernel's tables of neighbours were full.  They are shared by all namespaces of the
 * machine, and a lab of many nodes fills them for every other lab: packets to a neighbour that has
 * no place are lost, and a run fails without any fault of its own.
 */
#ifndef TESTBED_MATRIX_NEIGHBOURS_H
#define TESTBED_MATRIX_NEIGHBOURS_H

#include <glib.h>

/* The sum over all processors in the text of /proc/net/stat/arp_cache or ndisc_cache; 0 when it is
 * not such a text.  Pure. */
guint64 neighbours_parse(const char *stat);
/* Of both tables since the machine started.  0 also where this can't be read: outside the machine's
 * own network namespace. */
guint64 neighbours_refused(void);

#endif
