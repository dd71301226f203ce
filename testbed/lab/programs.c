/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/programs.h"

#include <string.h>
#include <unistd.h>

static const struct {
	const char *program, *package;
} packages[] = {
	{"dnsmasq", "dnsmasq-base"},
	{"turnserver", "coturn"},
	{"wireguard-go", "wireguard-go"},
};

static char *cure(const char *name, const char *program_dir)
{
	if (program_dir)
		return g_strdup_printf("it belongs in '%s': build or install testbed again",
				       program_dir);
	for (guint i = 0; i < G_N_ELEMENTS(packages); i++)
		if (strcmp(packages[i].program, name) == 0)
			return g_strdup_printf("install the package %s", packages[i].package);
	return g_strdup("install it, or give its path");
}

static char *in_directory(const char *directory, const char *name)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);

	return access(path, X_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static char *in_system(const char *name)
{
	static const char *const directories[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};
	char *path = g_find_program_in_path(name);

	for (guint i = 0; !path && i < G_N_ELEMENTS(directories); i++)
		path = in_directory(directories[i], name);
	return path;
}

char *program_find(const char *name, const char *program_dir, GError **error)
{
	char *path = program_dir ? in_directory(program_dir, name) : in_system(name);
	g_autofree char *advice = NULL;

	if (path)
		return path;
	advice = cure(name, program_dir);
	g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED, "program '%s' is missing (%s)", name,
		    advice);
	return NULL;
}
