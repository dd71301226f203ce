/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/walk.h"

#include "testbed/walk/lookups.h"
#include "testbed/walk/walk_node.h"

#define VLAN_TAG_BYTES 4u

/* --- between nodes ---------------------------------------------------------------------------- */

static bool in_list(const GArray *prefixes, const struct addr *a)
{
	for (guint i = 0; i < prefixes->len; i++)
		if (prefix_contains(&g_array_index(prefixes, struct prefix, i), a))
			return true;
	return false;
}

static struct walk_pair *walk_pair_of(const struct knet *net, const struct flow *flow,
				      bool in_tunnel);

/* Whether packets of one end are answers to those of the other, which firewalls let pass.  VXLAN
 * draws the source port from what a packet carries (RFC 7348 section 5): to a firewall both
 * directions are sessions of their own. */
static bool ends_share_session(enum tunnel_kind kind)
{
	return kind != TUNNEL_VXLAN;
}

/* The packets that end `from` of a tunnel of that kind sends to the other. */
static struct flow outer_flow(const struct tunnel *t, enum tunnel_kind kind, int from,
			      unsigned inner_bytes)
{
	bool over_udp = tunnel_is_udp(kind);
	unsigned more_bytes = tunnel_overhead_bytes(kind, t->ends[from].underlay.family);

	return (struct flow){
		.node = t->ends[from].node_name,
		.src = t->ends[from].underlay,
		.dst = t->ends[1 - from].underlay,
		.proto = over_udp ? PROTO_UDP : PROTO_ANY,
		.sport = over_udp && ends_share_session(kind) ? t->port : 0,
		.dport = over_udp ? t->port : 0,
		.size_bytes = inner_bytes > 0 ? inner_bytes + more_bytes : 0,
	};
}

/* The walk of the tunnel's own packets that does not arrive, from end `from` to the other or back;
 * NULL: both arrive. */
static walk *underlay_trouble(const struct knet *net, const struct klink *out, int from,
			      unsigned inner_bytes)
{
	const struct tunnel *t = out->tunnel;
	bool shared = ends_share_session(out->tunnel_kind);
	struct flow outer = outer_flow(t, out->tunnel_kind, from, inner_bytes);
	struct walk_pair *pair = walk_pair_of(net, &outer, true);
	bool arrives = pair->forward->end == WALK_DELIVERED;
	walk **last = arrives && shared ? &pair->back : &pair->forward;
	walk *lost = *last && (*last)->end != WALK_DELIVERED ? g_steal_pointer(last) : NULL;

	walk_pair_free(pair);
	if (!arrives || shared)
		return lost;
	outer = outer_flow(t, out->tunnel_kind, 1 - from, inner_bytes);
	pair = walk_pair_of(net, &outer, true);
	if (pair->forward->end != WALK_DELIVERED)
		lost = g_steal_pointer(&pair->forward);
	walk_pair_free(pair);
	return lost;
}

/* Either end may start: its packets open the firewalls for the answers.  False: the walk has ended.
 */
static bool pass_underlay(struct walker *k, const struct klink *out)
{
	const struct tunnel *t = out->tunnel;
	walk *there =
		k->in_tunnel ? NULL : underlay_trouble(k->net, out, out->tunnel_end, k->size_bytes);
	/* a packet that is too big is lost, whichever end started */
	bool other_may_start =
		there && there->end != WALK_TOO_BIG && ends_share_session(out->tunnel_kind);
	walk *back = other_may_start ? underlay_trouble(k->net, out, 1 - out->tunnel_end, 0) : NULL;

	if (!there || (other_may_start && !back)) {
		walk_free(there);
		return true;
	}
	walk_free(back);
	walker_end(k, WALK_TUNNEL_DOWN, k->at, subject_tunnel(t),
		   "the packets of tunnel %s itself are lost: %s", t->name, there->why);
	k->w->under = there;
	return false;
}

/* Whether the packet is one of those that the end sends to carry others. */
static bool is_own_packet(const struct walker *k, const struct tunnel_end *own,
			  const struct tunnel_end *other)
{
	return k->in_tunnel && addr_equal(&k->p.at.src, &own->underlay) &&
	       addr_equal(&k->p.at.dst, &other->underlay);
}

