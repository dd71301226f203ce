/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of reasons. */
#include "common/wire/reason.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

Test(reason, codes_are_words_with_hyphens_and_unique)
{
	for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		cr_expect(g_regex_match_simple("^[a-z0-9]+(-[a-z0-9]+)*$", reason_code(r), 0, 0),
			  "'%s'", reason_code(r));
		cr_expect_eq(reason_by_code(reason_code(r)), r, "'%s' is there twice",
			     reason_code(r));
		cr_expect_neq(strlen(reason_words(r)), 0, "'%s' has no words", reason_code(r));
	}
}

Test(reason, what_is_not_in_the_table_is_none)
{
	cr_expect_eq(reason_by_code(NULL), REASON_NONE);
	cr_expect_eq(reason_by_code("not-in-the-table"), REASON_NONE);
	cr_expect_null(reason_code(REASON_NONE));
	cr_expect_null(reason_words(REASON_NONE));
}

Test(reason, an_event_gets_code_and_words)
{
	json_t *event = json_object();

	reason_set(event, REASON_TURN_QUOTA, NULL);
	cr_expect_str_eq(json_string_value(json_object_get(event, "code")), "turn-quota");
	cr_expect_str_eq(json_string_value(json_object_get(event, "reason")),
			 reason_words(REASON_TURN_QUOTA));
	reason_set(event, REASON_NOT_HEARD, "not heard: bob");
	cr_expect_str_eq(json_string_value(json_object_get(event, "code")), "not-heard");
	cr_expect_str_eq(json_string_value(json_object_get(event, "reason")), "not heard: bob");
	reason_set(event, REASON_NONE, NULL);
	cr_expect(json_is_null(json_object_get(event, "code")));
	cr_expect(json_is_null(json_object_get(event, "reason")));
	json_decref(event);
}
