/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/live/keeper.h"

#include "testbed/lab/supervisor.h"
#include "testbed/live/keeper_internal.h"
#include "testbed/session/signins.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_WORDS_TIMEOUT_MS 1000

/* --- control clients
 * ----------------------------------------------------------------------------------- */

struct control_client *control_client_ref(struct control_client *g)
{
	g->refs++;
	return g;
}

void control_client_unref(struct control_client *g)
{
	if (--g->refs > 0)
		return;
	line_socket_free(g->channel);
	json_decref(g->answer);
	g_free(g);
}

static void control_client_release(gpointer client)
{
	control_client_unref(client);
}

void control_client_tell(struct control_client *g, json_t *message)
{
	if (g->channel)
		line_socket_send_json(g->channel, message);
	else
		json_decref(message);
}

void control_client_done(struct control_client *g, json_t *done)
{
	control_client_tell(g, json_pack("{s:o}", "done", done ? done : json_object()));
}

bool control_client_done_fds(struct control_client *g, json_t *done, const int *fds, guint n)
{
	json_t *answer = json_pack("{s:o}", "done", done);

	if (!g->channel) {
		json_decref(answer);
		return false;
	}
	if (line_socket_send_json_fds(g->channel, answer, fds, n))
		return true;
	control_client_fail(g, TB_ERROR_FAILED, "no more descriptors can be open");
	return false;
}

void control_client_fail(struct control_client *g, int code, const char *message)
{
	g_autofree char *valid = g_utf8_make_valid(message, -1);

	control_client_tell(g,
			    json_pack("{s:{s:i, s:s}}", "error", "code", code, "message", valid));
}

void control_client_fail_with(struct control_client *g, const GError *error)
{
	control_client_fail(g, error->domain == TB_ERROR ? error->code : TB_ERROR_FAILED,
			    error->message);
}

static void on_control_client_line(line_socket *s G_GNUC_UNUSED, char *line, gsize length,
				   gpointer user_data)
{
	struct control_client *g = control_client_ref(user_data);
	json_t *request = json_loadb(line, length, 0, NULL);

	if (json_is_object(request))
		request_serve(g, request);
	else
		control_client_fail(g, TB_ERROR_INPUT, "a request is a JSON object a line");
	json_decref(request);
	control_client_unref(g);
}

static void on_control_client_gone(line_socket *s G_GNUC_UNUSED, gpointer user_data)
{
	struct control_client *g = user_data;
	struct keeper *k = g->k;
	bool orphaned = g->starter && !k->up;

	g_clear_pointer(&g->channel, line_socket_free);
	g->waits = false;
	if (g->watches)
		lab_unwatch(k->lab);
	g->watches = false;
	g_ptr_array_remove(k->clients, g);
	/* nobody wants this lab any more */
	if (orphaned)
		keeper_quit(k);
}

static gboolean on_connection(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	static const struct line_socket_handlers handlers = {.line = on_control_client_line,
							     .closed = on_control_client_gone};
	struct keeper *k = user_data;
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct control_client *g;

	if (connection < 0)
		return G_SOURCE_CONTINUE;
	g = g_new0(struct control_client, 1);
	g->k = k;
	g->refs = 1;
	g->starter = k->clients->len == 0 && !k->up;
	g->channel = line_socket_new(connection, connection, g_main_context_default(),
				     SUPERVISOR_LINE_MAX_BYTES, &handlers, g);
	g_ptr_array_add(k->clients, g);
	return G_SOURCE_CONTINUE;
}

/* --- endpoints -------------------------------------------------------------------------------- */

static void endpoint_free(gpointer data)
{
	struct endpoint_state *e = data;

	g_free(e->name);
	g_free(e->why);
	json_decref(e->signed_in);
	json_decref(e->story);
	g_free(e);
}

struct endpoint_state *keeper_endpoint(const struct keeper *k, const char *name)
{
	return g_hash_table_lookup(k->endpoints, name);
}

static gboolean is_gone(gpointer name, gpointer state G_GNUC_UNUSED, gpointer user_data)
{
	const struct keeper *k = user_data;
	const struct node *n = model_node(k->current, name);

	return !n || !n->endpoint;
}

void keeper_add_endpoints(struct keeper *k)
{
	g_hash_table_foreach_remove(k->endpoints, is_gone, k);
	for (guint i = 0; i < k->current->nodes->len; i++) {
		const struct node *n = k->current->nodes->pdata[i];
		struct endpoint_state *e;

		if (!n->endpoint || keeper_endpoint(k, n->name))
			continue;
		e = g_new0(struct endpoint_state, 1);
		e->name = g_strdup(n->name);
		e->story = json_array();
		g_hash_table_insert(k->endpoints, e->name, e);
	}
}

static void sign_in_over(struct keeper *k, struct endpoint_state *e, enum sign_in state, char *why)
{
	e->state = state;
	g_free(e->why);
	e->why = why;
	keeper_settle(k);
}

