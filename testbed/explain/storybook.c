/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/storybook.h"

#include "testbed/explain/versus.h"
#include "testbed/model/change_text.h"
#include "testbed/report/json.h"
#include "testbed/report/story_json.h"

struct storybook {
	const model *base;
	struct storybook_about about;
	versus *versus;
};

static const struct object_shape storybook_shape =
	OBJECT_SHAPE(storybook, NULL, OWNS(storybook, versus, object_free));

storybook *storybook_new(const model *base, const struct storybook_about *about)
{
	storybook *b = object_new(&storybook_shape);

	b->base = base;
	b->about = *about;
	b->versus = versus_new(base);
	return b;
}

static const char *vpn_of(const storybook *b)
{
	return g_hash_table_lookup(b->about.results->features, "vpn");
}

/* --- the index -------------------------------------------------------------------------------- */

static json_t *changes_json(const storybook *b, const struct scenario *sc)
{
	json_t *list = json_array();

	for (guint i = 0; sc && i < sc->changes->len; i++) {
		g_autofree char *node = NULL, *text = model_change_text(b->base, sc, i, &node);

		json_array_append_new(list, json_pack("{s:s, s:s?}", "text", text, "node", node));
	}
	return list;
}

static json_t *map_json(const storybook *b, const char *scenario)
{
	const model *m = versus_model(b->versus, scenario);
	struct map_marks marks;
	json_t *map;

	if (!m)
		return json_null();
	versus_mark(b->versus, scenario, &marks);
	marks.vpn = vpn_of(b);
	map = story_map_json(m, &marks);
	map_marks_clear(&marks);
	return map;
}

static json_t *scenario_json(const storybook *b, const struct scenario_result *s)
{
	json_t *cells = json_array();

	for (guint i = 0; i < s->cells->len; i++)
		json_array_append_new(cells, report_cell_json(s->cells->pdata[i]));
	return json_pack("{s:s, s:s?, s:o, s:o, s:o}", "name", s->name, "title", s->title, "cells",
			 cells, "map", map_json(b, s->name), "changes",
			 changes_json(b, model_scenario(b->base, s->name)));
}

static json_t *run_json(const storybook *b)
{
	const results *r = b->about.results;
	g_autoptr(GDateTime) start =
		g_date_time_new_from_unix_utc(b->about.started_us / G_USEC_PER_SEC);
	g_autofree char *started = start ? g_date_time_format_iso8601(start) : NULL;
	json_t *features = json_object(), *changes = json_array();
	GHashTableIter i;
	gpointer key, value;

	g_hash_table_iter_init(&i, r->features);
	while (g_hash_table_iter_next(&i, &key, &value))
		json_object_set_new(features, key, json_string(value));
	for (guint k = 0; b->about.changes && b->about.changes[k]; k++)
		json_array_append_new(changes, json_string(b->about.changes[k]));
	return json_pack("{s:s?, s:I, s:s?, s:s?, s:s?, s:o, s:o}", "id", r->run_id, "seed",
			 (json_int_t)r->seed, "version", r->version, "kernel", r->kernel, "started",
			 started, "features", features, "changes", changes);
}

static json_t *endpoint_json(gconstpointer item)
{
	const struct result_endpoint *e = item;

	return json_pack("{s:s, s:s?, s:s?}", "name", e->name, "site", e->site, "address",
			 e->address);
}

json_t *storybook_index(const storybook *b)
{
	const results *r = b->about.results;
	json_t *scenarios = json_array();
	json_t *index =
		json_pack("{s:s, s:o, s:{s:s?, s:s?, s:o}, s:o}", "schema", STORY_SCHEMA, "run",
			  run_json(b), "topology", "name", r->topology_name, "title",
			  b->base->title, "endpoints",
			  report_list_json(r->endpoints, endpoint_json), "scenarios", scenarios);

	ptr_array_foreach(const struct scenario_result, s, r->scenarios)
		json_array_append_new(scenarios, scenario_json(b, s));
	return index;
}

/* --- cells ------------------------------------------------------------------------------------ */

static bool needs_reason(const struct cell *c)
{
	return c->done && (c->verdict != VERDICT_PASS || !c->as_expected);
}

json_t *storybook_cell(const storybook *b, finished *run, const struct cell *c)
{
	const model *m = versus_model(b->versus, c->scenario);
	struct recorded recorded;
	explanation x = {.cell = c, .model = m};
	json_t *cell;

	if (!m)
		return NULL;
	finished_read(run, c->id, &recorded);
	if (needs_reason(c)) {
		x.finding = diagnose_call(m, c, &recorded.seen);
		x.fix = fix_derive(m, x.finding);
		x.run_id = recorded.run_id;
		x.run_dir = recorded.dir;
		x.missing = recorded.missing;
		x.trial.error = (char *)(gpointer)(guintptr) "not asked for";
		x.seen = recorded.seen;
	}
	cell = story_cell_json(&(struct story_source){.model = m,
						      .cell = c,
						      .seen = &recorded.seen,
						      .explanation = x.finding ? &x : NULL,
						      .packed = true,
						      .vpn = vpn_of(b)});
	object_free(x.fix);
	finding_free(x.finding);
	recorded_clear(&recorded);
	return cell;
}

json_t *storybook_explained(const storybook *b, const explanation *x, const struct cell *c,
			    bool packed)
{
	const struct trial *t = &x->trial;
	json_t *cell = story_cell_json(&(struct story_source){.model = x->model,
							      .cell = c,
							      .seen = &x->seen,
							      .explanation = x,
							      .packed = packed,
							      .vpn = vpn_of(b)}),
	       *with;

	if (!t->made || !t->after || !x->fix)
		return cell;
	with = story_cell_json(&(struct story_source){.model = t->network,
						      .cell = t->after,
						      .seen = &t->seen,
						      .packed = packed,
						      .vpn = vpn_of(b)});
	json_object_set_new(cell, "trial", story_trial_json(t, x->fix, with));
	return cell;
}

json_t *storybook_nodes(const storybook *b, finished *run, const char *scenario)
{
	const model *m = versus_model(b->versus, scenario);
	g_autoptr(netstate) state = m ? finished_state(run, scenario) : NULL;

	return m ? story_nodes_json(m, state) : NULL;
}
