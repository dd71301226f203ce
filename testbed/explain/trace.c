/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/trace.h"

#include "testbed/walk/lookups.h"

json_t *trace_state(const model *m, const struct flow *flow, trace_ask_func ask, gpointer user_data,
		    GError **error)
{
	json_t *state = ask(NULL, user_data, error), *ways;
	struct walk_pair *pair;

	if (!state)
		return NULL;
	pair = walk_both(m, state, flow);
	ways = lookups_wanted(pair);
	walk_pair_free(pair);
	json_decref(state);
	state = ask(ways, user_data, error);
	json_decref(ways);
	return state;
}

/* --- a fresh lab ------------------------------------------------------------------------------ */

struct answer {
	session *session;
	json_t *state;
	GError *error;
};

static void on_built(session *s, const struct lab_build *build G_GNUC_UNUSED,
		     gpointer user_data G_GNUC_UNUSED)
{
	session_quit(s);
}

static void on_agent_died(session *s G_GNUC_UNUSED, const char *agent, const char *how,
			  gpointer died)
{
	g_ptr_array_add(died, g_strdup_printf("agent %s died: %s", agent, how));
}

static void on_state(lab *l G_GNUC_UNUSED, json_t *state, const GError *error, gpointer user_data)
{
	struct answer *a = user_data;

	a->state = json_incref(state);
	a->error = error ? g_error_copy(error) : NULL;
	session_quit(a->session);
}

static json_t *ask_fresh(json_t *ways, gpointer user_data, GError **error)
{
	struct answer a = {.session = user_data};

	lab_inspect_ways(session_lab(a.session), ways, on_state, &a);
	if (!session_run(a.session, NULL, error)) {
		g_clear_error(&a.error);
		g_clear_pointer(&a.state, json_decref);
	}
	if (a.error)
		g_propagate_error(error, a.error);
	return a.state;
}

json_t *trace_fresh(const model *m, const struct lab_options *options, const struct flow *flow,
		    GPtrArray *died, GError **error)
{
	static const struct session_callbacks callbacks = {.built = on_built,
							   .agent_died = on_agent_died};
	const struct session_job job = {.model = m, .lab = *options};
	g_autoptr(session) s = session_start(&job, &callbacks, died, error);

	if (!s || !session_run(s, NULL, error))
		return NULL;
	return trace_state(m, flow, ask_fresh, s, error);
}
