/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of NATs that expire while a call still needs them, found in the captured packets. */
#include "testbed/diagnose/cause_rules.h"

#define IDLE_MIN_NS     \
	(900u * 1000u * \
	 1000u) /* the shortest timer is one second, by a clock other than the capture's */

/* The mapping of one inside address and port, towards one remote address and port. */
struct lease {
	const char *node; /* interned */
	struct addr inside, remote;
	uint16_t inside_port, remote_port, outside_port;
	guint64 last_ns;
};

static const struct nat_rule *masquerade_by(const struct evidence *e, const char *node,
					    const char *iface)
{
	const struct node *n = model_node(e->model, node);

	return n ? node_masquerade(n, iface) : NULL;
}

/* Whether the packet came from a socket of the call: one of the end's own candidates. */
static bool is_candidate(const struct evidence *e, const struct sighting *s)
{
	for (const struct heard *h = NULL; (h = evidence_event(e, s->node, EVENT_CANDIDATE, h));) {
		const char *address = member_text(h->event, "address");
		struct addr a;

		if (member_is(h->event, "side", "local") && member_is(h->event, "type", "host") &&
		    member_integer(h->event, "port") == s->sport && address &&
		    addr_parse(address, &a) && addr_equal(&a, &s->src))
			return true;
	}
	return false;
}

static bool is_of_call(const struct evidence *e, const struct sighting *s)
{
	return s->out && s->proto == PROTO_UDP &&
	       g_ptr_array_find_with_equal_func(e->cell->participants, s->node, g_str_equal,
						NULL) &&
	       is_candidate(e, s);
}

static struct lease *lease_of(GArray *leases, const struct sighting *in)
{
	const struct lease fresh = {.node = in->node,
				    .inside = in->src,
				    .inside_port = in->sport,
				    .remote = in->dst,
				    .remote_port = in->dport};

	array_foreach(struct lease, l, leases)
		if (l->node == in->node && l->inside_port == in->sport &&
		    l->remote_port == in->dport && addr_equal(&l->inside, &in->src) &&
		    addr_equal(&l->remote, &in->dst))
			return l;
	g_array_append_val(leases, fresh);
	return &g_array_index(leases, struct lease, leases->len - 1);
}

/* How many packets came for the port that the NAT had forgotten. */
static guint lost_at(const struct evidence *e, const struct lease *l, guint64 since_ns)
{
	guint n = 0;

	for (guint i = 0; i < e->packets->list->len; i++) {
		const struct sighting *s = journey_last(e->packets->list->pdata[i]);

		n += !s->out && s->node == l->node && s->time_ns > since_ns &&
		     s->proto == PROTO_UDP && s->dport == l->outside_port &&
		     s->sport == l->remote_port && addr_equal(&s->src, &l->remote);
	}
	return n;
}

static void set_expired(const struct evidence *e, struct finding *f, const struct nat_rule *r,
			const struct lease *l, const struct sighting *out, const char *end)
{
	char inside[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];
	double idle_s = (double)(out->time_ns - l->last_ns) / 1e9;
	guint lost = lost_at(e, l, l->last_ns);

	addr_print(&l->inside, inside);
	addr_print(&l->remote, remote);
	f->code = CAUSE_NAT_EXPIRED;
	f->node = g_strdup(l->node);
	f->subject = subject_nat(r);
	f->direction = DIRECTION_THERE;
	f->why = g_strdup_printf("it forgot the mapping of %s's %s:%u after %.1f s without a "
				 "packet and gave the next one another "
				 "port, which %s:%u does not know",
				 end, inside, l->inside_port, idle_s, remote, l->remote_port);
	finding_prove(f,
		      "seen: %s:%u to %s:%u leaves %s:%s as port %u, and %.1f s later as port %u",
		      inside, l->inside_port, remote, l->remote_port, l->node, out->iface,
		      l->outside_port, idle_s, out->sport);
	if (lost > 0)
		finding_prove(f, "%u packet%s to port %u ended at %s since", lost,
			      lost == 1 ? "" : "s", l->outside_port, l->node);
}

/* Follows one packet through the NATs of its side; true when one had forgotten its mapping. */
static bool follow(const struct evidence *e, struct finding *f, GArray *leases,
		   const struct journey *j)
{
	for (guint i = 1; i < j->n; i++) {
		const struct sighting *in = j->at[i - 1], *out = j->at[i];
		const struct nat_rule *r = out->out && !addr_equal(&in->src, &out->src) ?
						   masquerade_by(e, out->node, out->iface) :
						   NULL;
		struct lease *l = r ? lease_of(leases, in) : NULL;

		if (!l)
			continue;
		if (l->last_ns > 0 && l->outside_port != out->sport &&
		    out->time_ns >= l->last_ns + IDLE_MIN_NS) {
			set_expired(e, f, r, l, out, journey_first(j)->node);
			return true;
		}
		l->outside_port = out->sport;
		l->last_ns = out->time_ns;
	}
	return false;
}

/* A NAT may use another port for another destination.  For the same one it does so only after
 * it has forgotten the first. */
bool cause_rule_nat_expired(const struct evidence *e, struct finding *f)
{
	g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(struct lease));

	if (!e->packets || !evidence_is_av(e))
		return false;
	ptr_array_foreach(const struct journey, j, e->packets->list)
		if (is_of_call(e, journey_first(j)) && follow(e, f, leases, j))
			return true;
	return false;
}
