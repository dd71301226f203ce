/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tb-frontend: the Front End server as an agent of a lab (docs/AGENTS.md). */
#include "common/agent.h"
#include "frontend/server.h"

#define LINGER_MS 300 /* for the Edge's responses to the release of relays */

struct program {
	fe_server *server;
};

static void on_server_event(const char *name, json_t *fields, gpointer user_data)
{
	channel_event(agent_channel(user_data), name, fields);
}

static void on_start_command(agent *a, json_t *command, gpointer user_data)
{
	struct program *p = user_data;
	g_autoptr(GError) error = NULL;
	struct fe_config *config;

	if (p->server) {
		channel_log(agent_channel(a), "warning", "started already");
		return;
	}
	config = fe_config_parse(json_object_get(command, "config"), &error);
	p->server = config ? fe_server_new(config, on_server_event, a, &error) : NULL;
	if (p->server)
		agent_ready(a);
	else
		agent_failed(a, error);
}

static void on_stats_command(agent *a, json_t *command G_GNUC_UNUSED, gpointer user_data)
{
	struct program *p = user_data;

	channel_event(agent_channel(a), EVENT_STATS, p->server ? fe_server_stats(p->server) : NULL);
}

static gboolean on_linger_over(gpointer data)
{
	agent_stop(data, 0);
	return G_SOURCE_REMOVE;
}

static void on_quit_command(agent *a, json_t *command G_GNUC_UNUSED, gpointer user_data)
{
	struct program *p = user_data;
	bool releasing = fe_server_free(p->server);

	p->server = NULL;
	g_timeout_add(releasing ? LINGER_MS : 0, on_linger_over, a);
}

static void on_end(gpointer user_data)
{
	fe_server_free(((struct program *)user_data)->server);
}

int main(int argc, char **argv)
{
	static const struct agent_command commands[] = {
		{"start", on_start_command},
		{"stats", on_stats_command},
		{"quit", on_quit_command},
		{NULL, NULL},
	};
	static const struct agent_kind kind = {
		.program = "tb-frontend",
		.summary = "Front End server: registrar, proxy, conferences",
		.commands = commands,
		.end = on_end,
	};
	struct program p = {NULL};

	return agent_main(&argc, &argv, &kind, &p);
}
