/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/live/keeper.h"

#include "testbed/lab/supervisor.h"
#include "testbed/live/keeper_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST_ANSWERS_TIMEOUT_MS 1000
#define LAB_END_TIMEOUT_MS 3000

/* --- control clients -------------------------------------------------------------------------- */

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
	return control_client_fail(g, TB_ERROR_FAILED, "no more descriptors can be open");
}

bool control_client_fail(struct control_client *g, int code, const char *message)
{
	g_autofree char *valid = g_utf8_make_valid(message, -1);

	control_client_tell(g,
			    json_pack("{s:{s:i, s:s}}", "error", "code", code, "message", valid));
	return false;
}

void control_client_fail_with(struct control_client *g, const GError *error)
{
	control_client_fail(g, error->domain == TB_ERROR ? error->code : TB_ERROR_FAILED,
			    error->message);
}

/* Serves one request; a line that is no JSON object is refused. */
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

/* The connection is closed.  Ends the keeper if this was its starter and the lab is not up. */
static void on_control_client_gone(line_socket *s G_GNUC_UNUSED, gpointer user_data)
{
	struct control_client *g = user_data;
	struct keeper *k = g->k;
	bool orphaned = g->starter && (!k->up || k->job->tied);

	g_clear_pointer(&g->channel, line_socket_free);
	g->waits = false;
	if (g->watches)
		lab_unwatch(session_lab(k->session));
	g->watches = false;
	g_ptr_array_remove(k->clients, g);
	/* nobody wants this lab any more */
	if (orphaned)
		keeper_quit(k);
}

/* Accepts a control client. */
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

void keeper_sign_in(struct keeper *k)
{
	while (session_sign_in_next(k->session))
		;
	keeper_settle(k);
}

void keeper_tell_followers(struct keeper *k)
{
	ptr_array_foreach(struct control_client, g, k->clients)
		if (g->follows)
			control_client_tell(g, json_pack("{s:b}", "changed", true));
}

void keeper_settle(struct keeper *k)
{
	if (!k->built || k->change || !session_sign_ins_over(k->session))
		return;
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
	keeper_tell_followers(k);
}

static void on_sign_in_over(session *s G_GNUC_UNUSED, const struct session_client *c G_GNUC_UNUSED,
			    bool told G_GNUC_UNUSED, gpointer user_data)
{
	keeper_settle(user_data);
}

/* --- the lab ---------------------------------------------------------------------------------- */

/* The network is there: publishes its nodes if asked for, and has the clients sign in. */
static void on_built(session *s G_GNUC_UNUSED, const struct lab_build *build, gpointer user_data)
{
	struct keeper *k = user_data;

	k->built = true;
	k->build_ms = build->build_ms;
	k->vpn = g_strdup(build->vpn);
	k->impairment = g_strdup(build->impairment);
	k->uncontained = g_strdup(build->uncontained);
	if (k->job->publish)
		keeper_publish(k);
	else
		keeper_sign_in(k);
}

/* Passes an event on to its call, or, without a call, those of servers to all calls.  What clients
 * do between calls is not passed on, except that they died. */
static void on_event(session *s, const struct session_call *call, const char *agent, json_t *event,
		     gpointer user_data)
{
	const char *name = member_text(event, "event");

	if (call)
		live_call_event(call, agent, event);
	else if (!json_object_get(event, "call") &&
		 (!session_client(s, agent) || g_strcmp0(name, EVENT_AGENT_DIED) == 0))
		live_call_server_event(user_data, agent, event);
}

void keeper_fail(struct keeper *k, const GError *error)
{
	for (guint i = 0; i < k->clients->len; i++)
		control_client_fail_with(k->clients->pdata[i], error);
	keeper_quit(k);
}

static void on_failed(session *s G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	keeper_fail(user_data, error);
}

void keeper_quit(struct keeper *k)
{
	g_main_loop_quit(k->loop);
}

/* Starts the lab of the job; false with `error`. */
static bool start_lab(struct keeper *k, GError **error)
{
	static const struct session_callbacks callbacks = {.built = on_built,
							   .failed = on_failed,
							   .event = on_event,
							   .sign_in_over = on_sign_in_over,
							   .call_ended = live_call_ended};
	struct session_job job = {.lab = {.name = k->job->scenario->name,
					  .program_dir = k->job->program_dir,
					  .seed = k->seed = g_random_int(),
					  .base = k->job->base,
					  .scenario = k->job->scenario},
				  .keep_stories = true};
	g_autoptr(diags) found = diags_new();

	k->current = model_instantiate(k->job->base, k->job->scenario, found);
	if (!k->current)
		return diags_set_error(found, TB_ERROR_INPUT, "", error);
	job.model = k->current;
	k->session = session_start(&job, &callbacks, k, error);
	if (!k->session)
		return false;
	session_use_endpoints(k->session, k->current);
	return true;
}

