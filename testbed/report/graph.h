/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network as a drawing: sites, nodes, interfaces, addresses, tunnels, marks for NAT and
 * firewalls.
 *
 * Nouns: a `drawing` is what any format draws, worked out from a model: which wires are drawn as a
 * line between two nodes and which as an object of their own, and how far from the Internet
 * everything is, so that it is laid out from there.  Depends on model and base.  Pure: a model in,
 * text out; the same model gives the same bytes.
 */
#ifndef TESTBED_REPORT_GRAPH_H
#define TESTBED_REPORT_GRAPH_H

#include "testbed/model/model.h"

enum graph_format {
	GRAPH_DOT,     /* Graphviz; an SVG is made from it */
	GRAPH_MERMAID, /* a flowchart, as Markdown viewers draw it */
};

/* Appends the drawing of `m` to `out`.  `title` (or NULL) stands above it. */
void graph_print(const model *m, enum graph_format format, const char *title, GString *out);

/* --- what the formats share ------------------------------------------------------------------- */

/* What a node is for people, by what runs on it; each has a colour. */
enum graph_role {
	ROLE_INTERNET,
	ROLE_ROUTER,
	ROLE_SERVER,
	ROLE_EDGE,
	ROLE_CLIENT,
	ROLE_HOST,
	ROLE_COUNT
};

struct graph_role_look {
	const char *word; /* in the legend */
	const char *fill, *line;
};
extern const struct graph_role_look graph_role_looks[ROLE_COUNT];

#define GRAPH_TUNNEL_COLOR "#7c3aed"
#define GRAPH_NAT_COLOR "#d97706"
#define GRAPH_FIREWALL_COLOR "#dc2626"
#define GRAPH_DOWN_COLOR "#9ca3af"

/* One end of a wire. */
struct graph_plug {
	const struct node *node;
	const struct iface *iface;
	guint distance; /* of the node from the Internet, in wires */
};

struct graph_wire {
	const struct network *network;
	GArray *plugs; /* struct graph_plug, the nearest to the Internet first */
	bool is_line;  /* two ends only: a line with a label, not an object */
	guint distance;
};

typedef struct graph_drawing {
	const model *m;
	GPtrArray *wires; /* struct graph_wire, in the model's order */
} graph_drawing;

/* Borrows the model until graph_drawing_free. */
graph_drawing *graph_drawing_new(const model *m);
void graph_drawing_free(graph_drawing *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(graph_drawing, graph_drawing_free)

/* The first that fits of: the Internet (it filters bogons), client, Edge, server, router, host. */
enum graph_role graph_role_of(const struct node *n);

/* A word for what stands on a node: "Front End", "NAT", "firewall". */
struct graph_mark {
	const char *word, *color;
};
/* Appends a node's marks. */
void graph_marks_of(const struct node *n, GArray *marks);
bool graph_filters(const struct node *n); /* whether its firewall can drop anything */

/* graph_dot.c, graph_mermaid.c */
void graph_dot(const graph_drawing *g, const char *title, GString *out);
void graph_mermaid(const graph_drawing *g, const char *title, GString *out);

#endif
