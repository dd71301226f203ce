/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/progress.h"

#include "testbed/report/wrap.h"

#include <math.h>
#include <string.h>

#define BAR_COLUMNS 24
#define BAR_COLUMNS_MIN 6
#define TAIL_COLUMNS 13 /* "  signing in " */
#define FAILURE_ROWS 3	/* of failures, at least, however many scenarios there are */
#define NAME_COLUMNS_MIN 10

struct progress {
	gint64 start_us;
	const results *runs; /* borrowed; NULL: none */
	GPtrArray *heard;    /* struct timeline_event of the call that runs */
	GPtrArray *failed;   /* struct cell, borrowed */
	GPtrArray *done;     /* char *: lines */
	char *stage;
	guint told_heard, told_done; /* that progress_lines has appended */
	bool told_stage;
};

static const struct object_shape progress_shape =
	OBJECT_SHAPE(progress, NULL, OWNS_LIST(progress, heard, object_free),
		     OWNS(progress, failed, g_ptr_array_unref), OWNS_LIST(progress, done, g_free),
		     OWNS_TEXT(progress, stage));

progress *progress_new(gint64 start_us)
{
	progress *p = object_new(&progress_shape);

	p->start_us = start_us;
	p->failed = g_ptr_array_new();
	return p;
}

void progress_runs(progress *p, const results *r)
{
	p->runs = r;
	g_ptr_array_set_size(p->heard, 0);
	g_ptr_array_set_size(p->failed, 0);
	p->told_heard = 0;
}

void progress_heard(progress *p, const char *agent, const json_t *event)
{
	g_ptr_array_add(p->heard, timeline_event_new(agent, (json_t *)(gpointer)(guintptr)event));
}

void progress_failed(progress *p, const struct cell *c)
{
	if (!g_ptr_array_find(p->failed, c, NULL))
		g_ptr_array_add(p->failed, (gpointer)(guintptr)c);
}

void progress_done(progress *p, const char *text)
{
	g_ptr_array_add(p->done, g_strdup(text));
}

void progress_stage(progress *p, const char *text)
{
	g_free(p->stage);
	p->stage = g_strdup(text);
	p->told_stage = false;
}

/* --- bars ------------------------------------------------------------------------------------- */

/* How many cells of a scenario there are, have ended, and ended how. */
struct tally {
	guint cells, done, failed, differ;
};

static struct tally tally_of(const struct scenario_result *s)
{
	struct tally t = {.cells = s->cells->len};

	ptr_array_foreach(const struct cell, c, s->cells) {
		if (!c->done)
			continue;
		t.done++;
		t.failed += c->verdict != VERDICT_PASS;
		t.differ += !c->as_expected;
	}
	return t;
}

/* Appends a bar that shows how many cells have ended, red once one was not as expected. */
static void append_bar(const struct tally *t, guint columns, const struct report_style *style,
		       GString *out)
{
	guint full = t->cells > 0 ? columns * t->done / t->cells : 0;
	g_autoptr(GString) bar = g_string_new(NULL);

	for (guint i = 0; i < full; i++)
		g_string_append(bar, style->utf8 ? "\u2501" : "#");
	ink_append(out, style, t->differ > 0 ? INK_BAD : INK_GOOD, bar->str, 0);
	g_string_truncate(bar, 0);
	for (guint i = full; i < columns; i++)
		g_string_append(bar, style->utf8 ? "\u2500" : ".");
	ink_append(out, style, INK_DIM, bar->str, 0);
}

/* The names of all scenarios in `width` columns, no two of them alike; free with g_strfreev. */
static char **short_names(const results *r, guint width)
{
	g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
	char **names = g_new0(char *, r->scenarios->len + 1);

	for (guint i = 0; i < r->scenarios->len; i++) {
		const struct scenario_result *s = r->scenarios->pdata[i];

		names[i] = name_shortened(s->name, width);
		if (g_hash_table_contains(taken, names[i])) {
			g_autofree char *number = g_strdup_printf("~%u", i + 1);
			int head = (int)width - (int)strlen(number);

			g_free(names[i]);
			names[i] = g_strdup_printf("%.*s%s", MAX(head, 0), s->name, number);
		}
		g_hash_table_add(taken, names[i]);
	}
	return names;
}

