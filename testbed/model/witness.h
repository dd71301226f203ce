/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Witnesses: moments at which this machine itself lost or delayed packets of a lab.
 *
 * Theory of operation.  A lab runs on a machine that has other work to do.  Where it has too little
 * processor time, receive buffers overflow and programs act late, and that looks like a fault of
 * the network.  So every place where the machine can lose or delay a packet is watched (lab/strain,
 * the agents' loops), and what was seen there is a witness: its kind, where, how much, and when.  A
 * call that failed while there was a witness strong enough for that failure says nothing about the
 * network (session/excuse).
 *
 * Depends on base.  Pure.
 */
#ifndef TESTBED_MODEL_WITNESS_H
#define TESTBED_MODEL_WITNESS_H

#include <glib.h>
#include <stdbool.h>

/* X(id, name, it counts packets (else milliseconds), in words, behind where and before how much) */
#define WITNESS_KINDS(X)                                                                      \
	X(STOPPED, "stopped", false, "was stopped for")                                       \
	X(STARVED, "no-processor", false, "was ready and got no processor for")               \
	X(TRACED, "traced", false, "was stopped again and again by a debugger or strace for") \
	X(LATE, "late", false, "was late by")                                                 \
	X(SOCKET_FULL, "socket-full", true, "had full receive buffers and lost")              \
	X(QUEUE_FULL, "queue-full", true, "had a full queue and lost")                        \
	X(RING_FULL, "ring-full", true, "had a full ring and lost")                           \
	X(BACKLOG_FULL, "backlog-full", true, "had a full backlog and lost")

enum witness_kind {
#define X(id, name, packets, words) WITNESS_##id,
	WITNESS_KINDS(X)
#undef X
		WITNESS_KIND_COUNT
};

/* The cause of a cell that has witnesses (a code of diagnose/finding.h). */
#define WITNESS_CAUSE "MACHINE_OVERLOADED"

struct witness {
	enum witness_kind kind;
	char *where;	       /* "hub/wireguard-go wg-north", "hub:wg-north", "the machine" */
	guint64 amount;	       /* packets or milliseconds (witness_counts_packets) */
	gint64 from_us, to_us; /* monotonic: when; what was seen between two looks has both */
};

struct witness *witness_new(enum witness_kind kind, const char *where, guint64 amount,
			    gint64 from_us, gint64 to_us);
struct witness *witness_copy(const struct witness *w);
void witness_free(gpointer witness); /* accepts NULL */

const char *witness_kind_name(enum witness_kind k); /* "stopped" */
/* false: there is no such kind. */
bool witness_kind_parse(const char *name, enum witness_kind *ret);
bool witness_counts_packets(enum witness_kind k);
/* "hub/wireguard-go wg-north was stopped for 400 ms"; the caller frees. */
char *witness_text(const struct witness *w);

/* Adds a copy of `w` to `all` (struct witness, owned, in order of time).  What goes on without a
 * gap (of the same kind, at the same place) becomes one witness that lasts longer. */
void witness_note(GPtrArray *all, const struct witness *w);

#endif
