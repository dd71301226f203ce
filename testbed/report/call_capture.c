/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/call_capture.h"

#include "testbed/base/pcapng.h"
#include "testbed/model/address_names.h"
#include "testbed/packets/scope.h"
#include "testbed/report/story.h"

/* What is written, while the evidence is read. */
struct writing {
	GHashTable *wanted;	/* "NODE:IF TIME DIRECTION" -> its comment, or "" */
	GHashTable *interfaces; /* "NODE:IF" -> its number in the file, from 1 */
	GByteArray *out;
};

static char *key_of(const char *place, guint64 time_ns, bool out)
{
	return g_strdup_printf("%s %" G_GUINT64_FORMAT " %d", place, time_ns, out);
}

static char *key_of_sighting(const struct sighting *at)
{
	g_autofree char *place = g_strdup_printf("%s:%s", at->node, at->iface);

	return key_of(place, at->time_ns, at->out);
}

/* All packets of the call, without comments. */
static void want_packets(const struct writing *w, const struct observation *seen,
			 const struct cell *c)
{
	g_autoptr(scope) of_call = scope_new(seen, c);

	ptr_array_foreach(const struct journey, j, seen->packets->list)
		for (guint i = 0; scope_has(of_call, j) && i < j->n; i++)
			g_hash_table_replace(w->wanted, key_of_sighting(j->at[i]), g_strdup(""));
}

static char *comment_of(const struct story_loss *lost)
{
	const char *more = lost->rule ? lost->rule : lost->route;

	return g_strdup_printf("nothing came after this: %s%s%s%s%s%s", lost->text,
			       more ? (lost->rule ? " [rule " : " [route ") : "", more ? more : "",
			       more ? "]" : "", lost->code ? " " : "",
			       lost->code ? lost->code : "");
}

static const struct sighting *last_seen(const struct step *step)
{
	const GArray *hops = step->hops;

	return hops->len > 0 ? g_array_index(hops, struct story_hop, hops->len - 1).at : NULL;
}

/* The packet whose answer a node did not send: the last one before the step that came there from
 * the node that the answer was for.  NULL: none was seen. */
static const struct sighting *unanswered_at(const story *s, const struct step *answer)
{
	for (guint i = answer->n; i-- > 0;) {
		const struct step *question = s->steps->pdata[i];
		const struct sighting *at = last_seen(question);

		if (at && !at->out && g_strcmp0(question->from, answer->to) == 0 &&
		    g_str_equal(at->node, answer->lost->node))
			return at;
	}
	return NULL;
}

static void add_comments(const struct writing *w, const story *s)
{
	ptr_array_foreach(const struct step, step, s->steps) {
		const struct sighting *at = step->lost ? last_seen(step) : NULL;

		if (step->lost && !at)
			at = unanswered_at(s, step);
		if (at)
			g_hash_table_replace(w->wanted, key_of_sighting(at),
					     comment_of(step->lost));
	}
}

/* The interface's number, which is described in the file when its first packet comes. */
static guint32 number_of(const struct writing *w, const struct pcapng_record *r)
{
	gpointer known = g_hash_table_lookup(w->interfaces, r->interface);

	if (!known) {
		pcapng_interface(w->out, r->link, r->interface);
		known = GUINT_TO_POINTER(g_hash_table_size(w->interfaces) + 1);
		g_hash_table_insert(w->interfaces, g_strdup(r->interface), known);
	}
	return GPOINTER_TO_UINT(known) - 1;
}

static void copy_packet(const struct pcapng_record *r, gpointer user_data)
{
	const struct writing *w = user_data;
	g_autofree char *key = key_of(r->interface, r->time_ns, r->direction == PCAPNG_OUTBOUND);
	const char *comment = g_hash_table_lookup(w->wanted, key);

	if (comment)
		pcapng_packet(w->out, &(const struct pcapng_packet){
					      .interface = number_of(w, r),
					      .time_ns = r->time_ns,
					      .direction = r->direction,
					      .data = r->data,
					      .captured = r->captured,
					      .original = r->original,
					      .comment = *comment ? comment : NULL,
				      });
}

bool call_capture(const model *m, const struct observation *seen, const struct cell *c,
		  const finding *f, GByteArray *out)
{
	const struct writing w = {
		.wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.interfaces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.out = out};
	g_autoptr(GArray) names = address_names(m);
	g_autoptr(story) told = NULL;
	const guint8 *bytes;
	gsize length = 0;
	bool there = seen->packets && seen->packets->file;

	if (there) {
		told = story_new(m, seen, c, f);
		want_packets(&w, seen, c);
		add_comments(&w, told);
		pcapng_section(out);
		pcapng_names(out, &g_array_index(names, struct pcapng_name, 0), names->len);
		bytes = g_bytes_get_data(seen->packets->file, &length);
		pcapng_copy_tls_keys(out, bytes, length);
		there = pcapng_read_by_time(bytes, length, copy_packet, (gpointer)(guintptr)&w,
					    NULL);
	}
	g_hash_table_unref(w.wanted);
	g_hash_table_unref(w.interfaces);
	return there;
}
