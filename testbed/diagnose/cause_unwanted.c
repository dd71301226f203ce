/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/cause_unwanted.h"

/* Whether the cause can be that the source, or what is sent back, is another one. */
static bool may_follow_nat(const struct evidence *e, const struct finding *f)
{
	static const bool follows[CAUSE_COUNT] = {
		[CAUSE_NO_ROUTE] = true,	   [CAUSE_RETURN_WRONG_EGRESS] = true,
		[CAUSE_NEXT_HOP_DEAD] = true,	   [CAUSE_ROUTE_LOOP] = true,
		[CAUSE_RPF_DROP] = true,	   [CAUSE_NO_FORWARDING] = true,
		[CAUSE_FW_NO_STATE] = true,	   [CAUSE_NAT_FILTERED] = true,
		[CAUSE_WRONG_CARD] = true,	   [CAUSE_NAT_MISSING] = true,
		[CAUSE_VPN_PREFIX_MISSING] = true,
	};
	const struct node *n = f->node ? model_node(e->model, f->node) : NULL;

	/* a rule that says what it drops is meant; a policy drops what no session knows */
	return follows[f->code] || ((f->code == CAUSE_FW_DROP || f->code == CAUSE_FW_REJECT) &&
				    (f->subject.kind == SUBJECT_POLICY || !n || !n->site));
}

static bool arrives_at(const walk *w, const char *node)
{
	return w && w->end == WALK_DELIVERED && g_strcmp0(w->node, node) == 0;
}

static bool meets(const struct evidence *e, const struct flow *a, const struct flow *b)
{
	struct walk_pair *p = e->meet(e->net, a, b);
	bool arrives = arrives_at(p->forward, b->node);

	walk_pair_free(p);
	return arrives;
}

static bool arrives_without_nat(const struct evidence *e, const struct nat_rule *r,
				const struct flow *flow, const struct flow *other)
{
	struct flow a = *flow, b = other ? *other : (struct flow){0};
	struct walk_pair *p;
	bool both;

	a.without = b.without = r;
	if (other)
		return e->meet && meets(e, &a, &b) && meets(e, &b, &a);
	p = e->walk(e->net, &a);
	both = p->forward->end == WALK_DELIVERED && arrives_at(p->back, flow->node);
	walk_pair_free(p);
	return both;
}

static void blame_nat(struct finding *f, const struct node *n, const struct nat_rule *r)
{
	g_autofree char *lost = g_steal_pointer(&f->why);

	f->code = CAUSE_NAT_UNWANTED;
	g_free(f->node);
	f->node = g_strdup(n->name);
	subject_clear(&f->subject);
	f->subject = subject_nat(r);
	f->why = g_strdup_printf("without its NAT rule %s the packets and their answers would "
				 "arrive; %s",
				 r->name, lost);
}

void cause_unwanted_nat(const struct evidence *e, finding *f, const walk *w,
			const struct flow *flow, const struct flow *other)
{
	if (!may_follow_nat(e, f))
		return;
	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct node *n = h->nat ? model_node(e->model, h->node) : NULL;

		ptr_array_foreach(const struct nat_rule, r, n ? n->nat : NULL)
			if (arrives_without_nat(e, r, flow, other)) {
				blame_nat(f, n, r);
				return;
			}
	}
}
