/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_parts.h"

#include <string.h>

const char *story_phase_name(enum story_phase phase)
{
	static const char *const names[] = {
#define X(id, name) [PHASE_##id] = name,
		STORY_PHASES(X)
#undef X
	};

	return names[phase];
}

/* --- what the parts ask ----------------------------------------------------------------------- */

static void hop_clear(gpointer data)
{
	struct story_hop *h = data;

	g_free(h->nat);
	g_free(h->relay);
}

static const struct object_shape step_shape =
	OBJECT_SHAPE(step, NULL, OWNS_TEXT(step, title), OWNS_TEXT(step, text),
		     OWNS_TEXT(step, sip), OWNS(step, hops, g_array_unref),
		     OWNS(step, lost, story_loss_free), OWNS(step, fields, g_ptr_array_unref),
		     OWNS(step, delays, g_array_unref));

struct step *story_add(const struct story_maker *k, gint64 time_us, const char *from,
		       const char *to)
{
	struct step *p = object_new(&step_shape);

	p->time_us = p->until_us = time_us;
	p->from = g_intern_string(from);
	p->to = to ? g_intern_string(to) : NULL;
	p->back = story_is_back(k, from, to);
	p->count = 1;
	p->hops = g_array_new(FALSE, TRUE, sizeof(struct story_hop));
	g_array_set_clear_func(p->hops, hop_clear);
	g_ptr_array_add(k->s->steps, p);
	return p;
}

const char *story_node_of(const struct story_maker *k, const struct addr *a, guint port)
{
	const char *owner = scope_owner(k->scope, a, port);
	const struct node *n = owner ? NULL : model_owner(k->s->model, a);

	return n ? n->name : owner;
}

const json_t *story_allocation(const story *s, const char *client, const char *relay)
{
	ptr_array_foreach(const struct heard, h, s->allocations)
		if ((client && member_is(h->event, "client", client)) ||
		    (relay && member_is(h->event, "relay", relay)))
			return h->event;
	return NULL;
}

const char *story_client_of(const model *m, const json_t *allocation)
{
	const char *user = member_text(allocation, "user");

	ptr_array_foreach(const struct node, n, m->nodes)
		if (n->endpoint && g_strcmp0(n->endpoint->user, user) == 0)
			return n->name;
	return NULL;
}

char *story_end_text(const struct story_maker *k, const struct addr *a, guint port)
{
	g_autofree char *end = scope_end_text(a, port);
	const json_t *allocation = story_allocation(k->s, NULL, end);
	const char *node = story_node_of(k, a, port),
		   *owner = allocation ? story_client_of(k->s->model, allocation) : NULL;

	if (owner && node)
		return g_strdup_printf("%s's relay on %s (%s)", owner, node, end);
	return node ? g_strdup_printf("%s (%s)", node, end) : g_strdup(end);
}

gint64 story_time_us(const struct story_maker *k, const struct sighting *at)
{
	return (gint64)(at->time_ns / 1000) - k->s->seen->clock_offset_us;
}

bool story_is_caller(const struct story_maker *k, const char *node)
{
	return k->s->cell->participants->len > 0 &&
	       g_strcmp0(node, k->s->cell->participants->pdata[0]) == 0;
}

bool story_is_back(const struct story_maker *k, const char *from, const char *to)
{
	if (scope_takes_part(k->scope, from))
		return !story_is_caller(k, from);
	return to && story_is_caller(k, to);
}

/* --- phases ----------------------------------------------------------------------------------- */

static bool is_event(const struct heard *h, const char *name)
{
	return member_is(h->event, "event", name);
}

static gint64 heard_us(const struct heard *h)
{
	return member_integer(h->event, "time_us");
}

/* When the call began: in a lab of its own, when the last end had signed in. */
static gint64 call_start_us(const struct story_maker *k)
{
	gint64 start_us = k->s->seen->start_us;

	if (start_us != 0)
		return start_us;
	ptr_array_foreach(const struct heard, h, k->s->seen->heard)
		if (is_event(h, EVENT_SIGNED_IN) && scope_takes_part(k->scope, h->agent))
			start_us = MAX(start_us, heard_us(h));
	return start_us != 0 ? start_us + 1 : G_MAXINT64;
}

