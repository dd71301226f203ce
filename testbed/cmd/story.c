/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/story.h"

#include "common/base/files.h"
#include "testbed/explain/storybook.h"
#include "testbed/report/page.h"
#include "testbed/report/story_json.h"

#include <string.h>

/* Finishes the page (taken over) with the lessons and writes it to o->html.  Returns the exit code.
 */
static int write_page(page *p, json_t *index, const struct options *o)
{
	json_auto_t *whole = json_copy(index), *lessons = cmd_shipped_lessons();
	g_autoptr(GString) html = NULL;
	g_autoptr(GError) error = NULL;

	if (lessons)
		json_object_set(whole, "lessons", lessons);
	html = page_finish(p, whole, NULL);
	if (files_replace(o->html, html->str, (gssize)html->len, &error))
		return CMD_AS_EXPECTED;
	return cmd_fail(CMD_INTERNAL, "%s", error->message);
}

/* Adds a part (taken over; NULL: nothing) to the page. */
static void add_part(page *p, enum page_part part, const char *name, json_t *value)
{
	if (value)
		page_add(p, part, name, value);
	json_decref(value);
}

/* --- a whole run ------------------------------------------------------------------------------ */

model *cmd_run_topology(const finished *run, const struct options *o)
{
	struct options own = *o;
	model *m;

	own.quiet = TRUE;
	own.topology = own.topology ? own.topology : run->results->topology_file;
	own.changes = run->results->changes;
	m = cmd_topology_load(&own);
	if (!m && !o->topology)
		cmd_note_elsewhere(own.topology, run->results->run_id);
	if (!m || finished_is_of(run, m, own.changes))
		return m;
	cmd_error("%s is not what run %s ran: name the file by -t",
		  own.topology ? own.topology : "the reference topology", run->results->run_id);
	model_free(m);
	return NULL;
}

int cmd_story_page(finished *run, const struct options *o)
{
	const struct storybook_about about = {.results = run->results,
					      .changes = run->results->changes,
					      .started_us = run->started_us};
	g_autoptr(model) m = cmd_run_topology(run, o);
	g_autoptr(storybook) book = m ? storybook_new(m, &about) : NULL;
	json_auto_t *index = book ? storybook_index(book) : NULL;
	page *p;

	if (!index)
		return CMD_INPUT;
	p = page_new();
	ptr_array_foreach(const struct scenario_result, s, run->results->scenarios) {
		ptr_array_foreach(const struct cell, c, s->cells)
			add_part(p, PAGE_CELL, c->id, storybook_cell(book, run, c));
		add_part(p, PAGE_NODES, s->name, storybook_nodes(book, run, s->name));
	}
	return write_page(p, index, o);
}

/* --- one cell --------------------------------------------------------------------------------- */

/* Writes the whole document to o->story: the index with the cell and the nodes in it.  Takes over
 * both.  Returns the exit code. */
static int write_story(json_t *index, const char *id, json_t *cell, json_t *nodes,
		       const struct options *o)
{
	json_t *scenario = json_array_get(json_object_get(index, "scenarios"), 0);

	json_object_set_new(scenario, "nodes", nodes);
	json_object_set_new(index, "cells", json_pack("{s:o}", id, cell));
	return cmd_write_document(o->story, index, 1);
}

/* Those of `all` that are of the cell's scenario, with `c` as its only cell. */
static results *results_of_cell(const results *all, const struct cell *c, const char *lab_name)
{
	json_auto_t *document = report_results_json(all, true);
	json_t *scenarios = json_object_get(document, "scenarios");

	for (size_t i = json_array_size(scenarios); i-- > 0;) {
		json_t *scenario = json_array_get(scenarios, i);

		if (member_is(scenario, "name", c->scenario))
			json_object_set_new(scenario, "cells",
					    json_pack("[o]", report_cell_json(c)));
		else
			json_array_remove(scenarios, i);
	}
	if (lab_name) /* nothing was run but the call */
		json_object_set_new(json_object_get(document, "run"), "id", json_string(lab_name));
	return report_results_parse(document, NULL);
}

results *cmd_explained_results(const explanation *x, const struct storied *told)
{
	const results *all =
		told->run ? told->run->results : ((const matrix_selection *)x->selection)->results;

	return results_of_cell(all, told->cell ? told->cell : x->cell, x->lab);
}

int cmd_story_explained(const explanation *x, const struct storied *told, const struct options *o)
{
	const struct cell *c = told->cell ? told->cell : x->cell;
	g_autoptr(results) r = o->html || o->story ? cmd_explained_results(x, told) : NULL;
	const struct storybook_about about = {.results = r,
					      .changes = o->changes,
					      .started_us = told->run ? told->run->started_us :
									g_get_real_time()};
	g_autoptr(storybook) book = r ? storybook_new(told->base, &about) : NULL;
	json_auto_t *index = book ? storybook_index(book) : NULL, *nodes = NULL;
	int status = CMD_AS_EXPECTED;

	if (!o->html && !o->story)
		return CMD_AS_EXPECTED;
	if (!index)
		return cmd_fail(CMD_INTERNAL, "no story: no results");
	nodes = story_nodes_json(x->model, x->seen.state);
	if (o->html) {
		page *p = page_new();

		add_part(p, PAGE_CELL, c->id, storybook_explained(book, x, c, true));
		add_part(p, PAGE_NODES, c->scenario, json_incref(nodes));
		status = write_page(p, index, o);
	}
	if (status == CMD_AS_EXPECTED && o->story)
		status = write_story(index, c->id, storybook_explained(book, x, c, false),
				     json_incref(nodes), o);
	return status;
}
