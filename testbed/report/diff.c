/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/diff.h"

#include "testbed/report/diff_parts.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const struct diff_word diff_words[DIFF_COUNT] = {
	[DIFF_BROKE] = {"broke", "broke", INK_ALARM},
	[DIFF_MENDED] = {"mended", "mended", INK_GOOD},
	[DIFF_VERDICT] = {"verdict", "of another verdict", INK_BAD},
	[DIFF_PATH] = {"path", "over another path", INK_BOLD},
	[DIFF_CAUSE] = {"cause", "for another cause", INK_BOLD},
	[DIFF_QUALITY] = {"quality", "of other quality", INK_BOLD},
	[DIFF_ADDED] = {"added", "added", INK_DIM},
	[DIFF_REMOVED] = {"removed", "removed", INK_DIM},
	[DIFF_SAME] = {"same", "the same", INK_PLAIN},
};

/* A figure has moved when it did by more than both: the second is a share of the larger one.  By
 * G.107 a ms of delay costs at most 0.0071 of MOS, to which jitter comes, and a percent of loss 0.2
 * with the codecs' Bpl of 25.1. */
const struct diff_figure diff_figures[DIFF_FIGURES] = {
	{"delay_ms", "delay", " ms", offsetof(struct cell_quality, delay_ms), 30.0, 0.25, 0, 1, 0},
	{"rtt_ms", "rtt", " ms", offsetof(struct cell_quality, rtt_ms), 30.0, 0.25, 0, 1, 0},
	{"jitter_ms", "jitter", " ms", offsetof(struct cell_quality, jitter_ms), 15.0, 0.25, 0, 1,
	 0},
	{"loss_pct", "loss", " %", offsetof(struct cell_quality, loss_pct), 1.0, 0.25, 1, 0, 1},
	{"mos", "MOS", "", offsetof(struct cell_quality, mos), 0.3, 0.0, 1, 0.008, 0.2},
};

double diff_figure_of(const struct cell *c, const struct diff_figure *f)
{
	double figure;

	memcpy(&figure, (const char *)&c->quality + f->offset, sizeof figure);
	return figure;
}

/* How far the machine can have moved the figure of either side. */
static double moved_by_machine(const struct cell *c, const struct diff_figure *f)
{
	double lost_pct = 100.0 * (double)c->machine_lost / (double)MAX(c->quality.sent, 1);

	return f->by_ms * (double)c->machine_late_ms + f->by_loss * lost_pct;
}

bool diff_figure_moved(const struct diff_cell *d, const struct diff_figure *f)
{
	double x, y, by;

	if (!d->before || !d->after)
		return false;
	x = diff_figure_of(d->before, f);
	y = diff_figure_of(d->after, f);
	by = fabs(x - y) - moved_by_machine(d->before, f) - moved_by_machine(d->after, f);
	return !isnan(x) && !isnan(y) && by > f->least && by > f->share * MAX(x, y);
}

static bool is_disturbed(const struct cell *c)
{
	return c->machine_late_ms > 0 || c->machine_lost > 0;
}

static bool quality_moved(const struct diff_cell *d)
{
	for (guint i = 0; i < DIFF_FIGURES; i++)
		if (diff_figure_moved(d, &diff_figures[i]))
			return true;
	return d->before->quality.poor != d->after->quality.poor && !is_disturbed(d->before) &&
	       !is_disturbed(d->after);
}

static enum diff_kind kind_of(const struct diff_cell *d)
{
	const struct cell *x = d->before, *y = d->after;

	if (!x || !y)
		return x ? DIFF_REMOVED : DIFF_ADDED;
	if (x->verdict != y->verdict)
		return x->verdict == VERDICT_PASS ? DIFF_BROKE :
		       y->verdict == VERDICT_PASS ? DIFF_MENDED :
						    DIFF_VERDICT;
	if (x->path != y->path)
		return DIFF_PATH;
	if (g_strcmp0(x->cause, y->cause) != 0)
		return DIFF_CAUSE;
	return x->verdict == VERDICT_PASS && quality_moved(d) ? DIFF_QUALITY : DIFF_SAME;
}

