/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets are evidence: a filter (BPF, packet(7)) that the kernel runs on every packet of a
 * node, so that packets which say nothing about paths cost little.
 *
 * Kept are packets that can be recognised at other nodes, behind NAT and in tunnels: TCP
 * segments that open or end a connection, and those that begin with a TLS record; STUN and TURN
 * messages; one RTP packet of EVIDENCE_RTP_KEPT (by sequence number, so that all nodes keep the
 * same ones), bare or in a TURN channel; DNS; ICMP errors.  Loopback interfaces are left out.
 * Private to exec.
 */
#ifndef TESTBED_EXEC_CAPTURE_FILTER_H
#define TESTBED_EXEC_CAPTURE_FILTER_H

#include "testbed/base/evidence.h"

#include <stdbool.h>

#define CAPTURE_SNAP_BYTES                                                     \
	160 /* link, IPv6, UDP, TURN indication and a STUN header or RTP in it \
	     */

/* Attaches the filter to a packet socket (SOCK_RAW). */
bool capture_filter_attach(int fd);

#endif
