/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/capacityrun.h"

#include "testbed/matrix/load.h"
#include "testbed/session/excuse.h"
#include "testbed/session/session.h"

#include <string.h>

#define START_PAUSE_MS 25 /* between two calls of a step */
#define SAMPLE_MS 1000	  /* between two measurements of processors and tunnels */
#define REST_MS 500	  /* between two steps, so that packets of one do not arrive in the next */

struct caller_pair {
	const struct node *a, *b;
};

/* The bytes that an interface had sent at a time of its node's clock. */
struct sent_bytes {
	guint64 bytes;
	gint64 time_us;
};

/* One capacity_measure at work. */
struct capacity_run {
	const struct capacity_options *o;
	struct capacity_design *design; /* the result */
	model *m;			/* of the scenario */
	GArray *pairs;			/* struct caller_pair */
	session *session;
	guint timer, sampler; /* source ids: next call or step; measurement */
	guint calls, started; /* of the step: wanted and placed; 0, 0 between steps */
	guint serial;	      /* number of the last call of the run */
	GPtrArray *cells;     /* struct cell of the step */
	char *run_id;
	struct pace_times times; /* at the last measurement */
	double busy_sum;	 /* of the step's measurements */
	guint busy_samples;
	GHashTable *sent; /* "NODE/IFACE" of tunnels -> struct sent_bytes at the last measurement */
	double tunnel_kbit; /* of the step, as in struct capacity_step */
	gint64 step_us;	    /* when the step began */
	guint measured;	    /* how often the step was, so far */
};

/* --- measuring processors and tunnels --------------------------------------------------------- */

/* Takes the rate of a tunnel's interface since the last measurement into the step's highest.  Other
 * interfaces are ignored. */
static void sample_tunnel_rate(struct capacity_run *r, const node_state *n,
			       const struct kernel_link *link)
{
	const struct sent_bytes now = {.bytes = link->tx_bytes, .time_us = n->time_us};
	g_autofree char *key = NULL;
	const struct sent_bytes *before;

	if (!model_tunnel_at(r->m, n->name, link->name, NULL))
		return;
	key = g_strdup_printf("%s/%s", n->name, link->name);
	before = g_hash_table_lookup(r->sent, key);
	if (before && now.time_us > before->time_us && r->calls > 0)
		r->tunnel_kbit =
			MAX(r->tunnel_kbit, (double)(now.bytes - before->bytes) * 8000 /
						    (double)(now.time_us - before->time_us));
	g_hash_table_replace(r->sent, g_steal_pointer(&key), g_memdup2(&now, sizeof now));
}

/* Takes in the counters of all nodes; nothing when they could not be read (NULL). */
static void on_state(lab *l G_GNUC_UNUSED, const netstate *state, const GError *error G_GNUC_UNUSED,
		     gpointer user_data)
{
	ptr_array_foreach(const node_state, n, state ? state->nodes : NULL)
		for (guint k = 0; k < n->links->len; k++)
			sample_tunnel_rate(user_data, n,
					   &g_array_index(n->links, struct kernel_link, k));
}

/* Measures the processors, and asks for the interfaces' counters, once a second. */
static gboolean on_sample(gpointer data)
{
	struct capacity_run *r = data;
	struct pace_times now;

	load_read(&now);
	if (r->calls > 0) {
		r->busy_sum += pace_busy(&r->times, &now);
		r->busy_samples++;
	}
	r->times = now;
	if (r->m->tunnels->len > 0)
		lab_inspect(session_lab(r->session), on_state, r);
	return G_SOURCE_CONTINUE;
}

/* --- a step ----------------------------------------------------------------------------------- */

static gboolean on_next_step(gpointer data);

/* Back to the state between two steps. */
static void clear_step(struct capacity_run *r)
{
	g_clear_handle_id(&r->timer, g_source_remove);
	g_ptr_array_set_size(r->cells, 0);
	r->calls = r->started = 0;
}

/* Adds the step's result (taken over) to the design and reports it. */
static void keep_step(struct capacity_run *r, struct capacity_step *s)
{
	r->measured = 0;
	g_ptr_array_add(r->design->steps, s);
	if (r->o->step)
		r->o->step(r->design, s, r->o->user_data);
}

/* What the machine did during the step that media does not bear. */
static GPtrArray *witnesses_of_step(const struct capacity_run *r)
{
	struct cell *any = cell_new();
	GPtrArray *found;

	any->verdict = VERDICT_FAIL;
	any->quality.sent = any->quality.received = 1;
	array_foreach(const struct caller_pair, p, r->pairs) {
		g_ptr_array_add(any->participants, g_strdup(p->a->name));
		g_ptr_array_add(any->participants, g_strdup(p->b->name));
	}
	found = excuse_find(any, session_witnesses(r->session), r->step_us, g_get_monotonic_time());
	cell_free(any);
	return found;
}

