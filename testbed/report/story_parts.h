/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a story.  Private to report.
 *
 * story.c puts it together: phases, order, folding, lanes; story_packets.c makes steps of packets;
 * story_events.c of events; story_loss.c says why a packet was lost; story_words.c has the sentence
 * of each kind of message; story_pairs.c the candidate pairs and delays.
 */
#ifndef TESTBED_REPORT_STORY_PARTS_H
#define TESTBED_REPORT_STORY_PARTS_H

#include "testbed/packets/scope.h"
#include "testbed/report/story.h"
#include "testbed/walk/walk.h"

struct story_maker {
	story *s;
	const finding *found; /* NULL: none */
	scope *scope;
	knet *net;		 /* made when a packet was lost; NULL before, or without a state */
	GHashTable *walks;	 /* "NODE FROM TO PROTO" -> struct walk_pair of a lost packet */
	GPtrArray *records;	 /* const struct journey: TLS records of data, by time */
	GHashTable *taken;	 /* those that belong to a message already */
	GHashTable *connections; /* "ADDRESS:PORT" of the ends' own ones over TCP to relays */
	GHashTable *onward;	 /* packet id -> GPtrArray of const struct journey, by time */
};

/* --- story.c ---------------------------------------------------------------------------------- */

/* A step at that time, of one packet, without hops; owned by the story. */
struct step *story_add(const struct story_maker *k, gint64 time_us, const char *from,
		       const char *to);
/* The node that has the address; NULL: nobody. */
const char *story_node_of(const struct story_maker *k, const struct addr *a, guint port);
gint64 story_time_us(const struct story_maker *k, const struct sighting *at);
/* Who has the address, for a sentence: "home1 (198.51.100.14:41974)", "dc1's relay on edge
 * (203.0.113.20:55921)".  The caller frees. */
char *story_end_text(const struct story_maker *k, const struct addr *a, guint port);
/* The relay's own report of what it gave, by the client's address or by the relay's; NULL: none. */
const json_t *story_allocation(const story *s, const char *client, const char *relay);
/* The endpoint whose user has that allocation; NULL: nobody's. */
const char *story_client_of(const model *m, const json_t *allocation);
/* Where an end is in the call: true for the first participant. */
bool story_is_caller(const struct story_maker *k, const char *node);
/* Whether the node's own end of the step is the callee's side. */
bool story_is_back(const struct story_maker *k, const char *from, const char *to);

/* --- story_packets.c -------------------------------------------------------------------------- */

void story_add_packets(struct story_maker *k);
/* Whether that is an end of the call: a candidate, or a client's of a relay over TCP.  In a lab of
 * its own everything is.  After story_add_packets. */
bool story_is_own(const struct story_maker *k, const struct addr *a, guint port);
void story_add_hops(const struct story_maker *k, struct step *p, const struct journey *j);

/* --- story_events.c --------------------------------------------------------------------------- */

void story_add_events(struct story_maker *k);

/* --- story_loss.c ----------------------------------------------------------------------------- */

/* Why the journey's packet ended where it was seen last. */
struct story_loss *story_loss_of(struct story_maker *k, const struct journey *j);
/* It was never sent to `to`, as `text` says, which is taken over. */
struct story_loss *story_loss_unsent(const struct story_maker *k, const char *node,
				     const struct addr *to, char *text);
/* The relay did not pass it on to its peer. */
struct story_loss *story_loss_at_relay(const struct story_maker *k, const char *node,
				       const struct addr *peer, guint port);
void story_loss_free(struct story_loss *l);

/* --- story_words.c ---------------------------------------------------------------------------- */

/* What a sentence can say besides who sends to whom; each may be NULL. */
struct story_words {
	const char *what;  /* the name, method or address that it is about */
	const char *value; /* what an answer says */
	const char *peer;  /* whom a relay is to pass it to */
};

/* Sets protocol, title and text of the step by the row of that name ("TURN allocate request"). */
void story_say(struct step *p, const char *name, const struct story_words *w);

#endif
