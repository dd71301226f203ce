/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/load.h"
#include "testbed/matrix/matrix_internal.h"

#define ROOM_PER_CPU 6 /* calls in progress beside which one is measured again */

/* --- starting calls --------------------------------------------------------------------------- */

/* The lab with the most urgent cell that can start now; NULL: none. */
static labrun *next_lab(matrix *m)
{
	labrun *best = NULL;
	int best_urgency = 0;

	for (guint i = 0; i < m->labs->len; i++) {
		guint index = (m->turn + i) % m->labs->len;
		labrun *l = m->labs->pdata[index];
		int urgency = labrun_urgency(l);

		if (urgency >= 0 && (!best || urgency < best_urgency)) {
			best = l;
			best_urgency = urgency;
		}
	}
	return best;
}

/* Starts labs, as many at once as the options allow. */
static void start_labs(matrix *m)
{
	guint alive = 0;

	ptr_array_foreach(labrun, l, m->labs)
		if (labrun_started(l) && !labrun_over(l))
			alive++;
	for (guint i = 0; i < m->labs->len && !m->cancelled; i++) {
		labrun *l = m->labs->pdata[i];

		if (labrun_started(l) || (m->options.jobs > 0 && alive >= m->options.jobs))
			continue;
		alive++;
		labrun_start(l);
	}
}

/* Kills labs whose cells have all ended, so that the others get their processor time.  Returns
 * whether all labs are over. */
static bool stop_labs(matrix *m)
{
	bool all = true;

	ptr_array_foreach(labrun, l, m->labs) {
		labrun_settle(l);
		if (labrun_started(l) && labrun_over(l))
			labrun_stop(l);
		all = all && labrun_started(l) && labrun_over(l);
	}
	return all;
}

/* Has on_schedule called after that time; nothing if it is scheduled already. */
static void schedule_after(matrix *m, guint delay_ms);

/* Adapts the pace to the load of the machine, and starts what it allows now. */
static gboolean on_sample(gpointer data)
{
	matrix *m = data;
	struct pace_times now;

	if (!load_read(&now))
		return G_SOURCE_CONTINUE;
	/* a pace that holds nothing back must not change for a load that others make */
	if (m->calls_wait)
		pace_load(&m->pace, pace_busy(&m->times, &now), m->starved);
	if (m->sign_ins_wait)
		pace_load(&m->sign_ins, pace_busy(&m->times, &now), m->starved);
	m->starved = 0;
	m->times = now;
	schedule_after(m, 0);
	return G_SOURCE_CONTINUE;
}

/* Starts or stops sampling the load. */
static void watch_load(matrix *m, bool wanted)
{
	if (!wanted) {
		g_clear_handle_id(&m->sampler, g_source_remove);
	} else if (m->sampler == 0) {
		load_read(&m->times);
		m->sampler = g_timeout_add(PACE_SAMPLE_MS, on_sample, m);
	}
}

/* The next lab with an endpoint that can sign in; NULL: none. */
static labrun *next_to_sign_in(const matrix *m)
{
	for (guint i = 0; i < m->labs->len; i++) {
		labrun *l = m->labs->pdata[(m->turn + i) % m->labs->len];

		if (labrun_wants_sign_in(l))
			return l;
	}
	return NULL;
}

/* Starts as many sign-ins as the pace allows.  Returns the wait for the next, as pace_admit; 0:
 * none is left to start. */
static gint64 start_sign_ins(matrix *m)
{
	gint64 wait_us = 0;
	labrun *l;

	while ((l = next_to_sign_in(m)) &&
	       (wait_us = pace_admit(&m->sign_ins, g_get_monotonic_time())) == 0) {
		m->turn++;
		labrun_sign_in_next(l);
	}
	return l ? wait_us : 0;
}

/* Whether as many calls are set up or stand as `at_once` allows. */
static bool is_full(const matrix *m)
{
	return m->options.at_once > 0 && m->standing + m->pace.in_progress >= m->options.at_once;
}

