/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/excuse.h"
#include "testbed/session/session_internal.h"

struct placed_call {
	struct session_call shown;
	session *owner;
	cell_machine *machine;
	guint deadline_ms;
	guint deadline; /* source id */
	bool looking;	/* asked the lab something; stays until that has come */
	bool aborted;	/* it is known why: the machine is no excuse */
	bool hung_up;	/* before its time */
	gint64 placed_us;
	netstate *before; /* that state before the call; NULL: not wanted, or not to be had */
};

static GPtrArray *commands_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)agent_command_free);
}

void placed_call_free(gpointer call, gpointer unused G_GNUC_UNUSED)
{
	struct placed_call *p = call;

	g_clear_handle_id(&p->deadline, g_source_remove);
	cell_machine_free(p->machine);
	netstate_unref(p->before);
	g_ptr_array_unref(p->shown.witnesses);
	g_free(p);
}

/* --- the end of a call ------------------------------------------------------------------------ */

static gboolean is_id_of(gpointer id G_GNUC_UNUSED, gpointer value, gpointer call)
{
	return value == call;
}

static void call_over(struct placed_call *p)
{
	session *s = p->owner;

	session_distrust(s, p->shown.cell);
	if (p->shown.cell->quality.received > 0)
		excuse_note_quality(p->shown.cell, s->witnesses, p->placed_us,
				    g_get_monotonic_time());
	g_hash_table_foreach_remove(s->by_id, is_id_of, p);
	g_ptr_array_remove_fast(s->calls, p);
	clients_count_call(s, p->shown.cell, -1);
	if (s->callbacks.call_ended)
		s->callbacks.call_ended(s, &p->shown, s->user_data);
	placed_call_free(p, NULL);
}

/* Everything that the machine has done until now is known. */
static void on_call_looked(lab *l G_GNUC_UNUSED, gpointer user_data)
{
	struct placed_call *p = user_data;
	session *s = p->owner;

	if (g_hash_table_size(s->dead) == 0) {
		g_ptr_array_unref(p->shown.witnesses);
		p->shown.witnesses = excuse_find(p->shown.cell, s->witnesses, p->placed_us,
						 g_get_monotonic_time());
	}
	call_over(p);
}

/* Its outcome may be the machine's doing, so that is asked first. */
static void end_now(struct placed_call *p)
{
	p->looking = true;
	if (p->aborted || p->owner->gone || excuse_patience_ms(p->shown.cell) < 0)
		call_over(p);
	else
		lab_look(p->owner->lab, on_call_looked, p);
}

static void on_state_after(lab *l G_GNUC_UNUSED, const netstate *state,
			   const GError *error G_GNUC_UNUSED, gpointer user_data)
{
	struct placed_call *p = user_data;
	session *s = p->owner;

	if (state)
		s->callbacks.call_states(s, &p->shown, p->before, state, s->user_data);
	end_now(p);
}

/* The machine is done. */
static void end(struct placed_call *p)
{
	if (p->looking)
		return; /* whatever is asked is answered, and this comes again */
	if (!p->before) {
		end_now(p);
		return;
	}
	p->looking = true;
	lab_inspect(p->owner->lab, on_state_after, p);
}

static gboolean on_deadline(gpointer data)
{
	struct placed_call *p = data;

	p->deadline = 0;
	cell_machine_expired(p->machine, g_get_monotonic_time());
	end(p);
	return G_SOURCE_REMOVE;
}

static bool takes_part(const struct cell *c, const char *name)
{
	return g_ptr_array_find_with_equal_func(c->participants, name, g_str_equal, NULL);
}

void calls_abort_of(session *s, const char *name, const char *why)
{
	g_autoptr(GPtrArray) all = g_ptr_array_copy(s->calls, NULL, NULL);

	ptr_array_foreach(struct placed_call, p, all) {
		if (name && !takes_part(p->shown.cell, name))
			continue;
		p->aborted = p->aborted || !cell_machine_done(p->machine);
		cell_machine_abort(p->machine, VERDICT_ERROR, why, g_get_monotonic_time());
		end(p);
	}
}

void session_abort_calls(session *s, const char *reason)
{
	calls_abort_of(s, NULL, reason);
}

