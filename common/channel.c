/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/channel.h"

#include "common/base/source.h"
#include "common/wire/line_socket.h"
#include "common/wire/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the network can make an agent say must not fill its memory while nobody reads. */
#define BACKLOG_MAX_BYTES ((gsize)32 * 1024 * 1024)

struct channel {
	line_socket *lines; /* NULL: a broken line has ended it */
	const struct channel_handlers *handlers;
	gpointer user_data;
	guint dropped;	  /* events since the other side reads no more */
	GSource *starter; /* delivers `start` (channel_from_args --config) */
	json_t *start;
};

void channel_free(channel *c)
{
	if (!c)
		return;
	source_clear(&c->starter);
	line_socket_free(c->lines);
	json_decref(c->start);
	g_free(c);
}

/* --- commands in ------------------------------------------------------------------------------ */

/* Passes a command to the handler, which may free the channel: nothing here touches it after the
 * call.  One without "cmd" is only logged. */
static void deliver_command(channel *c, json_t *command)
{
	const char *name = member_text(command, "cmd");

	if (name)
		c->handlers->command(c, name, command, c->user_data);
	else
		channel_log(c, "warning", "ignoring a command without \"cmd\"");
}

static void on_lines_closed(G_GNUC_UNUSED line_socket *lines, gpointer user_data)
{
	channel *c = user_data;

	source_clear(&c->starter);
	c->handlers->closed(c, c->user_data);
}

/* Passes on the JSON object in a line.  A line that holds anything else ends the channel. */
static void on_line(G_GNUC_UNUSED line_socket *lines, char *line, gsize length, gpointer user_data)
{
	channel *c = user_data;
	json_t *command;

	if (length && line[length - 1] == '\r')
		length--;
	if (length == 0)
		return;
	command = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(command)) {
		deliver_command(c, command);
	} else {
		g_clear_pointer(&c->lines, line_socket_free);
		on_lines_closed(NULL, c);
	}
	json_decref(command);
}

/* --- events out ------------------------------------------------------------------------------- */

/* Whether the other side has not read so much that this event is dropped.  When it reads again, how
 * many were is told first. */
static bool is_behind(channel *c)
{
	guint dropped = c->dropped;

	if (line_socket_queued(c->lines) > (dropped ? BACKLOG_MAX_BYTES / 2 : BACKLOG_MAX_BYTES)) {
		c->dropped++;
		return true;
	}
	c->dropped = 0;
	if (dropped)
		channel_log(c, "warning", "%u events were dropped: nobody read them", dropped);
	return false;
}

void channel_event(channel *c, const char *name, json_t *fields)
{
	json_t *line = event_pack("{s:s, s:I}", "event", name, "time_us",
				  (json_int_t)g_get_monotonic_time());
	json_t *happened = json_object_get(fields, "time_us");

	if (happened)
		json_object_set(line, "time_us", happened);
	if (fields)
		json_object_update_missing(line, fields);
	json_decref(fields);
	if (c->lines && !is_behind(c))
		line_socket_send_json(c->lines, event_fit(line, CONTROL_LINE_MAX_BYTES));
	else
		json_decref(line);
}

void channel_log(channel *c, const char *level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);

	g_autofree char *text = g_strdup_vprintf(format, arguments);

	va_end(arguments);
	channel_event(c, EVENT_LOG, event_pack("{s:s, s:s}", "level", level, "text", text));
}

void channel_flush(channel *c, guint timeout_ms)
{
	if (c->lines)
		line_socket_flush(c->lines, timeout_ms);
}

/* --- making ----------------------------------------------------------------------------------- */

channel *channel_new(int in_fd, int out_fd, const struct channel_handlers *handlers,
		     gpointer user_data)
{
	static const struct line_socket_handlers line_handlers = {.line = on_line,
								  .closed = on_lines_closed};
	g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
	channel *c = g_new0(channel, 1);

	c->handlers = handlers;
	c->user_data = user_data;
	c->lines =
		line_socket_new(in_fd, out_fd, context, CONTROL_LINE_MAX_BYTES, &line_handlers, c);
	return c;
}

static gboolean deliver_config(gpointer user_data)
{
	channel *c = user_data;
	json_t *start = json_incref(c->start);

	source_clear(&c->starter);
	deliver_command(c, start);
	json_decref(start);
	return G_SOURCE_REMOVE;
}

/* Delivers the `start` command before anything that is read: by an idle source with a higher
 * priority than the reader's.  Takes over `config`. */
static void schedule_start(channel *c, json_t *config)
{
	c->start = event_pack("{s:s, s:o}", "cmd", "start", "config", config);
	c->starter = g_idle_source_new();
	g_source_set_priority(c->starter, G_PRIORITY_HIGH);
	g_source_set_callback(c->starter, deliver_config, c, NULL);
	g_source_attach(c->starter, g_main_context_get_thread_default());
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

	signal(SIGPIPE, SIG_IGN); /* a write without reader must fail, and not end the program */
	if (config)
		schedule_start(c, config);
	return c;
}
