/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/packets/scope.h"

struct scope {
	const struct observation *seen;
	const struct cell *cell;
	GHashTable *candidates; /* "ADDRESS:PORT" of all candidates of the call */
	GHashTable *owners; /* the same, of host and reflexive ones -> the end's node; borrowed */
	GHashTable *others; /* "ADDRESS:PORT" of clients of a relay whose allocation is no candidate
			       of the call */
};

static void add_candidate(scope *s, const struct heard *h)
{
	const char *address = member_text(h->event, "address");
	struct addr a;
	char *end;

	if (!address || !addr_parse(address, &a) || !member_is(h->event, "event", EVENT_CANDIDATE))
		return;
	end = scope_end_text(&a, (guint)member_integer(h->event, "port"));
	if (member_is(h->event, "side", "local") && !member_is(h->event, "type", "relay"))
		g_hash_table_insert(s->owners, g_strdup(end), h->agent);
	g_hash_table_add(s->candidates, end);
}

static void add_allocation(scope *s, const struct heard *h)
{
	const char *client = member_text(h->event, "client"),
		   *relay = member_text(h->event, "relay");

	if (client && relay && member_is(h->event, "event", EVENT_ALLOCATION) &&
	    !g_hash_table_contains(s->candidates, relay))
		g_hash_table_add(s->others, g_strdup(client));
}

static const struct object_shape scope_shape =
	OBJECT_SHAPE(scope, NULL, OWNS_TABLE(scope, candidates), OWNS_TABLE(scope, owners),
		     OWNS_TABLE(scope, others));

scope *scope_new(const struct observation *seen, const struct cell *c)
{
	scope *s = object_new(&scope_shape);

	s->seen = seen;
	s->cell = c;
	s->candidates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->others = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < seen->heard->len; i++)
		add_candidate(s, seen->heard->pdata[i]);
	for (guint i = 0; i < seen->heard->len; i++)
		add_allocation(s, seen->heard->pdata[i]);
	return s;
}

bool scope_takes_part(const scope *s, const char *node)
{
	return g_ptr_array_find_with_equal_func(s->cell->participants, node, g_str_equal, NULL);
}

char *scope_end_text(const struct addr *a, guint port)
{
	char text[ADDR_PORT_TEXT_MAX];

	return g_strdup(port != 0 ? addr_port_print(a, (uint16_t)port, text) : addr_print(a, text));
}

bool scope_is_candidate(const scope *s, const struct addr *a, guint port)
{
	g_autofree char *end = scope_end_text(a, port);

	return g_hash_table_contains(s->candidates, end);
}

static bool is_end(GHashTable *ends, const struct sighting *at)
{
	g_autofree char *from = scope_end_text(&at->src, at->sport),
			*to = scope_end_text(&at->dst, at->dport);

	return g_hash_table_contains(ends, from) || g_hash_table_contains(ends, to);
}

bool scope_in_time(const struct observation *seen, const struct sighting *at)
{
	gint64 at_us = (gint64)(at->time_ns / 1000) - seen->clock_offset_us;

	return seen->end_us == 0 || (at_us >= seen->start_us && at_us <= seen->end_us);
}

void scope_range(const struct observation *seen, guint *ret_first, guint *ret_end)
{
	const journeys *all = seen->packets;
	gint64 from_us = seen->start_us + seen->clock_offset_us,
	       to_us = seen->end_us + seen->clock_offset_us + 1;

	*ret_first = 0;
	*ret_end = all ? all->list->len : 0;
	if (!all || seen->end_us == 0)
		return;
	*ret_first = journeys_from(all, (guint64)MAX(from_us, 0) * 1000);
	*ret_end = journeys_from(all, (guint64)MAX(to_us, 0) * 1000);
}

bool scope_has(const scope *s, const struct journey *j)
{
	const struct sighting *first = journey_first(j), *last = journey_last(j);

	if (s->seen->end_us == 0)
		return true;
	if (!scope_in_time(s->seen, first))
		return false;
	if (first->proto == PROTO_UDP)
		return is_end(s->candidates, first) || is_end(s->candidates, last);
	/* behind a NAT the relay knows the client by its outside address, which `last` has */
	return !is_end(s->others, first) && !is_end(s->others, last);
}

const char *scope_owner(const scope *s, const struct addr *a, guint port)
{
	g_autofree char *end = scope_end_text(a, port);

	return g_hash_table_lookup(s->owners, end);
}