/* Everything that the machine has done until now is known: a step that was not carried and that the
 * machine may have spoilt is measured again. */
static void on_step_looked(lab *l G_GNUC_UNUSED, gpointer user_data)
{
	struct capacity_run *r = user_data;
	struct capacity_step *s = capacity_step_new(r->calls, r->cells);
	g_autoptr(GPtrArray) witnesses = witnesses_of_step(r);

	s->tunnel_kbit = r->tunnel_kbit;
	s->busy = r->busy_samples > 0 ? r->busy_sum / r->busy_samples : 0;
	if (!s->carried && witnesses->len > 0 && !capacity_tunnel_full(s, r->design->rate_kbit))
		s->machine = excuse_text(witnesses);
	r->measured++;
	if (s->machine && r->measured < EXCUSE_MEASURED_MAX)
		object_free(s);
	else
		keep_step(r, s);
	clear_step(r);
	r->timer = g_timeout_add(REST_MS, on_next_step, r);
}

/* Starts the next step after a pause. */
static void finish_step(struct capacity_run *r)
{
	lab_look(session_lab(r->session), on_step_looked, r);
}

/* Ends the step after its last call. */
static void on_call_ended(session *s, const struct session_call *call G_GNUC_UNUSED,
			  gpointer user_data)
{
	struct capacity_run *r = user_data;

	if (r->started == r->calls && session_calls(s)->len == 0)
		finish_step(r);
}

/* The next call of the step, placed by the pairs in turn; the step's cells own it. */
static struct cell *new_call(struct capacity_run *r)
{
	const struct caller_pair *p =
		&g_array_index(r->pairs, struct caller_pair, r->started % r->pairs->len);
	struct cell *c = cell_new();

	c->media = r->o->video ? MEDIA_VIDEO : MEDIA_AUDIO;
	c->id = g_strdup_printf("%s/%s-%s/%s.%u", r->design->scenario, p->a->name, p->b->name,
				media_name(c->media), ++r->serial);
	c->scenario = g_strdup(r->design->scenario);
	c->a = g_strdup(p->a->name);
	c->b = g_strdup(p->b->name);
	g_ptr_array_add(c->participants, g_strdup(c->a));
	g_ptr_array_add(c->participants, g_strdup(c->b));
	return c;
}

