/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run was made, as arguments for a shell. */
#include "testbed/report/run_args.h"

#include <criterion/criterion.h>

static char *changes[] = {(char[]){"link-down: {node: core, interface: lan}"}, (char[]){"it's"},
			  NULL};

Test(run_args, name_the_same_network)
{
	const struct run_args made = {.topology = "our net.yaml", .changes = changes};
	g_autoptr(GString) line = run_args_begin(&made, "up");

	cr_expect_str_eq(line->str, "testbed up -t 'our net.yaml' -c 'link-down: {node: core, "
				    "interface: lan}' -c 'it'\\''s'");
}

Test(run_args, of_a_folder_need_no_changes)
{
	const struct run_args made = {.program = "sudo build/bin/testbed",
				      .topology = "net.yaml",
				      .changes = changes,
				      .folder = "run 1"};
	g_autofree char *line = run_args_explain(&made, "base/a-b/im");

	cr_expect_str_eq(line, "sudo build/bin/testbed explain -t net.yaml 'run 1' base/a-b/im");
}

/* The seed says what impaired links lose; elsewhere only the order of calls hangs on it. */
Test(run_args, have_a_seed_where_it_matters)
{
	g_autoptr(results) r = results_new();
	char seed[24];
	struct run_args made;
	g_autoptr(GString) line = NULL;

	r->seed = 7;
	made = run_args_of(r, seed);
	cr_expect_null(made.seed);
	g_hash_table_insert(r->features, g_strdup("impairment"), g_strdup("netem"));
	made = run_args_of(r, seed);
	made.allow_commands = true;
	line = run_args_begin_run(&made, "run matrix");
	cr_expect_str_eq(line->str, "testbed run matrix --seed 7 --allow-commands");
}
