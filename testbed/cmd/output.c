/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"

#include "common/base/files.h"
#include "common/base/printable.h"
#include "testbed/report/wrap.h"

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

#define COLUMNS_MIN 40
#define COLUMNS_DEFAULT 80
#define COLUMNS_MAX 120
#define ROWS_MIN 4
#define ROWS_DEFAULT 24

/* The size of a terminal, where it does not say the usual one; all zero: `fd` is none. */
static struct winsize size_of(int fd)
{
	struct winsize size = {0};

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0)
		return (struct winsize){0};
	size.ws_col = size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
	size.ws_row = size.ws_row > 0 ? size.ws_row : ROWS_DEFAULT;
	return size;
}

unsigned cmd_columns(int fd)
{
	unsigned columns = size_of(fd).ws_col;

	return columns > 0 ? CLAMP(columns, COLUMNS_MIN, COLUMNS_MAX) : COLUMNS_DEFAULT;
}

/* Whether escape sequences mean something to the stream. */
static bool is_screen(int fd)
{
	return isatty(fd) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

bool cmd_redraws(void)
{
	return is_screen(STDERR_FILENO) && size_of(STDERR_FILENO).ws_col >= COLUMNS_MIN;
}

struct report_style cmd_style(const struct options *o, int fd)
{
	const char *no_color = g_getenv("NO_COLOR");

	return (struct report_style){
		.colour = is_screen(fd) && !o->no_color && !(no_color && *no_color),
		.utf8 = g_get_charset(NULL),
		.columns = cmd_columns(fd),
	};
}

/* Writes all of it to stdout; the exit code is that of cmd_print_document. */
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

int cmd_print_document(const char *text, gssize length)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ink_print(out, text, length);
	return write_out(out);
}

/* The text as a stream may have it: on a terminal broken at words.  The caller frees it. */
static GString *shown_on(int fd, const char *text, gssize length)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	unsigned columns = MAX(size_of(fd).ws_col, COLUMNS_MIN);
	GString *out;

	ink_print(clean, text, length);
	if (!isatty(fd))
		return g_steal_pointer(&clean);
	out = g_string_new(NULL);
	wrap_lines(out, clean->str, (gssize)clean->len, columns);
	return out;
}

int cmd_print(const char *text, gssize length)
{
	g_autoptr(GString) out = shown_on(STDOUT_FILENO, text, length);

	cmd_draw("");
	return write_out(out);
}

void cmd_tell(const char *text)
{
	g_autoptr(GString) out = shown_on(STDERR_FILENO, text, -1);

	cmd_draw("");
	fputs(out->str, stderr);
}

unsigned cmd_rows(void)
{
	return MAX(size_of(STDERR_FILENO).ws_row, ROWS_MIN);
}

/* How many rows the lines from `first` on take. */
static guint rows_of(const GPtrArray *lines, guint first)
{
	guint columns = MAX(size_of(STDERR_FILENO).ws_col, COLUMNS_MIN), rows = 0;

	for (guint i = first; i < lines->len; i++)
		rows += wrap_rows(lines->pdata[i], columns);
	return rows;
}

/* Takes away lines from the beginning until the others fit the terminal. */
static void drop_first_lines(GPtrArray *lines)
{
	guint first = 0;

	while (first < lines->len && rows_of(lines, first) >= cmd_rows())
		first++;
	g_ptr_array_remove_range(lines, 0, first);
}

void cmd_draw(const char *text)
{
	static GPtrArray *drawn; /* the lines that stand on the terminal */
	g_autoptr(GString) out = shown_on(STDERR_FILENO, text, -1);
	g_auto(GStrv) lines = g_strsplit(out->str, "\n", 0);
	GPtrArray *fresh = g_ptr_array_new_with_free_func(g_free);
	guint same = 0;

	for (guint i = 0; lines[i] && lines[i + 1]; i++)
		g_ptr_array_add(fresh, g_strdup(lines[i]));
	drop_first_lines(fresh);
	while (drawn && same < MIN(drawn->len, fresh->len) &&
	       g_str_equal(drawn->pdata[same], fresh->pdata[same]))
		same++;
	if (drawn && drawn->len > same)
		fprintf(stderr, "\033[%uA\r\033[J", rows_of(drawn, same));
	for (guint i = same; i < fresh->len; i++)
		fprintf(stderr, "%s\n", (const char *)fresh->pdata[i]);
	fflush(stderr);
	g_clear_pointer(&drawn, g_ptr_array_unref);
	drawn = fresh;
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

bool cmd_is_stdout(const char *where)
{
	return g_strcmp0(where, "-") == 0;
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
	if (cmd_is_stdout(where))
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
