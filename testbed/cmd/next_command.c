/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that are printed for the user to type next begin as this one did. */
#include "testbed/cmd/cmd.h"

#include <string.h>
#include <unistd.h>

static char *program; /* lives as long as the process */

void cmd_set_program(const char *called)
{
	GString *words = g_string_new(geteuid() == 0 && g_getenv("SUDO_UID") ? "sudo " : NULL);

	/* found by PATH it has no slash, and is found again */
	run_args_word(words, called && strchr(called, '/') ? called : "testbed");
	g_free(program);
	program = g_string_free(words, FALSE);
}

const char *cmd_program(void)
{
	return program ? program : "testbed";
}

const char *cmd_topology_argument(const char *file)
{
	g_autofree char *reference = cmd_shipped_topology("lync.yaml");

	return g_strcmp0(file, reference) == 0 ? NULL : file;
}

struct run_args cmd_run_args(const results *r, const struct options *o, const char *folder,
			     char ret_seed[static 24])
{
	struct run_args made = run_args_of(r, ret_seed);

	made.program = cmd_program();
	made.topology = cmd_topology_argument(made.topology);
	made.folder = folder;
	made.allow_commands = o->allow_commands;
	return made;
}
