/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network as a drawing: sites, nodes, interfaces, addresses, tunnels, marks for NAT and
 * firewalls.
 *
 * A `drawing` is what all formats share: which networks are a line between two nodes and which are
 * an object of their own, and how far everything is from the Internet, where the layout starts.
 * Depends on walk, model and base.  Pure: the same model gives the same bytes.
 */
#ifndef TESTBED_REPORT_GRAPH_H
#define TESTBED_REPORT_GRAPH_H

#include "common/base/object.h"
#include "testbed/walk/walk_record.h"

enum graph_format {
	GRAPH_DOT,     /* Graphviz; an SVG is made from it */
	GRAPH_MERMAID, /* a flowchart, which Markdown viewers draw */
};

/* A line in a node's box, beside what it is. */
enum graph_note_kind {
	NOTE_ADDED,   /* the node is the scenario's */
	NOTE_CHANGED, /* what the scenario changes of it */
	NOTE_THERE,   /* what happens to a packet */
	NOTE_BACK,    /* and to its answer */
	NOTE_LOST,    /* where one of them ends */
	NOTE_KIND_COUNT
};
struct graph_note {
	enum graph_note_kind kind;
	const char *node; /* NULL: of no single one; borrowed from the model */
	char *text;
};
#define GRAPH_CHANGED "changed" /* of a node that one of several changes is about */

/* A packet, or its answer, passes an interface. */
struct graph_pass {
	const char *node, *iface; /* borrowed */
	bool back, leaves;
};

/* What is to be drawn. */
typedef struct graph_request {
	const char *title; /* NULL: none */
	GPtrArray *notes;  /* struct graph_note */
	GArray *passes;	   /* struct graph_pass, in the packet's order */
	bool by_site;	   /* what a site has is one box, and sites that are alike are one */
	bool way_only;	   /* nothing but the nodes that the packet comes to */
} graph_request;

graph_request *graph_request_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(graph_request, object_free)
/* Adds what the scenario changes of `base`; `m` is its network, and `changed` (NULL: not known) has
 * "added" or "changed" for the nodes that differ, by their names. */
void graph_add_changes(graph_request *r, const model *base, const struct scenario *sc,
		       const model *m, GHashTable *changed);
/* Adds the way of a packet and of its answer, which must live as long as the request. */
void graph_add_way(graph_request *r, const struct walk_pair *way);

/* Appends the drawing of `m` to `out`. */
void graph_print(const model *m, enum graph_format format, const graph_request *r, GString *out);

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
	const graph_request *request;
	GPtrArray *nodes;    /* struct node: those that are drawn, in the model's order */
	GPtrArray *networks; /* struct graph_network, in the model's order */
} graph_drawing;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(graph_drawing, object_free)

/* The drawing of a model, which is borrowed until object_free; so is `r` (NULL: all of it). */
graph_drawing *graph_drawing_new(const model *m, const graph_request *r);
bool graph_draws(const graph_drawing *g, const struct node *n);

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

/* How a note looks: colours of its ground and of its text. */
struct graph_note_look {
	const char *ground, *text;
	const char *word; /* in the legend */
};
extern const struct graph_note_look graph_note_looks[NOTE_KIND_COUNT];

/* Appends the drawing as a DOT or a Mermaid document. */
void graph_dot(const graph_drawing *g, GString *out);
void graph_mermaid(const graph_drawing *g, GString *out);
/* The same with a box for each site; `format` as above. */
void graph_sites(const model *m, enum graph_format format, const graph_request *r, GString *out);

/* What the parts of a DOT document share: its beginning, escaped text, and a box's head. */
void graph_dot_begin(const char *name, const char *title, GString *out);
void graph_dot_text(GString *out, const char *text);
void graph_dot_head(GString *out, const char *name, const char *title, const char *color);
void graph_dot_marks(GString *out, const GPtrArray *marks);
void graph_dot_note(GString *out, const struct graph_note *note); /* a row, broken into lines */
void graph_mermaid_begin(const char *title, GString *out);
void graph_mermaid_text(GString *out, const char *text);

#endif
