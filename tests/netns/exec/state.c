/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/netns/exec/state.h"

#include "testbed/exec/inspect.h"
#include "testbed/netstate/netstate_json.h"

#include <criterion/criterion.h>

json_t *state_of(exec *x, const char *node)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(node_state) n = exec_inspect(x, node, &error);

	cr_assert_not_null(n, "%s: %s", node, error ? error->message : "");
	return node_state_to_json(n);
}

static bool is_part_of(json_t *wanted, const json_t *item)
{
	const char *key;
	json_t *value;

	json_object_foreach(wanted, key, value)
		if (!json_equal(value, json_object_get(item, key)))
			return false;
	return true;
}

void expect_one(const json_t *state, const char *list, const char *wanted)
{
	json_t *like = json_loads(wanted, 0, NULL), *items = json_object_get(state, list), *item;
	char *text = json_dumps(items, 0);
	unsigned found = 0;
	size_t i;

	cr_assert_not_null(like, "'%s' is JSON", wanted);
	json_array_foreach(items, i, item)
		found += is_part_of(like, item);
	cr_expect_eq(found, 1, "%u of %s in %s: %s", found, wanted, list, text);
	free(text);
	json_decref(like);
}
