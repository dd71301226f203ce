/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What validate --strict warns of: all of it, and nothing in the topologies that are shipped. */
#include "testbed/model/lint.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE "tests/data/strict"

static const char *const causes[] = {"NO_ROUTE", "LINK_DOWN", "DNS_WRONG_ANSWER", NULL};

/* The caller frees it. */
static char *warnings_of(const char *path)
{
	g_autoptr(diags) found = diags_new();
	g_autoptr(model) m = model_load(path, found);

	cr_assert(m, "%s loads", path);
	model_lint(m, causes, found);
	cr_expect_eq(diags_errors(found), 0);
	return diags_to_text(found);
}

Test(lint, warns_of_each_slip_at_its_place)
{
	g_autofree char *found = warnings_of(SAMPLE ".yaml"), *expected = NULL;

	if (getenv("GOLDEN_UPDATE"))
		cr_assert(g_file_set_contents(SAMPLE ".expected", found, -1, NULL));
	cr_assert(g_file_get_contents(SAMPLE ".expected", &expected, NULL, NULL));
	cr_expect_str_eq(found, expected);
}

/* Here the causes that there are are few. */
Test(lint, knows_of_no_other_cause)
{
	g_autofree char *found = warnings_of("topologies/lync.yaml");
	g_auto(GStrv) lines = g_strsplit(found, "\n", 0);

	cr_expect(*lines[0], "the file names causes");
	for (guint i = 0; lines[i] && *lines[i]; i++)
		cr_expect(strstr(lines[i], "warning: there is no cause '"), "%s", lines[i]);
}
