/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cell has hundreds of steps over some ten ways, and the hops of a way differ in their times
 * only. */
#include "testbed/report/story_json.h"

#include <stdlib.h>

/* Takes the times out of the hops; the caller owns the array. */
static json_t *take_times(json_t *hops)
{
	json_t *times = json_array(), *hop;
	size_t i;

	json_array_foreach(hops, i, hop) {
		json_array_append(times, json_object_get(hop, "t_us"));
		json_object_del(hop, "t_us");
	}
	return times;
}

static void pack_step(json_t *step, json_t *ways, GHashTable *known)
{
	json_t *hops = json_object_get(step, "hops"), *times;
	gpointer index;
	char *text;

	if (json_array_size(hops) == 0)
		return;
	times = take_times(hops);
	text = json_dumps(hops, JSON_COMPACT);
	if (!g_hash_table_lookup_extended(known, text, NULL, &index)) {
		index = GSIZE_TO_POINTER(json_array_size(ways));
		json_array_append(ways, hops);
		g_hash_table_insert(known, g_strdup(text), index);
	}
	free(text);
	json_object_set_new(step, "way", json_integer((json_int_t)GPOINTER_TO_SIZE(index)));
	json_object_set_new(step, "times", times);
	json_object_del(step, "hops");
}

void story_pack(json_t *cell)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	json_t *ways = json_array(), *step;
	size_t i;

	json_array_foreach(json_object_get(cell, "steps"), i, step)
		pack_step(step, ways, known);
	json_object_set_new(cell, "ways", ways);
	if (json_is_object(json_object_get(cell, "trial")))
		story_pack(json_object_get(json_object_get(cell, "trial"), "story"));
}