/* The cells of a run that have a verdict: id -> cell, both borrowed. */
static GHashTable *cells_of(const results *r)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		ptr_array_foreach(struct cell, c, s->cells) {
			if (c->done)
				g_hash_table_insert(table, c->id, c);
		}
	}
	return table;
}

static void add_pair(diff *d, const struct cell *before, const struct cell *after)
{
	struct diff_cell pair = {.before = before, .after = after};

	pair.kind = kind_of(&pair);
	d->counts[pair.kind]++;
	if (pair.kind != DIFF_SAME)
		g_ptr_array_add(d->cells, g_memdup2(&pair, sizeof pair));
}

/* The cells of `r` with those of the same id in `others`; `only_missing`: those that have none. */
static void add_cells(diff *d, const results *r, GHashTable *others, bool only_missing)
{
	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		ptr_array_foreach(const struct cell, c, s->cells) {
			const struct cell *other = g_hash_table_lookup(others, c->id);

			if (!c->done || (only_missing && other))
				continue;
			if (only_missing)
				add_pair(d, c, NULL);
			else
				add_pair(d, other, c);
		}
	}
}

/* The array is sorted by a stable sort, so cells of one kind stay in their order. */
static gint compare_kinds(gconstpointer x, gconstpointer y)
{
	const struct diff_cell *const *a = x, *const *b = y;

	return (gint)(*a)->kind - (gint)(*b)->kind;
}

diff *diff_new(const results *before, const results *after)
{
	g_autoptr(GHashTable) first = cells_of(before), second = cells_of(after);
	diff *d = g_new0(diff, 1);

	d->before = before;
	d->after = after;
	d->cells = g_ptr_array_new_with_free_func(g_free);
	add_cells(d, after, first, false);
	add_cells(d, before, second, true);
	g_ptr_array_sort(d->cells, compare_kinds);
	return d;
}

void diff_free(diff *d)
{
	if (!d)
		return;
	g_ptr_array_unref(d->cells);
	g_free(d);
}

bool diff_is_empty(const diff *d)
{
	return d->cells->len == 0;
}

const char *diff_id(const struct diff_cell *d)
{
	return d->after ? d->after->id : d->before->id;
}

char *diff_came_out(const struct cell *c)
{
	if (!c)
		return g_strdup("not run");
	if (c->verdict == VERDICT_PASS)
		return g_strdup_printf("pass over %s", path_class_name(c->path));
	return g_strdup_printf("%s%s%s", verdict_name(c->verdict), c->cause ? " because of " : "",
			       c->cause ? c->cause : "");
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *side_json(const struct cell *c)
{
	json_t *object;

	if (!c)
		return json_null();
	object = json_pack("{s:s, s:s, s:s?}", "verdict", verdict_name(c->verdict), "path",
			   path_class_name(c->path), "cause", c->cause);
	for (guint i = 0; i < DIFF_FIGURES; i++)
		json_object_set_new(object, diff_figures[i].key,
				    report_figure_json(diff_figure_of(c, &diff_figures[i])));
	return object;
}

static json_t *cell_json(gconstpointer item)
{
	const struct diff_cell *d = item;

	return json_pack("{s:s, s:s, s:o, s:o}", "id", diff_id(d), "change",
			 diff_words[d->kind].name, "before", side_json(d->before), "after",
			 side_json(d->after));
}

json_t *diff_json(const diff *d)
{
	json_t *summary = json_object();

	for (guint i = 0; i < DIFF_COUNT; i++)
		json_object_set_new(summary, diff_words[i].name,
				    json_integer((json_int_t)d->counts[i]));
	return json_pack("{s:s, s:s?, s:s?, s:o, s:o}", "schema", DIFF_SCHEMA, "before",
			 d->before->run_id, "after", d->after->run_id, "cells",
			 report_list_json(d->cells, cell_json), "summary", summary);
}
