/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The n-th allocation fails, in whole programs: they go on and say the same, or end with a line. */
#include "tests/support/figures.h"
#include "tests/support/process.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define GONE_MS 10000
#define HANGS_S "60" /* then it is ended by timeout(1), */
#define HUNG 124     /* which says so */

static bool nobody_is_left(gpointer data G_GNUC_UNUSED)
{
	g_autoptr(GArray) left = process_descendants(getpid());

	return left->len == 0;
}

/* Runs a verb whose n-th allocation fails (0: none). */
static void run_with(const char *verb, guint n, struct outcome *ret)
{
	g_autofree char *program = program_path("testbed"), *bin = g_path_get_dirname(program),
			*line = g_strdup_printf("exec timeout -s ABRT " HANGS_S
						" env LD_PRELOAD=%s/../tests/scarce.so "
						"SCARCE_ALLOC=%u %s %s",
						bin, n, program, verb);

	program_shell(line, NULL, ret);
}

static bool is_told(const struct outcome *o)
{
	return strstr(o->err, "failed to allocate") || strstr(o->err, "emory") ||
	       strstr(o->err, "testbed: error: ") || strstr(o->err, ": error: ");
}

/* Counts how it went on or ended; the test fails when it said something else, or nothing. */
static void try_nth(const char *verb, guint n, const struct outcome *usual, guint *survived,
		    guint *told)
{
	struct outcome o;

	run_with(verb, n, &o);
	if (o.exit_code == usual->exit_code &&
	    (usual->out[0] == '\0' || g_str_equal(o.out, usual->out)))
		++*survived;
	else if (o.exit_code != 0 && o.exit_code != HUNG && o.exit_code != 128 + SIGSEGV &&
		 is_told(&o))
		++*told;
	else
		cr_expect(false, "%s, allocation %u: exit %d\n%.2000s", verb, n, o.exit_code,
			  o.err);
	outcome_clear(&o);
}

Test(memory, that_is_missing_is_told, .timeout = 3600)
{
	static const char *const verbs[] = {
		"validate tests/data/topologies/company.yaml",
		"plan -t tests/data/topologies/company.yaml -s missing-route",
		"scenarios -t tests/data/topologies/company.yaml",
		"graph -t tests/data/topologies/company.yaml",
	};
	guint steps = figure_count("SCARCE_STEPS", 8), survived = 0, told = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		struct outcome usual;
		guint n = 1;

		run_with(verbs[i], 0, &usual);
		for (guint k = 0; k < steps; k++, n += 1 + n * 12 / steps)
			try_nth(verbs[i], n, &usual, &survived, &told);
		outcome_clear(&usual);
	}
	figure_add("check-scarcity",
		   "n-th allocation of a verb failed: %u ended with a line, %u went on", told,
		   survived);
}

/* The orchestrator or its lab runs out of memory. */
Test(memory, of_a_run_that_is_missing_leaves_nothing, .timeout = 3600)
{
	guint steps = figure_count("SCARCE_STEPS", 3), told = 0, survived = 0, n = 500;
	struct outcome usual = {.out = (char[]){""}};

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (guint k = 0; k < steps; k++, n += 1 + n * 6 / steps) {
		try_nth("run call dc1 branch1 --media im -t tests/data/topologies/company.yaml -s "
			"persistent-route",
			n, &usual, &survived, &told);
		cr_expect(process_wait_until(nobody_is_left, NULL, GONE_MS),
			  "allocation %u: processes are left", n);
	}
	figure_add("check-scarcity",
		   "n-th allocation of a run failed: %u ended with a line, %u went on", told,
		   survived);
}
