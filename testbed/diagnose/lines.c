/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/lines.h"

#define TUNNELS_DEEP 2 /* a tunnel's packets may go through another one */

/* --- which there are -------------------------------------------------------------------------- */

struct collection {
	const struct evidence *e;
	GArray *lines;
	enum direction direction;
	guint leg;
};

static bool is_known(const struct collection *c, const struct node *n, const char *iface)
{
	array_foreach(const struct line, l, c->lines)
		if (l->node == n && g_str_equal(l->iface, iface))
			return true;
	return false;
}

static void add_line(const struct collection *c, const struct node *n, const char *iface)
{
	const struct impairment *what = node_impairment(c->e->model, n, iface);
	const struct kernel_link *link =
		node_state_link(netstate_node(c->e->state, n->name), iface);
	struct line l = {
		.node = n, .iface = iface, .what = what, .direction = c->direction, .leg = c->leg};

	if (!what || is_known(c, n, iface))
		return;
	if (link) {
		l.iface = link->name;
		l.losses = link->losses;
	}
	g_array_append_val(c->lines, l);
}

static void add_walk(const struct collection *c, const walk *w, guint deep);

/* The tunnel's own packets, from this end to the other. */
static void add_underlay(const struct collection *c, const struct tunnel *t, guint end, guint deep)
{
	const struct tunnel_end *from = &t->ends[end], *to = &t->ends[1 - end];
	bool over_udp = tunnel_is_udp(t->kind);
	struct flow outer = {.node = from->node_name,
			     .src = from->underlay,
			     .dst = to->underlay,
			     .proto = over_udp ? PROTO_UDP : PROTO_ANY,
			     .sport = over_udp ? t->port : 0,
			     .dport = over_udp ? t->port : 0};
	struct walk_pair *pair = c->e->walk(c->e->net, &outer);

	add_walk(c, pair->forward, deep + 1);
	walk_pair_free(pair);
}

static void add_walk(const struct collection *c, const walk *w, guint deep)
{
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = model_node(c->e->model, h->node);
		const struct tunnel *t;
		guint end;

		if (!n || !h->out)
			continue;
		add_line(c, n, h->out);
		t = model_tunnel_at(c->e->model, h->node, h->out, &end);
		if (t && deep < TUNNELS_DEEP)
			add_underlay(c, t, end, deep);
	}
}

GArray *lines_of_legs(const struct evidence *e, const struct finding *f, guint first)
{
	struct collection c = {.e = e, .lines = g_array_new(FALSE, FALSE, sizeof(struct line))};

	for (c.leg = first; c.leg < f->legs->len; c.leg++) {
		const struct leg *leg = f->legs->pdata[c.leg];

		c.direction = DIRECTION_THERE;
		add_walk(&c, leg->walk->forward, 0);
		c.direction = DIRECTION_BACK;
		if (leg->walk->back)
			add_walk(&c, leg->walk->back, 0);
	}
	return c.lines;
}

/* --- by captured packets ---------------------------------------------------------------------- */

static bool is_out_at(const struct sighting *s, const struct line *l)
{
	return s->out && g_str_equal(s->node, l->node->name) && g_str_equal(s->iface, l->iface);
}

static bool is_media(const struct journey *j)
{
	return journey_first(j)->id.kind == PACKET_RTP;
}

static bool media_left_by(const struct evidence *e, const struct line *l)
{
	if (!e->packets)
		return false;
	ptr_array_foreach(const struct journey, j, e->packets->list)
		for (guint i = 0; is_media(j) && i < j->n; i++)
			if (is_out_at(j->at[i], l))
				return true;
	return false;
}

void lines_keep_used(GArray *lines, const struct evidence *e)
{
	g_autofree bool *used = g_new0(bool, lines->len + 1);
	bool any = false;

	for (guint i = 0; i < lines->len; i++) {
		used[i] = media_left_by(e, &g_array_index(lines, struct line, i));
		any = any || used[i];
	}
	for (guint i = lines->len; any && i > 0; i--)
		if (!used[i - 1])
			g_array_remove_index(lines, i - 1);
}

/* Media packets that came to the node from elsewhere and left by the line, and those that were not
 * seen any more. */
static void count_passed(const struct evidence *e, const struct line *l, guint *ret_left,
			 guint *ret_lost)
{
	*ret_left = *ret_lost = 0;
	if (!e->packets)
		return;
	ptr_array_foreach(const struct journey, j, e->packets->list) {
		const struct sighting *last = journey_last(j);
		bool left = false;

		for (guint i = 1; is_media(j) && i < j->n && !left; i++)
			left = is_out_at(j->at[i], l);
		*ret_left += left;
		*ret_lost += is_media(j) && !left && !last->out &&
			     g_str_equal(last->node, l->node->name) &&
			     !g_str_equal(last->iface, l->iface) &&
			     !node_has_address(l->node, &last->dst);
	}
}

/* --- figures ---------------------------------------------------------------------------------- */

static double share(guint64 part, guint64 whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

double line_lost_share(const struct line *l)
{
	return l->losses.told ? share(l->losses.lost, l->losses.packets) : l->what->loss_pct / 100;
}

double line_full_share(const struct line *l)
{
	return share(l->losses.overflowed, l->losses.packets);
}

double line_delay_ms(const struct line *l)
{
	return (l->what->delay_us + l->what->jitter_us) / 1000.0;
}

double line_queue_ms(const struct line *l)
{
	return l->what->rate_kbit > 0 ?
		       8.0 * (double)impairment_queue_bytes(l->what) / l->what->rate_kbit :
		       0;
}

/* --- in words --------------------------------------------------------------------------------- */

struct subject line_subject(const struct evidence *e, const struct line *l)
{
	const struct iface *f = node_iface(l->node, l->iface);
	const struct tunnel *t =
		f ? NULL : model_tunnel_at(e->model, l->node->name, l->iface, NULL);

	if (f && !f->impair)
		return subject_named(SUBJECT_NETWORK, f->network_name);
	if (t && l->what == t->impair)
		return subject_tunnel(t);
	return subject_iface(l->node, l->iface);
}

void line_prove(const struct evidence *e, struct finding *f, const struct line *l)
{
	g_autoptr(GString) words = g_string_new(NULL);
	guint left, lost;

	if (l->losses.told)
		finding_prove(f,
			      "%s:%s: of %" G_GUINT64_FORMAT
			      " packets that were to leave by it %" G_GUINT64_FORMAT
			      " were lost and %" G_GUINT64_FORMAT " found its queue full",
			      l->node->name, l->iface, l->losses.packets, l->losses.lost,
			      l->losses.overflowed);
	count_passed(e, l, &left, &lost);
	if (left + lost > 0)
		finding_prove(
			f, "captured: of %u numbered media packets that came to %s %u left by %s",
			left + lost, l->node->name, left, l->iface);
	impairment_print(l->what, words);
	finding_prove(f, "the topology impairs it:%s", words->str);
}
