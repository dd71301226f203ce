/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/supervisor_parts.h"

#include "testbed/exec/clone.h"
#include "testbed/netstate/netstate_json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A program needs some 20 ms of processor time to start; on a busy machine much more. */
#define READY_TIMEOUT_S 30
#define READY_TIMEOUT_MS_EACH 100
#define LAST_WORDS_TIMEOUT_MS 1000
#define DESCRIPTORS_MAX 65536

/* --- to the orchestrator ---------------------------------------------------------------------- */

static void give_up(struct supervisor *s, const GError *error)
{
	int code = error->domain == TB_ERROR ? error->code : TB_ERROR_FAILED;
	g_autofree char *text = g_utf8_make_valid(error->message, -1);

	if (s->failed)
		return;
	s->failed = true;
	line_socket_send_json(s->up,
			      json_pack("{s:{s:i, s:s}}", "failed", "code", code, "message", text));
	line_socket_flush(s->up, LAST_WORDS_TIMEOUT_MS);
	g_main_loop_quit(s->loop);
}

static void on_process_set_line(const char *line, gsize length, gpointer user_data)
{
	struct supervisor *s = user_data;

	line_socket_send(s->up, line, length);
}

static void stop_deadline(struct supervisor *s)
{
	if (!s->deadline)
		return;
	g_source_destroy(s->deadline);
	g_clear_pointer(&s->deadline, g_source_unref);
}

static json_t *agents_of(const plan *p)
{
	json_t *names = json_array();

	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_AGENT)
			json_array_append_new(names, json_string(op->process.name));
	return names;
}

static void on_witness(const struct witness *w, gpointer user_data)
{
	const struct supervisor *s = user_data;

	line_socket_send_json(s->up,
			      json_pack("{s:{s:s, s:s, s:I, s:I, s:I}}", "witness", "kind",
					witness_kind_name(w->kind), "where", w->where, "amount",
					(json_int_t)w->amount, "from_us", (json_int_t)w->from_us,
					"to_us", (json_int_t)w->to_us));
}

static void on_starved(double share, gpointer user_data)
{
	const struct supervisor *s = user_data;

	line_socket_send_json(s->up, json_pack("{s:f}", "starved", share));
}

static void on_process_set_stopped(GPid pid, bool stopped, gpointer user_data)
{
	const struct supervisor *s = user_data;

	if (s->strain)
		strain_watch_stopped(s->strain, pid, stopped);
}

/* The change is complete, or was taken back. */
static void answer_change(struct supervisor *s)
{
	g_autofree char *text = s->refused ? g_utf8_make_valid(s->refused->message, -1) : NULL;
	int code =
		s->refused && s->refused->domain == TB_ERROR ? s->refused->code : TB_ERROR_FAILED;

	if (s->restarted)
		line_socket_send_json(s->up, json_pack("{s:s?, s:i, s:o, s:o}", "changed", text,
						       "code", code, "restarted", s->restarted,
						       "agents", agents_of(s->plan)));
	s->restarted = NULL;
	g_clear_error(&s->refused);
}

void supervisor_ready(struct supervisor *s)
{
	static const struct strain_watch_handlers strain_handlers = {.witness = on_witness,
								     .starved = on_starved};

	g_autofree char *uncontained = exec_uncontained(&s->features);

	stop_deadline(s);
	if (s->built) {
		answer_change(s);
		return;
	}
	s->built = true;
	s->strain = strain_watch_new(s->x, s->processes, s->context, &strain_handlers, s);
	line_socket_send_json(s->up,
			      json_pack("{s:{s:f, s:s?, s:s?, s:s?}}", "built", "build_ms",
					s->build_ms, "vpn", exec_tunnel_backend(s->x), "impairment",
					exec_impair_backend(s->x), "uncontained", uncontained));
}

static void on_process_set_ready(gpointer user_data)
{
	supervisor_ready(user_data);
}

static void on_process_set_died(const char *name, enum reason code, const char *how, gboolean asked,
				gpointer user_data)
{
	struct supervisor *s = user_data;
	g_autoptr(GError) error = NULL;

	if (s->built) {
		line_socket_send_json(s->up,
				      json_pack("{s:s, s:s?, s:s, s:b}", "died", name, "code",
						reason_code(code), "how", how, "asked", asked));
		return;
	}
	error = g_error_new(TB_ERROR, TB_ERROR_DIED, "'%s' ended before it was ready: %s", name,
			    how);
	give_up(s, error);
}

static guint ready_timeout_ms(const struct supervisor *s)
{
	return READY_TIMEOUT_S * 1000 + s->model->nodes->len * READY_TIMEOUT_MS_EACH;
}

