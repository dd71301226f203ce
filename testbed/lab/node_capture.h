/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node_capture: the packets of one node on their way to a pcapng file that may hold those of other
 * nodes, too.  Each interface is described as "NODE:IF" when its first packet comes.
 * Depends on exec and base.
 */
#ifndef TESTBED_LAB_NODE_CAPTURE_H
#define TESTBED_LAB_NODE_CAPTURE_H

#include "testbed/base/pcapng.h"
#include "testbed/exec/capture.h"

struct node_capture {
	char *node;
	capture *packets;
	pcapng_writer *file;	/* borrowed */
	GHashTable *interfaces; /* ifindex -> number in the file */
};

/* Takes `packets` over. */
void node_capture_init(struct node_capture *c, const char *node, capture *packets,
		       pcapng_writer *file);
void node_capture_clear(struct node_capture *c);
/* Adds one packet to the file; the caller flushes it. */
void node_capture_write(struct node_capture *c, const struct capture_packet *packet);

#endif
