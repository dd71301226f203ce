/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/walk_text.h"

#include "testbed/report/wrap.h"

static void put_addresses(GString *out, const struct hop *h)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	g_string_append_printf(out, "%s -> %s", addr_print(&h->src, src), addr_print(&h->dst, dst));
}

/* Appends what the kernel's own look-up says, or "the same" where it equals the route above. */
static void put_kernel(GString *out, const struct hop *h, guint columns)
{
	bool same = h->route && h->lookup.state == LOOKUP_AGREES && h->lookup.chosen.error == 0;
	const char *but = h->lookup.state == LOOKUP_DIFFERS ? "differs: " : "";
	g_autofree char *text = g_strconcat(but, h->lookup.kernel, NULL);

	wrap_labelled(out, "       kernel ", same ? "the same" : text, columns);
}

/* Appends one hop: node and interfaces, route, kernel's look-up, rule and NAT as far as there are
 * any. */
static void put_hop(GString *out, guint number, const struct hop *h, guint columns)
{
	g_autofree char *rule = decision_text(&h->decision);

	g_string_append_printf(out, "%3u  %s: %s -> %s\n", number, h->node,
			       h->in ? h->in : "(starts)", h->out ? h->out : "(ends)");
	if (h->route)
		wrap_labelled(out, "       route  ", h->route, columns);
	if (h->lookup.kernel)
		put_kernel(out, h, columns);
	if (rule)
		wrap_labelled(out, "       rule   ", rule, columns);
	if (h->nat)
		wrap_labelled(out, "       nat    ", h->nat, columns);
}

/* Appends the hops of one direction, and how it ended. */
static void put_direction(GString *out, const char *name, const walk *w, guint columns)
{
	g_string_append_printf(out, "%s  ", name);
	if (w->hops->len > 0)
		put_addresses(out, w->hops->pdata[0]);
	g_string_append_c(out, '\n');
	for (guint i = 0; i < w->hops->len; i++)
		put_hop(out, i + 1, w->hops->pdata[i], columns);
	g_string_append_printf(out, "     %s at %s\n\n", walk_end_name(w->end), w->node);
}

void walk_text(const struct walk_pair *w, guint columns, GString *out)
{
	put_direction(out, "there", w->forward, columns);
	if (w->back)
		put_direction(out, "back ", w->back, columns);
	if (walk_pair_delivered(w))
		g_string_append_printf(out, "The packet reaches %s, and the answer returns.\n",
				       w->forward->node);
	else if (!w->back)
		wrap_labelled(out, "The packet is lost: ", w->forward->why, columns);
	else if (w->back->end != WALK_DELIVERED)
		wrap_labelled(out, "The answer is lost: ", w->back->why, columns);
	else
		g_string_append_printf(out,
				       "The answer reaches %s, which did not send the packet.\n",
				       w->back->node);
}
