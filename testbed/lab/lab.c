/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/lab.h"

#include "testbed/exec/clone.h"
#include "testbed/exec/confine.h"
#include "testbed/lab/lab_parts.h"
#include "testbed/lab/supervisor.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

void lab_unref(lab *l)
{
	if (--l->refs > 0)
		return;
	lab_questions_clear(l);
	g_hash_table_unref(l->agents);
	g_free(l->name);
	g_free(l);
}

/* --- from the supervisor ---------------------------------------------------------------------- */

/* The owner may free the lab in any callback. */
bool lab_is_freed(const lab *l)
{
	return !l->channel;
}

static void end_change(lab *l, const char *const *restarted, const GError *error)
{
	lab_change_func done = l->change_done;

	l->change_done = NULL;
	if (done)
		done(l, restarted, error, l->change_data);
}

static void fail_questions(lab *l, const char *how)
{
	g_autoptr(GError) error = NULL;

	lab_set_gone(&error, l, how);
	lab_questions_fail(l, error);
	if (!lab_is_freed(l) && l->change_done)
		end_change(l, NULL, error);
}

static void end_with_failure(lab *l, int code, const char *message)
{
	g_autoptr(GError) error = NULL;

	if (l->over)
		return;
	l->over = true;
	fail_questions(l, message);
	if (lab_is_freed(l))
		return;
	error = g_error_new(TB_ERROR, code, "lab '%s': %s", l->name, message);
	l->callbacks.failed(l, error, l->user_data);
}

static void on_event(lab *l, json_t *message, json_t *event)
{
	const char *agent = member_text(message, "agent");

	if (agent)
		l->callbacks.event(l, agent, event, l->user_data);
}

static void on_built(lab *l, json_t *message G_GNUC_UNUSED, json_t *built)
{
	const struct lab_build build = {
		.build_ms = member_number(built, "build_ms"),
		.vpn = member_text(built, "vpn"),
		.impairment = member_text(built, "impairment"),
		.uncontained = member_text(built, "uncontained"),
	};

	l->callbacks.built(l, &build, l->user_data);
}

static void on_died(lab *l, json_t *message, json_t *died)
{
	const char *name = json_string_value(died), *code = member_text(message, "code"),
		   *how = member_text(message, "how");

	if (!name)
		return;
	g_hash_table_remove(l->agents, name);
	if (!member_true(message, "asked"))
		l->callbacks.agent_died(l, name, reason_by_code(code), how, l->user_data);
}

static void on_failed(lab *l, json_t *message G_GNUC_UNUSED, json_t *failed)
{
	end_with_failure(l, (int)member_integer(failed, "code"), member_text(failed, "message"));
}

/* Texts of a JSON list; free the list, not the texts. */
static const char **texts_of(const json_t *list)
{
	const char **texts = g_new0(const char *, json_array_size(list) + 1);

	for (size_t i = 0; i < json_array_size(list); i++)
		texts[i] = json_string_value(json_array_get(list, i));
	return texts;
}

static void on_changed(lab *l, json_t *message, json_t *problem)
{
	g_autofree const char **restarted = texts_of(json_object_get(message, "restarted"));
	g_autofree const char **agents = texts_of(json_object_get(message, "agents"));
	g_autoptr(GError) error = NULL;

	if (json_is_string(problem)) {
		error = g_error_new(TB_ERROR, (int)member_integer(message, "code"), "%s",
				    json_string_value(problem));
		end_change(l, restarted, error);
		return;
	}
	g_hash_table_remove_all(l->agents);
	for (guint i = 0; agents[i]; i++)
		g_hash_table_add(l->agents, g_strdup(agents[i]));
	end_change(l, restarted, NULL);
}

static void on_witness(lab *l, json_t *message G_GNUC_UNUSED, json_t *json)
{
	const char *where = member_text(json, "where");
	enum witness_kind kind;
	struct witness *w;

	if (!where || !l->callbacks.witness ||
	    !witness_kind_parse(member_text(json, "kind"), &kind))
		return;
	w = witness_new(kind, where, (guint64)json_integer_value(json_object_get(json, "amount")),
			json_integer_value(json_object_get(json, "from_us")),
			json_integer_value(json_object_get(json, "to_us")));
	l->callbacks.witness(l, w, l->user_data);
	witness_free(w);
}

static void on_starved(lab *l, json_t *message G_GNUC_UNUSED, json_t *share)
{
	if (l->callbacks.starved)
		l->callbacks.starved(l, json_number_value(share), l->user_data);
}

/* Kinds of message by the member that tells them apart (supervisor.h). */
static const struct {
	const char *member;
	void (*func)(lab *l, json_t *message, json_t *value);
} messages[] = {
	{"event", on_event},	     {"built", on_built},
	{"died", on_died},	     {"failed", on_failed},
	{"state", lab_on_state},     {"inspected", lab_on_inspected},
	{"entered", lab_on_entered}, {"watched", lab_on_watched},
	{"changed", on_changed},     {"credentials", lab_on_credentials},
	{"witness", on_witness},     {"starved", on_starved},
	{"looked", lab_on_looked},
};

static void on_line(line_socket *s G_GNUC_UNUSED, char *line, gsize length, gpointer user_data)
{
	lab *l = user_data;
	json_t *message = json_loadb(line, length, 0, NULL);

	l->refs++;
	for (guint i = 0; i < G_N_ELEMENTS(messages) && !l->over; i++) {
		json_t *value = json_object_get(message, messages[i].member);

		if (value) {
			messages[i].func(l, message, value);
			break;
		}
	}
	lab_unref(l);
	json_decref(message);
}

