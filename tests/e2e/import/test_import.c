/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A company's exports (docs/IMPORT.md), imported and run: the Edge has no route to the branch, so
 * calls between branch and outside fail and are explained; with the mended export all pass. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATA "tests/data/import/nordwind/"
#define FAILS "as-it-is/pc-bremen-client-outside/"

/* Imports the company with this export of its Edge, and those of its routers if wanted, to
 * FOLDER/company.yaml, whose name the caller frees. */
static char *import_company(const char *folder, const char *edge, bool routers)
{
	const char *const args[] = {"import",
				    "--complete",
				    DATA "topology.xml",
				    edge,
				    DATA "fe1.route.txt",
				    DATA "pc-hamburg.route.txt",
				    DATA "pc-bremen.route.txt",
				    routers ? DATA "core.addr.txt" : NULL,
				    DATA "core.route.txt",
				    DATA "bremen-gw.addr.txt",
				    DATA "bremen-gw.route.txt",
				    NULL};
	char *path = g_build_filename(folder, "company.yaml", NULL);
	struct outcome o;

	program_testbed(args, NULL, &o);
	cr_assert_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	cr_assert(g_file_set_contents(path, o.out, -1, NULL));
	outcome_clear(&o);
	return path;
}

Test(import, a_route_that_the_edge_does_not_have)
{
	char *folder = program_folder_new();
	g_autofree char *topology = import_company(folder, DATA "edge1.route.txt", true);
	g_autofree char *kept = g_build_filename(folder, "run", NULL), *unexpected = NULL;
	const char *const args[] = {"run", "matrix", "-q", "-t", topology, NULL};
	const char *const explain[] = {"explain", kept, FAILS "audio", NULL};
	struct outcome o;
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_expect_eq(r.exit_code, 1, "exit %d: %s%s", r.exit_code, r.out, r.err);
	unexpected = results_unexpected(r.results);
	cr_expect_str_eq(unexpected, FAILS "audio\n" FAILS "video", "%s", r.out);
	run_clear(&r);
	program_testbed(explain, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	cr_expect_not_null(strstr(o.out, "RETURN_WRONG_EGRESS"), "%s", o.out);
	cr_expect_not_null(strstr(o.out, "edge1, 10.20.0.0/24"), "%s", o.out);
	cr_expect_not_null(strstr(o.out, "add-route: {node: edge1, to: 10.20.0.0/24, via: "
					 "172.25.33.1"),
			   "%s", o.out);
	outcome_clear(&o);
	program_folder_free(folder);
}

Test(import, the_mended_export)
{
	char *folder = program_folder_new();
	g_autofree char *topology = import_company(folder, DATA "mended/edge1.route.txt", true);
	const char *const args[] = {"run", "matrix", "-q", "-t", topology, NULL};

	program_expect_matrix(args);
	program_folder_free(folder);
}

/* The deployment and the servers' own exports are enough: what lies between is added. */
Test(import, without_the_routers)
{
	char *folder = program_folder_new();
	g_autofree char *topology = import_company(folder, DATA "edge1.route.txt", false);
	const char *const args[] = {
		"run",	   "matrix", "-q", "-t", topology, "--pairs", "pc-bremen:client-outside",
		"--media", "audio",  NULL};
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_expect_eq(r.exit_code, 1, "exit %d: %s%s", r.exit_code, r.out, r.err);
	cr_expect_not_null(strstr(r.out, "failures by cause: RETURN_WRONG_EGRESS 1"), "%s", r.out);
	run_clear(&r);
	program_folder_free(folder);
}
