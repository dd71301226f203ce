/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How commands may go on, as the program says it, and as bash and zsh get it from completions/. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define WEBRTC "-t topologies/webrtc.yaml "

static const struct completion {
	const char *typed;    /* behind "testbed"; the last word, which may be empty, is going on */
	const char *expected; /* words, each with a space behind it; "+": and more */
} completions[] = {
	{"ru", "run runs "},
	{"run ", "matrix call nat capacity "},
	{"run m", "matrix "},
	{"help ex", "explain exec exercise "},
	{"exercise g", "give-up "},
	{"__", ""},
	{"no-such-verb ", ""},
	{"run matrix --med", "--media "},
	{"run matrix -", "--topology --scenario +"},
	{"exec --b", "--bind "},
	{"run matrix " WEBRTC "-s ", "as-it-is no-turn-tcp "},
	{"run matrix " WEBRTC "--scenario=as", "--scenario=as-it-is "},
	{"run matrix -s missing-route,v", "missing-route,vpn-bypass "},
	{"run matrix --media im,a", "im,audio im,av-conference "},
	{"run matrix --pairs dc1:h", "dc1:home1 dc1:home2 "},
	{"run matrix --pairs dc1:dc2,b", "dc1:dc2,branch1: dc1:dc2,branch2: "},
	{"run matrix --capture edge:", "edge:int edge:ext "},
	{"run matrix --no-such-option ", ""},
	{"run matrix -t /nonexistent.yaml -s ", ""},
	{"run call home1 ho", "home1 home2 "},
	{"run call home1 home2 ", ""},
	{"run nat ho", "home1 home2 "},
	{"trace branch1 ed", "edge "},
	{"graph --trace branch1 ed", "edge "},
	{"graph -f ", "svg dot mermaid "},
	{"plan -f ", "text json sh "},
	{"import --format route", "route-print "},
	{"explain missing-r", ":folders missing-route/ "},
	{"explain missing-route/branch1-home1/a", ":folders missing-route/branch1-home1/audio "},
	{"explain run vpn", "vpn-bypass/ "},
	{"lesson nat", "nat-and-ice "},
	{"exercise start half", "half-deaf "},
	{"validate ", ":files "},
	{"runs ", ":folders "},
	{"run matrix --json ", ":files "},
	{"run matrix --out ", ":folders "},
	{"exec branch1 -- ", ":commands "},
	{"up -n ", ""},
	{"exercise answer --cause NO_R", "NO_ROUTE +"},
	{"exercise answer --cause=NAT", "--cause=NAT+"},
	{"exercise answer --cause UNK", ""},
	{"whatif -c link", "link-down: link-up: "},
	{"run matrix --change=tunnel-d", "--change=tunnel-down: "},
	{"up -c ", "add-route: remove-route: +"},
	{"set add-ro", "add-route: "},
	{"set link-down:x link-u", "link-up: "},
	{"explain --change-rep", "--change-report "},
};

/* The first words of the lines, each with a space behind it.  The caller frees. */
static char *first_words(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	GString *words = g_string_new(NULL);

	for (guint i = 0; lines[i] && *lines[i]; i++)
		g_string_append_printf(words, "%.*s ", (int)strcspn(lines[i], "\t"), lines[i]);
	return g_string_free(words, FALSE);
}

static bool is_as_expected(const char *words, const char *expected)
{
	g_autofree char *begin = g_strndup(expected, strcspn(expected, "+"));

	return strchr(expected, '+') ? g_str_has_prefix(words, begin) :
				       g_str_equal(words, expected);
}

Test(complete, what_the_program_says)
{
	char *folder = program_folder_new(); /* no lab of ours is in it */
	g_autofree char *runtime = g_strdup_printf("XDG_RUNTIME_DIR=%s", folder);
	char *environment[] = {runtime, NULL};
	const struct start how = {.environment = environment};

	for (guint i = 0; i < G_N_ELEMENTS(completions); i++) {
		const struct completion *c = &completions[i];
		g_auto(GStrv) words = g_strsplit(c->typed, " ", 0);
		g_autoptr(GStrvBuilder) args = g_strv_builder_new();
		g_auto(GStrv) argv = NULL;
		g_autofree char *said = NULL;
		struct outcome o;

		g_strv_builder_add_many(args, "__complete", "--", NULL);
		g_strv_builder_addv(args, (const char **)(gpointer)words);
		argv = g_strv_builder_end(args);
		program_testbed((const char *const *)(gpointer)argv, &how, &o);
		cr_expect_eq(o.exit_code, 0, "'%s': %d", c->typed, o.exit_code);
		cr_expect_str_eq(o.err, "", "'%s': %s", c->typed, o.err);
		said = first_words(o.out);
		cr_expect(is_as_expected(said, c->expected), "'%s': %s", c->typed, said);
		outcome_clear(&o);
	}
	program_folder_free(folder);
}

