/* SPDX-License-Identifier: GPL-2.0-or-later */
/* docs/TOUR.md does what it says: its commands are run in their order, and what it shows is what
 * they print.
 *
 * In its ```console blocks "$ " begins a command, and the lines up to the next one are part of what
 * it prints, in this order; others may stand between them.  "..." stands for anything.  Numbers
 * that differ from run to run (times, ports, counts) are not compared; addresses are.
 */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <string.h>

#define DOCUMENT "docs/TOUR.md"

struct tour {
	char *folder;
	char **environment;
	char *said; /* what is left to be compared of what the last command printed; NULL: none yet
		     */
	char *command;
	guint commands;
};

/* One space between words, '#' for each number that stands alone: not in an address, not in a name.
 * Whether a busy machine had a cell measured again is not compared.
 */
static char *plain(const char *text)
{
	g_autoptr(GRegex) again = g_regex_new("(?<=[\\w!])\\*(?= |$)", G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GRegex) number = g_regex_new("(?<![\\w.])\\d+(\\.\\d+)?(?![\\w./])", 0, 0, NULL);
	g_autoptr(GRegex) space = g_regex_new("[ \\n]+", 0, 0, NULL);
	g_autofree char *once = g_regex_replace_literal(again, text, -1, 0, "", 0, NULL);
	g_autofree char *numbered = g_regex_replace_literal(number, once, -1, 0, "#", 0, NULL);

	return g_strstrip(g_regex_replace_literal(space, numbered, -1, 0, " ", 0, NULL));
}

static void run(struct tour *t, const char *command)
{
	g_autofree char *line = g_strdup_printf("%s 2>&1", command);
	const struct start how = {.environment = t->environment};
	struct outcome o;

	program_shell(line, &how, &o);
	g_free(t->said);
	t->said = plain(o.out);
	outcome_clear(&o);
	g_free(t->command);
	t->command = g_strdup(command);
	t->commands++;
}

/* The parts of the line between "..." come in this order, behind what was found before.  False:
 * told. */
static bool expect(struct tour *t, const char *line)
{
	g_auto(GStrv) parts = g_strsplit(line, "...", 0);

	cr_assert(t->said, DOCUMENT ": '%s' stands before any command", line);
	for (guint i = 0; parts[i]; i++) {
		g_autofree char *wanted = plain(parts[i]);
		const char *there = strstr(t->said, wanted);
		g_autofree char *rest = there ? g_strdup(there + strlen(wanted)) : NULL;

		cr_expect(there, "$ %s\ndoes not say\n%s\nbut (from there on)\n%s", t->command,
			  line, t->said);
		if (!there)
			return false;
		g_free(t->said);
		t->said = g_steal_pointer(&rest);
	}
	return true;
}

static void tour_init(struct tour *t)
{
	g_autofree char *program = program_path("testbed"), *bin = g_path_get_dirname(program);
	g_autofree char *path = g_strconcat(bin, ":", g_getenv("PATH"), NULL), *state;

	*t = (struct tour){.folder = program_folder_new(), .environment = g_get_environ()};
	state = g_build_filename(t->folder, "state", NULL);
	t->environment = g_environ_setenv(t->environment, "PATH", path, TRUE);
	t->environment = g_environ_setenv(t->environment, "XDG_RUNTIME_DIR", t->folder, TRUE);
	t->environment = g_environ_setenv(t->environment, "XDG_STATE_HOME", state, TRUE);
}

static void tour_clear(struct tour *t)
{
	program_folder_free(t->folder);
	g_strfreev(t->environment);
	g_free(t->said);
	g_free(t->command);
}

Test(tour, does_what_it_says, .timeout = 300)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	bool inside = false, good = true;
	struct tour t;

	cr_assert(g_file_get_contents(DOCUMENT, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", 0);
	tour_init(&t);
	for (guint i = 0; lines[i] && good; i++) {
		if (g_str_has_prefix(lines[i], "```"))
			inside = g_str_equal(lines[i], "```console");
		else if (inside && g_str_has_prefix(lines[i], "$ "))
			run(&t, lines[i] + 2);
		else if (inside)
			good = expect(&t, lines[i]);
	}
	run(&t, "testbed down --all");
	cr_expect(!good || t.commands > 20, DOCUMENT " has %u commands", t.commands);
	tour_clear(&t);
}
