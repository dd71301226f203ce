/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/signins.h"

enum sign_in { SIGN_IN_WAITING, SIGN_IN_PENDING, SIGN_IN_DONE, SIGN_IN_FAILED, SIGN_IN_AGENT_DIED };

struct participant {
	signins *owner;
	char *name, *user;
	enum sign_in state;
	char *why;	/* why not signed in */
	guint deadline; /* source id, while pending */
};

struct signins {
	struct signins_host host;
	GHashTable *participants; /* name -> struct participant */
	GQueue waiting;		  /* struct participant, borrowed */
	guint pending;
};

/* --- life ------------------------------------------------------------------------------------- */

static void participant_free(gpointer data)
{
	struct participant *p = data;

	g_clear_handle_id(&p->deadline, g_source_remove);
	g_free(p->name);
	g_free(p->user);
	g_free(p->why);
	g_free(p);
}

static void add_participant(signins *s, const model *m, const char *name)
{
	const struct node *n = model_node(m, name);
	struct participant *p;

	if (g_hash_table_contains(s->participants, name))
		return;
	p = g_new0(struct participant, 1);
	p->owner = s;
	p->name = g_strdup(name);
	p->user = g_strdup(n && n->endpoint ? n->endpoint->user : name);
	g_hash_table_insert(s->participants, p->name, p);
	g_queue_push_tail(&s->waiting, p);
}

signins *signins_new(const model *m, const GQueue *queue, const struct signins_host *host)
{
	signins *s = g_new0(signins, 1);

	s->host = *host;
	s->participants = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, participant_free);
	g_queue_init(&s->waiting);
	for (const GList *i = queue->head; i; i = i->next) {
		const struct cell *c = i->data;

		for (guint k = 0; k < c->participants->len; k++)
			add_participant(s, m, c->participants->pdata[k]);
	}
	return s;
}

void signins_free(signins *s)
{
	if (!s)
		return;
	g_queue_clear(&s->waiting);
	g_hash_table_unref(s->participants);
	g_free(s);
}

/* --- signing in ------------------------------------------------------------------------------- */

static struct participant *participant_of(const signins *s, const char *name)
{
	return g_hash_table_lookup(s->participants, name);
}

/* Takes over `why`. */
static void over(struct participant *p, enum sign_in state, char *why)
{
	signins *s = p->owner;
	bool told = p->state == SIGN_IN_PENDING;

	g_clear_handle_id(&p->deadline, g_source_remove);
	g_queue_remove(&s->waiting, p);
	p->state = state;
	g_free(p->why);
	p->why = why;
	if (told) {
		s->pending--;
		s->host.ended(s->host.user_data);
	}
	if (state == SIGN_IN_DONE)
		s->host.in(s->host.user_data);
	else
		s->host.out(s->host.user_data);
}

bool signins_waiting(const signins *s)
{
	return s->waiting.head != NULL;
}

bool signins_under_way(const signins *s)
{
	return signins_waiting(s) || s->pending > 0;
}

static gboolean on_deadline(gpointer data)
{
	struct participant *p = data;

	p->deadline = 0;
	over(p, SIGN_IN_AGENT_DIED,
	     g_strdup_printf("no answer from %s to its sign-in within %d s", p->name,
			     SIGN_IN_DEADLINE_MS / 1000));
	return G_SOURCE_REMOVE;
}

void signins_next(signins *s)
{
	struct participant *p = g_queue_pop_head(&s->waiting);
	json_t *command = json_pack("{s:s}", "cmd", "sign-in");
	g_autoptr(GError) error = NULL;

	g_return_if_fail(p);
	p->state = SIGN_IN_PENDING;
	s->pending++;
	if (s->host.send(p->name, command, &error, s->host.user_data))
		p->deadline = g_timeout_add(SIGN_IN_DEADLINE_MS, on_deadline, p);
	else
		over(p, SIGN_IN_AGENT_DIED, g_strdup(error->message));
	json_decref(command);
}

static char *reason_of(const char *name, const json_t *event)
{
	const char *stage = json_string_value(json_object_get(event, "stage"));
	const char *reason = json_string_value(json_object_get(event, "reason"));

	return g_strdup_printf("%s could not sign in (%s): %s", name,
			       stage ? stage : "unknown stage",
			       reason ? reason : "no reason given");
}

void signins_event(signins *s, const char *agent, const char *name, const json_t *event)
{
	struct participant *p = participant_of(s, agent);

	if (!p || p->state != SIGN_IN_PENDING)
		return;
	if (g_str_equal(name, "signed-in"))
		over(p, SIGN_IN_DONE, NULL);
	else if (g_str_equal(name, "sign-in-failed"))
		over(p, SIGN_IN_FAILED, reason_of(agent, event));
}

const char *signins_died(signins *s, const char *agent, const char *how)
{
	struct participant *p = participant_of(s, agent);

	if (!p)
		return NULL;
	over(p, SIGN_IN_AGENT_DIED, g_strdup_printf("agent %s died: %s", agent, how));
	return p->why;
}

void signins_forget(signins *s)
{
	GHashTableIter iter;
	gpointer value;

	g_queue_clear(&s->waiting);
	g_hash_table_iter_init(&iter, s->participants);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct participant *p = value;

		g_clear_handle_id(&p->deadline, g_source_remove);
		if (p->state == SIGN_IN_PENDING)
			s->host.ended(s->host.user_data);
		if (p->state <= SIGN_IN_PENDING)
			p->state = SIGN_IN_AGENT_DIED;
	}
	s->pending = 0;
}

/* --- what it means for cells ------------------------------------------------------------------ */

bool signins_all_in(const signins *s, const struct cell *c)
{
	for (guint i = 0; i < c->participants->len; i++) {
		if (participant_of(s, c->participants->pdata[i])->state != SIGN_IN_DONE)
			return false;
	}
	return true;
}

const char *signins_hindrance(const signins *s, const struct cell *c, enum verdict *ret_verdict)
{
	for (guint i = 0; i < c->participants->len; i++) {
		const struct participant *p = participant_of(s, c->participants->pdata[i]);

		if (p->state != SIGN_IN_FAILED && p->state != SIGN_IN_AGENT_DIED)
			continue;
		*ret_verdict = p->state == SIGN_IN_FAILED ? VERDICT_FAIL : VERDICT_ERROR;
		return p->why;
	}
	return NULL;
}

const char *signins_user(const signins *s, const char *name)
{
	return participant_of(s, name)->user;
}
