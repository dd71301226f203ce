#include "testbed/explain/detail.h"

#include <string.h>

#define STUN_BINDING_REQUEST 0x0001

static bool takes_part(const struct cell *c, const char *node)
{
	return g_ptr_array_find_with_equal_func(c->participants, node, g_str_equal, NULL);
}

/* While the call went on; of a fresh lab, all of it. */
static bool in_time(const struct observation *seen, const struct sighting *s)
{
	gint64 at_us = (gint64)(s->time_ns / 1000) - seen->clock_offset_us;

	return seen->end_us == 0 || (at_us >= seen->start_us && at_us <= seen->end_us);
}

static char *end_text(const struct addr *a, guint port)
{
	char text[ADDR_TEXT_MAX];

	addr_print(a, text);
	return port != 0 ? g_strdup_printf("%s:%u", text, port) : g_strdup(text);
}

static char *target(const struct sighting *s)
{
	return end_text(&s->dst, s->dport);
}

/* "ADDRESS:PORT" of all candidates of the call. */
static GHashTable *candidates_of(const struct observation *seen)
{
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < seen->heard->len; i++) {
		const json_t *event = ((const struct heard *)seen->heard->pdata[i])->event;
		const char *address = json_string_value(json_object_get(event, "address"));

		if (address && g_strcmp0(json_string_value(json_object_get(event, "event")), "candidate") == 0)
			g_hash_table_add(all, g_strdup_printf("%s:%d", address,
							      (int)json_integer_value(json_object_get(event, "port"))));
	}
	return all;
}

/* Other calls of a whole run may have gone on beside this one; over UDP its candidates tell them apart. */
static bool is_of_call(const struct observation *seen, GHashTable *candidates, const struct sighting *s)
{
	g_autofree char *from = end_text(&s->src, s->sport), *to = target(s);

	if (seen->end_us == 0)
		return true;
	return in_time(seen, s) && (s->proto != PROTO_UDP || g_hash_table_contains(candidates, from) ||
				    g_hash_table_contains(candidates, to));
}

/* --- ladder ------------------------------------------------------------------------------------------- */

/* Journeys that look the same on one line. */
struct rung {
	guint64 first_ns;
	guint count;
	char *text;
};

static void rung_free(gpointer data)
{
	struct rung *r = data;

	g_free(r->text);
	g_free(r);
}

static void add_rung(GPtrArray *rungs, GHashTable *by_text, const struct journey *j)
{
	const struct sighting *first = journey_first(j), *last = journey_last(j);
	g_autofree char *to = target(first);
	char name[48];
	char *text = g_strdup_printf("%-10s > %-22s %s%s, last at %s:%s (%s)", first->node, to, packet_name(first, name),
				     first->in_turn ? " by its relay" : "", last->node, last->iface, last->out ? "out" : "in");
	struct rung *r = g_hash_table_lookup(by_text, text);

	if (!r) {
		r = g_new0(struct rung, 1);
		r->first_ns = first->time_ns;
		r->text = g_strdup(text);
		g_hash_table_insert(by_text, r->text, r);
		g_ptr_array_add(rungs, r);
	}
	r->count++;
	g_free(text);
}

/* SIP runs inside TLS: what the clients say of it. */
static const char *const told[] = {"signed-in", "sign-in-failed", "incoming-call", "im-received",
				   "im-result", "selected",	  "call-result",   "conference-result"};

static void add_told(GPtrArray *rungs, const struct observation *seen, const struct heard *h)
{
	const char *name = json_string_value(json_object_get(h->event, "event"));
	const char *stage = json_string_value(json_object_get(h->event, "stage"));
	const char *reason = json_string_value(json_object_get(h->event, "reason"));
	json_int_t status = json_integer_value(json_object_get(h->event, "sip_status"));
	gint64 time_us = json_integer_value(json_object_get(h->event, "time_us"));
	GString *text;
	struct rung *r;

	for (guint i = 0; i < G_N_ELEMENTS(told); i++) {
		if (g_strcmp0(name, told[i]) != 0)
			continue;
		text = g_string_new(NULL);
		g_string_append_printf(text, "%-10s says %s", h->agent, name);
		if (status > 0)
			g_string_append_printf(text, ", SIP %d", (int)status);
		if (reason)
			g_string_append_printf(text, ": %s%s%s", stage ? stage : "", stage ? ", " : "", reason);
		r = g_new0(struct rung, 1);
		r->first_ns = (guint64)(time_us + seen->clock_offset_us) * 1000;
		r->count = 1;
		r->text = g_string_free(text, FALSE);
		g_ptr_array_add(rungs, r);
		return;
	}
}

