#include "testbed/explain/walk_filter.h"

#define VLAN_TAG_BYTES 4u
#define HOPS_MAX 64 /* the TTL packets start with */

/* One direction on its way. */
struct walker {
	const struct knet *net;
	walk *w;
	GArray *sessions; /* struct session: written by the forward walk, read by the answer's */
	bool is_answer;
	bool in_tunnel;   /* the walk of a tunnel's own packets */
	unsigned asked_bytes; /* of the flow's packets */
	unsigned size_bytes;  /* of this one now; 0: small enough for every link */
	struct packet p;
	const struct knode *at;
	const struct klink *in; /* NULL: starts here */
	struct hop *hop;
};

static const char *const end_names[] = {
#define X(id, name) [WALK_##id] = name,
	WALK_ENDS(X)
#undef X
};

const char *walk_end_name(enum walk_end end)
{
	return end < WALK_END_COUNT ? end_names[end] : "unknown";
}

/* --- results --------------------------------------------------------------------------------------------- */

static void hop_free(gpointer data)
{
	struct hop *h = data;

	g_free(h->node);
	g_free(h->in);
	g_free(h->out);
	g_free(h->route);
	g_free(h->rule);
	g_free(h->nat);
	g_free(h);
}

static void walk_free(walk *w)
{
	if (!w)
		return;
	g_ptr_array_unref(w->hops);
	g_free(w->node);
	g_free(w->object);
	g_free(w->why);
	walk_free(w->under);
	g_free(w);
}

void walk_pair_free(struct walk_pair *w)
{
	if (!w)
		return;
	walk_free(w->forward);
	walk_free(w->back);
	g_free(w);
}

