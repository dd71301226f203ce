/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/agent.h"

#include "common/error_reason.h"

#ifndef TESTBED_VERSION
#define TESTBED_VERSION "0"
#endif

#define FLUSH_MS 500

struct agent {
	const struct agent_kind *kind;
	gpointer user_data;
	GMainLoop *loop;
	channel *channel;
	int status;
};

/* Passes a command to the kind's one function or to its row. */
static void run_command(channel *c, const char *name, json_t *command, gpointer user_data)
{
	agent *a = user_data;

	if (a->kind->command) {
		a->kind->command(a, name, command, a->user_data);
		return;
	}
	for (const struct agent_command *row = a->kind->commands; row->name; row++) {
		if (g_str_equal(row->name, name)) {
			row->run(a, command, a->user_data);
			return;
		}
	}
	if (g_str_equal(name, "quit"))
		agent_stop(a, 0);
	else
		channel_log(c, "warning", "unknown command '%s'", name);
}

static void on_channel_closed(channel *c G_GNUC_UNUSED, gpointer user_data)
{
	agent_stop(user_data, 0);
}

int agent_main(int *argc, char ***argv, const struct agent_kind *kind, gpointer user_data)
{
	static const struct channel_handlers handlers = {.command = run_command,
							 .closed = on_channel_closed};
	agent a = {.kind = kind, .user_data = user_data, .loop = g_main_loop_new(NULL, FALSE)};

	a.channel = channel_from_args(argc, argv, kind->summary, &handlers, &a);
	g_main_loop_run(a.loop);
	kind->end(user_data);
	channel_flush(a.channel, FLUSH_MS);
	channel_free(a.channel);
	g_main_loop_unref(a.loop);
	return a.status;
}

channel *agent_channel(const agent *a)
{
	return a->channel;
}

void agent_ready(const agent *a)
{
	channel_event(a->channel, EVENT_READY,
		      json_pack("{s:s, s:s}", "program", a->kind->program, "version",
				TESTBED_VERSION));
}

void agent_failed(agent *a, const GError *error)
{
	channel_event(a->channel, EVENT_FAILED, error_set(json_object(), error));
	agent_stop(a, 1);
}

void agent_stop(agent *a, int status)
{
	a->status = status;
	g_main_loop_quit(a->loop);
}
