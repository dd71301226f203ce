/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cell is explained: ids that are near. */
#include "testbed/explain/explain.h"

#include <criterion/criterion.h>
#include <string.h>

Test(ids, unknown_ones_name_near_ones)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load("tests/data/topologies/company.yaml", d);
	g_autoptr(matrix_selection) s =
		explain_select_id(base, "missing-route/branch1-home1/audio", NULL);
	g_autoptr(GError) error = NULL;

	cr_assert_not_null(s);
	cr_assert_null(explain_select_id(base, "missing-rout/branch1-home1/audio", &error));
	cr_assert_eq(error->code, TB_ERROR_INPUT);
	cr_assert_not_null(strstr(error->message, "(near: missing-route/branch1-home1/audio, "),
			   "%s", error->message);
	g_clear_error(&error);
	cr_assert_null(explain_select_id(base, "nothing of the kind", &error));
	cr_assert_null(strstr(error->message, "near"), "%s", error->message);
}