static void finish(struct walker *k, enum walk_end end, const struct knode *where, const char *object,
		   const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Ends the walk; always the last thing done to it. */
static void finish(struct walker *k, enum walk_end end, const struct knode *where, const char *object,
		   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	k->w->end = end;
	k->w->node = g_strdup(where->model->name);
	k->w->object = g_strdup(object);
	k->w->why = g_strdup_vprintf(format, args);
	va_end(args);
	k->at = NULL;
}

static void note_addresses(struct walker *k)
{
	k->hop->src = k->p.at.src;
	k->hop->dst = k->p.at.dst;
	k->hop->sport = k->p.at.sport;
	k->hop->dport = k->p.at.dport;
}

static void start_hop(struct walker *k)
{
	k->hop = g_new0(struct hop, 1);
	k->hop->node = g_strdup(k->at->model->name);
	k->hop->in = k->in ? g_strdup(k->in->name) : NULL;
	g_ptr_array_add(k->w->hops, k->hop);
	note_addresses(k);
}

/* Takes `text` over; NULL: nothing was translated. */
static void note_nat(struct walker *k, char *text)
{
	char *before = k->hop->nat;

	note_addresses(k);
	if (!text)
		return;
	k->hop->nat = before ? g_strdup_printf("%s, %s", before, text) : g_strdup(text);
	g_free(before);
	g_free(text);
}

/* --- sessions -------------------------------------------------------------------------------------------- */

/* A port that a NAT draws by lot is not known, and 0 here. */
static bool same_port(uint16_t a, uint16_t b)
{
	return a == b || a == 0 || b == 0;
}

static bool is_answer_to(const struct tuple *t, const struct tuple *left)
{
	return addr_equal(&t->src, &left->dst) && addr_equal(&t->dst, &left->src) && same_port(t->sport, left->dport) &&
	       same_port(t->dport, left->sport);
}

static void recall_session(struct walker *k)
{
	k->p.answers = NULL;
	k->p.original = k->p.at;
	k->p.dnat = false;
	for (guint i = 0; i < k->sessions->len && k->is_answer; i++) {
		const struct session *s = &g_array_index(k->sessions, struct session, i);

		if (s->node == k->at && is_answer_to(&k->p.at, &s->left))
			k->p.answers = s;
	}
	/* An answer to nothing: for UDP it opens a session of its own, for the others it is invalid. */
	k->p.translatable = !k->is_answer || k->p.proto == PROTO_UDP;
}

static void remember_session(struct walker *k)
{
	struct session s = { k->at, k->p.original, k->p.at };

	if (!k->is_answer)
		g_array_append_val(k->sessions, s);
}

/* --- at a node ------------------------------------------------------------------------------------------- */

/* FALSE: the chain ended the walk. */
static bool pass_filter(struct walker *k, enum fw_chain chain, const struct klink *out)
{
	const char *in = chain == FW_OUTPUT ? NULL : k->in->name;
	struct decision d = filter_packet(k->at, chain, &k->p, in, out ? out->name : NULL);
	g_autofree char *object = d.object;
	const struct nat_rule *nat = chain == FW_INPUT ? nat_outside(k->at->model, in) : NULL;
	const struct nat_rule *from_inside = chain == FW_INPUT && !nat ? nat_at(k->at, &k->p.at.dst) : NULL;
	const char *node = k->at->model->name;

	g_free(k->hop->rule);
	k->hop->rule = d.name;
	if (d.action == FW_ACCEPT)
		return true;
	if (nat && g_strcmp0(d.name, "policy") == 0)
		finish(k, WALK_NAT_FILTERED, k->at, nat->name, "no session of NAT %s at %s lets the packet in", nat->name,
		       node);
	else if (from_inside && g_strcmp0(d.name, "policy") == 0)
		finish(k, WALK_NO_HAIRPIN, k->at, from_inside->name,
		       "NAT %s at %s does not lead packets from inside to its outside address back in",
		       from_inside->name, node);
	else if (d.action == FW_REJECT)
		finish(k, WALK_REJECTED, k->at, object, "rule %s of %s rejects it", object, node);
	else
		finish(k, WALK_FILTERED, k->at, object, "rule %s of %s drops it", object, node);
	return false;
}

static void deliver(struct walker *k)
{
	char text[ADDR_TEXT_MAX];

	remember_session(k);
	finish(k, WALK_DELIVERED, k->at, NULL, "%s has %s", k->at->model->name, addr_print(&k->p.at.dst, text));
}

static bool link_reaches(const struct klink *link, const struct addr *a)
{
	for (guint i = 0; i < link->addresses->len; i++)
		if (prefix_contains(&g_array_index(link->addresses, struct prefix, i), a))
			return true;
	return false;
}

static bool link_would_carry(const struct knode *n, const struct klink *link, const struct addr *dst)
{
	if (link_reaches(link, dst))
		return true;
	for (guint i = 0; i < n->model->routes->len; i++) {
		const struct route *r = n->model->routes->pdata[i];

		if (!prefix_contains(&r->to, dst))
			continue;
		if (r->dev ? g_str_equal(r->dev, link->name) : link_reaches(link, &r->via))
			return true;
	}
	return false;
}

/* The link that is down and took the only way to the destination with it, or NULL. */
static const struct klink *lost_link(const struct knode *n, const struct tuple *t, const struct lookup *found)
{
	for (guint i = 0; i < n->links->len; i++) {
		const struct klink *link = n->links->pdata[i];

		if (!link->up && (!found->rule || knode_owns(n, &t->src) == link) && link_would_carry(n, link, &t->dst))
			return link;
	}
	return NULL;
}

static void link_is_down(struct walker *k, const struct knode *where, const struct klink *link)
{
	if (link->tunnel)
		finish(k, WALK_TUNNEL_DOWN, where, link->tunnel->name, "tunnel %s is down at %s", link->tunnel->name,
		       where->model->name);
	else
		finish(k, WALK_LINK_DOWN, where, link->name, "interface %s of %s is down", link->name,
		       where->model->name);
}

static void no_route(struct walker *k, const struct lookup *found)
{
	const struct klink *lost = lost_link(k->at, &k->p.at, found);
	const char *node = k->at->model->name;
	char dst[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX];

	addr_print(&k->p.at.dst, dst);
	if (lost)
		link_is_down(k, k->at, lost);
	else if (found->rule)
		finish(k, WALK_NO_ROUTE, k->at, dst,
		       "%s has no route to %s for packets from %s (rule %u ends the search: unreachable)", node, dst,
		       addr_print(&k->p.at.src, src), found->rule->pref);
	else
		finish(k, WALK_NO_ROUTE, k->at, dst, "%s has no route to %s", node, dst);
}

/* The link a packet leaves by, and its next hop; NULL: the walk has ended. */
static const struct klink *choose_route(struct walker *k, struct addr *ret_next_hop)
{
	struct lookup found = knode_lookup(k->at, &k->p.at.src, &k->p.at.dst);
	const struct klink *out = found.route && found.route->dev ? knode_link(k->at, found.route->dev) : NULL;
	char dst[ADDR_TEXT_MAX];

	if (found.route)
		k->hop->route = kroute_text(found.route);
	if (found.route && kroute_refuses(found.route))
		finish(k, WALK_NULL_ROUTE, k->at, k->hop->route, "%s refuses packets to %s by a route of type %s",
		       k->at->model->name, addr_print(&k->p.at.dst, dst), found.route->type);
	else if (!out)
		no_route(k, &found);
	if (!out || kroute_refuses(found.route))
		return NULL;
	*ret_next_hop = addr_is_set(&found.route->via) ? found.route->via : k->p.at.dst;
	k->hop->out = g_strdup(out->name);
	return out;
}

/* The way back to the source must leave by the interface the packet came in by (RFC 3704, strict), or there must
 * be one at all (loose).  FALSE: the walk has ended. */
static bool pass_reverse_path(struct walker *k)
{
	struct lookup back;
	g_autofree char *route = NULL;
	char src[ADDR_TEXT_MAX];

	if (k->in->rp_filter == 0)
		return true;
	back = knode_lookup(k->at, &k->p.at.dst, &k->p.at.src);
	if (back.route && !kroute_refuses(back.route) &&
	    (k->in->rp_filter != 1 || g_strcmp0(back.route->dev, k->in->name) == 0))
		return true;
	route = back.route ? kroute_text(back.route) : NULL;
	finish(k, WALK_RPF, k->at, k->in->name, "%s would not answer %s by %s (rp_filter %u): %s%s", k->at->model->name,
	       addr_print(&k->p.at.src, src), k->in->name, k->in->rp_filter, route ? "its route is " : "it has no route",
	       route ? route : "");
	return false;
}

/* --- between nodes --------------------------------------------------------------------------------------- */

static bool in_list(const GArray *prefixes, const struct addr *a)
{
	for (guint i = 0; i < prefixes->len; i++)
		if (prefix_contains(&g_array_index(prefixes, struct prefix, i), a))
			return true;
	return false;
}

static struct walk_pair *walk_pair_of(const struct knet *net, const struct flow *flow, bool in_tunnel);

/* How the tunnel's own packets are lost from end `from` to the other or back; NULL: they are not. */
static walk *underlay_trouble(const struct knet *net, const struct tunnel *t, int from, unsigned inner_bytes)
{
	/* IPv4, UDP and the tunnel's own header */
	static const unsigned outer_bytes[TUNNEL_KIND_COUNT] = {
		[TUNNEL_WIREGUARD] = 60, [TUNNEL_VXLAN] = 50, [TUNNEL_GRE] = 28, [TUNNEL_IPIP] = 20,
	};
	bool over_udp = t->kind == TUNNEL_WIREGUARD || t->kind == TUNNEL_VXLAN;
	struct flow outer = {
		.node = t->ends[from].node_name,
		.src = t->ends[from].underlay,
		.dst = t->ends[1 - from].underlay,
		.proto = over_udp ? PROTO_UDP : PROTO_ANY,
		.sport = over_udp ? t->port : 0,
		.dport = over_udp ? t->port : 0,
		.size_bytes = inner_bytes > 0 ? inner_bytes + outer_bytes[t->kind] : 0,
	};
	struct walk_pair *pair = walk_pair_of(net, &outer, true);
	walk **last = pair->back ? &pair->back : &pair->forward;
	walk *lost = (*last)->end == WALK_DELIVERED ? NULL : g_steal_pointer(last);

	walk_pair_free(pair);
	return lost;
}

/* Either end may start: what the one opens, the other answers through.  FALSE: the walk has ended. */
static bool pass_underlay(struct walker *k, const struct klink *out)
{
	const struct tunnel *t = out->tunnel;
	walk *there = k->in_tunnel ? NULL : underlay_trouble(k->net, t, out->tunnel_end, k->size_bytes);
	/* what is too big one way is lost whatever comes the other way */
	walk *back = there && there->end != WALK_TOO_BIG ? underlay_trouble(k->net, t, 1 - out->tunnel_end, 0) : NULL;

	if (!back && !(there && there->end == WALK_TOO_BIG)) {
		walk_free(there);
		return true;
	}
	walk_free(back);
	finish(k, WALK_TUNNEL_DOWN, k->at, t->name, "the packets of tunnel %s itself are lost: %s", t->name, there->why);
	k->w->under = there;
	return false;
}

/* Whether the tunnel stands and takes this packet; FALSE: the walk has ended. */
static bool pass_tunnel(struct walker *k, const struct klink *out, const struct knode *peer, const struct klink *far)
{
	const struct tunnel *t = out->tunnel;
	const struct tunnel_end *own = &t->ends[out->tunnel_end], *other = &t->ends[1 - out->tunnel_end];
	char text[ADDR_TEXT_MAX];

	if (!far->up) {
		link_is_down(k, peer, far);
		return false;
	}
	if (!in_list(other->prefixes, &k->p.at.dst)) {
		finish(k, WALK_TUNNEL_PREFIX, k->at, t->name, "tunnel %s takes no packets to %s at %s", t->name,
		       addr_print(&k->p.at.dst, text), k->at->model->name);
		return false;
	}
	if (!pass_underlay(k, out))
		return false;
	if (!in_list(own->prefixes, &k->p.at.src)) {
		finish(k, WALK_TUNNEL_PREFIX, peer, t->name, "tunnel %s accepts no packets from %s at %s", t->name,
		       addr_print(&k->p.at.src, text), peer->model->name);
		return false;
	}
	return true;
}

static void travel_tunnel(struct walker *k, const struct klink *out)
{
	const struct tunnel_end *other = &out->tunnel->ends[1 - out->tunnel_end];
	const struct knode *peer = knet_node(k->net, other->node_name);
	const struct klink *far = peer ? knode_link(peer, other->iface) : NULL;

	if (!far)
		finish(k, WALK_TUNNEL_DOWN, k->at, out->tunnel->name, "tunnel %s has no other end", out->tunnel->name);
	else if (pass_tunnel(k, out, peer, far)) {
		k->at = peer;
		k->in = far;
	}
}

/* What does not fit the link it leaves by is cut: by its sender, by a router, or by its sender once the router has told
 * it (RFC 1191; answers of that kind belong to a known session, which every stateful rule lets pass). */
static void cut_to_link(struct walker *k, const struct klink *out)
{
	if (out->mtu_bytes > 0 && k->size_bytes > out->mtu_bytes)
		k->size_bytes = out->mtu_bytes;
}

/* A card takes no frame that is larger than its own MTU (and a VLAN tag), and nobody is told: to the sender the
 * link is wide enough.  FALSE: the walk has ended. */
static bool fits_card(struct walker *k, const struct knode *peer, const struct klink *far)
{
	if (far->mtu_bytes == 0 || k->size_bytes <= far->mtu_bytes + VLAN_TAG_BYTES)
		return true;
	if (k->p.proto == PROTO_TCP && peer->model->nat->len == 0 && knode_owns(peer, &k->p.at.dst))
		return true; /* it asked for smaller segments itself (MSS, RFC 9293 section 3.7.1) */
	finish(k, WALK_TOO_BIG, peer, far->name, "%s of %s takes packets of at most %u bytes, and %s sends it some of %u", far->name,
	       peer->model->name, far->mtu_bytes, k->at->model->name, k->size_bytes);
	return false;
}

/* On to the next node, or the end. */
static void travel(struct walker *k, const struct klink *out, const struct addr *next_hop)
{
	const struct klink *far = NULL;
	const struct knode *peer;
	char text[ADDR_TEXT_MAX];

	remember_session(k);
	cut_to_link(k, out);
	if (!out->up) {
		link_is_down(k, k->at, out);
		return;
	}
	if (out->tunnel) {
		travel_tunnel(k, out);
		return;
	}
	peer = out->network ? knet_neighbour(k->net, out, next_hop, &far) : NULL;
	if (!peer) {
		addr_print(next_hop, text);
		finish(k, WALK_NEXT_HOP_DEAD, k->at, text, "nobody on %s's %s has the address %s", k->at->model->name,
		       out->name, text);
	} else if (!far->up || !out->carrier) {
		link_is_down(k, far->up ? k->at : peer, far->up ? out : far);
	} else if (fits_card(k, peer, far)) {
		k->at = peer;
		k->in = far;
	}
}

/* Whether the packet came here before, by the same interface and with the same addresses. */
static bool was_here(const struct walker *k)
{
	for (guint i = 1; i + 1 < k->w->hops->len; i++) {
		const struct hop *h = k->w->hops->pdata[i], *before = k->w->hops->pdata[i - 1];

		if (g_str_equal(h->node, k->hop->node) && g_strcmp0(h->in, k->hop->in) == 0 &&
		    addr_equal(&before->src, &k->hop->src) && addr_equal(&before->dst, &k->hop->dst))
			return true;
	}
	return false;
}

static void arrive_at_owner(struct walker *k, const struct klink *own)
{
	if (!pass_reverse_path(k))
		return;
	if (k->at->model->host_model == HOST_STRONG && own != k->in) {
		g_free(k->hop->rule);
		k->hop->rule = g_strdup("strong-host-receive");
		finish(k, WALK_WRONG_CARD, k->at, k->in->name, "the address is on %s of %s, the packet came in by %s",
		       own->name, k->at->model->name, k->in->name);
		return;
	}
	if (pass_filter(k, FW_INPUT, NULL))
		deliver(k);
}

static void forward(struct walker *k)
{
	const struct klink *out;
	struct addr next_hop;

	if (!k->at->forwards) {
		finish(k, WALK_NO_FORWARDING, k->at, k->in->name, "%s does not forward packets", k->at->model->name);
		return;
	}
	out = choose_route(k, &next_hop);
	if (!out || !pass_reverse_path(k) || !pass_filter(k, FW_FORWARD, out))
		return;
	note_nat(k, nat_postrouting(k->at, &k->p, k->in->name, out, &next_hop));
	travel(k, out, &next_hop);
}

static void arrive(struct walker *k)
{
	const struct klink *own;

	start_hop(k);
	if (was_here(k) || k->w->hops->len > HOPS_MAX) {
		finish(k, WALK_LOOP, k->at, k->in->name, "the packet comes to %s again and again", k->at->model->name);
		return;
	}
	recall_session(k);
	note_nat(k, nat_prerouting(k->at, &k->p, k->in->name, k->sessions));
	own = knode_owns(k->at, &k->p.at.dst);
	if (own)
		arrive_at_owner(k, own);
	else
		forward(k);
}

static void choose_source(struct walker *k)
{
	struct lookup found = knode_lookup(k->at, &k->p.at.src, &k->p.at.dst);
	const struct klink *out = found.route && found.route->dev ? knode_link(k->at, found.route->dev) : NULL;

	if (!addr_is_set(&k->p.at.src) && out)
		k->p.at.src = klink_source(out, addr_is_set(&found.route->via) ? &found.route->via : &k->p.at.dst);
}

static void depart(struct walker *k)
{
	const struct klink *out;
	struct addr next_hop;

	choose_source(k);
	start_hop(k);
	recall_session(k);
	if (knode_owns(k->at, &k->p.at.dst)) {
		deliver(k);
		return;
	}
	out = choose_route(k, &next_hop);
	if (!out || !pass_filter(k, FW_OUTPUT, out))
		return;
	note_nat(k, nat_postrouting(k->at, &k->p, NULL, out, &next_hop));
	travel(k, out, &next_hop);
}

static struct walker walker_new(const struct knet *net, enum ip_proto proto, GArray *sessions)
{
	struct walker k = { .net = net, .sessions = sessions, .w = g_new0(walk, 1) };

	k.w->hops = g_ptr_array_new_with_free_func(hop_free);
	k.p.proto = proto;
	return k;
}

static void go(struct walker *k)
{
	depart(k);
	while (k->at)
		arrive(k);
}

static walk *walk_back(const struct walker *forward_walk, const struct knode *from)
{
	const struct tuple *there = &forward_walk->p.at;
	struct walker k = walker_new(forward_walk->net, forward_walk->p.proto, forward_walk->sessions);

	k.is_answer = true;
	k.in_tunnel = forward_walk->in_tunnel;
	k.size_bytes = forward_walk->asked_bytes;
	k.asked_bytes = forward_walk->asked_bytes;
	k.at = from;
	k.p.at = (struct tuple){ there->dst, there->src, there->dport, there->sport };
	go(&k);
	return k.w;
}

static walk *walk_nowhere(const struct flow *flow)
{
	walk *w = g_new0(walk, 1);

	w->hops = g_ptr_array_new_with_free_func(hop_free);
	w->end = WALK_LINK_DOWN;
	w->node = g_strdup(flow->node);
	w->object = g_strdup(flow->node);
	w->why = g_strdup_printf("the lab has no node %s", flow->node);
	return w;
}

static struct walker walker_at(const struct knet *net, const struct flow *flow, const struct knode *start, GArray *sessions)
{
	struct walker k = walker_new(net, flow->proto, sessions);

	k.at = start;
	k.asked_bytes = k.size_bytes = flow->size_bytes;
	k.p.at = (struct tuple){ flow->src, flow->dst, flow->sport, flow->dport };
	return k;
}

static struct walk_pair *walk_pair_of(const struct knet *net, const struct flow *flow, bool in_tunnel)
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
	go(&k);
	pair->forward = k.w;
	if (k.w->end == WALK_DELIVERED)
		pair->back = walk_back(&k, knet_node(net, k.w->node));
	return pair;
}

struct walk_pair *walk_both(const model *m, const json_t *state, const struct flow *flow)
{
	struct knet *net = knet_new(m, state);
	struct walk_pair *pair = walk_pair_of(net, flow, false);

	knet_free(net);
	return pair;
}

struct walk_pair *walk_meet(const model *m, const json_t *state, const struct flow *flow, const struct flow *other)
{
	struct knet *net = knet_new(m, state);
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
	knet_free(net);
	return pair;
}
