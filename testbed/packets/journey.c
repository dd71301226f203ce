/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/packets/journey.h"

#include "testbed/base/pcapng.h"

#include <string.h>

#define LOOK_BACK_MAX 256 /* journeys of one packet: more were made to take time */
#define TOLD_MAX 24	  /* sightings in a text: a packet in a routing loop has a hundred */

static const struct object_shape journey_shape =
	OBJECT_SHAPE(journey, NULL, OWNS_TEXT(journey, at));

journeys *journeys_new(void)
{
	journeys *j = g_new0(journeys, 1);

	j->list = g_ptr_array_new_with_free_func(object_free);
	j->sightings = g_ptr_array_new_with_free_func(g_free);
	j->refs = 1;
	return j;
}

journeys *journeys_ref(journeys *j)
{
	j->refs++;
	return j;
}

void journeys_unref(journeys *j)
{
	if (!j || --j->refs > 0)
		return;
	g_ptr_array_unref(j->list);
	g_ptr_array_unref(j->sightings);
	g_clear_pointer(&j->file, g_bytes_unref);
	g_free(j);
}

void journeys_add(journeys *j, const struct sighting *s)
{
	g_ptr_array_add(j->sightings, g_memdup2(s, sizeof *s));
	j->end_ns = MAX(j->end_ns, s->time_ns);
}

const struct sighting *journey_first(const struct journey *j)
{
	return j->at[0];
}

const struct sighting *journey_last(const struct journey *j)
{
	return j->at[j->n - 1];
}

/* --- one packet's sightings to journeys ------------------------------------------------------- */

static gint compare_sightings(gconstpointer x, gconstpointer y)
{
	const struct sighting *a = *(const struct sighting *const *)x,
			      *b = *(const struct sighting *const *)y;
	int by_id = memcmp(&a->id, &b->id, sizeof a->id);

	if (by_id != 0)
		return by_id;
	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

/* Whether a router passed the packet on.  NAT changes one address of a packet; an application that
 * sends it on changes both, or unpacks it from its TURN message. */
static bool is_routed(const struct sighting *in, const struct sighting *out)
{
	return in->in_turn == out->in_turn &&
	       (addr_equal(&in->src, &out->src) || addr_equal(&in->dst, &out->dst));
}

static bool is_unchanged(const struct sighting *out, const struct sighting *in)
{
	return out->sport == in->sport && out->dport == in->dport &&
	       addr_equal(&out->src, &in->src) && addr_equal(&out->dst, &in->dst);
}

/* On a link nothing changes; at a node NAT may change one address. */
static bool goes_on(const struct sighting *last, const struct sighting *s)
{
	if (s->out)
		return !last->out && last->node == s->node && is_routed(last, s);
	return last->out && last->node != s->node && is_unchanged(last, s);
}

static void extend(struct journey *j, const struct sighting *s)
{
	j->at = g_renew(const struct sighting *, j->at, j->n + 1);
	j->at[j->n++] = s;
}

/* Adds `s` to the latest of the packet's journeys that it continues: an earlier one was lost, and
 * the packet was sent again.  `first` is the index of the packet's first journey. */
static void add_to_packet(journeys *all, guint first, const struct sighting *s)
{
	struct journey *j;

	first = MAX(first, all->list->len - MIN(all->list->len, LOOK_BACK_MAX));
	for (guint i = all->list->len; i > first; i--) {
		j = all->list->pdata[i - 1];
		if (goes_on(journey_last(j), s)) {
			extend(j, s);
			return;
		}
	}
	j = object_new(&journey_shape);
	extend(j, s);
	g_ptr_array_add(all->list, j);
}

static gint compare_journeys(gconstpointer x, gconstpointer y)
{
	const struct journey *a = *(const struct journey *const *)x,
			     *b = *(const struct journey *const *)y;

	return a->at[0]->time_ns < b->at[0]->time_ns ? -1 : a->at[0]->time_ns > b->at[0]->time_ns;
}

void journeys_sort(journeys *j)
{
	g_autoptr(GPtrArray) in_order = g_ptr_array_sized_new(j->sightings->len);
	const struct sighting *before = NULL;
	guint first = 0;

	for (guint i = 0; i < j->sightings->len; i++)
		g_ptr_array_add(in_order, j->sightings->pdata[i]);
	g_ptr_array_sort(in_order, compare_sightings);
	ptr_array_foreach(const struct sighting, s, in_order) {
		if (!before || memcmp(&before->id, &s->id, sizeof s->id) != 0)
			first = j->list->len;
		add_to_packet(j, first, s);
		before = s;
	}
	g_ptr_array_sort(j->list, compare_journeys);
}

/* --- from a file ------------------------------------------------------------------------------ */

static void on_record(const struct pcapng_record *r, gpointer user_data)
{
	const char *colon = strchr(r->interface, ':');
	g_autofree char *node =
		colon ? g_strndup(r->interface, (gsize)(colon - r->interface)) : NULL;
	struct sighting s;

	/* names are printed */
	if (!node || !g_utf8_validate(r->interface, -1, NULL) ||
	    !packet_read(r->data, r->captured, r->original, r->link == PCAPNG_ETHERNET, &s))
		return;
	s.node = g_intern_string(node);
	s.iface = g_intern_string(colon + 1);
	s.out = r->direction == PCAPNG_OUTBOUND;
	s.time_ns = r->time_ns;
	journeys_add(user_data, &s);
}

gboolean journeys_read(journeys *j, GBytes *pcapng, GError **error)
{
	gsize length;
	const guint8 *bytes = g_bytes_get_data(pcapng, &length);

	if (!pcapng_read(bytes, length, on_record, j, error))
		return FALSE;
	j->file = g_bytes_ref(pcapng);
	journeys_sort(j);
	return TRUE;
}

guint journeys_from(const journeys *j, guint64 time_ns)
{
	guint low = 0, high = j->list->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (journey_first(j->list->pdata[middle])->time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

char *journey_text(const struct journey *j)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < j->n && i < TOLD_MAX; i++)
		g_string_append_printf(text, "%s%s:%s", i > 0 ? " > " : "", j->at[i]->node,
				       j->at[i]->iface);
	if (j->n > TOLD_MAX)
		g_string_append_printf(text, " > (%u more)", j->n - TOLD_MAX);
	return g_string_free(text, FALSE);
}