static void send_sign_in(struct keeper *k, struct endpoint_state *e)
{
	json_t *command = json_pack("{s:s}", "cmd", "sign-in");
	g_autoptr(GError) error = NULL;

	e->asked = true;
	e->state = SIGN_IN_PENDING;
	g_clear_pointer(&e->why, g_free);
	g_clear_pointer(&e->signed_in, json_decref);
	json_array_clear(e->story);
	if (!lab_command(k->lab, e->name, command, &error)) {
		e->state = SIGN_IN_DIED;
		e->why = g_strdup(error->message);
	}
	json_decref(command);
}

static gboolean on_sign_in_deadline(gpointer data)
{
	struct keeper *k = data;
	GHashTableIter iter;
	gpointer value;

	k->sign_in_deadline = 0;
	g_hash_table_iter_init(&iter, k->endpoints);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct endpoint_state *e = value;

		if (e->state != SIGN_IN_PENDING)
			continue;
		e->state = SIGN_IN_DIED;
		g_free(e->why);
		e->why = g_strdup_printf("no answer to its sign-in within %d s",
					 SIGN_IN_DEADLINE_MS / 1000);
	}
	keeper_settle(k);
	return G_SOURCE_REMOVE;
}

void keeper_sign_in(struct keeper *k, const char *const *names)
{
	GHashTableIter iter;
	gpointer value;

	g_clear_handle_id(&k->sign_in_deadline, g_source_remove);
	k->sign_in_deadline = g_timeout_add(SIGN_IN_DEADLINE_MS, on_sign_in_deadline, k);
	g_hash_table_iter_init(&iter, k->endpoints);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct endpoint_state *e = value;

		if (!names || !e->asked || g_strv_contains(names, e->name))
			send_sign_in(k, e);
	}
	keeper_settle(k);
}

static bool anyone_pending(const struct keeper *k)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, k->endpoints);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((const struct endpoint_state *)value)->state == SIGN_IN_PENDING)
			return true;
	return false;
}

void keeper_settle(struct keeper *k)
{
	if (!k->built || k->change || anyone_pending(k))
		return;
	g_clear_handle_id(&k->sign_in_deadline, g_source_remove);
	if (!k->up)
		k->up_ms = (double)(g_get_monotonic_time() - k->started_us) / 1000;
	k->up = true;
	for (guint i = 0; i < k->clients->len; i++) {
		struct control_client *g = k->clients->pdata[i];
		json_t *answer = g->answer;

		if (!g->waits)
			continue;
		g->waits = false;
		g->answer = NULL;
		control_client_done(g, answer ? answer : keeper_status(k));
	}
}

/* What a sign-in says is kept, so that a call's story can begin with it. */
static void on_endpoint_event(struct keeper *k, struct endpoint_state *e, json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "event"));
	const char *stage = json_string_value(json_object_get(event, "stage"));
	const char *reason = json_string_value(json_object_get(event, "reason"));

	if (e->state != SIGN_IN_PENDING || json_object_get(event, "call"))
		return;
	json_array_append(e->story, event);
	if (g_strcmp0(name, "signed-in") == 0) {
		e->signed_in = json_incref(event);
		sign_in_over(k, e, SIGN_IN_DONE, NULL);
	} else if (g_strcmp0(name, "sign-in-failed") == 0) {
		sign_in_over(k, e, SIGN_IN_FAILED,
			     g_strdup_printf("%s: %s", stage ? stage : "unknown stage",
					     reason ? reason : "no reason given"));
	}
}

/* --- the lab ---------------------------------------------------------------------------------- */

static void on_built(lab *l G_GNUC_UNUSED, const struct lab_build *build, gpointer user_data)
{
	struct keeper *k = user_data;

	k->built = true;
	k->build_ms = build->build_ms;
	k->vpn = g_strdup(build->vpn);
	if (k->job->publish)
		keeper_publish(k);
	else
		keeper_sign_in(k, NULL);
}

static void on_event(lab *l G_GNUC_UNUSED, const char *agent, json_t *event, gpointer user_data)
{
	struct keeper *k = user_data;
	struct endpoint_state *e = keeper_endpoint(k, agent);

	if (live_call_event(k, agent, event))
		return;
	if (e)
		on_endpoint_event(k, e, event);
	else
		live_call_said(k, agent, event);
}

static void on_agent_died(lab *l G_GNUC_UNUSED, const char *agent, const char *how,
			  gpointer user_data)
{
	struct keeper *k = user_data;
	struct endpoint_state *e = keeper_endpoint(k, agent);
	g_autofree char *why = g_strdup_printf("agent %s died: %s", agent, how);

	json_t *died = json_pack("{s:s, s:s}", "event", "agent-died", "how", how);

	live_call_agent_died(k, agent, why);
	live_call_said(k, agent, died);
	json_decref(died);
	if (e)
		sign_in_over(k, e, SIGN_IN_DIED, g_strdup(why));
	else
		g_ptr_array_add(k->dead, g_strdup(why));
}

void keeper_fail(struct keeper *k, const GError *error)
{
	for (guint i = 0; i < k->clients->len; i++)
		control_client_fail_with(k->clients->pdata[i], error);
	keeper_quit(k);
}

