/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>

model *scenario_model(const char *file, const char *scenario, const char *changes)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) base = model_load(file, d);
	const struct scenario *sc = base ? model_scenario(base, scenario) : NULL;
	model *m = NULL;

	if (sc)
		m = changes ? model_instantiate_with(base, sc, "test", changes, d) :
			      model_instantiate(base, sc, d);
	if (!m) {
		g_autofree char *found = diags_to_text(d);

		cr_assert_fail("%s, %s: %s", file, scenario, found);
	}
	return m;
}

netstate *state_from(json_t *json)
{
	netstate *s = netstate_from_json(json);

	cr_assert_not_null(s);
	json_decref(json);
	return s;
}
