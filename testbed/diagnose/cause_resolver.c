/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules about a client that is set to ask a name server which is none, which it can't reach
 * from where it is, or whose names lead it to that side of its Edge where its way is closed: the
 * setting is at fault, not the network on the way to that address. */
#include "testbed/diagnose/cause_connection.h"
#include "testbed/diagnose/cause_name.h"
#include "testbed/diagnose/cause_rules.h"
#include "testbed/diagnose/foreign_words.h"
#include "testbed/diagnose/service.h"

#define DNS_PORT 53
#define SIP_TLS_PORT 5061
#define STUN_PORT 3478
#define HTTPS_PORT 443

/* The client's question that no server answered; NULL: there is none, or it signed in. */
static const json_t *unanswered_question(const struct evidence *e, const char *end)
{
	if (evidence_event(e, end, EVENT_SIGNED_IN, NULL))
		return NULL;
	for (const struct heard *h = NULL; (h = evidence_event(e, end, EVENT_DNS, h));) {
		enum reason error = foreign_reason(h->event);

		if (error && error != REASON_DNS_NXDOMAIN && member_text(h->event, "query"))
			return h->event;
	}
	return NULL;
}

static bool is_name_server(const model *m, const struct addr *a)
{
	const struct node *owner = service_owner(m, a);

	return owner && node_declared_service(owner, SERVICE_DNS);
}

static struct flow flow_to(const struct node *n, const struct addr *to, enum ip_proto proto,
			   uint16_t port)
{
	return (struct flow){
		.node = n->name, .dst = *to, .proto = proto, .sport = CLIENT_PORT, .dport = port};
}

/* Whether a packet of the client arrives there, and the answer at the client. */
static bool arrives(const struct evidence *e, const struct node *n, const struct addr *to,
		    enum ip_proto proto, uint16_t port)
{
	struct flow flow = flow_to(n, to, proto, port);
	struct walk_pair *p = e->walk(e->net, &flow);
	bool both = p->back && p->back->end == WALK_DELIVERED;

	walk_pair_free(p);
	return both;
}

/* Whether a tunnel ends at the site: then a private address elsewhere may well be reached. */
static bool has_tunnel(const model *m, const char *site)
{
	ptr_array_foreach(const struct tunnel, t, m->tunnels) {
		for (guint i = 0; i < G_N_ELEMENTS(t->ends); i++) {
			if (g_strcmp0(t->ends[i].node->site, site) == 0)
				return true;
		}
	}
	return false;
}

/* Whether the walk ended where only the Internet could have taken the packet. */
static bool left_for_internet(const struct evidence *e, const struct node *from, const walk *w)
{
	const struct node *at = w->node ? model_node(e->model, w->node) : NULL;
	const struct hop *last = w->hops->len > 0 ? w->hops->pdata[w->hops->len - 1] : NULL;

	/* what it does not send itself is lost by its own doing */
	if (!at || !at->site || at == from)
		return at && !at->site;
	return last && w->end != WALK_NULL_ROUTE && w->end != WALK_LINK_DOWN &&
	       w->end != WALK_NEXT_HOP_DEAD && prefix_is_default(&last->to) &&
	       last->to.addr.family && g_strcmp0(at->site, from->site) == 0 &&
	       !has_tunnel(e->model, from->site);
}

/* Whether its packets leave for the Internet, which has no way to a private address, and no other
 * node is the reason for that: a link that is down, or a route that is missing on the way. */
static bool is_astray(const struct evidence *e, const struct node *n, const struct addr *server)
{
	struct flow flow = flow_to(n, server, PROTO_UDP, DNS_PORT);
	struct walk_pair *p = e->walk(e->net, &flow);
	struct finding *x = finding_new(NULL);
	bool astray = p->forward->end != WALK_DELIVERED && left_for_internet(e, n, p->forward);

	cause_show(e, x, p, &flow, NULL); /* `x` has the walks now */
	astray = astray && (!x->node || g_strcmp0(x->node, p->forward->node) == 0);
	finding_free(x);
	return astray;
}

/* Whether the question can never arrive from where the client is. */
static bool is_out_of_reach(const struct evidence *e, const struct node *n,
			    const struct addr *server)
{
	return !node_has_family(n, server->family) ||
	       (addr_is_private(server) && is_astray(e, n, server));
}

