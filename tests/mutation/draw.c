/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/mutation/draw.h"

guint lot(struct draw *d, guint count)
{
	return (guint)g_rand_int_range(d->rand, 0, (gint32)count);
}

void *one_of(struct draw *d, const GPtrArray *items)
{
	return items->len > 0 ? items->pdata[lot(d, items->len)] : NULL;
}

const struct node *some_node(struct draw *d)
{
	return lot(d, 3) == 0 ? d->ends[lot(d, 2)] : one_of(d, d->m->nodes);
}

void truth_node(struct draw *d, const char *name)
{
	g_ptr_array_add(d->nodes, g_strdup(name));
}

void truth_object(struct draw *d, const char *name)
{
	g_ptr_array_add(d->objects, g_strdup(name));
}

void truth_address(struct draw *d, const struct addr *a)
{
	char buf[ADDR_TEXT_MAX];

	truth_object(d, addr_print(a, buf));
}

static void truth_prefix(struct draw *d, const struct prefix *p)
{
	char buf[PREFIX_TEXT_MAX];

	truth_object(d, prefix_print(p, buf));
}

/* Addresses that stand for others behind a NAT are on no network. */
static void truth_outside(struct draw *d, const struct prefix *to)
{
	ptr_array_foreach(const struct node, n, d->m->nodes)
		ptr_array_foreach(const struct nat_rule, r, n->nat) {
			struct prefix host = {r->outside, addr_bits(&r->outside)};

			if (r->kind == NAT_STATIC && prefix_contains(to, &r->outside))
				truth_prefix(d, &host);
		}
}

void truth_route(struct draw *d, const struct prefix *to)
{
	truth_prefix(d, to);
	truth_outside(d, to);
	if (prefix_is_default(to))
		truth_object(d, "default");
	for (guint i = 0; i < d->m->networks->len; i++) {
		const struct network *n = d->m->networks->pdata[i];

		if (prefix_overlaps(to, &n->subnet))
			truth_prefix(d, &n->subnet);
		if (prefix_overlaps(to, &n->subnet6))
			truth_prefix(d, &n->subnet6);
	}
	for (guint i = 0; i < d->m->tunnels->len; i++) {
		const struct tunnel *t = d->m->tunnels->pdata[i];

		if (prefix_overlaps(to, &t->ends[0].address))
			truth_prefix(d, &t->ends[0].address);
	}
}

void truth_nat(struct draw *d, const struct node *n, const struct nat_rule *r)
{
	truth_node(d, n->name);
	truth_object(d, r->name);
	if (r->kind == NAT_MASQUERADE)
		truth_object(d, r->out_iface);
	else
		truth_address(d, &r->outside);
}