/* The same for calls. */
static gint64 start_calls(matrix *m)
{
	gint64 wait_us = 0;
	labrun *l = NULL;

	while (!is_full(m) && (l = next_lab(m)) &&
	       (wait_us = pace_admit(&m->pace, g_get_monotonic_time())) == 0) {
		m->turn++;
		labrun_start_next(l);
	}
	return l && !is_full(m) ? wait_us : 0;
}

/* Whether a lab is being built, or an endpoint has not yet signed in. */
static bool is_preparing(const matrix *m)
{
	for (guint i = 0; i < m->labs->len; i++)
		if (labrun_preparing(m->labs->pdata[i]))
			return true;
	return false;
}

/* Ends a round of calls that stand, and notes how busy the processors were. */
static gboolean on_hang_up(gpointer data)
{
	matrix *m = data;

	struct pace_times now;

	m->hang_up = 0;
	if (load_read(&now))
		m->standing_busy = MAX(m->standing_busy, pace_busy(&m->standing_since, &now));
	for (guint i = 0; i < m->labs->len; i++)
		labrun_hang_up(m->labs->pdata[i]);
	return G_SOURCE_REMOVE;
}

/* Starts the timer that ends a round, once all of its calls stand.  `more`: calls wait for the
 * pace. */
static void time_standing(matrix *m, bool more)
{
	if (m->hang_up > 0 || m->standing == 0 || m->pace.in_progress > 0 || more ||
	    is_preparing(m))
		return;
	m->hang_up = g_timeout_add(m->rules.media_ms, on_hang_up, m);
	load_read(&m->standing_since);
}

/* Schedules for when the pace allows the next start; nothing for 0 or -1. */
static void schedule_after_wait(matrix *m, gint64 wait_us)
{
	if (wait_us > 0)
		schedule_after(m, (guint)((wait_us + 999) / 1000));
}

/* Starts what may start now, and stops labs that are over.  Called from its own source only, so
 * that labs can be freed here. */
static gboolean on_schedule(gpointer data)
{
	matrix *m = data;
	gint64 sign_in_us, call_us;

	m->scheduler = 0;
	sign_in_us = start_sign_ins(m);
	call_us = start_calls(m);
	time_standing(m, call_us != 0);
	m->calls_wait = call_us != 0;
	m->sign_ins_wait = sign_in_us != 0;
	watch_load(m, m->calls_wait || m->sign_ins_wait);
	if (stop_labs(m))
		g_main_loop_quit(m->loop);
	else
		start_labs(m);
	schedule_after_wait(m, sign_in_us > 0 && call_us > 0 ? MIN(sign_in_us, call_us) :
							       MAX(sign_in_us, call_us));
	return G_SOURCE_REMOVE;
}

static void schedule_after(matrix *m, guint delay_ms)
{
	if (m->scheduler == 0)
		m->scheduler = g_timeout_add(delay_ms, on_schedule, m);
}

/* --- called by labrun.c ----------------------------------------------------------------------- */

void matrix_changed(matrix *m)
{
	/* A pending timer waits for the pace only; news must not wait for it. */
	g_clear_handle_id(&m->scheduler, g_source_remove);
	schedule_after(m, 0);
}

void matrix_sign_in_ended(matrix *m)
{
	pace_ended(&m->sign_ins);
}

void matrix_call_stands(matrix *m)
{
	pace_ended(&m->pace);
	m->standing++;
	m->standing_most = MAX(m->standing_most, m->standing);
}

void matrix_call_ended(matrix *m, bool stood)
{
	if (stood)
		m->standing--;
	else
		pace_ended(&m->pace);
}

void matrix_starved(matrix *m, double share)
{
	m->starved = MAX(m->starved, share);
}

bool matrix_has_room(const matrix *m)
{
	return m->pace.in_progress < ROOM_PER_CPU * g_get_num_processors();
}

void matrix_lab_failed(matrix *m, const GError *error)
{
	if (g_error_matches(error, TB_ERROR, TB_ERROR_UNSUPPORTED) && !m->unsupported) {
		m->unsupported = g_error_copy(error);
		matrix_cancel(m);
		return;
	}
	matrix_changed(m);
}

