/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tb-edge: the Edge as an agent (docs/AGENTS.md). */
#include "common/agent.h"
#include "edge/edge.h"

struct program {
	edge *edge;
};

static void on_edge_event(const char *name, json_t *fields, gpointer user_data)
{
	channel_event(agent_channel(user_data), name, fields);
}

static void on_start_command(agent *a, json_t *command, gpointer user_data)
{
	struct program *p = user_data;
	g_autoptr(GError) error = NULL;

	if (p->edge) {
		channel_log(agent_channel(a), "warning", "started already");
		return;
	}
	p->edge = edge_new(json_object_get(command, "config"), on_edge_event, a, &error);
	if (p->edge)
		agent_ready(a);
	else
		agent_failed(a, error);
}

static void on_stats_command(agent *a, json_t *command G_GNUC_UNUSED, gpointer user_data)
{
	struct program *p = user_data;

	channel_event(agent_channel(a), EVENT_STATS, p->edge ? edge_stats(p->edge) : NULL);
}

static void on_end(gpointer user_data)
{
	edge_free(((struct program *)user_data)->edge);
}

int main(int argc, char **argv)
{
	static const struct agent_command commands[] = {
		{"start", on_start_command},
		{"stats", on_stats_command},
		{NULL, NULL},
	};
	static const struct agent_kind kind = {
		.program = "tb-edge",
		.summary = "The Edge server: Access Edge, MRAS and A/V Edge (STUN and TURN).",
		.commands = commands,
		.end = on_end,
	};
	struct program p = {NULL};

	return agent_main(&argc, &argv, &kind, &p);
}
