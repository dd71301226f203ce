/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept as evidence of a lab's packets, for who records it and who reads it. */
#ifndef TESTBED_BASE_EVIDENCE_H
#define TESTBED_BASE_EVIDENCE_H

/* One RTP packet of so many, whose sequence number is a multiple of it, so that all nodes keep the
 * same ones.  A power of two. */
#define EVIDENCE_RTP_KEPT 16

#endif
