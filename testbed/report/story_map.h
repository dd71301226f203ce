/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Map: what a drawing of a network shows, "map" of "testbed.story/1" (docs/STORY.md).  Where things
 * stand is the page's matter.
 *
 * Depends on graph, model and base.  Pure.
 */
#ifndef TESTBED_REPORT_STORY_MAP_H
#define TESTBED_REPORT_STORY_MAP_H

#include "common/base/json.h"
#include "testbed/model/model.h"

/* What a scenario has and lacks, by node; made by whoever compares scenarios. */
struct map_marks {
	GHashTable *changes; /* node -> "added", "changed"; borrowed texts; NULL: none */
	GPtrArray *missing;  /* struct map_missing; NULL: none */
	const char *vpn;     /* what tunnels of WireGuard were made by; NULL: not known */
};
struct map_missing {
	const char *node;
	char *text, *to, *via; /* via NULL: none */
	char *scenario;	       /* that has it */
};

/* A node with its role, marks and interfaces, as in the map; `marks` may be NULL.  The caller owns
 * it. */
json_t *map_node_json(const struct node *n, const struct map_marks *marks);
/* A tunnel; `vpn` as in map_marks.  The caller owns it. */
json_t *map_tunnel_json(const struct tunnel *t, const char *vpn);
/* The map, which the caller owns. */
json_t *story_map_json(const model *m, const struct map_marks *marks);

#endif