/* Whether the tunnel is up and takes this packet; false: the walk has ended. */
static bool pass_tunnel(struct walker *k, const struct klink *out, const struct knode *peer,
			const struct klink *far)
{
	const struct tunnel *t = out->tunnel;
	const struct tunnel_end *own = &t->ends[out->tunnel_end],
				*other = &t->ends[1 - out->tunnel_end];
	bool guarded = out->tunnel_kind == TUNNEL_WIREGUARD; /* the others take every packet */
	char text[ADDR_TEXT_MAX];

	if (!far->state->up) {
		walker_link_is_down(k, peer, far);
		return false;
	}
	if (is_own_packet(k, own, other))
		return walker_end(k, WALK_LOOP, k->at, subject_tunnel(t),
				  "%s sends the packets of tunnel %s itself into the tunnel",
				  k->at->model->name, t->name);
	if (guarded && !in_list(other->prefixes, &k->p.at.dst))
		return walker_end(k, WALK_TUNNEL_PREFIX, k->at, subject_tunnel(t),
				  "tunnel %s takes no packets to %s at %s", t->name,
				  addr_print(&k->p.at.dst, text), k->at->model->name);
	if (!pass_underlay(k, out))
		return false;
	if (guarded && !in_list(own->prefixes, &k->p.at.src))
		return walker_end(k, WALK_TUNNEL_PREFIX, peer, subject_tunnel(t),
				  "tunnel %s accepts no packets from %s at %s", t->name,
				  addr_print(&k->p.at.src, text), peer->model->name);
	return true;
}

static void travel_tunnel(struct walker *k, const struct klink *out)
{
	const struct tunnel_end *other = &out->tunnel->ends[1 - out->tunnel_end];
	const struct knode *peer = knet_node(k->net, other->node_name);
	const struct klink *far = peer ? knode_link(peer, other->iface) : NULL;

	if (!far)
		walker_end(k, WALK_TUNNEL_DOWN, k->at, subject_tunnel(out->tunnel),
			   "tunnel %s has no other end", out->tunnel->name);
	else if (pass_tunnel(k, out, peer, far)) {
		k->at = peer;
		k->in = far;
	}
}

/* A packet that does not fit the link it leaves by is cut: by its sender, by a router, or by its
 * sender once a router has reported it (RFC 1191; such reports belong to a known session, which
 * every stateful rule lets pass). */
static void cut_to_link(struct walker *k, const struct klink *out)
{
	if (out->state->mtu_bytes > 0 && k->size_bytes > out->state->mtu_bytes)
		k->size_bytes = out->state->mtu_bytes;
}

/* An interface drops a frame that is larger than its own MTU with a VLAN tag.  The sender does not
 * learn of it, because its own end of the link has a larger one.  False: the walk has ended. */
static bool fits_iface(struct walker *k, const struct knode *peer, const struct klink *far)
{
	if (far->state->mtu_bytes == 0 || k->size_bytes <= far->state->mtu_bytes + VLAN_TAG_BYTES)
		return true;
	if (k->p.proto == PROTO_TCP && peer->model->nat->len == 0 && knode_owns(peer, &k->p.at.dst))
		return true; /* it announced a smaller MSS (RFC 9293 section 3.7.1) */
	return walker_end(k, WALK_TOO_BIG, peer, subject_iface(peer->model, far->state->name),
			  "%s of %s takes packets of at most %u bytes, and %s sends it some of %u",
			  far->state->name, peer->model->name, far->state->mtu_bytes,
			  k->at->model->name, k->size_bytes);
}

/* Takes the packet to the next node, or ends the walk. */
static void travel(struct walker *k, const struct klink *out, const struct addr *next_hop)
{
	const struct klink *far = NULL;
	const struct knode *peer;
	char text[ADDR_TEXT_MAX];

	cut_to_link(k, out);
	if (!out->state->up) {
		walker_link_is_down(k, k->at, out);
		return;
	}
	if (out->tunnel) {
		travel_tunnel(k, out);
		return;
	}
	peer = out->network ? knet_neighbour(k->net, out, next_hop, &far) : NULL;
	if (!peer) {
		addr_print(next_hop, text);
		walker_end(k, WALK_NEXT_HOP_DEAD, k->at, subject_address(next_hop),
			   "no node on %s's %s has the address %s", k->at->model->name,
			   out->state->name, text);
	} else if (!far->state->up || !out->state->carrier) {
		walker_link_is_down(k, far->state->up ? k->at : peer, far->state->up ? out : far);
	} else if (fits_iface(k, peer, far)) {
		k->at = peer;
		k->in = far;
	}
}

