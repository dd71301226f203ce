/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls in a lab that is up: the session places them, the control client gets every event. */
#include "testbed/live/keeper_internal.h"
#include "testbed/report/json.h"
#include "testbed/session/excuse.h"

#define MEDIA_MS_MAX 3600000
#define SERVER_EVENTS_MAX 256

struct live_call {
	struct control_client *g;
	struct cell *cell;
	bool hears_servers; /* it also gets the events of servers */
	guint media_ms;
	bool hung_up; /* somebody had it hung up: it is not placed again */
};

/* Answers the call's result, and frees the call. */
static void end_live_call(struct live_call *c)
{
	control_client_done(c->g, json_pack("{s:o}", "cell", report_cell_json(c->cell)));
	cell_free(c->cell);
	control_client_unref(c->g);
	g_free(c);
}

/* Sends an event of an agent to the control client. */
static void send_event(const struct live_call *c, const char *agent, json_t *event)
{
	control_client_tell(c->g, json_pack("{s:s, s:O}", "agent", agent, "event", event));
}

void live_call_event(const struct session_call *call, const char *agent, json_t *event)
{
	send_event(call->data, agent, event);
}

void live_call_server_event(struct keeper *k, const char *agent, json_t *event)
{
	const GPtrArray *calls = session_calls(k->session);

	if (calls->len == 0) {
		if (k->server_events->len >= SERVER_EVENTS_MAX)
			g_ptr_array_remove_index(k->server_events, 0);
		g_ptr_array_add(k->server_events,
				json_pack("{s:s, s:O}", "agent", agent, "event", event));
	}
	for (guint i = 0; i < calls->len; i++) {
		const struct live_call *c = ((const struct session_call *)calls->pdata[i])->data;

		if (c->hears_servers)
			send_event(c, agent, event);
	}
}

/* --- placing one ------------------------------------------------------------------------------ */

/* Sets what is expected of a call: what the scenario says; after a change, that it passes. */
static void set_expectation(const struct keeper *k, struct cell *c)
{
	const struct expect *e =
		k->changes->len > k->n_hidden ?
			NULL :
			scenario_expect(k->current, k->job->scenario, c->a, c->b, c->media);

	c->expected_verdict = e ? e->verdict : VERDICT_PASS;
	c->has_expected_path = e && e->path_mask != 0;
	c->expected_path_mask = e ? e->path_mask : 0;
	c->expected_cause = e ? g_strdup(e->cause) : NULL;
}

/* A cell for a call between a and b, owned by the caller. */
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
	set_expectation(k, c);
	return c;
}

/* Sends the events of the endpoint's sign-in, which happened before the call. */
static void send_sign_in_events(const struct live_call *c, const struct session_client *client)
{
	size_t i;
	json_t *event;

	json_array_foreach(client->story, i, event)
		send_event(c, client->name, event);
}

char *live_client_why(const struct session_client *c)
{
	return c->stage ? g_strdup_printf("%s: %s", c->stage, c->why) : g_strdup(c->why);
}

/* The participant that is not signed in; NULL: all are. */
static const struct session_client *missing_participant(const struct keeper *k,
							const struct cell *c)
{
	for (guint i = 0; i < c->participants->len; i++) {
		const struct session_client *one =
			session_client(k->session, c->participants->pdata[i]);

		if (one->state != SIGN_IN_DONE)
			return one;
	}
	return NULL;
}

/* Sends what led up to the call, then places it; ends it at once if an endpoint is not signed
 * in. */
static void place_live_call(struct keeper *k, struct live_call *c)
{
	g_autofree char *id = g_strdup_printf("%s-%u", k->job->name, ++k->n_calls);
	const struct cell_rules rules = {.run_id = id,
					 .max_loss_pct = k->current->max_loss_pct,
					 .media_ms = c->media_ms,
					 .way = lossy_way_of(k->current, c->cell)};
	const struct session_client *bar = missing_participant(k, c->cell);

	for (guint i = 0; i < c->cell->participants->len; i++)
		send_sign_in_events(c, session_client(k->session, c->cell->participants->pdata[i]));
	for (guint i = 0; c->hears_servers && i < k->server_events->len; i++)
		control_client_tell(c->g, json_incref(k->server_events->pdata[i]));
	if (bar) {
		g_autofree char *why = live_client_why(bar);
		g_autofree char *reason = g_strdup_printf("%s could not sign in (%s)", bar->name,
							  why ? why : "still trying");

		c->cell->code = bar->code;
		cell_finish(c->cell, bar->state == SIGN_IN_FAILED ? VERDICT_FAIL : VERDICT_ERROR,
			    reason);
		if (bar->spoilt)
			excuse_apply(c->cell, bar->witnesses);
		session_distrust(k->session, c->cell);
		end_live_call(c);
		return;
	}
	c->cell->measured++;
	session_place(k->session, c->cell, &rules, c);
}

