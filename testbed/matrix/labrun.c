/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/labrun.h"

#include "testbed/matrix/order.h"
#include "testbed/session/signins.h"

#include <string.h>
#include <unistd.h>

/* A look at the state of all kernels costs processor time by the node: it is a small part of the
 * time at most. */
#define LOOK_PAUSE_US 2000000
#define LOOK_PAUSE_TIMES 10

struct running {
	labrun *owner;
	cell_machine *machine;
	guint deadline; /* source id */
	bool looking;	/* asked for the kernels' state; stays until it has come */
	json_t *before; /* that state before the call; NULL: not wanted, or not to be had */
	bool stood;	/* the host was told that it stands */
};

struct labrun {
	const struct selected_scenario *scenario;
	struct labrun_host host;
	struct cell_rules rules;
	char *run_id;
	lab *lab;
	bool started, built;
	signins *signins;
	GQueue queue;	     /* struct cell, borrowed, in order of start */
	GHashTable *running; /* struct running, a set */
	GHashTable *calls;   /* call id -> struct running, borrowed */
	char *dead_service;  /* "edge/tb-edge ended: ..."; failures can't be trusted after that */
	enum { STATE_UNREAD, STATE_ASKED, STATE_READ } state; /* after the last cell */
	gint64 asked_us; /* when the state was asked for last */
	gint64 look_us;	 /* when it may be asked for again; G_MAXINT64: an answer is waited for */
};

/* --- cells ------------------------------------------------------------------------------------ */

static void running_free(gpointer data)
{
	struct running *r = data;

	g_clear_handle_id(&r->deadline, g_source_remove);
	cell_machine_free(r->machine);
	json_decref(r->before);
	g_free(r);
}

static bool can_start(const labrun *l, const struct cell *c)
{
	return l->lab != NULL && signins_all_in(l->signins, c) &&
	       !(l->rules.stand && labrun_preparing(l));
}

static void tell_finished(labrun *l, const struct cell *c)
{
	if (l->host.observer->cell_finished)
		l->host.observer->cell_finished(c, l->host.observer_data);
}

/* A failure that was measured while a part of the lab was dead says nothing about the network. */
static void distrust(labrun *l, struct cell *c)
{
	g_autofree char *reason = NULL;

	if (!l->dead_service || c->verdict != VERDICT_FAIL)
		return;
	reason = g_strdup_printf("%s; %s", l->dead_service, c->reason ? c->reason : "");
	cell_finish(c, VERDICT_ERROR, reason);
}

static gboolean of_this_run(gpointer call, gpointer value, gpointer r)
{
	(void)call;
	return value == r;
}

static bool cells_over(const labrun *l)
{
	return g_queue_is_empty(&((labrun *)(gpointer)(guintptr)l)->queue) &&
	       g_hash_table_size(l->running) == 0;
}

static void on_state_meanwhile(lab *handle, json_t *state, const GError *error, gpointer user_data)
{
	labrun *l = user_data;
	gint64 now_us = g_get_monotonic_time();

	(void)handle;
	l->look_us = now_us + MAX(LOOK_PAUSE_US, LOOK_PAUSE_TIMES * (now_us - l->asked_us));
	l->host.observer->lab_state(l->scenario->result, state, error, l->host.observer_data);
}

/* What explains a failure may be gone when the last cell ends.  Many fail at once: one look does
 * for all of them, and after the last cell there is one anyway. */
static void look_after(labrun *l, const struct cell *c)
{
	gint64 now_us = g_get_monotonic_time();

	if (c->verdict == VERDICT_PASS || !l->host.observer->lab_state || !l->lab ||
	    cells_over(l) || now_us < l->look_us)
		return;
	l->asked_us = now_us;
	l->look_us = G_MAXINT64;
	lab_inspect(l->lab, on_state_meanwhile, l);
}

static void conclude_now(labrun *l, struct running *r)
{
	struct cell *c = cell_machine_cell(r->machine);
	bool stood = r->stood;

	distrust(l, c);
	g_hash_table_foreach_remove(l->calls, of_this_run, r);
	g_hash_table_remove(l->running, r);
	tell_finished(l, c);
	look_after(l, c);
	l->host.call_ended(stood, l->host.user_data);
	l->host.changed(l->host.user_data);
}

static void on_state_behind(lab *handle, json_t *state, const GError *error, gpointer user_data)
{
	struct running *r = user_data;
	labrun *l = r->owner;

	(void)handle;
	(void)error;
	if (state)
		l->host.observer->cell_states(cell_machine_cell(r->machine), r->before, state,
					      l->host.observer_data);
	conclude_now(l, r);
}

