/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/ladder_text.h"

#include "testbed/report/wrap.h"

#include <string.h>

#define TIME_COLUMNS 8
#define LANE_COLUMNS_MIN 4 /* a bar, and an arrow to the next one */

/* A drawing.  A `row` is a line of d->columns characters and a NUL, filled step by step. */
struct ladder_drawing {
	const ladder *l;
	guint columns;
	guint width; /* of a lane */
	guint lanes; /* that are drawn; 0: there is no room for them */
	GString *out;
};

/* The column of a lane's bar. */
static guint lane_column(const struct ladder_drawing *d, guint lane)
{
	return TIME_COLUMNS + d->width / 2 + lane * d->width;
}

/* Lane of a node; the number of lanes when it has none. */
static guint lane_of(const struct ladder_drawing *d, const char *node)
{
	guint i = 0;

	while (i < d->l->lanes->len && d->l->lanes->pdata[i] != node)
		i++;
	return i;
}

/* Clears the row and draws the bars of all lanes. */
static void row_bars(const struct ladder_drawing *d, char row[static LADDER_COLUMNS + 1])
{
	memset(row, ' ', d->columns);
	row[d->columns] = '\0';
	for (guint i = 0; i < d->lanes; i++)
		row[lane_column(d, i)] = '|';
}

/* Writes the time since the first rung, in milliseconds, at the left. */
static void row_time(const struct ladder_drawing *d, const struct rung *r,
		     char row[static LADDER_COLUMNS + 1])
{
	const struct rung *zero = d->l->rungs->pdata[0];
	char text[TIME_COLUMNS + 1];

	g_snprintf(text, sizeof text, "%6.0f", (double)(r->time_ns - zero->time_ns) / 1e6);
	memcpy(row, text, strlen(text));
}

/* Writes a line of text over the bars; moves it to the left where it does not fit. */
static void row_text(const struct ladder_drawing *d, char row[static LADDER_COLUMNS + 1], guint at,
		     const char *text)
{
	guint length = (guint)strlen(text);

	at = MIN(at, d->columns - length);
	memcpy(row + at, text, length);
	if (at > TIME_COLUMNS)
		row[at - 1] = ' ';
	if (at + length < d->columns)
		row[at + length] = ' ';
}

/* Appends the row without blanks at its end; the row is spoilt. */
static void row_out(const struct ladder_drawing *d, char row[static LADDER_COLUMNS + 1])
{
	g_string_append(d->out, g_strchomp(row));
	g_string_append_c(d->out, '\n');
}

/* Draws an arrow between two columns; that of a lost packet ends half way, with an X. */
static void row_arrow(char row[static LADDER_COLUMNS + 1], guint from, guint to, bool lost)
{
	guint low = MIN(from, to) + 1, high = MAX(from, to) - 1, middle = (low + high) / 2;

	if (lost && from < to)
		high = middle;
	else if (lost)
		low = middle;
	memset(row + low, '-', high - low + 1);
	if (from < to)
		row[high] = lost ? 'X' : '>';
	else
		row[low] = lost ? 'X' : '<';
}

/* The text of a message: label, how many, and where the last one was seen if it was lost.  The
 * caller frees it. */
static char *rung_text(const struct rung *r)
{
	GString *text = g_string_new(r->label);

	if (r->count > 1)
		g_string_append_printf(text, " x%u", r->count);
	if (r->lost)
		g_string_append_printf(text, ", last at %s", r->lost);
	return g_string_free(text, FALSE);
}

/* Takes as many words as fit into `columns` from *text, at least one character; the caller frees
 * them. */
static char *take_line_of_text(const char **text, gsize columns)
{
	gsize length = strlen(*text), n = length;
	char *line;

	if (length > columns)
		for (n = columns; n > 0 && (*text)[n] != ' '; n--)
			;
	if (n == 0)
		n = columns;
	line = g_strndup(*text, n);
	*text += n;
	while (**text == ' ')
		(*text)++;
	return line;
}

/* Appends a text, over several lines where it is too long for one: the first with the time, and
 * what goes on indented by `indent`. */
