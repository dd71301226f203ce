#include "testbed/lab/lab.h"

#include "testbed/lab/birth.h"
#include "testbed/lab/supervisor.h"
#include "testbed/lab/wire.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct lab {
	char *name;
	struct lab_callbacks callbacks;
	gpointer user_data;
	pid_t pid;
	int pidfd;
	wire *channel;
	guint death;	    /* source on the default context; 0: the supervisor has been reaped */
	GHashTable *agents; /* names of those that can be commanded */
	GQueue questions; /* struct question *: asked, not answered; the oldest first */
	lab_change_func change_done; /* NULL: no change is being made */
	gpointer change_data;
	unsigned refs;	    /* the owner's and one for each callback under way */
	bool over;	    /* `failed` was called, or the owner has freed it */
};

/* Something asked of the supervisor, which answers in order. */
struct question {
	lab *l;
	lab_inspect_func inspected; /* one of these is set */
	lab_enter_func entered;
	gpointer user_data;
	json_t *nodes; /* states that have come so far */
};

static struct question *question_new(lab *l, gpointer user_data)
{
	struct question *q = g_new0(struct question, 1);

	q->l = l;
	q->user_data = user_data;
	q->nodes = json_object();
	return q;
}

static void question_free(gpointer question)
{
	struct question *q = question;

	json_decref(q->nodes);
	g_free(q);
}

static void question_fail(const struct question *q, const GError *error)
{
	if (q->inspected != NULL)
		q->inspected(q->l, NULL, error, q->user_data);
	else
		q->entered(q->l, NULL, error, q->user_data);
}

static void unref(lab *l)
{
	if (--l->refs > 0)
		return;
	g_queue_clear_full(&l->questions, question_free);
	g_hash_table_unref(l->agents);
	g_free(l->name);
	g_free(l);
}

/* --- from the supervisor ----------------------------------------------------------------------------- */

/* The owner may free the lab in any callback. */
static bool is_freed(const lab *l)
{
	return l->channel == NULL;
}

static void set_gone(GError **error, const lab *l, const char *how)
{
	g_set_error(error, TB_ERROR, TB_ERROR_DIED, "lab '%s' is gone: %s", l->name, how);
}

static void end_change(lab *l, const char *const *restarted, const GError *error)
{
	lab_change_func done = l->change_done;

	l->change_done = NULL;
	if (done != NULL)
		done(l, restarted, error, l->change_data);
}

static void fail_questions(lab *l, const char *how)
{
	g_autoptr(GError) error = NULL;

	set_gone(&error, l, how);
	while (!is_freed(l) && !g_queue_is_empty(&l->questions)) {
		struct question *q = g_queue_pop_head(&l->questions);

		question_fail(q, error);
		question_free(q);
	}
	if (!is_freed(l) && l->change_done != NULL)
		end_change(l, NULL, error);
}

static void fail(lab *l, int code, const char *message)
{
	g_autoptr(GError) error = NULL;

	if (l->over)
		return;
	l->over = true;
	fail_questions(l, message);
	if (is_freed(l))
		return;
	error = g_error_new(TB_ERROR, code, "lab '%s': %s", l->name, message);
	l->callbacks.failed(l, error, l->user_data);
}

static void on_event(lab *l, json_t *message, json_t *event)
{
	const char *agent = json_string_value(json_object_get(message, "agent"));

	if (agent != NULL)
		l->callbacks.event(l, agent, event, l->user_data);
}

static void on_built(lab *l, json_t *message G_GNUC_UNUSED, json_t *built)
{
	const struct lab_build build = {
		.build_ms = json_number_value(json_object_get(built, "build_ms")),
		.vpn = json_string_value(json_object_get(built, "vpn")),
		.impairment = json_string_value(json_object_get(built, "impairment")),
	};

	l->callbacks.built(l, &build, l->user_data);
}

static void on_died(lab *l, json_t *message, json_t *died)
{
	const char *name = json_string_value(died), *how = json_string_value(json_object_get(message, "how"));

	if (name == NULL)
		return;
	g_hash_table_remove(l->agents, name);
	if (!json_is_true(json_object_get(message, "asked")))
		l->callbacks.agent_died(l, name, how, l->user_data);
}

static void on_failed(lab *l, json_t *message G_GNUC_UNUSED, json_t *failed)
{
	fail(l, (int)json_integer_value(json_object_get(failed, "code")),
	     json_string_value(json_object_get(failed, "message")));
}

static void on_state(lab *l, json_t *message, json_t *state)
{
	const struct question *q = g_queue_peek_head(&l->questions);
	const char *node = json_string_value(json_object_get(message, "node"));

	if (q != NULL && node != NULL)
		json_object_set(q->nodes, node, state);
}

/* The oldest question, if that was of this kind; the caller frees it. */
static struct question *answered(lab *l, bool entered)
{
	const struct question *q = g_queue_peek_head(&l->questions);

