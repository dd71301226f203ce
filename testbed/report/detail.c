/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/detail.h"

#include "testbed/packets/scope.h"

#include <string.h>

#define STUN_BINDING_REQUEST 0x0001

/* --- pairs ------------------------------------------------------------------------------------ */

/* The connectivity checks of one candidate pair. */
struct pair {
	char *name;		       /* "NODE FROM to TO" */
	guint sent, answered, refused; /* requests; answers of success, of error */
	guint8 error;		       /* STUN error code of the last refusal, minus 300 */
	const struct journey *last;    /* the last request */
};

static const struct object_shape pair_shape = OBJECT_SHAPE(pair, NULL, OWNS_TEXT(pair, name));

/* The pair of a request, borrowed; it is added when it is the first request. */
static struct pair *pair_of(GPtrArray *pairs, const struct sighting *s)
{
	g_autofree char *from = scope_end_text(&s->src, s->sport),
			*to = scope_end_text(&s->dst, s->dport);
	g_autofree char *name = g_strdup_printf("%s %s to %s%s", s->node, from, to,
						s->in_turn ? " (its relay, to the other end)" : "");
	struct pair *p;

	for (guint i = 0; i < pairs->len; i++) {
		p = pairs->pdata[i];
		if (g_str_equal(p->name, name))
			return p;
	}
	p = object_new(&pair_shape);
	p->name = g_steal_pointer(&name);
	g_ptr_array_add(pairs, p);
	return p;
}

/* The answer that the request's sender received, borrowed; NULL: none. */
static const struct sighting *answer_of_request(const GHashTable *answers,
						const struct sighting *request)
{
	g_autoptr(GBytes) id = g_bytes_new(request->id.bytes + 2, 12);
	const struct sighting *s =
		g_hash_table_lookup((GHashTable *)(gpointer)(guintptr)answers, id);

	return s && s->node == request->node ? s : NULL;
}

/* STUN answers that participants of the call received: transaction id -> struct sighting, borrowed.
 * The caller frees the table. */
static GHashTable *answers_by_id(const journeys *all, const scope *call)
{
	GHashTable *answers = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
						    (GDestroyNotify)g_bytes_unref, NULL);

	ptr_array_foreach(const struct sighting, s, all->sightings)
		if (!s->out && s->id.kind == PACKET_STUN && packet_is_answer(s) &&
		    scope_takes_part(call, s->node))
			g_hash_table_insert(answers, g_bytes_new(s->id.bytes + 2, 12),
					    (gpointer)(guintptr)s);
	return answers;
}

/* Counts a request, and its answer, in its pair. */
static void count_check(GPtrArray *pairs, const GHashTable *answers, const struct journey *j)
{
	const struct sighting *s = journey_first(j), *answer = answer_of_request(answers, s);
	struct pair *p = pair_of(pairs, s);

	p->sent++;
	p->last = j;
	p->answered += answer && answer->error == 0;
	p->refused += answer && answer->error != 0;
	if (answer && answer->error != 0)
		p->error = answer->error;
}

/* Appends a line for the pair: how many checks, and where the last one was seen if none was
 * answered. */
static void pair_text(const struct pair *p, GString *out)
{
	const struct sighting *last = journey_last(p->last);

	g_string_append_printf(out, "  %s: %u request%s, %u answered", p->name, p->sent,
			       p->sent == 1 ? "" : "s", p->answered);
	if (p->refused > 0)
		g_string_append_printf(out, ", %u refused (%u)", p->refused, 300u + p->error);
	if (p->answered == 0)
		g_string_append_printf(out, "; last at %s:%s (%s)", last->node, last->iface,
				       last->out ? "out" : "in");
	g_string_append_c(out, '\n');
}

void detail_pairs(const struct observation *seen, const struct cell *c, GString *out)
{
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(object_free);
	g_autoptr(scope) call = scope_new(seen, c);
	GHashTable *answers;

	if (!seen->packets)
		return;
	answers = answers_by_id(seen->packets, call);
	ptr_array_foreach(const struct journey, j, seen->packets->list) {
		const struct sighting *s = journey_first(j);

		if (s->out && s->id.kind == PACKET_STUN && s->stun == STUN_BINDING_REQUEST &&
		    scope_takes_part(call, s->node) && scope_has(call, j))
			count_check(pairs, answers, j);
	}
	if (pairs->len > 0)
		g_string_append(out, "\ncandidate pairs that were checked\n");
	for (guint i = 0; i < pairs->len; i++)
		pair_text(pairs->pdata[i], out);
	g_hash_table_unref(answers);
}