static void conclude(labrun *l, struct running *r)
{
	if (r->looking)
		return; /* whatever is asked is answered, and this comes again */
	if (!r->before || !l->lab) {
		conclude_now(l, r);
		return;
	}
	r->looking = true;
	lab_inspect(l->lab, on_state_behind, r);
}

/* Cells still in the queue that can't be run any more. */
static void drop_hindered(labrun *l)
{
	for (GList *i = l->queue.head; i;) {
		GList *next = i->next;
		struct cell *c = i->data;
		enum verdict verdict;
		const char *why = signins_hindrance(l->signins, c, &verdict);

		if (why) {
			g_queue_delete_link(&l->queue, i);
			cell_finish(c, verdict, why);
			distrust(l, c);
			tell_finished(l, c);
		}
		i = next;
	}
	l->host.changed(l->host.user_data);
}

static void abort_all(labrun *l, const char *reason)
{
	gint64 now_us = g_get_monotonic_time();
	struct cell *c;
	GHashTableIter iter;
	gpointer r;

	while ((c = g_queue_pop_head(&l->queue))) {
		cell_finish(c, VERDICT_ERROR, reason);
		tell_finished(l, c);
	}
	while (g_hash_table_iter_init(&iter, l->running), g_hash_table_iter_next(&iter, &r, NULL)) {
		cell_machine_abort(((struct running *)r)->machine, VERDICT_ERROR, reason, now_us);
		conclude_now(l, r);
	}
}

static gboolean on_cell_deadline(gpointer data)
{
	struct running *r = data;

	r->deadline = 0;
	cell_machine_expired(r->machine, g_get_monotonic_time());
	conclude(r->owner, r);
	return G_SOURCE_REMOVE;
}

static gboolean send_command(labrun *l, const char *agent, json_t *command, GError **error)
{
	if (!lab_command(l->lab, agent, command, error))
		return FALSE;
	if (l->host.observer->command_sent)
		l->host.observer->command_sent(l->scenario->result->name, agent, command,
					       l->host.observer_data);
	return TRUE;
}

/* Sends what a machine wants sent; each command's call id leads back to it. */
static void send_commands(labrun *l, struct running *r, GPtrArray *commands)
{
	for (guint i = 0; i < commands->len; i++) {
		const struct agent_command *c = commands->pdata[i];
		const char *call = json_string_value(json_object_get(c->command, "call"));
		g_autoptr(GError) error = NULL;

		g_hash_table_insert(l->calls, g_strdup(call), r);
		if (!send_command(l, c->agent, c->command, &error)) {
			cell_machine_abort(r->machine, VERDICT_ERROR, error->message,
					   g_get_monotonic_time());
			return;
		}
	}
}

static void place(labrun *l, struct running *r)
{
	g_autoptr(GPtrArray) commands =
		g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);

	r->deadline = g_timeout_add(CELL_DEADLINE_MS + l->rules.media_ms, on_cell_deadline, r);
	cell_machine_start(r->machine, g_get_monotonic_time(), commands);
	send_commands(l, r, commands);
	if (cell_machine_done(r->machine))
		conclude(l, r);
}

static void on_state_before(lab *handle, json_t *state, const GError *error, gpointer user_data)
{
	struct running *r = user_data;

	(void)handle;
	(void)error;
	r->looking = false;
	r->before = json_incref(state);
	if (cell_machine_done(r->machine))
		conclude_now(r->owner, r); /* aborted meanwhile */
	else
		place(r->owner, r);
}

static void start_cell(labrun *l, struct cell *c)
{
	g_autofree const char **users = g_new0(const char *, c->participants->len + 1);
	struct running *r = g_new0(struct running, 1);

	for (guint i = 0; i < c->participants->len; i++)
		users[i] = signins_user(l->signins, c->participants->pdata[i]);
	r->owner = l;
	r->machine = cell_machine_new(c, users, &l->rules);
	g_hash_table_add(l->running, r);
	if (l->host.observer->cell_started)
		l->host.observer->cell_started(c, l->host.observer_data);
	r->looking = l->host.observer->cell_states != NULL;
	if (r->looking)
		lab_inspect(l->lab, on_state_before, r);
	else
		place(l, r);
}

/* --- the lab's callbacks ---------------------------------------------------------------------- */

static gboolean send_sign_in(const char *agent, json_t *command, GError **error, gpointer user_data)
{
	return send_command(user_data, agent, command, error);
}

static void on_sign_in_ended(gpointer user_data)
{
	const labrun *l = user_data;

	l->host.sign_in_ended(l->host.user_data);
}