static gboolean on_deadline(gpointer user_data)
{
	struct supervisor *s = user_data;
	g_autofree char *missing = process_set_missing(s->processes);
	g_autoptr(GError) error = g_error_new(TB_ERROR, TB_ERROR_FAILED, "not ready after %u s: %s",
					      ready_timeout_ms(s) / 1000, missing);

	stop_deadline(s);
	/* in a lab that was built, who is not ready will not sign in, and that is reported then */
	if (s->built)
		answer_change(s);
	else
		give_up(s, error);
	return G_SOURCE_REMOVE;
}

void supervisor_watch_deadline(struct supervisor *s)
{
	s->deadline = g_timeout_source_new(ready_timeout_ms(s));
	g_source_set_callback(s->deadline, on_deadline, s, NULL);
	g_source_attach(s->deadline, s->context);
}

/* --- from the orchestrator -------------------------------------------------------------------- */

/* One line a node, so that no line grows with the lab. */
static void on_state(const node_state *n, gpointer user_data)
{
	struct supervisor *s = user_data;

	line_socket_send_json(s->up, json_pack("{s:o, s:s}", "state", node_state_to_json(n), "node",
					       n->name));
}

static void on_inspected(const GError *error, gpointer user_data)
{
	struct supervisor *s = user_data;
	g_autofree char *problem = error ? g_utf8_make_valid(error->message, -1) : NULL;
	struct evidence_count seen = evidence_flush(s->evidence);

	line_socket_send_json(s->up, json_pack("{s:s?, s:{s:I, s:I}}", "inspected", problem,
					       "evidence", "packets", (json_int_t)seen.packets,
					       "lost", (json_int_t)seen.lost));
	g_clear_pointer(&s->inspection, inspection_free);
}

/* Questions are answered in their order, and about the network as it was when they came. */
static void finish_inspection(struct supervisor *s)
{
	if (s->inspection)
		inspection_finish(s->inspection);
}

static void start_inspection(struct supervisor *s, const json_t *ways)
{
	g_autoptr(GPtrArray) asked = route_questions_from_json(ways);
	const struct inspection_job job = {.x = s->x,
					   .plan = s->plan,
					   .evidence = s->evidence,
					   .questions = asked,
					   .context = s->context,
					   .state = on_state,
					   .done = on_inspected,
					   .user_data = s};

	s->inspection = inspection_new(&job);
}