/* --- counters --------------------------------------------------------------------------------- */

/* Counters of packets that a kernel did not forward or deliver. */
static const char *const shown_counters[] = {
	"IpOutNoRoutes",      "IpInAddrErrors", "IpInNoRoutes",
	"IpInDiscards",	      "IpOutDiscards",	"TcpExtIPReversePathFilter",
	"IpExtInNoRoutes",    "UdpNoPorts",	"IcmpOutDestUnreachs",
	"IcmpInDestUnreachs", "IpFragFails",	"IpForwDatagrams",
};

/* Appends the node's counters of lost packets, and of rules that matched; zeros are left out. */
static void node_counters(const node_state *n, GString *out)
{
	for (guint i = 0; i < G_N_ELEMENTS(shown_counters); i++) {
		gint64 value = node_state_counter(n, shown_counters[i]);

		if (value > 0)
			g_string_append_printf(out, "  %s: %s %" G_GINT64_FORMAT "\n", n->name,
					       shown_counters[i], value);
	}
	array_foreach(const struct rule_counter, c, n->rule_counters)
		if (c->packets > 0)
			g_string_append_printf(out, "  %s: rule %s %" G_GUINT64_FORMAT " packets\n",
					       n->name, c->name, c->packets);
}

/* Appends whether each address on the node's links was resolved (ARP, neighbour discovery). */
static void node_neighbours(const node_state *n, GString *out)
{
	char address[ADDR_TEXT_MAX];

	array_foreach(const struct kernel_neighbour, one, n->neighbours)
		g_string_append_printf(out, "  %s: neighbour %s at %s %s\n", n->name,
				       addr_print(&one->address, address),
				       one->dev ? one->dev : "?", neighbour_state_name(one->state));
}

/* Adds the nodes of a walk (NULL: none) that `names` has not yet. */
static void add_nodes(GPtrArray *names, const walk *w)
{
	ptr_array_foreach(const struct hop, h, w ? w->hops : NULL)
		if (!g_ptr_array_find_with_equal_func(names, h->node, g_str_equal, NULL))
			g_ptr_array_add(names, h->node);
}

/* Appends the errors that agents got on sending. */
static void send_errors(const struct observation *seen, GString *out)
{
	ptr_array_foreach(const struct heard, h, seen->heard)
		if (member_is(h->event, "event", EVENT_SEND_ERROR))
			g_string_append_printf(out, "  %s, sending to %s: %s\n", h->agent,
					       member_text(h->event, "to"),
					       member_text(h->event, "text"));
}

GPtrArray *detail_nodes(const finding *f)
{
	GPtrArray *names = g_ptr_array_new();

	ptr_array_foreach(const struct leg, l, f->legs) {
		add_nodes(names, l->walk->forward);
		add_nodes(names, l->walk->back);
	}
	return names;
}

void detail_counters(const struct observation *seen, const finding *f, GString *out)
{
	g_autoptr(GPtrArray) names = detail_nodes(f);

	g_string_append(out, "\ncounters and errors on the path\n");
	for (guint i = 0; i < names->len; i++) {
		const node_state *n = netstate_node(seen->state, names->pdata[i]);

		if (!n)
			continue;
		node_counters(n, out);
		node_neighbours(n, out);
	}
	send_errors(seen, out);
}

/* --- look-ups --------------------------------------------------------------------------------- */

/* Walks to other ports of the same host have the same look-ups, which are shown once. */
void detail_lookups(const struct observation *seen, const finding *f, GString *out)
{
	g_autoptr(GHashTable) shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	ptr_array_foreach(const struct leg, l, f->legs) {
		g_autoptr(GString) text = g_string_new(NULL);
		bool known;

		lookups_text(l->walk, seen->state, text);
		if (text->len == 0)
			continue;
		if (g_hash_table_size(shown) == 0)
			g_string_append(
				out,
				"\nlook-ups of routes by the kernels (*: the walk relies on it)\n");
		known = g_hash_table_contains(shown, text->str);
		g_string_append_printf(out, "%s\n%s", l->title, known ? "the same\n" : text->str);
		g_hash_table_add(shown, g_strdup(text->str));
	}
}
