/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes: what is drawn beside the network itself: a scenario's changes, and the way of a packet. */
#include "testbed/report/graph.h"

#include "testbed/model/change_text.h"

#include <string.h>

static const struct object_shape graph_note_shape =
	OBJECT_SHAPE(graph_note, NULL, OWNS_TEXT(graph_note, text));
static const struct object_shape graph_request_shape =
	OBJECT_SHAPE(graph_request, NULL, OWNS_LIST(graph_request, notes, object_free),
		     OWNS_ARRAY(graph_request, passes, graph_pass));

const struct graph_note_look graph_note_looks[NOTE_KIND_COUNT] = {
	[NOTE_ADDED] = {"#be185d", "white", "added by the scenario"},
	[NOTE_CHANGED] = {"#fce7f3", "#9d174d", "changed by the scenario"},
	[NOTE_THERE] = {"#dcfce7", "#166534", "the packet's way"},
	[NOTE_BACK] = {"#ffedd5", "#9a3412", "the answer's way"},
	[NOTE_LOST] = {"#dc2626", "white", "lost"},
};

graph_request *graph_request_new(void)
{
	return object_new(&graph_request_shape);
}

/* Adds a note; takes the text over. */
static void add_note(graph_request *r, enum graph_note_kind kind, const char *node, char *text)
{
	struct graph_note *n = object_new(&graph_note_shape);

	n->kind = kind;
	n->node = node;
	n->text = text;
	g_ptr_array_add(r->notes, n);
}

static bool has_note(const graph_request *r, const char *node)
{
	ptr_array_foreach(const struct graph_note, note, r->notes)
		if (g_strcmp0(note->node, node) == 0)
			return true;
	return false;
}

void graph_add_changes(graph_request *r, const model *base, const struct scenario *sc,
		       const model *m, GHashTable *changed)
{
	for (guint i = 0; i < sc->changes->len; i++) {
		g_autofree char *node = NULL;
		char *text = model_change_text(base, sc, i, &node);
		const struct node *about = node ? model_node(m, node) : NULL;

		add_note(r, NOTE_CHANGED, about ? about->name : NULL, text);
	}
	ptr_array_foreach(const struct node, n, m->nodes) {
		bool differs = changed && g_hash_table_contains(changed, n->name);

		if (!model_node(base, n->name))
			add_note(r, NOTE_ADDED, n->name, g_strdup("added"));
		else if (differs && !has_note(r, n->name))
			add_note(r, NOTE_CHANGED, n->name, g_strdup(GRAPH_CHANGED));
	}
}

/* "3: 10.20.0.0/24 via 10.255.0.2 dev vpn0; NAT ...": what a hop does; the caller frees. */
static char *hop_text(const struct hop *h, guint number, const char *direction)
{
	g_autofree char *rule = decision_text(&h->decision);
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%s %u", direction, number);
	if (h->route)
		g_string_append_printf(text, ": %s", h->route);
	if (h->nat)
		g_string_append_printf(text, "; %s", h->nat);
	if (rule)
		g_string_append_printf(text, "; rule %s", rule);
	return g_string_free(text, FALSE);
}

static void add_walk(graph_request *r, const walk *w, bool back)
{
	enum graph_note_kind kind = back ? NOTE_BACK : NOTE_THERE;
	const struct hop *last = NULL;
	guint number = 0;

	ptr_array_foreach(const struct hop, h, w->hops) {
		const struct graph_pass in = {h->node, h->in, back, false},
					out = {h->node, h->out, back, true};

		g_array_append_val(r->passes, in);
		g_array_append_val(r->passes, out);
		add_note(r, kind, h->node, hop_text(h, ++number, back ? "back" : "there"));
		last = h;
	}
	if (w->end != WALK_DELIVERED)
		add_note(r, NOTE_LOST, last ? last->node : NULL,
			 g_strdup_printf("%s: %s", walk_end_name(w->end), w->why));
}

void graph_add_way(graph_request *r, const struct walk_pair *way)
{
	add_walk(r, way->forward, false);
	if (way->back)
		add_walk(r, way->back, true);
}
