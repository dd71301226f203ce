/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536

struct channel {
	int in_fd, out_fd;
	bool out_is_socket;
	const struct channel_handlers *handlers;
	gpointer user_data;
	GMainContext *context;
	GSource *reader, *writer; /* writer: only while something is queued */
	GSource *starter;	  /* delivers `start` (channel_from_args --config) */
	json_t *start;
	GString *input;
	gsize scanned; /* of input: no line end before here */
	GByteArray *output;
	bool ended;  /* `closed` was called; nothing is read or written any more */
	guint depth; /* callbacks under way: channel_free inside one waits for its end */
	bool freed;
};

/* --- life ------------------------------------------------------------------------------------- */

static void source_clear(GSource **source)
{
	if (!*source)
		return;
	g_source_destroy(*source);
	g_clear_pointer(source, g_source_unref);
}

static void destroy(channel *c)
{
	close(c->in_fd);
	if (c->out_fd != c->in_fd)
		close(c->out_fd);
	json_decref(c->start);
	g_string_free(c->input, TRUE);
	g_byte_array_unref(c->output);
	g_main_context_unref(c->context);
	g_free(c);
}

static void stop(channel *c)
{
	source_clear(&c->reader);
	source_clear(&c->writer);
	source_clear(&c->starter);
}

void channel_free(channel *c)
{
	if (!c || c->freed)
		return;
	c->freed = true;
	stop(c);
	if (c->depth == 0)
		destroy(c);
}

/* Around everything that calls the owner.  After leave() the channel may be gone. */
static void enter(channel *c)
{
	c->depth++;
}

static void leave(channel *c)
{
	if (--c->depth == 0 && c->freed)
		destroy(c);
}

static void end(channel *c)
{
	if (c->ended || c->freed)
		return;
	c->ended = true;
	stop(c);
	c->handlers->closed(c, c->user_data);
}

/* --- commands in ------------------------------------------------------------------------------ */

static void deliver(channel *c, json_t *command)
{
	const char *name = json_string_value(json_object_get(command, "cmd"));

	if (name)
		c->handlers->command(c, name, command, c->user_data);
	else
		channel_log(c, "warning", "ignoring a command without \"cmd\"");
}

/* One line without its end; false: it ends the channel. */
static bool take_line(channel *c, const char *line, gsize length)
{
	json_error_t error;

	if (length && line[length - 1] == '\r')
		length--;
	if (length == 0)
		return true;

	json_t *command = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	bool valid = json_is_object(command);

	if (valid)
		deliver(c, command);
	json_decref(command);
	return valid;
}

/* All complete lines of the input; false: one of them, or the rest, ends the channel. */
static bool take_lines(channel *c)
{
	gsize start = 0;
	const char *newline;

	while (!c->freed && !c->ended &&
	       (newline = memchr(c->input->str + c->scanned, '\n', c->input->len - c->scanned))) {
		gsize stop_at = (gsize)(newline - c->input->str);

		c->scanned = stop_at + 1;
		if (stop_at - start > CHANNEL_LINE_MAX ||
		    !take_line(c, c->input->str + start, stop_at - start))
			return false;
		start = stop_at + 1;
	}
	g_string_erase(c->input, 0, (gssize)start);
	c->scanned = c->input->len;
	return c->input->len <= CHANNEL_LINE_MAX;
}

static gboolean on_readable(gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
	channel *c = user_data;
	char chunk[READ_BYTES];
	gssize n = read(fd, chunk, sizeof chunk);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	enter(c);
	if (n > 0)
		g_string_append_len(c->input, chunk, n);
	if (n <= 0 || !take_lines(c))
		end(c);
	leave(c);
	return G_SOURCE_CONTINUE; /* stop() has taken the source away when it had to */
}

/* --- events out ------------------------------------------------------------------------------- */

/* Writes as much as goes without waiting; false: the other side is gone. */
static bool write_some(channel *c)
{
	gssize n = c->out_is_socket ? send(c->out_fd, c->output->data, c->output->len,
					   MSG_DONTWAIT | MSG_NOSIGNAL) :
				      write(c->out_fd, c->output->data, c->output->len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	g_byte_array_remove_range(c->output, 0, (guint)n);
	return true;
}

static gboolean on_writable(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition,
			    gpointer user_data)
{
	channel *c = user_data;
	bool alive = write_some(c);

	if (alive && c->output->len)
		return G_SOURCE_CONTINUE;
	source_clear(&c->writer);
	enter(c);
	if (!alive)
		end(c);
	leave(c);
	return G_SOURCE_REMOVE;
}

static GSource *watch(channel *c, int fd, GIOCondition condition, GUnixFDSourceFunc function)
{
	GSource *source = g_unix_fd_source_new(fd, condition);

	g_source_set_callback(source, G_SOURCE_FUNC(function), c, NULL);
	g_source_attach(source, c->context);
	return source;
}

static void queue_line(channel *c, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);

	if (text && !c->ended && !c->freed) {
		g_byte_array_append(c->output, (const guint8 *)text, (guint)strlen(text));
		g_byte_array_append(c->output, (const guint8 *)"\n", 1);
		if (!c->writer)
			c->writer = watch(c, c->out_fd, G_IO_OUT, on_writable);
	}
	free(text);
}

