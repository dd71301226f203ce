/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"

#include "common/base/files.h"
#include "common/base/printable.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECONDS_MIN 0.2 /* of media: ten packets */
#define SECONDS_MAX 600.0

#define COLUMNS_DEFAULT 80
#define COLUMNS_MAX 120

/* The terminal's width, at most COLUMNS_MAX; COLUMNS_DEFAULT when `fd` is no terminal. */
static unsigned columns_of(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return MIN(size.ws_col, COLUMNS_MAX);
	return COLUMNS_DEFAULT;
}

struct report_style cmd_style(const struct options *o, int fd)
{
	const char *no_color = g_getenv("NO_COLOR");
	const char *term = g_getenv("TERM");

	return (struct report_style){
		.colour = isatty(fd) && !o->no_color && !(no_color && *no_color) &&
			  g_strcmp0(term, "dumb") != 0,
		.utf8 = g_get_charset(NULL),
		.columns = columns_of(fd),
	};
}

/* Writes all of it to stdout; the exit code is that of cmd_print. */
static int write_out(const GString *all)
{
	const char *text = all->str;
	size_t left = all->len;

	while (left > 0) {
		ssize_t n = write(STDOUT_FILENO, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return CMD_SIGNAL + SIGPIPE;
		if (n < 0)
			return cmd_fail(CMD_INTERNAL, "cannot write to standard output: %s",
					g_strerror(errno));
		text += n;
		left -= (size_t)n;
	}
	return CMD_AS_EXPECTED;
}

int cmd_print(const char *text, gssize length)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ink_print(out, text, length);
	return write_out(out);
}

void cmd_tell(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ink_print(out, text, -1);
	fputs(out->str, stderr);
}

static void print_message(const char *prefix, const char *format, va_list args) G_GNUC_PRINTF(2, 0);

/* Prints "testbed: PREFIX..." on stderr. */
static void print_message(const char *prefix, const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args),
			*line = g_strconcat("testbed: ", prefix, text, "\n", NULL);

	cmd_tell(line);
}

bool cmd_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_message("error: ", format, args);
	va_end(args);
	return false;
}

int cmd_fail(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_message("error: ", format, args);
	va_end(args);
	return code;
}

void cmd_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_message("", format, args);
	va_end(args);
}

void cmd_note_uncontained(const char *parts)
{
	if (parts)
		cmd_note("this host does not contain all of a lab: %s ('testbed doctor')", parts);
}

int cmd_exit_of(const GError *error)
{
	if (g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED))
		return CMD_UNSUPPORTED;
	if (g_error_matches(error, TB_ERROR, TB_ERROR_INPUT))
		return CMD_USAGE;
	if (g_error_matches(error, TB_ERROR, TB_ERROR_CHANGE))
		return CMD_INPUT;
	return CMD_INTERNAL;
}

int cmd_failed(const GError *error)
{
	cmd_error("%s", error->message);
	return cmd_exit_of(error);
}

bool cmd_seed(const struct options *o, guint64 *ret)
{
	*ret = g_random_int();
	if (!o->seed || g_ascii_string_to_unsigned(o->seed, 10, 0, G_MAXINT64, ret, NULL))
		return true;
	return cmd_error("--seed '%s' is not a number from 0 on", o->seed);
}

bool cmd_media_ms(const struct options *o, guint default_ms, guint *ret_ms)
{
	char *end = NULL;
	double seconds = o->seconds ? g_ascii_strtod(o->seconds, &end) : default_ms / 1000.0;

	if (o->seconds && (end == o->seconds || *end != '\0' ||
			   !(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)))
		return cmd_error("--seconds '%s' is not a number from %g to %g", o->seconds,
				 SECONDS_MIN, SECONDS_MAX);
	*ret_ms = (guint)(seconds * 1000 + 0.5);
	return true;
}

int cmd_write_json(const char *where, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);

	printable_append(out, text, -1, PRINTABLE_JSON);
	if (g_str_equal(where, "-"))
		return write_out(out);
	return files_replace(where, out->str, (gssize)out->len, &error) ?
		       CMD_AS_EXPECTED :
		       cmd_fail(CMD_INTERNAL, "%s", error->message);
}

int cmd_write_document(const char *where, const json_t *document, size_t indent)
{
	char *dumped = json_dumps(document, JSON_INDENT(indent));
	g_autofree char *text = g_strconcat(dumped, "\n", NULL);

	free(dumped);
	return cmd_write_json(where, text);
}
