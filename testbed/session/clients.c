/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/session_internal.h"

struct client {
	struct session_client shown;
	session *owner;
	guint deadline; /* source id, while pending */
};

/* --- who takes part --------------------------------------------------------------------------- */

/* Not told any more, and nothing is known of an earlier sign-in. */
static void reset(struct client *c)
{
	g_clear_handle_id(&c->deadline, g_source_remove);
	if (c->shown.state == SIGN_IN_PENDING)
		c->owner->pending--;
	g_clear_pointer(&c->shown.stage, g_free);
	g_clear_pointer(&c->shown.why, g_free);
	c->shown.code = REASON_NONE;
	json_array_clear(c->shown.story);
	g_queue_remove(&c->owner->waiting, c);
	c->shown.state = SIGN_IN_WAITING;
}

void client_free(gpointer client)
{
	struct client *c = client;

	reset(c);
	json_decref(c->shown.story);
	g_free(c->shown.name);
	g_free(c);
}

void session_add_client(session *s, const char *name)
{
	struct client *c;

	if (session_client(s, name))
		return;
	c = g_new0(struct client, 1);
	c->owner = s;
	c->shown.name = g_strdup(name);
	c->shown.story = json_array();
	g_hash_table_insert(s->clients, c->shown.name, c);
	g_queue_push_tail(&s->waiting, c);
}

static gboolean is_no_endpoint(gpointer name, gpointer client G_GNUC_UNUSED, gpointer network)
{
	const struct node *n = model_node(network, name);

	return !n || !n->endpoint;
}

void session_use_endpoints(session *s, const model *m)
{
	s->model = m;
	g_hash_table_foreach_remove(s->clients, is_no_endpoint, (gpointer)(guintptr)m);
	ptr_array_foreach(const struct node, n, m->nodes)
		if (n->endpoint)
			session_add_client(s, n->name);
}

const struct session_client *session_client(const session *s, const char *name)
{
	return g_hash_table_lookup(s->clients, name);
}

GHashTable *session_clients(const session *s)
{
	return s->clients;
}

void clients_count_call(session *s, const struct cell *c, int by)
{
	for (guint i = 0; i < c->participants->len; i++) {
		struct client *one = g_hash_table_lookup(s->clients, c->participants->pdata[i]);

		if (one)
			one->shown.calls += (guint)by;
	}
}

/* --- signing in ------------------------------------------------------------------------------- */

/* Takes over `why`. */
static void over(struct client *c, enum sign_in state, const char *stage, char *why)
{
	session *s = c->owner;
	bool told = c->shown.state == SIGN_IN_PENDING;

	g_clear_handle_id(&c->deadline, g_source_remove);
	g_queue_remove(&s->waiting, c);
	if (told)
		s->pending--;
	c->shown.state = state;
	g_free(c->shown.stage);
	c->shown.stage = g_strdup(stage);
	g_free(c->shown.why);
	c->shown.why = why;
	if (s->callbacks.sign_in_over)
		s->callbacks.sign_in_over(s, &c->shown, told, s->user_data);
}

static gboolean on_deadline(gpointer data)
{
	struct client *c = data;

	c->deadline = 0;
	over(c, SIGN_IN_SILENT, NULL,
	     g_strdup_printf("no answer to its sign-in within %d s", SIGN_IN_DEADLINE_MS / 1000));
	return G_SOURCE_REMOVE;
}

bool session_sign_in_next(session *s)
{
	struct client *c = g_queue_pop_head(&s->waiting);
	g_autoptr(GError) error = NULL;

	if (!c)
		return false;
	c->shown.state = SIGN_IN_PENDING;
	s->pending++;
	if (session_command(s, c->shown.name, json_pack("{s:s}", "cmd", "sign-in"), &error))
		c->deadline = g_timeout_add(SIGN_IN_DEADLINE_MS, on_deadline, c);
	else
		over(c, SIGN_IN_DIED, NULL, g_strdup(error->message));
	return true;
}

bool session_sign_ins_wait(const session *s)
{
	return s->waiting.head != NULL;
}

bool session_sign_ins_over(const session *s)
{
	return !s->waiting.head && s->pending == 0;
}

void clients_event(session *s, const char *agent, json_t *event)
{
	struct client *c = g_hash_table_lookup(s->clients, agent);
	const char *name = member_text(event, "event");
	const char *stage = member_text(event, "stage");
	const char *reason = member_text(event, "reason");
	const char *code = member_text(event, "code");

	if (!c || c->shown.state != SIGN_IN_PENDING || json_object_get(event, "call"))
		return;
	if (s->keep_stories)
		json_array_append(c->shown.story, event);
	c->shown.code = reason_by_code(code);
	if (g_strcmp0(name, EVENT_SIGNED_IN) == 0)
		over(c, SIGN_IN_DONE, NULL, NULL);
	else if (g_strcmp0(name, EVENT_SIGN_IN_FAILED) == 0)
		over(c, SIGN_IN_FAILED, stage ? stage : "unknown stage",
		     g_strdup(reason ? reason : "no reason given"));
}

bool clients_died(session *s, const char *agent, const char *why)
{
	struct client *c = g_hash_table_lookup(s->clients, agent);

	if (c)
		over(c, SIGN_IN_DIED, NULL, g_strdup(why));
	return c != NULL;
}

void session_restarted(session *s, const char *const *names)
{
	for (; names && *names; names++) {
		struct client *c = g_hash_table_lookup(s->clients, *names);
		g_autofree char *why =
			g_strdup_printf("%s was started anew because of a change", *names);

		if (!c)
			continue;
		calls_abort_of(s, *names, why);
		reset(c);
		g_queue_push_tail(&s->waiting, c);
	}
}

/* --- what it means for cells ------------------------------------------------------------------ */

bool session_can_place(const session *s, const struct cell *c)
{
	for (guint i = 0; i < c->participants->len; i++) {
		const struct session_client *one = session_client(s, c->participants->pdata[i]);

		if (!one || one->state != SIGN_IN_DONE)
			return false;
	}
	return true;
}

static char *hindrance_of(const struct session_client *c)
{
	if (c->state == SIGN_IN_FAILED)
		return g_strdup_printf("%s could not sign in (%s): %s", c->name, c->stage, c->why);
	if (c->state == SIGN_IN_SILENT)
		return g_strdup_printf("no answer from %s to its sign-in within %d s", c->name,
				       SIGN_IN_DEADLINE_MS / 1000);
	return g_strdup(c->why);
}

char *session_hindrance(const session *s, struct cell *c, enum verdict *ret_verdict)
{
	for (guint i = 0; i < c->participants->len; i++) {
		const struct session_client *one = session_client(s, c->participants->pdata[i]);
		char *why = one ? hindrance_of(one) : NULL;

		if (!why)
			continue;
		*ret_verdict = one->state == SIGN_IN_FAILED ? VERDICT_FAIL : VERDICT_ERROR;
		c->code = one->code;
		return why;
	}
	return NULL;
}
