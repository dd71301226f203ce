/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of deploy/ that run shards, as the program that they are for would run them. */
#include "common/base/json.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define CELLS "-s missing-route --pairs branch1:home1,dc1:home1 --media im,audio"

/* Runs a line of sh that has PROGRAM and OUT, and expects the exit code. */
static void expect_shell(const char *folder, const char *line, int exit_code)
{
	g_autofree char *program = program_path("testbed"),
			*out = g_build_filename(folder, "out", NULL),
			*whole = g_strdup_printf("export TESTBED='%s' OUT='%s'; %s", program, out,
						 line);
	struct outcome o;

	program_shell(whole, NULL, &o);
	cr_expect_eq(o.exit_code, exit_code, "%s: %d: %s%s", line, o.exit_code, o.out, o.err);
	outcome_clear(&o);
}

/* Holds the merged document against what one run finds. */
static void expect_merged(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, "out", "all.json", NULL);
	json_t *document = json_load_file(path, 0, NULL);

	cr_assert_not_null(document, "no %s", path);
	cr_expect(member_true(document, "complete"));
	cr_expect_eq(member_integer(json_object_get(document, "summary"), "passed"), 3);
	cr_expect_str_eq(cell_text(results_cell(document, "missing-route/branch1-home1/audio"),
				   "cause"),
			 "RETURN_WRONG_EGRESS");
	json_decref(document);
}

Test(deploy, slurm_array)
{
	char *folder = program_folder_new();

	expect_shell(folder,
		     "export SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=2 "
		     "SLURM_ARRAY_TASK_COUNT=2; for SLURM_ARRAY_TASK_ID in 1 2; do export "
		     "SLURM_ARRAY_TASK_ID; sh deploy/slurm/testbed.sbatch " CELLS " || exit; done",
		     0);
	expect_shell(folder, "sh deploy/slurm/merge.sbatch", 0);
	expect_merged(folder);
	expect_shell(folder,
		     "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=4 "
		     "SLURM_ARRAY_TASK_COUNT=2 sh deploy/slurm/testbed.sbatch",
		     2);
	program_folder_free(folder);
}

Test(deploy, gnu_parallel)
{
	g_autofree char *parallel = g_find_program_in_path("parallel");
	char *folder = program_folder_new();

	if (!parallel)
		cr_skip_test("needs parallel: it runs shards");
	expect_shell(folder,
		     "deploy/parallel/run-shards 2 " CELLS " && \"$TESTBED\" report --merge "
		     "\"$OUT\"/shard-* --json \"$OUT/all.json\"",
		     0);
	expect_merged(folder);
	expect_shell(folder, "deploy/parallel/run-shards 2 " CELLS,
		     2); /* there is an earlier run */
	expect_shell(folder, "deploy/parallel/run-shards", 2);
	program_folder_free(folder);
}

/* The command of the pod, as its shell gets it, with `testbed` telling its arguments. */
Test(deploy, kubernetes_job)
{
	struct outcome o;

	program_shell("command=$(sed -n '/args:/,/securityContext/p' deploy/kubernetes/job.yaml | "
		      "sed '1,2d;$d' | tr -s ' \\n' ' '); testbed() { printf '%s ' \"$@\"; }; "
		      "JOB_COMPLETION_INDEX=2 SHARDS=8; eval \"${command# exec}\"",
		      NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s", o.err);
	cr_expect_str_eq(o.out,
			 "run matrix -q -t /topology/company.yaml --shard 3/8 --out "
			 "/results/shard-3 --force ",
			 "%s", o.out);
	outcome_clear(&o);
}