static gint compare_rungs(gconstpointer x, gconstpointer y)
{
	const struct rung *a = *(const struct rung *const *)x, *b = *(const struct rung *const *)y;

	return a->first_ns < b->first_ns ? -1 : a->first_ns > b->first_ns;
}

void detail_ladder(const struct observation *seen, const struct cell *c, GString *out)
{
	g_autoptr(GPtrArray) rungs = g_ptr_array_new_with_free_func(rung_free);
	g_autoptr(GHashTable) by_text = g_hash_table_new(g_str_hash, g_str_equal), candidates = candidates_of(seen);

	for (guint i = 0; seen->packets && i < seen->packets->list->len; i++) {
		const struct journey *j = seen->packets->list->pdata[i];
		const struct sighting *first = journey_first(j);

		if (first->out && is_of_call(seen, candidates, first) &&
		    (takes_part(c, first->node) || takes_part(c, journey_last(j)->node)))
			add_rung(rungs, by_text, j);
	}
	for (guint i = 0; i < seen->heard->len; i++)
		add_told(rungs, seen, seen->heard->pdata[i]);
	g_ptr_array_sort(rungs, compare_rungs);
	if (rungs->len > 0)
		g_string_append(out, "\nmessages (ms since the first, times)\n");
	for (guint i = 0; i < rungs->len; i++) {
		const struct rung *r = rungs->pdata[i], *zero = rungs->pdata[0];

		g_string_append_printf(out, "%7.0f %4u  %s\n", (double)(r->first_ns - zero->first_ns) / 1e6, r->count, r->text);
	}
}

/* --- pairs -------------------------------------------------------------------------------------------- */

struct pair {
	char *name;
	guint sent, answered, refused;
	guint8 error;               /* less 300 */
	const struct journey *last; /* the last request */
};

static void pair_free(gpointer data)
{
	struct pair *p = data;

	g_free(p->name);
	g_free(p);
}

static struct pair *pair_of(GPtrArray *pairs, const struct sighting *s)
{
	g_autofree char *to = target(s);
	char src[ADDR_TEXT_MAX];
	g_autofree char *name = g_strdup_printf("%s %s:%u to %s%s", s->node, addr_print(&s->src, src), s->sport, to,
						s->in_turn ? " (its relay, to the other end)" : "");
	struct pair *p;

	for (guint i = 0; i < pairs->len; i++) {
		p = pairs->pdata[i];
		if (g_str_equal(p->name, name))
			return p;
	}
	p = g_new0(struct pair, 1);
	p->name = g_steal_pointer(&name);
	g_ptr_array_add(pairs, p);
	return p;
}

/* The answer to a request that reached its sender; NULL: none. */
static const struct sighting *answer_to(const GHashTable *answers, const struct sighting *request)
{
	g_autoptr(GBytes) id = g_bytes_new(request->id.bytes + 2, 12);
	const struct sighting *s = g_hash_table_lookup((GHashTable *)(gpointer)(guintptr)answers, id);

	return s && s->node == request->node ? s : NULL;
}

static GHashTable *answers_of(const journeys *all, const struct cell *c)
{
	GHashTable *answers = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);

	for (guint i = 0; i < all->sightings->len; i++) {
		const struct sighting *s = all->sightings->pdata[i];

		if (!s->out && s->id.kind == PACKET_STUN && packet_is_answer(s) && takes_part(c, s->node))
			g_hash_table_insert(answers, g_bytes_new(s->id.bytes + 2, 12), (gpointer)(guintptr)s);
	}
	return answers;
}

static void count_check(GPtrArray *pairs, const GHashTable *answers, const struct journey *j)
{
	const struct sighting *s = journey_first(j), *answer = answer_to(answers, s);
	struct pair *p = pair_of(pairs, s);

	p->sent++;
	p->last = j;
	p->answered += answer && answer->error == 0;
	p->refused += answer && answer->error != 0;
	if (answer && answer->error != 0)
		p->error = answer->error;
}

