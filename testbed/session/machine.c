/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/machine_internal.h"

#include "testbed/session/path.h"

#include <math.h>
#include <string.h>

void agent_command_free(struct agent_command *c)
{
	if (!c)
		return;
	json_decref(c->command);
	g_free(c->agent);
	g_free(c);
}

char *cell_call_id(const struct cell *cell, const char *run_id)
{
	return cell->measured > 1 ? g_strdup_printf("%s@%s.%u", cell->id, run_id, cell->measured) :
				    g_strdup_printf("%s@%s", cell->id, run_id);
}

guint cell_deadline_ms(const struct cell_rules *rules)
{
	struct loss_test t;

	loss_test_init(&t, rules->max_loss_pct, rules->way.burst_packets);
	return CELL_DEADLINE_MS + rules->media_ms +
	       (rules->way.may_lose ? loss_test_max_ms(&t) : 0);
}

cell_machine *cell_machine_new(struct cell *cell, const char *const *users,
			       const struct cell_rules *rules)
{
	cell_machine *m = g_new0(cell_machine, 1);

	m->cell = cell;
	m->users = g_strdupv((char **)(gpointer)(guintptr)users);
	m->call = cell_call_id(cell, rules->run_id);
	m->text = g_strdup_printf("hello from %s (%s)", cell->a, cell->id);
	m->max_loss_pct = rules->max_loss_pct;
	m->media_ms = rules->media_ms;
	m->stand = rules->stand;
	m->n_ends = cell->participants->len;
	m->ends = g_new0(struct end_report, m->n_ends);
	m->deadline_ms = cell_deadline_ms(rules);
	machine_judge_begin(m, &rules->way);
	return m;
}

void cell_machine_free(cell_machine *m)
{
	if (!m)
		return;
	for (guint i = 0; i < m->n_ends; i++)
		end_report_clear(&m->ends[i]);
	for (guint i = 0; i < G_N_ELEMENTS(m->first); i++)
		end_report_clear(&m->first[i]);
	loss_judge_free(m->judge);
	g_free(m->talking);
	g_free(m->ends);
	g_strfreev(m->users);
	g_free(m->call);
	g_free(m->text);
	g_free(m);
}

bool cell_machine_done(const cell_machine *m)
{
	return m->cell->done;
}

void cell_finish(struct cell *cell, enum verdict verdict, const char *reason)
{
	cell->verdict = verdict;
	g_free(cell->reason);
	cell->reason = verdict == VERDICT_PASS ? NULL : g_strdup(reason);
	if (verdict == VERDICT_PASS)
		cell->code = REASON_NONE;
	else
		cell->path = PATH_NONE;
	cell->done = true;
	cell_judge(cell);
}

void machine_finish(cell_machine *m, enum verdict verdict, const char *reason, gint64 now_us)
{
	m->cell->duration_ms = (double)(now_us - m->started_us) / 1000.0;
	cell_finish(m->cell, verdict, reason);
}

void machine_send(GPtrArray *commands, const char *agent, json_t *command)
{
	struct agent_command *c = g_new0(struct agent_command, 1);

	c->agent = g_strdup(agent);
	c->command = command;
	g_ptr_array_add(commands, c);
}

const char *machine_participant(const cell_machine *m, guint index)
{
	return m->cell->participants->pdata[index];
}

/* --- starting --------------------------------------------------------------------------------- */

static void start_im(cell_machine *m, GPtrArray *commands)
{
	machine_send(commands, m->cell->a,
		     json_pack("{s:s, s:s, s:s, s:s}", "cmd", "im", "call", m->call, "to",
			       m->users[1], "text", m->text));
}

static void start_call(cell_machine *m, GPtrArray *commands)
{
	json_t *media = m->cell->media == MEDIA_VIDEO ? json_pack("[s, s]", "audio", "video") :
							json_pack("[s]", "audio");

	machine_send(commands, m->cell->a,
		     json_pack("{s:s, s:s, s:s, s:o, s:i, s:b}", "cmd", "call", "call", m->call,
			       "to", m->users[1], "media", media, "media_ms", (int)m->media_ms,
			       "stand", m->stand || m->judge));
}

