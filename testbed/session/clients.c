/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/excuse.h"
#include "testbed/session/session_internal.h"

#include <string.h>

struct client {
	struct session_client shown;
	session *owner;
	guint deadline;	     /* source id, while pending */
	gint64 told_us;	     /* to sign in, for the last time */
	enum reason trouble; /* the first that a delay can explain, also when it went on after it */
	/* how it ended, while it is asked whether the machine did it; the number of the question:
	 * 0: it is not asked */
	enum sign_in outcome;
	guint question;
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
	c->question = 0;
	c->shown.measured = 0;
	c->shown.spoilt = false;
	g_ptr_array_set_size(c->shown.witnesses, 0);
	json_array_clear(c->shown.story);
	g_queue_remove(&c->owner->waiting, c);
	c->shown.state = SIGN_IN_WAITING;
}

void client_free(gpointer client)
{
	struct client *c = client;

	reset(c);
	json_decref(c->shown.story);
	g_ptr_array_unref(c->shown.witnesses);
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
	c->shown.witnesses = g_ptr_array_new_with_free_func(witness_free);
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

static void set_why(struct client *c, const char *stage, const char *why)
{
	g_free(c->shown.stage);
	c->shown.stage = g_strdup(stage);
	g_free(c->shown.why);
	c->shown.why = g_strdup(why);
}

static void over(struct client *c, enum sign_in state)
{
	session *s = c->owner;
	bool told = c->shown.state == SIGN_IN_PENDING;

	c->question = 0;
	g_clear_handle_id(&c->deadline, g_source_remove);
	g_queue_remove(&s->waiting, c);
	if (told)
		s->pending--;
	c->shown.state = state;
	if (s->callbacks.sign_in_over)
		s->callbacks.sign_in_over(s, &c->shown, told, s->user_data);
}

static void die(struct client *c, const char *why)
{
	set_why(c, NULL, why);
	over(c, SIGN_IN_DIED);
}

static gboolean on_deadline(gpointer data);

static void tell_to_sign_in(struct client *c)
{
	g_autoptr(GError) error = NULL;

	c->shown.measured++;
	c->told_us = g_get_monotonic_time();
	c->trouble = c->shown.code = REASON_NONE;
	set_why(c, NULL, NULL);
	json_array_clear(c->shown.story);
	if (session_command(c->owner, c->shown.name, json_pack("{s:s}", "cmd", "sign-in"), &error))
		c->deadline = g_timeout_add(SIGN_IN_DEADLINE_MS, on_deadline, c);
	else
		die(c, error->message);
}

/* Everything that the machine has done until now is known: it has the client sign in again, or
 * lets the outcome stand. */
static void conclude_sign_in(struct client *c)
{
	g_autoptr(GPtrArray) witnesses = excuse_find_sign_in(
		c->shown.name, c->trouble, c->owner->witnesses, c->told_us, g_get_monotonic_time());

	c->question = 0;
	excuse_keep(c->shown.witnesses, witnesses);
	c->shown.spoilt = witnesses->len > 0;
	if (c->shown.spoilt && c->shown.measured < EXCUSE_MEASURED_MAX)
		tell_to_sign_in(c);
	else
		over(c, c->outcome);
}

static void on_sign_in_looked(lab *l G_GNUC_UNUSED, gpointer user_data)
{
	session *s = user_data;
	g_autoptr(GList) all = g_hash_table_get_values(s->clients);

	s->looked++;
	for (const GList *i = all; i; i = i->next) {
		struct client *c = i->data;

		if (c->question > 0 && c->question <= s->looked)
			conclude_sign_in(c);
	}
}

/* The sign-in has ended.  Where a delay can be the reason for how, it is asked first whether the
 * machine made one. */
static void end_sign_in(struct client *c, enum sign_in outcome)
{
	session *s = c->owner;

	g_clear_handle_id(&c->deadline, g_source_remove);
	c->outcome = outcome;
	if (s->gone || g_hash_table_size(s->dead) > 0 ||
	    (c->trouble == REASON_NONE && outcome != SIGN_IN_SILENT)) {
		over(c, outcome);
		return;
	}
	c->question = ++s->looks;
	lab_look(s->lab, on_sign_in_looked, s);
}

static gboolean on_deadline(gpointer data)
{
	struct client *c = data;
	g_autofree char *why =
		g_strdup_printf("no answer to its sign-in within %d s", SIGN_IN_DEADLINE_MS / 1000);

	c->deadline = 0;
	set_why(c, NULL, why);
	c->trouble = REASON_NONE;
	end_sign_in(c, SIGN_IN_SILENT);
	return G_SOURCE_REMOVE;
}

bool session_sign_in_next(session *s)
{
	struct client *c = g_queue_pop_head(&s->waiting);

	if (!c)
		return false;
	c->shown.state = SIGN_IN_PENDING;
	s->pending++;
	tell_to_sign_in(c);
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

/* The first trouble of the sign-in that a delay can explain. */
static void note_trouble(struct client *c, const json_t *event)
{
	enum reason codes[] = {c->shown.code,
			       reason_by_code(member_text(json_object_get(event, "mras"), "code"))};

	for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
		if (c->trouble == REASON_NONE && excuse_code_patience_ms(codes[i]) >= 0)
			c->trouble = codes[i];
}

void clients_event(session *s, const char *agent, json_t *event)
{
	struct client *c = g_hash_table_lookup(s->clients, agent);
	const char *name = member_text(event, "event");
	const char *stage = member_text(event, "stage");
	const char *reason = member_text(event, "reason");

	if (!c || c->shown.state != SIGN_IN_PENDING || c->question > 0 ||
	    json_object_get(event, "call"))
		return;
	if (s->keep_stories)
		json_array_append(c->shown.story, event);
	c->shown.code = reason_by_code(member_text(event, "code"));
	note_trouble(c, event);
	if (g_strcmp0(name, EVENT_SIGNED_IN) == 0) {
		end_sign_in(c, SIGN_IN_DONE);
	} else if (g_strcmp0(name, EVENT_SIGN_IN_FAILED) == 0) {
		set_why(c, stage ? stage : "unknown stage", reason ? reason : "no reason given");
		end_sign_in(c, SIGN_IN_FAILED);
	}
}

bool clients_died(session *s, const char *agent, const char *why)
{
	struct client *c = g_hash_table_lookup(s->clients, agent);

	if (c)
		die(c, why);
	return c != NULL;
}

/* "NODE/PROGRAM" or, of a client, "NODE". */
static gboolean is_of_node(gpointer name, gpointer how G_GNUC_UNUSED, gpointer node)
{
	return g_str_has_prefix(name, node) && ((const char *)name)[strlen(node)] == '/';
}

void session_restarted(session *s, const char *const *names, const char *node)
{
	if (node)
		g_hash_table_foreach_remove(s->dead, is_of_node, (gpointer)(guintptr)node);
	for (; names && *names; names++) {
		g_hash_table_remove(s->dead, *names);
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
	/* what it has said so far may be the machine's doing, and then it begins again */
	if (c->state == SIGN_IN_PENDING)
		return NULL;
	if (c->state == SIGN_IN_FAILED)
		return g_strdup_printf("%s could not sign in (%s): %s", c->name, c->stage, c->why);
	if (c->state == SIGN_IN_SILENT)
		return g_strdup_printf("no answer from %s to its sign-in within %d s", c->name,
				       SIGN_IN_DEADLINE_MS / 1000);
	return g_strdup(c->why);
}

/* Takes over `why`. */
static char *blame_machine(const struct session_client *one, struct cell *c, char *why,
			   enum verdict *ret_verdict)
{
	g_autofree char *machine = excuse_text(one->witnesses), *network = why;

	*ret_verdict = VERDICT_ERROR;
	c->code = REASON_NONE;
	g_free(c->cause);
	c->cause = g_strdup(WITNESS_CAUSE);
	return g_strdup_printf("%s; %s", machine, network);
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
		c->measured = one->measured;
		excuse_keep(c->witnesses, one->witnesses);
		return one->spoilt ? blame_machine(one, c, why, ret_verdict) : why;
	}
	return NULL;
}
