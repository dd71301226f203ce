/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/session/fake_lab.h"

struct fake_lab fake;

/* One of the functions is set. */
struct fake_question {
	lab_inspect_func inspect;
	lab_watch_func watch;
	lab_enter_func enter;
	lab_credentials_func credentials;
	lab_change_func change;
	gpointer user_data;
};

/* The handle means nothing: there is one lab. */
static lab *handle(void)
{
	return (lab *)(gpointer)&fake;
}

/* --- testbed/lab/lab.h ------------------------------------------------------------------------ */

lab *lab_start(const model *m G_GNUC_UNUSED, const plan *p G_GNUC_UNUSED,
	       const struct lab_options *options G_GNUC_UNUSED,
	       const struct lab_callbacks *callbacks, gpointer user_data,
	       GError **error G_GNUC_UNUSED)
{
	fake = (struct fake_lab){.callbacks = *callbacks, .user_data = user_data};
	fake.sent = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	g_queue_init(&fake.questions);
	return handle();
}

gboolean lab_command(lab *l G_GNUC_UNUSED, const char *agent, json_t *command, GError **error)
{
	struct agent_command *sent;

	if (g_strcmp0(agent, fake.mute) == 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_DIED, "no agent '%s' runs", agent);
		return FALSE;
	}
	sent = g_new0(struct agent_command, 1);
	sent->agent = g_strdup(agent);
	sent->command = json_incref(command);
	g_ptr_array_add(fake.sent, sent);
	return TRUE;
}

static void push(struct fake_question q)
{
	g_queue_push_tail(&fake.questions, g_memdup2(&q, sizeof q));
}

void lab_inspect(lab *l G_GNUC_UNUSED, lab_inspect_func done, gpointer user_data)
{
	push((struct fake_question){.inspect = done, .user_data = user_data});
}

void lab_inspect_asking(lab *l, const GPtrArray *questions G_GNUC_UNUSED, lab_inspect_func done,
			gpointer user_data)
{
	lab_inspect(l, done, user_data);
}

void lab_watch(lab *l G_GNUC_UNUSED, lab_watch_func done, gpointer user_data)
{
	fake.watches++;
	push((struct fake_question){.watch = done, .user_data = user_data});
}

void lab_unwatch(lab *l G_GNUC_UNUSED)
{
	fake.watches--;
}

void lab_enter(lab *l G_GNUC_UNUSED, const char *node G_GNUC_UNUSED, lab_enter_func done,
	       gpointer user_data)
{
	push((struct fake_question){.enter = done, .user_data = user_data});
}

void lab_change(lab *l G_GNUC_UNUSED, const char *const *changes, const char *const *spare,
		const char *reboot, lab_change_func done, gpointer user_data)
{
	g_autofree char *texts = g_strjoinv("; ", (char **)(gpointer)(guintptr)changes),
			*spared = g_strjoinv(" ", (char **)(gpointer)(guintptr)spare);

	g_free(fake.change);
	fake.change = g_strdup_printf("%s | spare %s | reboot %s", texts, spared,
				      reboot ? reboot : "nobody");
	push((struct fake_question){.change = done, .user_data = user_data});
}

void lab_credentials(lab *l G_GNUC_UNUSED, const char *node G_GNUC_UNUSED,
		     lab_credentials_func done, gpointer user_data)
{
	push((struct fake_question){.credentials = done, .user_data = user_data});
}

pid_t lab_pid(const lab *l G_GNUC_UNUSED)
{
	return -1;
}

/* The time, once it is another one: what comes after something else is later on a fast machine,
 * too. */
static gint64 later_us(void)
{
	gint64 begin_us = g_get_monotonic_time(), now_us;

	while ((now_us = g_get_monotonic_time()) == begin_us)
		;
	return now_us;
}

/* Each at another place, for what follows at the same one soon would be one witness. */
static void tell_overload(lab *l)
{
	gint64 now_us = later_us();
	g_autofree char *where = g_strdup_printf("sockets of hub%u", fake.overloads--);
	struct witness *w = witness_new(WITNESS_SOCKET_FULL, where, 3, now_us, now_us);

	fake.callbacks.witness(l, w, fake.user_data);
	witness_free(w);
	later_us();
}

void lab_look(lab *l, lab_look_func done, gpointer user_data)
{
	if (fake.overloads > 0)
		tell_overload(l);
	if (!fake.looks_held) {
		done(l, user_data);
		return;
	}
	fake.look = done;
	fake.look_data = user_data;
}

void fake_look_over(void)
{
	fake.look(NULL, fake.look_data);
}

void lab_free(lab *l)
{
	if (!l)
		return;
	fake.freed = true;
	g_queue_clear_full(&fake.questions, g_free);
	g_clear_pointer(&fake.sent, g_ptr_array_unref);
	g_clear_pointer(&fake.change, g_free);
}

/* --- what the test has it do ------------------------------------------------------------------ */

void fake_built(void)
{
	const struct lab_build build = {.build_ms = 1};

	fake.callbacks.built(handle(), &build, fake.user_data);
}

void fake_say(const char *agent, json_t *event)
{
	fake.callbacks.event(handle(), agent, event, fake.user_data);
	json_decref(event);
}

void fake_died(const char *agent)
{
	fake.callbacks.agent_died(handle(), agent, REASON_NONE, "killed by signal 9",
				  fake.user_data);
}

void fake_failed(void)
{
	g_autoptr(GError) error = g_error_new(TB_ERROR, TB_ERROR_DIED, "the supervisor is gone");

	fake.callbacks.failed(handle(), error, fake.user_data);
}

void fake_answer(const char *refused)
{
	g_autofree struct fake_question *q = g_queue_pop_head(&fake.questions);
	g_autoptr(netstate) state = netstate_new();
	g_autoptr(GError) error =
		refused ? g_error_new_literal(TB_ERROR, TB_ERROR_FAILED, refused) : NULL;
	static const char *const files[] = {"/resolv.conf", "/etc/resolv.conf", NULL};
	/* descriptors that are there anyway, and stay */
	const struct lab_enter_target target = {
		.user = 0, .mnt = 1, .pid = 2, .net = 2, .files = files};

	if (q->inspect)
		q->inspect(handle(), error ? NULL : state, error, q->user_data);
	if (q->watch)
		q->watch(handle(), error ? -1 : 0, error, q->user_data);
	if (q->enter)
		q->enter(handle(), error ? NULL : &target, error, q->user_data);
	if (q->credentials) {
		json_auto_t *of = json_pack("{s:s, s:s, s:s, s:s, s:s, s:n}", "user", "dc1@x.org",
					    "password", "secret", "realm", "x.org", "ca", "/ca",
					    "front_end", "fe.x.org", "relay");

		q->credentials(handle(), error ? NULL : of, error, q->user_data);
	}
	if (q->change)
		q->change(handle(), NULL, error, q->user_data);
}

char *fake_take_sent(void)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < fake.sent->len; i++) {
		const struct agent_command *c = fake.sent->pdata[i];
		const char *call = json_string_value(json_object_get(c->command, "call"));

		g_string_append_printf(text, "%s %s%s%s\n", c->agent,
				       json_string_value(json_object_get(c->command, "cmd")),
				       call ? " " : "", call ? call : "");
	}
	g_ptr_array_set_size(fake.sent, 0);
	return g_string_free(text, FALSE);
}