void cell_machine_start(cell_machine *m, gint64 now_us, GPtrArray *commands)
{
	static void (*const start[MEDIA_COUNT])(cell_machine *, GPtrArray *) = {
		[MEDIA_IM] = start_im,
		[MEDIA_AUDIO] = start_call,
		[MEDIA_VIDEO] = start_call,
		[MEDIA_IM_CONFERENCE] = conference_start,
		[MEDIA_AV_CONFERENCE] = conference_start,
	};

	m->started_us = now_us;
	start[m->cell->media](m, commands);
}

/* --- what the ends' reports come to ----------------------------------------------------------- */

/* The worse of two figures; NAN is no figure. */
static double worse_high(double x, double y)
{
	return isnan(x) ? y : isnan(y) ? x : fmax(x, y);
}

static double worse_low(double x, double y)
{
	return isnan(x) ? y : isnan(y) ? x : fmin(x, y);
}

static void add_quality(struct cell_quality *sum, const struct cell_quality *one)
{
	sum->rtt_ms = worse_high(sum->rtt_ms, one->rtt_ms);
	sum->jitter_ms = worse_high(sum->jitter_ms, one->jitter_ms);
	sum->loss_pct = worse_high(sum->loss_pct, one->loss_pct);
	sum->mos = worse_low(sum->mos, one->mos);
	sum->delay_ms = worse_high(sum->delay_ms, one->delay_ms);
	sum->delay_max_ms = worse_high(sum->delay_max_ms, one->delay_max_ms);
	sum->degradation = worse_high(sum->degradation, one->degradation);
	sum->burst_max = MAX(sum->burst_max, one->burst_max);
	sum->poor = sum->poor || one->poor;
	sum->sent += one->sent;
	sum->received += one->received;
}

static void keep_candidate(struct cell_candidate *to, const struct end_candidate *from)
{
	to->type = g_strdup(from->type);
	to->address = g_strdup(from->address);
	to->port = from->port;
	to->transport = g_strdup(from->relay_transport ? from->relay_transport : from->transport);
}

/* The pair that is kept is the caller's, of the stream whose path is the cell's. */
void machine_keep_selected(cell_machine *m)
{
	const struct end_report *a = &m->ends[0];

	for (guint i = 0; i < a->n_streams; i++) {
		const struct end_stream *s = &a->streams[i];

		if (m->cell->b &&
		    path_of_stream(s, end_report_stream(&m->ends[1], s->kind)) != m->cell->path)
			continue;
		if (!s->local.type || !s->remote.type)
			continue;
		keep_candidate(&m->cell->local, &s->local);
		keep_candidate(&m->cell->remote, &s->remote);
		return;
	}
}

static void keep_stream(cell_machine *m, guint end, const struct end_stream *s)
{
	struct cell_stream *kept = cell_stream_new(s->kind, machine_participant(m, end));

	kept->quality = s->quality;
	kept->poor = g_strdup(s->poor);
	g_ptr_array_add(m->cell->streams, kept);
}

void machine_keep_figures(cell_machine *m)
{
	struct cell *c = m->cell;

	for (guint i = 0; i < m->n_ends; i++) {
		const struct end_report *e = &m->ends[i];

		c->setup_ms = worse_high(c->setup_ms, e->setup_ms);
		for (guint k = 0; k < e->n_streams; k++) {
			add_quality(&c->quality, &e->streams[k].quality);
			keep_stream(m, i, &e->streams[k]);
		}
		if (c->ms_client_diagnostics == 0)
			c->ms_client_diagnostics = e->ms_client_diagnostics;
		if (!c->has_ice_warn && e->has_ice_warn) {
			c->has_ice_warn = true;
			c->ice_warn = e->ice_warn;
		}
	}
}

bool machine_blame(GString *why, const char *who, const char *format, ...)
{
	va_list args;

	g_string_append_printf(why, "%s%s: ", why->len > 0 ? "; " : "", who);
	va_start(args, format);
	g_string_append_vprintf(why, format, args);
	va_end(args);
	return false;
}

/* Streams that a passing end must have: selected, heard, within the loss that is allowed. */
static bool stream_good(const cell_machine *m, guint end, const char *kind, GString *why)
{
	const struct end_stream *s = end_report_stream(&m->ends[end], kind);

	if (!s || !s->local.type || !s->remote.type)
		return machine_blame(why, machine_participant(m, end), "no pair selected for %s",
				     kind);
	if (s->quality.received == 0)
		return machine_blame(why, machine_participant(m, end), "no authentic %s arrived",
				     kind);
	if (!m->judge && end_stream_lossy(s, m->max_loss_pct)) {
		m->cell->code = REASON_MEDIA_LOST;
		return machine_blame(why, machine_participant(m, end),
				     "%s lost %.1f %% (%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
				     " arrived)",
				     kind, s->quality.loss_pct, s->quality.received, s->expected);
	}
	return true;
}