/* Whether this server would answer this client. */
static bool answers(const struct evidence *e, const struct node *n, const struct addr *server,
		    const char *name)
{
	return addr_is_set(server) && is_name_server(e->model, server) &&
	       !evidence_lacks_family(e, n->name, server->family) &&
	       cause_name_is_served(e->model, server, name) &&
	       arrives(e, n, server, PROTO_UDP, DNS_PORT);
}

/* An address of the node at which it would answer this client; unset: none. */
static struct addr answers_at(const struct evidence *e, const struct node *n, const struct node *s,
			      const char *name)
{
	const struct addr both[] = {node_address(s), node_address6(s)};

	for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
		if (answers(e, n, &both[i], name))
			return both[i];
	}
	return (struct addr){0};
}

/* A name server that answers this client: one that it asks for other names, that others at its site
 * ask, that is at its site, or any; unset: none. */
static struct addr name_server_for(const struct evidence *e, const struct node *n, const char *name)
{
	struct addr a;

	for (guint i = 0; i < n->resolvers->len; i++) {
		a = g_array_index(n->resolvers, struct addr, i);
		if (answers(e, n, &a, name))
			return a;
	}
	a = cause_asked_by_others(e->model, n, name);
	if (answers(e, n, &a, name))
		return a;
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		for (guint i = 0; i < e->model->nodes->len; i++) {
			const struct node *s = e->model->nodes->pdata[i];

			if ((g_strcmp0(s->site, n->site) != 0) != (elsewhere != 0))
				continue;
			a = answers_at(e, n, s, name);
			if (addr_is_set(&a))
				return a;
		}
	}
	return (struct addr){0};
}

/* Whether the client has no way out for the family of the server that a rule names, and one that it
 * asks without the rule answers it by the other family. */
static bool is_of_lost_family(const struct evidence *e, const struct node *n,
			      const struct addr *server, const char *name)
{
	if (!evidence_lacks_family(e, n->name, server->family))
		return false;
	array_foreach(const struct addr, a, n->resolvers)
		if (answers(e, n, a, name))
			return true;
	return false;
}

/* Whether clients at the node's site are meant to have no way out for the family: this one and
 * others of them have none. */
static bool is_without_family(const struct evidence *e, const struct node *n, int family)
{
	guint others = 0;

	ptr_array_foreach(const struct node, x, e->model->nodes) {
		if (!x->endpoint || g_strcmp0(x->site, n->site) != 0)
			continue;
		if (!evidence_lacks_family(e, x->name, family))
			return false;
		others += x != n;
	}
	return others > 0;
}

/* Whether it asks only servers of a family that its site has no way out for, and one of the other
 * family would answer it. */
static bool asks_other_family(const struct evidence *e, const struct node *n,
			      const struct addr *server, const char *name)
{
	struct addr other;

	array_foreach(const struct addr, a, n->resolvers)
		if (a->family != server->family)
			return false;
	if (!is_without_family(e, n, server->family))
		return false;
	other = name_server_for(e, n, name);
	return addr_is_set(&other);
}

/* What the client is set to ask, by this rule or in general. */
static struct subject asked_setting(const struct nrpt_rule *rule, const struct addr *server)
{
	char text[ADDR_TEXT_MAX];

	return rule ? (struct subject){.kind = SUBJECT_NRPT, .nrpt = rule} :
		      subject_setting(SETTING_RESOLVERS, addr_print(server, text));
}

static bool wrong_name_server(const struct evidence *e, struct finding *f, const struct node *n,
			      const json_t *question)
{
	const char *name = member_text(question, "query");
	const struct nrpt_rule *rule;
	struct addr server = cause_name_server_of(n, name, &rule);
	bool none = addr_is_set(&server) && !is_name_server(e->model, &server);
	char text[ADDR_TEXT_MAX];
	g_autofree char *whose = NULL;

	if (!addr_is_set(&server) || (!none && !is_out_of_reach(e, n, &server) &&
				      !(rule ? is_of_lost_family(e, n, &server, name) :
					       asks_other_family(e, n, &server, name))))
		return false;
	f->code = none ? CAUSE_DNS_TIMEOUT : CAUSE_DNS_WRONG_VIEW;
	f->node = g_strdup(n->name);
	f->subject = asked_setting(rule, &server);
	f->flow.dst = name_server_for(e, n, name);
	f->direction = DIRECTION_THERE;
	whose = rule ? g_strdup_printf("its NRPT rule for '%s' names", rule->namespace) :
		       g_strdup("it asks");
	f->why = g_strdup_printf("%s %s, %s", whose, addr_print(&server, text),
				 none ? "which is no name server" :
					"a name server that it can't reach from where it is");
	return finding_prove(f, "%s asked for %s %s: %s", n->name, member_text(question, "type"),
			     name, member_text(question, "error"));
}

