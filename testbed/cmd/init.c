/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STARTER "starter.yaml"
#define DEFAULT_FILE "my-company.yaml"

/* Prints that something failed, by errno.  Returns the exit code. */
static int print_file_error(const char *what, const char *path)
{
	return cmd_fail(CMD_INTERNAL, "can't %s '%s': %s", what, path, g_strerror(errno));
}

/* Writes the file.  One that exists is left alone unless `force`; open decides that, so that no
 * other program can make it between a look and the writing.  Returns the exit code. */
static int write_starter(const char *path, const char *text, gsize length, bool force)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0666);
	ssize_t written;

	if (fd < 0 && errno == EEXIST)
		return cmd_fail(CMD_USAGE, "'%s' is there already (--force replaces it)", path);
	if (fd < 0)
		return print_file_error("make", path);
	written = write(fd, text, length);
	if (close(fd) < 0 || written != (ssize_t)length)
		return print_file_error("write", path);
	cmd_note("wrote %s", path);
	cmd_note("next: testbed graph -t %s -o net.svg; testbed run matrix -t %s", path, path);
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
	if (g_str_equal(path, "-"))
		return cmd_print(text, (gssize)length);
	return write_starter(path, text, length, o->force);
}