/* Places one call of the step, until all of them are placed. */
static gboolean on_start_call(gpointer data)
{
	struct capacity_run *r = data;
	/* lost packets do not fail a call here: its quality figures count them */
	const struct cell_rules rules = {
		.run_id = r->run_id, .max_loss_pct = 100, .media_ms = r->o->media_ms};
	struct cell *c = new_call(r);
	bool last = ++r->started == r->calls;

	if (last)
		r->timer = 0;
	g_ptr_array_add(r->cells, c);
	session_place(r->session, c, &rules, NULL);
	return last ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* Starts the next step, or ends the session when the answer is known. */
static gboolean on_next_step(gpointer data)
{
	struct capacity_run *r = data;

	r->timer = 0;
	r->calls = capacity_next(r->design->steps, r->o->calls_max);
	if (r->calls == 0) {
		session_quit(r->session);
		return G_SOURCE_REMOVE;
	}
	r->step_us = g_get_monotonic_time();
	r->busy_sum = 0;
	r->busy_samples = 0;
	r->tunnel_kbit = 0;
	r->timer = g_timeout_add(START_PAUSE_MS, on_start_call, r);
	return G_SOURCE_REMOVE;
}

/* --- the lab ---------------------------------------------------------------------------------- */

/* Ends the measurement for the reason `why`, which it takes over.  The first reason stays. */
static void abandon_measurement(struct capacity_run *r, char *why)
{
	if (r->design->trouble)
		g_free(why);
	else
		r->design->trouble = why;
	session_quit(r->session);
}

/* Notes the back ends, and has all clients sign in. */
static void on_built(session *s, const struct lab_build *build, gpointer user_data)
{
	struct capacity_run *r = user_data;

	r->design->vpn = g_strdup(build->vpn);
	r->design->impairment = g_strdup(build->impairment);
	r->design->uncontained = g_strdup(build->uncontained);
	while (session_sign_in_next(s))
		;
}

/* Starts the first step when all clients have signed in; ends the run when one could not. */
static void on_sign_in_over(session *s, const struct session_client *c, bool told G_GNUC_UNUSED,
			    gpointer user_data)
{
	struct capacity_run *r = user_data;

	if (c->state == SIGN_IN_FAILED) {
		abandon_measurement(r,
				    g_strdup_printf("%s could not sign in: %s", c->name, c->why));
	} else if (c->state == SIGN_IN_SILENT) {
		abandon_measurement(r, g_strdup_printf("not everybody has signed in within %d s",
						       SIGN_IN_DEADLINE_MS / 1000));
	} else if (c->state == SIGN_IN_DIED) {
		abandon_measurement(r, g_strdup(c->why));
	} else if (session_sign_ins_over(s)) {
		load_read(&r->times);
		r->sampler = g_timeout_add(SAMPLE_MS, on_sample, r);
		on_next_step(r);
	}
}

static void on_died(session *s G_GNUC_UNUSED, const char *agent, const char *how,
		    gpointer user_data)
{
	abandon_measurement(user_data, g_strdup_printf("%s %s", agent, how));
}

/* Places all calls; false with `error` when no lab could be started. */
static bool run_capacity_lab(struct capacity_run *r, GCancellable *cancel, GError **error)
{
	static const struct session_callbacks callbacks = {.built = on_built,
							   .agent_died = on_died,
							   .sign_in_over = on_sign_in_over,
							   .call_ended = on_call_ended};
	const struct session_job job = {.model = r->m,
					.lab = {.name = r->design->scenario,
						.program_dir = r->o->program_dir,
						.seed = r->o->seed}};
	bool ran;

	r->session = session_start(&job, &callbacks, r, error);
	if (!r->session)
		return false;
	array_foreach(const struct caller_pair, p, r->pairs) {
		session_add_client(r->session, p->a->name);
		session_add_client(r->session, p->b->name);
	}
	ran = session_run(r->session, cancel, error);
	if (g_cancellable_is_cancelled(cancel))
		abandon_measurement(r, g_strdup("interrupted"));
	g_clear_handle_id(&r->sampler, g_source_remove);
	session_free(r->session);
	clear_step(r);
	return ran;
}

/* --- beginning and end ------------------------------------------------------------------------ */

/* Adds the pair "A:B".  What these are not two endpoints of is skipped. */
static void add_pair(struct capacity_run *r, const char *text)
{
	g_auto(GStrv) names = g_strsplit(text, ":", 0);
	struct caller_pair p = {NULL, NULL};

	if (g_strv_length(names) == 2) {
		p.a = model_node(r->m, names[0]);
		p.b = model_node(r->m, names[1]);
	}
	if (p.a && p.b && p.a->endpoint && p.b->endpoint && p.a != p.b)
		g_array_append_val(r->pairs, p);
	else if (!r->design->skipped)
		r->design->skipped = g_strdup_printf(
			"--pairs '%s': A:B is wanted, two endpoints of scenario '%s'", text,
			r->design->scenario);
}

/* Adds the pairs of the options, or the default pair. */
static void add_pairs(struct capacity_run *r)
{
	g_autofree char *found = r->o->pairs ? NULL : capacity_default_pair(r->m);
	const char *const one[] = {found, NULL}, *const *pairs = r->o->pairs ? r->o->pairs : one;

	if (!*pairs)
		r->design->skipped = g_strdup("no endpoint is behind a tunnel with its peer "
					      "elsewhere (name pairs: --pairs A:B)");
	for (; *pairs; pairs++)
		add_pair(r, *pairs);
}

/* Makes the scenario's model and finds the pairs; false with `error` (TB_ERROR_INPUT). */
static bool prepare_capacity_run(struct capacity_run *r, const model *base,
				 const struct scenario *sc, GError **error)
{
	g_autoptr(diags) found = diags_new();

	r->m = r->o->changes ? model_instantiate_with(base, sc, "capacity", r->o->changes, found) :
			       model_instantiate(base, sc, found);
	if (!r->m)
		return diags_set_error(found, TB_ERROR_INPUT, "", error);
	r->design->scenario = g_strdup(sc->name);
	r->design->title = g_strdup(sc->title);
	r->design->rate_kbit = capacity_rate_kbit(r->m);
	add_pairs(r);
	return true;
}

static void capacity_run_clear(struct capacity_run *r)
{
	g_hash_table_unref(r->sent);
	g_ptr_array_unref(r->cells);
	g_array_unref(r->pairs);
	g_free(r->run_id);
	model_free(r->m);
}

struct capacity_design *capacity_measure(const model *base, const struct scenario *sc,
					 const struct capacity_options *o, GCancellable *cancel,
					 GError **error)
{
	struct capacity_run r = {
		.o = o,
		.design = object_new(&capacity_design_shape),
		.pairs = g_array_new(FALSE, FALSE, sizeof(struct caller_pair)),
		.cells = g_ptr_array_new_with_free_func((GDestroyNotify)cell_free),
		.run_id = g_uuid_string_random(),
		.sent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	};

	if (prepare_capacity_run(&r, base, sc, error) &&
	    (r.design->skipped || run_capacity_lab(&r, cancel, error)))
		capacity_conclude(r.design);
	else
		g_clear_pointer(&r.design, object_free);
	capacity_run_clear(&r);
	return r.design;
}
