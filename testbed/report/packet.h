/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet as one line of text.  Pure. */
#ifndef TESTBED_REPORT_PACKET_H
#define TESTBED_REPORT_PACKET_H

#include <glib.h>
#include <stdbool.h>

/* Appends "udp 10.0.1.101:4000 > 10.0.1.53:53, 32 bytes" for the packet at `data`: an Ethernet
 * frame or an IP packet.  Of a truncated packet it appends what is there. */
void report_packet(const guint8 *data, gsize length, bool ethernet, GString *out);

#endif
