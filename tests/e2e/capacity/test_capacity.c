/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ramp of calls in whole labs: the tunnel is what stops it, and the design that goes round the
 * tunnel carries more.
 *
 * One call of audio and video sends some 540 kbit/s into the tunnel: one fits into 800 kbit/s with
 * a third to spare, two ask for a third more than there is.  Neither depends on how fast the
 * machine is. */
#include "tests/support/program.h"

#include <criterion/criterion.h>

#define RATE_KBIT 800.0

static void start(const char *scenario, struct started *ret)
{
	g_autofree char *path = program_path("testbed");

	program_start((const char *const[]){path, "run", "capacity", "-t",
					    "tests/data/topologies/company.yaml", "-s", scenario,
					    "--rate", "800kbit", "--calls", "2", "--seconds", "4",
					    "--json", "-", NULL},
		      NULL, ret);
}

/* The one design of a document; the caller owns it. */
static json_t *finish(struct started *program)
{
	json_t *document, *design;
	struct outcome o;

	program_end(program, &o);
	if (o.exit_code == 77)
		cr_skip_test("needs labs: %s", o.err);
	cr_assert_eq(o.exit_code, 0, "%s", o.err);
	document = json_loads(o.out, 0, NULL);
	cr_assert_not_null(document, "%s", o.out);
	outcome_clear(&o);
	design = json_incref(json_array_get(json_object_get(document, "designs"), 0));
	json_decref(document);
	return design;
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void expect(const json_t *design, double carried, const char *limit, const char *shown)
{
	cr_expect_eq(number(design, "carried"), carried, "carries %g: %s",
		     number(design, "carried"), shown);
	cr_expect_str_eq(json_string_value(json_object_get(design, "limit")), limit, "%s", shown);
}

Test(capacity, a_full_tunnel_is_named_and_the_bypass_carries_more, .timeout = 90)
{
	struct started through, round;
	json_t *tunnel, *bypass;
	const json_t *full, *empty;
	char *one, *other;

	start("persistent-route", &through);
	start("vpn-bypass", &round);
	tunnel = finish(&through);
	bypass = finish(&round);
	one = json_dumps(tunnel, JSON_INDENT(1));
	other = json_dumps(bypass, JSON_INDENT(1));
	full = json_array_get(json_object_get(tunnel, "steps"), 1);
	empty = json_array_get(json_object_get(bypass, "steps"), 1);
	expect(tunnel, 1, "tunnel", one);
	cr_expect(number(full, "tunnel_kbit") >= 0.85 * RATE_KBIT &&
			  number(full, "tunnel_kbit") <= 1.05 * RATE_KBIT,
		  "%.0f kbit/s by a tunnel of %.0f", number(full, "tunnel_kbit"), RATE_KBIT);
	expect(bypass, 2, "none", other);
	cr_expect(number(empty, "tunnel_kbit") < 0.1 * RATE_KBIT,
		  "%.0f kbit/s by the tunnel that is gone round", number(empty, "tunnel_kbit"));
	free(one);
	free(other);
	json_decref(tunnel);
	json_decref(bypass);
}
