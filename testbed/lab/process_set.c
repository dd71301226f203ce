/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/process_set.h"

#include "common/base/object.h"
#include "common/wire/event.h"
#include "common/wire/line_socket.h"
#include "testbed/lab/log_pipe.h"
#include "testbed/lab/process_role.h"
#include "testbed/lab/process_same.h"
#include "testbed/lab/process_view.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct member {
	process_set *processes;
	const struct op *op;
	const struct process_role *role;
	GPid pid;	      /* 0: has ended */
	line_socket *channel; /* NULL: a daemon, or it has closed its end */
	log_pipe *log;	      /* NULL: it writes to its log itself */
	ready *question;
	char *envelope;	  /* what is put before each of its event lines */
	enum reason code; /* of its `failed` event */
	char *reason;	  /* the same in words, or NULL */
	bool started, ready, asked;
};

struct process_set {
	struct process_set_source source;
	struct process_set_handlers handlers;
	gpointer user_data;
	GPtrArray *members;
	GSource *children;
	int signal_fd;
	bool announced; /* handlers.ready was called */
};

static gboolean on_children(gint fd, GIOCondition condition, gpointer user_data);
static void advance(process_set *c);

static const struct object_shape member_shape =
	OBJECT_SHAPE(member, NULL, OWNS(member, question, ready_free),
		     OWNS(member, channel, line_socket_free), OWNS(member, log, log_pipe_free),
		     OWNS_TEXT(member, envelope), OWNS_TEXT(member, reason));

process_set *process_set_new(const struct process_set_source *source,
			     const struct process_set_handlers *handlers, gpointer user_data)
{
	process_set *c = g_new0(process_set, 1);
	sigset_t child;

	c->source = *source;
	c->handlers = *handlers;
	c->user_data = user_data;
	c->members = g_ptr_array_new_with_free_func(object_free);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	c->signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	c->children = g_unix_fd_source_new(c->signal_fd, G_IO_IN);
	g_source_set_callback(c->children, G_SOURCE_FUNC(on_children), c, NULL);
	g_source_attach(c->children, source->context);
	return c;
}

/* --- what they say ---------------------------------------------------------------------------- */

static void pass_event(struct member *m, const char *event)
{
	g_autofree char *line = g_strconcat(m->envelope, event, "}", NULL);

	m->processes->handlers.line(line, strlen(line), m->processes->user_data);
}

static void set_ready(struct member *m)
{
	m->ready = true;
	advance(m->processes);
}

static void report_bad_line(struct member *m)
{
	json_t *event = json_pack("{s:s, s:I, s:s, s:s}", "event", EVENT_LOG, "time_us",
				  (json_int_t)g_get_monotonic_time(), "level", "error", "text",
				  "said a line that is no JSON object");
	char *text = json_dumps(event, JSON_COMPACT);

	pass_event(m, text);
	free(text);
	json_decref(event);
}

static void on_line(line_socket *s G_GNUC_UNUSED, char *line, gsize length, gpointer user_data)
{
	struct member *m = user_data;
	json_t *event = json_loadb(line, length, 0, NULL);
	const char *name = member_text(event, "event");

	if (json_is_object(event))
		pass_event(m, line);
	else
		report_bad_line(m);
	if (g_strcmp0(name, EVENT_FAILED) == 0 && !m->reason) {
		m->code = reason_by_code(member_text(event, "code"));
		m->reason = g_strdup(member_text(event, "reason"));
	}
	if (g_strcmp0(name, EVENT_READY) == 0 && !m->ready)
		set_ready(m);
	json_decref(event);
}

static void on_closed(line_socket *s, gpointer user_data)
{
	struct member *m = user_data;

	/* it is about to end, which will be reported */
	m->channel = NULL;
	line_socket_free(s);
}

static void on_answer(gpointer user_data)
{
	struct member *m = user_data;

	g_clear_pointer(&m->question, ready_free);
	set_ready(m);
}

/* --- what they are told ----------------------------------------------------------------------- */

/* Takes `command` over. */
static void send_command(struct member *m, json_t *command)
{
	if (m->channel)
		line_socket_send_json(m->channel, command);
	else
		json_decref(command);
}

static void start_member(struct member *m)
{
	process_set *c = m->processes;
	const struct node *node = model_node(c->source.config.model, m->op->node);

	m->started = true;
	if (m->role->config) {
		send_command(m, json_pack("{s:s, s:o}", "cmd", "start", "config",
					  m->role->config(&c->source.config, node)));
	} else {
		struct daemon_check q = m->role->check(node, m->op->process.name);

		m->question = ready_new(q.kind, exec_netns_fd(c->source.x, m->op->node), &q.address,
					q.port, c->source.context, on_answer, m);
	}
}

