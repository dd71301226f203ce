/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"

#include <gio/gio.h>

char *cmd_graphviz(const char *format, const char *dot, GError **error)
{
	g_autofree char *program = g_find_program_in_path("dot"),
			*wanted = g_strconcat("-T", format, NULL);
	g_autoptr(GSubprocess) process = NULL;
	g_autofree char *answer = NULL, *complaint = NULL;

	if (!program) {
		g_set_error(
			error, TB_ERROR, TB_ERROR_UNSUPPORTED,
			"the network is laid out by Graphviz's 'dot', which is missing (install "
			"the package graphviz; 'testbed graph --format dot' needs none)");
		return NULL;
	}
	process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
					   G_SUBPROCESS_FLAGS_STDERR_PIPE,
				   error, program, wanted, NULL);
	if (!process ||
	    !g_subprocess_communicate_utf8(process, dot, NULL, &answer, &complaint, error))
		return NULL;
	if (g_subprocess_get_successful(process))
		return g_steal_pointer(&answer);
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "%s failed: %s", program,
		    g_strstrip(complaint));
	return NULL;
}
