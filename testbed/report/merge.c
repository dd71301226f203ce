/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/merge.h"

#include "testbed/report/merge_index.h"

#include <math.h>
#include <string.h>

static const struct object_shape merge_run_shape =
	OBJECT_SHAPE(merge_run, NULL, OWNS_TEXT(merge_run, name), OWNS(merge_run, run, json_decref),
		     OWNS(merge_run, topology, json_decref));

static const struct object_shape merge_shape =
	OBJECT_SHAPE(merge, NULL, OWNS_LIST(merge, runs, object_free),
		     OWNS_LIST(merge, lost, g_free), OWNS_LIST(merge, scenarios, object_free),
		     OWNS_TABLE(merge, scenario_at), OWNS_TABLE(merge, cell_at));

merge *merge_new(void)
{
	merge *m = object_new(&merge_shape);

	m->scenario_at = g_hash_table_new(g_str_hash, g_str_equal);
	m->cell_at = g_hash_table_new(g_str_hash, g_str_equal);
	return m;
}

/* --- adding a run ----------------------------------------------------------------------------- */

static guint shard_member(const struct merge_run *r, const char *key)
{
	return (guint)MIN(member_count(json_object_get(r->run, "shard"), key), G_MAXUINT);
}

/* Whether the run is of the same matrix as those before it. */
static bool check_same_matrix(const merge *m, const struct merge_run *r, GError **error)
{
	const struct merge_run *first = m->runs->len > 0 ? m->runs->pdata[0] : r;
	guint shards = shard_member(r, "count"), cells = shard_member(r, "cells");

	if (!member_is(r->topology, "sha256", member_text(first->topology, "sha256")))
		return tb_error_set(error, TB_ERROR_INPUT,
				    "it ran another topology than '%s', or another text of it",
				    first->name);
	if (!json_equal(json_object_get(r->run, "changes"),
			json_object_get(first->run, "changes")) &&
	    json_object_get(r->run, "changes") != json_object_get(first->run, "changes"))
		return tb_error_set(error, TB_ERROR_INPUT,
				    "it ran with other changes (-c) than '%s'", first->name);
	if (shards > 0 && (r->shard == 0 || r->shard > shards))
		return tb_error_set(error, TB_ERROR_INPUT, "shard %u of %u: there is none",
				    r->shard, shards);
	if (shards > 0 && m->shards > 0 && (shards != m->shards || cells != m->cells))
		return tb_error_set(error, TB_ERROR_INPUT,
				    "it is a shard of another matrix: of %u with %u cells, not of "
				    "%u with %u",
				    shards, cells, m->shards, m->cells);
	return true;
}

/* The scenario of that name, which is made from `like` when it is new. */
static struct merge_scenario *scenario_like(merge *m, const struct merge_scenario *like)
{
	guint at = GPOINTER_TO_UINT(g_hash_table_lookup(m->scenario_at, like->name));
	struct merge_scenario *s;

	if (at > 0)
		return m->scenarios->pdata[at - 1];
	s = merge_scenario_new();
	s->name = g_strdup(like->name);
	json_object_update(s->head, like->head);
	g_ptr_array_add(m->scenarios, s);
	g_hash_table_insert(m->scenario_at, s->name, GUINT_TO_POINTER(m->scenarios->len));
	return s;
}

/* Adds what another run tells of a scenario: the longest build, and an error that is one's. */
static void add_head(struct merge_scenario *s, const struct merge_scenario *other)
{
	double build_ms = member_number(other->head, "build_ms");

	if (build_ms > member_number(s->head, "build_ms"))
		json_object_set_new(s->head, "build_ms", json_real(build_ms));
	if (!member_text(s->head, "error") && member_text(other->head, "error"))
		json_object_set(s->head, "error", json_object_get(other->head, "error"));
}

