#include "testbed/explain/journey.h"

#include "testbed/base/pcapng.h"

#include <string.h>

journeys *journeys_new(void)
{
	journeys *j = g_new0(journeys, 1);

	j->list = g_ptr_array_new_with_free_func(g_free);
	j->sightings = g_ptr_array_new_with_free_func(g_free);
	j->in_order = g_ptr_array_new();
	return j;
}

void journeys_free(journeys *j)
{
	if (!j)
		return;
	g_ptr_array_unref(j->list);
	g_ptr_array_unref(j->in_order);
	g_ptr_array_unref(j->sightings);
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

/* --- one packet's sightings to journeys --- */

static gint compare_sightings(gconstpointer x, gconstpointer y)
{
	const struct sighting *a = *(const struct sighting *const *)x, *b = *(const struct sighting *const *)y;
	int by_id = memcmp(&a->id, &b->id, sizeof a->id);

	if (by_id != 0)
		return by_id;
	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

static bool same_place(const struct sighting *a, const struct sighting *b)
{
	return a->node == b->node && a->iface == b->iface && a->out == b->out;
}

/* An application's packet, not a router's: NAT changes one end of a packet, who sends on changes both, or takes it
 * out of its envelope. */
static bool is_sent_on(const struct sighting *in, const struct sighting *out)
{
	if (in->out || !out->out || in->node != out->node)
		return false;
	return in->in_turn != out->in_turn || (!addr_equal(&in->src, &out->src) && !addr_equal(&in->dst, &out->dst));
}

static bool begins_anew(const struct sighting *const *at, guint from, guint i)
{
	if (is_sent_on(at[i - 1], at[i]))
		return true;
	for (guint k = from; k < i; k++) {
		if (same_place(at[k], at[i]))
			return true;
	}
	return false;
}

static void add_journey(journeys *j, guint from, guint to)
{
	struct journey one = {(const struct sighting *const *)(gpointer)(j->in_order->pdata + from), to - from};

	g_ptr_array_add(j->list, g_memdup2(&one, sizeof one));
}

static gint compare_journeys(gconstpointer x, gconstpointer y)
{
	const struct journey *a = *(const struct journey *const *)x, *b = *(const struct journey *const *)y;

	return a->at[0]->time_ns < b->at[0]->time_ns ? -1 : a->at[0]->time_ns > b->at[0]->time_ns;
}

void journeys_sort(journeys *j)
{
	const struct sighting *const *at;
	guint from = 0;

	for (guint i = 0; i < j->sightings->len; i++)
		g_ptr_array_add(j->in_order, j->sightings->pdata[i]);
	g_ptr_array_sort(j->in_order, compare_sightings);
	at = (const struct sighting *const *)(gpointer)j->in_order->pdata;
	for (guint i = 1; i <= j->in_order->len; i++) {
		bool ends = i == j->in_order->len || memcmp(&at[i]->id, &at[from]->id, sizeof at[i]->id) != 0;

		if (!ends && !begins_anew(at, from, i))
			continue;
		add_journey(j, from, i);
		from = i;
	}
	g_ptr_array_sort(j->list, compare_journeys);
}

/* --- from a file --- */

static void on_record(const struct pcapng_record *r, gpointer user_data)
{
	const char *colon = strchr(r->interface, ':');
	g_autofree char *node = colon ? g_strndup(r->interface, (gsize)(colon - r->interface)) : NULL;
	struct sighting s;

	if (!node || !packet_read(r->data, r->captured, r->original, r->link == PCAPNG_ETHERNET, &s))
		return;
	s.node = g_intern_string(node);
	s.iface = g_intern_string(colon + 1);
	s.out = r->direction == PCAPNG_OUTBOUND;
	s.time_ns = r->time_ns;
	journeys_add(user_data, &s);
}

gboolean journeys_read(journeys *j, const guint8 *pcapng, gsize length, GError **error)
{
	if (!pcapng_read(pcapng, length, on_record, j, error))
		return FALSE;
	journeys_sort(j);
	return TRUE;
}

char *journey_text(const struct journey *j)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < j->n; i++)
		g_string_append_printf(text, "%s%s:%s", i > 0 ? " > " : "", j->at[i]->node, j->at[i]->iface);
	return g_string_free(text, FALSE);
}
