/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/matrix_internal.h"
#include "testbed/matrix/order.h"
#include "testbed/session/excuse.h"
#include "testbed/session/session.h"

#include <unistd.h>

/* Reading the state of all kernels takes processor time for each node.  So between two readings
 * there is a pause: at least this long, and this many times as long as the last reading took. */
#define INSPECT_PAUSE_US 2000000
#define INSPECT_PAUSE_TIMES 10

/* One scenario's lab with its cells. */
struct labrun {
	matrix *owner;
	const struct selected_scenario *scenario;
	bool started;
	session *session; /* NULL: not started, or stopped */
	GQueue queue;	  /* struct cell, borrowed, in order of start */
	GQueue again;	  /* the same: to be measured again when there is room */
	guint signing_in; /* sign-ins that labrun_sign_in_next started and that are not over */
	/* whether the state of the kernels after the last cell was asked for, and has come */
	enum { STATE_UNREAD, STATE_ASKED, STATE_READ } state;
	gint64 asked_us;   /* when the state during the run was asked for last */
	gint64 inspect_us; /* when it may be asked for again; G_MAXINT64: the answer is due */
};

/* --- cells ------------------------------------------------------------------------------------ */

/* Whether no cell waits and none is in progress. */
static bool cells_over(const labrun *l)
{
	return !l->queue.head && !l->again.head &&
	       (!l->session || session_calls(l->session)->len == 0);
}

/* Tells the observer that a cell has ended. */
static void report_finished(const labrun *l, struct cell *c)
{
	if (l->session)
		session_distrust(l->session, c);
	if (l->owner->observer.cell_finished)
		l->owner->observer.cell_finished(c, l->owner->observer_data);
}

/* Tells the observer the state of the kernels; it has a lab_state callback. */
static void report_state(const labrun *l, const netstate *state, const GError *error)
{
	l->owner->observer.lab_state(l->scenario->result, state, error, l->owner->observer_data);
}

/* Reports a state that was read during the run, and sets the pause until the next. */
static void on_state_meanwhile(lab *handle G_GNUC_UNUSED, const netstate *state,
			       const GError *error, gpointer user_data)
{
	labrun *l = user_data;
	gint64 now_us = g_get_monotonic_time();

	l->inspect_us =
		now_us + MAX(INSPECT_PAUSE_US, INSPECT_PAUSE_TIMES * (now_us - l->asked_us));
	report_state(l, state, error);
}

/* Asks for the state of the kernels after a cell that did not pass, because what explains the
 * failure may be gone after the last cell.  Many fail at once, so one reading serves all of
 * them. */
static void inspect_after_failure(labrun *l, const struct cell *c)
{
	gint64 now_us = g_get_monotonic_time();

	if (c->verdict == VERDICT_PASS || !l->owner->observer.lab_state ||
	    l->state != STATE_UNREAD || cells_over(l) || now_us < l->inspect_us)
		return;
	l->asked_us = now_us;
	l->inspect_us = G_MAXINT64;
	lab_inspect(session_lab(l->session), on_state_meanwhile, l);
}

/* Ends cells of the queue that can't be placed any more, with the reason. */
static void drop_hindered_in(labrun *l, GQueue *queue)
{
	for (GList *i = queue->head; i;) {
		GList *next = i->next;
		struct cell *c = i->data;
		enum verdict verdict;
		g_autofree char *why = session_hindrance(l->session, c, &verdict);

		if (why) {
			g_queue_delete_link(queue, i);
			cell_finish(c, verdict, why);
			report_finished(l, c);
		}
		i = next;
	}
}

static void drop_hindered(labrun *l)
{
	drop_hindered_in(l, &l->queue);
	drop_hindered_in(l, &l->again);
}

/* --- the session's callbacks ------------------------------------------------------------------ */

/* The lab stands: notes it, tells the observer, and lets sign-ins begin. */
static void on_built(session *s G_GNUC_UNUSED, const struct lab_build *build, gpointer user_data)
{
	const labrun *l = user_data;
	matrix *m = l->owner;

	l->scenario->result->build_ms = build->build_ms;
	matrix_lab_built(m, build);
	if (m->observer.lab_built)
		m->observer.lab_built(l->scenario->result, build, m->observer_data);
	matrix_changed(m);
}

static void on_event(session *s G_GNUC_UNUSED, const struct session_call *call G_GNUC_UNUSED,
		     const char *agent, json_t *event, gpointer user_data)
{
	const labrun *l = user_data;
	const matrix *m = l->owner;

	if (m->observer.agent_event)
		m->observer.agent_event(l->scenario->result->name, agent, event, m->observer_data);
}