/* Takes the text of the cell over.  A verdict replaces an earlier one; no verdict replaces none. */
static void add_cell(merge *m, struct merge_scenario *s, struct merge_cell *c)
{
	guint at = GPOINTER_TO_UINT(g_hash_table_lookup(m->cell_at, c->id));
	struct merge_cell *before = at > 0 && at <= s->cells->len ?
					    &g_array_index(s->cells, struct merge_cell, at - 1) :
					    NULL;

	if (!before || !g_str_equal(before->id, c->id)) {
		g_array_append_val(s->cells, *c);
		g_hash_table_replace(m->cell_at, c->id, GUINT_TO_POINTER(s->cells->len));
		c->id = NULL;
		return;
	}
	m->twice += c->done && before->done;
	if (!c->done)
		return;
	c->number = c->number > 0 ? c->number : before->number;
	g_free(c->id);
	c->id = before->id;
	*before = *c;
	c->id = NULL;
}

static void add_scenario_cells(merge *m, struct merge_run *r, struct merge_scenario *from)
{
	struct merge_scenario *s = scenario_like(m, from);

	add_head(s, from);
	for (guint i = 0; i < from->cells->len; i++) {
		struct merge_cell *c = &g_array_index(from->cells, struct merge_cell, i);

		c->run = m->runs->len;
		r->cells += c->done;
		add_cell(m, s, c);
	}
}

bool merge_add(merge *m, const char *name, const char *bytes, gsize length, GError **error)
{
	struct merge_document *document = merge_document_new(bytes, length, error);

	return document && merge_add_document(m, name, document, error);
}

bool merge_add_document(merge *m, const char *name, struct merge_document *document, GError **error)
{
	struct merge_run *r = object_new(&merge_run_shape);

	r->name = g_strdup(name);
	r->run = json_incref(document->run);
	r->topology = json_incref(document->topology);
	r->shard = shard_member(r, "index");
	if (!check_same_matrix(m, r, error)) {
		object_free(document);
		object_free(r);
		return false;
	}
	if (r->shard > 0) {
		m->shards = shard_member(r, "count");
		m->cells = shard_member(r, "cells");
	}
	ptr_array_foreach(struct merge_scenario, s, document->scenarios)
		add_scenario_cells(m, r, s);
	g_ptr_array_add(m->runs, r);
	object_free(document);
	return true;
}

/* --- order ------------------------------------------------------------------------------------ */

/* Cells whose place is not known come last, in the order in which they were added. */
static guint place_of(const struct merge_cell *c)
{
	return c->number > 0 ? c->number : G_MAXUINT;
}

static gint by_place(gconstpointer a, gconstpointer b)
{
	guint x = place_of(a), y = place_of(b);

	return (x > y) - (x < y);
}

/* A scenario is where its first cell is. */
static gint by_first_cell(gconstpointer a, gconstpointer b)
{
	const struct merge_scenario *x = *(const struct merge_scenario *const *)a,
				    *y = *(const struct merge_scenario *const *)b;

	if (x->cells->len == 0 || y->cells->len == 0)
		return (x->cells->len == 0) - (y->cells->len == 0);
	return by_place(x->cells->data, y->cells->data);
}

void merge_end(merge *m)
{
	g_hash_table_remove_all(m->cell_at); /* places change */
	g_hash_table_remove_all(m->scenario_at);
	ptr_array_foreach(const struct merge_scenario, s, m->scenarios)
		g_array_sort(s->cells, by_place);
	g_ptr_array_sort(m->scenarios, by_first_cell);
}

/* --- what there is ---------------------------------------------------------------------------- */

struct results_summary merge_summarise(const merge *m)
{
	struct results_summary sum = {0};
	guint done = 0;

	ptr_array_foreach(const struct merge_scenario, s, m->scenarios) {
		array_foreach(const struct merge_cell, c, s->cells) {
			sum.cells++;
			done += c->done;
			sum.passed += c->done && c->verdict == VERDICT_PASS;
			sum.failed += c->done && c->verdict == VERDICT_FAIL;
			sum.errors += c->done && c->verdict == VERDICT_ERROR;
			sum.unexpected += c->done && !c->as_expected;
		}
	}
	sum.cells = MAX(sum.cells, m->cells);
	sum.not_run = sum.cells - done;
	return sum;
}