/* The words that the shell's own function proposes for a typed line; the caller frees. */
static char *proposed_by(const char *shell, const char *script, const char *typed)
{
	g_autofree char *program = program_path("testbed");
	const char *const argv[] = {shell, "-c", script, shell, program, typed, NULL};
	struct outcome o;
	char *out;

	program_run(argv, NULL, &o);
	cr_assert_eq(o.exit_code, 0, "%s: %s", typed, o.err);
	cr_assert_str_empty(o.err, "%s: %s", typed, o.err);
	out = g_strdup(o.out);
	outcome_clear(&o);
	return out;
}

static const char in_bash[] = ". completions/testbed\n"
			      "compopt() { printf '%s ' \"$*\"; }\n"
			      "COMP_LINE=\"testbed $2\" COMP_POINT=${#COMP_LINE}\n"
			      "_testbed \"$1\"\n"
			      "printf '%s ' \"${COMPREPLY[@]}\"\n";

/* bash puts in what stands behind the last ':' or '=' of a word. */
static const struct completion of_bash[] = {
	{"ru", "run runs "},
	{"run matrix --pairs dc1:h", "home1 home2 "},
	{"run matrix --media=im,a", "im,audio im,av-conference "},
	{"run matrix --pairs branch1:dc1,caf", "-o nospace dc1,cafe1: "},
	{"explain missing-route/branch1-home1/a",
	 "-o filenames missing-route/branch1-home1/audio "},
	{"validate topologies/lyn", "-o filenames topologies/lync.yaml "},
	{"exec branch1 -- testb", "+"},
	{"whatif -c link-d", "-o nospace link-down: "},
	{"whatif -c 'link-d", "-o nospace link-down: "},
	{"set \"link-d", "-o nospace link-down: "},
	{"run matrix --pairs 'dc1:h", "dc1:home1 dc1:home2 "},
	{"exercise answer --cause NO_ROU", "NO_ROUTE "},
};

Test(complete, in_bash)
{
	for (guint i = 0; i < G_N_ELEMENTS(of_bash); i++) {
		g_autofree char *said = proposed_by("bash", in_bash, of_bash[i].typed);

		cr_expect(is_as_expected(said, of_bash[i].expected), "'%s': %s", of_bash[i].typed,
			  said);
	}
}

/* What zsh's own functions would do is told in place of it. */
static const char in_zsh[] = "compadd() { local name=${@[-1]}; print -rn -- \"${(P)name} \" }\n"
			     "_files() { print -rn -- \"files $* \" }\n"
			     "_command_names() { print -rn -- 'commands ' }\n"
			     "words=(\"$1\" ${(s: :)2}); [[ $2 != *' ' ]] || words+=('')\n"
			     "CURRENT=$#words\n"
			     ". completions/_testbed\n";

static const struct completion of_zsh[] = {
	{"ru", "run runs "},
	{"run ", "matrix call nat capacity "},
	{"run matrix --pairs dc1:h", "dc1:home1 dc1:home2 "},
	{"validate ", "files  "},
	{"report ", "files -/ "},
	{"exec branch1 -- ", "commands "},
	{"whatif -c link-d", "link-down: "},
	{"whatif -c 'link-d", "link-down: "},
};

Test(complete, in_zsh)
{
	g_autofree char *zsh = g_find_program_in_path("zsh");

	if (!zsh)
		cr_skip_test("needs zsh: the program is not there");
	for (guint i = 0; i < G_N_ELEMENTS(of_zsh); i++) {
		g_autofree char *said = proposed_by("zsh", in_zsh, of_zsh[i].typed);

		cr_expect(is_as_expected(said, of_zsh[i].expected), "'%s': %s", of_zsh[i].typed,
			  said);
	}
}