/* What the scenario's lab is doing as long as no cell has ended; "" later. */
static const char *stage_of(const struct scenario_result *s, const struct tally *t)
{
	if (s->error)
		return "lab failed";
	if (isnan(s->build_ms) || s->build_ms <= 0)
		return t->done == 0 ? "building" : "";
	return t->done == 0 ? "signing in" : "";
}

/* How a line is divided; all in columns. */
struct bar_layout {
	guint name, bar, digits;
};

static struct bar_layout layout_of(const results *r, guint columns)
{
	struct bar_layout l = {.name = 1, .digits = 1};
	guint fixed;

	ptr_array_foreach(const struct scenario_result, s, r->scenarios) {
		g_autofree char *number = g_strdup_printf("%u", s->cells->len);

		l.name = MAX(l.name, (guint)strlen(s->name));
		l.digits = MAX(l.digits, (guint)strlen(number));
	}
	fixed = 2 * l.digits + 3 + TAIL_COLUMNS;
	if (columns >= fixed + l.name + BAR_COLUMNS_MIN)
		l.bar = MIN(columns - fixed - l.name, BAR_COLUMNS);
	else
		l.name = MIN(l.name, MAX(columns - MIN(fixed, columns), NAME_COLUMNS_MIN));
	return l;
}

static void append_scenario(const struct scenario_result *s, const char *name,
			    const struct bar_layout *l, const struct report_style *style,
			    GString *out)
{
	struct tally t = tally_of(s);

	ink_append(out, style, INK_BOLD, name, l->name + 1);
	append_bar(&t, l->bar, style, out);
	g_string_append_printf(out, " %*u/%u", (int)l->digits, t.done, t.cells);
	if (t.differ > 0) {
		g_autofree char *differ = g_strdup_printf("%u differ", t.differ);

		g_string_append(out, "  ");
		ink_append(out, style, INK_ALARM, differ, 0);
	} else if (stage_of(s, &t)[0] != '\0') {
		g_string_append_printf(out, "  %s", stage_of(s, &t));
	}
	g_string_append_c(out, '\n');
}

/* How much a scenario is worth a row when there are too few: what runs, then what differs, then
 * what waits. */
static guint rank_of(const struct scenario_result *s)
{
	struct tally t = tally_of(s);

	return t.done > 0 && t.done < t.cells ? 3 : t.differ > 0 ? 2 : t.done < t.cells ? 1 : 0;
}

/* Appends the bars of at most `rows` scenarios, in the topology's order. */
static void append_bars(const results *r, const struct report_style *style, guint rows,
			GString *out)
{
	struct bar_layout l = layout_of(r, style->columns);
	g_auto(GStrv) names = short_names(r, l.name);
	g_autofree bool *shown = g_new0(bool, r->scenarios->len);
	guint n = 0;

	for (guint rank = 4; rank-- > 0;)
		for (guint i = 0; i < r->scenarios->len && n < rows; i++)
			if (rank_of(r->scenarios->pdata[i]) == rank)
				n += shown[i] = true;
	for (guint i = 0; i < r->scenarios->len; i++)
		if (shown[i])
			append_scenario(r->scenarios->pdata[i], names[i], &l, style, out);
	if (n < r->scenarios->len)
		g_string_append_printf(out, "and %u more scenarios\n", r->scenarios->len - n);
}

/* --- failures --------------------------------------------------------------------------------- */

/* Appends a failed cell and its cause, as far as it is known. */
static void append_failure(const struct cell *c, const struct report_style *style, GString *out)
{
	char word[CELL_WORD_MAX];

	ink_append(out, style, cell_ink(c), cell_word(c, word), 6);
	g_string_append_printf(out, " %s", c->id);
	if (c->cause || c->verdict == VERDICT_ERROR)
		g_string_append_printf(out, "  %s",
				       c->cause	 ? c->cause :
				       c->reason ? c->reason :
						   "");
	g_string_append_c(out, '\n');
}