bool machine_streams_good(const cell_machine *m, guint end, GString *why)
{
	bool good = true;

	if (m->cell->media == MEDIA_IM_CONFERENCE)
		return true;
	good = stream_good(m, end, "audio", why) && good;
	if (m->cell->media == MEDIA_VIDEO)
		good = stream_good(m, end, "video", why) && good;
	return good;
}

/* The worst verdict of the ends that have reported, with every failing end's own words. */
enum verdict machine_ends_verdict(const cell_machine *m, GString *why)
{
	enum verdict worst = VERDICT_PASS;

	for (guint i = 0; i < m->n_ends; i++) {
		const struct end_report *e = &m->ends[i];

		if (!e->event || e->verdict == VERDICT_PASS)
			continue;
		if (worst == VERDICT_PASS)
			m->cell->code = e->code;
		if (e->verdict == VERDICT_ERROR || worst == VERDICT_PASS)
			worst = e->verdict;
		machine_blame(why, machine_participant(m, i), "%s%s%s", e->stage ? e->stage : "",
			      e->stage ? ", " : "", e->reason ? e->reason : "no reason given");
		if (e->sip_status > 0)
			g_string_append_printf(why, " (SIP %d)", e->sip_status);
	}
	return worst;
}

static void conclude_call(cell_machine *m, gint64 now_us)
{
	g_autoptr(GString) why = g_string_new(NULL);
	enum verdict verdict = machine_ends_verdict(m, why);

	machine_keep_figures(m);
	if (verdict == VERDICT_PASS) {
		for (guint i = 0; i < m->n_ends; i++) {
			if (!machine_streams_good(m, i, why))
				verdict = VERDICT_FAIL;
		}
	}
	if (verdict == VERDICT_PASS)
		verdict = machine_judge_verdict(m, why);
	if (verdict == VERDICT_PASS) {
		m->cell->path = path_of_call(&m->ends[0], &m->ends[1]);
		machine_keep_selected(m);
	}
	machine_finish(m, verdict, why->str, now_us);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_im_received(cell_machine *m, guint end, json_t *event, gint64 now_us,
			   GPtrArray *commands)
{
	const char *text = member_text(event, "text");
	g_autoptr(GString) why = g_string_new(NULL);

	(void)commands;
	if (end != 1 || m->cell->media != MEDIA_IM)
		return;
	if (g_strcmp0(text, m->text) != 0) {
		machine_blame(why, m->cell->b, "another text arrived: '%s'", text ? text : "");
		machine_finish(m, VERDICT_FAIL, why->str, now_us);
		return;
	}
	m->received = true;
	if (m->ends[0].event) {
		m->cell->path = PATH_SIGNALLING;
		machine_finish(m, VERDICT_PASS, NULL, now_us);
	}
}

static void on_im_result(cell_machine *m, guint end, json_t *event, gint64 now_us,
			 GPtrArray *commands)
{
	g_autoptr(GString) why = g_string_new(NULL);
	enum verdict verdict;

	if (!m->cell->b) {
		conference_on_first(m, end, event, now_us, commands);
		return;
	}
	if (end != 0 || m->cell->media != MEDIA_IM)
		return;
	end_report_read(&m->ends[0], event);
	machine_keep_figures(m);
	verdict = machine_ends_verdict(m, why);
	if (verdict == VERDICT_PASS && !m->received)
		return;
	if (verdict == VERDICT_PASS)
		m->cell->path = PATH_SIGNALLING;
	machine_finish(m, verdict, why->str, now_us);
}

static void on_incoming_call(cell_machine *m, guint end, json_t *event, gint64 now_us,
			     GPtrArray *commands)
{
	(void)event;
	(void)now_us;
	(void)commands;
	if (end == 1)
		m->incoming = true;
}

static void on_talking(cell_machine *m, guint end, json_t *event, gint64 now_us,
		       GPtrArray *commands)
{
	(void)event;
	if (end == 0 && m->stand)
		m->stands = true;
	machine_judge_talking(m, end, now_us, commands);
}

bool cell_machine_stands(const cell_machine *m)
{
	return m->stands && !m->cell->done;
}

void cell_machine_hang_up(cell_machine *m, GPtrArray *commands)
{
	m->stands = false;
	m->enough = true;
	machine_send(commands, m->cell->a,
		     json_pack("{s:s, s:s}", "cmd", "hang-up", "call", m->call));
}

/* A call that SIP refused before the callee saw it has one end only. */
static bool refused_unseen(const cell_machine *m)
{
	const struct end_report *a = &m->ends[0];

	return a->event && a->verdict != VERDICT_PASS && !m->incoming &&
	       (g_strcmp0(a->stage, STAGE_SIP) == 0 || !a->stage);
}

static void on_call_result(cell_machine *m, guint end, json_t *event, gint64 now_us,
			   GPtrArray *commands)
{
	if (!m->cell->b) {
		conference_on_first(m, end, event, now_us, commands);
		return;
	}
	end_report_read(&m->ends[end], event);
	machine_judge_result(m, end, event, commands);
	if ((m->ends[0].event && m->ends[1].event) || refused_unseen(m))
		conclude_call(m, now_us);
}

static void on_failed_late(cell_machine *m, guint end, json_t *event, gint64 now_us,
			   GPtrArray *commands)
{
	g_autoptr(GString) why = g_string_new(NULL);
	const char *reason = member_text(event, "reason");

	(void)commands;
	m->cell->code = reason_by_code(member_text(event, "code"));
	machine_blame(why, machine_participant(m, end), "after its result: %s",
		      reason ? reason : "no reason given");
	machine_keep_figures(m);
	machine_finish(m, VERDICT_FAIL, why->str, now_us);
}

static const struct event_row {
	const char *name;
	void (*handle)(cell_machine *m, guint end, json_t *event, gint64 now_us,
		       GPtrArray *commands);
} event_rows[] = {
	{EVENT_IM_RECEIVED, on_im_received},
	{EVENT_IM_RESULT, on_im_result},
	{EVENT_INCOMING_CALL, on_incoming_call},
	{EVENT_TALKING, on_talking},
	{EVENT_MEDIA, machine_judge_media},
	{EVENT_CALL_RESULT, on_call_result},
	{EVENT_CALL_FAILED_LATE, on_failed_late},
	{EVENT_CONFERENCE_READY, conference_on_ready},
	{EVENT_CONFERENCE_INVITED, conference_on_invited},
	{EVENT_CONFERENCE_RESULT, conference_on_result},
};

void cell_machine_event(cell_machine *m, const char *agent, json_t *event, gint64 now_us,
			GPtrArray *commands)
{
	const char *name = member_text(event, "event");
	guint end;

	if (m->cell->done || !name ||
	    !g_ptr_array_find_with_equal_func(m->cell->participants, agent, g_str_equal, &end))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(event_rows); i++) {
		if (g_str_equal(name, event_rows[i].name)) {
			event_rows[i].handle(m, end, event, now_us, commands);
			return;
		}
	}
}