static void on_signed_in(gpointer user_data)
{
	const labrun *l = user_data;

	l->host.changed(l->host.user_data);
}

static void on_not_signed_in(gpointer user_data)
{
	drop_hindered(user_data);
}

/* How long it is to stand is not its own affair. */
static void note_standing(labrun *l, struct running *r)
{
	if (r->stood)
		return;
	r->stood = true;
	g_clear_handle_id(&r->deadline, g_source_remove);
	l->host.call_stands(l->host.user_data);
	l->host.changed(l->host.user_data);
}

static void on_event(lab *handle, const char *agent, json_t *event, gpointer user_data)
{
	labrun *l = user_data;
	const char *name = json_string_value(json_object_get(event, "event"));
	const char *call = json_string_value(json_object_get(event, "call"));
	struct running *r = call ? g_hash_table_lookup(l->calls, call) : NULL;
	g_autoptr(GPtrArray) commands = NULL;

	(void)handle;
	if (l->host.observer->agent_event)
		l->host.observer->agent_event(l->scenario->result->name, agent, event,
					      l->host.observer_data);
	if (!name)
		return;
	if (!r) {
		signins_event(l->signins, agent, name, event);
		return;
	}
	commands = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	cell_machine_event(r->machine, agent, event, g_get_monotonic_time(), commands);
	send_commands(l, r, commands);
	if (cell_machine_done(r->machine))
		conclude(l, r);
	else if (cell_machine_stands(r->machine))
		note_standing(l, r);
}

static void on_built(lab *handle, const struct lab_build *build, gpointer user_data)
{
	labrun *l = user_data;

	(void)handle;
	l->built = true;
	l->scenario->result->build_ms = build->build_ms;
	l->host.built(build, l->host.user_data);
	if (l->host.observer->lab_built)
		l->host.observer->lab_built(l->scenario->result, build, l->host.observer_data);
	l->host.changed(l->host.user_data);
}

static bool takes_part(const struct cell *c, const char *name)
{
	return g_ptr_array_find_with_equal_func(c->participants, name, g_str_equal, NULL);
}

static void abort_cells_of(labrun *l, const char *name, const char *why)
{
	g_autoptr(GList) all = g_hash_table_get_keys(l->running);

	for (GList *i = all; i; i = i->next) {
		struct running *r = i->data;

		if (!takes_part(cell_machine_cell(r->machine), name))
			continue;
		cell_machine_abort(r->machine, VERDICT_ERROR, why, g_get_monotonic_time());
		conclude(l, r);
	}
}

static void on_agent_died(lab *handle, const char *agent, const char *how, gpointer user_data)
{
	labrun *l = user_data;
	const char *why;
	json_t *event = json_pack("{s:s, s:I, s:s}", "event", "agent-died", "time_us",
				  (json_int_t)g_get_monotonic_time(), "how", how);

	(void)handle;
	if (l->host.observer->agent_event)
		l->host.observer->agent_event(l->scenario->result->name, agent, event,
					      l->host.observer_data);
	json_decref(event);
	why = signins_died(l->signins, agent, how);
	if (why) {
		abort_cells_of(l, agent, why);
	} else if (!l->dead_service) {
		l->dead_service = g_strdup_printf("agent %s died: %s", agent, how);
	}
}

static void lab_gone(labrun *l, const GError *error)
{
	g_autofree char *reason = g_strdup_printf("the lab failed: %s", error->message);

	signins_forget(l->signins);
	l->state = STATE_READ; /* there is none any more */
	g_free(l->scenario->result->error);
	l->scenario->result->error = g_strdup(error->message);
	if (l->host.observer->lab_failed)
		l->host.observer->lab_failed(l->scenario->result, error, l->host.observer_data);
	abort_all(l, reason);
	l->host.failed(error, l->host.user_data);
}

static void on_failed(lab *handle, const GError *error, gpointer user_data)
{
	(void)handle;
	lab_gone(user_data, error);
}

/* --- public ----------------------------------------------------------------------------------- */

labrun *labrun_new(const struct selected_scenario *s, const struct labrun_host *host,
		   const struct cell_rules *rules, guint64 seed)
{
	labrun *l = g_new0(labrun, 1);
	const struct signins_host signins_host = {.send = send_sign_in,
						  .ended = on_sign_in_ended,
						  .in = on_signed_in,
						  .out = on_not_signed_in,
						  .user_data = l};

	l->scenario = s;
	l->host = *host;
	l->run_id = g_strdup(rules->run_id);
	l->rules = *rules;
	l->rules.run_id = l->run_id;
	l->running = g_hash_table_new_full(g_direct_hash, g_direct_equal, running_free, NULL);
	l->calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&l->queue);
	order_cells(&l->queue, l->scenario->result->cells, l->scenario->model, seed);
	l->signins = signins_new(l->scenario->model, &l->queue, &signins_host);
	return l;
}