	return q != NULL && (q->entered != NULL) == entered ? g_queue_pop_head(&l->questions) : NULL;
}

/* All nodes have been read, or one can't be. */
static void on_inspected(lab *l, json_t *message, json_t *problem)
{
	struct question *q = answered(l, false);
	g_autoptr(GError) error = NULL;
	json_t *state;

	if (q == NULL)
		return;
	if (json_is_string(problem)) {
		error = g_error_new(TB_ERROR, TB_ERROR_FAILED, "lab '%s': %s", l->name, json_string_value(problem));
		question_fail(q, error);
	} else {
		state = json_pack("{s:O, s:O?}", "nodes", q->nodes, "evidence", json_object_get(message, "evidence"));
		q->inspected(l, state, NULL, q->user_data);
		json_decref(state);
	}
	question_free(q);
}

static void hand_over_door(lab *l, const struct question *q, const json_t *files)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	struct lab_door door;
	int *const fds[] = {&door.user, &door.mnt, &door.pid, &door.net};

	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		*fds[i] = wire_take_fd(l->channel);
	for (size_t i = 0; i < json_array_size(files); i++)
		g_ptr_array_add(paths, (gpointer)(guintptr)json_string_value(json_array_get(files, i)));
	g_ptr_array_add(paths, NULL);
	door.files = (const char *const *)paths->pdata;
	q->entered(l, &door, NULL, q->user_data);
	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
}

static void on_entered(lab *l, json_t *message, json_t *problem)
{
	struct question *q = answered(l, true);
	g_autoptr(GError) error = NULL;

	if (q == NULL)
		return;
	if (json_is_string(problem)) {
		error = g_error_new(TB_ERROR, TB_ERROR_INPUT, "%s", json_string_value(problem));
		question_fail(q, error);
	} else {
		hand_over_door(l, q, json_object_get(message, "files"));
	}
	question_free(q);
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
		error = g_error_new(TB_ERROR, (int)json_integer_value(json_object_get(message, "code")), "%s",
				    json_string_value(problem));
		end_change(l, restarted, error);
		return;
	}
	g_hash_table_remove_all(l->agents);
	for (guint i = 0; agents[i] != NULL; i++)
		g_hash_table_add(l->agents, g_strdup(agents[i]));
	end_change(l, restarted, NULL);
}

/* Kinds of message by the member that tells them apart (supervisor.h). */
static const struct {
	const char *member;
	void (*func)(lab *l, json_t *message, json_t *value);
} messages[] = {
	{"event", on_event},
	{"built", on_built},
	{"died", on_died},
	{"failed", on_failed},
	{"state", on_state},
	{"inspected", on_inspected},
	{"entered", on_entered},
	{"changed", on_changed},
};

static void on_line(wire *w G_GNUC_UNUSED, char *line, gsize length, gpointer user_data)
{
	lab *l = user_data;
	json_t *message = json_loadb(line, length, 0, NULL);

	l->refs++;
	for (guint i = 0; i < G_N_ELEMENTS(messages) && !l->over; i++) {
		json_t *value = json_object_get(message, messages[i].member);

		if (value != NULL) {
			messages[i].func(l, message, value);
			break;
		}
	}
	unref(l);
	json_decref(message);
}

/* Its death, which comes at once after this, says more. */
static void on_closed(wire *w G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
}

static char *reap(int pidfd)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		return g_strdup("its supervisor is gone");
	return g_strdup_printf(info.si_code == CLD_EXITED ? "its supervisor ended with status %d"
							  : "its supervisor was killed by signal %d",
			       info.si_status);
}

static gboolean on_death(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	lab *l = user_data;
	g_autofree char *how = reap(fd);

	l->refs++;
	l->death = 0;
	/* what it said last is still in the socket */
	if (l->channel != NULL)
		wire_drain(l->channel);
	fail(l, TB_ERROR_DIED, how);
	unref(l);
	return G_SOURCE_REMOVE;
}

/* --- to the supervisor ------------------------------------------------------------------------------- */

static GHashTable *agents_of(const plan *p)
{
	GHashTable *agents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = g_ptr_array_index(p->ops, i);

		if (op->kind == OP_AGENT)
			g_hash_table_add(agents, g_strdup(op->process.name));
	}
	return agents;
}

