/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/text.h"

#include <string.h>

/* Theory of operation.
 *
 * A scenario is a triangle: every pair of endpoints has one place, in the row of the later and the
 * column of the earlier endpoint.  Endpoints of a site stand together, under its name.  A row has a
 * line for each medium that was run; audio and video share the line "A/V" when all their words in
 * the row are equal.  When the terminal is too narrow the triangle is cut into blocks of columns,
 * each with its own header.  Conferences follow, one line for each. */

#define NAME_MAX_COLUMNS 14
#define MEDIA_COLUMNS 6	    /* "video" and a blank */
#define CELL_COLUMNS_MIN 11 /* "tcp-relay!" and a blank */

/* One line of a row: a medium, or audio and video with equal results. */
struct grid_line {
	const char *label;
	enum media media;
};

/* One report_grid at work; the widths are in columns of the terminal. */
struct grid {
	const struct scenario_result *scenario;
	const struct report_style *style;
	GString *out;
	GPtrArray *endpoints; /* struct result_endpoint, those of one site together */
	GHashTable *cells;    /* "a b medium" and "b a medium" -> struct cell */
	guint name_columns, cell_columns, conference_columns;
};

/* The key of a cell in grid.cells; the caller frees it. */
static char *cell_key(const char *a, const char *b, enum media media)
{
	return g_strdup_printf("%s %s %d", a, b, (int)media);
}

/* Fills g->cells with all cells that are no conference. */
static void index_cells(struct grid *g)
{
	g->cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	ptr_array_foreach(struct cell, c, g->scenario->cells) {
		if (!c->b)
			continue;
		g_hash_table_insert(g->cells, cell_key(c->a, c->b, c->media), c);
		g_hash_table_insert(g->cells, cell_key(c->b, c->a, c->media), c);
	}
}

/* The cell of two endpoints, whoever calls; NULL: none was to run. */
static const struct cell *cell_at(const struct grid *g, const struct result_endpoint *a,
				  const struct result_endpoint *b, enum media media)
{
	g_autofree char *key = cell_key(a->name, b->name, media);

	return g_hash_table_lookup(g->cells, key);
}

/* Whether the endpoint takes part in a cell that is no conference. */
static bool has_cells(const struct scenario_result *s, const char *name)
{
	ptr_array_foreach(const struct cell, c, s->cells)
		if (c->b && (g_str_equal(c->a, name) || g_str_equal(c->b, name)))
			return true;
	return false;
}

/* Endpoints that have a cell, grouped by site, sites in the order of their first endpoint;
 * borrowed, the caller frees the array. */
static GPtrArray *endpoints_by_site(const results *r, const struct scenario_result *s)
{
	GPtrArray *sorted = g_ptr_array_new();

	for (guint i = 0; i < r->endpoints->len; i++) {
		struct result_endpoint *first = r->endpoints->pdata[i];

		if (g_ptr_array_find(sorted, first, NULL) || !has_cells(s, first->name))
			continue;
		g_ptr_array_add(sorted, first);
		for (guint k = i + 1; k < r->endpoints->len; k++) {
			struct result_endpoint *e = r->endpoints->pdata[k];

			if (first->site && g_strcmp0(e->site, first->site) == 0 &&
			    has_cells(s, e->name) && !g_ptr_array_find(sorted, e, NULL))
				g_ptr_array_add(sorted, e);
		}
	}
	return sorted;
}

/* Appends a name in `width` columns; of one that is too long the middle is a tilde, because names
 * that are alike differ at their ends. */
static void append_name(const struct grid *g, enum ink ink, const char *name, guint width)
{
	g_autofree char *cut = name_shortened(name, width - 1);

	ink_append(g->out, g->style, ink, cut, width);
}