void channel_event(channel *c, const char *name, json_t *fields)
{
	json_t *line = json_pack("{s:s, s:I}", "event", name, "time_us",
				 (json_int_t)g_get_monotonic_time());
	json_t *happened = json_object_get(fields, "time_us");

	if (happened)
		json_object_set(line, "time_us", happened);
	if (fields)
		json_object_update_missing(line, fields);
	json_decref(fields);
	queue_line(c, line);
	json_decref(line);
}

void channel_log(channel *c, const char *level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);

	g_autofree char *text = g_strdup_vprintf(format, arguments);
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	va_end(arguments);
	channel_event(c, "log", json_pack("{s:s, s:s}", "level", level, "text", valid));
}

void channel_flush(channel *c, guint timeout_ms)
{
	gint64 deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

	while (c->output->len && !c->ended) {
		struct pollfd p = {.fd = c->out_fd, .events = POLLOUT};
		gint64 left_us = deadline_us - g_get_monotonic_time();

		if (poll(&p, 1, (int)(MAX(left_us, 0) / 1000)) <= 0 || !write_some(c))
			return;
	}
}

/* --- making ----------------------------------------------------------------------------------- */

/* Pipes can be made non-blocking; a terminal or file is shared with others and always takes a line.
 */
static void prepare_output(channel *c)
{
	struct stat s;

	if (fstat(c->out_fd, &s) < 0)
		return;
	c->out_is_socket = S_ISSOCK(s.st_mode);
	if (S_ISFIFO(s.st_mode))
		g_unix_set_fd_nonblocking(c->out_fd, TRUE, NULL);
}

channel *channel_new(int in_fd, int out_fd, const struct channel_handlers *handlers,
		     gpointer user_data)
{
	channel *c = g_new0(channel, 1);

	c->in_fd = in_fd;
	c->out_fd = out_fd;
	c->handlers = handlers;
	c->user_data = user_data;
	c->context = g_main_context_ref_thread_default();
	c->input = g_string_new(NULL);
	c->output = g_byte_array_new();
	prepare_output(c);
	c->reader = watch(c, in_fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable);
	return c;
}

static gboolean on_start(gpointer user_data)
{
	channel *c = user_data;

	source_clear(&c->starter);
	enter(c);
	deliver(c, c->start);
	leave(c);
	return G_SOURCE_REMOVE;
}

/* Before anything that is read: idle, but with the reader's priority outbid. */
static void deliver_start(channel *c, json_t *config)
{
	c->start = json_pack("{s:s, s:o}", "cmd", "start", "config", config);
	c->starter = g_idle_source_new();
	g_source_set_priority(c->starter, G_PRIORITY_HIGH);
	g_source_set_callback(c->starter, on_start, c, NULL);
	g_source_attach(c->starter, c->context);
}

G_GNUC_PRINTF(1, 2) G_NORETURN static void usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s: ", g_get_prgname());
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "; try --help\n");
	va_end(arguments);
	exit(2);
}

static json_t *load_config(const char *file)
{
	json_error_t error;
	json_t *config = json_load_file(file, JSON_REJECT_DUPLICATES, &error);

	if (!config && error.line > 0)
		usage_error("%s:%d:%d: %s", file, error.line, error.column, error.text);
	if (!config)
		usage_error("%s", error.text);
	if (!json_is_object(config))
		usage_error("%s: not a JSON object", file);
	return config;
}

channel *channel_from_args(int *argc, char ***argv, const char *summary,
			   const struct channel_handlers *handlers, gpointer user_data)
{
	gint control_fd = -1;
	gboolean version = FALSE;
	g_autofree char *file = NULL;
	const GOptionEntry options[] = {
		{"control-fd", 0, 0, G_OPTION_ARG_INT, &control_fd,
		 "Commands and events on this inherited socket (default: standard input and "
		 "output)",
		 "N"},
		{"config", 0, 0, G_OPTION_ARG_FILENAME, &file,
		 "Start with the configuration in this JSON file", "FILE"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and exit", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context, summary);
	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, argc, argv, &error))
		usage_error("%s", error->message);
	if (version) {
		printf("%s %s\n", g_get_prgname(), TESTBED_VERSION);
		exit(0);
	}
	if (*argc > 1)
		usage_error("unexpected argument '%s'", (*argv)[1]);
	if (control_fd >= 0 && fcntl(control_fd, F_SETFD, FD_CLOEXEC) < 0)
		usage_error("--control-fd=%d: %s", control_fd, g_strerror(errno));

	json_t *config = file ? load_config(file) : NULL;
	channel *c = channel_new(control_fd >= 0 ? control_fd : STDIN_FILENO,
				 control_fd >= 0 ? control_fd : STDOUT_FILENO, handlers, user_data);

	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of one write, not the end
				     of the program */
	if (config)
		deliver_start(c, config);
	return c;
}
