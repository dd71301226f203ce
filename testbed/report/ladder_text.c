/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/ladder_text.h"

#include <string.h>

#define TIME_COLUMNS 8

/* A drawing.  A `row` is a line of LADDER_COLUMNS characters and a NUL, filled step by step. */
struct ladder_drawing {
	const ladder *l;
	guint width; /* of a lane */
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
	memset(row, ' ', LADDER_COLUMNS);
	row[LADDER_COLUMNS] = '\0';
	for (guint i = 0; i < d->l->lanes->len; i++)
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

/* Writes text over the bars; moves it to the left where it does not fit, and cuts what is still too
 * long. */
static void row_text(char row[static LADDER_COLUMNS + 1], guint at, const char *text)
{
	guint length = (guint)strlen(text), columns = LADDER_COLUMNS - TIME_COLUMNS;

	length = MIN(length, columns);
	at = MIN(at, LADDER_COLUMNS - length);
	memcpy(row + at, text, length);
	if (at > TIME_COLUMNS)
		row[at - 1] = ' ';
	if (at + length < LADDER_COLUMNS)
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
	row_bars(d, row);
	row_time(d, r, row);
	if (!r->lost && length + 6 <= MAX(from, to) - MIN(from, to)) {
		row_arrow(row, from, to, false);
		row_text(row, (from + to) / 2 - (guint)length / 2, words);
	} else {
		row_text(row, MIN(from, to) + 2, words);
		row_out(d, row);
		row_bars(d, row);
		row_arrow(row, from, to, r->lost);
	}
	row_out(d, row);
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

/* Appends a text that is no message between lanes, over several lines if it is long. */
static void draw_remark(const struct ladder_drawing *d, const struct rung *r)
{
	const char *rest = r->label;
	char row[LADDER_COLUMNS + 1];

	for (bool more = false; *rest; more = true) {
		g_autofree char *line = take_line_of_text(&rest, LADDER_COLUMNS - TIME_COLUMNS - 2);

		row_bars(d, row);
		if (!more)
			row_time(d, r, row);
		row_text(row, TIME_COLUMNS + (more ? 2 : 0), line);
		row_out(d, row);
	}
}

/* Appends the line with the lanes' names. */
static void draw_names(const struct ladder_drawing *d)
{
	char row[LADDER_COLUMNS + 1];

	memset(row, ' ', LADDER_COLUMNS);
	row[LADDER_COLUMNS] = '\0';
	memcpy(row + 4, "ms", 2);
	for (guint i = 0; i < d->l->lanes->len; i++) {
		const char *name = d->l->lanes->pdata[i];
		guint length = MIN((guint)strlen(name), d->width - 1);

		memcpy(row + lane_column(d, i) - MIN(length / 2, d->width / 2), name, length);
	}
	row_out(d, row);
}

void ladder_text(const ladder *l, GString *out)
{
	struct ladder_drawing d = {l, 0, out};

	if (l->rungs->len == 0 || l->lanes->len == 0)
		return;
	d.width = (LADDER_COLUMNS - TIME_COLUMNS) / l->lanes->len;
	g_string_append(
		out, "\nmessages (xN: N of them; X: lost; one media packet in 16 is recorded)\n");
	draw_names(&d);
	ptr_array_foreach(const struct rung, r, l->rungs)
		if (r->from && l->lanes->len > 1)
			draw_message(&d, r);
		else
			draw_remark(&d, r);
}
