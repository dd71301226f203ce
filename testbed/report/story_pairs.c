/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/story_parts.h"

#include <string.h>

/* --- pairs ------------------------------------------------------------------------------------ */

static const struct object_shape pair_shape =
	OBJECT_SHAPE(story_pair, NULL, OWNS_TEXT(story_pair, why));

/* The event of that candidate; NULL: nobody told of it. */
static const json_t *candidate_of(const story *s, const char *node, const struct addr *a,
				  guint port)
{
	ptr_array_foreach(const struct heard, h, s->candidates) {
		struct addr of;

		if ((node && !g_str_equal(h->agent, node)) ||
		    member_integer(h->event, "port") != (json_int_t)port)
			continue;
		if (addr_parse(member_text(h->event, "address"), &of) && addr_equal(&of, a))
			return h->event;
	}
	return NULL;
}

static bool names_pair(const json_t *candidate, const struct addr *a, guint port)
{
	struct addr of;

	return member_integer(candidate, "port") == (json_int_t)port &&
	       addr_parse(member_text(candidate, "address"), &of) && addr_equal(&of, a);
}

/* Whether that end selected the pair; behind a NAT or relay it knows its own side by another
 * address. */
static bool is_selected(const story *s, const struct story_pair *p)
{
	ptr_array_foreach(const struct heard, h, s->seen->heard) {
		const json_t *local = json_object_get(h->event, "local");
		bool by_relay = member_is(local, "type", "relay");

		if (!member_is(h->event, "event", EVENT_SELECTED) ||
		    !g_str_equal(h->agent, p->check->from) ||
		    by_relay != (g_strcmp0(p->local_type, "relay") == 0))
			continue;
		if (names_pair(json_object_get(h->event, "remote"), &p->remote, p->remote_port) &&
		    (by_relay || g_strcmp0(member_text(h->event, "stream"), p->stream) == 0))
			return true;
	}
	return false;
}

static bool is_answered(const story *s, const struct step *check)
{
	ptr_array_foreach(const struct step, p, s->steps)
		if (p->answers == check && !p->lost && g_str_equal(p->title, "ICE check answer"))
			return true;
	return false;
}

/* The end's own address; the relay's, by its report, where the check goes over that. */
static void set_local(const story *s, struct story_pair *p, bool by_relay)
{
	const GArray *hops = p->check->hops;
	const struct sighting *first = g_array_index(hops, const struct story_hop, 0).at;
	const char *relay = NULL;
	uint16_t port;

	p->local = first->src;
	p->local_port = first->sport;
	/* the relay knows it by the address that it has there */
	for (guint i = 0; by_relay && !relay && i < hops->len; i++) {
		const struct sighting *at = g_array_index(hops, const struct story_hop, i).at;
		g_autofree char *client = scope_end_text(&at->src, at->sport);

		relay = member_text(story_allocation(s, client, NULL), "relay");
	}
	if (addr_port_parse(relay, &p->local, &port))
		p->local_port = port;
}

static struct story_pair *pair_new(const story *s, const struct step *check)
{
	const struct sighting *first = g_array_index(check->hops, const struct story_hop, 0).at;
	struct story_pair *p = object_new(&pair_shape);
	const json_t *local, *remote;
	bool by_relay = check->peer_port != 0;

	p->check = check;
	set_local(s, p, by_relay);
	p->remote = by_relay ? check->peer : first->dst;
	p->remote_port = by_relay ? check->peer_port : first->dport;
	local = candidate_of(s, check->from, &p->local, p->local_port);
	remote = candidate_of(s, NULL, &p->remote, p->remote_port);
	p->stream = member_text(local, "stream");
	if (!p->stream)
		p->stream = member_text(remote, "stream");
	p->local_type = by_relay ? "relay" : member_text(local, "type");
	p->remote_type = member_text(remote, "type");
	if (is_selected(s, p))
		p->verdict = "selected";
	else
		p->verdict = is_answered(s, check) ? "succeeded" : "failed";
	if (g_str_equal(p->verdict, "failed"))
		p->why = check->lost ? g_strdup(check->lost->text) :
				       g_strdup("No answer came back.");
	return p;
}

GPtrArray *story_pairs(const story *s)
{
	GPtrArray *pairs = g_ptr_array_new_with_free_func(object_free);

	ptr_array_foreach(const struct step, p, s->steps)
		if (p->hops->len > 0 && g_str_equal(p->title, "ICE check") &&
		    g_ptr_array_find_with_equal_func(s->cell->participants, p->from, g_str_equal,
						     NULL))
			g_ptr_array_add(pairs, pair_new(s, p));
	return pairs;
}

/* --- streams ---------------------------------------------------------------------------------- */

const char *story_stream_of(const story *s, const struct step *p)
{
	const struct sighting *last =
		p->hops->len > 0 ?
			g_array_index(p->hops, const struct story_hop, p->hops->len - 1).at :
			NULL;
	const json_t *candidate =
		last && p->to ? candidate_of(s, p->to, &last->dst, last->dport) : NULL;

	return member_text(candidate, "stream");
}
