/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed between two runs. */
#include "testbed/report/diff.h"
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define RELAYED "missing-route/dc1-home1/audio"
#define FAILING "missing-route/branch1-home1/audio"
#define DIRECT "missing-route/dc1-branch1/audio"

static const char *const names[2] = {"before", "runs/after"};

/* One change of each kind, and one cell in each run that the other does not have. */
static void change_all(results *before, results *after)
{
	struct cell *c = sample_cell(after, RELAYED);

	c->verdict = VERDICT_FAIL;
	c->path = PATH_NONE;
	c->cause = g_strdup("FW_DROP");
	c = sample_cell(after, FAILING);
	c->verdict = VERDICT_PASS;
	c->path = PATH_UDP_RELAY;
	c = sample_cell(after, "missing-route/branch1-home1/video");
	c->verdict = VERDICT_ERROR;
	sample_cell(after, "missing-route/dc1-home1/video")->path = PATH_TCP_RELAY;
	c = sample_cell(after, "missing-route/branch1-home2/audio");
	g_free(c->cause);
	c->cause = g_strdup("NO_ROUTE");
	sample_cell(after, DIRECT)->quality.delay_ms = 95.0;
	sample_cell(before, DIRECT)->quality.delay_ms = 20.0;
	sample_cell(after, "persistent-route/dc1-branch1/im")->done = false;
	sample_cell(before, "persistent-route/dc1-branch1/video")->done = false;
}

Test(diff, every_kind)
{
	g_autoptr(results) before = sample_results(), after = sample_results();
	const struct report_style style = {.columns = 80};
	g_autoptr(GString) text = g_string_new(NULL), html = g_string_new(NULL);
	g_autoptr(diff) d = NULL;
	json_auto_t *document = NULL;
	g_autofree char *dumped = NULL;

	change_all(before, after);
	d = diff_new(before, after);
	cr_expect_not(diff_is_empty(d));
	for (enum diff_kind kind = 0; kind < DIFF_SAME; kind++)
		cr_expect_eq(d->counts[kind], 1u, "kind %d: %u", kind, d->counts[kind]);
	diff_text(d, names, NULL, &style, text);
	sample_compare_golden("diff.txt", text->str);
	document = diff_json(d);
	dumped = report_document_text(document, JSON_INDENT(1));
	sample_compare_golden("diff.json", dumped);
	diff_html(d, names, NULL, html);
	sample_compare_golden("diff.html", html->str);
}

Test(diff, a_run_and_itself)
{
	g_autoptr(results) r = sample_results();
	g_autoptr(diff) d = diff_new(r, r);
	g_autoptr(GString) text = g_string_new(NULL);
	const struct report_style style = {.columns = 80};

	cr_expect(diff_is_empty(d));
	diff_text(d, names, NULL, &style, text);
	cr_expect_str_eq(text->str, "62 cells in both: 62 the same\n");
}

/* What two runs of one network may differ by is the same; what is beyond is not. */
Test(diff, quality_beyond_noise)
{
	static const struct row {
		gsize figure;
		double before, after;
		guint64 late_ms, lost; /* by the machine, in the second run */
		enum diff_kind kind;
	} rows[] = {
		{offsetof(struct cell_quality, delay_ms), 1.0, 31.0, 0, 0, DIFF_SAME},
		{offsetof(struct cell_quality, delay_ms), 1.0, 32.0, 0, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, delay_ms), 200.0, 240.0, 0, 0, DIFF_SAME},
		{offsetof(struct cell_quality, delay_ms), 240.0, 150.0, 0, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, rtt_ms), 10.0, 70.0, 0, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, jitter_ms), 1.0, 15.0, 0, 0, DIFF_SAME},
		{offsetof(struct cell_quality, loss_pct), 0.0, 1.0, 0, 0, DIFF_SAME},
		{offsetof(struct cell_quality, loss_pct), 0.0, 1.1, 0, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, mos), 4.3, 4.1, 0, 0, DIFF_SAME},
		{offsetof(struct cell_quality, mos), 4.3, 3.9, 0, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, mos), 4.3, NAN, 0, 0, DIFF_SAME},
		/* what a busy machine has done, and what it can't have done */
		{offsetof(struct cell_quality, delay_ms), 1.0, 209.1, 250, 0, DIFF_SAME},
		{offsetof(struct cell_quality, delay_ms), 1.0, 400.0, 250, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, mos), 4.08, 3.44, 250, 0, DIFF_SAME},
		{offsetof(struct cell_quality, mos), 4.08, 3.44, 30, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, loss_pct), 0.0, 5.0, 250, 0, DIFF_QUALITY},
		{offsetof(struct cell_quality, loss_pct), 0.0, 5.0, 0, 5, DIFF_SAME},
		{offsetof(struct cell_quality, loss_pct), 0.0, 5.0, 0, 2, DIFF_QUALITY},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(results) before = sample_results(), after = sample_results();
		struct cell *c = sample_cell(after, DIRECT);
		g_autoptr(diff) d = NULL;

		G_STRUCT_MEMBER(double, &sample_cell(before, DIRECT)->quality, rows[i].figure) =
			rows[i].before;
		G_STRUCT_MEMBER(double, &c->quality, rows[i].figure) = rows[i].after;
		c->quality.sent = 100;
		c->machine_late_ms = rows[i].late_ms;
		c->machine_lost = rows[i].lost;
		d = diff_new(before, after);
		cr_expect_eq(d->counts[DIFF_QUALITY], rows[i].kind == DIFF_QUALITY ? 1u : 0u,
			     "row %u", i);
	}
}

/* A stream that became poor beside a late machine says nothing about the network. */
Test(diff, a_poor_call_on_a_busy_machine)
{
	for (guint64 late_ms = 0; late_ms <= 100; late_ms += 100) {
		g_autoptr(results) before = sample_results(), after = sample_results();
		struct cell *c = sample_cell(after, DIRECT);
		g_autoptr(diff) d = NULL;

		c->quality.poor = true;
		c->machine_late_ms = late_ms;
		d = diff_new(before, after);
		cr_expect_eq(d->counts[DIFF_QUALITY], late_ms ? 0u : 1u, "late by %u ms",
			     (guint)late_ms);
	}
}

Test(diff, texts_of_others_are_no_markup)
{
	g_autoptr(results) before = sample_results(), after = sample_results();
	struct cell *c = sample_cell(after, FAILING);
	g_autoptr(GString) html = g_string_new(NULL);
	g_autoptr(diff) d = NULL;

	c->cause = g_strdup("<script>\x1b[2J");
	d = diff_new(before, after);
	diff_html(d, names, NULL, html);
	cr_expect_null(strstr(html->str, "<script"));
	cr_expect_null(strchr(html->str, '\x1b'));
	cr_expect(strstr(html->str, "&lt;script&gt;"));
}
