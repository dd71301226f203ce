#include "testbed/lab/supervisor.h"

#include "testbed/exec/closing.h"
#include "testbed/exec/inspect.h"
#include "testbed/lab/birth.h"
#include "testbed/lab/crew.h"
#include "testbed/lab/evidence.h"
#include "testbed/lab/record.h"
#include "testbed/lab/trust.h"
#include "testbed/lab/turn.h"
#include "testbed/lab/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A program needs some 20 ms of processor time to start; on a busy machine much more. */
#define READY_TIMEOUT_S 30
#define READY_TIMEOUT_MS_EACH 100
#define LAST_WORDS_TIMEOUT_MS 1000
#define DESCRIPTORS_MAX 65536
#define SHUTDOWN_MS 1000 /* how long a node that starts again keeps its network at most after its last process */

struct supervisor {
	const struct supervisor_job *job;
	model *model; /* as the network is now; the job's, or one of our own */
	plan *plan;
	json_t *restarted; /* while a change is being made: names; NULL: none is */
	GError *refused;   /* why it was taken back, or NULL */
	GMainContext *context;
	GMainLoop *loop;
	wire *up;
	place *place;
	trust *trust;
	struct exec_features features;
	exec *x;
	evidence_file *evidence; /* NULL: none is kept; lives as long as the supervisor */
	crew *crew;
	GSource *deadline;
	double build_ms;
	bool built, failed;
};

/* --- to the orchestrator --------------------------------------------------------------------------- */

/* Steals `message`. */
static void tell(struct supervisor *s, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	if (text != NULL)
		wire_send(s->up, text, strlen(text));
	free(text);
	json_decref(message);
}

static void fail(struct supervisor *s, const GError *error)
{
	int code = error->domain == TB_ERROR ? error->code : TB_ERROR_FAILED;
	g_autofree char *text = g_utf8_make_valid(error->message, -1);

	if (s->failed)
		return;
	s->failed = true;
	tell(s, json_pack("{s:{s:i, s:s}}", "failed", "code", code, "message", text));
	wire_flush(s->up, LAST_WORDS_TIMEOUT_MS);
	g_main_loop_quit(s->loop);
}

static void on_crew_line(const char *line, gsize length, gpointer user_data)
{
	struct supervisor *s = user_data;

	wire_send(s->up, line, length);
}

static void stop_deadline(struct supervisor *s)
{
	if (s->deadline == NULL)
		return;
	g_source_destroy(s->deadline);
	g_clear_pointer(&s->deadline, g_source_unref);
}

static json_t *agents_of(const plan *p)
{
	json_t *names = json_array();

	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = g_ptr_array_index(p->ops, i);

		if (op->kind == OP_AGENT)
			json_array_append_new(names, json_string(op->process.name));
	}
	return names;
}

/* The change that was being made, or taken back, is complete. */
static void tell_changed(struct supervisor *s)
{
	g_autofree char *text = s->refused != NULL ? g_utf8_make_valid(s->refused->message, -1) : NULL;
	int code = s->refused != NULL && s->refused->domain == TB_ERROR ? s->refused->code : TB_ERROR_FAILED;

	if (s->restarted != NULL)
		tell(s, json_pack("{s:s?, s:i, s:o, s:o}", "changed", text, "code", code, "restarted", s->restarted, "agents",
				  agents_of(s->plan)));
	s->restarted = NULL;
	g_clear_error(&s->refused);
}

static void on_crew_ready(gpointer user_data)
{
	struct supervisor *s = user_data;

	stop_deadline(s);
	if (s->built) {
		tell_changed(s);
		return;
	}
	s->built = true;
	tell(s, json_pack("{s:{s:f, s:s?, s:s?}}", "built", "build_ms", s->build_ms, "vpn",
			  exec_tunnel_backend(s->x), "impairment", exec_impair_backend(s->x)));
}

static void on_crew_died(const char *name, const char *how, gboolean asked, gpointer user_data)
{
	struct supervisor *s = user_data;
	g_autoptr(GError) error = NULL;

	if (s->built) {
		tell(s, json_pack("{s:s, s:s, s:b}", "died", name, "how", how, "asked", asked));
		return;
	}
	error = g_error_new(TB_ERROR, TB_ERROR_DIED, "'%s' ended before it was ready: %s", name, how);
	fail(s, error);
}