/* Appends the last failures, in at most `rows` rows. */
static void append_failures(const progress *p, const struct report_style *style, guint rows,
			    GString *out)
{
	g_autoptr(GString) all = g_string_new(NULL), broken = g_string_new(NULL);
	const char *from;

	for (guint i = p->failed->len - MIN(p->failed->len, rows); i < p->failed->len; i++)
		append_failure(p->failed->pdata[i], style, all);
	wrap_lines(broken, all->str, (gssize)all->len, style->columns);
	from = broken->str + broken->len;
	for (guint n = 0; from > broken->str; from--)
		if (from[-1] == '\n' && n++ == rows)
			break;
	g_string_append(out, from);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Appends the sum over all scenarios, and how long it has taken. */
static void append_sum(const progress *p, double elapsed_s, GString *out)
{
	struct tally sum = {0};

	ptr_array_foreach(const struct scenario_result, s, p->runs->scenarios) {
		struct tally t = tally_of(s);

		sum.cells += t.cells;
		sum.done += t.done;
		sum.failed += t.failed;
	}
	g_string_append_printf(out, "%u of %u cells, %u fail, %.1f s\n", sum.done, sum.cells,
			       sum.failed, elapsed_s);
}

/* Whether a single call runs, whose events are shown. */
static bool is_one_call(const progress *p)
{
	return !p->runs ||
	       (p->runs->scenarios->len == 1 &&
		((const struct scenario_result *)p->runs->scenarios->pdata[0])->cells->len == 1);
}

/* What is done now; the caller frees it. */
static char *stage_text(const progress *p)
{
	const struct scenario_result *s = p->runs ? p->runs->scenarios->pdata[0] : NULL;
	struct tally t = {0};
	const char *doing;

	if (!s)
		return g_strdup(p->stage ? p->stage : "");
	t = tally_of(s);
	doing = t.done > 0		     ? "asking the kernels" :
		timeline_invite_us(p->heard) ? "calling" :
					       stage_of(s, &t);
	return p->stage ? g_strdup_printf("%s: %s", p->stage, doing) : g_strdup(doing);
}

/* Appends what is done and for how long: since the INVITE (0: none was sent yet), or since the
 * beginning. */
static void append_clock(const char *stage, gint64 invite_us, double elapsed_s, gint64 now_us,
			 const struct report_style *style, GString *out)
{
	g_autofree char *text = invite_us != 0 ?
					g_strdup_printf("%s, %.1f s after the INVITE", stage,
							(double)MAX(now_us - invite_us, 0) / 1e6) :
					g_strdup_printf("%s, %.1f s", stage, elapsed_s);

	ink_append(out, style, INK_DIM, text, 0);
	g_string_append_c(out, '\n');
}

void progress_draw(const progress *p, const struct report_style *style, guint rows, gint64 now_us,
		   GString *out)
{
	double elapsed_s = (double)(now_us - p->start_us) / 1e6;
	g_autofree char *stage = stage_text(p);
	guint scenarios, failures;

	for (guint i = 0; i < p->done->len; i++)
		g_string_append(out, p->done->pdata[i]);
	if (is_one_call(p)) {
		gint64 zero_us = timeline_invite_us(p->heard);

		ptr_array_foreach(const struct timeline_event, e, p->heard)
			report_timeline_event(e, zero_us, false, style, out);
		append_clock(stage, zero_us, elapsed_s, now_us, style, out);
		return;
	}
	if (p->stage) {
		ink_append(out, style, INK_DIM, p->stage, 0);
		g_string_append_c(out, '\n');
		rows -= MIN(rows, wrap_rows(p->stage, style->columns) + 1);
	}
	rows -= MIN(rows, 3); /* the sum, how many scenarios are left out, and the cursor */
	scenarios = p->runs->scenarios->len;
	failures =
		MIN(p->failed->len, MAX(rows - MIN(rows, scenarios), MIN(rows / 3, FAILURE_ROWS)));
	append_bars(p->runs, style, rows - failures, out);
	append_failures(p, style, failures, out);
	append_sum(p, elapsed_s, out);
}

void progress_lines(progress *p, const struct report_style *style, GString *out)
{
	gint64 zero_us = timeline_invite_us(p->heard);

	for (; p->told_done < p->done->len; p->told_done++)
		g_string_append(out, p->done->pdata[p->told_done]);
	if (p->stage && !p->told_stage)
		g_string_append_printf(out, "%s\n", p->stage);
	p->told_stage = true;
	for (; p->told_heard < p->heard->len; p->told_heard++)
		report_timeline_event(p->heard->pdata[p->told_heard], zero_us, false, style, out);
}
