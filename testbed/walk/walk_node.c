/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/walk/walk_node.h"

#include <errno.h>

#define HOPS_MAX 64 /* the TTL of a packet when it is sent, where the state does not say */

/* --- the walk's record ------------------------------------------------------------------------ */

bool walker_end(struct walker *k, enum walk_end end, const struct knode *where,
		struct subject subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	k->w->end = end;
	k->w->node = g_strdup(where->model->name);
	k->w->subject = subject;
	k->w->why = g_strdup_vprintf(format, args);
	va_end(args);
	k->at = NULL;
	return false;
}

void walker_link_is_down(struct walker *k, const struct knode *where, const struct klink *link)
{
	if (link->tunnel)
		walker_end(k, WALK_TUNNEL_DOWN, where, subject_tunnel(link->tunnel),
			   "tunnel %s is down at %s", link->tunnel->name, where->model->name);
	else
		walker_end(k, WALK_LINK_DOWN, where, subject_iface(where->model, link->state->name),
			   "interface %s of %s is down", link->state->name, where->model->name);
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
	k->hop = walk_add_hop(k->w, k->at->model->name, k->in ? k->in->state->name : NULL, NULL);
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

/* --- the kernel's look-up --------------------------------------------------------------------- */

/* Notes the look-up that the kernel makes of the packet as it is now, and what it must answer. */
static void note_lookup(struct walker *k, int error, const struct kernel_route *route)
{
	struct hop_lookup *l = &k->hop->lookup;

	g_free(l->dev);
	*l = (struct hop_lookup){
		.made = true, .chosen = {.from = k->p.at.src, .to = k->p.at.dst, .error = error}};
	if (error != 0)
		return;
	l->chosen.type = route ? KERNEL_ROUTE_UNICAST : KERNEL_ROUTE_LOCAL;
	if (!route)
		return;
	l->dev = g_strdup(route->dev);
	l->chosen.prefix = prefix_network(&route->to);
	l->chosen.via = route->via;
	l->chosen.dev = l->dev;
	l->chosen.table = route->table;
}

/* The error of each kind of route that refuses, as in the kernel's fib_props. */
static int refusal(const struct kernel_route *route)
{
	static const int errors[KERNEL_ROUTE_TYPE_COUNT] = {
		[KERNEL_ROUTE_BLACKHOLE] = EINVAL,
		[KERNEL_ROUTE_UNREACHABLE] = EHOSTUNREACH,
		[KERNEL_ROUTE_PROHIBIT] = EACCES,
	};

	return errors[route->type] != 0 ? errors[route->type] : EINVAL;
}

static void note_choice(struct walker *k, const struct lookup *found)
{
	if (!found->route)
		note_lookup(k, ENETUNREACH, NULL);
	else
		note_lookup(k, kernel_route_refuses(found->route) ? refusal(found->route) : 0,
			    found->route);
}

/* --- sessions --------------------------------------------------------------------------------- */

static bool is_answer_to(const struct tuple *t, const struct tuple *left)
{
	return addr_equal(&t->src, &left->dst) && addr_equal(&t->dst, &left->src) &&
	       ports_match(t->sport, left->dport) && ports_match(t->dport, left->sport);
}

static void recall_session(struct walker *k)
{
	k->p.answers = NULL;
	k->p.original = k->p.at;
	k->p.dnat = NULL;
	for (guint i = 0; i < k->sessions->len && k->is_answer; i++) {
		const struct session *s = &g_array_index(k->sessions, struct session, i);

		if (s->node == k->at && is_answer_to(&k->p.at, &s->left))
			k->p.answers = s;
	}
	/* an answer without a session opens one of its own over UDP; of other protocols it is
	 * invalid */
	k->p.translatable = !k->is_answer || k->p.proto == PROTO_UDP;
}

static void remember_session(struct walker *k)
{
	struct session s = {k->at, k->p.original, k->p.at};

	if (!k->is_answer)
		g_array_append_val(k->sessions, s);
}

/* --- the steps -------------------------------------------------------------------------------- */

static struct subject subject_of_decision(const struct decision *d)
{
	if (d->by == DECIDED_BY_RULE)
		return (struct subject){.kind = SUBJECT_RULE, .rule = d->rule};
	if (d->by == DECIDED_BY_BUILTIN)
		return (struct subject){.kind = SUBJECT_BUILTIN_RULE, .builtin_rule = d->builtin};
	return (struct subject){.kind = SUBJECT_POLICY, .policy = d->chain};
}

static void end_without_hairpin(struct walker *k, const struct nat_rule *r)
{
	walker_end(k, WALK_NO_HAIRPIN, k->at, subject_nat(r),
		   "NAT %s at %s does not send packets from inside to its outside address back "
		   "inside",
		   r->name, k->at->model->name);
}

/* Ends the walk where the chain did not accept the packet.  What the input policy drops at a NAT's
 * outside address had no mapping in that NAT. */
static void end_filtered(struct walker *k, const struct decision *d)
{
	/* a tunnel's own packets are for the node itself, not for its NAT */
	bool for_others = d->by == DECIDED_BY_POLICY && d->chain == FW_INPUT && !k->in_tunnel;
	const struct nat_rule *nat =
		for_others ? node_masquerade(k->at->model, k->in->state->name) : NULL;
	const struct nat_rule *from_inside =
		for_others && !nat ? nat_at(k->at, &k->p.at.dst) : NULL;
	struct subject subject = subject_of_decision(d);
	const char *node = k->at->model->name;

	if (nat)
		walker_end(k, WALK_NAT_FILTERED, k->at, subject_nat(nat),
			   "no session of NAT %s at %s lets the packet in", nat->name, node);
	else if (from_inside)
		end_without_hairpin(k, from_inside);
	else if (d->action == FW_REJECT && d->rule && d->rule->inspect == INSPECT_TLS)
		walker_end(k, WALK_INSPECTED, k->at, subject,
			   "rule %s of %s lets a connection go on only when it begins as TLS, and "
			   "this one does not",
			   d->rule->name, node);
	else if (d->action == FW_REJECT)
		walker_end(k, WALK_REJECTED, k->at, subject, "rule %s of %s rejects it",
			   subject_counter(&subject), node);
	else
		walker_end(k, WALK_FILTERED, k->at, subject, "rule %s of %s drops it",
			   subject_counter(&subject), node);
}

/* False: the chain ended the walk. */
static bool pass_filter(struct walker *k, enum fw_chain chain, const struct klink *out)
{
	const char *in = chain == FW_OUTPUT ? NULL : k->in->state->name;

	k->hop->decision = filter_packet(k->at, chain, &k->p, in, out ? out->state->name : NULL);
	if (k->hop->decision.action == FW_ACCEPT)
		return true;
	end_filtered(k, &k->hop->decision);
	return false;
}

static void deliver(struct walker *k)
{
	char text[ADDR_TEXT_MAX];

	remember_session(k);
	walker_end(k, WALK_DELIVERED, k->at, (struct subject){0}, "%s has %s", k->at->model->name,
		   addr_print(&k->p.at.dst, text));
}

static bool link_reaches(const struct klink *link, const struct addr *a)
{
	for (guint i = 0; i < link->state->addresses->len; i++)
		if (prefix_contains(&g_array_index(link->state->addresses, struct prefix, i), a))
			return true;
	return false;
}

static bool link_would_carry(const struct knode *n, const struct klink *link,
			     const struct addr *dst)
{
	if (link_reaches(link, dst))
		return true;
	ptr_array_foreach(const struct route, r, n->model->routes) {
		if (!prefix_contains(&r->to, dst))
			continue;
		if (r->dev ? g_str_equal(r->dev, link->state->name) : link_reaches(link, &r->via))
			return true;
	}
	return false;
}

/* The link that would carry the packet if it were not down, or NULL. */
static const struct klink *lost_link(const struct knode *n, const struct tuple *t,
				     const struct lookup *found)
{
	array_foreach(const struct klink, link, n->links)
		if (!link->state->up && (!found->rule || knode_owns(n, &t->src) == link) &&
		    link_would_carry(n, link, &t->dst))
			return link;
	return NULL;
}

static void no_route(struct walker *k, const struct lookup *found)
{
	const struct klink *lost = lost_link(k->at, &k->p.at, found);
	const char *node = k->at->model->name;
	char dst[ADDR_TEXT_MAX], src[ADDR_TEXT_MAX];

	addr_print(&k->p.at.dst, dst);
	if (lost)
		walker_link_is_down(k, k->at, lost);
	else if (found->rule)
		walker_end(k, WALK_NO_ROUTE, k->at, subject_address(&k->p.at.dst),
			   "%s has no route to %s for packets from %s (rule %u ends the search: "
			   "unreachable)",
			   node, dst, addr_print(&k->p.at.src, src), found->rule->pref);
	else
		walker_end(k, WALK_NO_ROUTE, k->at, subject_address(&k->p.at.dst),
			   "%s has no route to %s", node, dst);
}

/* The link by which the packet leaves, and its next hop; NULL: the walk has ended. */
static const struct klink *choose_route(struct walker *k, struct addr *ret_next_hop)
{
	struct lookup found =
		knode_lookup(k->at, k->in ? k->in->state->name : NULL, &k->p.at.src, &k->p.at.dst);
	const struct klink *out =
		found.route && found.route->dev ? knode_link(k->at, found.route->dev) : NULL;
	char dst[ADDR_TEXT_MAX];

	note_choice(k, &found);
	if (found.route) {
		k->hop->route = kernel_route_text(found.route);
		k->hop->to = found.route->to;
		k->hop->table = found.route->table;
	}
	if (found.route && kernel_route_refuses(found.route))
		walker_end(k, WALK_NULL_ROUTE, k->at, subject_route(&found.route->to),
			   "%s refuses packets to %s by a route of type %s", k->at->model->name,
			   addr_print(&k->p.at.dst, dst),
			   kernel_route_type_name(found.route->type));
	else if (!out)
		no_route(k, &found);
	if (!out || kernel_route_refuses(found.route))
		return NULL;
	*ret_next_hop = addr_is_set(&found.route->via) ? found.route->via : k->p.at.dst;
	k->hop->out = g_strdup(out->state->name);
	return out;
}

/* The way back to the source must leave by the interface the packet came in by (RFC 3704, strict),
 * or there must be one at all (loose).  False: the walk has ended. */
static bool pass_reverse_path(struct walker *k)
{
	struct lookup back;
	g_autofree char *route = NULL;
	char src[ADDR_TEXT_MAX];

	if (k->in->rp_filter == 0 || k->p.at.dst.family != AF_INET)
		return true; /* there is no such setting for IPv6 */
	back = knode_lookup(k->at, NULL, &k->p.at.dst, &k->p.at.src);
	if (back.route && !kernel_route_refuses(back.route) &&
	    (k->in->rp_filter != 1 || g_strcmp0(back.route->dev, k->in->state->name) == 0))
		return true;
	note_lookup(k, EXDEV, NULL);
	route = back.route ? kernel_route_text(back.route) : NULL;
	return walker_end(k, WALK_RPF, k->at, subject_iface(k->at->model, k->in->state->name),
			  "%s would not answer %s by %s (rp_filter %u): %s%s", k->at->model->name,
			  addr_print(&k->p.at.src, src), k->in->state->name, k->in->rp_filter,
			  route ? "its route is " : "it has no route", route ? route : "");
}

/* --- the order of the steps ------------------------------------------------------------------- */

/* Whether the packet came here before, by the same interface and with the same addresses. */
static bool was_here(const struct walker *k)
{
	for (guint i = 1; i + 1 < k->w->hops->len; i++) {
		const struct hop *h = k->w->hops->pdata[i], *before = k->w->hops->pdata[i - 1];

		if (g_str_equal(h->node, k->hop->node) && g_strcmp0(h->in, k->hop->in) == 0 &&
		    addr_equal(&before->src, &k->hop->src) &&
		    addr_equal(&before->dst, &k->hop->dst))
			return true;
	}
	return false;
}

static void arrive_at_owner(struct walker *k, const struct klink *own)
{
	note_lookup(k, 0, NULL);
	if (!pass_reverse_path(k))
		return;
	if (k->at->model->host_model == HOST_STRONG && own != k->in) {
		k->hop->decision =
			(struct decision){.action = FW_DROP, .by = DECIDED_BY_STRONG_HOST};
		walker_end(k, WALK_WRONG_CARD, k->at,
			   subject_iface(k->at->model, k->in->state->name),
			   "the address is on %s of %s, the packet came in by %s", own->state->name,
			   k->at->model->name, k->in->state->name);
		return;
	}
	if (pass_filter(k, FW_INPUT, NULL))
		deliver(k);
}

/* The last step at a node; `in` is NULL at the packet's sender. */
static const struct klink *leave(struct walker *k, const char *in, const struct klink *out,
				 const struct addr *next_hop)
{
	note_nat(k, nat_postrouting(k->at, &k->p, in, out, next_hop));
	remember_session(k);
	return out;
}

/* The TTL that a node gives its packets of IPv4; 0: its state does not say. */
static unsigned sent_ttl(const struct walker *k)
{
	const GArray *counters = k->p.at.dst.family == AF_INET ? k->at->state->counters : NULL;

	array_foreach(const struct kernel_counter, c, counters)
		if (g_str_equal(c->name, "IpDefaultTTL") && c->value > 0)
			return (unsigned)c->value;
	return 0;
}

/* A router takes one from the TTL, and drops the packet when that was the last.  False: the walk
 * has ended. */
static bool pass_ttl(struct walker *k)
{
	const struct hop *first = k->w->hops->pdata[0];

	if (k->ttl != 1) {
		k->ttl -= k->ttl > 0;
		return true;
	}
	return walker_end(k, WALK_HOPS_SPENT, k->at, subject_setting(SETTING_DEFAULT_TTL, NULL),
			  "%s gives its packets too small a TTL: it is used up at %s", first->node,
			  k->at->model->name);
}

static bool does_forward(const struct walker *k)
{
	return k->p.at.dst.family == AF_INET6 ? k->at->state->ipv6_forward :
						k->at->state->ipv4_forward;
}

static const struct klink *forward(struct walker *k, struct addr *ret_next_hop)
{
	const struct klink *out;

	if (!does_forward(k)) {
		/* with IPv6 the kernel finds that out after the look-up */
		if (k->p.at.dst.family == AF_INET)
			note_lookup(k, EHOSTUNREACH, NULL);
		walker_end(k, WALK_NO_FORWARDING, k->at,
			   subject_iface(k->at->model, k->in->state->name),
			   "%s does not forward packets", k->at->model->name);
		return NULL;
	}
	out = choose_route(k, ret_next_hop);
	if (!out || !pass_reverse_path(k) || !pass_ttl(k) || !pass_filter(k, FW_FORWARD, out))
		return NULL;
	return leave(k, k->in->state->name, out, ret_next_hop);
}

/* The kernel takes no packet of IPv4 that comes in from an address of the node itself. Such a
 * packet is the node's own, which its NAT gave that address and a neighbour sent back. */
static bool pass_own_source(struct walker *k)
{
	const struct nat_rule *nat;
	char src[ADDR_TEXT_MAX];

	if (k->p.at.src.family != AF_INET || !knode_owns(k->at, &k->p.at.src))
		return true;
	nat = nat_at(k->at, &k->p.at.src);
	note_lookup(k, EINVAL, NULL);
	if (nat)
		end_without_hairpin(k, nat);
	else
		walker_end(k, WALK_RPF, k->at, subject_iface(k->at->model, k->in->state->name),
			   "%s takes no packet from outside whose source is its own address %s",
			   k->at->model->name, addr_print(&k->p.at.src, src));
	return false;
}

const struct klink *walker_arrive(struct walker *k, struct addr *ret_next_hop)
{
	const struct klink *own;
	const struct nat_rule *refuses;

	start_hop(k);
	if (was_here(k) || k->w->hops->len > HOPS_MAX) {
		walker_end(k, WALK_LOOP, k->at, subject_iface(k->at->model, k->in->state->name),
			   "the packet comes to %s again and again", k->at->model->name);
		return NULL;
	}
	recall_session(k);
	refuses = nat_refuses_hairpin(k->at, &k->p, k->in->state->name);
	if (refuses) {
		end_without_hairpin(k, refuses);
		return NULL;
	}
	note_nat(k, nat_prerouting(k->at, &k->p, k->in->state->name, k->sessions));
	own = knode_owns(k->at, &k->p.at.dst);
	/* of a packet for others a host does not look at the source */
	if ((own || does_forward(k)) && !pass_own_source(k))
		return NULL;
	if (!own)
		return forward(k, ret_next_hop);
	arrive_at_owner(k, own);
	return NULL;
}

static void choose_source(struct walker *k)
{
	struct lookup found = knode_lookup(k->at, NULL, &k->p.at.src, &k->p.at.dst);
	const struct klink *out =
		found.route && found.route->dev ? knode_link(k->at, found.route->dev) : NULL;

	if (!addr_is_set(&k->p.at.src) && out)
		k->p.at.src = klink_source(out, addr_is_set(&found.route->via) ? &found.route->via :
										 &k->p.at.dst);
}

const struct klink *walker_depart(struct walker *k, struct addr *ret_next_hop)
{
	const struct klink *out;

	choose_source(k);
	k->ttl = sent_ttl(k);
	start_hop(k);
	recall_session(k);
	if (knode_owns(k->at, &k->p.at.dst)) {
		deliver(k);
		return NULL;
	}
	out = choose_route(k, ret_next_hop);
	if (!out || !pass_filter(k, FW_OUTPUT, out))
		return NULL;
	return leave(k, NULL, out, ret_next_hop);
}
