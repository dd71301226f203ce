/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Journey: one packet's way through the lab, from the captures of all nodes.
 *
 * Nouns: a `journey` is one packet's sightings in order, from the node that sent it to where it was
 * seen last.  A retransmission is a journey of its own, and so is what an application (a relay, a
 * mixer) sends on.  `journeys` are all those of a capture.
 * Depends on packet and base.  Pure: sightings in, journeys out.
 *
 *   g_autoptr(journeys) all = journeys_new();
 *   journeys_add(all, &sighting);  ...   journeys_sort(all);
 *   for (i = 0; i < all->list->len; i++)  struct journey *j = all->list->pdata[i];
 */
#ifndef TESTBED_PACKETS_JOURNEY_H
#define TESTBED_PACKETS_JOURNEY_H

#include "testbed/packets/packet.h"

struct journey {
	const struct sighting **at; /* in order; borrowed from the journeys */
	guint n;		    /* at least 1 */
};

typedef struct journeys {
	GPtrArray *list;      /* struct journey, by the time of their first sighting; filled by
				 journeys_sort */
	guint64 end_ns;	      /* the last sighting's time; 0: there is none */
	guint64 lost;	      /* packets that the capture lost, so that a journey may have gaps */
	GPtrArray *sightings; /* struct sighting, as they were added */
	GBytes *file;	      /* that sightings borrow their bytes from; NULL: none */
	guint refs;	      /* several cells of a run share what was seen of their scenario */
} journeys;

journeys *journeys_new(void);
journeys *journeys_ref(journeys *j); /* returns `j` */
void journeys_unref(journeys *j);    /* NULL: does nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(journeys, journeys_unref)

/* Copies the sighting.  Any order will do. */
void journeys_add(journeys *j, const struct sighting *s);
/* Makes the list from what was added; once. */
void journeys_sort(journeys *j);

/* Adds everything in a pcapng file whose interfaces are named NODE:IF, sorts, and keeps a reference
 * to the file's bytes.  Once.  FALSE with TB_ERROR_INPUT when it is not such a file. */
gboolean journeys_read(journeys *j, GBytes *pcapng, GError **error);

/* The first of the sorted list that was sent at that time or later; the list's length: none was. */
guint journeys_from(const journeys *j, guint64 time_ns);

/* "branch1:lan > branch-gw:lan > branch-gw:vpn0"; only the start of a very long one.  The caller
 * frees. */
char *journey_text(const struct journey *j);
const struct sighting *journey_first(const struct journey *j);
const struct sighting *journey_last(const struct journey *j);

#endif
