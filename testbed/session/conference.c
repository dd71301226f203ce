/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/machine_internal.h"

#include "testbed/session/path.h"

static const char *conference_media(const cell_machine *m)
{
	return m->cell->media == MEDIA_IM_CONFERENCE ? "im" : "audio";
}

/* --- starting --------------------------------------------------------------------------------- */

/* `invite`: everybody but the organiser gets an invitation; else the machine itself sends them
 * there. */
static void make(cell_machine *m, bool invite, GPtrArray *commands)
{
	g_autofree char *id = g_strdup_printf("%s-%s", m->cell->conference, conference_media(m));
	json_t *command = json_pack("{s:s, s:s, s:s, s:s}", "cmd", "conference", "call", m->call,
				    "conference", id, "media", conference_media(m));
	json_t *users = json_array();

	for (guint i = 1; invite && i < m->n_ends; i++)
		json_array_append_new(users, json_string(m->users[i]));
	json_object_set_new(command, "invite", users);
	machine_send(commands, m->cell->a, command);
}

static char *first_call(const cell_machine *m)
{
	return g_strdup_printf("first/%s", m->call);
}

/* The organiser and the first participant talk to each other; what they have said stays up. */
static void call_first(cell_machine *m, GPtrArray *commands)
{
	g_autofree char *call = first_call(m);

	if (m->cell->media == MEDIA_IM_CONFERENCE)
		machine_send(commands, m->cell->a,
			     json_pack("{s:s, s:s, s:s, s:s, s:b}", "cmd", "im", "call", call, "to",
				       m->users[1], "text", m->text, "keep", 1));
	else
		machine_send(commands, m->cell->a,
			     json_pack("{s:s, s:s, s:s, s:[s], s:i, s:b}", "cmd", "call", "call",
				       call, "to", m->users[1], "media", "audio", "media_ms",
				       (int)m->media_ms, "keep", 1));
}

void conference_start(cell_machine *m, GPtrArray *commands)
{
	if (m->cell->ad_hoc)
		call_first(m, commands);
	else
		make(m, false, commands);
}

static void join(cell_machine *m, guint end, const char *focus, GPtrArray *commands)
{
	g_autofree char *leg = g_strdup_printf("%s/%s", machine_participant(m, end), m->call);
	g_autofree char *text =
		g_strdup_printf("hello from %s (%s)", machine_participant(m, end), m->cell->id);
	json_t *users = json_array();

	for (guint i = 0; i < m->n_ends; i++)
		json_array_append_new(users, json_string(m->users[i]));
	machine_send(commands, machine_participant(m, end),
		     json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:i, s:b}", "cmd", "join", "call",
			       leg, "focus", focus, "media", conference_media(m), "participants",
			       users, "text", text, "media_ms", (int)m->media_ms, "stand",
			       m->judge != NULL));
}

/* --- ending ----------------------------------------------------------------------------------- */

/* "home1@contoso.com", "sip:home1@contoso.com" and "home1" are the same participant. */
static bool same_user(const char *heard, const char *user, const char *node)
{
	if (g_str_has_prefix(heard, "sip:"))
		heard += strlen("sip:");
	return g_ascii_strcasecmp(heard, user) == 0 || g_str_equal(heard, node);
}

static bool end_heard(const cell_machine *m, guint end, guint other)
{
	const json_t *heard = json_object_get(m->ends[end].event, "heard");

	for (size_t i = 0; i < json_array_size(heard); i++) {
		const char *name = json_string_value(json_array_get(heard, i));

		if (name && same_user(name, m->users[other], machine_participant(m, other)))
			return true;
	}
	return false;
}

static bool heard_everyone(const cell_machine *m, guint end, GString *why)
{
	bool all = true;

	for (guint other = 0; other < m->n_ends; other++) {
		bool heard = other == end || end_heard(m, end, other);

		if (heard && (m->judge ||
			      !end_source_lossy(&m->ends[end], m->users[other], m->max_loss_pct)))
			continue;
		if (heard)
			m->cell->code = REASON_MEDIA_LOST;
		machine_blame(why, machine_participant(m, end), "%s %s",
			      heard ? "lost packets of" : "did not hear",
			      machine_participant(m, other));
		all = false;
	}
	return all;
}

static void keep_sources(const cell_machine *m, guint end, struct cell_leg *l)
{
	for (guint other = 0; other < m->n_ends; other++) {
		guint64 received, expected;

		if (other != end &&
		    end_report_source(&m->ends[end], m->users[other], &received, &expected))
			cell_leg_add_source(l, machine_participant(m, other), received, expected);
	}
}

