/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture_expression: filters in the words of pcap-filter(7), for capture_new_filtered.
 *
 * Compiled by libpcap, because these words are what people know from tcpdump and Wireshark; libpcap
 * captures nothing here.
 */
#ifndef TESTBED_EXEC_CAPTURE_EXPRESSION_H
#define TESTBED_EXEC_CAPTURE_EXPRESSION_H

#include <glib.h>
#include <linux/filter.h>
#include <stdbool.h>

/* Compiles `text` for an Ethernet interface, or for one that carries bare IP packets.  The
 * program's instructions are the caller's (g_free).  TB_ERROR_INPUT with libpcap's words when it is
 * no filter. */
gboolean capture_expression(const char *text, bool ethernet, struct sock_fprog *ret,
			    GError **error);

#endif