static void pair_text(const struct pair *p, GString *out)
{
	const struct sighting *last = journey_last(p->last);

	g_string_append_printf(out, "  %s: %u request%s, %u answered", p->name, p->sent, p->sent == 1 ? "" : "s", p->answered);
	if (p->refused > 0)
		g_string_append_printf(out, ", %u refused (%u)", p->refused, 300u + p->error);
	if (p->answered == 0)
		g_string_append_printf(out, "; last at %s:%s (%s)", last->node, last->iface, last->out ? "out" : "in");
	g_string_append_c(out, '\n');
}

void detail_pairs(const struct observation *seen, const struct cell *c, GString *out)
{
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(pair_free);
	g_autoptr(GHashTable) candidates = candidates_of(seen);
	GHashTable *answers;

	if (!seen->packets)
		return;
	answers = answers_of(seen->packets, c);
	for (guint i = 0; i < seen->packets->list->len; i++) {
		const struct journey *j = seen->packets->list->pdata[i];
		const struct sighting *s = journey_first(j);

		if (s->out && s->id.kind == PACKET_STUN && s->stun == STUN_BINDING_REQUEST && takes_part(c, s->node) &&
		    is_of_call(seen, candidates, s))
			count_check(pairs, answers, j);
	}
	if (pairs->len > 0)
		g_string_append(out, "\npairs of candidates that were checked\n");
	for (guint i = 0; i < pairs->len; i++)
		pair_text(pairs->pdata[i], out);
	g_hash_table_unref(answers);
}

/* --- counters ------------------------------------------------------------------------------------------ */

/* What a kernel counts when it does not pass a packet on. */
static const char *const telling[] = {
	"IpOutNoRoutes", "IpInAddrErrors", "IpInNoRoutes", "IpInDiscards",	  "IpOutDiscards", "TcpExtIPReversePathFilter",
	"IpExtInNoRoutes", "UdpNoPorts",   "IcmpOutDestUnreachs", "IcmpInDestUnreachs", "IpFragFails",  "IpForwDatagrams",
};

static void node_counters(const json_t *state, const char *name, GString *out)
{
	const json_t *node = json_object_get(json_object_get(state, "nodes"), name);
	const json_t *counters = json_object_get(node, "counters"), *rule;
	size_t k;

	for (guint i = 0; i < G_N_ELEMENTS(telling); i++) {
		json_int_t n = json_integer_value(json_object_get(counters, telling[i]));

		if (n > 0)
			g_string_append_printf(out, "  %s: %s %" JSON_INTEGER_FORMAT "\n", name, telling[i], n);
	}
	json_array_foreach (json_object_get(node, "nft"), k, rule) {
		json_int_t n = json_integer_value(json_object_get(rule, "packets"));

		if (n > 0)
			g_string_append_printf(out, "  %s: rule %s %" JSON_INTEGER_FORMAT " packets\n", name,
					       json_string_value(json_object_get(rule, "name")), n);
	}
}

static void add_nodes(GPtrArray *names, const walk *w)
{
	for (guint i = 0; w && i < w->hops->len; i++) {
		const struct hop *h = w->hops->pdata[i];

		if (!g_ptr_array_find_with_equal_func(names, h->node, g_str_equal, NULL))
			g_ptr_array_add(names, h->node);
	}
}

static void send_errors(const struct observation *seen, GString *out)
{
	for (guint i = 0; i < seen->heard->len; i++) {
		const struct heard *h = seen->heard->pdata[i];

		if (g_strcmp0(json_string_value(json_object_get(h->event, "event")), "send-error") == 0)
			g_string_append_printf(out, "  %s, sending to %s: %s\n", h->agent,
					       json_string_value(json_object_get(h->event, "to")),
					       json_string_value(json_object_get(h->event, "text")));
	}
}

void detail_counters(const struct observation *seen, const finding *f, GString *out)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < f->legs->len; i++) {
		const struct leg *l = f->legs->pdata[i];

		add_nodes(names, l->walk->forward);
		add_nodes(names, l->walk->back);
	}
	g_string_append(out, "\ncounted and said on the way\n");
	for (guint i = 0; i < names->len; i++)
		node_counters(seen->state, names->pdata[i], out);
	send_errors(seen, out);
}
