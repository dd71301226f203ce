/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flows: the pairs of addresses of the packets that one node received and sent, with the interface.
 *
 * Noted for every packet that evidence keeps, so that the kernel can be asked for the routes of
 * exactly those (exec/inspect_lookup.h). Ports do not matter to routes. At most FLOWS_MAX pairs a
 * node. Depends on exec (what a captured packet is) and base.  Pure.
 */
#ifndef TESTBED_LAB_FLOWS_H
#define TESTBED_LAB_FLOWS_H

#include "common/base/object.h"
#include "testbed/exec/capture.h"
#include "testbed/exec/lookup_questions.h"

#define FLOWS_MAX 512u

typedef struct flows flows;

flows *flows_new(void);
/* Notes the packet's addresses; a few instructions when they are known already. Leaves out what
 * is no IP packet, and addresses to which no route leads (multicast, broadcast, link-local,
 * none). */
void flows_note(flows *f, const struct capture_packet *packet);
/* In the order that they were first seen; borrowed until the next packet. */
const struct seen_pair *flows_list(const flows *f, guint *ret_n);
/* A pair was left out. */
bool flows_is_full(const flows *f);

#endif