/* Who has not said what the cell waits for? */
static bool silent(const cell_machine *m, guint end)
{
	if (m->cell->media == MEDIA_IM && end == 1)
		return m->ends[0].event && !m->received;
	if (!m->cell->b && !m->joined)
		return end == 0 || (m->cell->ad_hoc && end == 1 && m->first[0].event);
	return !m->ends[end].event;
}

void cell_machine_expired(cell_machine *m, gint64 now_us)
{
	g_autoptr(GString) why = g_string_new(NULL);
	g_autoptr(GString) said = g_string_new(NULL);

	if (m->cell->done)
		return;
	for (guint i = 0; i < m->n_ends; i++) {
		if (silent(m, i))
			g_string_append_printf(why, "%s%s", why->len > 0 ? ", " : "",
					       machine_participant(m, i));
	}
	g_string_prepend(why, "no answer from ");
	g_string_append_printf(why, " within %d s", (int)m->deadline_ms / 1000);
	machine_ends_verdict(m, said);
	if (said->len > 0)
		g_string_append_printf(why, "; %s", said->str);
	machine_keep_figures(m);
	machine_finish(m, VERDICT_ERROR, why->str, now_us);
}

void cell_machine_abort(cell_machine *m, enum verdict verdict, const char *reason, gint64 now_us)
{
	if (!m->cell->done)
		machine_finish(m, verdict, reason, now_us);
}
