/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the map.  Private to report: story_map.c has the boxes and asks for their places,
 * story_map_json.c reads the places and writes the map. */
#ifndef TESTBED_REPORT_STORY_MAP_PARTS_H
#define TESTBED_REPORT_STORY_MAP_PARTS_H

#include "testbed/report/graph.h"
#include "testbed/report/story_map.h"

enum map_box_kind { MAP_NODE, MAP_NETWORK, MAP_TUNNEL };

struct map_box {
	enum map_box_kind kind;
	const char *name, *site; /* borrowed from the model; site NULL: none */
	double w, h, x, y;	 /* px; the middle, once it is laid out */
	bool middle;		 /* it is where the layout starts, the Internet */
	bool left;		 /* its part of the network is drawn left of that */
	bool placed;
};

struct map_layout {
	const model *m;
	graph_drawing *drawing;
	GArray *boxes; /* struct map_box */
	guint *parts;  /* of each box: another one of the same part, or itself */
};

struct map_layout *map_layout_new(const model *m);
void map_layout_free(struct map_layout *l);
/* Borrowed; NULL: none. */
struct map_box *map_box_of(const struct map_layout *l, enum map_box_kind kind, const char *name);
/* "NAT: home-router", "firewall": what a node is besides its role (char *); the caller frees. */
GPtrArray *map_marks_of(const struct node *n);

#endif
