/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every command that is printed for the user to type next is typed: as it stands, in a shell, where
 * the first one ran.  It must go on from the same run, of the same network. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define CHANGE "link-down: {node: core, interface: lan}"
#define BROKEN "persistent-route/dc1-home1/audio"

/* A folder of one's own, with a topology whose name a shell would take for several words. */
struct desk {
	char *folder, *program;
	char **environment;
};

static void desk_open(struct desk *d)
{
	g_autofree char *bin = NULL, *path = NULL, *there = NULL, *text = NULL;

	d->folder = program_folder_new();
	d->program = program_path("testbed");
	bin = g_path_get_dirname(d->program);
	path = g_strconcat(bin, ":", g_getenv("PATH"), NULL);
	d->environment = g_environ_setenv(g_get_environ(), "XDG_STATE_HOME", d->folder, TRUE);
	d->environment = g_environ_setenv(d->environment, "XDG_RUNTIME_DIR", d->folder, TRUE);
	d->environment = g_environ_setenv(d->environment, "PATH", path, TRUE);
	there = g_build_filename(d->folder, "our network.yaml", NULL);
	cr_assert(g_file_get_contents("topologies/lync.yaml", &text, NULL, NULL));
	cr_assert(g_file_set_contents(there, text, -1, NULL));
}

static void desk_close(struct desk *d)
{
	program_folder_free(d->folder);
	g_free(d->program);
	g_strfreev(d->environment);
}

static void type(const struct desk *d, const char *line, struct outcome *ret)
{
	const struct start how = {.dir = d->folder, .environment = d->environment};

	program_shell(line, &how, ret);
}

/* The lines of the text that are commands, for g_strfreev. */
static char **commands_in(const struct desk *d, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	g_autoptr(GStrvBuilder) found = g_strv_builder_new();

	for (guint i = 0; lines[i]; i++) {
		const char *at = strstr(lines[i], d->program);

		if (!at)
			at = strstr(lines[i], "testbed explain");
		if (at)
			g_strv_builder_add(found, at);
	}
	return g_strv_builder_end(found);
}

static const char *command_with(char **commands, const char *words)
{
	while (*commands && !strstr(*commands, words))
		commands++;
	cr_assert(*commands, "no command with '%s'", words);
	return *commands;
}

/* Types the command that explains, and expects that it tells of that cell and run. */
static void expect_explains(const struct desk *d, const char *line, const char *run)
{
	struct outcome o;

	type(d, line, &o);
	cr_expect_eq(o.exit_code, 0, "%s: exit %d: %s", line, o.exit_code, o.err);
	cr_expect(strstr(o.out, "(LINK_DOWN)"), "%s: %s", line, o.out);
	cr_expect(strstr(o.out, run), "%s: not of %s: %s", line, run, o.out);
	outcome_clear(&o);
}

/* "[run ID" of the results that the folder has. */
static char *run_in(const struct desk *d, const char *folder)
{
	g_autofree char *path = g_build_filename(d->folder, folder, "results.json", NULL);
	json_t *results = json_load_file(path, 0, NULL);
	char *run = g_strconcat("[run ", cell_text(json_object_get(results, "run"), "id"), NULL);

	json_decref(results);
	return run;
}

/* The change is of a file, so that it has several lines when it is read. */
static void run_changed(const struct desk *d, const char *verb, struct outcome *ret)
{
	g_autofree char *changes = g_build_filename(d->folder, "changes.yaml", NULL),
			*line = g_strdup_printf(
				"%s %s -q -t 'our network.yaml' -s persistent-route -c "
				"@changes.yaml --pairs dc1:home1 --media audio",
				d->program, verb);

	cr_assert(g_file_set_contents(changes, "- link-down:\n    node: core\n    interface: lan\n",
				      -1, NULL));
	type(d, line, ret);
	cr_expect_eq(ret->exit_code, 1, "%s: exit %d: %s%s", line, ret->exit_code, ret->out,
		     ret->err);
}

