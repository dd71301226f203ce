/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/agent.h"

#include "common/base/descriptors.h"
#include "common/base/json.h"
#include "common/error_reason.h"
#include "common/wire/pack.h"

#include <gnutls/gnutls.h>

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

/* --- lateness --------------------------------------------------------------------------------- */

/* A loop that wakes up or goes on later than this says so: its timers are no measure then. */
#define LATE_US 100000

static agent *watched; /* whose loop the main context is */
static gint64 turn_us; /* when the loop went on after its last wait */

static void tell_late(gint64 late_us)
{
	if (late_us >= LATE_US && watched->channel)
		channel_event(watched->channel, EVENT_LATE,
			      event_pack("{s:I}", "late_ms", (json_int_t)(late_us / 1000)));
}

/* In place of poll(2): what a turn of the loop took, and how late a timer woke it. */
static gint poll_watched(GPollFD *fds, guint n, gint timeout_ms)
{
	gint64 begin_us = g_get_monotonic_time(), end_us;
	gint ready;

	if (turn_us > 0)
		tell_late(begin_us - turn_us);
	ready = g_poll(fds, n, timeout_ms);
	end_us = turn_us = g_get_monotonic_time();
	if (ready == 0 && timeout_ms >= 0)
		tell_late(end_us - begin_us - (gint64)timeout_ms * 1000);
	return ready;
}

void agent_end_without_memory(void)
{
	json_end_without_memory();
	gnutls_malloc = g_malloc;
	gnutls_calloc = g_malloc0_n;
	gnutls_realloc = g_realloc;
}

int agent_main(int *argc, char ***argv, const struct agent_kind *kind, gpointer user_data)
{
	static const struct channel_handlers handlers = {.command = run_command,
							 .closed = on_channel_closed};
	agent a = {.kind = kind, .user_data = user_data};

	descriptors_open_standard();
	agent_end_without_memory();
	a.loop = g_main_loop_new(NULL, FALSE);
	a.channel = channel_from_args(argc, argv, kind->summary, &handlers, &a);
	watched = &a;
	g_main_context_set_poll_func(NULL, poll_watched);
	g_main_loop_run(a.loop);
	g_main_context_set_poll_func(NULL, NULL);
	watched = NULL;
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
		      event_pack("{s:s, s:s}", "program", a->kind->program, "version",
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