/* Whether the client gave up without a connection to a server; a certificate that it refused was
 * sent over one. */
static bool found_no_server(const struct evidence *e, const char *end)
{
	const struct heard *h = evidence_event(e, end, EVENT_SIGN_IN_FAILED, NULL);
	const char *stage = h ? member_text(h->event, "stage") : NULL;

	return stage &&
	       (g_str_equal(stage, STAGE_DNS) || g_str_equal(stage, STAGE_WEB) ||
		g_str_equal(stage, STAGE_TLS)) &&
	       cause_of_certificate(foreign_reason(h->event)) == CAUSE_UNKNOWN;
}

/* The name server that every other client at the client's site asks; unset: there is no other, or
 * they differ. */
static struct addr asked_by_other_clients(const struct evidence *e, const struct node *n)
{
	struct addr all = {0};

	ptr_array_foreach(const struct node, other, e->model->nodes) {
		const struct nrpt_rule *rule;
		struct addr a;

		if (other == n || !other->endpoint || g_strcmp0(other->site, n->site) != 0)
			continue;
		a = cause_name_server_of(other, e->model->domain, &rule);
		if (!addr_is_set(&a) || (addr_is_set(&all) && !addr_equal(&all, &a)))
			return (struct addr){0};
		all = a;
	}
	return all;
}

/* --- the other view --------------------------------------------------------------------------- */

/* How a client reaches the relay that the names of a view lead it to. */
enum reach { REACH_NONE, REACH_TCP, REACH_UDP };

static enum reach reach_of(const struct evidence *e, const struct node *n,
			   const struct edge_service *x, bool inside)
{
	const struct addr *relay = inside ? &x->internal : &x->av_public;

	return arrives(e, n, relay, PROTO_UDP, STUN_PORT)      ? REACH_UDP :
	       arrives(e, n, relay, PROTO_TCP, x->av_tcp_port) ? REACH_TCP :
								 REACH_NONE;
}

/* Whether a client that finds its server by the web alone reaches the web site that the names of a
 * view lead it to; true for other clients. */
static bool reaches_web(const struct evidence *e, const struct node *n, bool inside)
{
	g_autofree char *name =
		g_strconcat(inside ? WEB_NAME_INTERNAL : WEB_NAME_EXTERNAL, e->model->domain, NULL);
	struct addr a;

	return !n->endpoint || g_strcmp0(n->endpoint->discovery, "web") != 0 ||
	       !cause_right_address(e->model, NULL, name, &a) ||
	       arrives(e, n, &a, PROTO_TCP, HTTPS_PORT);
}

/* Whether the client finds and reaches the server that it signs in at by the names of a view. */
static bool reaches_server(const struct evidence *e, const struct node *n, bool inside)
{
	const struct node *at = model_server(e->model, inside ? SERVICE_FRONTEND : SERVICE_EDGE);
	const struct service *s =
		at ? node_service(at, inside ? SERVICE_FRONTEND : SERVICE_EDGE) : NULL;

	if (!s || !reaches_web(e, n, inside))
		return false;
	return inside ? arrives(e, n, &s->frontend.address, PROTO_TCP, SIP_TLS_PORT) :
			arrives(e, n, &s->edge.access_public, PROTO_TCP, s->edge.access_port);
}

/* A name server of the other view that the client could ask as well: one that it asks without its
 * rule, the one that all other clients at its site ask, or where none of them asks what it asks,
 * one inside; unset: none. */
static struct addr other_view(const struct evidence *e, const struct node *n,
			      const struct nrpt_rule *rule, const struct addr *server)
{
	const char *domain = e->model->domain;
	bool inside = cause_is_inside_view(e->model, server);
	struct addr a = asked_by_other_clients(e, n);
	bool alone = !addr_is_set(&a) || !addr_equal(&a, server);

	if (cause_is_inside_view(e->model, &a) != inside && answers(e, n, &a, domain))
		return a;
	for (guint i = 0; rule && i < n->resolvers->len; i++) {
		a = g_array_index(n->resolvers, struct addr, i);
		if (cause_is_inside_view(e->model, &a) != inside && answers(e, n, &a, domain))
			return a;
	}
	for (guint i = 0; alone && !inside && i < e->model->nodes->len; i++) {
		a = answers_at(e, n, e->model->nodes->pdata[i], domain);
		if (cause_is_inside_view(e->model, &a))
			return a;
	}
	return (struct addr){0};
}

