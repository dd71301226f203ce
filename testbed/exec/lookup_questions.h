/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which route look-ups are asked of a kernel: from the packets that were seen at a node to
 * questions, both directions.
 *
 * Nouns: a `seen_pair` is what was noted of packets: addresses, interface, in or out; a `question`
 * is one look-up, by the addresses that the kernel routes: after DNAT and before SNAT.  For
 * inspect_lookup. Depends on netstate and base.  Pure.
 */
#ifndef TESTBED_EXEC_LOOKUP_QUESTIONS_H
#define TESTBED_EXEC_LOOKUP_QUESTIONS_H

#include "common/base/object.h"
#include "testbed/netstate/netstate.h"

struct seen_pair {
	unsigned ifindex;
	bool outgoing; /* sent by the node, or passed on by it */
	struct addr src, dst;
};

struct question {
	struct addr from, to;
	unsigned in; /* ifindex that the packet comes in by; 0: the node sends it */
};

/* A set of questions that keeps their order. */
typedef struct questions questions;

questions *questions_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(questions, object_free)
guint questions_count(const questions *q);
const struct question *questions_at(const questions *q,
				    guint i); /* borrowed until the next one is put */

/* What follows from each pair by itself: what came in is looked up as it came; what the node sent,
 * from it; what it passed on, as an answer to it would be.  Of the node's state its addresses are
 * looked at, and how its sessions were translated.  In a stable order: that of addresses. */
void questions_ask(questions *q, const struct seen_pair *pairs, guint n, const node_state *node);
/* The other direction of a question whose answer leads out by interface `out` (0: nowhere, or an
 * error): from the node itself, where it has the address; else as what comes in by `out`.  Nothing
 * is put where neither is so. */
void questions_ask_back(questions *q, const struct question *of, unsigned out,
			const node_state *node);

#endif
