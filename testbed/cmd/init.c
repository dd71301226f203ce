/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"

#include "common/base/files.h"

#define STARTER "starter.yaml"
#define DEFAULT_FILE "my-company.yaml"

/* Writes the file.  One that exists is left alone unless `force`.  Returns the exit code. */
static int write_starter(const char *path, const char *text, gsize length, bool force)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) word = g_string_new(NULL);
	bool ok = force ? files_replace(path, text, (gssize)length, &error) :
			  files_make(path, text, (gssize)length, &error);

	if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_EXIST))
		return cmd_fail(CMD_USAGE, "'%s' is there already (--force replaces it)", path);
	if (!ok)
		return cmd_fail(CMD_INTERNAL, "%s", error->message);
	cmd_note("wrote %s", path);
	run_args_word(word, path);
	cmd_note("next: %s graph -t %s -o net.svg; %s run matrix -t %s", cmd_program(), word->str,
		 cmd_program(), word->str);
	return CMD_AS_EXPECTED;
}

int cmd_init(const struct options *o)
{
	const char *path = o->arguments[0] ? o->arguments[0] : DEFAULT_FILE;
	g_autofree char *starter = cmd_shipped_topology(STARTER), *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize length;

	if (!g_file_get_contents(starter, &text, &length, &error))
		return cmd_fail(CMD_INTERNAL, "%s (build or install testbed again)",
				error->message);
	if (cmd_is_stdout(path))
		return cmd_print_document(text, (gssize)length);
	return write_starter(path, text, length, o->force);
}
