/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Map: a network as boxes and lines with places, "map" of "testbed.story/1" (docs/STORY.md).
 *
 * Theory of operation: every node, and every network and tunnel, is a box of known size, and the
 * only lines are those from a node's interface to its network, so that no label is under a line.
 * Boxes are as large as their text at 14 px.  Graphviz lays them out (story_map_dot is what it is
 * asked, story_map_json reads its answer, the JSON of `dot -Tjson`), and the places are spread to
 * 16:9.
 *
 * Depends on graph, model and base.  Pure: the same model and answer give the same bytes.
 */
#ifndef TESTBED_REPORT_STORY_MAP_H
#define TESTBED_REPORT_STORY_MAP_H

#include "common/base/json.h"
#include "testbed/model/model.h"

/* What a scenario has and lacks, by node; made by whoever compares scenarios. */
struct map_marks {
	GHashTable *changes; /* node -> "added", "changed"; borrowed texts */
	GPtrArray *missing;  /* struct map_missing */
	const char *vpn;     /* what tunnels of WireGuard were made by; NULL: not known */
};
struct map_missing {
	const char *node;
	char *text, *to, *via; /* via NULL: none */
	char *scenario;	       /* that has it */
};

/* Appends the graph to be laid out. */
void story_map_dot(const model *m, GString *out);
/* The map, which the caller owns.  NULL with `error`: `layout` is not an answer to that graph. */
json_t *story_map_json(const model *m, const json_t *layout, const struct map_marks *marks,
		       GError **error);

#endif