lab *lab_start(const model *m, const plan *p, const struct lab_options *options,
	       const struct lab_callbacks *callbacks, gpointer user_data, GError **error)
{
	static const struct wire_handlers handlers = {.line = on_line, .closed = on_closed};
	/* the supervisor's copy must not be where its socket will be */
	int evidence_fd = options->evidence_fd > 0 ? fcntl(options->evidence_fd, F_DUPFD_CLOEXEC, BIRTH_SOCKET + 1) : 0;
	/* its copies, not ours: the supervisor may free what it has */
	struct supervisor_job job = {.model = (model *)(guintptr)m,
				     .plan = (plan *)(guintptr)p,
				     .options = options,
				     .evidence_fd = evidence_fd};
	struct birth birth;
	gboolean born;
	lab *l;

	born = birth_new(supervisor_main, &job, MAX(evidence_fd, 0), &birth, error);
	if (evidence_fd > 0)
		close(evidence_fd);
	if (!born)
		return NULL;
	l = g_new0(lab, 1);
	l->name = g_strdup(options->name != NULL ? options->name : m->name);
	l->callbacks = *callbacks;
	l->user_data = user_data;
	l->pid = birth.pid;
	l->pidfd = birth.pidfd;
	l->agents = agents_of(p);
	l->refs = 1;
	g_queue_init(&l->questions);
	l->channel = wire_new(birth.socket, g_main_context_default(), SUPERVISOR_LINE_MAX, &handlers, l);
	l->death = g_unix_fd_add(l->pidfd, G_IO_IN, on_death, l);
	return l;
}

gboolean lab_command(lab *l, const char *agent, json_t *command, GError **error)
{
	json_t *message;
	char *text;

	if (l->over || !g_hash_table_contains(l->agents, agent)) {
		g_set_error(error, TB_ERROR, TB_ERROR_DIED, "no agent '%s' runs in lab '%s'", agent, l->name);
		return FALSE;
	}
	message = json_pack("{s:s, s:O}", "agent", agent, "command", command);
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (text == NULL) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "command for agent '%s' is no valid JSON",
			    agent);
		return FALSE;
	}
	wire_send(l->channel, text, strlen(text));
	free(text);
	return TRUE;
}

/* Asked too late. */
static gboolean on_idle_question(gpointer question)
{
	struct question *q = question;
	g_autoptr(GError) error = NULL;

	set_gone(&error, q->l, "nothing can be asked any more");
	if (!is_freed(q->l))
		question_fail(q, error);
	unref(q->l);
	question_free(q);
	return G_SOURCE_REMOVE;
}

/* Takes `message` over. */
static void ask(struct question *q, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	lab *l = q->l;

	json_decref(message);
	if (l->over) {
		l->refs++;
		g_idle_add(on_idle_question, q);
	} else {
		g_queue_push_tail(&l->questions, q);
		wire_send(l->channel, text, strlen(text));
	}
	free(text);
}

void lab_inspect(lab *l, lab_inspect_func done, gpointer user_data)
{
	struct question *q = question_new(l, user_data);

	q->inspected = done;
	ask(q, json_pack("{s:b}", "inspect", 1));
}

void lab_enter(lab *l, const char *node, lab_enter_func done, gpointer user_data)
{
	struct question *q = question_new(l, user_data);

	q->entered = done;
	ask(q, json_pack("{s:s}", "enter", node));
}

static json_t *list_of(const char *const *texts)
{
	json_t *list = json_array();

	for (; texts != NULL && *texts != NULL; texts++)
		json_array_append_new(list, json_string(*texts));
	return list;
}

void lab_change(lab *l, const char *const *changes, const char *const *spare, const char *reboot, lab_change_func done,
		gpointer user_data)
{
	json_t *message = json_pack("{s:o, s:o, s:s?}", "change", list_of(changes), "spare", list_of(spare), "reboot", reboot);
	char *text = json_dumps(message, JSON_COMPACT);

	json_decref(message);
	l->change_done = done;
	l->change_data = user_data;
	if (!l->over)
		wire_send(l->channel, text, strlen(text));
	free(text);
}

/* The kernel may take some tens of milliseconds to end a PID namespace; nobody waits for it. */
static gboolean on_late_death(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
	siginfo_t info;

	waitid(P_PIDFD, (id_t)fd, &info, WEXITED);
	close(fd);
	return G_SOURCE_REMOVE;
}

void lab_free(lab *l)
{
	if (l == NULL)
		return;
	l->over = true;
	g_clear_pointer(&l->channel, wire_free);
	if (l->death != 0) {
		g_source_remove(l->death);
		pidfd_send_signal(l->pidfd, SIGKILL, NULL, 0);
		g_unix_fd_add(l->pidfd, G_IO_IN, on_late_death, NULL);
	} else {
		close(l->pidfd);
	}
	unref(l);
}

pid_t lab_pid(const lab *l)
{
	return l->pid;
}

const char *lab_service_agent(const struct node *node, enum service_kind kind)
{
	static const char *const programs[SERVICE_KIND_COUNT] = {
		[SERVICE_DNS] = "dnsmasq",
		[SERVICE_FRONTEND] = "tb-frontend",
		[SERVICE_EDGE] = "tb-edge",
	};
	g_autofree char *name = g_strdup_printf("%s/%s", node->name, programs[kind]);

	return g_intern_string(name);
}
