/* tb-nat: both ends of a NAT measurement as an agent (docs/AGENTS.md): the judge outside, the probe inside. */
#include "common/channel.h"
#include "nat/judge.h"
#include "nat/probe.h"

#include <arpa/inet.h>
#include <gio/gio.h>

#define FLUSH_MS 500
#define LIFETIME_MAX_MS (24 * 3600 * 1000)

struct program {
	GMainLoop *loop;
	channel *channel;
	judge *judge;
	bool probing;
	int status;
};

static void stop(struct program *p, int status)
{
	p->status = status;
	g_main_loop_quit(p->loop);
}

static void on_start(struct program *p, json_t *command G_GNUC_UNUSED)
{
	channel_event(p->channel, "ready", json_pack("{s:s, s:s}", "program", "tb-nat", "version", TESTBED_VERSION));
}

static bool address_of(const json_t *text, struct in_addr *ret)
{
	return json_is_string(text) && inet_pton(AF_INET, json_string_value(text), ret) == 1;
}

static void on_judge(struct program *p, json_t *command)
{
	const json_t *addresses = json_object_get(command, "addresses");
	struct in_addr first, second;
	g_autoptr(GError) error = NULL;

	if (p->judge || !address_of(json_array_get(addresses, 0), &first) || !address_of(json_array_get(addresses, 1), &second)) {
		channel_log(p->channel, "warning", "'nat-judge' needs two IPv4 addresses, once");
		return;
	}
	p->judge = judge_new(first, second, &error);
	if (p->judge) {
		channel_event(p->channel, "nat-judging", NULL);
		return;
	}
	channel_event(p->channel, "failed", json_pack("{s:s}", "reason", error->message));
	stop(p, 1);
}

/* --- probe --- */

struct job {
	struct probe_asked asked;
	struct probe_measured measured;
};

static json_t *endpoint_json(const struct sockaddr_in *a)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &a->sin_addr, text, sizeof text);
	return json_pack("{s:s, s:i}", "address", text, "port", (int)g_ntohs(a->sin_port));
}

static json_t *measured_json(const struct job *j)
{
	const struct probe_measured *m = &j->measured;
	json_t *event = json_pack("{s:b, s:s?}", "udp", m->udp, "tcp_mapping", probe_behaviour_name(m->tcp_mapping));

	if (!m->udp)
		return event;
	json_object_set_new(event, "local", endpoint_json(&m->local));
	json_object_set_new(event, "mapped", endpoint_json(&m->mapped));
	json_object_update_new(event, json_pack("{s:b, s:s?, s:s?, s:b, s:b, s:b}", "translated", m->translated, "mapping",
						probe_behaviour_name(m->mapping), "filtering",
						probe_behaviour_name(m->filtering), "hairpin", m->hairpin,
						"hairpin_outside", m->hairpin_outside, "preserve_port", m->port_preserved));
	if (j->asked.lifetime_ms > 0)
		json_object_set_new(event, "lifetime",
				    json_pack("{s:I, s:b, s:b}", "asked_ms", (json_int_t)j->asked.lifetime_ms, "lived",
					      m->lived, "ended", m->ended));
	return event;
}

static void run_job(GTask *task, gpointer source G_GNUC_UNUSED, gpointer data, GCancellable *cancel G_GNUC_UNUSED)
{
	struct job *j = data;

	probe_run(&j->asked, &j->measured);
	g_task_return_boolean(task, TRUE);
}

static void on_measured(GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
	struct program *p = user_data;

	p->probing = false;
	channel_event(p->channel, "nat-measured", measured_json(g_task_get_task_data(G_TASK(result))));
}

static void on_probe(struct program *p, json_t *command)
{
	json_int_t lifetime_ms = json_integer_value(json_object_get(command, "lifetime_ms"));
	struct job j = { .asked = { .judge = { .sin_family = AF_INET, .sin_port = g_htons(JUDGE_PORT) } } };
	g_autoptr(GTask) task = NULL;

	if (p->probing || !address_of(json_object_get(command, "judge"), &j.asked.judge.sin_addr) || lifetime_ms < 0 ||
	    lifetime_ms > LIFETIME_MAX_MS) {
		channel_log(p->channel, "warning", "'nat-probe' needs the judge's address and a lifetime in milliseconds, and one at a time");
		return;
	}
	j.asked.lifetime_ms = (guint)lifetime_ms;
	p->probing = true;
	/* It waits for packets in a thread of its own, so that the control channel is always heard. */
	task = g_task_new(NULL, NULL, on_measured, p);
	g_task_set_task_data(task, g_memdup2(&j, sizeof j), g_free);
	g_task_run_in_thread(task, run_job);
}

static void on_quit(struct program *p, json_t *command G_GNUC_UNUSED)
{
	stop(p, 0);
}

/* --- the agent --- */

static const struct {
	const char *name;
	void (*run)(struct program *p, json_t *command);
} commands[] = {
	{ "start", on_start }, { "nat-judge", on_judge }, { "nat-probe", on_probe }, { "quit", on_quit },
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
	static const struct channel_handlers handlers = { .command = on_command, .closed = on_channel_closed };
	struct program p = { .loop = g_main_loop_new(NULL, FALSE) };

	p.channel = channel_from_args(&argc, &argv, "Measures a NAT by RFC 5780: the judge outside, or the probe inside.",
				      &handlers, &p);
	g_main_loop_run(p.loop);
	judge_free(p.judge);
	channel_flush(p.channel, FLUSH_MS);
	channel_free(p.channel);
	g_main_loop_unref(p.loop);
	return p.status;
}
