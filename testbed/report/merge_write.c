/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/merge.h"

#include <stdlib.h>
#include <string.h>

#define CELL_BYTES_MAX (16u * 1024u * 1024u) /* one has a few KiB */

/* --- the head of the document ----------------------------------------------------------------- */

/* Adds a feature's value to those of other runs: "wireguard, vxlan" when they differ. */
static void join_feature(json_t *features, const char *key, const json_t *value)
{
	const char *before = member_text(features, key), *other = json_string_value(value);
	g_auto(GStrv) known = g_strsplit(before ? before : "", ", ", 0);

	if (!other || g_strv_contains((const char *const *)(gpointer)known, other))
		return;
	json_object_set_new(features, key,
			    before ? json_sprintf("%s, %s", before, other) : json_string(other));
}

/* One run as the merged document names it. */
static json_t *run_of(const struct merge_run *r)
{
	json_t *one = json_object();

	json_object_set_new(one, "name", json_string(r->name));
	json_object_set(one, "id", json_object_get(r->run, "id"));
	json_object_set(one, "kernel", json_object_get(r->run, "kernel"));
	json_object_set(one, "version", json_object_get(r->run, "version"));
	json_object_set_new(one, "shard", r->shard > 0 ? json_integer(r->shard) : json_null());
	json_object_set_new(one, "cells", json_integer(r->cells));
	return one;
}

/* The member "run": that of the first run, with what they have together.  The caller owns it. */
static json_t *merged_run(const merge *m)
{
	const struct merge_run *first = m->runs->pdata[0];
	json_t *run = json_copy((json_t *)(gpointer)(guintptr)first->run),
	       *features = json_object(), *runs = json_array();
	double wall_ms = 0, build_ms = 0;

	ptr_array_foreach(const struct merge_run, r, m->runs) {
		const char *key;
		json_t *value;

		json_object_foreach(json_object_get(r->run, "features"), key, value)
			join_feature(features, key, value);
		wall_ms = MAX(wall_ms, member_number(r->run, "wall_ms"));
		build_ms = MAX(build_ms, member_number(r->run, "build_ms"));
		json_array_append_new(runs, run_of(r));
	}
	json_object_del(run, "shard");
	json_object_set_new(run, "wall_ms", json_real(wall_ms));
	json_object_set_new(run, "build_ms", json_real(build_ms));
	json_object_set_new(run, "features", features);
	json_object_set_new(run, "merged", runs);
	return run;
}

static json_t *summary_of(const merge *m)
{
	struct results_summary s = merge_summarise(m);

	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "cells", (int)s.cells, "passed",
			 (int)s.passed, "failed", (int)s.failed, "errors", (int)s.errors,
			 "unexpected", (int)s.unexpected, "not_run", (int)s.not_run);
}

/* --- writing ---------------------------------------------------------------------------------- */

struct writing {
	const struct merge_pieces *pieces;
	GByteArray *cell; /* the bytes of the cell that is copied */
	GError **error;
};

static bool put(const struct writing *w, const char *text, gsize length)
{
	return w->pieces->write(text, length, w->pieces->user_data, w->error);
}

static bool put_text(const struct writing *w, const char *text)
{
	return put(w, text, strlen(text));
}

/* Writes `before`, the value (taken over) and `after`. */
static bool put_value(const struct writing *w, const char *before, json_t *value, const char *after)
{
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
	bool ok = put_text(w, before) && put_text(w, text) && put_text(w, after);

	free(text);
	json_decref(value);
	return ok;
}

/* Reads the text of a cell into w->cell. */
static bool read_cell_text(const struct writing *w, const struct merge_cell *c)
{
	if (c->length > CELL_BYTES_MAX)
		return tb_error_set(w->error, TB_ERROR_INPUT,
				    "cell '%s' has %" G_GSIZE_FORMAT " bytes", c->id, c->length);
	g_byte_array_set_size(w->cell, (guint)c->length);
	return w->pieces->read(c->run, c->at, c->length, (char *)w->cell->data,
			       w->pieces->user_data, w->error);
}