static void on_command_sent(session *s G_GNUC_UNUSED, const char *agent, const json_t *command,
			    gpointer user_data)
{
	const labrun *l = user_data;
	const matrix *m = l->owner;

	if (m->observer.command_sent)
		m->observer.command_sent(l->scenario->result->name, agent, command,
					 m->observer_data);
}

/* Counts a sign-in that labrun_sign_in_next started as over. */
static void sign_in_ended(labrun *l)
{
	l->signing_in--;
	matrix_sign_in_ended(l->owner);
}

/* A sign-in is over; one that failed ends the cells that need it. */
static void on_sign_in_over(session *s G_GNUC_UNUSED, const struct session_client *c, bool told,
			    gpointer user_data)
{
	labrun *l = user_data;

	if (told)
		sign_in_ended(l);
	if (c->state != SIGN_IN_DONE)
		drop_hindered(l);
	matrix_changed(l->owner);
}

static void on_call_stands(session *s G_GNUC_UNUSED, const struct session_call *call G_GNUC_UNUSED,
			   gpointer user_data)
{
	const labrun *l = user_data;

	matrix_call_stands(l->owner);
	matrix_changed(l->owner);
}

static void on_call_states(session *s G_GNUC_UNUSED, const struct session_call *call,
			   const netstate *before, const netstate *after, gpointer user_data)
{
	const matrix *m = ((const labrun *)user_data)->owner;

	m->observer.cell_states(call->cell, before, after, m->observer_data);
}

static void on_starved(session *s G_GNUC_UNUSED, double share, gpointer user_data)
{
	matrix_starved(((const labrun *)user_data)->owner, share);
}

/* --- the end of a call ------------------------------------------------------------------------ */

static bool may_repeat(const labrun *l, const struct cell *c)
{
	return c->measured < EXCUSE_MEASURED_MAX && !l->owner->rules.stand &&
	       session_can_place(l->session, c);
}

/* Has the cell measured again when the machine may have spoilt it, or reports it; lets the next one
 * start. */
static void on_call_ended(session *s G_GNUC_UNUSED, const struct session_call *call,
			  gpointer user_data)
{
	labrun *l = user_data;
	struct cell *c = call->cell;
	bool spoilt = call->witnesses->len > 0;

	matrix_call_ended(l->owner, call->stood);
	excuse_keep(c->witnesses, call->witnesses);
	if (spoilt && may_repeat(l, c)) {
		cell_reset(c);
		g_queue_push_tail(&l->again, c);
	} else {
		if (spoilt)
			excuse_apply(c, call->witnesses);
		report_finished(l, c);
		inspect_after_failure(l, c);
	}
	matrix_changed(l->owner);
}

/* Ends everything in a lab that failed or was never built: the cells become errors. */
static void end_failed_lab(labrun *l, const GError *error)
{
	g_autofree char *reason = g_strdup_printf("the lab failed: %s", error->message);
	struct scenario_result *result = l->scenario->result;
	struct cell *c;

	while (l->signing_in > 0)
		sign_in_ended(l);
	l->state = STATE_READ; /* there is none any more */
	g_free(result->error);
	result->error = g_strdup(error->message);
	if (l->owner->observer.lab_failed)
		l->owner->observer.lab_failed(result, error, l->owner->observer_data);
	while ((c = g_queue_pop_head(&l->queue)) || (c = g_queue_pop_head(&l->again))) {
		cell_finish(c, VERDICT_ERROR, reason);
		report_finished(l, c);
	}
	if (l->session)
		session_abort_calls(l->session, reason);
	matrix_lab_failed(l->owner, error);
}

static void on_failed(session *s G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	end_failed_lab(user_data, error);
}

/* --- its life --------------------------------------------------------------------------------- */

labrun *labrun_new(matrix *m, const struct selected_scenario *s, guint64 seed)
{
	labrun *l = g_new0(labrun, 1);

	l->owner = m;
	l->scenario = s;
	g_queue_init(&l->queue);
	g_queue_init(&l->again);
	order_cells(&l->queue, s->result->cells, s->model, seed);
	return l;
}

void labrun_free(labrun *l)
{
	if (!l)
		return;
	labrun_stop(l);
	g_queue_clear(&l->queue);
	g_queue_clear(&l->again);
	g_free(l);
}

/* Those of `captures` (NULL: none) that are in this scenario, NULL-terminated.  The caller frees
 * the list, not the names. */
static const char **captures_here(const model *m, const char *const *captures)
{
	GPtrArray *here = g_ptr_array_new();

	for (; captures && *captures; captures++)
		if (model_has_place(m, *captures))
			g_ptr_array_add(here, (gpointer)(guintptr)*captures);
	g_ptr_array_add(here, NULL);
	return (const char **)(gpointer)g_ptr_array_free(here, FALSE);
}