Test(next_commands, of_a_run_in_a_folder)
{
	g_auto(GStrv) commands = NULL;
	g_autofree char *run = NULL;
	struct outcome o, again;
	struct desk d;

	desk_open(&d);
	run_changed(&d, "run matrix -o 'the run' --tap ci.tap --junit ci.xml", &o);
	run = run_in(&d, "the run");
	cr_expect(strstr(o.out, "changed: " CHANGE "\n"), "%s", o.out);
	commands = commands_in(&d, o.out);
	cr_expect_eq(g_strv_length(commands), 2, "%s", o.out);
	expect_explains(&d, command_with(commands, " explain "), run);
	type(&d, command_with(commands, " run matrix "), &again);
	cr_expect_eq(again.exit_code, 1, "%s: %s", again.out, again.err);
	cr_expect(strstr(again.out, "\n1 cells: 0 pass, 1 fail"), "%s", again.out);
	cr_expect(strstr(again.out, "DIFFERS " BROKEN "\n"), "%s", again.out);
	outcome_clear(&again);
	outcome_clear(&o);
	desk_close(&d);
}

/* Of the last run; and what `report` and TAP tell of it. */
Test(next_commands, of_the_last_run)
{
	g_autofree char *run = NULL, *path = NULL, *tap = NULL;
	g_auto(GStrv) commands = NULL, told = NULL, from_tap = NULL;
	struct outcome o, report;
	struct desk d;

	desk_open(&d);
	run_changed(&d, "run matrix --tap ci.tap", &o);
	run = run_in(&d, "testbed/last");
	commands = commands_in(&d, o.out);
	expect_explains(&d, command_with(commands, " explain "), run);
	type(&d, "testbed report", &report);
	cr_expect_eq(report.exit_code, 1, "%s", report.err);
	cr_expect(strstr(report.out, "changed: " CHANGE "\n"), "%s", report.out);
	told = commands_in(&d, report.out);
	expect_explains(&d, command_with(told, " explain "), run);
	path = g_build_filename(d.folder, "ci.tap", NULL);
	cr_assert(g_file_get_contents(path, &tap, NULL, NULL));
	g_strdelimit(tap, "\"", '\n');
	from_tap = commands_in(&d, tap);
	expect_explains(&d, command_with(from_tap, " explain "), run);
	outcome_clear(&report);
	outcome_clear(&o);
	desk_close(&d);
}

Test(next_commands, of_a_comparison)
{
	g_auto(GStrv) commands = NULL;
	g_autofree char *run = NULL;
	struct outcome o;
	struct desk d;

	desk_open(&d);
	run_changed(&d, "whatif", &o);
	run = run_in(&d, "testbed/last");
	commands = commands_in(&d, o.out);
	expect_explains(&d, command_with(commands, " explain "), run);
	outcome_clear(&o);
	desk_close(&d);
}