/* Nothing to do: on_supervisor_exit comes next, and knows the exit status. */
static void on_closed(line_socket *s G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static char *reap_supervisor(int pidfd)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		return g_strdup("its supervisor is gone");
	return g_strdup_printf(info.si_code == CLD_EXITED ?
				       "its supervisor ended with status %d" :
				       "its supervisor was killed by signal %d",
			       info.si_status);
}

static gboolean on_supervisor_exit(gint fd, GIOCondition condition G_GNUC_UNUSED,
				   gpointer user_data)
{
	lab *l = user_data;
	g_autofree char *how = reap_supervisor(fd);

	l->refs++;
	l->exit_source = 0;
	/* its last lines are still in the socket */
	if (l->channel)
		line_socket_drain(l->channel);
	end_with_failure(l, TB_ERROR_DIED, how);
	lab_unref(l);
	return G_SOURCE_REMOVE;
}

/* --- to the supervisor ------------------------------------------------------------------------ */

static GHashTable *agents_of(const plan *p)
{
	GHashTable *agents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_AGENT)
			g_hash_table_add(agents, g_strdup(op->process.name));
	return agents;
}

/* Starts the supervisor with copies, not ours: it may free what it has.  `files` are open. */
static gboolean start_supervisor(struct supervisor_job *job, const node_files *files,
				 struct clone_child *ret, GError **error)
{
	g_autoptr(client_programs) clients = client_programs_find(job->plan);
	const GArray *fds = node_files_fds(files);
	g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(int));
	struct clone_request request = {.main = supervisor_main,
					.data = job,
					.view = {.program_dir = job->options->program_dir,
						 .clients = client_programs_shown(clients)}};

	job->files = files;
	job->clients = clients;
	if (fds->len > 0)
		g_array_append_vals(kept, fds->data, fds->len);
	if (job->evidence_fd > 0)
		g_array_append_val(kept, job->evidence_fd);
	request.kept = (const int *)(gpointer)kept->data;
	request.n_kept = kept->len;
	/* once, here, for all labs */
	confine_prepare();
	return clone_start(&request, ret, error);
}

lab *lab_start(const model *m, const plan *p, const struct lab_options *options,
	       const struct lab_callbacks *callbacks, gpointer user_data, GError **error)
{
	static const struct line_socket_handlers handlers = {.line = on_line, .closed = on_closed};
	g_autoptr(node_files) files =
		node_files_open(options->run_dir, options->name, p, options->captures, error);
	/* the supervisor's copy must not have the number of its socket */
	int evidence_fd = options->evidence_fd > 0 ?
				  fcntl(options->evidence_fd, F_DUPFD_CLOEXEC, CLONE_SOCKET + 1) :
				  0;
	struct supervisor_job job = {.model = (model *)(guintptr)m,
				     .plan = (plan *)(guintptr)p,
				     .options = options,
				     .evidence_fd = evidence_fd};
	struct clone_child child;
	gboolean started = files && start_supervisor(&job, files, &child, error);
	lab *l;

	if (evidence_fd > 0)
		close(evidence_fd);
	if (!started)
		return NULL;
	l = g_new0(lab, 1);
	l->name = g_strdup(options->name ? options->name : m->name);
	l->callbacks = *callbacks;
	l->user_data = user_data;
	l->pid = child.pid;
	l->traced_from_us = g_get_monotonic_time();
	l->pidfd = child.pidfd;
	l->agents = agents_of(p);
	l->refs = 1;
	g_queue_init(&l->questions);
	l->channel = line_socket_new(child.socket, child.socket, g_main_context_default(),
				     SUPERVISOR_LINE_MAX_BYTES, &handlers, l);
	l->exit_source = g_unix_fd_add(l->pidfd, G_IO_IN, on_supervisor_exit, l);
	return l;
}

gboolean lab_command(lab *l, const char *agent, json_t *command, GError **error)
{
	if (l->over || !g_hash_table_contains(l->agents, agent))
		return tb_error_set(error, TB_ERROR_DIED, "no agent '%s' runs in lab '%s'", agent,
				    l->name);
	if (line_socket_send_json(l->channel,
				  json_pack("{s:s, s:O}", "agent", agent, "command", command)))
		return TRUE;
	return tb_error_set(error, TB_ERROR_INPUT, "command for agent '%s' is no valid JSON",
			    agent);
}

static json_t *list_of(const char *const *texts)
{
	json_t *list = json_array();

	for (; texts && *texts; texts++)
		json_array_append_new(list, json_string(*texts));
	return list;
}

void lab_change(lab *l, const char *const *changes, const char *const *spare, const char *reboot,
		lab_change_func done, gpointer user_data)
{
	l->change_done = done;
	l->change_data = user_data;
	if (!l->over)
		line_socket_send_json(l->channel,
				      json_pack("{s:o, s:o, s:s?}", "change", list_of(changes),
						"spare", list_of(spare), "reboot", reboot));
}

/* The kernel may take some tens of milliseconds to end a PID namespace: reaped when it has. */
static gboolean on_late_exit(gint fd, GIOCondition condition G_GNUC_UNUSED,
			     gpointer user_data G_GNUC_UNUSED)
{
	siginfo_t info;

	waitid(P_PIDFD, (id_t)fd, &info, WEXITED);
	close(fd);
	return G_SOURCE_REMOVE;
}

void lab_free(lab *l)
{
	if (!l)
		return;
	l->over = true;
	g_clear_pointer(&l->channel, line_socket_free);
	if (l->exit_source != 0) {
		g_source_remove(l->exit_source);
		pidfd_send_signal(l->pidfd, SIGKILL, NULL, 0);
		g_unix_fd_add(l->pidfd, G_IO_IN, on_late_exit, NULL);
	} else {
		close(l->pidfd);
	}
	lab_unref(l);
}

pid_t lab_pid(const lab *l)
{
	return l->pid;
}