/* Starts the lab with the run's options; the caller frees it.  NULL with `error`. */
static session *start_session(labrun *l, int evidence_fd, GError **error)
{
	const struct matrix_options *o = &l->owner->options;
	g_autofree const char **captures = captures_here(l->scenario->model, o->captures);
	const struct session_job job = {.model = l->scenario->model,
					.lab = {.name = l->scenario->result->name,
						.run_dir = o->run_dir,
						.program_dir = o->program_dir,
						.seed = o->seed,
						.sip_texts = o->sip_texts,
						.captures = captures,
						.evidence_fd = evidence_fd,
						.evidence_whole = o->evidence_whole}};
	const struct session_callbacks callbacks = {
		.built = on_built,
		.failed = on_failed,
		.event = on_event,
		.command_sent = on_command_sent,
		.sign_in_over = on_sign_in_over,
		.starved = on_starved,
		.call_stands = on_call_stands,
		.call_states = l->owner->observer.cell_states ? on_call_states : NULL,
		.call_ended = on_call_ended,
	};

	return session_start(&job, &callbacks, l, error);
}

void labrun_start(labrun *l)
{
	const struct matrix_observer *observer = &l->owner->observer;
	int evidence_fd = observer->evidence ?
				  observer->evidence(l->scenario->result, l->owner->observer_data) :
				  0;
	g_autoptr(GError) error = NULL;

	l->started = true;
	l->session = start_session(l, evidence_fd, &error);
	if (evidence_fd > 0)
		close(evidence_fd);
	if (!l->session) {
		end_failed_lab(l, error);
		return;
	}
	/* whose cells start first signs in first */
	for (const GList *i = l->queue.head; i; i = i->next) {
		const struct cell *c = i->data;

		for (guint k = 0; k < c->participants->len; k++)
			session_add_client(l->session, c->participants->pdata[k]);
	}
}

bool labrun_started(const labrun *l)
{
	return l->started;
}

bool labrun_over(const labrun *l)
{
	return cells_over(l) && (!l->owner->observer.lab_state || l->state == STATE_READ);
}

/* Reports the state after the last cell; the lab is over then. */
static void on_last_state(lab *handle G_GNUC_UNUSED, const netstate *state, const GError *error,
			  gpointer user_data)
{
	labrun *l = user_data;

	l->state = STATE_READ;
	report_state(l, state, error);
	matrix_changed(l->owner);
}

void labrun_settle(labrun *l)
{
	if (!l->session || !l->owner->observer.lab_state || l->state != STATE_UNREAD ||
	    !cells_over(l))
		return;
	l->state = STATE_ASKED;
	lab_inspect(session_lab(l->session), on_last_state, l);
}

void labrun_stop(labrun *l)
{
	while (l->signing_in > 0)
		sign_in_ended(l);
	g_clear_pointer(&l->session, session_free);
}

/* --- what can start --------------------------------------------------------------------------- */

bool labrun_preparing(const labrun *l)
{
	return l->session && !labrun_over(l) &&
	       !(session_is_built(l->session) && session_sign_ins_over(l->session));
}

bool labrun_wants_sign_in(const labrun *l)
{
	return l->session && session_is_built(l->session) && session_sign_ins_wait(l->session);
}

void labrun_sign_in_next(labrun *l)
{
	l->signing_in++;
	session_sign_in_next(l->session);
}

void labrun_hang_up(labrun *l)
{
	if (l->session)
		session_hang_up(l->session);
}

/* The first cell that can be placed now; NULL: none.  `room`: also one to be measured again. */
static GList *first_startable(const labrun *l, bool room)
{
	if (!l->session || (l->owner->rules.stand && labrun_preparing(l)))
		return NULL;
	for (GList *i = l->queue.head; i; i = i->next) {
		if (session_can_place(l->session, i->data))
			return i;
	}
	return room ? l->again.head : NULL;
}

static bool is_again(const GList *i)
{
	return ((const struct cell *)i->data)->measured > 0;
}

int labrun_urgency(const labrun *l)
{
	const GList *i = first_startable(l, matrix_has_room(l->owner));

	return !i ? -1 : is_again(i) ? ORDER_LAST : order_urgency(l->scenario->model, i->data);
}

void labrun_start_next(labrun *l)
{
	GList *i = first_startable(l, true);
	struct cell_rules rules = l->owner->rules;
	struct cell *c;

	g_return_if_fail(i);
	c = i->data;
	g_queue_delete_link(is_again(i) ? &l->again : &l->queue, i);
	c->measured++;
	rules.max_loss_pct = l->scenario->model->max_loss_pct;
	rules.way = lossy_way_of(l->scenario->model, c);
	if (l->owner->observer.cell_started)
		l->owner->observer.cell_started(c, l->owner->observer_data);
	session_place(l->session, c, &rules, NULL);
}
