/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls on the lab that is up: the cell's machine decides, the control client hears every event.
 */
#include "testbed/live/keeper_internal.h"
#include "testbed/session/machine.h"
#include "testbed/report/json.h"

#define MEDIA_MS_MAX 3600000
#define SAID_MAX 256

struct live_call {
	struct keeper *k;
	struct control_client *g;
	struct cell *cell;
	cell_machine *machine;
	char *id;	/* makes the SIP Call-ID unique; the machine borrows it */
	guint deadline; /* source id */
	guint media_ms;
	bool hears_servers;
};

void live_call_free(gpointer call)
{
	struct live_call *c = call;

	g_clear_handle_id(&c->deadline, g_source_remove);
	cell_machine_free(c->machine);
	cell_free(c->cell);
	control_client_unref(c->g);
	g_free(c->id);
	g_free(c);
}

static gboolean is_of(gpointer id G_GNUC_UNUSED, gpointer value, gpointer call)
{
	return value == call;
}

static void count_call(const struct live_call *c, int by)
{
	for (guint i = 0; i < c->cell->participants->len; i++) {
		struct endpoint_state *e = keeper_endpoint(c->k, c->cell->participants->pdata[i]);

		if (e)
			e->calls = (guint)((int)e->calls + by);
	}
}

static void conclude(struct live_call *c)
{
	control_client_done(c->g, json_pack("{s:o}", "cell", report_cell_json(c->cell)));
	count_call(c, -1);
	g_hash_table_foreach_remove(c->k->calls, is_of, c);
	live_call_free(c);
}

static void end_by(struct live_call *c, enum verdict verdict, const char *why)
{
	cell_machine_abort(c->machine, verdict, why, g_get_monotonic_time());
	conclude(c);
}

static gboolean on_deadline(gpointer data)
{
	struct live_call *c = data;

	c->deadline = 0;
	cell_machine_expired(c->machine, g_get_monotonic_time());
	conclude(c);
	return G_SOURCE_REMOVE;
}

/* FALSE: the call has ended. */
static gboolean send_commands(struct live_call *c, const GPtrArray *commands)
{
	for (guint i = 0; i < commands->len; i++) {
		const struct agent_command *command = commands->pdata[i];
		g_autoptr(GError) error = NULL;

		g_hash_table_insert(
			c->k->calls,
			g_strdup(json_string_value(json_object_get(command->command, "call"))), c);
		if (!lab_command(c->k->lab, command->agent, command->command, &error)) {
			end_by(c, VERDICT_ERROR, error->message);
			return FALSE;
		}
	}
	if (!cell_machine_done(c->machine))
		return TRUE;
	conclude(c);
	return FALSE;
}

static void tell_event(struct live_call *c, const char *agent, json_t *event)
{
	control_client_tell(c->g, json_pack("{s:s, s:O}", "agent", agent, "event", event));
}

bool live_call_event(struct keeper *k, const char *agent, json_t *event)
{
	const char *id = json_string_value(json_object_get(event, "call"));
	struct live_call *c = id ? g_hash_table_lookup(k->calls, id) : NULL;
	g_autoptr(GPtrArray) commands = NULL;

	if (!c)
		return id != NULL;
	commands = g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	tell_event(c, agent, event);
	cell_machine_event(c->machine, agent, event, g_get_monotonic_time(), commands);
	send_commands(c, commands);
	return true;
}

void live_call_said(struct keeper *k, const char *agent, json_t *event)
{
	g_autoptr(GList) all = g_hash_table_get_values(k->calls);

	if (!all) {
		if (k->said->len >= SAID_MAX)
			g_ptr_array_remove_index(k->said, 0);
		g_ptr_array_add(k->said, json_pack("{s:s, s:O}", "agent", agent, "event", event));
	}
	for (GList *i = all; i; i = i->next) {
		struct live_call *c = i->data;

		if (c->hears_servers && g_list_index(all, c) == g_list_position(all, i))
			tell_event(c, agent, event);
	}
}

void live_call_agent_died(struct keeper *k, const char *agent, const char *why)
{
	g_autoptr(GList) all = g_hash_table_get_values(k->calls);

	for (GList *i = all; i; i = i->next) {
		struct live_call *c = i->data;
		bool takes_part = g_list_index(all, c) == g_list_position(all, i) &&
				  g_ptr_array_find_with_equal_func(c->cell->participants, agent,
								   g_str_equal, NULL);

		if (takes_part)
			end_by(c, VERDICT_ERROR, why);
	}
}

/* --- placing one ------------------------------------------------------------------------------ */

/* What the scenario says holds for the scenario: once something has been changed, a call is
 * expected to work. */
static void expect(const struct keeper *k, struct cell *c)
{
	const struct expect *e = k->changes->len > 0 ? NULL :
						       scenario_expect(k->current, k->job->scenario,
								       c->a, c->b, c->media);

	c->expected_verdict = e ? e->verdict : VERDICT_PASS;
	c->has_expected_path = e && e->path_mask != 0;
	c->expected_path_mask = e ? e->path_mask : 0;
	c->expected_cause = e ? g_strdup(e->cause) : NULL;
}

