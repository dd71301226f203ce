/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the callbacks of one run fill in. */
struct watch {
	struct observation *seen;
	int evidence_fd; /* memory, not a file; -1: none */
	const struct explain_watch *told;
};

void observe_tell_stage(const struct explain_options *o, enum explain_stage stage,
			const char *change)
{
	if (o->watch)
		o->watch->stage(stage, change, o->watch->user_data);
}

static void tell_runs(const struct explain_options *o, const results *r)
{
	if (o->watch)
		o->watch->runs(r, o->watch->user_data);
}

static void on_agent_event(const char *scenario, const char *agent, const json_t *event,
			   gpointer user_data)
{
	const struct watch *w = user_data;

	(void)scenario;
	g_ptr_array_add(w->seen->heard, heard_new(agent, event));
	if (w->told)
		w->told->heard(agent, event, w->told->user_data);
}

static void on_lab_state(const struct scenario_result *s, const netstate *state,
			 const GError *error, gpointer user_data)
{
	struct observation *seen = ((struct watch *)user_data)->seen;

	(void)s;
	(void)error;
	netstate_unref(seen->state);
	seen->state = netstate_ref(state);
}

static int on_evidence(const struct scenario_result *s, gpointer user_data)
{
	struct watch *w = user_data;

	(void)s;
	w->evidence_fd = memfd_create("evidence", MFD_CLOEXEC);
	return w->evidence_fd < 0 ? 0 : MAX(fcntl(w->evidence_fd, F_DUPFD_CLOEXEC, 0), 0);
}

static void on_cancelled(GCancellable *cancel, gpointer user_data)
{
	(void)cancel;
	matrix_cancel(user_data);
}

gboolean observe_run(matrix_selection *s, const struct explain_options *o, struct observation *seen,
		     GError **error)
{
	static const struct matrix_observer nobody = {0};
	static const struct matrix_observer observer = {
		.agent_event = on_agent_event, .lab_state = on_lab_state, .evidence = on_evidence};
	const struct matrix_options options = {
		.program_dir = o->program_dir, .seed = o->seed, .sip_texts = seen != NULL};
	const struct scenario_result *result = s->results->scenarios->pdata[0];
	struct watch watch = {.seen = seen, .evidence_fd = -1, .told = o->watch};
	g_autoptr(matrix) m = NULL;
	gboolean ran;
	gulong asked;

	g_free(s->results->run_id);
	s->results->run_id = g_strdup_printf("explain-%d", (int)getpid());
	m = matrix_new(s, &options, seen ? &observer : &nobody, &watch);
	asked = o->cancel ? g_cancellable_connect(o->cancel, G_CALLBACK(on_cancelled), m, NULL) : 0;
	tell_runs(o, s->results);
	ran = matrix_run(m, error);
	tell_runs(o, NULL);
	g_cancellable_disconnect(o->cancel, asked);
	if (o->ret_uncontained && !*o->ret_uncontained)
		*o->ret_uncontained =
			g_strdup(g_hash_table_lookup(s->results->features, "uncontained"));
	if (watch.evidence_fd >= 0) {
		observation_read_packets(seen, watch.evidence_fd);
		close(watch.evidence_fd);
	}
	if (!ran || g_cancellable_set_error_if_cancelled(o->cancel, error))
		return FALSE;
	if (result->error)
		return tb_error_set(error, TB_ERROR_FAILED, "the lab failed: %s", result->error);
	return TRUE;
}

const GPtrArray *observe_cells(const matrix_selection *s)
{
	return ((const struct scenario_result *)s->results->scenarios->pdata[0])->cells;
}

finding *observe_finding(const matrix_selection *s, const struct observation *seen)
{
	const struct selected_scenario *selected = s->scenarios->pdata[0];

	return diagnose_call(selected->model, observe_cells(s)->pdata[0], seen);
}
