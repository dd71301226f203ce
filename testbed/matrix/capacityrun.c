/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/matrix/capacityrun.h"

#include "testbed/lab/lab.h"
#include "testbed/session/session.h"
#include "testbed/matrix/pace.h"

#include <string.h>

#define START_PAUSE_MS 25 /* between two calls of a step */
#define SAMPLE_MS 1000
#define REST_MS 500 /* between two steps: what is under way arrives */

struct caller_pair {
	const struct node *a, *b;
};

/* What had been sent, and when that was read. */
struct look {
	guint64 bytes;
	gint64 time_us;
};

struct run {
	const struct capacity_options *o;
	struct capacity_design *design;
	model *m;
	GArray *pairs;		/* struct caller_pair */
	GHashTable *signing_in; /* names of who has not signed in yet */
	GMainLoop *loop;
	lab *l;
	GError *error;
	guint timer, deadline, sampler; /* sources */
	/* the step */
	guint calls, started, open, serial;
	GPtrArray *cells, *machines;
	GHashTable *by_call; /* call id -> cell_machine */
	char *run_id;
	struct pace_times times;
	double busy_sum;
	guint busy_samples;
	GHashTable *looks; /* "NODE/IFACE" of tunnels -> struct look, the last one */
	double tunnel_kbit;
};

/* --- looking: processors and tunnels ---------------------------------------------------------- */

static bool is_tunnel(const struct run *r, const char *node, const char *ifname)
{
	for (guint i = 0; i < r->m->tunnels->len; i++) {
		const struct tunnel *t = r->m->tunnels->pdata[i];

		for (int e = 0; e < 2; e++)
			if (g_str_equal(t->ends[e].node_name, node) &&
			    g_strcmp0(t->ends[e].iface, ifname) == 0)
				return true;
	}
	return false;
}

static void look_at_link(struct run *r, const char *node, const json_t *link, gint64 time_us)
{
	const char *ifname = json_string_value(json_object_get(link, "name"));
	struct look now = {.bytes = (guint64)json_integer_value(json_object_get(link, "tx_bytes")),
			   .time_us = time_us};
	g_autofree char *key = NULL;
	const struct look *before;

	if (!is_tunnel(r, node, ifname))
		return;
	key = g_strdup_printf("%s/%s", node, ifname);
	before = g_hash_table_lookup(r->looks, key);
	if (before && time_us > before->time_us && r->calls > 0)
		r->tunnel_kbit = MAX(r->tunnel_kbit, (double)(now.bytes - before->bytes) * 8000 /
							     (double)(time_us - before->time_us));
	g_hash_table_replace(r->looks, g_steal_pointer(&key), g_memdup2(&now, sizeof now));
}

static void on_state(lab *l G_GNUC_UNUSED, json_t *state, const GError *error G_GNUC_UNUSED,
		     gpointer user_data)
{
	struct run *r = user_data;
	const char *node;
	json_t *value, *link;
	size_t i;

	json_object_foreach(json_object_get(state, "nodes"), node, value)
		json_array_foreach(json_object_get(value, "links"), i, link)
			look_at_link(r, node, link,
				     json_integer_value(json_object_get(value, "time_us")));
}

static void read_times(struct pace_times *ret)
{
	g_autofree char *stat = NULL;

	if (!g_file_get_contents("/proc/stat", &stat, NULL, NULL) || !pace_times_parse(stat, ret))
		*ret = (struct pace_times){0};
}

static gboolean on_sample(gpointer data)
{
	struct run *r = data;
	struct pace_times now;

	read_times(&now);
	if (r->calls > 0) {
		r->busy_sum += pace_busy(&r->times, &now);
		r->busy_samples++;
	}
	r->times = now;
	if (r->m->tunnels->len > 0)
		lab_inspect(r->l, on_state, r);
	return G_SOURCE_CONTINUE;
}

/* --- a step ----------------------------------------------------------------------------------- */

static gboolean on_next_step(gpointer data);

static void send_commands(struct run *r, GPtrArray *commands)
{
	for (guint i = 0; i < commands->len; i++) {
		const struct agent_command *c = commands->pdata[i];

		lab_command(r->l, c->agent, c->command, NULL);
	}
}

static void clear_step(struct run *r)
{
	g_clear_handle_id(&r->timer, g_source_remove);
	g_clear_handle_id(&r->deadline, g_source_remove);
	g_hash_table_remove_all(r->by_call);
	g_ptr_array_set_size(r->machines, 0);
	g_ptr_array_set_size(r->cells, 0);
	r->calls = r->started = r->open = 0;
}

static void finish_step(struct run *r)
{
	struct capacity_step *s = capacity_step_new(r->calls, r->cells);

	s->tunnel_kbit = r->tunnel_kbit;
	s->busy = r->busy_samples > 0 ? r->busy_sum / r->busy_samples : 0;
	g_ptr_array_add(r->design->steps, s);
	if (r->o->step)
		r->o->step(r->design, s, r->o->user_data);
	clear_step(r);
	r->timer = g_timeout_add(REST_MS, on_next_step, r);
}

