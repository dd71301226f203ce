/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that a topology wants to run as clients: looked for and asked for before anything
 * starts. */
#include "testbed/cmd/cmd.h"
#include "testbed/exec/process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Programs of a topology, and of what its scenarios and --change add. */
struct named_programs {
	GString *list; /* "  NODE: PROGRAM ARGUMENT...", a line each */
	diags *missing;
	GHashTable *seen; /* lines */
};

static void see_program(struct named_programs *p, const struct node *n, const GPtrArray *command)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autofree char *found = NULL;

	g_string_append_printf(line, "  %s:", n->name);
	ptr_array_foreach(const char, word, command) {
		g_autofree char *shown = g_strescape(word, NULL);

		g_string_append_printf(line, " %s", shown);
	}
	if (!g_hash_table_add(p->seen, g_strdup(line->str)))
		return;
	g_string_append_printf(p->list, "%s\n", line->str);
	found = spawn_find_program(command->pdata[0]);
	if (!found)
		diags_add(p->missing, DIAG_ERROR, n->loc,
			  "install it, or give its path, from the folder where testbed is called",
			  "the client of '%s' is not there: no program '%s'", n->name,
			  (const char *)command->pdata[0]);
}

static void see_network(struct named_programs *p, const model *m)
{
	ptr_array_foreach(const struct node, n, m->nodes)
		if (n->endpoint && n->endpoint->command)
			see_program(p, n, n->endpoint->command);
}

/* Those that are not there are added to `missing`.  Returns "NODE: PROGRAM ARGUMENT...", a line
 * each; NULL: there are none.  The caller frees it. */
static char *list_programs(const model *m, diags *missing)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct named_programs p = {g_string_new(NULL), missing, seen};

	see_network(&p, m);
	ptr_array_foreach(const struct scenario, sc, m->scenarios) {
		g_autoptr(diags) unheard = diags_new();
		g_autoptr(model) changed = model_instantiate(m, sc, unheard);

		if (changed)
			see_network(&p, changed);
	}
	return g_string_free(p.list, p.list->len == 0);
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
	g_autoptr(diags) missing = diags_new();
	g_autofree char *list = list_programs(m, missing);

	cmd_tell_findings(missing);
	if (diags_errors(missing) > 0)
		return CMD_INPUT;
	if (!list || o->allow_commands)
		return CMD_AS_EXPECTED;
	cmd_note("the topology names programs to run as clients, as you:\n%s"
		 "They see the lab's network, the machine's programs and their own folder.",
		 list);
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && user_agrees())
		return CMD_AS_EXPECTED;
	return cmd_fail(CMD_USAGE, "not run without your consent: add --allow-commands");
}

void cmd_find_commands(const model *m, diags *found)
{
	g_free(list_programs(m, found));
}

void cmd_tell_commands(const char *path, const model *m)
{
	g_autoptr(diags) unheard = diags_new();
	g_autofree char *list = list_programs(m, unheard);

	if (list)
		cmd_note("%s: names programs to run as clients (--allow-commands):\n%.*s", path,
			 (int)strlen(list) - 1, list);
}
