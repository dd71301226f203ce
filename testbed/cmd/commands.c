/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that a topology wants to run as clients: asked for before anything starts. */
#include "testbed/cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "NODE: PROGRAM ARGUMENT...", a line each; NULL: the file names none.  The caller frees it. */
static char *list_commands(const model *m)
{
	GString *list = g_string_new(NULL);

	ptr_array_foreach(const struct node, n, m->nodes) {
		const GPtrArray *command = n->endpoint ? n->endpoint->command : NULL;

		if (!command)
			continue;
		g_string_append_printf(list, "  %s:", n->name);
		ptr_array_foreach(const char, word, command) {
			g_autofree char *shown = g_strescape(word, NULL);

			g_string_append_printf(list, " %s", shown);
		}
		g_string_append_c(list, '\n');
	}
	return g_string_free(list, list->len == 0);
}

/* Whether the user, at a terminal, says yes. */
static bool user_agrees(void)
{
	char answer[16] = "";

	fputs("Run them? [y/N] ", stderr);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

int cmd_allow_commands(const struct options *o, const model *m)
{
	g_autofree char *list = o->allow_commands ? NULL : list_commands(m);

	if (!list)
		return CMD_AS_EXPECTED;
	cmd_note("the topology names programs to run as clients, as you:\n%s"
		 "They see the lab's network, the machine's programs and their own folder.",
		 list);
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && user_agrees())
		return CMD_AS_EXPECTED;
	return cmd_fail(CMD_USAGE, "not run without your consent: add --allow-commands");
}

void cmd_tell_commands(const char *path, const model *m)
{
	g_autofree char *list = list_commands(m);

	if (list)
		cmd_note("%s: names programs to run as clients (--allow-commands):\n%.*s", path,
			 (int)strlen(list) - 1, list);
}
