/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict over a line that really loses packets: one of a quarter of the limit, one of four
 * times the limit, and one that loses none, where the call stays short. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define LIMIT_PCT 1

static const struct line_case {
	const char *change; /* NULL: none */
	const char *verdict, *code;
	bool tested;
} lines[] = {
	{"set-impair: {node: nat1, interface: wan, loss: 0.25%}", "pass", NULL, true},
	{"set-impair: {node: nat1, interface: wan, loss: 4%}", "fail", "media-lost", true},
	{NULL, "pass", NULL, false},
};

static void start_call(const struct line_case *c, struct started *ret)
{
	g_autofree char *program = program_path("testbed");

	program_start((const char *const[]){program, "run", "call", "dc1", "home1", "-t", COMPANY,
					    "-s", "missing-route", "--media", "audio", "--json",
					    "-", "-q", c->change ? "-c" : NULL, c->change, NULL},
		      NULL, ret);
}

/* Each stream was tested, and the tests are the verdict. */
static void expect_tests(const json_t *cell, const struct line_case *c)
{
	const json_t *tests = json_object_get(cell, "loss_tests"), *test;
	size_t i, failed = 0;

	cr_expect_eq(json_array_size(tests), c->tested ? 2 : 0, "%s", c->change);
	json_array_foreach(tests, i, test) {
		double packets = json_number_value(json_object_get(test, "packets"));

		failed +=
			g_strcmp0(json_string_value(json_object_get(test, "verdict")), "fail") == 0;
		cr_expect_eq(json_number_value(json_object_get(test, "limit_pct")), LIMIT_PCT);
		cr_expect(packets > 100, "%s: %g packets", c->change, packets);
	}
	cr_expect_eq(failed > 0, g_str_equal(c->verdict, "fail"), "%s", c->change);
}

static void expect_verdict(const struct outcome *o, const struct line_case *c)
{
	json_t *document = json_loads(o->out, 0, NULL);
	const json_t *scenario = json_array_get(json_object_get(document, "scenarios"), 0),
		     *cell = json_array_get(json_object_get(scenario, "cells"), 0);

	cr_assert_not_null(cell, "%s%s", o->out, o->err);
	cr_expect_str_eq(json_string_value(json_object_get(cell, "verdict")), c->verdict, "%s: %s",
			 c->change, json_string_value(json_object_get(cell, "reason")));
	cr_expect_eq(g_strcmp0(json_string_value(json_object_get(cell, "code")), c->code), 0);
	expect_tests(cell, c);
	json_decref(document);
}

Test(loss, is_decided_by_as_many_packets_as_it_takes, .timeout = 240)
{
	struct started calls[G_N_ELEMENTS(lines)];

	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		start_call(&lines[i], &calls[i]);
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct outcome o;

		program_end(&calls[i], &o);
		expect_verdict(&o, &lines[i]);
		outcome_clear(&o);
	}
}