/* The first message of that method in the call; 0: there is none. */
static gint64 first_message_us(const struct story_maker *k, const char *method, gint64 start_us)
{
	ptr_array_foreach(const struct heard, h, k->s->seen->heard)
		if (is_event(h, EVENT_SIP) && member_is(h->event, "method", method) &&
		    member_text(h->event, "call") && heard_us(h) >= start_us)
			return heard_us(h);
	return 0;
}

static bool is_media(const struct step *p)
{
	return g_str_equal(p->protocol, "rtp") || g_str_equal(p->protocol, "rtcp");
}

static void set_phases(const struct story_maker *k)
{
	gint64 start_us = call_start_us(k), end_us = first_message_us(k, "BYE", start_us);

	ptr_array_foreach(struct step, p, k->s->steps)
		p->phase = p->time_us < start_us	       ? PHASE_SIGN_IN :
			   is_media(p)			       ? PHASE_MEDIA :
			   end_us != 0 && p->time_us >= end_us ? PHASE_END :
								 PHASE_CALL;
}

/* Time 0 is the INVITE; without one the first packet of the call, or of all. */
static void set_zero(const struct story_maker *k)
{
	gint64 invite_us = first_message_us(k, "INVITE", 0);

	k->s->zero = invite_us != 0 ? "INVITE" : "first packet";
	k->s->zero_us = invite_us;
	ptr_array_foreach(const struct step, p, k->s->steps) {
		if (k->s->zero_us == 0 && p->phase != PHASE_SIGN_IN)
			k->s->zero_us = p->time_us;
	}
	if (k->s->zero_us == 0 && k->s->steps->len > 0)
		k->s->zero_us = ((const struct step *)k->s->steps->pdata[0])->time_us;
}

/* --- order and folding ------------------------------------------------------------------------ */

static gint compare_steps(gconstpointer x, gconstpointer y)
{
	const struct step *a = *(const struct step *const *)x, *b = *(const struct step *const *)y;

	return a->time_us < b->time_us ? -1 : a->time_us > b->time_us;
}

/* What steps that are alike have in common; NULL: it is like no other.  The caller frees. */
static char *likeness(const struct step *p)
{
	const struct story_hop *first = p->hops->len > 0 ? (gpointer)p->hops->data : NULL;
	g_autofree char *src = NULL, *dst = NULL, *peer = NULL;

	if (!first || p->sip || g_str_equal(p->protocol, "sip"))
		return NULL;
	src = scope_end_text(&first->at->src, first->at->sport);
	dst = scope_end_text(&first->at->dst, first->at->dport);
	peer = scope_end_text(&p->peer, p->peer_port);
	return g_strdup_printf("%d %s %s %s %s %s %s %u %s", (int)p->phase, p->from, p->to,
			       p->title, src, dst, peer, p->hops->len,
			       p->lost ? p->lost->text : "");
}

/* Retransmissions, repeated checks and the packets of a stream become one step with a count. */
static void fold(story *s)
{
	g_autoptr(GHashTable) firsts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) now = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(object_free);
	guint kept = 0;

	for (guint i = 0; i < s->steps->len; i++) {
		struct step *p = s->steps->pdata[i], *like;
		char *key = likeness(p);

		like = key ? g_hash_table_lookup(firsts, key) : NULL;
		if (like) {
			like->count += p->count;
			like->until_us = p->until_us;
			if (like->delays && p->delays)
				g_array_append_vals(like->delays, p->delays->data, p->delays->len);
			g_hash_table_insert(now, p, like);
			g_ptr_array_add(gone, p);
			g_free(key);
			continue;
		}
		if (key)
			g_hash_table_insert(firsts, key, p);
		p->n = kept;
		s->steps->pdata[kept++] = p;
	}
	g_ptr_array_set_size(s->steps, (gint)kept);
	ptr_array_foreach(struct step, p, s->steps) {
		struct step *instead = p->answers ? g_hash_table_lookup(now, p->answers) : NULL;

		p->answers = instead ? instead : p->answers;
	}
}

