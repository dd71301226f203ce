/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Companies' exports (docs/IMPORT.md), imported and run.  Nordwind: the Edge has no route to the
 * branch, so calls between branch and outside fail and are explained; with the mended export all
 * pass.  Talwerk: the branch's router sends what is for the Edge out of the VPN. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATA "tests/data/import/nordwind/"
#define FAILS "as-it-is/pc-bremen-client-outside/"
#define TALWERK "tests/data/import/talwerk/"
#define BEHIND_VPN "as-it-is/pc-goettingen-client-outside/"
#define WAY_BY_VPN "add-route: {node: gt-gw, to: 10.40.250.0/27, via: 10.255.1.1, dev: wg0"

/* Imports to FOLDER/company.yaml, whose name the caller frees. */
static char *import_files(const char *folder, const char *const *args)
{
	char *path = g_build_filename(folder, "company.yaml", NULL);
	struct outcome o;

	program_testbed(args, NULL, &o);
	cr_assert_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	cr_assert(g_file_set_contents(path, o.out, -1, NULL));
	outcome_clear(&o);
	return path;
}

/* With this export of its Edge, and those of its routers if wanted. */
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

	return import_files(folder, args);
}

/* Runs the topology: audio and video of this pair fail, nothing else, and the explanation says each
 * of `said`, which NULL ends. */
static void expect_explained(const char *folder, const char *topology, const char *pair,
			     const char *const *said)
{
	g_autofree char *kept = g_build_filename(folder, "run", NULL), *unexpected = NULL;
	g_autofree char *audio = g_strconcat(pair, "audio", NULL);
	g_autofree char *both = g_strconcat(audio, "\n", pair, "video", NULL);
	const char *const args[] = {"run", "matrix", "-q", "-t", topology, NULL};
	const char *const explain[] = {"explain", kept, audio, NULL};
	struct outcome o;
	struct run r;

	program_run_matrix(folder, args, 0, &r);
	cr_expect_eq(r.exit_code, 1, "exit %d: %s%s", r.exit_code, r.out, r.err);
	unexpected = results_unexpected(r.results);
	cr_expect_str_eq(unexpected, both, "%s", r.out);
	run_clear(&r);
	program_testbed(explain, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "exit %d: %s", o.exit_code, o.err);
	for (; *said; said++)
		cr_expect_not_null(strstr(o.out, *said), "no '%s': %s", *said, o.out);
	outcome_clear(&o);
}

Test(import, a_route_that_the_edge_does_not_have)
{
	static const char *const said[] = {
		"RETURN_WRONG_EGRESS", "edge1, 10.20.0.0/24",
		"add-route: {node: edge1, to: 10.20.0.0/24, via: 172.25.33.1", NULL};
	char *folder = program_folder_new();
	g_autofree char *topology = import_company(folder, DATA "edge1.route.txt", true);

	expect_explained(folder, topology, FAILS, said);
	program_folder_free(folder);
}

static const char *const talwerk_exports[] = {"import",
					      "--complete",
					      TALWERK "topology.xml",
					      TALWERK "EDGE01.route.txt",
					      TALWERK "fd-gw.addr.txt",
					      TALWERK "fd-gw.route.txt",
					      TALWERK "fe01.route.txt",
					      TALWERK "gt-gw.addr.txt",
					      TALWERK "gt-gw.route.txt",
					      TALWERK "ks-core.addr.txt",
					      TALWERK "ks-core.route.txt",
					      TALWERK "pc-fulda.route.txt",
					      TALWERK "pc-kassel.route.txt",
					      TALWERK "pc-goettingen.addr.json",
					      TALWERK "pc-goettingen.route.json",
					      NULL};

/* Two sites and a branch behind a VPN, whose two ends are in the routers' exports; a pool of two
 * Edges behind NAT, one without export, of whose Access Edge no public address is known. */
Test(import, a_branch_whose_router_sends_the_edges_packets_out_of_the_vpn)
{
	static const char *const said[] = {"NO_ROUTE", "where  gt-gw, 10.40.250.0/27\n", WAY_BY_VPN,
					   "(tried on a copy: pass over udp-relay)", NULL};
	char *folder = program_folder_new();
	g_autofree char *topology = import_files(folder, talwerk_exports);
	const char *const whatif[] = {"whatif", "-q",		"-t",
				      topology, "--pairs",	"pc-goettingen:client-outside",
				      "-c",	WAY_BY_VPN "}", NULL};
	struct outcome o;

	expect_explained(folder, topology, BEHIND_VPN, said);
	program_testbed(whatif, NULL, &o);
	cr_expect_not_null(strstr(o.out, "3 cells in both: 2 mended, 1 the same"), "%d: %s%s",
			   o.exit_code, o.out, o.err);
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