static void note_done(struct run *r, const cell_machine *m, bool was_done)
{
	if (!was_done && cell_machine_done(m))
		r->open--;
	if (r->started == r->calls && r->open == 0)
		finish_step(r);
}

static struct cell *new_call(struct run *r)
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

static gboolean on_start_call(gpointer data)
{
	struct run *r = data;
	const struct caller_pair *p =
		&g_array_index(r->pairs, struct caller_pair, r->started % r->pairs->len);
	const char *users[] = {p->a->endpoint->user, p->b->endpoint->user, NULL};
	/* what is lost is for the quality to say */
	const struct cell_rules rules = {
		.run_id = r->run_id, .max_loss_pct = 100, .media_ms = r->o->media_ms};
	g_autoptr(GPtrArray) commands =
		g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	struct cell *c = new_call(r);
	cell_machine *m = cell_machine_new(c, users, &rules);

	g_ptr_array_add(r->cells, c);
	g_ptr_array_add(r->machines, m);
	g_hash_table_insert(r->by_call, cell_call_id(c, r->run_id), m);
	r->started++;
	r->open++;
	cell_machine_start(m, g_get_monotonic_time(), commands);
	send_commands(r, commands);
	if (r->started < r->calls)
		return G_SOURCE_CONTINUE;
	r->timer = 0;
	return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
	struct run *r = data;

	r->deadline = 0;
	for (guint i = 0; i < r->machines->len; i++)
		if (!cell_machine_done(r->machines->pdata[i]))
			cell_machine_expired(r->machines->pdata[i], g_get_monotonic_time());
	finish_step(r);
	return G_SOURCE_REMOVE;
}

static gboolean on_next_step(gpointer data)
{
	struct run *r = data;

	r->timer = 0;
	r->calls = capacity_next(r->design->steps, r->o->calls_max);
	if (r->calls == 0) {
		g_main_loop_quit(r->loop);
		return G_SOURCE_REMOVE;
	}
	r->busy_sum = 0;
	r->busy_samples = 0;
	r->tunnel_kbit = 0;
	r->deadline = g_timeout_add(CELL_DEADLINE_MS + r->o->media_ms + r->calls * START_PAUSE_MS,
				    on_deadline, r);
	r->timer = g_timeout_add(START_PAUSE_MS, on_start_call, r);
	return G_SOURCE_REMOVE;
}

/* --- the lab ---------------------------------------------------------------------------------- */

static void give_up(struct run *r, char *why)
{
	if (r->design->trouble)
		g_free(why);
	else
		r->design->trouble = why;
	g_main_loop_quit(r->loop);
}

static void on_built(lab *l, const struct lab_build *build, gpointer user_data)
{
	struct run *r = user_data;
	json_t *command = json_pack("{s:s}", "cmd", "sign-in");
	GHashTableIter i;
	gpointer name;

	r->design->vpn = g_strdup(build->vpn);
	r->design->impairment = g_strdup(build->impairment);
	g_hash_table_iter_init(&i, r->signing_in);
	while (g_hash_table_iter_next(&i, &name, NULL))
		lab_command(l, name, command, NULL);
	json_decref(command);
}

static void on_signed_in(struct run *r, const char *agent)
{
	if (!g_hash_table_remove(r->signing_in, agent) || g_hash_table_size(r->signing_in) > 0)
		return;
	g_clear_handle_id(&r->deadline, g_source_remove);
	read_times(&r->times);
	r->sampler = g_timeout_add(SAMPLE_MS, on_sample, r);
	on_next_step(r);
}

static void on_event(lab *l G_GNUC_UNUSED, const char *agent, json_t *event, gpointer user_data)
{
	struct run *r = user_data;
	const char *name = json_string_value(json_object_get(event, "event"));
	const char *call = json_string_value(json_object_get(event, "call"));
	g_autoptr(GPtrArray) commands =
		g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	cell_machine *m = call ? g_hash_table_lookup(r->by_call, call) : NULL;
	bool was_done;

	if (g_strcmp0(name, "signed-in") == 0)
		on_signed_in(r, agent);
	else if (g_strcmp0(name, "sign-in-failed") == 0)
		give_up(r, g_strdup_printf("%s could not sign in: %s", agent,
					   json_string_value(json_object_get(event, "reason"))));
	if (!m)
		return;
	was_done = cell_machine_done(m);
	cell_machine_event(m, agent, event, g_get_monotonic_time(), commands);
	send_commands(r, commands);
	note_done(r, m, was_done);
}

static void on_died(lab *l G_GNUC_UNUSED, const char *agent, const char *how, gpointer user_data)
{
	give_up(user_data, g_strdup_printf("%s %s", agent, how));
}

static void on_failed(lab *l G_GNUC_UNUSED, const GError *error, gpointer user_data)
{
	struct run *r = user_data;

	if (!r->error)
		r->error = g_error_copy(error);
	g_main_loop_quit(r->loop);
}