/* The page of a change has what was tested, broke and mends it, and its commands can be typed. */
Test(next_commands, of_a_change_report)
{
	static const char *const parts[] = {
		"**1 of 1 calls worked before the change and do not any more.**",
		"- **changed by** link-down:",
		"## What passed",
		"### LINK\\_DOWN at core: lan",
		"- link-up: {node: core, interface: lan}",
		"| broke | pass over udp-relay |",
		"## Rollback"};
	g_autofree char *path = NULL, *page = NULL, *run = NULL;
	g_auto(GStrv) commands = NULL, lines = NULL;
	struct outcome o;
	struct desk d;

	desk_open(&d);
	run_changed(&d, "whatif --change-report page.md", &o);
	run = run_in(&d, "testbed/last");
	path = g_build_filename(d.folder, "page.md", NULL);
	cr_assert(g_file_get_contents(path, &page, NULL, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
		cr_expect(strstr(page, parts[i]), "no '%s': %s", parts[i], page);
	commands = commands_in(&d, page);
	expect_explains(&d, command_with(commands, "testbed explain "), run);
	outcome_clear(&o);
	type(&d, "testbed report --change-report page.html", &o);
	cr_expect_eq(o.exit_code, 1, "%s", o.err);
	outcome_clear(&o);
	lines = g_strsplit(page, "\n", 0);
	type(&d, command_with(lines, "testbed whatif "), &o);
	cr_expect_eq(o.exit_code, 1, "%s%s", o.out, o.err);
	cr_expect(strstr(o.out, "1 cell in both: 1 broke\n"), "%s", o.out);
	outcome_clear(&o);
	desk_close(&d);
}

/* The page of one call that was explained says what was tried, and how the fix is made and taken
 * back. */
Test(next_commands, of_a_change_report_of_an_explanation)
{
	static const char *const parts[] = {"- **changed by** link-down:",
					    "### LINK\\_DOWN at core: lan",
					    "- **fix** tried on a copy: pass over udp-relay",
					    " set 'link-up: {node: core, interface: lan}'\n",
					    "## Rollback",
					    " set 'link-down: {node: core, interface: lan}'\n"};
	g_autofree char *page = NULL;
	g_auto(GStrv) commands = NULL;
	struct outcome o;
	struct desk d;

	desk_open(&d);
	run_changed(&d, "run matrix -o run", &o);
	outcome_clear(&o);
	type(&d, "testbed explain run " BROKEN " --change-report -", &o);
	cr_expect_eq(o.exit_code, 0, "%s%s", o.out, o.err);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
		cr_expect(strstr(o.out, parts[i]), "no '%s': %s", parts[i], o.out);
	page = g_strdup(o.out);
	outcome_clear(&o);
	commands = g_strsplit(page, "\n", 0);
	type(&d, command_with(commands, "testbed explain "), &o);
	cr_expect(strstr(o.out, "(LINK_DOWN)"), "%s%s", o.out, o.err);
	outcome_clear(&o);
	desk_close(&d);
}

/* What `explain -v` prints makes a lab, mends it, and takes the fix back. */
Test(next_commands, of_an_explanation)
{
	g_auto(GStrv) commands = NULL, in_lab = NULL;
	struct outcome o, one;
	struct desk d;

	desk_open(&d);
	run_changed(&d, "run matrix -o run", &o);
	outcome_clear(&o);
	type(&d, "testbed explain run " BROKEN " -v --no-trial", &o);
	g_free(d.program);
	d.program = g_strdup("testbed ");
	commands = commands_in(&d, o.out);
	type(&d, command_with(commands, "testbed up "), &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	in_lab = commands_in(&d, one.out);
	outcome_clear(&one);
	/* with the change, in the lab that is up: no option says so */
	type(&d, "testbed explain dc1 home1 --no-trial --html a.html --change-report a.md", &one);
	cr_expect(strstr(one.out, "(LINK_DOWN) [lab lab]"), "%s%s", one.out, one.err);
	cr_expect(strstr(one.err, "in the lab that is up (--fresh: in a fresh one)"), "%s",
		  one.err);
	outcome_clear(&one);
	type(&d, "grep -q '<html' a.html && grep -q 'lab\\*\\* lab' a.md", &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	outcome_clear(&one);
	type(&d, "testbed trace dc1 edge:int --port 3478", &one);
	cr_expect_eq(one.exit_code, 1, "%s%s", one.out, one.err);
	outcome_clear(&one);
	type(&d, command_with(commands, "testbed set "), &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	outcome_clear(&one);
	type(&d, "testbed trace dc1 edge:int --port 3478", &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	outcome_clear(&one);
	type(&d, command_with(commands, "testbed reset"), &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	outcome_clear(&one);
	type(&d, command_with(in_lab, "testbed down"), &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	outcome_clear(&one);
	type(&d, "testbed trace dc1 edge:int --port 3478", &one);
	cr_expect_eq(one.exit_code, 0, "%s%s", one.out, one.err);
	cr_expect(strstr(one.err, "in a fresh lab: none is up"), "%s", one.err);
	outcome_clear(&one);
	outcome_clear(&o);
	desk_close(&d);
}
