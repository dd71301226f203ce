/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of verbs: what is taken, what is left, what is refused. */
#include "testbed/cmd/options.h"

#include <criterion/criterion.h>
#include <string.h>

#define SOME (OPT_TOPOLOGY | OPT_VERBOSE | OPT_CHANGE | OPT_JOBS | OPT_QUIET | OPT_JSON)

static char *joined(char *const *list)
{
	return list ? g_strjoinv("|", (char **)(guintptr)list) : g_strdup("none");
}

/* All that was understood, in one line; the caller frees. */
static char *described(const struct options *o)
{
	g_autofree char *changes = joined(o->changes), *arguments = joined(o->arguments);

	return g_strdup_printf(
		"topology %s, json %s, jobs %d, verbose %d, quiet %d, changes %s; %s",
		o->topology ? o->topology : "none", o->json ? o->json : "none", o->jobs, o->verbose,
		o->quiet, changes, arguments);
}

static const struct options_case {
	const char *line, *understood; /* NULL: refused */
} cases[] = {
	{"", "topology none, json none, jobs 0, verbose 0, quiet 0, changes none; "},
	{"a b", "topology none, json none, jobs 0, verbose 0, quiet 0, changes none; a|b"},
	{"-t x.yaml a -q b",
	 "topology x.yaml, json none, jobs 0, verbose 0, quiet 1, changes none; a|b"},
	{"a --json", "topology none, json -, jobs 0, verbose 0, quiet 0, changes none; a"},
	{"-- a --json",
	 "topology none, json none, jobs 0, verbose 0, quiet 0, changes none; a|--json"},
	{"--topology=x.yaml --json - -j 3",
	 "topology x.yaml, json -, jobs 3, verbose 0, quiet 0, changes none; "},
	{"-c one -c two",
	 "topology none, json none, jobs 0, verbose 0, quiet 0, changes one|two; "},
	{"-v", "topology none, json none, jobs 0, verbose 1, quiet 0, changes none; "},
	{"-vv", "topology none, json none, jobs 0, verbose 2, quiet 0, changes none; "},
	{"-v x --verbose -v",
	 "topology none, json none, jobs 0, verbose 3, quiet 0, changes none; x"},
	{"-- -q", "topology none, json none, jobs 0, verbose 0, quiet 0, changes none; -q"},
	{"a -- -v", "topology none, json none, jobs 0, verbose 0, quiet 0, changes none; a|--|-v"},
	{"-v -- -v", "topology none, json none, jobs 0, verbose 1, quiet 0, changes none; -v"},
	{"--jobs many", NULL},
	{"--jobs 0", NULL},
	{"-j -1", NULL},
	{"-t", NULL},
	{"--bogus", NULL},
	/* options of other verbs */
	{"--seed 1", NULL},
	{"-w x", NULL},
};

Test(options, what_is_given_is_understood_or_refused)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct options_case *c = &cases[i];
		g_auto(GStrv) argv = g_strsplit(c->line, " ", -1);
		g_autoptr(GError) error = NULL;
		g_autofree char *text = NULL;
		struct options o;
		bool good;

		good = options_parse(&o, SOME, (const char *const *)(gpointer)argv, &error);
		cr_expect_eq(good, c->understood != NULL, "'%s': %s", c->line,
			     error ? error->message : "understood");
		cr_expect_eq(error != NULL, !good, "'%s'", c->line);
		if (good) {
			text = described(&o);
			cr_expect_str_eq(text, c->understood, "'%s': %s", c->line, text);
		}
		options_clear(&o);
	}
}

Test(options, lists)
{
	static const struct {
		const char *text, *list;
	} rows[] = {
		{NULL, "none"}, {"", ""},	    {"a", "a"},
		{"a,b", "a|b"}, {" a , b ", "a|b"}, {"a,,b", "a||b"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) list = options_list(rows[i].text);
		g_autofree char *text = joined(list);

		cr_expect_str_eq(text, rows[i].list, "'%s': %s", rows[i].text, text);
	}
}

/* A verb's help has its own options, with its own meaning where that is another one. */
Test(options, help_is_the_verbs)
{
	g_autofree char *down = options_help("down", NULL, "Ends a lab", NULL, OPT_ALL | OPT_NAME,
					     80),
			*nat = options_help("run nat", "[NODE]", "Measures", "More.", OPT_ALL, 80);

	cr_expect(g_str_has_prefix(down, "Usage: testbed down [OPTION...]\n"), "%s", down);
	cr_expect(strstr(down, "every lab that is up") && strstr(down, "--name=NAME"), "%s", down);
	cr_expect(g_str_has_prefix(nat, "Usage: testbed run nat [NODE] [OPTION...]\n"), "%s", nat);
	cr_expect(strstr(nat, "wait for long timeouts, too") && !strstr(nat, "--name"), "%s", nat);
}

Test(options, a_misspelt_one_is_named)
{
	static const struct {
		const char *line, *meant; /* NULL: nothing is near */
	} words[] = {{"--topolgy x", "topology"}, {"a --job=3", "jobs"}, {"--quite", "quiet"},
		     {"--xyzzy", NULL},		  {"-t x", NULL},	 {"-- --quite", NULL}};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		g_auto(GStrv) argv = g_strsplit(words[i].line, " ", -1);
		const char *meant = options_meant(SOME, (const char *const *)(gpointer)argv);

		cr_expect_str_eq(meant ? meant : "none", words[i].meant ? words[i].meant : "none",
				 "%s: %s", words[i].line, meant);
	}
}