static gboolean on_no_sign_in(gpointer data)
{
	struct run *r = data;

	r->deadline = 0;
	give_up(r, g_strdup_printf("not everybody has signed in within %d s",
				   SIGN_IN_DEADLINE_MS / 1000));
	return G_SOURCE_REMOVE;
}

static void on_cancelled(GCancellable *cancel G_GNUC_UNUSED, gpointer data)
{
	give_up(data, g_strdup("interrupted"));
}

static void live(struct run *r, GCancellable *cancel)
{
	static const struct lab_callbacks callbacks = {
		.built = on_built, .event = on_event, .agent_died = on_died, .failed = on_failed};
	const struct lab_options options = {
		.name = r->design->scenario, .program_dir = r->o->program_dir, .seed = r->o->seed};
	g_autoptr(plan) p = plan_build(r->m);
	gulong watch = g_cancellable_connect(cancel, G_CALLBACK(on_cancelled), r, NULL);

	r->l = r->design->trouble ? NULL : lab_start(r->m, p, &options, &callbacks, r, &r->error);
	if (r->l) {
		r->deadline = g_timeout_add(SIGN_IN_DEADLINE_MS, on_no_sign_in, r);
		g_main_loop_run(r->loop);
	}
	g_cancellable_disconnect(cancel, watch);
	clear_step(r);
	g_clear_handle_id(&r->sampler, g_source_remove);
	lab_free(r->l);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static bool add_pair(struct run *r, const char *text, GError **error)
{
	g_auto(GStrv) names = g_strsplit(text, ":", 0);
	struct caller_pair p = {NULL, NULL};

	if (g_strv_length(names) == 2) {
		p.a = model_node(r->m, names[0]);
		p.b = model_node(r->m, names[1]);
	}
	if (!p.a || !p.b || !p.a->endpoint || !p.b->endpoint || p.a == p.b) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "--pairs '%s': A:B is wanted, two endpoints of scenario '%s'", text,
			    r->design->scenario);
		return false;
	}
	g_array_append_val(r->pairs, p);
	g_hash_table_add(r->signing_in, p.a->name);
	g_hash_table_add(r->signing_in, p.b->name);
	return true;
}

static bool add_pairs(struct run *r, GError **error)
{
	g_autofree char *found = r->o->pairs ? NULL : capacity_default_pair(r->m);
	const char *const one[] = {found, NULL}, *const *pairs = r->o->pairs ? r->o->pairs : one;

	if (!*pairs) {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "no endpoint is behind a tunnel with its peer elsewhere (name pairs: "
			    "--pairs A:B)");
		return false;
	}
	for (; *pairs; pairs++)
		if (!add_pair(r, *pairs, error))
			return false;
	return true;
}

static bool prepare(struct run *r, const model *base, const struct scenario *sc, GError **error)
{
	g_autoptr(diags) found = diags_new();
	g_autofree char *text = NULL;

	r->m = r->o->changes ? model_instantiate_with(base, sc, "capacity", r->o->changes, found) :
			       model_instantiate(base, sc, found);
	if (!r->m) {
		text = diags_to_text(found);
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT, "%s", g_strchomp(text));
		return false;
	}
	r->design->scenario = g_strdup(sc->name);
	r->design->title = g_strdup(sc->title);
	r->design->rate_kbit = capacity_rate_kbit(r->m);
	return add_pairs(r, error);
}

static void run_clear(struct run *r)
{
	g_hash_table_unref(r->by_call);
	g_hash_table_unref(r->looks);
	g_hash_table_unref(r->signing_in);
	g_ptr_array_unref(r->machines);
	g_ptr_array_unref(r->cells);
	g_array_unref(r->pairs);
	g_main_loop_unref(r->loop);
	g_free(r->run_id);
	model_free(r->m);
}

struct capacity_design *capacity_measure(const model *base, const struct scenario *sc,
					 const struct capacity_options *o, GCancellable *cancel,
					 GError **error)
{
	struct run r = {
		.o = o,
		.design = g_new0(struct capacity_design, 1),
		.pairs = g_array_new(FALSE, FALSE, sizeof(struct caller_pair)),
		.signing_in = g_hash_table_new(g_str_hash, g_str_equal),
		.loop = g_main_loop_new(NULL, FALSE),
		.cells = g_ptr_array_new_with_free_func((GDestroyNotify)cell_free),
		.machines = g_ptr_array_new_with_free_func((GDestroyNotify)cell_machine_free),
		.by_call = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.run_id = g_uuid_string_random(),
		.looks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	};

	r.design->steps = g_ptr_array_new_with_free_func(capacity_step_free);
	if (prepare(&r, base, sc, &r.error)) {
		live(&r, cancel);
		capacity_conclude(r.design);
	}
	if (r.error) {
		g_propagate_error(error, r.error);
		g_clear_pointer(&r.design, capacity_design_free);
	}
	run_clear(&r);
	return r.design;
}