/* --- lanes ------------------------------------------------------------------------------------ */

static void add_lane(story *s, const char *node)
{
	if (node && !g_ptr_array_find(s->lanes, node, NULL))
		g_ptr_array_add(s->lanes, (gpointer)(guintptr)node);
}

static void add_servers(const struct story_maker *k, bool of_sip)
{
	ptr_array_foreach(const struct step, p, k->s->steps) {
		if (g_str_equal(p->protocol, "sip") != of_sip)
			continue;
		if (!scope_takes_part(k->scope, p->from))
			add_lane(k->s, p->from);
		if (p->to && !scope_takes_part(k->scope, p->to))
			add_lane(k->s, p->to);
	}
}

/* The caller, servers in the order in which signalling and then packets came to them, the others.
 */
static void set_lanes(const struct story_maker *k)
{
	const GPtrArray *all = k->s->cell->participants;

	if (all->len > 0)
		add_lane(k->s, g_intern_string(all->pdata[0]));
	add_servers(k, true);
	add_servers(k, false);
	for (guint i = 1; i < all->len; i++)
		add_lane(k->s, g_intern_string(all->pdata[i]));
}

/* --- public ----------------------------------------------------------------------------------- */

static const struct object_shape story_shape =
	OBJECT_SHAPE(story, NULL, OWNS(story, lanes, g_ptr_array_unref),
		     OWNS(story, allocations, g_ptr_array_unref),
		     OWNS(story, candidates, g_ptr_array_unref),
		     OWNS(story, steps, g_ptr_array_unref));

static void list_free(gpointer list)
{
	g_ptr_array_unref(list);
}

static void walk_free_pair(gpointer pair)
{
	walk_pair_free(pair);
}

static guint packet_id_hash(gconstpointer id)
{
	const guint8 *bytes = id;
	guint hash = 5381;

	for (guint i = 0; i < sizeof(struct packet_id); i++)
		hash = hash * 33 + bytes[i];
	return hash;
}

static gboolean packet_id_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct packet_id)) == 0;
}

/* The events of that name. */
static GPtrArray *heard_of(const struct observation *seen, const char *name)
{
	GPtrArray *list = g_ptr_array_new();

	ptr_array_foreach(struct heard, h, seen->heard)
		if (is_event(h, name))
			g_ptr_array_add(list, h);
	return list;
}

story *story_new(const model *m, const struct observation *seen, const struct cell *c,
		 const finding *f)
{
	story *s = object_new(&story_shape);
	struct story_maker k = {.s = s, .found = f, .scope = scope_new(seen, c)};

	s->model = m;
	s->seen = seen;
	s->cell = c;
	s->allocations = heard_of(seen, EVENT_ALLOCATION);
	s->candidates = heard_of(seen, EVENT_CANDIDATE);
	s->lanes = g_ptr_array_new();
	s->steps = g_ptr_array_new();
	k.walks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, walk_free_pair);
	k.records = g_ptr_array_new();
	k.taken = g_hash_table_new(NULL, NULL);
	k.onward = g_hash_table_new_full(packet_id_hash, packet_id_equal, g_free, list_free);
	k.connections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	story_add_packets(&k);
	story_add_events(&k);
	g_ptr_array_sort(s->steps, compare_steps);
	set_phases(&k);
	set_zero(&k);
	fold(s);
	g_ptr_array_set_free_func(s->steps, object_free);
	set_lanes(&k);
	g_hash_table_unref(k.connections);
	g_hash_table_unref(k.onward);
	g_hash_table_unref(k.taken);
	g_ptr_array_unref(k.records);
	g_hash_table_unref(k.walks);
	object_free(k.net);
	object_free(k.scope);
	return s;
}