/* Stages with a member that is not ready, as bits. */
static unsigned unready(const process_set *c)
{
	unsigned stages = 0;

	ptr_array_foreach(const struct member, m, c->members)
		if (!m->ready && m->pid != 0)
			stages |= 1u << m->role->stage;
	return stages;
}

static void advance(process_set *c)
{
	unsigned waiting = unready(c);

	ptr_array_foreach(struct member, m, c->members)
		if (!m->started && (m->role->after & waiting) == 0)
			start_member(m);
	if (waiting == 0 && !c->announced) {
		c->announced = true;
		c->handlers.ready(c->user_data);
	}
}

static struct member *find_member(const process_set *c, const char *name)
{
	ptr_array_foreach(struct member, m, c->members)
		if (strcmp(m->op->process.name, name) == 0)
			return m;
	return NULL;
}

static struct member *find_running(const process_set *c, GPid pid)
{
	for (guint i = 0; i < c->members->len; i++) {
		struct member *m = g_ptr_array_index(c->members, i);

		if (m->pid == pid)
			return m;
	}
	return NULL;
}

void process_set_each(const process_set *c, process_set_func func, gpointer user_data)
{
	for (guint i = 0; i < c->members->len; i++) {
		const struct member *m = g_ptr_array_index(c->members, i);
		const struct process_set_member shown = {.pid = m->pid,
							 .name = m->op->process.name,
							 .node = m->op->node,
							 .serves = m->role->stage != STAGE_CLIENT};

		if (m->pid > 0)
			func(&shown, user_data);
	}
}

void process_set_command(process_set *c, const char *name, json_t *command)
{
	struct member *m = find_member(c, name);

	if (!m)
		return;
	if (member_is(command, "cmd", "quit"))
		m->asked = true;
	send_command(m, json_incref(command));
}

char *process_set_missing(const process_set *c)
{
	GString *names = g_string_new(NULL);

	ptr_array_foreach(const struct member, m, c->members)
		if (!m->ready)
			g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
					       m->op->process.name);
	return g_string_free(names, FALSE);
}

/* --- starting --------------------------------------------------------------------------------- */

GPtrArray *process_set_files(const process_set *c, const char *node)
{
	return process_view_files(&c->source, node);
}

static void open_channel(struct member *m, int fd)
{
	static const struct line_socket_handlers handlers = {.line = on_line, .closed = on_closed};
	json_t *name = json_string(m->op->process.name);
	char *quoted = json_dumps(name, JSON_ENCODE_ANY);

	m->channel = line_socket_new(fd, fd, m->processes->source.context, CONTROL_LINE_MAX_BYTES,
				     &handlers, m);
	m->envelope = g_strdup_printf("{\"agent\":%s,\"event\":", quoted);
	free(quoted);
	json_decref(name);
}

static gboolean exec_member(struct member *m, int control, int log, GError **error)
{
	const struct process_set_source *source = &m->processes->source;
	g_autoptr(GPtrArray) files = process_view_files(source, m->op->node);
	g_auto(GStrv) argv = process_view_argv(source, m->op, m->role, error);
	g_autofree char *client = client_programs_place(source->clients, m->op->process.argv[0]);
	struct exec_process process = {
		.node = m->op->node,
		.argv = argv,
		.program = client,
		.control_fd = control,
		.record_fd = process_view_record(source, m->op, m->role),
		.keys_fd = m->role->ours && !client ? source->keys_fd : -1,
		.log_fd = log,
		.files = (const char *const *)files->pdata,
		.directory = m->role->ours ? NULL : client_programs_folder(source->clients),
	};

	if (argv)
		m->pid = exec_spawn(source->x, &process, error);
	if (process.record_fd >= 0)
		close(process.record_fd);
	return m->pid > 0;
}

static gboolean spawn_member(struct member *m, GError **error)
{
	int control[2] = {-1, -1},
	    log = process_view_log(&m->processes->source, m->op, m->role, &m->log, error);
	gboolean ok;

	if (log < 0)
		return FALSE;
	if (m->role->config) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0) {
			g_set_error(error, TB_ERROR, TB_ERROR_FAILED,
				    "can't make a control channel for '%s': %s",
				    m->op->process.name, g_strerror(errno));
			close(log);
			return FALSE;
		}
		open_channel(m, control[0]);
	}
	ok = exec_member(m, control[1], log, error);
	if (control[1] >= 0)
		close(control[1]);
	close(log);
	if (!ok)
		g_prefix_error(error, "can't start '%s': ", m->op->process.name);
	return ok;
}

