/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/trace.h"

#include "testbed/walk/lookups.h"

netstate *trace_state(const model *m, const struct flow *flow, trace_ask_func ask,
		      gpointer user_data, GError **error)
{
	g_autoptr(netstate) state = ask(NULL, user_data, error);
	g_autoptr(knet) net = state ? knet_new(m, state) : NULL;
	g_autoptr(GPtrArray) questions = NULL;
	struct walk_pair *pair;

	if (!net)
		return NULL;
	pair = walk_both(net, flow);
	questions = lookups_wanted(pair);
	walk_pair_free(pair);
	return ask(questions, user_data, error);
}

/* --- a fresh lab ------------------------------------------------------------------------------ */

struct answer {
	session *session;
	netstate *state;
	GError *error;
};

/* What trace_fresh tells beside the state. */
struct told {
	GPtrArray *died;
	char **ret_uncontained;
};

static void on_built(session *s, const struct lab_build *build, gpointer user_data)
{
	const struct told *t = user_data;

	*t->ret_uncontained = g_strdup(build->uncontained);
	session_quit(s);
}

static void on_agent_died(session *s G_GNUC_UNUSED, const char *agent, const char *how,
			  gpointer user_data)
{
	const struct told *t = user_data;

	g_ptr_array_add(t->died, g_strdup_printf("agent %s died: %s", agent, how));
}

static void on_state(lab *l G_GNUC_UNUSED, const netstate *state, const GError *error,
		     gpointer user_data)
{
	struct answer *a = user_data;

	a->state = netstate_ref(state);
	a->error = error ? g_error_copy(error) : NULL;
	session_quit(a->session);
}

static netstate *ask_fresh(const GPtrArray *questions, gpointer user_data, GError **error)
{
	struct answer a = {.session = user_data};

	lab_inspect_asking(session_lab(a.session), questions, on_state, &a);
	if (!session_run(a.session, NULL, error)) {
		g_clear_error(&a.error);
		g_clear_pointer(&a.state, netstate_unref);
	}
	if (a.error)
		g_propagate_error(error, a.error);
	return a.state;
}

netstate *trace_fresh(const model *m, const struct lab_options *options, const struct flow *flow,
		      GPtrArray *died, char **ret_uncontained, GError **error)
{
	static const struct session_callbacks callbacks = {.built = on_built,
							   .agent_died = on_agent_died};
	const struct session_job job = {.model = m, .lab = *options};
	struct told told = {.died = died, .ret_uncontained = ret_uncontained};
	g_autoptr(session) s = session_start(&job, &callbacks, &told, error);

	if (!s || !session_run(s, NULL, error))
		return NULL;
	return trace_state(m, flow, ask_fresh, s, error);
}
