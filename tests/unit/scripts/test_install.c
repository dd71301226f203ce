/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scripts/install and scripts/man: what is installed works where it is, and goes again; the pages
 * of the manual are clean and whole. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

/* The places of `make install prefix=/usr`, below FOLDER/root. */
#define PLACES                                                                                 \
	"export DESTDIR='%s/root' bindir=/usr/bin libexecdir=/usr/libexec datadir=/usr/share " \
	"mandir=/usr/share/man docdir=/usr/share/doc/testbed "                                 \
	"bashcompletiondir=/usr/share/bash-completion/completions "                            \
	"zshcompletiondir=/usr/share/zsh/site-functions; "

/* A line of sh, which must succeed, with FOLDER for each "%s" and the build's folder in $BUILD.
 * What it printed; the caller frees. */

static char *shell(const char *folder, const char *format)
{
	const char *build = g_getenv("TESTBED_BUILD");
	g_auto(GStrv) parts = g_strsplit(format, "%s", -1);
	g_autofree char *line = g_strjoinv(folder, parts),
			*whole = g_strdup_printf("BUILD='%s'; %s", build ? build : "build", line);
	struct outcome o;
	char *out;

	program_shell(whole, NULL, &o);
	cr_assert_eq(o.exit_code, 0, "%s: %d\n%s%s", line, o.exit_code, o.out, o.err);
	out = g_strdup(o.out);
	outcome_clear(&o);
	return out;
}

static void shell_expect(const char *folder, const char *format, const char *expected)
{
	g_autofree char *out = shell(folder, format);

	cr_expect_str_eq(out, expected, "%s:\n%s", format, out);
}

/* The program finds its agents and files where they are installed, from any folder. */
static void expect_works(const char *folder)
{
	g_autofree char *doctor = shell(folder, "cd / && '%s/root/usr/bin/testbed' doctor || :"),
			*scenarios = shell(folder, "cd / && '%s/root/usr/bin/testbed' scenarios"),
			*lessons = shell(folder, "cd / && '%s/root/usr/bin/testbed' lesson"),
			*exercises =
				shell(folder, "cd / && '%s/root/usr/bin/testbed' exercise list");
	g_autofree char *agent = g_strdup_printf("%s/root/usr/libexec/testbed/tb-client", folder);

	cr_expect_not_null(strstr(doctor, agent), "%s", doctor);
	cr_expect_not_null(strstr(scenarios, "missing-route"), "%s", scenarios);
	cr_expect_not_null(strstr(lessons, "nat-and-ice"), "%s", lessons);
	cr_expect_not_null(strstr(exercises, "half-deaf"), "%s", exercises);
}

Test(install, works_where_it_is_and_goes_again)
{
	char *folder = program_folder_new();

	g_free(shell(folder, "mkdir -p '%s/build' && ln -s \"$(realpath \"$BUILD\")/bin\" "
			     "'%s/build/bin' && "
			     "scripts/man \"$BUILD/bin/testbed\" '%s/build/man' 2026-11-30"));
	g_free(shell(folder, PLACES "scripts/install '%s/build'"));
	expect_works(folder);
	shell_expect(
		folder,
		"cd '%s/root/usr' && ls bin libexec/testbed share && ls share/man/man1 | head -2",
		"bin:\ntestbed\n\nlibexec/testbed:\ntb-client\ntb-edge\ntb-frontend\ntb-nat\n\n"
		"share:\nbash-completion\ndoc\nman\ntestbed\nzsh\ntestbed-call.1\n"
		"testbed-capture.1\n");
	shell_expect(folder,
		     "cd '%s/root/usr/share' && ls doc/testbed/LICENSE doc/testbed/docs/TOUR.md "
		     "testbed/exercises/catalogue/dns.yaml",
		     "doc/testbed/LICENSE\ndoc/testbed/docs/TOUR.md\n"
		     "testbed/exercises/catalogue/dns.yaml\n");
	/* somebody else's page stays */
	g_free(shell(folder, "echo theirs > '%s/root/usr/share/man/man1/testbed-other.1'"));
	g_free(shell(folder, PLACES "scripts/install --remove"));
	shell_expect(folder, "cd '%s' && find root | LC_ALL=C sort",
		     "root\nroot/usr\nroot/usr/share\nroot/usr/share/man\nroot/usr/share/man/man1\n"
		     "root/usr/share/man/man1/testbed-other.1\n");
	g_free(shell(folder, "rm '%s/root/usr/share/man/man1/testbed-other.1'"));
	g_free(shell(folder, PLACES "scripts/install '%s/build' && scripts/install --remove"));
	shell_expect(folder, "cd '%s' && find root", "root\n");
	program_folder_free(folder);
}

