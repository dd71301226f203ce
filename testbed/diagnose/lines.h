/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines: the impaired interfaces by which packets of a call leave a node, and what happened to
 * packets there.
 *
 * An interface is on the way of a walk when the walk leaves a node by it, or when the packets of a
 * tunnel on the way do.  Its figures are the impairment's own counts (netstate), of all packets
 * since the lab was built; where these are not told, what the model says of it.
 * Depends on evidence, finding, walk, netstate and model.  Pure.
 */
#ifndef TESTBED_DIAGNOSE_LINES_H
#define TESTBED_DIAGNOSE_LINES_H

#include "testbed/diagnose/evidence.h"
#include "testbed/diagnose/finding.h"

struct line {
	const struct node *node;
	const char *iface;
	const struct impairment *what;
	struct link_losses losses;
	enum direction direction; /* of the packets that leave by it, seen from who was walked for
				   */
	guint leg;		  /* which of the walks it is on */
};

/* struct line of the finding's legs from number `first` (0: of all), in the order of their ways;
 * free with g_array_unref. */
GArray *lines_of_legs(const struct evidence *e, const struct finding *f, guint first);
/* Leaves out those that no captured media packet passed, where any was captured on one of them. */
void lines_keep_used(GArray *lines, const struct evidence *e);

/* What share of the packets was lost by lot; and as the queue in front of its rate was full. */
double line_lost_share(const struct line *l);
double line_full_share(const struct line *l);
/* How long it holds a packet up at most: by its delay; and in a queue that is full. */
double line_delay_ms(const struct line *l);
double line_queue_ms(const struct line *l);

/* Whose impairment it is: the interface, its network or its tunnel. */
struct subject line_subject(const struct evidence *e, const struct line *l);
/* The sentences of a proof. */
void line_prove(const struct evidence *e, struct finding *f, const struct line *l);

#endif