void labrun_free(labrun *l)
{
	if (!l)
		return;
	labrun_stop(l);
	g_queue_clear(&l->queue);
	g_hash_table_unref(l->calls);
	g_hash_table_unref(l->running);
	signins_free(l->signins);
	g_free(l->dead_service);
	g_free(l->run_id);
	g_free(l);
}

/* Those of `captures` that are in this scenario.  Free the list, not the names. */
static const char **captures_here(const model *m, const char *const *captures)
{
	GPtrArray *here = g_ptr_array_new();

	for (; captures && *captures; captures++)
		if (model_has_place(m, *captures))
			g_ptr_array_add(here, (gpointer)(guintptr)*captures);
	g_ptr_array_add(here, NULL);
	return (const char **)(gpointer)g_ptr_array_free(here, FALSE);
}

void labrun_start(labrun *l, const struct matrix_options *options)
{
	static const struct lab_callbacks callbacks = {.built = on_built,
						       .event = on_event,
						       .agent_died = on_agent_died,
						       .failed = on_failed};
	g_autofree const char **captures = captures_here(l->scenario->model, options->captures);
	const struct matrix_observer *observer = l->host.observer;
	int evidence_fd = observer->evidence ?
				  observer->evidence(l->scenario->result, l->host.observer_data) :
				  0;
	const struct lab_options lab_options = {
		.evidence_fd = evidence_fd,
		.captures = captures,
		.name = l->scenario->result->name,
		.run_dir = options->run_dir,
		.program_dir = options->program_dir,
		.seed = options->seed,
	};
	g_autoptr(plan) p = plan_build(l->scenario->model);
	g_autoptr(GError) error = NULL;

	l->started = true;
	l->lab = lab_start(l->scenario->model, p, &lab_options, &callbacks, l, &error);
	if (evidence_fd > 0)
		close(evidence_fd);
	if (!l->lab)
		lab_gone(l, error);
}

bool labrun_started(const labrun *l)
{
	return l->started;
}

bool labrun_over(const labrun *l)
{
	return cells_over(l) && (!l->host.observer->lab_state || l->state == STATE_READ);
}

static void on_state(lab *handle, json_t *state, const GError *error, gpointer user_data)
{
	labrun *l = user_data;

	(void)handle;
	l->state = STATE_READ;
	l->host.observer->lab_state(l->scenario->result, state, error, l->host.observer_data);
	l->host.changed(l->host.user_data);
}

void labrun_settle(labrun *l)
{
	if (!l->lab || !l->host.observer->lab_state || l->state != STATE_UNREAD || !cells_over(l))
		return;
	l->state = STATE_ASKED;
	lab_inspect(l->lab, on_state, l);
}

void labrun_stop(labrun *l)
{
	signins_forget(l->signins);
	g_clear_pointer(&l->lab, lab_free);
}

bool labrun_preparing(const labrun *l)
{
	return l->started && l->lab && (!l->built || signins_under_way(l->signins));
}

bool labrun_wants_sign_in(const labrun *l)
{
	return l->lab && l->built && signins_waiting(l->signins);
}

void labrun_sign_in_next(labrun *l)
{
	signins_next(l->signins);
}

static void hang_up(labrun *l, struct running *r)
{
	g_autoptr(GPtrArray) commands =
		g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);

	r->deadline = g_timeout_add(CELL_DEADLINE_MS, on_cell_deadline, r);
	cell_machine_hang_up(r->machine, commands);
	send_commands(l, r, commands);
	if (cell_machine_done(r->machine))
		conclude(l, r);
}

void labrun_hang_up(labrun *l)
{
	g_autoptr(GList) all = g_hash_table_get_keys(l->running);

	for (GList *i = all; i; i = i->next)
		if (cell_machine_stands(((struct running *)i->data)->machine))
			hang_up(l, i->data);
}

static GList *first_startable(const labrun *l)
{
	for (GList *i = l->queue.head; i; i = i->next) {
		if (can_start(l, i->data))
			return i;
	}
	return NULL;
}

int labrun_urgency(const labrun *l)
{
	const GList *i = first_startable(l);

	return i ? order_urgency(l->scenario->model, i->data) : -1;
}

void labrun_start_next(labrun *l)
{
	GList *i = first_startable(l);
	struct cell *c;

	g_return_if_fail(i);
	c = i->data;
	g_queue_delete_link(&l->queue, i);
	start_cell(l, c);
}