/* Removes blanks at the end of the line, and ends it. */
static void end_grid_line(GString *out)
{
	while (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

static const struct result_endpoint *endpoint_at(const struct grid *g, guint index)
{
	return g->endpoints->pdata[index];
}

/* Appends a line of site names, each over its first column, then a line of endpoint names, for
 * columns `first` to `last` - 1. */
static void append_head(const struct grid *g, guint first, guint last)
{
	const char *site = NULL;

	ink_append(g->out, g->style, INK_PLAIN, "", g->name_columns + MEDIA_COLUMNS);
	for (guint i = first; i < last;) {
		guint end = i + 1;

		site = endpoint_at(g, i)->site;
		while (end < last && site && g_strcmp0(endpoint_at(g, end)->site, site) == 0)
			end++;
		append_name(g, INK_DIM, site ? site : "", (end - i) * g->cell_columns);
		i = end;
	}
	end_grid_line(g->out);
	ink_append(g->out, g->style, INK_PLAIN, "", g->name_columns + MEDIA_COLUMNS);
	for (guint i = first; i < last; i++)
		append_name(g, INK_BOLD, endpoint_at(g, i)->name, g->cell_columns);
	end_grid_line(g->out);
}

/* Whether audio and video have the same word in all columns of the row. */
static bool audio_equals_video(const struct grid *g, guint row, guint first, guint last)
{
	for (guint i = first; i < last; i++) {
		const struct cell *a =
			cell_at(g, endpoint_at(g, i), endpoint_at(g, row), MEDIA_AUDIO);
		const struct cell *v =
			cell_at(g, endpoint_at(g, i), endpoint_at(g, row), MEDIA_VIDEO);
		char word_a[CELL_WORD_MAX], word_v[CELL_WORD_MAX];

		if (!a != !v)
			return false;
		if (a && v && !g_str_equal(cell_word(a, word_a), cell_word(v, word_v)))
			return false;
	}
	return true;
}

/* Whether the row has a cell of that medium in these columns. */
static bool row_has(const struct grid *g, guint row, guint first, guint last, enum media media)
{
	for (guint i = first; i < last; i++) {
		if (cell_at(g, endpoint_at(g, i), endpoint_at(g, row), media))
			return true;
	}
	return false;
}

/* Appends one line of a row: `name` (maybe ""), the medium, and a word for each column. */
static void append_grid_line(const struct grid *g, const char *name, guint row, guint first,
			     guint last, const struct grid_line *line)
{
	append_name(g, INK_BOLD, name, g->name_columns);
	ink_append(g->out, g->style, INK_DIM, line->label, MEDIA_COLUMNS);
	for (guint i = first; i < last; i++) {
		const struct cell *c =
			cell_at(g, endpoint_at(g, i), endpoint_at(g, row), line->media);
		char word[CELL_WORD_MAX];

		ink_append(g->out, g->style, c ? cell_ink(c) : INK_PLAIN,
			   c ? cell_word(c, word) : "", g->cell_columns);
	}
	end_grid_line(g->out);
}

/* Appends the lines of one endpoint, for columns `first` to `last` - 1. */
static void append_grid_row(const struct grid *g, guint row, guint first, guint last)
{
	static const struct grid_line apart[] = {
		{"IM", MEDIA_IM}, {"audio", MEDIA_AUDIO}, {"video", MEDIA_VIDEO}};
	static const struct grid_line together[] = {{"IM", MEDIA_IM}, {"A/V", MEDIA_AUDIO}};
	bool alike = audio_equals_video(g, row, first, last) &&
		     row_has(g, row, first, last, MEDIA_AUDIO);
	const struct grid_line *lines = alike ? together : apart;
	guint n_lines = alike ? G_N_ELEMENTS(together) : G_N_ELEMENTS(apart);
	const char *name = endpoint_at(g, row)->name;

	for (guint i = 0; i < n_lines; i++) {
		if (!row_has(g, row, first, last, lines[i].media))
			continue;
		append_grid_line(g, name, row, first, last, &lines[i]);
		name = "";
	}
}

/* Appends columns `first` to `last` - 1 of the triangle; row R has the columns below R. */
static void append_block(const struct grid *g, guint first, guint last)
{
	append_head(g, first, last);
	for (guint row = first + 1; row < g->endpoints->len; row++)
		append_grid_row(g, row, first, MIN(last, row));
}

/* Sets the widths from the lengths of all names. */
static void measure_columns(struct grid *g)
{
	g->name_columns = 1;
	g->cell_columns = CELL_COLUMNS_MIN;
	for (guint i = 0; i < g->endpoints->len; i++)
		g->name_columns = MAX(g->name_columns, (guint)strlen(endpoint_at(g, i)->name) + 1);
	g->name_columns = MIN(g->name_columns, NAME_MAX_COLUMNS);
	g->cell_columns = MAX(g->cell_columns, g->name_columns);
	ptr_array_foreach(const struct cell, c, g->scenario->cells) {
		char word[CELL_WORD_MAX];

		g->cell_columns = MAX(g->cell_columns, (guint)strlen(cell_word(c, word)) + 1);
		if (c->conference)
			g->conference_columns =
				MAX(g->conference_columns, (guint)strlen(c->conference) + 1);
	}
}

/* Appends the triangle in blocks that fit the terminal. */
static void append_triangle(struct grid *g)
{
	guint n = g->endpoints->len;
	guint left = g->name_columns + MEDIA_COLUMNS;
	guint per_block =
		g->style->columns > left ? (g->style->columns - left) / g->cell_columns : 1;

	per_block = MAX(per_block, 1);
	for (guint first = 0; first + 1 < n; first += per_block) {
		if (first > 0)
			g_string_append_c(g->out, '\n');
		append_block(g, first, MIN(first + per_block, n - 1));
	}
}

/* "branch1 relay": a participant, and the path of its media where it is known. */
static void append_participant(const struct cell *c, guint i, GString *out)
{
	const struct cell_leg *leg = i < c->legs->len ? c->legs->pdata[i] : NULL;
	bool known = leg && leg->path != PATH_NONE && c->verdict == VERDICT_PASS;

	g_string_append_printf(out, "%s%s%s%s", i > 0 ? ", " : "",
			       (const char *)c->participants->pdata[i], known ? " " : "",
			       known ? path_word(leg->path) : "");
}

/* Appends the line of a conference: its result, and the participants with their paths. */
static void append_conference(const struct grid *g, const struct cell *c)
{
	g_autoptr(GString) who = g_string_new(NULL);
	char word[CELL_WORD_MAX];

	for (guint i = 0; i < c->participants->len; i++)
		append_participant(c, i, who);
	ink_append(g->out, g->style, INK_BOLD, "conference", 11);
	ink_append(g->out, g->style, INK_PLAIN, c->conference, g->conference_columns);
	ink_append(g->out, g->style, INK_DIM, c->media == MEDIA_IM_CONFERENCE ? "IM" : "A/V", 4);
	ink_append(g->out, g->style, cell_ink(c), cell_word(c, word), 7);
	ink_append(g->out, g->style, INK_DIM, who->str, 0);
	end_grid_line(g->out);
}

/* "* measured again, because this machine spoilt it: branch1-home1/audio (measured: 2), ...". */
static void append_measured_again(const struct grid *g)
{
	g_autoptr(GString) line = g_string_new("* measured again, because this machine spoilt it:");
	bool any = false;

	ptr_array_foreach(const struct cell, c, g->scenario->cells) {
		const char *id = strchr(c->id, '/');
		g_autofree char *item = NULL;

		if (!c->done || c->measured < 2)
			continue;
		item = g_strdup_printf("%s (measured: %u)", id ? id + 1 : c->id, c->measured);
		if (line->len + 2 + strlen(item) > g->style->columns) {
			g_string_append_printf(g->out, "%s%s\n", line->str, any ? "," : "");
			g_string_assign(line, " ");
		}
		g_string_append_printf(line, "%s %s", any && line->len > 1 ? "," : "", item);
		any = true;
	}
	if (any)
		g_string_append_printf(g->out, "%s\n", line->str);
}

void report_grid(const results *r, const struct scenario_result *s,
		 const struct report_style *style, GString *out)
{
	struct grid g = {
		.scenario = s, .style = style, .out = out, .endpoints = endpoints_by_site(r, s)};
	bool first = true;

	index_cells(&g);
	measure_columns(&g);
	ink_append(out, style, INK_BOLD, s->name, 0);
	g_string_append_printf(out, "%s%s\n", s->title ? ": " : "", s->title ? s->title : "");
	ink_rule(out, style);
	append_triangle(&g);
	ptr_array_foreach(const struct cell, c, s->cells) {
		if (c->b)
			continue;
		if (first && g.endpoints->len > 0)
			g_string_append_c(out, '\n');
		first = false;
		append_conference(&g, c);
	}
	append_measured_again(&g);
	g_hash_table_unref(g.cells);
	g_ptr_array_unref(g.endpoints);
}