/* --- its course ------------------------------------------------------------------------------- */

/* Sends what the machine wants sent; each command's call id leads back to it.  The call may be
 * freed after this. */
static void send_commands(struct placed_call *p, GPtrArray *commands)
{
	session *s = p->owner;
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < commands->len && !error; i++) {
		const struct agent_command *c = commands->pdata[i];
		const char *id = member_text(c->command, "call");

		g_hash_table_insert(s->by_id, g_strdup(id), p);
		if (!session_command(s, c->agent, json_incref(c->command), &error))
			cell_machine_abort(p->machine, VERDICT_ERROR, error->message,
					   g_get_monotonic_time());
	}
	if (cell_machine_done(p->machine))
		end(p);
}

/* How long it is to stand is not its own affair. */
static void note_standing(struct placed_call *p)
{
	session *s = p->owner;

	p->shown.stood = true;
	g_clear_handle_id(&p->deadline, g_source_remove);
	if (s->callbacks.call_stands)
		s->callbacks.call_stands(s, &p->shown, s->user_data);
}

void calls_event(struct placed_call *p, const char *agent, json_t *event)
{
	g_autoptr(GPtrArray) commands = commands_new();

	cell_machine_event(p->machine, agent, event, g_get_monotonic_time(), commands);
	if (cell_machine_stands(p->machine) && !p->shown.stood)
		note_standing(p);
	send_commands(p, commands);
}

static void begin(struct placed_call *p)
{
	g_autoptr(GPtrArray) commands = commands_new();

	p->deadline = g_timeout_add(p->deadline_ms, on_deadline, p);
	cell_machine_start(p->machine, g_get_monotonic_time(), commands);
	send_commands(p, commands);
}

static void on_state_before(lab *l G_GNUC_UNUSED, const netstate *state,
			    const GError *error G_GNUC_UNUSED, gpointer user_data)
{
	struct placed_call *p = user_data;

	p->looking = false;
	p->before = netstate_ref(state);
	if (cell_machine_done(p->machine))
		end_now(p); /* aborted meanwhile */
	else
		begin(p);
}

void session_place(session *s, struct cell *c, const struct cell_rules *rules, gpointer data)
{
	g_autofree const char **users = g_new0(const char *, c->participants->len + 1);
	struct placed_call *p = g_new0(struct placed_call, 1);

	for (guint i = 0; i < c->participants->len; i++) {
		const struct node *n = model_node(s->model, c->participants->pdata[i]);

		users[i] = n && n->endpoint ? n->endpoint->user : c->participants->pdata[i];
	}
	p->owner = s;
	p->placed_us = g_get_monotonic_time();
	p->shown.witnesses = g_ptr_array_new_with_free_func(witness_free);
	p->shown.cell = c;
	p->shown.data = data;
	p->deadline_ms = cell_deadline_ms(rules);
	p->machine = cell_machine_new(c, users, rules);
	g_ptr_array_add(s->calls, p);
	clients_count_call(s, c, 1);
	p->looking = s->callbacks.call_states != NULL;
	if (p->looking)
		lab_inspect(s->lab, on_state_before, p);
	else
		begin(p);
}

const GPtrArray *session_calls(const session *s)
{
	return s->calls;
}

static void hang_up(struct placed_call *p)
{
	g_autoptr(GPtrArray) commands = commands_new();

	cell_machine_hang_up(p->machine, commands);
	send_commands(p, commands);
}

void session_hang_up(session *s)
{
	g_autoptr(GPtrArray) all = g_ptr_array_copy(s->calls, NULL, NULL);

	ptr_array_foreach(struct placed_call, p, all) {
		if (!cell_machine_stands(p->machine))
			continue;
		p->deadline = g_timeout_add(CELL_DEADLINE_MS, on_deadline, p);
		hang_up(p);
	}
}

bool session_hang_up_call(session *s, const struct session_call *call)
{
	struct placed_call *p = (struct placed_call *)(gpointer)(guintptr)call;

	if (!g_ptr_array_find(s->calls, p, NULL) || p->looking || p->hung_up)
		return false;
	p->hung_up = true;
	hang_up(p);
	return true;
}
