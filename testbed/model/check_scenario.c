/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/change.h"
#include "testbed/model/internal.h"

#include <string.h>

static void check_endpoint_name(const struct check *c, const char *name, struct loc loc)
{
	const struct node *node = model_node(c->m, name);

	if (!node)
		named_error(c->d, loc, "node", name, c->m->nodes);
	else if (!node->endpoint)
		check_error(c, loc, "add 'endpoint: {}' to it", "node '%s' is not an endpoint",
			    name);
}

static void check_conference(const struct check *c, const struct conference *conference)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	if (conference->organiser) {
		check_endpoint_name(c, conference->organiser,
				    places_get(c->places, &conference->organiser, conference->loc));
		g_hash_table_add(seen, conference->organiser);
	}
	for (guint i = 0; i < conference->participants->len; i++) {
		char *name = g_ptr_array_index(conference->participants, i);
		struct loc loc =
			places_item(c->places, conference->participants, i, conference->loc);

		check_endpoint_name(c, name, loc);
		if (!g_hash_table_add(seen, name))
			check_error(c, loc, NULL, "'%s' takes part twice", name);
	}
}

static void check_conferences(const struct check *c)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(const struct conference, conference, c->m->conferences) {
		if (conference->name && !g_hash_table_add(names, conference->name))
			check_error(c, places_get(c->places, &conference->name, conference->loc),
				    NULL, "there are two conferences named '%s'", conference->name);
		check_conference(c, conference);
	}
}

/* What an expectation may name: endpoints, sites, and nodes that some scenario adds.
 * NULL-terminated; the caller frees the array, not the names. */
static GPtrArray *known_selectors(const struct check *c, struct reader *r)
{
	GPtrArray *known = g_ptr_array_new();

	ptr_array_foreach(const struct node, node, c->m->nodes)
		if (node->endpoint && node->name)
			g_ptr_array_add(known, node->name);
	ptr_array_foreach(const struct site, site, c->m->sites)
		if (site->name)
			g_ptr_array_add(known, site->name);
	ptr_array_foreach(const struct scenario, scenario, c->m->scenarios)
		for (guint j = 0; j < scenario->changes->len; j++)
			change_new_nodes(r, g_ptr_array_index(scenario->changes, j), known);
	g_ptr_array_add(known, NULL);
	return known;
}

static void check_selectors(const struct check *c, const GPtrArray *selectors,
			    const GPtrArray *known, struct loc fallback)
{
	for (guint i = 0; i < selectors->len; i++) {
		const char *selector = g_ptr_array_index(selectors, i);
		g_autofree char *hint = NULL;

		if (strcmp(selector, "*") == 0 ||
		    g_strv_contains((const char *const *)known->pdata, selector))
			continue;
		hint = reader_hint(selector, (const char *const *)known->pdata);
		check_error(c, places_item(c->places, selectors, i, fallback), hint,
			    "no endpoint or site '%s'", selector);
	}
}

void check_scenarios(const struct check *c, struct reader *r)
{
	g_autoptr(GPtrArray) known = known_selectors(c, r);

	check_conferences(c);
	ptr_array_foreach(const struct scenario, scenario, c->m->scenarios) {
		ptr_array_foreach(const struct expect, e, scenario->expects) {
			check_selectors(c, e->between, known, e->loc);
			check_selectors(c, e->and, known, e->loc);
		}
	}
}
