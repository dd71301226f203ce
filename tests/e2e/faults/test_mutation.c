/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few random changes that nobody catalogued; more: make mutation-matrix. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

static int mutation_matrix(const char *const *args, char **ret_out)
{
	return program_faults("mutation-matrix", args, ret_out);
}

/* The same lot every time, so a failure can be repeated; every cause is right and every fix mends.
 */
Test(mutation, a_few_are_named_rightly)
{
	static const char *const words[] = {"remove-route", "set-resolvers", "block"};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		const char *args[] = {"--count", "2", "--word", words[i], NULL};
		g_autofree char *out = NULL;
		int code = mutation_matrix(args, &out);

		cr_expect_eq(code, 0, "%s: exit %d:\n%s", words[i], code, out);
		cr_expect(strstr(out, " 100.0 % named rightly") != NULL, "%s:\n%s", words[i], out);
	}
}

/* The same seed and number draw the same change of the same call. */
Test(mutation, a_number_can_be_drawn_again)
{
	static const char *const args[] = {"--list", "--count", "30", "--seed", "7", NULL};
	g_autofree char *first = NULL, *second = NULL;

	cr_assert_eq(mutation_matrix(args, &first), 0);
	cr_assert_eq(mutation_matrix(args, &second), 0);
	cr_expect_str_eq(first, second);
	cr_expect(strstr(first, "-30 ") != NULL, "%s", first);
}

/* --list loads each network with its change; one that is not valid ends it. */
Test(mutation, drawn_networks_are_valid)
{
	static const char *const args[] = {"--list", "--count", "200", "--topology",
					   "drawn",  "--seed",	"5",   NULL};
	g_autofree char *out = NULL;

	cr_assert_eq(mutation_matrix(args, &out), 0, "%s", out);
	cr_expect(strstr(out, "-200 ") != NULL, "%s", out);
}

Test(mutation, some_of_drawn_networks_are_named_rightly)
{
	static const char *const args[] = {"--count",	   "4", "--topology", "drawn", "--word",
					   "remove-route", NULL};
	g_autofree char *out = NULL;
	int code = mutation_matrix(args, &out);

	cr_expect_eq(code, 0, "exit %d:\n%s", code, out);
	cr_expect(strstr(out, " 100.0 % named rightly") != NULL, "%s", out);
}

Test(mutation, wrong_arguments)
{
	static const struct {
		const char *args[3];
		int code;
	} rows[] = {
		{{"--count", "0", NULL}, 2},
		{{"--word", "no-such-word", NULL}, 2},
		{{"--topology", "no-such-topology", NULL}, 3},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *out = NULL;

		cr_expect_eq(mutation_matrix(rows[i].args, &out), rows[i].code, "%s",
			     rows[i].args[0]);
	}
}
