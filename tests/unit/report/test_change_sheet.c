/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page that goes with a change, in both forms. */
#include "testbed/report/change_sheet.h"
#include "testbed/diagnose/fix_rules.h"
#include "tests/unit/report/sample.h"

#include <criterion/criterion.h>
#include <string.h>

#define DIFFERING "persistent-route/dc1-home1/audio"
#define HOSTILE "</pre><script>x</script>\x1b[2J\n# a `|*_[x](y)\xff"

/* A run with the change and one without it: a call that broke, with its cause. */
struct stage {
	results *before, *after;
	diff *compared;
	GHashTable *findings;
	struct ci_run run;
	struct change_sheet sheet;
};

static fix *a_fix(const struct cell *c, const finding *f, gpointer user_data)
{
	fix *x = fix_new();

	cr_expect_str_eq(c->id, DIFFERING);
	cr_expect_eq(f->code, CAUSE_FW_DROP);
	fix_add_change(x, "allow: {node: dmz-fw, name: not-no-media}");
	fix_add_in_lab(x, user_data, g_strdup("nft insert rule 1"), g_strdup("nft delete rule 1"));
	fix_add_command(x, FIX_ON_WINDOWS, g_strdup("New-NetFirewallRule -Name 'not-no-media'"));
	return x;
}

static void stage_init(struct stage *t, const char *why)
{
	static const char *const changes[] = {
		"block: {node: dmz-fw, name: no-media, chain: forward}",
		"set-mtu: {node: core, interface: lan, mtu: 1400B}", NULL};
	struct cell *c;
	finding *f;

	t->before = sample_results();
	t->after = sample_results();
	sample_cell(t->before, DIFFERING)->verdict = VERDICT_PASS;
	t->after->changes = g_strdupv((char **)(gpointer)(guintptr)changes);
	g_free(t->after->run_id);
	t->after->run_id = g_strdup("20261130-120000-7");
	c = sample_cell(t->after, DIFFERING);
	c->verdict = VERDICT_FAIL;
	c->path = PATH_NONE;
	g_free(c->cause);
	c->cause = g_strdup("FW_DROP");
	f = finding_new(c);
	f->code = CAUSE_FW_DROP;
	f->node = g_strdup("dmz-fw");
	f->why = g_strdup(why);
	finding_prove(f, "12 packets came in by outside, none left");
	t->findings =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)finding_free);
	g_hash_table_insert(t->findings, c->id, f);
	t->compared = diff_new(t->before, t->after);
	t->run = (struct ci_run){.results = t->after,
				 .findings = t->findings,
				 .how = {.topology = "our net.yaml", .changes = t->after->changes}};
	t->sheet = (struct change_sheet){.run = &t->run,
					 .compared = t->compared,
					 .fix_of = a_fix,
					 .started = "2026-11-30 12:00:00 UTC",
					 .only = " --media audio"};
}

static void stage_clear(struct stage *t)
{
	diff_free(t->compared);
	g_hash_table_unref(t->findings);
	results_free(t->before);
	results_free(t->after);
}

static char *page(bool html, const char *why)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) m = model_load("topologies/lync.yaml", found);
	struct stage t;
	struct sheet out = {.out = g_string_new(NULL), .html = html};

	stage_init(&t, why);
	t.sheet.user_data = (gpointer)(guintptr)model_node(m, "dmz-fw");
	change_sheet_write(&t.sheet, &out);
	stage_clear(&t);
	return g_string_free(out.out, FALSE);
}

Test(change_sheet, as_markdown)
{
	g_autofree char *text = page(false, "the rule 'no-media' drops them");

	sample_compare_golden("change.txt", text);
}

Test(change_sheet, as_html)
{
	g_autofree char *text = page(true, "the rule 'no-media' drops them");

	sample_compare_golden("change.html", text);
}

Test(change_sheet, shows_hostile_texts_as_they_are)
{
	g_autofree char *html = page(true, HOSTILE), *text = page(false, HOSTILE);

	cr_expect_null(strstr(html, "<script"), "%s", html);
	cr_expect_null(strchr(html, '\x1b'));
	cr_expect(g_utf8_validate(html, -1, NULL));
	cr_expect(strstr(text, "\\<script\\>"), "%s", text);
	cr_expect_null(strstr(text, "\n# a `"), "%s", text);
	cr_expect_null(strchr(text, '\x1b'));
}

/* --- one call that was explained -------------------------------------------------------------- */

/* What is told of the call of the stage; `x` is zeroed, and explained_clear empties it. */
static void explained_init(struct stage *t, const char *lab, explanation *x)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) m = model_load("topologies/lync.yaml", found);

	x->cell = sample_cell(t->after, DIFFERING);
	x->finding = g_hash_table_lookup(t->findings, DIFFERING);
	x->lab = g_strdup(lab);
	x->fix = a_fix(x->cell, x->finding, (gpointer)(guintptr)model_node(m, "dmz-fw"));
	fix_add_change(x->fix, "link-up: {node: core, interface: lan}");
	t->sheet = (struct change_sheet){
		.run = &t->run, .explained = x, .started = "2026-11-30 12:00:00 UTC"};
}

static void explained_clear(explanation *x)
{
	g_free(x->lab);
	object_free(x->fix);
}

static char *explained_page(const char *lab, const struct trial *tried, enum cause_code code)
{
	struct stage t;
	struct sheet out = {.out = g_string_new(NULL)};
	explanation x = {.trial = *tried};

	stage_init(&t, "the rule 'no-media' drops them");
	explained_init(&t, lab, &x);
	x.finding->code = code;
	change_sheet_write(&t.sheet, &out);
	explained_clear(&x);
	stage_clear(&t);
	return g_string_free(out.out, FALSE);
}

Test(change_sheet, of_a_call_that_was_explained)
{
	const struct trial tried = {
		.made = true, .mended = true, .verdict = VERDICT_PASS, .path = PATH_UDP_DIRECT};
	g_autofree char *text = explained_page(NULL, &tried, CAUSE_FW_DROP);

	sample_compare_golden("change-explained.txt", text);
}

/* In a lab that is up a call has no name, and the commands are for that lab. */
Test(change_sheet, of_a_call_in_a_lab_that_is_up)
{
	static const char *const parts[] = {
		"testbed explain dc1 home1 --media audio -n ours\n",
		"- **lab** ours\n",
		"testbed set -n ours 'allow: {node: dmz-fw, name: not-no-media}'",
		"testbed set -n ours 'link-down: {node: core, interface: lan}'\n",
		"testbed reset -n ours\n",
		"The fix was not tried.",
		"derived from the cause, not tried yet",
	};
	const struct trial none = {0};
	g_autofree char *text = explained_page("ours", &none, CAUSE_FW_DROP);

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
		cr_expect(strstr(text, parts[i]), "no '%s': %s", parts[i], text);
	cr_expect_null(strstr(text, "testbed up"), "%s", text);
}

Test(change_sheet, of_a_call_that_works)
{
	const struct trial none = {0};
	g_autofree char *text = explained_page(NULL, &none, CAUSE_NONE);

	cr_expect(strstr(text, "Nothing that should work."), "%s", text);
	cr_expect_null(strstr(text, "### "), "%s", text);
}