/* --- the process ------------------------------------------------------------------------------ */

/* Ends the keeper. */
static gboolean on_signal(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		keeper_quit(user_data);
	return G_SOURCE_CONTINUE;
}

/* A descriptor that reports SIGTERM and SIGINT.  GLib's own way starts a thread, and this process
 * must not have any: labs are cloned from it. */
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

/* Starts the lab and serves requests until keeper_quit. */
static void serve_until_end(struct keeper *k)
{
	g_autoptr(GError) error = NULL;
	guint sources[] = {
		g_unix_fd_add(k->job->listener, G_IO_IN, on_connection, k),
		g_unix_fd_add(watch_signals(), G_IO_IN, on_signal, k),
	};

	/* accept our starter, so that it gets the error if the lab can't be started */
	while (g_main_context_iteration(NULL, FALSE))
		;
	if (start_lab(k, &error))
		g_main_loop_run(k->loop);
	else
		keeper_fail(k, error);
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
}

/* Ends the lab and waits for its supervisor, which ends last of all in its PID namespace: only then
 * may another lab take the name.  All others have ended by then, but a command of `exec` whose
 * parent was killed also has to be taken note of by whoever adopted it, and a container's first
 * process may never do so: that is not waited for. */
static void end_lab(struct keeper *k)
{
	pid_t pid = k->session ? lab_pid(session_lab(k->session)) : -1;
	struct pollfd supervisor = {.fd = pid > 0 ? pidfd_open(pid, 0) : -1, .events = POLLIN};
	siginfo_t info;

	session_free(k->session);
	if (supervisor.fd < 0)
		return;
	while (poll(&supervisor, 1, LAB_END_TIMEOUT_MS) < 0 && errno == EINTR)
		;
	close(supervisor.fd);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
}

/* The whole life of a keeper.  Returns its exit code. */
static int run_keeper(const struct keeper_job *job)
{
	struct keeper k = {
		.job = job,
		.loop = g_main_loop_new(NULL, FALSE),
		.started_us = g_get_monotonic_time(),
		.started_real_s = g_get_real_time() / G_USEC_PER_SEC,
		.changes = g_ptr_array_new_with_free_func(g_free),
		.clients = g_ptr_array_new_with_free_func(control_client_release),
		.server_events = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref),
		.unpublished = g_ptr_array_new_with_free_func(g_free),
	};

	if (job->hidden)
		g_ptr_array_add(k.changes, g_strdup(job->hidden));
	k.n_hidden = k.changes->len;
	for (guint i = 0; job->changes && job->changes[i]; i++)
		g_ptr_array_add(k.changes, g_strdup(job->changes[i]));
	k.n_declared = k.changes->len;
	serve_until_end(&k);
	end_lab(&k);
	runtime_dir_remove(job->runtime, job->name);
	for (guint i = 0; i < k.clients->len; i++) {
		struct control_client *g = k.clients->pdata[i];

		if (g->leaves)
			control_client_done(g, NULL);
		if (g->channel)
			line_socket_flush(g->channel, LAST_ANSWERS_TIMEOUT_MS);
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

/* Closes all descriptors of the starter but these and 0 to 2, above all pipes that somebody reads
 * to their end. */
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

/* Makes this process independent of its starter. */
static void detach_from_starter(const struct keeper_job *job)
{
	const int keep[] = {job->lock, job->listener, runtime_dir_fd(job->runtime)};
	int null = open("/dev/null", O_RDWR);

	setsid();
	prctl(PR_SET_NAME, "testbed-keeper");
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close_others(keep, G_N_ELEMENTS(keep));
	/* The working folder stays: the paths of the topology and of clients in it are relative to
	 * it. */
}

bool keeper_start(const struct keeper_job *job, GError **error)
{
	pid_t pid = fork();

	if (pid < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "start a keeper: %s",
			    g_strerror(errno));
		return false;
	}
	if (pid > 0)
		return true;
	detach_from_starter(job);
	_exit(run_keeper(job));
}
