/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tb-nat: both ends of a NAT measurement as an agent (docs/AGENTS.md): the judge outside, the probe
 * inside. */
#include "common/agent.h"
#include "common/wire/pack.h"
#include "nat/judge.h"
#include "nat/probe.h"

#include <arpa/inet.h>
#include <gio/gio.h>

#define LIFETIME_MAX_MS (24 * 3600 * 1000)

struct program {
	judge *judge;
	bool probing;
};

static void on_start(agent *a, json_t *command G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
	agent_ready(a);
}

static bool parse_ipv4(const json_t *text, struct in_addr *ret)
{
	return json_is_string(text) && inet_pton(AF_INET, json_string_value(text), ret) == 1;
}

static void on_judge(agent *a, json_t *command, gpointer user_data)
{
	struct program *p = user_data;
	const json_t *addresses = json_object_get(command, "addresses");
	struct in_addr first, second;
	g_autoptr(GError) error = NULL;

	if (p->judge || !parse_ipv4(json_array_get(addresses, 0), &first) ||
	    !parse_ipv4(json_array_get(addresses, 1), &second)) {
		channel_log(agent_channel(a), "warning",
			    "'nat-judge' needs two IPv4 addresses, once");
		return;
	}
	p->judge = judge_new(first, second, &error);
	if (p->judge)
		channel_event(agent_channel(a), EVENT_NAT_JUDGING, NULL);
	else
		agent_failed(a, error);
}

/* --- probe ------------------------------------------------------------------------------------ */

struct job {
	agent *agent;
	struct program *program;
	struct probe_asked asked;
	struct probe_measured measured;
};

static json_t *endpoint_json(const struct sockaddr_in *a)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &a->sin_addr, text, sizeof text);
	return event_pack("{s:s, s:i}", "address", text, "port", (int)g_ntohs(a->sin_port));
}

static json_t *measured_json(const struct job *j)
{
	const struct probe_measured *m = &j->measured;
	json_t *event = event_pack("{s:b, s:s?}", "udp", m->udp, "tcp_mapping",
				   probe_behaviour_name(m->tcp_mapping));

	if (!m->udp)
		return event;
	json_object_set_new(event, "local", endpoint_json(&m->local));
	json_object_set_new(event, "mapped", endpoint_json(&m->mapped));
	json_object_update_new(event, event_pack("{s:b, s:s?, s:s?, s:b, s:b, s:b}", "translated",
						 m->translated, "mapping",
						 probe_behaviour_name(m->mapping), "filtering",
						 probe_behaviour_name(m->filtering), "hairpin",
						 m->hairpin, "hairpin_outside", m->hairpin_outside,
						 "preserve_port", m->port_preserved));
	if (j->asked.lifetime_ms > 0)
		json_object_set_new(event, "lifetime",
				    event_pack("{s:I, s:b, s:b}", "asked_ms",
					       (json_int_t)j->asked.lifetime_ms, "lived", m->lived,
					       "ended", m->ended));
	return event;
}

static void run_job(GTask *task, gpointer source G_GNUC_UNUSED, gpointer data,
		    GCancellable *cancel G_GNUC_UNUSED)
{
	struct job *j = data;

	probe_run(&j->asked, &j->measured);
	g_task_return_boolean(task, TRUE);
}

static void on_measured(GObject *source G_GNUC_UNUSED, GAsyncResult *result,
			gpointer user_data G_GNUC_UNUSED)
{
	const struct job *j = g_task_get_task_data(G_TASK(result));

	j->program->probing = false;
	channel_event(agent_channel(j->agent), EVENT_NAT_MEASURED, measured_json(j));
}

static void on_probe(agent *a, json_t *command, gpointer user_data)
{
	struct program *p = user_data;
	json_int_t lifetime_ms = member_integer(command, "lifetime_ms");
	struct job j = {
		.agent = a,
		.program = p,
		.asked = {.judge = {.sin_family = AF_INET, .sin_port = g_htons(JUDGE_PORT)}}};
	g_autoptr(GTask) task = NULL;

	if (p->probing || !parse_ipv4(json_object_get(command, "judge"), &j.asked.judge.sin_addr) ||
	    lifetime_ms < 0 || lifetime_ms > LIFETIME_MAX_MS) {
		channel_log(agent_channel(a), "warning",
			    "'nat-probe' needs the judge's address and a lifetime in milliseconds, "
			    "and one at a time");
		return;
	}
	j.asked.lifetime_ms = (guint)lifetime_ms;
	p->probing = true;
	/* It waits for packets in a thread of its own, so that the control channel is always heard.
	 */
	task = g_task_new(NULL, NULL, on_measured, NULL);
	g_task_set_task_data(task, g_memdup2(&j, sizeof j), g_free);
	g_task_run_in_thread(task, run_job);
}

static void free_judge(gpointer user_data)
{
	judge_free(((struct program *)user_data)->judge);
}

int main(int argc, char **argv)
{
	static const struct agent_command commands[] = {
		{"start", on_start},
		{"nat-judge", on_judge},
		{"nat-probe", on_probe},
		{NULL, NULL},
	};
	static const struct agent_kind kind = {
		.program = "tb-nat",
		.summary = "Measures a NAT by RFC 5780: the judge outside, or the probe inside.",
		.commands = commands,
		.end = free_judge,
	};
	struct program p = {NULL, false};

	return agent_main(&argc, &argv, &kind, &p);
}