void matrix_lab_built(matrix *m, const struct lab_build *build)
{
	results *r = m->selection->results;
	const struct {
		const char *name, *value;
	} told[] = {{"vpn", build->vpn},
		    {"impairment", build->impairment},
		    {"uncontained", build->uncontained}};

	r->build_ms = MAX(r->build_ms, build->build_ms);
	for (guint i = 0; i < G_N_ELEMENTS(told); i++)
		if (told[i].value)
			g_hash_table_replace(r->features, g_strdup(told[i].name),
					     g_strdup(told[i].value));
}

/* --- public ----------------------------------------------------------------------------------- */

matrix *matrix_new(matrix_selection *selection, const struct matrix_options *options,
		   const struct matrix_observer *observer, gpointer user_data)
{
	matrix *m = g_new0(matrix, 1);

	m->selection = selection;
	m->options = *options;
	m->options.program_dir = m->program_dir = g_strdup(options->program_dir);
	m->options.run_dir = m->run_dir = g_strdup(options->run_dir);
	m->observer = *observer;
	m->observer_data = user_data;
	m->rules.stand = options->at_once > 0;
	m->rules.media_ms = options->media_ms > 0 ? options->media_ms :
			    m->rules.stand	  ? STANDING_MEDIA_MS :
						    CELL_MEDIA_MS;
	m->labs = g_ptr_array_new_with_free_func((GDestroyNotify)labrun_free);
	m->loop = g_main_loop_new(NULL, FALSE);
	pace_init(&m->pace, options->at_once > 0 ? PACE_SET_UPS : PACE_CALLS,
		  g_get_num_processors());
	pace_init(&m->sign_ins, PACE_SIGN_INS, g_get_num_processors());
	return m;
}

void matrix_free(matrix *m)
{
	if (!m)
		return;
	g_clear_handle_id(&m->scheduler, g_source_remove);
	g_clear_handle_id(&m->hang_up, g_source_remove);
	watch_load(m, false);
	g_ptr_array_unref(m->labs);
	g_main_loop_unref(m->loop);
	g_clear_error(&m->unsupported);
	g_free(m->program_dir);
	g_free(m->run_dir);
	g_free(m);
}

/* Makes the labs of all scenarios, not built yet. */
static void make_labs(matrix *m)
{
	const GPtrArray *scenarios = m->selection->scenarios;

	m->rules.run_id = m->selection->results->run_id;
	for (guint i = 0; i < scenarios->len; i++)
		g_ptr_array_add(m->labs, labrun_new(m, scenarios->pdata[i], m->options.seed + i));
}

/* Notes the load in the results, so that a limit of the machine is not taken for the network's. */
static void note_standing(const matrix *m)
{
	g_autofree char *text = g_strdup_printf(
		"%u calls in progress at the same time, processors busy for %.0f %%",
		m->standing_most, 100 * m->standing_busy);

	g_hash_table_replace(m->selection->results->features, g_strdup("at_once"),
			     g_steal_pointer(&text));
}

bool matrix_run(matrix *m, GError **error)
{
	gint64 started_us = g_get_monotonic_time();
	results *r = m->selection->results;

	r->seed = m->options.seed;
	make_labs(m);
	schedule_after(m, 0);
	if (!m->cancelled)
		g_main_loop_run(m->loop);
	for (guint i = 0; i < m->labs->len; i++)
		labrun_stop(m->labs->pdata[i]);
	r->wall_ms = (double)(g_get_monotonic_time() - started_us) / 1000.0;
	r->complete = !m->cancelled;
	if (m->options.at_once > 0)
		note_standing(m);
	if (m->unsupported) {
		g_propagate_error(error, g_steal_pointer(&m->unsupported));
		return FALSE;
	}
	return TRUE;
}

void matrix_cancel(matrix *m)
{
	m->cancelled = true;
	g_main_loop_quit(m->loop);
}
