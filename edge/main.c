/* tb-edge: the Edge as an agent (docs/AGENTS.md). */
#include <glib.h>

#include "common/channel.h"
#include "edge/edge.h"

#define FLUSH_MS 500

struct program {
	GMainLoop *loop;
	channel *channel;
	edge *edge;
	int status;
};

static void on_event(const char *name, json_t *fields, gpointer user_data)
{
	struct program *p = user_data;

	channel_event(p->channel, name, fields);
}

static void stop(struct program *p, int status)
{
	p->status = status;
	g_main_loop_quit(p->loop);
}

static void on_start(struct program *p, json_t *command)
{
	g_autoptr(GError) error = NULL;

	if (p->edge) {
		channel_log(p->channel, "warning", "started already");
		return;
	}
	p->edge = edge_new(json_object_get(command, "config"), on_event, p, &error);
	if (p->edge) {
		channel_event(p->channel, "ready",
			      json_pack("{s:s, s:s}", "program", "tb-edge", "version", TESTBED_VERSION));
		return;
	}
	channel_event(p->channel, "failed", json_pack("{s:s}", "reason", error->message));
	stop(p, 1);
}

static void on_stats(struct program *p, json_t *command G_GNUC_UNUSED)
{
	channel_event(p->channel, "stats", p->edge ? edge_stats(p->edge) : NULL);
}

static void on_quit(struct program *p, json_t *command G_GNUC_UNUSED)
{
	stop(p, 0);
}

static const struct {
	const char *name;
	void (*run)(struct program *p, json_t *command);
} commands[] = {
	{"start", on_start},
	{"stats", on_stats},
	{"quit", on_quit},
};

static void on_command(channel *c, const char *name, json_t *command, gpointer user_data)
{
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (g_str_equal(commands[i].name, name)) {
			commands[i].run(user_data, command);
			return;
		}
	}
	channel_log(c, "warning", "unknown command '%s'", name);
}

static void on_channel_closed(channel *c G_GNUC_UNUSED, gpointer user_data)
{
	stop(user_data, 0);
}

int main(int argc, char **argv)
{
	static const struct channel_handlers handlers = {.command = on_command, .closed = on_channel_closed};
	struct program p = {.loop = g_main_loop_new(NULL, FALSE)};

	p.channel = channel_from_args(&argc, &argv,
				      "The Edge server: Access Edge, MRAS and A/V Edge (STUN and TURN).", &handlers, &p);
	g_main_loop_run(p.loop);
	edge_free(p.edge);
	channel_flush(p.channel, FLUSH_MS);
	channel_free(p.channel);
	g_main_loop_unref(p.loop);
	return p.status;
}
