/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every topology of the project: it loads, each of its scenarios can be planned, and its head says
 * what it proves. */
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>

static void check_head(const char *path)
{
	g_autofree char *text = NULL, *head = NULL;
	const char *end;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
	end = strstr(text, "\ntopology: ");
	cr_assert_not_null(end, "%s", path);
	head = g_strndup(text, (gsize)(end - text));
	cr_expect_eq(text[0], '#', "%s opens with a drawing", path);
	cr_expect(strstr(head, "--") || strstr(head, "__"), "%s opens with a drawing", path);
}

static void check_scenarios(const char *path)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(path, d);
	g_autofree char *findings = diags_to_text(d);

	cr_assert_not_null(base, "%s", findings);
	for (guint i = 0; i < base->scenarios->len; i++) {
		g_autoptr(model) m = model_instantiate(base, base->scenarios->pdata[i], d);
		g_autoptr(plan) p = m ? plan_build(m) : NULL;

		cr_expect(p && p->ops->len > m->nodes->len, "%s: a plan of scenario %u", path, i);
	}
}

Test(topologies, load_and_plan)
{
	GDir *dir = g_dir_open("topologies", 0, NULL);
	const char *name;
	guint count = 0;

	cr_assert_not_null(dir, "tests run from the top folder");
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename("topologies", name, NULL);

		if (!g_str_has_suffix(name, ".yaml"))
			continue;
		check_head(path);
		check_scenarios(path);
		count++;
	}
	g_dir_close(dir);
	cr_expect_geq(count, 12, "%u topologies", count);
}
