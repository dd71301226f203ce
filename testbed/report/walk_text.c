/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/walk_text.h"

#include <string.h>

#define WIDTH 80

void walk_text_wrapped(GString *out, const char *label, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 0);
	gsize indent = strlen(label), column = indent;

	g_string_append(out, label);
	for (guint i = 0; words[i]; i++) {
		gsize length = strlen(words[i]);

		if (column > indent && column + 1 + length > WIDTH) {
			g_string_append_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			g_string_append_c(out, ' ');
			column++;
		}
		g_string_append(out, words[i]);
		column += length;
	}
	g_string_append_c(out, '\n');
}

static void put_addresses(GString *out, const struct hop *h)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	g_string_append_printf(out, "%s -> %s", addr_print(&h->src, src), addr_print(&h->dst, dst));
}

/* Appends what the kernel's own look-up says, or "the same" where it equals the route above. */
static void put_kernel(GString *out, const struct hop *h)
{
	bool same = h->route && h->lookup.state == LOOKUP_AGREES && h->lookup.chosen.error == 0;
	const char *but = h->lookup.state == LOOKUP_DIFFERS ? "differs: " : "";
	g_autofree char *text = g_strconcat(but, h->lookup.kernel, NULL);

	walk_text_wrapped(out, "       kernel ", same ? "the same" : text);
}

/* Appends one hop: node and interfaces, route, kernel's look-up, rule and NAT as far as there are
 * any. */
static void put_hop(GString *out, guint number, const struct hop *h)
{
	g_autofree char *rule = decision_text(&h->decision);

	g_string_append_printf(out, "%3u  %s: %s -> %s\n", number, h->node,
			       h->in ? h->in : "(starts)", h->out ? h->out : "(ends)");
	if (h->route)
		walk_text_wrapped(out, "       route  ", h->route);
	if (h->lookup.kernel)
		put_kernel(out, h);
	if (rule)
		walk_text_wrapped(out, "       rule   ", rule);
	if (h->nat)
		walk_text_wrapped(out, "       nat    ", h->nat);
}

/* Appends the hops of one direction, and how it ended. */
static void put_direction(GString *out, const char *name, const walk *w)
{
	g_string_append_printf(out, "%s  ", name);
	if (w->hops->len > 0)
		put_addresses(out, w->hops->pdata[0]);
	g_string_append_c(out, '\n');
	for (guint i = 0; i < w->hops->len; i++)
		put_hop(out, i + 1, w->hops->pdata[i]);
	g_string_append_printf(out, "     %s at %s\n\n", walk_end_name(w->end), w->node);
}

void walk_text(const struct walk_pair *w, GString *out)
{
	put_direction(out, "there", w->forward);
	if (w->back)
		put_direction(out, "back ", w->back);
	if (walk_pair_delivered(w))
		g_string_append_printf(out, "The packet reaches %s, and the answer returns.\n",
				       w->forward->node);
	else if (!w->back)
		walk_text_wrapped(out, "The packet is lost: ", w->forward->why);
	else if (w->back->end != WALK_DELIVERED)
		walk_text_wrapped(out, "The answer is lost: ", w->back->why);
	else
		g_string_append_printf(out,
				       "The answer reaches %s, which did not send the packet.\n",
				       w->back->node);
}
