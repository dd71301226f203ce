/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Story: a call step by step, for the player and the ladder of the page (docs/STORY.md).
 *
 * Nouns: a `step` is one message, or several that are alike, from the node that sent it to the one
 * that got it; a `hop` is one sighting of its first packet at an interface.  Steps are made of
 * captured packets (journeys), of what programs reported where that is all that there is (SIP
 * inside TLS, an answer that the kernel refused to send), and of nothing else.  A packet that a
 * relay passed on is one step, with the hops on both sides of the relay.  Where a packet was lost
 * is where it was seen last; why is the rule, route or setting that a walk by the kernels' state
 * ends at, provided that it ends at the same place.
 *
 * A story borrows from the observation, the model and the finding that it was made from.
 * Depends on packets, walk, diagnose, model and base.  Pure.
 */
#ifndef TESTBED_REPORT_STORY_H
#define TESTBED_REPORT_STORY_H

#include "common/base/object.h"
#include "testbed/diagnose/finding.h"
#include "testbed/packets/dissect.h"
#include "testbed/packets/observation.h"

/* X(id, name in JSON) */
#define STORY_PHASES(X)       \
	X(SIGN_IN, "sign-in") \
	X(CALL, "call")       \
	X(MEDIA, "media")     \
	X(END, "end")
enum story_phase {
#define X(id, name) PHASE_##id,
	STORY_PHASES(X)
#undef X
};

struct story_hop {
	const struct sighting *at;
	char *nat;   /* "SNAT 10.0.0.1:5000 -> 203.0.113.1:5000": since the hop before; NULL */
	char *relay; /* the relay that sent it on from here; NULL */
	const struct tunnel *tunnel; /* whose inner packet it is; NULL: none */
	guint tunnel_from;	     /* the end of it that sent the packet */
};

struct story_loss {
	const char *node, *iface; /* where it was seen last; iface NULL: it was not sent at all */
	char *text;		  /* what became of it, in one sentence */
	char *rule, *route;	  /* that decided; NULL: none is known */
	const char *code;	  /* of the cause there; static, NULL */
};

/* One packet's way from its sender to where it arrived. */
struct story_delay {
	gint64 time_us;
	double ms;
};

struct step {
	guint n;		  /* its place in the story */
	gint64 time_us, until_us; /* of the first and the last that are alike, as events' times */
	enum story_phase phase;
	const char *protocol;  /* static */
	const char *from, *to; /* interned; to NULL: nobody has that address; both are the same for
				  what happened at a node */
	bool back;	       /* of the callee's side */
	char *title, *text;
	guint count;
	GArray *hops; /* struct story_hop */
	struct story_loss *lost;
	GArray *delays;	      /* struct story_delay, of media; NULL: of nothing else */
	GPtrArray *fields;    /* struct packet_field; NULL: none */
	char *sip;	      /* the message's text; NULL: not told */
	struct step *answers; /* the request that it answers; NULL: none is known */
	/* Of an ICE check: who it is for when it goes by the sender's relay; of an ICMP error: who
	 * the packet was for.  Else unset. */
	struct addr peer;
	uint16_t peer_port;
};

typedef struct story {
	const struct observation *seen;
	const struct cell *cell;
	const model *model;
	const char *zero; /* what time 0 is; static */
	gint64 zero_us;
	/* Borrowed from `seen`, struct heard: what is asked for again and again. */
	GPtrArray *allocations, *candidates;
	GPtrArray *lanes; /* const char *, from left to right */
	GPtrArray *steps; /* struct step, by time */
} story;

/* `m` is the network of the cell's scenario; `f` (NULL: none) what a diagnosis found. */
story *story_new(const model *m, const struct observation *seen, const struct cell *c,
		 const finding *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(story, object_free)

const char *story_phase_name(enum story_phase phase);

/* A candidate pair that was checked. */
struct story_pair {
	const struct step *check;	      /* the first check of it */
	const char *stream;		      /* NULL: not known */
	const char *local_type, *remote_type; /* "host", "srflx", "relay"; NULL: not known */
	struct addr local, remote;
	guint local_port, remote_port;
	const char *verdict; /* static */
	char *why;	     /* NULL: it needs no reason */
};

/* struct story_pair; the caller frees, before the story. */
GPtrArray *story_pairs(const story *s);

/* "audio", "video": whose packets the step is, by the candidate that it came to; NULL: not known.
 */
const char *story_stream_of(const story *s, const struct step *p);

#endif