/* The client found no server, and asks another name server than all other clients at its site,
 * whose name server would answer it, too: it is the odd one. Or no other is there to compare with,
 * and the other view, where it would reach its server, is open to it. */
static bool odd_name_server(const struct evidence *e, struct finding *f, const struct node *n)
{
	const char *domain = e->model->domain;
	const struct nrpt_rule *rule;
	struct addr server = cause_name_server_of(n, domain, &rule);
	struct addr others = asked_by_other_clients(e, n), better = others;
	char asked[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX];
	bool inside;

	if (!found_no_server(e, n->name) || !addr_is_set(&server))
		return false;
	inside = cause_is_inside_view(e->model, &server);
	if (!addr_is_set(&others) && !reaches_server(e, n, inside) && reaches_server(e, n, !inside))
		better = other_view(e, n, rule, &server);
	if (addr_equal(&server, &better) || !answers(e, n, &better, domain))
		return false;
	f->code = CAUSE_DNS_WRONG_VIEW;
	f->node = g_strdup(n->name);
	f->subject = asked_setting(rule, &server);
	f->flow.dst = better;
	f->why = g_strdup_printf("it asks %s, and %s %s", addr_print(&server, asked),
				 addr_is_set(&others) ? "all other clients at its site ask" :
							"it reaches the server that is known to",
				 addr_print(&better, text));
	return true;
}

static bool wrong_or_odd(const struct evidence *e, struct finding *f, const struct node *n)
{
	const json_t *question = unanswered_question(e, n->name);

	return (question && wrong_name_server(e, f, n, question)) || odd_name_server(e, f, n);
}

/* "NODE answers it" of the better server. */
static bool prove_better(struct finding *f)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(&f->flow.dst))
		finding_prove(f, "%s answers it", addr_print(&f->flow.dst, text));
	return true;
}

bool cause_rule_name_server(const struct evidence *e, struct finding *f)
{
	for (guint i = 0; e->state && i < e->cell->participants->len; i++) {
		const char *end = e->cell->participants->pdata[i];
		const struct node *n = model_node(e->model, end);

		if (!n || !wrong_or_odd(e, f, n))
			continue;
		g_free(f->what);
		f->what = g_strdup_printf("%s could not sign in", end);
		return prove_better(f);
	}
	return false;
}

static bool in_other_view(const struct evidence *e, struct finding *f, const struct node *n)
{
	const struct node *edge = model_media_edge(e->model, n);
	const struct service *x = edge ? node_service(edge, SERVICE_EDGE) : NULL;
	const struct nrpt_rule *rule;
	struct addr server = cause_name_server_of(n, e->model->domain, &rule),
		    better = addr_is_set(&server) ? other_view(e, n, rule, &server) :
						    (struct addr){0};
	bool inside = cause_is_inside_view(e->model, &server);
	char text[ADDR_TEXT_MAX], better_text[ADDR_TEXT_MAX];

	if (!x || !addr_is_set(&better) || !reaches_server(e, n, !inside) ||
	    reach_of(e, n, &x->edge, !inside) <= reach_of(e, n, &x->edge, inside))
		return false;
	f->code = CAUSE_DNS_WRONG_VIEW;
	f->node = g_strdup(n->name);
	f->subject = asked_setting(rule, &server);
	f->flow.dst = better;
	f->why = g_strdup_printf("it asks %s, whose names lead it to the %s of its Edge, where its "
				 "way to the relay is closed; those of %s lead it to the %s, which "
				 "it reaches",
				 addr_print(&server, text), inside ? "inside" : "outside",
				 addr_print(&better, better_text), inside ? "outside" : "inside");
	return prove_better(f);
}

bool cause_rule_other_view(const struct evidence *e, struct finding *f)
{
	for (guint i = 0; e->state && evidence_is_av(e) && i < e->cell->participants->len; i++) {
		const char *end = e->cell->participants->pdata[i];
		const struct node *n = model_node(e->model, end);

		if (n && evidence_event(e, end, EVENT_SIGNED_IN, NULL) && in_other_view(e, f, n))
			return true;
	}
	return false;
}
