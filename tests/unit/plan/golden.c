/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan of every scenario of the reference topology, byte by byte.  `make golden-update` writes
 * the files anew; the difference is for people to read. */
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>

static guint line_of_difference(const char *a, const char *b)
{
	guint line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return line;
}

static void compare(const char *scenario)
{
	g_autofree char *path = g_strdup_printf("tests/golden/plan-%s.txt", scenario),
			*golden = NULL;
	g_autoptr(plan) p = reference_plan(scenario);
	g_autofree char *text = plan_as(p, PLAN_TEXT);

	if (g_getenv("GOLDEN_UPDATE"))
		cr_assert(g_file_set_contents(path, text, -1, NULL), "can't write %s", path);
	cr_assert(g_file_get_contents(path, &golden, NULL, NULL),
		  "%s can't be read: make golden-update", path);
	cr_expect(g_str_equal(text, golden), "%s:%u: the plan differs from here on", path,
		  line_of_difference(text, golden));
}

Test(golden, every_scenario)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/lync.yaml", d);

	cr_assert(m != NULL, "the reference topology loads");
	for (guint i = 0; i < m->scenarios->len; i++)
		compare(((const struct scenario *)m->scenarios->pdata[i])->name);
}

Test(golden, same_model_same_bytes)
{
	static const enum plan_format formats[] = {PLAN_TEXT, PLAN_JSON, PLAN_SH};

	for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
		g_autoptr(plan) first = company_plan("branch-edge"),
				second = company_plan("branch-edge");
		g_autofree char *a = plan_as(first, formats[i]), *b = plan_as(second, formats[i]);

		cr_expect_str_eq(a, b, "format %zu", i);
	}
}