/* Writes the head of a scenario, up to its cells. */
static bool put_scenario_head(const struct writing *w, const struct merge_scenario *s)
{
	const char *key, *join = "\n    {\n      ";
	json_t *value;

	json_object_foreach(s->head, key, value) {
		if (!put_text(w, join) || !put_value(w, "", json_string(key), ": ") ||
		    !put_value(w, "", json_incref(value), ""))
			return false;
		join = ",\n      ";
	}
	return put_text(w, ",\n      \"cells\": [");
}

static bool put_scenario(const struct writing *w, const struct merge_scenario *s)
{
	const char *join = "\n        ";

	if (!put_scenario_head(w, s))
		return false;
	array_foreach(const struct merge_cell, c, s->cells) {
		if (!c->done)
			continue;
		if (!read_cell_text(w, c) || !put_text(w, join) ||
		    !put(w, (const char *)w->cell->data, w->cell->len))
			return false;
		join = ",\n        ";
	}
	return put_text(w, "\n      ]\n    }");
}

static bool put_scenarios(const struct writing *w, const merge *m)
{
	const char *join = "";

	ptr_array_foreach(const struct merge_scenario, s, m->scenarios) {
		if (!put_text(w, join) || !put_scenario(w, s))
			return false;
		join = ",";
	}
	return true;
}

bool merge_write(const merge *m, const struct merge_pieces *pieces, GError **error)
{
	const struct merge_run *first = m->runs->pdata[0];
	g_autoptr(GByteArray) cell = g_byte_array_new();
	struct writing w = {pieces, cell, error};

	return put_value(&w, "{\n  \"schema\": ", json_string(REPORT_SCHEMA), "") &&
	       put_value(&w, ",\n  \"complete\": ", json_boolean(merge_is_complete(m)), "") &&
	       put_value(&w, ",\n  \"run\": ", merged_run(m), "") &&
	       put_value(&w, ",\n  \"topology\": ", json_incref(first->topology), "") &&
	       put_text(&w, ",\n  \"scenarios\": [") && put_scenarios(&w, m) &&
	       put_value(&w, "\n  ],\n  \"summary\": ", summary_of(m), "\n}\n");
}

/* --- typed results ---------------------------------------------------------------------------- */

/* The document without cells, as results; the caller frees them. */
static results *results_without_cells(const merge *m, GError **error)
{
	const struct merge_run *first = m->runs->pdata[0];
	json_t *scenarios = json_array();
	json_auto_t *document = NULL;

	ptr_array_foreach(const struct merge_scenario, s, m->scenarios) {
		json_t *head = json_copy(s->head);

		json_object_set_new(head, "cells", json_array());
		json_array_append_new(scenarios, head);
	}
	document = json_pack("{s:s, s:b, s:o, s:O, s:o}", "schema", REPORT_SCHEMA, "complete",
			     merge_is_complete(m), "run", merged_run(m), "topology",
			     first->topology, "scenarios", scenarios);
	return report_results_parse(document, error);
}

/* Makes a cell of its text and adds it. */
static bool add_typed_cell(const struct writing *w, const struct merge_cell *c,
			   struct scenario_result *to)
{
	json_auto_t *json = NULL;
	struct cell *cell;

	if (!read_cell_text(w, c))
		return false;
	json = json_loadb((const char *)w->cell->data, w->cell->len, 0, NULL);
	if (!json)
		return tb_error_set(w->error, TB_ERROR_INPUT, "cell '%s' is no JSON any more",
				    c->id);
	cell = report_cell_parse(json, to->name, w->error);
	if (cell)
		g_ptr_array_add(to->cells, cell);
	return cell != NULL;
}

results *merge_results(const merge *m, const struct merge_pieces *pieces,
		       bool (*wanted)(const struct merge_cell *), GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	struct writing w = {pieces, bytes, error};
	g_autoptr(results) r = results_without_cells(m, error);

	for (guint i = 0; r && i < m->scenarios->len; i++) {
		const struct merge_scenario *s = m->scenarios->pdata[i];

		array_foreach(const struct merge_cell, c, s->cells) {
			if ((!wanted || wanted(c)) &&
			    !add_typed_cell(&w, c, r->scenarios->pdata[i]))
				return NULL;
		}
	}
	return g_steal_pointer(&r);
}