/* Opened for appending: a reader, who shares the file offset, must not move the writer. */
static int new_watch_memory(GError **error)
{
	int fd = memfd_create("evidence", MFD_CLOEXEC);

	if (fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0)
		return fd;
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "no memory for evidence: %s",
		    g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static gboolean start_evidence(struct supervisor *s, GError **error)
{
	if (s->evidence)
		return tb_error_set(error, TB_ERROR_INPUT, "its evidence goes to a file already");
	s->watch_fd = new_watch_memory(error);
	if (s->watch_fd < 0)
		return FALSE;
	s->evidence = supervisor_evidence(s, s->watch_fd, true, error);
	if (!s->evidence)
		close(s->watch_fd);
	return s->evidence != NULL;
}

static gboolean begin_watch(struct supervisor *s, GError **error)
{
	if (s->n_watchers == 0 && !start_evidence(s, error))
		return FALSE;
	s->n_watchers++;
	return TRUE;
}

static void end_watch(struct supervisor *s)
{
	if (s->n_watchers == 0 || --s->n_watchers > 0)
		return;
	g_clear_pointer(&s->evidence, evidence_free);
	close(s->watch_fd);
}

/* Answers with descriptors, or with why there are none to send. */
static bool answer_with_fds(struct supervisor *s, const char *member, json_t *answer,
			    const int *fds, guint n)
{
	if (line_socket_send_json_fds(s->up, answer, fds, n))
		return true;
	line_socket_send_json(s->up, json_pack("{s:s}", member, "no more descriptors can be open"));
	return false;
}

static void answer_watch(struct supervisor *s)
{
	g_autoptr(GError) error = NULL;

	if (!begin_watch(s, &error))
		line_socket_send_json(s->up, json_pack("{s:s}", "watched", error->message));
	else if (!answer_with_fds(s, "watched", json_pack("{s:n}", "watched"), &s->watch_fd, 1))
		end_watch(s);
}

/* The receiver gets copies of these descriptors. */
static void send_enter_target(struct supervisor *s, const char *node)
{
	static const char *const namespaces[] = {"user", "mnt", "pid"};
	int fds[G_N_ELEMENTS(namespaces) + 2];
	g_autoptr(GPtrArray) files = process_set_files(s->processes, node);
	json_t *message = json_pack("{s:n, s:o}", "entered", "files", json_array());

	for (guint i = 0; i < files->len - 1; i++)
		json_array_append_new(json_object_get(message, "files"),
				      json_string(files->pdata[i]));
	for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++) {
		g_autofree char *path = g_strconcat("/proc/self/ns/", namespaces[i], NULL);

		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	fds[G_N_ELEMENTS(namespaces)] = exec_netns_fd(s->x, node);
	fds[G_N_ELEMENTS(namespaces) + 1] = s->keys_fd;
	answer_with_fds(s, "entered", message, fds, G_N_ELEMENTS(fds));
	for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void answer_enter(struct supervisor *s, const char *node)
{
	g_autofree char *problem = NULL;

	if (exec_netns_fd(s->x, node) >= 0 && strcmp(node, PLAN_FABRIC) != 0) {
		send_enter_target(s, node);
		return;
	}
	problem = g_strdup_printf("there is no node '%s'", node);
	line_socket_send_json(s->up, json_pack("{s:s}", "entered", problem));
}

static void answer_credentials(struct supervisor *s, const char *node)
{
	json_t *of = supervisor_credentials(s, node);
	g_autofree char *problem = g_strdup_printf("'%s' is not an endpoint", node);

	line_socket_send_json(s->up, of ? json_pack("{s:n, s:o}", "credentials", "of", of) :
					  json_pack("{s:s}", "credentials", problem));
}

static void answer_look(struct supervisor *s)
{
	if (s->strain)
		strain_watch_look(s->strain);
	line_socket_send_json(s->up, json_pack("{s:b}", "looked", 1));
}

static void on_message(line_socket *up G_GNUC_UNUSED, char *line, gsize length, gpointer user_data)
{
	struct supervisor *s = user_data;
	json_t *message = json_loadb(line, length, 0, NULL);
	const char *agent = member_text(message, "agent");
	json_t *command = json_object_get(message, "command");

	if (agent && json_is_object(command)) {
		process_set_command(s->processes, agent, command);
		json_decref(message);
		return;
	}
	finish_inspection(s);
	if (member_true(message, "look"))
		answer_look(s);
	else if (member_true(message, "inspect"))
		start_inspection(s, json_object_get(message, "ways"));
	else if (member_true(message, "watch"))
		answer_watch(s);
	else if (json_is_false(json_object_get(message, "watch")))
		end_watch(s);
	else if (json_is_string(json_object_get(message, "enter")))
		answer_enter(s, member_text(message, "enter"));
	else if (json_is_string(json_object_get(message, "credentials")))
		answer_credentials(s, member_text(message, "credentials"));
	else if (json_is_array(json_object_get(message, "change")))
		supervisor_change(s, message);
	json_decref(message);
}

/* The orchestrator is gone.  The kernel kills everything in this PID namespace when its first
 * process ends, and with the last process go namespaces, links and mounts. */
static void on_orchestrator_gone(line_socket *up G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
	_exit(0);
}

/* While the network is built the main loop does not run: SIGIO tells of the socket's end of
 * file. */
static void on_socket_signal(int number G_GNUC_UNUSED)
{
	int saved = errno;
	char byte;

	if (recv(CLONE_SOCKET, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		_exit(0);
	errno = saved;
}

static void watch_socket_by_signal(bool on)
{
	struct sigaction action = {.sa_handler = on ? on_socket_signal : SIG_DFL,
				   .sa_flags = SA_RESTART};
	int flags = fcntl(CLONE_SOCKET, F_GETFL);

	sigaction(SIGIO, &action, NULL);
	fcntl(CLONE_SOCKET, F_SETOWN, getpid());
	fcntl(CLONE_SOCKET, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC);
	/* it may have been closed before the signal was set up */
	if (on)
		on_socket_signal(SIGIO);
}

/* Every namespace and agent takes descriptors: with the usual limit of 1024 a lab has at most
 * some 200 nodes. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = MIN(limit.rlim_max, DESCRIPTORS_MAX);
	setrlimit(RLIMIT_NOFILE, &limit);
}

int supervisor_main(gpointer data)
{
	static const struct process_set_handlers process_set_handlers = {on_process_set_line,
									 on_process_set_ready,
									 on_process_set_died,
									 on_process_set_stopped};
	static const struct line_socket_handlers handlers = {.line = on_message,
							     .closed = on_orchestrator_gone};
	const struct supervisor_job *job = data;
	struct supervisor s = {.job = job, .model = job->model, .plan = job->plan};
	g_autoptr(GError) error = NULL;

	watch_socket_by_signal(true);
	prctl(PR_SET_NAME, "testbed-lab");
	raise_descriptor_limit();
	/* not the default context, which is the orchestrator's: its wake-up descriptor is closed
	 * here */
	s.context = g_main_context_new();
	g_main_context_push_thread_default(s.context);
	s.loop = g_main_loop_new(s.context, FALSE);
	s.up = line_socket_new(CLONE_SOCKET, CLONE_SOCKET, s.context, SUPERVISOR_LINE_MAX_BYTES,
			       &handlers, &s);
	if (supervisor_build(&s, &process_set_handlers, &error)) {
		watch_socket_by_signal(false);
		if (!s.built)
			supervisor_watch_deadline(&s);
		g_main_loop_run(s.loop);
	} else {
		give_up(&s, error);
	}
	return 1;
}
