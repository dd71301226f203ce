/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet in one line, for people.  Pure. */
#ifndef TESTBED_REPORT_PACKET_H
#define TESTBED_REPORT_PACKET_H

#include <glib.h>
#include <stdbool.h>

/* Appends "udp 10.0.1.101:4000 > 10.0.1.53:53, 32 bytes" for what is at `data`: an Ethernet frame,
 * or a bare IP packet.  Packets cut short are told as far as they go. */
void report_packet(const guint8 *data, gsize length, bool ethernet, GString *out);

#endif
