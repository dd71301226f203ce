/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network as a drawing: sites, nodes, interfaces, addresses, tunnels, marks for NAT and
 * firewalls.
 *
 * A `drawing` is what all formats share: which networks are a line between two nodes and which are
 * an object of their own, and how far everything is from the Internet, where the layout starts.
 * Depends on model and base.  Pure: the same model gives the same bytes.
 */
#ifndef TESTBED_REPORT_GRAPH_H
#define TESTBED_REPORT_GRAPH_H

#include "common/base/object.h"
#include "testbed/model/model.h"

enum graph_format {
	GRAPH_DOT,     /* Graphviz; an SVG is made from it */
	GRAPH_MERMAID, /* a flowchart, which Markdown viewers draw */
};

/* Appends the drawing of `m` to `out`, with `title` (or NULL) above it. */
void graph_print(const model *m, enum graph_format format, const char *title, GString *out);

/* --- what the formats share ------------------------------------------------------------------- */

/* The role of a node, from what runs on it; each has a colour. */
enum graph_role {
	ROLE_INTERNET, /* it filters bogons */
	ROLE_ROUTER,   /* it forwards, and has no service or client */
	ROLE_SERVER,   /* any service but an Edge */
	ROLE_EDGE,
	ROLE_CLIENT,
	ROLE_HOST, /* none of these */
	ROLE_COUNT
};

struct graph_role_look {
	const char *word;	 /* in the legend */
	const char *fill, *line; /* colours */
};
extern const struct graph_role_look graph_role_looks[ROLE_COUNT];

#define GRAPH_TUNNEL_COLOR "#7c3aed"
#define GRAPH_NAT_COLOR "#d97706"
#define GRAPH_FIREWALL_COLOR "#dc2626"
#define GRAPH_DOWN_COLOR "#9ca3af"

/* An interface on a network. */
struct graph_port {
	const struct node *node;
	const struct iface *iface;
	guint distance; /* from the Internet to the node, in networks */
};

struct graph_network {
	const struct network *network; /* of the model */
	GArray *ports;		       /* struct graph_port, the nearest to the Internet first */
	bool is_line;		       /* it has two ports: a line with a label, not an object */
	guint distance;		       /* of its nearest node, as in graph_port */
};

typedef struct graph_drawing {
	const model *m;
	GPtrArray *networks; /* struct graph_network, in the model's order */
} graph_drawing;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(graph_drawing, object_free)

/* The drawing of a model, which is borrowed until object_free. */
graph_drawing *graph_drawing_new(const model *m);

/* The first role that fits: the Internet (it filters bogons), client, Edge, server, router,
 * host. */
enum graph_role graph_role_of(const struct node *n);

/* A mark of a node: "Front End", "firewall", "NAT: home-router". */
struct graph_mark {
	char *text;
	const char *color;
};
/* The network's prefix, or what it has in its place; into `buf`, or static. */
const char *graph_subnet(const struct network *n, char buf[static PREFIX_TEXT_MAX]);
/* "NAT: home-router", "port forward": what a NAT rule is; the caller frees. */
char *graph_nat_text(const struct nat_rule *r);

/* What a node is besides its role (struct graph_mark), each once; free with g_ptr_array_unref. */
GPtrArray *graph_marks_of(const struct node *n);
bool graph_filters(const struct node *n); /* whether its firewall can drop anything */

/* Appends the drawing as a DOT or a Mermaid document; `title` may be NULL. */
void graph_dot(const graph_drawing *g, const char *title, GString *out);
void graph_mermaid(const graph_drawing *g, const char *title, GString *out);

#endif