static void on_failed(lab *l G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	keeper_fail(user_data, error);
}

void keeper_quit(struct keeper *k)
{
	g_main_loop_quit(k->loop);
}

static gboolean start_lab(struct keeper *k, GError **error)
{
	static const struct lab_callbacks callbacks = {.built = on_built,
						       .event = on_event,
						       .agent_died = on_agent_died,
						       .failed = on_failed};
	const struct lab_options options = {
		.name = k->job->scenario->name,
		.program_dir = k->job->program_dir,
		.seed = g_random_int(),
		.base = k->job->base,
		.scenario = k->job->scenario,
	};
	g_autoptr(plan) p = NULL;
	g_autoptr(diags) found = diags_new();

	k->current = model_instantiate(k->job->base, k->job->scenario, found);
	if (!k->current) {
		g_autofree char *text = diags_to_text(found);

		g_set_error_literal(error, TB_ERROR, TB_ERROR_INPUT, g_strchomp(text));
		return FALSE;
	}
	keeper_add_endpoints(k);
	p = plan_build(k->current);
	k->lab = lab_start(k->current, p, &options, &callbacks, k, error);
	return k->lab != NULL;
}

/* --- the process ------------------------------------------------------------------------------ */

static gboolean on_signal(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		keeper_quit(user_data);
	return G_SOURCE_CONTINUE;
}

/* By descriptor, for labs are cloned from this process, which must not have threads. */
static int watch_signals(void)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void serve(struct keeper *k)
{
	g_autoptr(GError) error = NULL;
	guint sources[] = {
		g_unix_fd_add(k->job->listener, G_IO_IN, on_connection, k),
		g_unix_fd_add(watch_signals(), G_IO_IN, on_signal, k),
	};

	/* who started us is connected already, and hears it when the lab can't be started */
	while (g_main_context_iteration(NULL, FALSE))
		;
	if (start_lab(k, &error))
		g_main_loop_run(k->loop);
	else
		keeper_fail(k, error);
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
}

/* The supervisor has ended when everything in its PID namespace has: only then is the name free. */
static void end_lab(struct keeper *k)
{
	pid_t pid = k->lab ? lab_pid(k->lab) : -1;
	siginfo_t info;

	lab_free(k->lab);
	while (pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
		;
}

static int live(const struct keeper_job *job)
{
	struct keeper k = {
		.job = job,
		.loop = g_main_loop_new(NULL, FALSE),
		.started_us = g_get_monotonic_time(),
		.started_real_s = g_get_real_time() / G_USEC_PER_SEC,
		.changes = g_ptr_array_new_with_free_func(g_free),
		.endpoints = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, endpoint_free),
		.clients = g_ptr_array_new_with_free_func(control_client_release),
		.said = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref),
		.dead = g_ptr_array_new_with_free_func(g_free),
		.calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};

	for (; job->changes && job->changes[k.n_declared]; k.n_declared++)
		g_ptr_array_add(k.changes, g_strdup(job->changes[k.n_declared]));
	serve(&k);
	end_lab(&k);
	runtime_dir_remove(job->runtime, job->name);
	for (guint i = 0; i < k.clients->len; i++) {
		struct control_client *g = k.clients->pdata[i];

		if (g->leaves)
			control_client_done(g, NULL);
		if (g->channel)
			line_socket_flush(g->channel, LAST_WORDS_TIMEOUT_MS);
	}
	return 0;
}

static bool is_kept(int fd, const int *keep, guint n)
{
	for (guint i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return false;
}

/* Nothing of the starter's stays open, above all no pipe that somebody reads to its end. */
static void close_others(const int *keep, guint n)
{
	g_autoptr(GArray) open_fds = g_array_new(FALSE, FALSE, sizeof(int));
	GDir *folder = g_dir_open("/proc/self/fd", 0, NULL);
	const char *entry;

	while (folder && (entry = g_dir_read_name(folder))) {
		int fd = atoi(entry);

		if (fd > 2 && !is_kept(fd, keep, n))
			g_array_append_val(open_fds, fd);
	}
	if (folder)
		g_dir_close(folder);
	for (guint i = 0; i < open_fds->len; i++)
		close(g_array_index(open_fds, int, i));
}

static void detach(const struct keeper_job *job)
{
	const int keep[] = {job->lock, job->listener, runtime_dir_fd(job->runtime)};
	int null = open("/dev/null", O_RDWR);

	setsid();
	prctl(PR_SET_NAME, "testbed-keeper");
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close_others(keep, G_N_ELEMENTS(keep));
	/* It stays in the folder where it was started: the topology's path, and those of clients in
	 * it, count from there. */
}

gboolean keeper_start(const struct keeper_job *job, GError **error)
{
	pid_t pid = fork();

	if (pid < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "start a keeper: %s",
			    g_strerror(errno));
		return FALSE;
	}
	if (pid > 0)
		return TRUE;
	detach(job);
	_exit(live(job));
}
