/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often the kernel's neighbour tables (ARP, NDP) were full.  All namespaces of the machine
 * share them: a lab of many nodes fills them for every other lab.  Packets to a neighbour without
 * an entry are lost, and calls fail through no fault of the network.
 */
#ifndef TESTBED_MATRIX_NEIGHBOURS_H
#define TESTBED_MATRIX_NEIGHBOURS_H

#include <glib.h>

/* The sum over all processors in the text of /proc/net/stat/arp_cache or ndisc_cache; 0 when it is
 * not such a text.  Pure. */
guint64 neighbours_parse(const char *stat);
/* How often an entry was refused in either table since the machine started.  0 also where this
 * can't be read: outside the machine's own network namespace. */
guint64 neighbours_refused(void);

#endif