/* GNU's names lead to the places that the script gets. */
Test(install, by_gnu_names)
{
	struct outcome o;

	program_shell("make -n install prefix=/opt/x docdir=/d DESTDIR=/stage 2>/dev/null | "
		      "grep -o \"bindir=.*\" | tail -n 2 | tr -d '\\\\\\n'",
		      NULL, &o);
	cr_expect_not_null(strstr(o.out, "bindir='/opt/x/bin' libexecdir='/opt/x/libexec' "
					 "datadir='/opt/x/share' mandir='/opt/x/share/man' "
					 "docdir='/d'"),
			   "%s", o.out);
	cr_expect_not_null(strstr(o.out, "DESTDIR='/stage'"), "%s", o.out);
	outcome_clear(&o);
}

/* Each verb has a page, and on it each option that --help has. */
static void expect_page(const char *folder, const char *verb)
{
	g_autofree char *word = g_strndup(verb, strcspn(verb, " ")),
			*file = g_strdup_printf("%s/man/testbed-%s.1", folder, word),
			*command = g_strdup_printf("\"$BUILD/bin/testbed\" help %s | "
						   "grep -o -e '--[a-z][a-z-]*' | sort -u",
						   verb),
			*options = shell(folder, command), *page = NULL;
	g_auto(GStrv) names = g_strsplit(options, "\n", 0);

	cr_assert(g_file_get_contents(file, &page, NULL, NULL), "no page %s", file);
	for (guint i = 0; names[i] && *names[i]; i++) {
		g_auto(GStrv) parts = g_strsplit(names[i], "-", 0);
		g_autofree char *name = g_strjoinv("\\-", parts);

		cr_expect_not_null(strstr(page, name), "%s: no %s", file, names[i]);
	}
}

Test(install, manual_is_clean_and_whole)
{
	g_autofree char *mandoc = g_find_program_in_path("mandoc"),
			*lowdown = g_find_program_in_path("lowdown");
	char *folder = program_folder_new();
	g_autofree char *verbs = NULL;
	g_auto(GStrv) list = NULL;

	if (!mandoc || !lowdown)
		cr_skip_test("needs mandoc: mandoc or lowdown is not there");
	g_free(shell(folder, "scripts/man \"$BUILD/bin/testbed\" '%s/man' 2026-11-30"));
	shell_expect(folder, "mandoc -Tlint -Wwarning '%s'/man/* || :", "");
	/* without this mark some programs show no tables */
	shell_expect(folder, "head -qn 1 '%s'/man/testbed-agents.7 '%s'/man/testbed-topology.5",
		     "'\\\" t\n'\\\" t\n");
	shell_expect(folder, "cd '%s/man' && ls testbed-agents.7 testbed-topology.5 testbed.1",
		     "testbed-agents.7\ntestbed-topology.5\ntestbed.1\n");
	verbs = shell(folder, "\"$BUILD/bin/testbed\" --help | sed -n 's/^  \\([a-z][a-z-]*\\( "
			      "[a-z-]*\\)*\\).*/\\1/p'");
	list = g_strsplit(verbs, "\n", 0);
	cr_expect_gt(g_strv_length(list), 30, "%s", verbs);
	for (guint i = 0; list[i] && *list[i]; i++)
		expect_page(folder, g_strchomp(list[i]));
	program_folder_free(folder);
}

/* Without lowdown the other pages are there, and it is told. */
Test(install, manual_without_a_converter)
{
	char *folder = program_folder_new();
	struct outcome o;
	g_autofree char *line = g_strdup_printf(
		"mkdir '%s/bin' && for p in rm mkdir id cat; do ln -s \"$(command -v $p)\" "
		"'%s/bin'; "
		"done && PATH='%s/bin' /bin/sh scripts/man \"$(realpath "
		"\"${TESTBED_BUILD:-build}\")\""
		"/bin/testbed '%s/man' 2026-11-30 && test -e '%s/man/testbed-run.1'",
		folder, folder, folder, folder, folder);

	program_shell(line, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s", o.err);
	cr_expect_not_null(strstr(o.err, "install the package lowdown"), "%s", o.err);
	outcome_clear(&o);
	program_folder_free(folder);
}

/* The package has the version of the program. */
Test(install, debian_package_has_the_version)
{
	shell_expect(".",
		     "head -n 1 debian/changelog | sed 's/.*(\\(.*\\)).*/\\1/' | cmp - VERSION",
		     "");
}

/* The jobs of deploy/ci give testbed verbs and options that there are. */
Test(install, jobs_call_testbed_rightly)
{
	shell_expect(".",
		     "export TOPOLOGY=x; grep -ho 'build/bin/testbed .*' deploy/ci/*.yml | "
		     "while read -r _ words; do eval \"$BUILD/bin/testbed $words --help\" | "
		     "head -n 1 || exit 1; done",
		     "Usage: testbed doctor [OPTION...]\nUsage: testbed run matrix [OPTION...]\n"
		     "Usage: testbed doctor [OPTION...]\nUsage: testbed run matrix [OPTION...]\n");
}
