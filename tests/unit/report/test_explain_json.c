/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The explanation's document, from explanations made by hand. */
#include "testbed/report/explain_json.h"

#include <criterion/criterion.h>

static const char *text_at(const json_t *document, const char *object, const char *key)
{
	const json_t *o = object ? json_object_get(document, object) : document;

	return json_string_value(json_object_get(o, key));
}

static struct cell *failed_cell(void)
{
	struct cell *c = cell_new();

	c->id = g_strdup("s/a-b/audio");
	c->verdict = VERDICT_FAIL;
	c->reason = g_strdup("nothing came");
	return c;
}

Test(explain_json, what_was_interrupted_is_not_complete)
{
	struct cell *c = failed_cell();
	const explanation x = {.cell = c};
	json_t *document = explain_json(&x);

	cr_assert_not_null(document);
	cr_expect_str_eq(text_at(document, NULL, "schema"), EXPLAIN_SCHEMA);
	cr_expect(json_is_false(json_object_get(document, "complete")));
	cr_expect(json_is_null(json_object_get(document, "cause")));
	cr_expect(json_is_null(json_object_get(document, "verdict")),
		  "a call that has not ended has no verdict");
	json_decref(document);
	cell_free(c);
}

Test(explain_json, tells_cause_fix_and_trial)
{
	struct cell *c = failed_cell();
	finding f = {.code = CAUSE_NO_ROUTE,
		     .node = g_strdup("r"),
		     .subject = {.kind = SUBJECT_ROUTE},
		     .what = g_strdup("w")};
	fix *mend = fix_new();
	explanation x = {.cell = c, .finding = &f, .fix = mend};
	char change[] = "- link-up\n";
	struct trial_step step = {.code = CAUSE_NO_ROUTE,
				  .change = change,
				  .verdict = VERDICT_PASS,
				  .path = PATH_UDP_RELAY};
	json_t *document;

	fix_add_change(mend, "link-up");
	cr_assert(prefix_parse("10.0.0.0/8", &f.subject.route.to));
	f.proof = g_ptr_array_new();
	f.legs = g_ptr_array_new();
	f.effects = g_ptr_array_new();
	g_ptr_array_add(f.proof, (gpointer)(guintptr) "seen");
	x.trial = (struct trial){.made = true, .verdict = VERDICT_PASS, .path = PATH_UDP_RELAY};
	x.trial.broken = g_ptr_array_new();
	x.trial.steps = g_ptr_array_new();
	g_ptr_array_add(x.trial.steps, &step);
	document = explain_json(&x);
	cr_assert_not_null(document);
	cr_expect(json_is_true(json_object_get(document, "complete")));
	cr_expect_str_eq(text_at(document, NULL, "cell"), "s/a-b/audio");
	cr_expect_str_eq(text_at(document, NULL, "verdict"), "fail");
	cr_expect_str_eq(text_at(document, "cause", "code"), "NO_ROUTE");
	cr_expect_str_eq(text_at(document, "cause", "node"), "r");
	cr_expect_str_eq(text_at(document, "cause", "object"), "10.0.0.0/8");
	cr_expect_str_eq(json_string_value(json_array_get(json_object_get(document, "proof"), 0)),
			 "seen");
	cr_expect_str_eq(text_at(document, "fix", "change"), "- link-up\n");
	cr_expect_str_eq(text_at(document, "trial", "path"), "udp-relay");
	cr_expect_eq(json_array_size(json_object_get(document, "fixes_tried")), 1);
	json_decref(document);
	g_ptr_array_unref(f.proof);
	g_ptr_array_unref(f.legs);
	g_ptr_array_unref(f.effects);
	g_ptr_array_unref(x.trial.broken);
	g_ptr_array_unref(x.trial.steps);
	object_free(mend);
	g_free(f.node);
	g_free(f.what);
	cell_free(c);
}
