/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_state.h"

#include "testbed/walk/tracked.h"

static bool visits(const walk *w, const char *node)
{
	for (guint i = 0; i < w->hops->len; i++)
		if (g_str_equal(((const struct hop *)w->hops->pdata[i])->node, node))
			return true;
	return false;
}

/* "branch1 > branch-gw > core > edge" */
static char *way_of(const walk *w)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < w->hops->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? " > " : "",
				       ((const struct hop *)w->hops->pdata[i])->node);
	return g_string_free(text, FALSE);
}

/* The address of the node on that interface; unset: it has none. */
static struct addr address_at(const model *m, const char *node, const char *iface)
{
	const struct node *n = model_node(m, node);
	const struct prefix *p = n ? node_prefix_on(m, n, iface, AF_UNSPEC) : NULL;

	return p ? p->addr : (struct addr){.family = 0};
}

/* Finds the node where the answer leaves the way of the question, and the address of the node
 * that had sent the question there. */
static void find_turning(const struct evidence *e, struct finding *f, const walk *question,
			 const walk *answer)
{
	for (guint i = 0; i + 1 < answer->hops->len && i + 1 < question->hops->len; i++) {
		const struct hop *here = answer->hops->pdata[i], *next = answer->hops->pdata[i + 1];
		const struct hop *came = question->hops->pdata[question->hops->len - 1 - i];
		const struct hop *from = question->hops->pdata[question->hops->len - 2 - i];

		if (!g_str_equal(here->node, came->node))
			return;
		if (g_str_equal(next->node, from->node))
			continue;
		f->turning.node = g_strdup(here->node);
		f->turning.iface = g_strdup(came->in);
		f->turning.via = address_at(e->model, from->node, from->out);
		f->turning.out = g_strdup(here->out);
		f->table = here->table;
		if (i > 0) {
			const struct hop *before = answer->hops->pdata[i - 1];

			f->turning.from = model_prefix_of(e->model, &before->src);
			f->turning.in = g_strdup(here->in);
		}
		return;
	}
}

static guint count_sessions(const GPtrArray *sessions, const char *node, const struct flow *packet,
			    bool replied_only)
{
	guint n = 0;

	ptr_array_foreach(const struct tracked, t, sessions)
		n += g_str_equal(t->node, node) && tracked_has(t, packet) &&
		     (t->replied || !replied_only);
	return n;
}

/* The answer that is dropped, to any port of the client. */
static struct flow answer_of(const struct finding *f)
{
	struct flow answer = f->flow;

	if (answer.dport == CLIENT_PORT)
		answer.dport = 0;
	if (answer.sport == CLIENT_PORT)
		answer.sport = 0;
	return answer;
}

/* Whether the firewall's kernel has a session of the call for the answer, of which it saw both
 * directions. */
static bool has_session(const struct evidence *e, const struct finding *f)
{
	const struct flow answer = answer_of(f);

	return e->sessions && count_sessions(e->sessions, f->node, &answer, true) > 0;
}

/* Adds a proof only when the table is complete and has no such session of any call. */
static void prove_by_table(const struct evidence *e, struct finding *f)
{
	g_autoptr(GPtrArray) all = tracked_of(e->state, f->node);
	const struct flow answer = answer_of(f);
	char from[ADDR_PORT_TEXT_MAX], to[ADDR_TEXT_MAX];

	if (!tracked_is_whole(e->state, f->node) ||
	    count_sessions(all, f->node, &answer, false) > 0)
		return;
	if (answer.sport != 0)
		addr_port_print(&answer.src, answer.sport, from);
	else
		addr_print(&answer.src, from);
	finding_prove(f, "%s tracks %u session%s, none of %s with %s", f->node, all->len,
		      all->len == 1 ? "" : "s", addr_print(&answer.dst, to), from);
}

bool cause_no_state(const struct evidence *e, struct finding *f, const walk *question,
		    const walk *answer)
{
	const struct node *n = f->node ? model_node(e->model, f->node) : NULL;
	g_autofree char *went = NULL, *why = NULL;

	if ((f->code != CAUSE_FW_DROP && f->code != CAUSE_FW_REJECT) ||
	    question->end != WALK_DELIVERED || !n || !n->firewall.stateful ||
	    g_strcmp0(f->node, answer->node) != 0 || visits(question, n->name) || has_session(e, f))
		return false;
	went = way_of(question);
	why = g_strdup_printf("it lets answers pass that belong to a session, and has none for "
			      "this one, because the question went %s; %s",
			      went, f->why);
	f->code = CAUSE_FW_NO_STATE;
	g_free(f->why);
	f->why = g_steal_pointer(&why);
	f->prefix = model_prefix_of(e->model, &f->flow.dst);
	find_turning(e, f, question, answer);
	prove_by_table(e, f);
	return true;
}

/* A node that belongs to no site of the company: a provider's, or the Internet's. */
static bool is_foreign(const struct evidence *e, const char *node)
{
	const struct node *n = node ? model_node(e->model, node) : NULL;

	return n && !n->site;
}

bool cause_answer_strays(const struct evidence *e, struct finding *f, const walk *question,
			 const walk *answer)
{
	const struct hop *out = NULL;
	char via[ADDR_TEXT_MAX];
	g_autofree char *lost = NULL;

	if (question->end != WALK_DELIVERED || !is_foreign(e, f->node) || visits(question, f->node))
		return false;
	find_turning(e, f, question, answer);
	if (!f->turning.node || is_foreign(e, f->turning.node))
		return false;
	ptr_array_foreach(const struct hop, h, answer->hops)
		if (g_str_equal(h->node, f->turning.node))
			out = h;
	if (!out)
		return false;
	f->code = CAUSE_RETURN_WRONG_EGRESS;
	g_free(f->node);
	f->node = g_strdup(f->turning.node);
	subject_clear(&f->subject);
	f->subject = subject_route(&out->to);
	f->prefix = model_prefix_of(e->model, &out->dst);
	f->flow.dst = out->dst;
	lost = g_steal_pointer(&f->why);
	f->why = g_strdup_printf(
		"the question came in by %s from %s, and the answer leaves by %s; %s",
		f->turning.iface, addr_print(&f->turning.via, via), out->out, lost);
	return true;
}