/* --- there and back --------------------------------------------------------------------------- */

static struct walker walker_new(const struct knet *net, enum ip_proto proto, GArray *sessions)
{
	struct walker k = {.net = net, .sessions = sessions, .w = walk_new()};

	k.p.proto = proto;
	return k;
}

static void go(struct walker *k)
{
	struct addr next_hop;
	const struct klink *out = walker_depart(k, &next_hop);

	while (out) {
		travel(k, out, &next_hop);
		out = k->at ? walker_arrive(k, &next_hop) : NULL;
	}
}

static walk *walk_back(const struct walker *forward_walk, const struct knode *from)
{
	const struct tuple *there = &forward_walk->p.at;
	struct walker k =
		walker_new(forward_walk->net, forward_walk->p.proto, forward_walk->sessions);

	k.is_answer = true;
	k.in_tunnel = forward_walk->in_tunnel;
	k.size_bytes = forward_walk->asked_bytes;
	k.asked_bytes = forward_walk->asked_bytes;
	k.at = from;
	k.p.without = forward_walk->p.without;
	k.p.at = (struct tuple){there->dst, there->src, there->dport, there->sport};
	go(&k);
	return k.w;
}

static walk *walk_nowhere(const struct flow *flow)
{
	walk *w = walk_new();

	w->end = WALK_LINK_DOWN;
	w->node = g_strdup(flow->node);
	w->subject = subject_named(SUBJECT_NODE, flow->node);
	w->why = g_strdup_printf("the lab has no node %s", flow->node);
	return w;
}

static struct walker walker_at(const struct knet *net, const struct flow *flow,
			       const struct knode *start, GArray *sessions)
{
	struct walker k = walker_new(net, flow->proto, sessions);

	k.at = start;
	k.asked_bytes = k.size_bytes = flow->size_bytes;
	k.p.established = flow->established;
	k.p.without = flow->without;
	k.p.at = (struct tuple){flow->src, flow->dst, flow->sport, flow->dport};
	return k;
}

/* `plain`: the packet is the first payload of a connection that is open. */
static struct walk_pair *walk_once(const struct knet *net, const struct flow *flow, bool in_tunnel,
				   bool plain)
{
	g_autoptr(GArray) sessions = g_array_new(FALSE, FALSE, sizeof(struct session));
	struct walk_pair *pair = g_new0(struct walk_pair, 1);
	const struct knode *start = knet_node(net, flow->node);
	struct walker k;

	if (!start) {
		pair->forward = walk_nowhere(flow);
		return pair;
	}
	k = walker_at(net, flow, start, sessions);
	k.in_tunnel = in_tunnel;
	k.p.plain = plain;
	go(&k);
	pair->forward = k.w;
	if (k.w->end == WALK_DELIVERED)
		pair->back = walk_back(&k, knet_node(net, k.w->node));
	return pair;
}

static struct walk_pair *walk_pair_of(const struct knet *net, const struct flow *flow,
				      bool in_tunnel)
{
	struct walk_pair *pair = walk_once(net, flow, in_tunnel, false);

	if (flow->plain && walk_pair_delivered(pair)) {
		walk_pair_free(pair);
		pair = walk_once(net, flow, in_tunnel, true);
	}
	return pair;
}

struct walk_pair *walk_both(const knet *net, const struct flow *flow)
{
	struct walk_pair *pair = walk_pair_of(net, flow, false);

	lookups_hold(pair->forward, net->state);
	lookups_hold(pair->back, net->state);
	return pair;
}

struct walk_pair *walk_meet(const knet *net, const struct flow *flow, const struct flow *other)
{
	g_autoptr(GArray) sessions = g_array_new(FALSE, FALSE, sizeof(struct session));
	const struct knode *here = knet_node(net, flow->node), *there = knet_node(net, other->node);
	struct walk_pair *pair = g_new0(struct walk_pair, 1);

	if (there) {
		struct walker k = walker_at(net, other, there, sessions);

		go(&k);
		walk_free(k.w);
	}
	if (here) {
		struct walker k = walker_at(net, flow, here, sessions);

		k.is_answer = true;
		go(&k);
		pair->forward = k.w;
	} else {
		pair->forward = walk_nowhere(flow);
	}
	lookups_hold(pair->forward, net->state);
	return pair;
}