static guint ready_timeout_ms(const struct supervisor *s)
{
	return READY_TIMEOUT_S * 1000 + s->model->nodes->len * READY_TIMEOUT_MS_EACH;
}

static gboolean on_deadline(gpointer user_data)
{
	struct supervisor *s = user_data;
	g_autofree char *missing = crew_missing(s->crew);
	g_autoptr(GError) error = g_error_new(TB_ERROR, TB_ERROR_FAILED, "not ready after %u s: %s",
					      ready_timeout_ms(s) / 1000, missing);

	stop_deadline(s);
	/* who is not ready in a lab that stands will not sign in, and that is told then */
	if (s->built)
		tell_changed(s);
	else
		fail(s, error);
	return G_SOURCE_REMOVE;
}

/* --- from the orchestrator -------------------------------------------------------------------------- */

/* A node a line, so that no line grows with the lab. */
static gboolean tell_states(struct supervisor *s, GError **error)
{
	for (guint i = 0; i < s->plan->ops->len; i++) {
		const struct op *op = g_ptr_array_index(s->plan->ops, i);
		json_t *state;

		if (op->kind != OP_NETNS || strcmp(op->node, PLAN_FABRIC) == 0)
			continue;
		state = exec_inspect(s->x, op->node, error);
		if (state == NULL)
			return FALSE;
		tell(s, json_pack("{s:o, s:s}", "state", state, "node", op->node));
	}
	return TRUE;
}

static void inspect(struct supervisor *s)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *problem = NULL;
	struct evidence_count seen;

	if (!tell_states(s, &error))
		problem = g_utf8_make_valid(error->message, -1);
	seen = evidence_flush(s->evidence);
	tell(s, json_pack("{s:s?, s:{s:I, s:I}}", "inspected", problem, "evidence", "packets", (json_int_t)seen.packets, "lost",
			  (json_int_t)seen.lost));
}

