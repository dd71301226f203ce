/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/sessions_text.h"

#include "testbed/netstate/netstate_json.h"
#include "testbed/report/detail.h"
#include "testbed/report/wrap.h"

/* Whether two sessions differ only in their source port. */
static bool are_alike(const struct tracked *a, const struct tracked *b)
{
	return g_str_equal(a->node, b->node) && a->proto == b->proto &&
	       addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst) &&
	       a->dport == b->dport && addr_equal(&a->reply_dst, &b->reply_dst) &&
	       addr_equal(&a->reply_src, &b->reply_src) && a->replied == b->replied &&
	       a->assured == b->assured && g_strcmp0(a->tcp_state, b->tcp_state) == 0;
}

/* Appends one session; `alike`: how many more are like it. */
static void put_session(const struct tracked *t, guint alike, guint columns, GString *out)
{
	g_autofree char *label = g_strdup_printf("  %s: ", t->node);
	g_autofree char *text = tracked_text(t), *nat = tracked_nat_text(t);
	g_autoptr(GString) line = g_string_new(text);

	if (nat)
		g_string_append_printf(line, ", %s", nat);
	g_string_append(line, t->replied ? ", replied" : ", no reply");
	if (t->assured)
		g_string_append(line, ", assured");
	if (t->tcp_state)
		g_string_append_printf(line, ", %s", t->tcp_state);
	g_string_append_printf(line, ", %" G_GINT64_FORMAT "s left", t->timeout_s);
	if (alike > 0)
		g_string_append_printf(line, ", and %u like it", alike);
	wrap_labelled(out, label, line->str, columns);
}

/* Appends the sessions of one node; those that follow each other and are alike as one. */
static void put_node(const struct observation *seen, const GPtrArray *sessions, const char *node,
		     guint columns, GString *out)
{
	const node_state *n = netstate_node(seen->state, node);

	for (guint i = 0, next; i < sessions->len; i = next) {
		const struct tracked *t = sessions->pdata[i];

		for (next = i + 1; next < sessions->len && are_alike(t, sessions->pdata[next]);)
			next++;
		if (g_str_equal(t->node, node))
			put_session(t, next - i - 1, columns, out);
	}
	if (n && n->sessions_left_out > 0)
		g_string_append_printf(out,
				       "  %s: %" G_GUINT64_FORMAT
				       " more, of any call, are not recorded\n",
				       node, n->sessions_left_out);
}

void sessions_text(const struct observation *seen, const struct cell *c, const finding *f,
		   guint columns, GString *out)
{
	g_autoptr(GPtrArray) sessions = sessions_of_call(seen, c), names = detail_nodes(f);
	gsize before;

	if (!sessions)
		return;
	g_string_append(out, "\nsessions on the path\n");
	before = out->len;
	for (guint i = 0; i < names->len; i++)
		put_node(seen, sessions, names->pdata[i], columns, out);
	if (out->len == before)
		g_string_append(out, "  no node has a session of this call\n");
}

json_t *sessions_json(const struct observation *seen, const struct cell *c)
{
	g_autoptr(GPtrArray) sessions = sessions_of_call(seen, c);
	json_t *list = json_array();

	ptr_array_foreach(const struct tracked, t, sessions) {
		json_t *one = tracked_to_json(t);

		json_object_set_new(one, "node", json_string(t->node));
		json_array_append_new(list, one);
	}
	return list;
}
