/* tb-frontend: the Front End server as an agent of a lab (docs/AGENTS.md). */
#include "common/channel.h"
#include "frontend/server.h"

#define LINGER_MS 300 /* for the Edge's answers to the releases of relays */

struct program {
	GMainLoop *loop;
	channel *channel;
	fe_server *server;
	int status;
};

static void on_event(const char *name, json_t *fields, gpointer user_data)
{
	struct program *p = user_data;

	channel_event(p->channel, name, fields);
}

static void fail(struct program *p, const char *reason)
{
	channel_event(p->channel, "failed", json_pack("{s:s}", "reason", reason));
	p->status = 1;
	g_main_loop_quit(p->loop);
}

static void start(struct program *p, json_t *command)
{
	g_autoptr(GError) error = NULL;
	struct fe_config *config;

	if (p->server) {
		channel_log(p->channel, "warning", "started already");
		return;
	}
	config = fe_config_parse(json_object_get(command, "config"), &error);
	p->server = config ? fe_server_new(config, on_event, p, &error) : NULL;
	if (!p->server) {
		fail(p, error->message);
		return;
	}
	channel_event(p->channel, "ready", json_pack("{s:s, s:s}", "program", "tb-frontend", "version", TESTBED_VERSION));
}

static void stats(struct program *p, json_t *command)
{
	(void)command;
	channel_event(p->channel, "stats", p->server ? fe_server_stats(p->server) : NULL);
}

static gboolean leave(gpointer data)
{
	struct program *p = data;

	g_main_loop_quit(p->loop);
	return G_SOURCE_REMOVE;
}

static void quit(struct program *p, json_t *command)
{
	bool releasing = fe_server_free(p->server);

	(void)command;
	p->server = NULL;
	g_timeout_add(releasing ? LINGER_MS : 0, leave, p);
}

static const struct {
	const char *name;
	void (*run)(struct program *p, json_t *command);
} commands[] = {
	{ "start", start },
	{ "stats", stats },
	{ "quit", quit },
};

static void on_command(channel *c, const char *name, json_t *command, gpointer user_data)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (g_strcmp0(name, commands[i].name) == 0) {
			commands[i].run(user_data, command);
			return;
		}
	channel_log(c, "warning", "unknown command '%s'", name);
}

static void on_closed(channel *c, gpointer user_data)
{
	struct program *p = user_data;

	(void)c;
	g_main_loop_quit(p->loop);
}

int main(int argc, char **argv)
{
	static const struct channel_handlers handlers = { .command = on_command, .closed = on_closed };
	struct program p = { .loop = g_main_loop_new(NULL, FALSE) };

	p.channel = channel_from_args(&argc, &argv, "Front End server: registrar, proxy, conferences", &handlers, &p);
	g_main_loop_run(p.loop);
	fe_server_free(p.server);
	channel_flush(p.channel, 500);
	channel_free(p.channel);
	g_main_loop_unref(p.loop);
	return p.status;
}
