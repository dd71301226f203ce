/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/figures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void figure_add(const char *part, const char *format, ...)
{
	const char *path = g_getenv("TESTBED_FIGURES");
	g_autofree char *text = NULL, *line = NULL;
	va_list args;
	int fd;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	line = g_strdup_printf("%s\t%s\n", part, text);
	/* one write: several tests may append at once */
	fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	if (fd >= 0 && write(fd, line, strlen(line)) < 0)
		g_warning("%s: %s", path, g_strerror(errno));
	if (fd >= 0)
		close(fd);
}

guint figure_count(const char *name, guint usual)
{
	const char *text = g_getenv(name);

	return text ? (guint)MAX(atoi(text), 1) : usual;
}