static struct cell *new_cell(const struct keeper *k, const char *a, const char *b, enum media media)
{
	struct cell *c = cell_new();

	c->id = g_strdup_printf("%s/%s-%s/%s", k->job->scenario->name, a, b, media_name(media));
	c->scenario = g_strdup(k->job->scenario->name);
	c->a = g_strdup(a);
	c->b = g_strdup(b);
	c->media = media;
	g_ptr_array_add(c->participants, g_strdup(a));
	g_ptr_array_add(c->participants, g_strdup(b));
	expect(k, c);
	return c;
}

static void tell_sign_in(struct live_call *c, const struct endpoint_state *e)
{
	size_t i;
	json_t *event;

	json_array_foreach(e->story, i, event)
		tell_event(c, e->name, event);
}

/* The endpoint that can't call, or be called, as it is not signed in; NULL: both can. */
static const struct endpoint_state *hindrance(const struct keeper *k, const struct cell *c)
{
	for (guint i = 0; i < c->participants->len; i++) {
		const struct endpoint_state *e = keeper_endpoint(k, c->participants->pdata[i]);

		if (e->state != SIGN_IN_DONE)
			return e;
	}
	return NULL;
}

static void place(struct live_call *c)
{
	g_autoptr(GPtrArray) commands =
		g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
	const struct cell_rules rules = {.run_id = c->id,
					 .max_loss_pct = c->k->current->max_loss_pct,
					 .media_ms = c->media_ms};
	const char *users[] = {model_node(c->k->current, c->cell->a)->endpoint->user,
			       model_node(c->k->current, c->cell->b)->endpoint->user, NULL};
	const struct endpoint_state *bar = hindrance(c->k, c->cell);

	c->machine = cell_machine_new(c->cell, users, &rules);
	count_call(c, 1);
	for (guint i = 0; i < c->cell->participants->len; i++)
		tell_sign_in(c, keeper_endpoint(c->k, c->cell->participants->pdata[i]));
	for (guint i = 0; c->hears_servers && i < c->k->said->len; i++)
		control_client_tell(c->g, json_incref(c->k->said->pdata[i]));
	if (bar) {
		g_autofree char *why = g_strdup_printf("%s could not sign in (%s)", bar->name,
						       bar->why ? bar->why : "still trying");

		end_by(c, bar->state == SIGN_IN_FAILED ? VERDICT_FAIL : VERDICT_ERROR, why);
		return;
	}
	c->deadline = g_timeout_add(CELL_DEADLINE_MS + c->media_ms, on_deadline, c);
	cell_machine_start(c->machine, g_get_monotonic_time(), commands);
	send_commands(c, commands);
}

static bool is_endpoint(struct control_client *g, const char *name)
{
	g_autofree const char **names = NULL;
	g_autofree char *message = NULL;
	const char *near;

	if (name && keeper_endpoint(g->k, name))
		return true;
	names = (const char **)(gpointer)g_hash_table_get_keys_as_array(g->k->endpoints, NULL);
	near = name ? diag_nearest(name, names) : NULL;
	message = g_strdup_printf("no endpoint '%s'%s%s%s", name ? name : "",
				  near ? " (did you mean '" : "", near ? near : "",
				  near ? "'?)" : "; 'testbed status' lists them");
	control_client_fail(g, TB_ERROR_INPUT, message);
	return false;
}

void live_call_start(struct control_client *g, const json_t *request)
{
	const char *a = json_string_value(json_object_get(request, "a")),
		   *b = json_string_value(json_object_get(request, "b"));
	const char *medium = json_string_value(json_object_get(request, "media"));
	json_int_t media_ms = json_integer_value(json_object_get(request, "media_ms"));
	struct live_call *c;
	enum media media;

	if (!is_endpoint(g, a) || !is_endpoint(g, b))
		return;
	if (g_str_equal(a, b)) {
		control_client_fail(g, TB_ERROR_INPUT,
				    "a call has two ends; both are the same endpoint");
		return;
	}
	if (!media_parse(medium ? medium : "audio", &media) || media > MEDIA_VIDEO) {
		control_client_fail(g, TB_ERROR_INPUT,
				    "one call has one medium: im, audio or video");
		return;
	}
	c = g_new0(struct live_call, 1);
	c->k = g->k;
	c->g = control_client_ref(g);
	c->media_ms = media_ms > 0 && media_ms <= MEDIA_MS_MAX ? (guint)media_ms : CELL_MEDIA_MS;
	c->hears_servers = json_is_true(json_object_get(request, "servers"));
	c->cell = new_cell(g->k, a, b, media);
	c->id = g_strdup_printf("%s-%u", g->k->job->name, ++g->k->n_calls);
	place(c);
}