/* Who hangs up before media flow both ways ends a call of which nothing is known: that is no fault
 * of the network. */
static void judge_hung_up(struct cell *cell)
{
	g_autofree char *reason = NULL;

	if (cell->verdict != VERDICT_FAIL)
		return;
	reason = g_strdup_printf("it was hung up before it was decided; %s",
				 cell->reason ? cell->reason : "");
	cell_finish(cell, VERDICT_ERROR, reason);
}

/* One that the machine may have spoilt is placed again: what was told of it does not count. */
void live_call_ended(session *s, const struct session_call *call, gpointer keeper)
{
	struct live_call *c = call->data;
	bool spoilt = call->witnesses->len > 0;

	excuse_keep(c->cell->witnesses, call->witnesses);
	if (spoilt && !c->hung_up && c->cell->measured < EXCUSE_MEASURED_MAX &&
	    session_can_place(s, c->cell)) {
		control_client_tell(c->g, json_pack("{s:i}", "again", (int)c->cell->measured + 1));
		cell_reset(c->cell);
		place_live_call(keeper, c);
		return;
	}
	if (spoilt)
		excuse_apply(c->cell, call->witnesses);
	if (c->hung_up)
		judge_hung_up(c->cell);
	end_live_call(c);
}

/* Whether the lab has the endpoint (NULL: no); if not, that is the answer. */
static bool check_endpoint(struct control_client *g, const char *name)
{
	g_autofree const char **names = NULL;
	g_autofree char *message = NULL;
	const char *near;

	if (name && session_client(g->k->session, name))
		return true;
	names = (const char **)(gpointer)g_hash_table_get_keys_as_array(
		session_clients(g->k->session), NULL);
	near = name ? diag_nearest(name, names) : NULL;
	message = g_strdup_printf("no endpoint '%s'%s%s%s", name ? name : "",
				  near ? " (did you mean '" : "", near ? near : "",
				  near ? "'?)" : "; 'testbed status' lists them");
	return control_client_fail(g, TB_ERROR_INPUT, message);
}

void live_call_start(struct control_client *g, const json_t *request)
{
	const char *a = member_text(request, "a"), *b = member_text(request, "b");
	const char *medium = member_text(request, "media");
	json_int_t media_ms = member_integer(request, "media_ms");
	struct live_call *c;
	enum media media;

	if (!check_endpoint(g, a) || !check_endpoint(g, b))
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
	c->g = control_client_ref(g);
	c->hears_servers = member_true(request, "servers");
	c->cell = new_cell(g->k, a, b, media);
	c->media_ms = media_ms > 0 && media_ms <= MEDIA_MS_MAX ? (guint)media_ms : CELL_MEDIA_MS;
	place_live_call(g->k, c);
}

void live_call_hang_up(struct control_client *g, const json_t *request)
{
	const char *a = member_text(request, "a"), *b = member_text(request, "b");
	g_autoptr(GPtrArray) calls =
		g_ptr_array_copy((GPtrArray *)(guintptr)session_calls(g->k->session), NULL, NULL);
	guint n = 0;

	ptr_array_foreach(const struct session_call, call, calls) {
		struct live_call *c = call->data;

		if (g_strcmp0(c->cell->a, a) != 0 || g_strcmp0(c->cell->b, b) != 0)
			continue;
		c->hung_up = true;
		n += session_hang_up_call(g->k->session, call);
	}
	if (n > 0)
		control_client_done(g, json_pack("{s:i}", "calls", (int)n));
	else
		control_client_fail(g, TB_ERROR_INPUT, "no such call goes on");
}
