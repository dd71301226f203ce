/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/progress.h"

#include <math.h>
#include <string.h>

#define BAR_COLUMNS 24

/* How many cells of a scenario there are, have ended, and ended how. */
struct tally {
	guint cells, done, pass, fail, error, differ;
};

static struct tally tally_of(const struct scenario_result *s)
{
	struct tally t = {.cells = s->cells->len};

	ptr_array_foreach(const struct cell, c, s->cells) {
		if (!c->done)
			continue;
		t.done++;
		t.pass += c->verdict == VERDICT_PASS;
		t.fail += c->verdict == VERDICT_FAIL;
		t.error += c->verdict == VERDICT_ERROR;
		t.differ += !c->as_expected;
	}
	return t;
}

/* Appends a bar that shows how many cells have ended, red once one was not as expected. */
static void append_bar(const struct tally *t, const struct report_style *style, GString *out)
{
	guint full = t->cells > 0 ? BAR_COLUMNS * t->done / t->cells : 0;
	g_autoptr(GString) bar = g_string_new(NULL);

	for (guint i = 0; i < full; i++)
		g_string_append(bar, style->utf8 ? "\u2501" : "#");
	ink_append(out, style, t->differ > 0 ? INK_BAD : INK_GOOD, bar->str, 0);
	g_string_truncate(bar, 0);
	for (guint i = full; i < BAR_COLUMNS; i++)
		g_string_append(bar, style->utf8 ? "\u2500" : ".");
	ink_append(out, style, INK_DIM, bar->str, 0);
}

/* The width of the longest scenario name, at most 24. */
static guint name_width(const results *r)
{
	guint width = 0;

	for (guint i = 0; i < r->scenarios->len; i++)
		width = MAX(
			width,
			(guint)strlen(((struct scenario_result *)r->scenarios->pdata[i])->name));
	return MIN(width, 24);
}

/* What the scenario's lab is doing as long as no cell has ended; "" later. */
static const char *stage_of(const struct scenario_result *s, const struct tally *t)
{
	if (s->error)
		return "  lab failed";
	if (isnan(s->build_ms) || s->build_ms <= 0)
		return t->done == 0 ? "  building" : "";
	return t->done == 0 ? "  signing in" : "";
}

guint report_progress(const results *r, const struct report_style *style, double elapsed_ms,
		      GString *out)
{
	guint width = name_width(r);

	for (guint i = 0; i < r->scenarios->len; i++) {
		const struct scenario_result *s = r->scenarios->pdata[i];
		struct tally t = tally_of(s);
		g_autofree char *name = g_strndup(s->name, width);
		g_autofree char *differ =
			t.differ > 0 ? g_strdup_printf("  %u differ", t.differ) : g_strdup("");

		ink_append(out, style, INK_BOLD, name, width + 1);
		append_bar(&t, style, out);
		g_string_append_printf(out, " %3u/%u%s", t.done, t.cells, stage_of(s, &t));
		ink_append(out, style, INK_ALARM, differ, 0);
		if (i + 1 == r->scenarios->len)
			g_string_append_printf(out, "  %.1f s", elapsed_ms / 1000.0);
		g_string_append_c(out, '\n');
	}
	return r->scenarios->len;
}