gboolean process_set_start(process_set *c, GError **error)
{
	const plan *p = c->source.plan;

	ptr_array_foreach(const struct op, op, p->ops) {
		struct member *m;

		if ((op->kind != OP_DAEMON && op->kind != OP_AGENT) ||
		    find_member(c, op->process.name))
			continue;
		m = object_new(&member_shape);
		m->processes = c;
		m->op = op;
		g_ptr_array_add(c->members, m);
		m->role = process_role_of(op, error);
		if (!m->role || !spawn_member(m, error))
			return FALSE;
	}
	advance(c);
	return TRUE;
}

/* --- live changes ----------------------------------------------------------------------------- */

static bool must_end(const struct member *m, const struct process_set_leave *l)
{
	if (m->pid == 0 || g_strcmp0(l->reboot, m->op->node) == 0)
		return true;
	return l->clients && m->role->stage == STAGE_CLIENT &&
	       !(l->spare && g_strv_contains(l->spare, m->op->process.name));
}

static bool may_stay(const struct member *m, const struct process_set_source *next,
		     const struct process_set_leave *leave)
{
	if (must_end(m, leave))
		return false;
	return process_is_same(m->op, m->role->config, m->processes->source.plan,
			       &m->processes->source.config, next->plan, &next->config);
}

void process_set_stop(process_set *c, const struct process_set_source *next,
		      const struct process_set_leave *leave, GPtrArray *ended)
{
	for (guint i = c->members->len; i-- > 0;) {
		struct member *m = g_ptr_array_index(c->members, i);

		if (may_stay(m, next, leave))
			continue;
		if (m->pid > 0) {
			kill(m->pid, SIGKILL);
			while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR)
				;
		}
		g_ptr_array_add(ended, g_strdup(m->op->process.name));
		g_ptr_array_remove_index(c->members, i);
	}
}

gboolean process_set_resume(process_set *c, const struct process_set_source *next, GError **error)
{
	c->source.plan = next->plan;
	c->source.config = next->config;
	c->announced = false;
	ptr_array_foreach(const struct op, op, next->plan->ops) {
		struct member *m = op->kind == OP_DAEMON || op->kind == OP_AGENT ?
					   find_member(c, op->process.name) :
					   NULL;

		if (m)
			m->op = op;
	}
	return process_set_start(c, error);
}

/* --- their end -------------------------------------------------------------------------------- */

static char *describe_status(int status)
{
	return WIFSIGNALED(status) ? g_strdup_printf("killed by signal %d", WTERMSIG(status)) :
				     g_strdup_printf("exit status %d", WEXITSTATUS(status));
}

static char *describe_end(const struct member *m, int status)
{
	g_autofree char *how = describe_status(status);

	return m->reason ? g_strdup_printf("%s: %s", how, m->reason) : g_steal_pointer(&how);
}

static void reap_member(struct member *m, int status)
{
	g_autofree char *how = NULL;

	m->pid = 0;
	/* its last lines are still in the channel */
	if (m->channel)
		line_socket_drain(m->channel);
	g_clear_pointer(&m->channel, line_socket_free);
	g_clear_pointer(&m->question, ready_free);
	g_clear_pointer(&m->log, log_pipe_free);
	how = describe_end(m, status);
	m->processes->handlers.died(m->op->process.name, m->code, how, m->asked,
				    m->processes->user_data);
	/* it holds up the stages after it no longer */
	if (!m->processes->announced)
		advance(m->processes);
}

static void reap_child(process_set *c, GPid pid, int status)
{
	struct member *m = find_running(c, pid);
	g_autofree char *daemon = m ? NULL : exec_daemon_ended(c->source.x, pid);
	g_autofree char *how = NULL;

	if (m)
		reap_member(m, status);
	if (!daemon)
		return;
	how = describe_status(status);
	c->handlers.died(daemon, REASON_NONE, how, FALSE, c->user_data);
}

/* Also reaps orphans: this is the first process of the PID namespace. */
static void reap_children(process_set *c)
{
	int status;
	GPid pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (WIFSTOPPED(status) || WIFCONTINUED(status))
			c->handlers.stopped(pid, WIFSTOPPED(status), c->user_data);
		else
			reap_child(c, pid, status);
	}
}

static gboolean on_children(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	struct signalfd_siginfo info;

	/* one signal may stand for many exits */
	while (read(fd, &info, sizeof info) == sizeof info)
		;
	reap_children(user_data);
	return G_SOURCE_CONTINUE;
}
