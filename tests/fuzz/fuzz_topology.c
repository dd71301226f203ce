/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topology files: a model or located findings; of a model every scenario can be planned and
 * printed, twice to the same. */
#include "testbed/model/model.h"
#include "testbed/plan/plan.h"

#include <string.h>

#define SCENARIOS_MAX 3 /* that are planned */

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static char *planned(const model *m)
{
	g_autoptr(plan) p = plan_build(m);
	GString *text = g_string_new(NULL);

	for (enum plan_format f = PLAN_TEXT; f <= PLAN_SH; f++)
		plan_print(p, f, text);
	return g_string_free(text, FALSE);
}

static void check_findings(const diags *d)
{
	for (guint i = 0; i < diags_count(d); i++) {
		const struct diag *item = diags_get(d, i);

		g_assert_true(item->loc.line > 0 && item->loc.col > 0);
		g_assert_true(g_utf8_validate(item->message, -1, NULL));
	}
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load_text("t.yaml", (const char *)data, size, d);

	check_findings(d);
	g_assert_true(!m == (diags_errors(d) > 0));
	for (guint i = 0; m && i < MIN(m->scenarios->len, SCENARIOS_MAX); i++) {
		g_autoptr(model) changed = model_instantiate(m, m->scenarios->pdata[i], d);
		g_autofree char *once = NULL, *twice = NULL;

		g_assert_nonnull(changed);
		once = planned(changed);
		twice = planned(changed);
		g_assert_cmpstr(once, ==, twice);
	}
	return 0;
}
