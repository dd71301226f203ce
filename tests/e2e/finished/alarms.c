/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/e2e/finished/alarms.h"

#include "testbed/explain/finished.h"

/* NULL: none that contradicts the packets, or the kernels. */
static const char *disagreement(const finding *f)
{
	for (guint i = 0; i < f->legs->len; i++) {
		const struct leg *l = f->legs->pdata[i];

		if (l->seen.state == AGREE_NO)
			return l->seen.text;
		if (l->kernel.differs)
			return l->kernel.differs;
	}
	return NULL;
}

/* NULL: as it should be.  The caller frees. */
static char *flaw_of(const struct cell *c, const explanation *x)
{
	const finding *f = x->finding;
	const char *no = disagreement(f), *wanted = c->expected_cause;

	if (x->missing->len > 0)
		return g_strdup_printf("not recorded: %s", (char *)x->missing->pdata[0]);
	if (no)
		return g_strdup_printf(AGREE_CODE ": %s", no);
	if (c->verdict == VERDICT_PASS)
		return f->code == CAUSE_NONE ?
			       NULL :
			       g_strdup_printf("false alarm: %s, %s", cause_name(f->code), f->why);
	if (f->code == CAUSE_NONE || f->code == CAUSE_UNKNOWN)
		return g_strdup_printf("fails, and its cause is %s", cause_name(f->code));
	if (wanted && !g_str_equal(wanted, cause_name(f->code)))
		return g_strdup_printf("%s, should be %s", cause_name(f->code), wanted);
	return f->node ? NULL : g_strdup_printf("%s at no node", cause_name(f->code));
}

static void count_lookups(const finding *f, struct alarms *a)
{
	for (guint i = 0; i < f->legs->len; i++) {
		const struct leg *l = f->legs->pdata[i];

		a->looked_up += l->kernel.agree;
		a->walks++;
		a->blind += l->kernel.agree == 0;
	}
}

static void judge(finished *f, const model *m, const struct cell *c, struct alarms *a)
{
	static const struct explain_options options = {.no_trial = true};
	g_autoptr(GError) error = NULL;
	matrix_selection *s = explain_select_id(m, c->id, &error);
	g_autoptr(explanation) x = NULL;
	g_autofree char *flaw = NULL;
	struct recorded recorded;

	if (s) {
		finished_read(f, c->id, &recorded);
		x = explain_recorded(m, s, &recorded, &options);
	}
	flaw = x ? flaw_of(c, x) : g_strdup(error->message);
	if (x)
		count_lookups(x->finding, a);
	a->passed += c->verdict == VERDICT_PASS;
	a->failed += c->verdict == VERDICT_FAIL;
	if (flaw)
		g_string_append_printf(a->flaws, "%s: %s\n", c->id, flaw);
}

struct alarms alarms_of(const char *dir, const char *topology, const char *scenario)
{
	struct alarms a = {.flaws = g_string_new(NULL)};
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load(topology, d);
	g_autoptr(finished) f = finished_open(dir, d);
	g_autofree char *findings = diags_to_text(d);

	g_string_append(a.flaws, findings);
	for (guint i = 0; m && f && i < f->results->scenarios->len; i++) {
		const struct scenario_result *s = f->results->scenarios->pdata[i];

		for (guint k = 0;
		     k < s->cells->len && (!scenario || g_str_equal(s->name, scenario)); k++)
			judge(f, m, s->cells->pdata[k], &a);
	}
	return a;
}