static void draw_text(const struct ladder_drawing *d, const struct rung *r, const char *text,
		      guint at, guint indent)
{
	guint longest = d->columns - TIME_COLUMNS - 2;
	char row[LADDER_COLUMNS + 1];

	at = MIN(at, d->columns - MIN((guint)strlen(text), longest));
	for (bool more = false; *text; more = true) {
		g_autofree char *line = take_line_of_text(&text, longest);

		row_bars(d, row);
		if (!more)
			row_time(d, r, row);
		row_text(d, row, at + (more ? indent : 0), line);
		row_out(d, row);
	}
}

/* Appends a message: an arrow with its text on it or, when that does not fit or the message was
 * lost, above it.  One to an address that no node has points to the lane beside the sender's. */
static void draw_message(const struct ladder_drawing *d, const struct rung *r)
{
	guint a = lane_of(d, r->from), b = r->to ? lane_of(d, r->to) : a;
	guint from, to;
	char row[LADDER_COLUMNS + 1];
	g_autofree char *words = rung_text(r);
	gsize length = strlen(words);

	if (a == b)
		b = a + 1 < d->l->lanes->len ? a + 1 : a - 1;
	from = lane_column(d, a);
	to = lane_column(d, b);
	if (!r->lost && length + 6 <= MAX(from, to) - MIN(from, to)) {
		row_bars(d, row);
		row_time(d, r, row);
		row_arrow(row, from, to, false);
		row_text(d, row, (from + to) / 2 - (guint)length / 2, words);
	} else {
		draw_text(d, r, words, MIN(from, to) + 2, 0);
		row_bars(d, row);
		row_arrow(row, from, to, r->lost);
	}
	row_out(d, row);
}

/* Appends the names over their lanes, on as many lines as they need to stand apart; bars go on
 * under them. */
static void draw_names(const struct ladder_drawing *d)
{
	g_autofree bool *is_named = g_new0(bool, d->lanes + 1);
	guint left = d->lanes;

	for (bool first = true; first || left > 0; first = false) {
		guint end = 0; /* of the last name in the row */
		char row[LADDER_COLUMNS + 1];

		memset(row, ' ', d->columns);
		row[d->columns] = '\0';
		if (first)
			memcpy(row + 4, "ms", 2);
		for (guint i = 0; i < d->lanes; i++)
			row[lane_column(d, i)] = is_named[i] ? '|' : ' ';
		for (guint i = 0; i < d->lanes; i++) {
			const char *name = d->l->lanes->pdata[i];
			guint length = MIN((guint)strlen(name), d->columns - TIME_COLUMNS),
			      at = lane_column(d, i) - MIN(length / 2, d->width / 2);

			at = MIN(at, d->columns - length);
			if (is_named[i] || (end > 0 && at <= end))
				continue;
			memcpy(row + at, name, length);
			end = at + length;
			is_named[i] = true;
			left--;
		}
		row_out(d, row);
	}
}

/* Without room for lanes each message is a line of text. */
static void list_message(const struct ladder_drawing *d, const struct rung *r)
{
	g_autofree char *words = rung_text(r),
			*line = g_strdup_printf("%s > %s: %s", r->from,
						r->to ? r->to : "an address that nobody has",
						words);

	draw_text(d, r, line, TIME_COLUMNS, 2);
}

void ladder_text(const ladder *l, guint columns, GString *out)
{
	struct ladder_drawing d = {.l = l, .columns = MIN(columns, LADDER_COLUMNS), .out = out};

	if (l->rungs->len == 0 || l->lanes->len == 0)
		return;
	d.width = (d.columns - TIME_COLUMNS) / l->lanes->len;
	d.lanes = d.width < LANE_COLUMNS_MIN ? 0 : l->lanes->len;
	g_string_append_c(out, '\n');
	wrap_append(out, "messages (xN: N of them; X: lost; one media packet in 16 is recorded)", 0,
		    2, d.columns);
	draw_names(&d);
	ptr_array_foreach(const struct rung, r, l->rungs)
		if (!r->from)
			draw_text(&d, r, r->label, TIME_COLUMNS, 2);
		else if (d.lanes > 1)
			draw_message(&d, r);
		else
			list_message(&d, r);
}