/* Who opens the door closes nothing: the descriptors are copied on their way. */
static void tell_door(struct supervisor *s, const char *node)
{
	static const char *const namespaces[] = {"user", "mnt", "pid"};
	int fds[G_N_ELEMENTS(namespaces) + 1];
	g_autoptr(GPtrArray) files = crew_files(s->crew, node);
	json_t *message = json_pack("{s:n, s:o}", "entered", "files", json_array());
	char *text;

	for (guint i = 0; i < files->len - 1; i++)
		json_array_append_new(json_object_get(message, "files"), json_string(files->pdata[i]));
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++) {
		g_autofree char *path = g_strconcat("/proc/self/ns/", namespaces[i], NULL);

		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	fds[G_N_ELEMENTS(namespaces)] = exec_netns_fd(s->x, node);
	wire_send_fds(s->up, text, strlen(text), fds, G_N_ELEMENTS(fds));
	free(text);
	for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void enter(struct supervisor *s, const char *node)
{
	g_autofree char *problem = NULL;

	if (exec_netns_fd(s->x, node) >= 0 && strcmp(node, PLAN_FABRIC) != 0) {
		tell_door(s, node);
		return;
	}
	problem = g_strdup_printf("there is no node '%s'", node);
	tell(s, json_pack("{s:s}", "entered", problem));
}

static void change(struct supervisor *s, const json_t *message);

static void on_message(wire *w G_GNUC_UNUSED, char *line, gsize length, gpointer user_data)
{
	struct supervisor *s = user_data;
	json_t *message = json_loadb(line, length, 0, NULL);
	const char *agent = json_string_value(json_object_get(message, "agent"));
	json_t *command = json_object_get(message, "command");

	if (agent != NULL && json_is_object(command))
		crew_command(s->crew, agent, command);
	else if (json_is_true(json_object_get(message, "inspect")))
		inspect(s);
	else if (json_is_string(json_object_get(message, "enter")))
		enter(s, json_string_value(json_object_get(message, "enter")));
	else if (json_is_array(json_object_get(message, "change")))
		change(s, message);
	json_decref(message);
}

/* The orchestrator is gone.  The kernel kills everything in this PID namespace when its first process
 * ends, and with the last process go namespaces, links and mounts. */
static void on_orchestrator_gone(wire *w G_GNUC_UNUSED, gpointer user_data G_GNUC_UNUSED)
{
	_exit(0);
}

/* While the network is built the main loop does not run; a signal looks after the socket meanwhile. */
static void on_socket_signal(int number G_GNUC_UNUSED)
{
	int saved = errno;
	char byte;

	if (recv(BIRTH_SOCKET, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		_exit(0);
	errno = saved;
}

static void guard_life(bool on)
{
	struct sigaction action = {.sa_handler = on ? on_socket_signal : SIG_DFL, .sa_flags = SA_RESTART};
	int flags = fcntl(BIRTH_SOCKET, F_GETFL);

	sigaction(SIGIO, &action, NULL);
	fcntl(BIRTH_SOCKET, F_SETOWN, getpid());
	fcntl(BIRTH_SOCKET, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC);
	/* it may have gone before there was a signal to tell */
	if (on)
		on_socket_signal(SIGIO);
}

/* --- building ---------------------------------------------------------------------------------------- */

static gboolean key_pair(const char *name, uint8_t private_key[32], uint8_t public_key[32],
			 gpointer user_data)
{
	struct supervisor *s = user_data;

	return trust_key_pair(s->trust, name, private_key, public_key);
}

static gboolean build_network(struct supervisor *s, GError **error)
{
	gint64 begin_us;

	exec_probe(&s->features);
	if (s->features.missing != NULL) {
		g_set_error_literal(error, TB_ERROR, TB_ERROR_UNSUPPORTED, s->features.missing);
		return FALSE;
	}
	begin_us = g_get_monotonic_time();
	s->x = exec_new_linux(&s->features, key_pair, s, error);
	if (s->x != NULL)
		exec_seed(s->x, s->job->options->seed);
	if (s->x == NULL || !exec_run(s->x, s->plan, error))
		return FALSE;
	s->build_ms = (double)(g_get_monotonic_time() - begin_us) / 1000;
	return TRUE;
}

static struct config_source config_of(const struct supervisor *s, const model *m)
{
	return (struct config_source){
		.model = m, .master = trust_master(s->trust), .cdr = s->job->options->run_dir != NULL};
}

static char *fill_in_secret(const struct config_source *source, const struct op *op)
{
	const struct node *node = model_node(source->model, op->node);
	g_autofree char *secret = node != NULL ? config_edge_secret(source, node) : NULL;
	GString *text = g_string_new(op->file.text);

	if (secret != NULL)
		g_string_replace(text, "@SECRET@", secret, 0);
	return g_string_free(text, FALSE);
}

static gboolean write_files(const struct supervisor *s, GError **error)
{
	const struct config_source source = config_of(s, s->model);

	for (guint i = 0; i < s->plan->ops->len; i++) {
		const struct op *op = g_ptr_array_index(s->plan->ops, i);
		g_autofree char *path = NULL, *text = NULL;

		if (op->kind != OP_FILE)
			continue;
		path = config_file_is_shared(op->file.path) ? g_strdup(op->file.path)
							    : config_file_place(op->node, op->file.path);
		text = fill_in_secret(&source, op);
		if (!place_write(path, text, 0644, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean issue(struct supervisor *s, const struct node *node, const char *const *names, char **ret_certificate,
		      char **ret_key, GError **error)
{
	static const enum trust_issuer issuers[] = {[ISSUER_LAB] = TRUST_OURS, [ISSUER_OTHER] = TRUST_OTHER};
	static const enum trust_validity validities[] = {
		[VALIDITY_VALID] = TRUST_VALID, [VALIDITY_EXPIRED] = TRUST_EXPIRED, [VALIDITY_NOT_YET] = TRUST_NOT_YET};

	return trust_issue(s->trust, names, issuers[node->certificate.issuer], validities[node->certificate.validity],
			   ret_certificate, ret_key, error);
}

static gboolean write_identity(struct supervisor *s, const struct node *node, GError **error)
{
	g_auto(GStrv) names = config_tls_names(s->model, node);
	g_autofree char *certificate = NULL, *key = NULL;
	g_autofree char *certificate_path = g_strdup_printf(CONFIG_TRUST_DIR "/%s.pem", node->name);
	g_autofree char *key_path = g_strdup_printf(CONFIG_TRUST_DIR "/%s.key", node->name);

	return names[0] == NULL ||
	       (issue(s, node, (const char *const *)names, &certificate, &key, error) &&
		place_write(certificate_path, certificate, 0644, error) &&
		place_write(key_path, key, 0600, error));
}

static gboolean write_trust(struct supervisor *s, GError **error)
{
	if (!place_write(CONFIG_TRUST_DIR "/ca.pem", trust_ca_pem(s->trust), 0644, error))
		return FALSE;
	for (guint i = 0; i < s->model->nodes->len; i++) {
		const struct node *node = g_ptr_array_index(s->model->nodes, i);

		if ((node_service(node, SERVICE_FRONTEND) != NULL ||
		     node_service(node, SERVICE_EDGE) != NULL) &&
		    !write_identity(s, node, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean open_records(struct supervisor *s, GError **error)
{
	for (guint i = 0; i < s->model->nodes->len; i++) {
		const struct node *node = g_ptr_array_index(s->model->nodes, i);
		g_autofree char *path = config_cdr_path(node);

		if (node_service(node, SERVICE_FRONTEND) != NULL &&
		    !place_bind_log(s->place, node->name, "cdr.jsonl", path, error))
			return FALSE;
	}
	return TRUE;
}

/* Recordings live as long as the supervisor. */
static gboolean start_recordings(const struct supervisor *s, GError **error)
{
	const char *const *where = s->job->options->captures;

	for (; where != NULL && *where != NULL; where++)
		if (recording_new(s->x, s->place, *where, s->context, error) == NULL)
			return FALSE;
	return TRUE;
}

static gboolean start_evidence(struct supervisor *s, GError **error)
{
	if (s->job->evidence_fd <= 0)
		return TRUE;
	s->evidence = evidence_new(s->x, s->plan, s->job->evidence_fd, s->context, error);
	return s->evidence != NULL;
}

static struct crew_source crew_source_of(const struct supervisor *s, const model *m, const plan *p)
{
	return (struct crew_source){
		.x = s->x,
		.plan = p,
		.config = config_of(s, m),
		.place = s->place,
		.program_dir = s->job->options->program_dir,
		.context = s->context,
	};
}

static gboolean start_crew(struct supervisor *s, GError **error)
{
	static const struct crew_handlers handlers = {on_crew_line, on_crew_ready, on_crew_died};
	const struct crew_source source = crew_source_of(s, s->model, s->plan);

	s->crew = crew_new(&source, &handlers, s);
	return crew_start(s->crew, error);
}

static gboolean build(struct supervisor *s, GError **error)
{
	const struct lab_options *options = s->job->options;

	s->place = place_new(options->run_dir, options->name, error);
	if (s->place == NULL || (s->trust = trust_new(error)) == NULL)
		return FALSE;
	return build_network(s, error) && start_recordings(s, error) && start_evidence(s, error) &&
	       write_files(s, error) && write_trust(s, error) &&
	       (options->run_dir == NULL || open_records(s, error)) && start_crew(s, error);
}

static void watch_deadline(struct supervisor *s)
{
	s->deadline = g_timeout_source_new(ready_timeout_ms(s));
	g_source_set_callback(s->deadline, on_deadline, s, NULL);
	g_source_attach(s->deadline, s->context);
}

/* --- live changes ------------------------------------------------------------------------------------ */

static model *changed_model(const struct supervisor *s, const json_t *changes, GError **error)
{
	const struct lab_options *options = s->job->options;
	g_autoptr(diags) found = diags_new();
	g_autofree char *text = NULL;
	bool good = true;
	model *m = NULL;

	if (options->base == NULL) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "this lab can't be changed");
		return NULL;
	}
	model_drop_changes(options->base);
	for (size_t i = 0; i < json_array_size(changes); i++)
		good = model_add_changes(options->base, "set", json_string_value(json_array_get(changes, i)), found) && good;
	m = good ? model_instantiate(options->base, options->scenario, found) : NULL;
	if (m != NULL)
		return m;
	text = diags_to_text(found);
	g_set_error_literal(error, TB_ERROR, TB_ERROR_INPUT, g_strchomp(text));
	return NULL;
}

/* The model and plan that hold; those from before are given back in the same place. */
static void exchange(struct supervisor *s, model **m, plan **p)
{
	model *old_model = s->model;
	plan *old_plan = s->plan;

	s->model = *m;
	s->plan = *p;
	*m = old_model;
	*p = old_plan;
}

static const char **names_of(const json_t *list)
{
	const char **names = g_new0(const char *, json_array_size(list) + 1);

	for (size_t i = 0; i < json_array_size(list); i++)
		names[i] = json_string_value(json_array_get(list, i));
	return names;
}

/* Ends the processes that the network which holds has not, or not so, and starts what is missing. */
static gboolean settle(struct supervisor *s, const struct crew_leave *leave, GError **error)
{
	const struct crew_source now = crew_source_of(s, s->model, s->plan);
	g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func(g_free);

	crew_stop(s->crew, &now, leave, ended);
	for (guint i = 0; i < ended->len; i++)
		json_array_append_new(s->restarted, json_string(ended->pdata[i]));
	return write_files(s, error) && write_trust(s, error) && crew_resume(s->crew, &now, error);
}

/* As a machine that is shut down: its programs go first, and what they said last (that connections end) arrives; the other ends
 * would else find out by time-outs. */
static void shut_down(struct supervisor *s, const char *node)
{
	const struct crew_source now = crew_source_of(s, s->model, s->plan);
	const struct crew_leave leave = {.reboot = node};
	g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func(g_free);

	crew_stop(s->crew, &now, &leave, ended);
	for (guint i = 0; i < ended->len; i++)
		json_array_append_new(s->restarted, json_string(ended->pdata[i]));
	/* In vain, where nobody can be reached any more: then the other ends find out by time-outs indeed. */
	exec_wait_closed(s->x, node, SHUTDOWN_MS);
}

/* Takes over `m` and `p`.  The answer comes when everybody is ready. */
static void turn_to(struct supervisor *s, model *m, plan *p, const json_t *message)
{
	const char *reboot = json_string_value(json_object_get(message, "reboot"));
	g_autoptr(plan_difference) d = plan_difference_new(s->plan, p, reboot);
	g_autofree const char **spared = names_of(json_object_get(message, "spare"));
	struct crew_leave leave = {.clients = !plan_difference_is_light(d), .spare = spared};
	g_autoptr(GError) second = NULL;

	s->restarted = json_array();
	if (reboot)
		shut_down(s, reboot);
	watch_deadline(s);
	if (turn_network(s->x, d, &s->refused)) {
		exchange(s, &m, &p);
		if (!settle(s, &leave, &s->refused)) {
			exchange(s, &m, &p);
			leave.clients = false;
			if (!turn_network_back(s->x, d, &second) || !settle(s, &leave, &second))
				g_prefix_error(&s->refused, "(and the way back failed: %s) ", second->message);
		}
	} else if (!reboot) {
		on_crew_ready(s);
	} else {
		leave.clients = false;
		if (!settle(s, &leave, &second))
			g_prefix_error(&s->refused, "(and the way back failed: %s) ", second->message);
	}
	/* the ones that do not hold; the first may be the job's, which nobody needs any more either */
	g_clear_pointer(&d, plan_difference_free);
	plan_free(p);
	model_free(m);
}

static void change(struct supervisor *s, const json_t *message)
{
	model *m = changed_model(s, json_object_get(message, "change"), &s->refused);

	if (m != NULL) {
		turn_to(s, m, plan_build(m), message);
	} else {
		s->restarted = json_array();
		tell_changed(s);
	}
}

/* A descriptor or more for every namespace and agent: the usual 1024 would bound a lab at some 200 nodes. */
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
	static const struct wire_handlers handlers = {.line = on_message, .closed = on_orchestrator_gone};
	const struct supervisor_job *job = data;
	struct supervisor s = {.job = job, .model = job->model, .plan = job->plan};
	g_autoptr(GError) error = NULL;

	guard_life(true);
	prctl(PR_SET_NAME, "testbed-lab");
	raise_descriptor_limit();
	/* the default context belongs to the orchestrator: its wake-up descriptor is closed here */
	s.context = g_main_context_new();
	g_main_context_push_thread_default(s.context);
	s.loop = g_main_loop_new(s.context, FALSE);
	s.up = wire_new(BIRTH_SOCKET, s.context, SUPERVISOR_LINE_MAX, &handlers, &s);
	if (build(&s, &error)) {
		guard_life(false);
		if (!s.built)
			watch_deadline(&s);
		g_main_loop_run(s.loop);
	} else {
		fail(&s, error);
	}
	return 1;
}