bool merge_has_shard(const merge *m, guint shard)
{
	ptr_array_foreach(const struct merge_run, r, m->runs)
		if (r->shard == shard)
			return true;
	return false;
}

guint merge_shard_cells(const merge *m, guint shard)
{
	return m->cells / m->shards + (shard <= m->cells % m->shards);
}

void merge_add_lost(merge *m, const char *name)
{
	g_ptr_array_add(m->lost, g_strdup(name));
}

bool merge_is_complete(const merge *m)
{
	return m->lost->len == 0 && merge_summarise(m).not_run == 0;
}

const struct merge_cell *merge_first_failed(const merge *m)
{
	const struct merge_cell *first = NULL;

	ptr_array_foreach(const struct merge_scenario, s, m->scenarios) {
		array_foreach(const struct merge_cell, c, s->cells) {
			if (!c->done || c->verdict != VERDICT_FAIL)
				continue;
			if (!c->as_expected)
				return c;
			first = first ? first : c;
		}
	}
	return first;
}

const char *merge_run_name(const merge *m, guint run)
{
	return ((const struct merge_run *)m->runs->pdata[run])->name;
}

/* --- text ------------------------------------------------------------------------------------- */

#define IDS_MAX 5 /* of cells that were not run, in the text */

/* Appends "cell", or "cells" with the number before it. */
static void append_count(GString *out, guint n, const char *what)
{
	g_string_append_printf(out, "%u %s%s", n, what, n == 1 ? "" : "s");
}

/* Appends the shards that no run is of. */
static void append_missing_shards(const merge *m, GString *out)
{
	for (guint i = 1; i <= m->shards; i++) {
		if (merge_has_shard(m, i) || merge_shard_cells(m, i) == 0)
			continue;
		g_string_append_printf(out, "missing: shard %u/%u with ", i, m->shards);
		append_count(out, merge_shard_cells(m, i), "cell");
		g_string_append_printf(out, "; 'run matrix --shard %u/%u' runs it\n", i, m->shards);
	}
}

/* Appends how many cells a run has not placed, and the first of them. */
static void append_not_run(const merge *m, guint run, GString *out)
{
	const struct merge_run *r = m->runs->pdata[run];
	g_autoptr(GString) ids = g_string_new(NULL);
	guint n = 0;

	ptr_array_foreach(const struct merge_scenario, s, m->scenarios) {
		array_foreach(const struct merge_cell, c, s->cells) {
			if (c->run != run || c->done)
				continue;
			if (n++ < IDS_MAX)
				g_string_append_printf(ids, "%s%s", n > 1 ? ", " : "", c->id);
		}
	}
	if (n == 0)
		return;
	g_string_append_printf(out, "not run by '%s': ", r->name);
	append_count(out, n, "cell");
	g_string_append_printf(out, ": %s%s\n", ids->str, n > IDS_MAX ? ", ..." : "");
}

void merge_text(const merge *m, GString *out)
{
	append_count(out, m->runs->len, "run");
	g_string_append(out, " merged");
	if (m->shards > 0)
		g_string_append_printf(out, ", of a matrix in %u shards", m->shards);
	if (m->twice > 0) {
		g_string_append(out, "; of ");
		append_count(out, m->twice, "cell");
		g_string_append(out, " that two have the later one counts");
	}
	g_string_append_c(out, '\n');
	for (guint i = 0; i < m->lost->len; i++)
		g_string_append_printf(out, "missing: '%s', of which nothing can be read\n",
				       (const char *)m->lost->pdata[i]);
	append_missing_shards(m, out);
	for (guint i = 0; i < m->runs->len; i++)
		append_not_run(m, i, out);
}
