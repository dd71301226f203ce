/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A matrix in shards, and their results as those of one run. */
#include "common/base/json.h"
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define SHARDED "-s", "missing-route", "--pairs", "branch1:home1,dc1:home1", "--media", "im,audio"

/* Runs one shard into FOLDER/shard-N. */
static void run_shard(const char *folder, const char *shard, struct outcome *ret)
{
	g_autofree char *name = g_strdup_printf("shard-%c", *shard),
			*out = g_build_filename(folder, name, NULL);
	const char *const args[] = {"run", "matrix", "-q", SHARDED, "--shard",
				    shard, "-o",     out,  NULL};

	program_testbed(args, NULL, ret);
}

/* Merges these, as JSON in ret->results and as text in ret->out. */
static void merge_shards(const char *folder, const char *shards, struct run *ret)
{
	g_autofree char *line = g_strdup_printf(
				"cd '%s' && exec \"$0\" report --merge %s --json all.json", folder,
				shards),
			*path = g_build_filename(folder, "all.json", NULL),
			*program = program_path("testbed");
	const char *const argv[] = {"sh", "-c", line, program, NULL};
	struct outcome o;

	program_run(argv, NULL, &o);
	*ret = (struct run){o.exit_code, o.out, o.err, json_load_file(path, 0, NULL)};
}

/* Two machines share a matrix: what they found is one run.  A shard that is missing, or was cut
 * off, is told. */
Test(shards, shards_are_merged)
{
	char *folder = program_folder_new();
	g_autofree char *cut = g_build_filename(folder, "shard-2", "results.json", NULL);
	struct outcome first, second;
	struct run merged;

	run_shard(folder, "1/2", &first);
	run_shard(folder, "2/2", &second);
	cr_expect_eq(first.exit_code, 0, "%s%s", first.out, first.err);
	cr_expect_eq(second.exit_code, 0, "%s%s", second.out, second.err);

	merge_shards(folder, "shard-2 shard-1", &merged);
	cr_assert_eq(merged.exit_code, 0, "%s%s", merged.out, merged.err);
	cr_expect(member_true(merged.results, "complete"));
	cr_expect_str_eq(
		cell_text(results_cell(merged.results, "missing-route/branch1-home1/audio"),
			  "cause"),
		"RETURN_WRONG_EGRESS");
	cr_expect_eq(member_integer(json_object_get(merged.results, "summary"), "passed"), 3);
	run_clear(&merged);

	merge_shards(folder, "shard-1 nothing", &merged);
	cr_expect_eq(merged.exit_code, 1, "%s%s", merged.out, merged.err);
	cr_expect_not_null(strstr(merged.out, "missing: shard 2/2 with 2 cells"), "%s", merged.out);
	cr_expect_not_null(strstr(merged.out, "missing: 'nothing'"), "%s", merged.out);
	run_clear(&merged);

	cr_assert_eq(unlink(cut), 0); /* its events are still there */
	merge_shards(folder, "shard-1 shard-2", &merged);
	cr_expect_eq(merged.exit_code, 0, "%s%s", merged.out, merged.err);
	run_clear(&merged);
	outcome_clear(&first);
	outcome_clear(&second);
	program_folder_free(folder);
}

/* There are more machines than cells. */
Test(shards, a_shard_without_cells_is_done_at_once)
{
	char *folder = program_folder_new();
	struct outcome o;

	for (char shard[] = "1/9"; *shard <= '9'; ++*shard) {
		const char *const args[] = {"run",
					    "matrix",
					    "-q",
					    "-s",
					    "missing-route",
					    "--only",
					    "branch1-home1/audio",
					    "--shard",
					    shard,
					    NULL};

		program_testbed(args, NULL, &o);
		cr_expect_eq(o.exit_code, 0, "%s: %s%s", shard, o.out, o.err);
		outcome_clear(&o);
	}
	program_folder_free(folder);
}

static const char *const no_shards[] = {"0/3", "4/3", "1", "1/0", "a/b", "1/2/3", "-1/3", "", "1/"};

Test(shards, what_is_no_shard)
{
	for (guint i = 0; i < G_N_ELEMENTS(no_shards); i++) {
		const char *const args[] = {"run", "matrix", "--shard", no_shards[i], NULL};
		struct outcome o;

		program_testbed(args, NULL, &o);
		cr_expect_eq(o.exit_code, 2, "%s: %s", no_shards[i], o.err);
		cr_expect_not_null(strstr(o.err, "--shard"), "%s", o.err);
		outcome_clear(&o);
	}
}