static void keep_legs(cell_machine *m)
{
	for (guint i = 0; i < m->n_ends; i++) {
		const struct end_report *e = &m->ends[i];
		struct cell_leg *l = cell_leg_new(machine_participant(m, i));

		l->setup_ms = e->setup_ms;
		if (e->n_streams > 0) {
			l->path = path_of_leg(&e->streams[0]);
			l->quality = e->streams[0].quality;
		}
		keep_sources(m, i, l);
		g_ptr_array_add(m->cell->legs, l);
	}
}

static void conclude(cell_machine *m, gint64 now_us)
{
	g_autoptr(GString) why = g_string_new(NULL);
	enum verdict verdict = machine_ends_verdict(m, why);

	machine_keep_figures(m);
	keep_legs(m);
	for (guint i = 0; i < m->n_ends && verdict == VERDICT_PASS; i++) {
		if (!heard_everyone(m, i, why) || !machine_streams_good(m, i, why))
			verdict = VERDICT_FAIL;
	}
	if (verdict == VERDICT_PASS)
		verdict = machine_judge_verdict(m, why);
	if (verdict == VERDICT_PASS && m->first[1].event && m->first[1].verdict != VERDICT_PASS) {
		verdict = m->first[1].verdict;
		machine_blame(why, machine_participant(m, 1), "the call before the conference: %s",
			      m->first[1].reason ? m->first[1].reason : "no reason given");
	}
	if (verdict == VERDICT_PASS) {
		m->cell->path = PATH_MCU;
		machine_keep_selected(m);
	}
	machine_finish(m, verdict, why->str, now_us);
}

static void hang_up_first(cell_machine *m, GPtrArray *commands)
{
	g_autofree char *call = first_call(m);

	m->hung_up = true;
	machine_send(commands, m->cell->a, json_pack("{s:s, s:s}", "cmd", "hang-up", "call", call));
}

/* --- events ----------------------------------------------------------------------------------- */

static void first_failed(cell_machine *m, json_t *event, gint64 now_us)
{
	g_autoptr(GString) why = g_string_new(NULL);
	const struct end_report *a = &m->first[0];

	machine_blame(why, machine_participant(m, 0), "the call before the conference: %s%s%s",
		      a->stage ? a->stage : "", a->stage ? ", " : "",
		      a->reason ? a->reason : "no reason given");
	end_report_read(&m->ends[0], event);
	m->cell->code = a->code;
	machine_keep_figures(m);
	machine_finish(m, a->verdict, why->str, now_us);
}

void conference_on_first(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands)
{
	if (!m->cell->ad_hoc || end > 1 || m->first[end].event)
		return;
	end_report_read(&m->first[end], event);
	if (end == 0 && m->first[0].verdict != VERDICT_PASS)
		first_failed(m, event, now_us);
	else if (end == 0)
		make(m, true, commands);
	else if (m->hung_up)
		conclude(m, now_us);
}

void conference_on_ready(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands)
{
	const char *focus = member_text(event, "focus");

	if (end != 0 || m->cell->b || m->joined)
		return;
	if (!focus) {
		machine_finish(m, VERDICT_ERROR, "the conference has no focus", now_us);
		return;
	}
	m->joined = true;
	for (guint i = 0; i < (m->cell->ad_hoc ? 1 : m->n_ends); i++)
		join(m, i, focus, commands);
}

void conference_on_invited(cell_machine *m, guint end, json_t *event, gint64 now_us,
			   GPtrArray *commands)
{
	const char *focus = member_text(event, "focus");

	(void)now_us;
	if (m->cell->ad_hoc && end > 0 && focus)
		join(m, end, focus, commands);
}

void conference_on_result(cell_machine *m, guint end, json_t *event, gint64 now_us,
			  GPtrArray *commands)
{
	bool all = true;

	if (m->cell->b)
		return;
	end_report_read(&m->ends[end], event);
	machine_judge_result(m, end, event, commands);
	for (guint i = 0; i < m->n_ends; i++)
		all = all && m->ends[i].event;
	if (!all && m->joined)
		return;
	if (m->cell->ad_hoc)
		hang_up_first(m, commands);
	/* The other end of the first call, if it was one of media, has still to say how it went. */
	if (!all || !m->cell->ad_hoc || m->cell->media == MEDIA_IM_CONFERENCE || m->first[1].event)
		conclude(m, now_us);
}
