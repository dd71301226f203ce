/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few faults of the catalogue, one of each family; all of them: make fault-matrix. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define QUICK                                                                                    \
	"^(edge-forgets-branch|edge-weak-reverse-path-filter|relay-credentials-expired|vpn-"     \
	"forgets-perimeter|"                                                                     \
	"home-nat-forgets-before-the-answer|core-branch-route-lost-by-restart|home-router-line-" \
	"down|core-refuses-sip-from-vpn|"                                                        \
	"edge-serves-another-domain|public-zone-with-internal-server-address|frontend-"          \
	"certificate-for-another-name|"                                                          \
	"home1-account-disabled|frontend-stopped|front-end-answers-branch-by-second-firewall|"   \
	"vpn-loses-one-way|reverse-proxy-forgets-internet)$"
#define QUICK_COUNT 16

static int fault_matrix(const char *const *args, char **ret_out)
{
	return program_faults("fault-matrix", args, ret_out);
}

Test(faults, a_few_are_named_rightly)
{
	static const char *const args[] = {"--only", QUICK, NULL};
	g_autofree char *
		out = NULL,
	       *sum = g_strdup_printf(
		       "%d single and 0 double faults, seed 1: %d causes right, 0 wrong, 0 unknown",
		       QUICK_COUNT, QUICK_COUNT);
	int code = fault_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
	cr_expect(strstr(out, sum) != NULL, "%s", out);
}

/* Expects that the networks of `only` (a regular expression for `count` of tests/faults/networks)
 * get their cause, and a fix that mends the call and breaks no other.  More: make fault-networks.
 */
static void expect_networks_mended(const char *only, int count)
{
	g_autofree char *jobs = g_strdup_printf("%d", count);
	g_autofree char *sum =
		g_strdup_printf("%d of %d fixes flip their cell and break no other", count, count);
	const char *args[] = {"--catalogue",  "tests/faults/networks",
			      "--topologies", "tests/data/topologies",
			      "--only",	      only,
			      "--fixes",      "--jobs",
			      jobs,	      NULL};
	g_autofree char *out = NULL;
	int code = fault_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
	cr_expect(strstr(out, sum) != NULL, "%s", out);
}

/* Networks that people reported as they were built. */
Test(faults, networks_as_built)
{
	expect_networks_mended(
		"^(question-passes-the-firewall-by|answer-leaves-by-the-other-uplink|"
		"pool-behind-nat-without-hairpin|media-of-vpn-clients-blocked|"
		"inner-card-without-a-route)$",
		5);
}

/* A port forward that is missing, one that leads elsewhere, and a firewall that judges what is
 * forwarded by its inside port. */
Test(faults, forwards)
{
	expect_networks_mended("^(relay-not-forwarded|access-forwarded-to-another-service|"
			       "firewall-closed-to-the-inside-port)$",
			       3);
}

/* A rule that closes several ways of one call: the fix of the first one alone lets it pass over a
 * relay by TCP, where it had gone directly. */
Test(faults, a_rule_against_all_that_a_call_needs)
{
	static const char *const args[] = {"--only", "^home-router-blocks-all-udp$", "--fixes",
					   NULL};
	g_autofree char *out = NULL;
	int code = fault_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
	cr_expect(strstr(out, "1 of 1 fixes flip their cell and break no other"), "%s", out);
}

/* The files of --list, each once. */
static GHashTable *families(const char *only)
{
	const char *args[] = {"--list", only ? "--only" : NULL, only, NULL};
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *out = NULL;
	g_auto(GStrv) lines = NULL;

	cr_assert_eq(fault_matrix(args, &out), 0);
	lines = g_strsplit(out, "\n", -1);
	for (guint i = 0; lines[i] && *lines[i]; i++)
		g_hash_table_add(all, g_strndup(lines[i], strcspn(lines[i], " ")));
	return all;
}

Test(faults, the_few_are_of_every_family)
{
	g_autoptr(GHashTable) all = families(NULL), few = families(QUICK);
	GHashTableIter i;
	gpointer family;

	g_hash_table_iter_init(&i, all);
	while (g_hash_table_iter_next(&i, &family, NULL))
		cr_expect(g_hash_table_contains(few, family), "none of %s", (char *)family);
}

/* Where the truth is another, the program says so and fails: it does not agree with whatever
 * explain prints. */
Test(faults, another_truth_is_a_failure)
{
	static const struct {
		const char *code, *node, *object, *said;
	} rows[] = {
		{"FW_REJECT", "branch1", "no-dns", "another cause"},
		{"FW_DROP", "core", "no-dns", "another node"},
		{"FW_DROP", "branch1", "dns", "another object"},
	};
	char *folder = program_folder_new();
	g_autofree char *path = g_build_filename(folder, "wrong.yaml", NULL);
	g_autoptr(GString) text = g_string_new("faults:\n");
	const char *args[] = {"--catalogue", folder, NULL};
	g_autofree char *out = NULL;
	int code;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_string_append_printf(
			text,
			"  wrong-%u:\n    topology: lync\n    scenario: persistent-route\n    "
			"cell: branch1-home1/audio\n"
			"    changes:\n      - block: {node: branch1, name: no-dns, chain: output, "
			"proto: udp, dports: 53}\n"
			"    code: %s\n    node: %s\n    object: %s\n    stage: dns\n",
			i, rows[i].code, rows[i].node, rows[i].object);
	cr_assert(g_file_set_contents(path, text->str, -1, NULL));
	code = fault_matrix(args, &out);
	cr_expect_eq(code, 1, "exit %d:\n%s", code, out);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect(strstr(out, rows[i].said) != NULL, "%s:\n%s", rows[i].said, out);
	program_folder_free(folder);
}

Test(faults, the_first_of_two_and_then_the_second)
{
	static const char *const args[] = {
		"--only", "^(branch1-without-gateway|edge-forgets-branch)$", "--double", "1", NULL};
	g_autofree char *out = NULL;
	int code = fault_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
}

Test(faults, wrong_arguments)
{
	static const struct {
		const char *args[4];
		int code;
	} rows[] = {
		{{"--only", "(", NULL}, 2},
		{{"--jobs", "0", NULL}, 2},
		{{"--only", "^no-such-fault$", NULL}, 2},
		{{"more", NULL}, 2},
		{{"--catalogue", "/nonexistent", NULL}, 3},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = NULL;

		cr_expect_eq(fault_matrix(rows[i].args, &out), rows[i].code, "%s", rows[i].args[0]);
	}
}
