/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/programs.h"

#include "testbed/exec/process.h"

#include <unistd.h>

static char *cure(const char *name, const char *program_dir)
{
	const char *package = spawn_package_of(name);

	if (program_dir)
		return g_strdup_printf("it belongs in '%s': build or install testbed again",
				       program_dir);
	return package ? g_strdup_printf("install the package %s", package) :
			 g_strdup("install it, or give its path");
}

static char *in_directory(const char *directory, const char *name)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);

	return access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

char *program_find(const char *name, const char *program_dir, GError **error)
{
	char *path = program_dir ? in_directory(program_dir, name) : spawn_find_program(name);
	g_autofree char *advice = NULL;

	if (path)
		return path;
	advice = cure(name, program_dir);
	g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED, "program '%s' is missing (%s)", name,
		    advice);
	return NULL;
}
