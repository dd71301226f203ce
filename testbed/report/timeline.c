/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/report/timeline.h"

#include "common/wire/event.h"
#include "testbed/report/hops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHO_COLUMNS 9

/* One report_timeline at work. */
struct timeline {
	const struct report_style *style;
	GString *out;
	gint64 zero_us; /* from which times count: the INVITE, else the first event */
	bool verbose;
};

static const struct object_shape timeline_event_shape =
	OBJECT_SHAPE(timeline_event, NULL, OWNS_TEXT(timeline_event, agent),
		     OWNS(timeline_event, event, json_decref));

struct timeline_event *timeline_event_new(const char *agent, json_t *event)
{
	struct timeline_event *e = object_new(&timeline_event_shape);

	e->agent = g_strdup(agent);
	e->event = json_incref(event);
	return e;
}

/* A member's text, borrowed; "?" when it is missing. */
static const char *event_text(const json_t *object, const char *key)
{
	const char *s = member_text(object, key);

	return s ? s : "?";
}

/* The members "address" and "port" as "ADDRESS:PORT"; the caller frees it. */
static char *socket_text(const json_t *object)
{
	return addr_port_text(event_text(object, "address"),
			      (unsigned)member_integer(object, "port"));
}

/* A candidate as "relay 203.0.113.20:50012 udp, reached over tcp"; "nothing" when there is none.
 * The caller frees it. */
static char *candidate_text(const json_t *c)
{
	const char *relay = member_text(c, "relay_transport");

	g_autofree char *at = socket_text(c);

	if (!json_is_object(c))
		return g_strdup("nothing");
	return g_strdup_printf("%s %s %s%s%s", event_text(c, "type"), at,
			       event_text(c, "transport"), relay ? ", reached over " : "",
			       relay ? relay : "");
}

/* Appends a DNS query with its answers. */
static void put_dns(const struct timeline *t, const json_t *e)
{
	const json_t *answer = json_object_get(e, "answer");
	const char *error = member_text(e, "error");

	g_string_append_printf(t->out, "asks for %s %s:", event_text(e, "type"),
			       event_text(e, "query"));
	for (size_t i = 0; i < json_array_size(answer); i++) {
		const char *one = json_string_value(json_array_get(answer, i));

		g_string_append_printf(t->out, " %s", one ? one : "?");
	}
	if (json_array_size(answer) == 0)
		g_string_append_printf(t->out, " %s", error ? error : "no answer");
}

/* Appends a request to the web service, and what came of it. */
static void put_web(const struct timeline *t, const json_t *e)
{
	const json_t *server = json_object_get(e, "server"),
		     *sip = json_object_get(e, "sip_server");
	const char *location = member_text(e, "access_location"), *next = member_text(e, "next");
	const char *reason = member_text(e, "reason");

	g_string_append_printf(t->out, "asks https://%s%s at %s: %s", event_text(server, "name"),
			       event_text(e, "path"), event_text(server, "address"),
			       reason	? reason :
			       location ? location :
					  "no location");
	if (next)
		g_string_append_printf(t->out, ", goes on at %s", next);
	if (json_is_object(sip))
		g_string_append_printf(t->out, ", its server is %s port %d",
				       event_text(sip, "name"), (int)member_integer(sip, "port"));
}

/* Appends where an endpoint has signed in, how it found that server, and its relay. */
static void put_signed_in(const struct timeline *t, const json_t *e)
{
	const json_t *server = json_object_get(e, "server");
	const json_t *relay = json_object_get(e, "relay");
	g_autofree char *at = socket_text(server);

	g_string_append_printf(t->out, "signed in at %s (%s)%s\n%*sfound by %s",
			       event_text(server, "name"), at,
			       member_true(e, "remote_user") ? " as RemoteUser" : "",
			       10 + WHO_COLUMNS, "", event_text(server, "found_by"));
	if (json_is_object(relay))
		g_string_append_printf(t->out, "; its relay is %s (%s)", event_text(relay, "host"),
				       event_text(relay, "address"));
	else
		g_string_append(t->out, "; it has no relay");
}

static void put_sign_in_failed(const struct timeline *t, const json_t *e)
{
	g_string_append_printf(t->out, "could not sign in (%s): %s", event_text(e, "stage"),
			       event_text(e, "reason"));
}

static void put_incoming(const struct timeline *t, const json_t *e)
{
	g_string_append_printf(t->out, "is called by %s", event_text(e, "from"));
}

static void put_im_received(const struct timeline *t, const json_t *e)
{
	g_string_append_printf(t->out, "reads \"%s\" from %s", event_text(e, "text"),
			       event_text(e, "from"));
}

static void put_candidate(const struct timeline *t, const json_t *e)
{
	g_autofree char *candidate = candidate_text(e);

	g_string_append_printf(t->out, "%s %s candidate: %s", event_text(e, "side"),
			       event_text(e, "stream"), candidate);
}

static void put_ice_state(const struct timeline *t, const json_t *e)
{
	g_string_append_printf(t->out, "ICE of %s: %s", event_text(e, "stream"),
			       event_text(e, "state"));
}

static void put_selected(const struct timeline *t, const json_t *e)
{
	g_autofree char *local = candidate_text(json_object_get(e, "local"));
	g_autofree char *remote = candidate_text(json_object_get(e, "remote"));

	g_string_append_printf(t->out, "selects for %s:\n%*slocal  %s\n%*sremote %s",
			       event_text(e, "stream"), 10 + WHO_COLUMNS, "", local,
			       10 + WHO_COLUMNS, "", remote);
}

/* Appends the verdict that an endpoint reports, with its diagnostics. */
static void put_result(const struct timeline *t, const json_t *e)
{
	const json_t *diagnostics = json_object_get(e, "diagnostics");
	const char *reason = member_text(e, "reason");
	const char *warn = member_text(diagnostics, "ice_warn");

	g_string_append_printf(t->out, "reports %s", event_text(e, "verdict"));
	if (reason)
		g_string_append_printf(t->out, ": %s", reason);
	if (member_integer(diagnostics, "ms_client_diagnostics") > 0)
		g_string_append_printf(t->out, "\n%*sms-client-diagnostics %d", 10 + WHO_COLUMNS,
				       "",
				       (int)member_integer(diagnostics, "ms_client_diagnostics"));
	if (warn)
		g_string_append_printf(t->out, "\n%*sICEWarn %s", 10 + WHO_COLUMNS, "", warn);
}

static void put_died(const struct timeline *t, const json_t *e)
{
	g_string_append_printf(t->out, "died: %s", event_text(e, "how"));
}

/* Whether a candidate is the other end's. */
static bool is_remote(const json_t *e)
{
	return g_str_equal(event_text(e, "side"), "remote");
}

static void put_invite(const struct timeline *t, const json_t *e)
{
	g_string_append_printf(t->out, "sends the INVITE to %s", event_text(e, "peer"));
}

static const struct timeline_row {
	const char *event;
	void (*put)(const struct timeline *t, const json_t *e);
	bool verbose_only;
} timeline_rows[] = {
	{EVENT_DNS, put_dns, true},
	{EVENT_WEB, put_web, true},
	{EVENT_SIGNED_IN, put_signed_in, false},
	{EVENT_SIGN_IN_FAILED, put_sign_in_failed, false},
	{EVENT_SIP, put_invite, false},
	{EVENT_INCOMING_CALL, put_incoming, false},
	{EVENT_IM_RECEIVED, put_im_received, false},
	{EVENT_CANDIDATE, put_candidate, false},
	{EVENT_ICE_STATE, put_ice_state, true},
	{EVENT_SELECTED, put_selected, false},
	{EVENT_CALL_RESULT, put_result, false},
	{EVENT_IM_RESULT, put_result, false},
	{EVENT_CONFERENCE_RESULT, put_result, false},
	{EVENT_AGENT_DIED, put_died, false},
};

/* When an INVITE was sent by this event; 0: it is another one. */
static gint64 invite_us(const json_t *e)
{
	return g_str_equal(event_text(e, "event"), EVENT_SIP) &&
			       g_str_equal(event_text(e, "method"), "INVITE") &&
			       member_true(e, "sent") &&
			       !json_is_integer(json_object_get(e, "status")) ?
		       member_integer(e, "time_us") :
		       0;
}

gint64 timeline_invite_us(const GPtrArray *events)
{
	gint64 first_us = 0;

	ptr_array_foreach(const struct timeline_event, e, events) {
		gint64 at_us = invite_us(e->event);

		if (at_us != 0 && (first_us == 0 || at_us < first_us))
			first_us = at_us;
	}
	return first_us;
}

/* Whether the timeline shows the event, of which `row` is the row. */
static bool is_shown(const struct timeline *t, const struct timeline_row *row, const json_t *e)
{
	if (row->put == put_invite)
		return t->zero_us != 0 && invite_us(e) == t->zero_us;
	return t->verbose || !(row->verbose_only || (row->put == put_candidate && is_remote(e)));
}

/* Appends the event's line; nothing for events that the timeline does not show. */
static void put_event(const struct timeline *t, const struct timeline_event *e)
{
	const char *name = event_text(e->event, "event");
	gint64 since_us = member_integer(e->event, "time_us") - t->zero_us;

	for (guint i = 0; i < G_N_ELEMENTS(timeline_rows); i++) {
		if (!g_str_equal(name, timeline_rows[i].event))
			continue;
		if (!is_shown(t, &timeline_rows[i], e->event))
			return;
		if (t->zero_us != 0)
			g_string_append_printf(t->out, "%7.3f s ",
					       labs(since_us) < 500 ? 0 : (double)since_us / 1e6);
		else
			g_string_append_printf(t->out, "%10s", "");
		ink_append(t->out, t->style, INK_BOLD, e->agent, WHO_COLUMNS);
		if (strlen(e->agent) >= WHO_COLUMNS)
			g_string_append_c(t->out, ' ');
		timeline_rows[i].put(t, e->event);
		g_string_append_c(t->out, '\n');
		return;
	}
}

void report_timeline_event(const struct timeline_event *e, gint64 zero_us, bool verbose,
			   const struct report_style *style, GString *out)
{
	const struct timeline t = {
		.style = style, .out = out, .zero_us = zero_us, .verbose = verbose};

	put_event(&t, e);
}

/* One line for each stream and direction. */
static void put_streams(const struct cell *c, GString *out)
{
	ptr_array_foreach(const struct cell_stream, s, c->streams) {
		const struct cell_quality *q = &s->quality;

		if (q->received == 0)
			continue;
		g_string_append_printf(out, "         %s at %s: one way ", s->kind, s->receiver);
		if (isnan(q->delay_ms))
			g_string_append(out, "not measured");
		else
			g_string_append_printf(out, "%.1f ms (at most %.1f)", q->delay_ms,
					       q->delay_max_ms);
		g_string_append_printf(out, ", jitter %.2f ms, loss %.1f %%", q->jitter_ms,
				       q->loss_pct);
		if (q->burst_max > 1)
			g_string_append_printf(out, " (up to %" G_GUINT64_FORMAT " in a row)",
					       q->burst_max);
		if (!isnan(q->mos))
			g_string_append_printf(out, ", MOS %.2f", q->mos);
		if (s->poor)
			g_string_append_printf(out, ", POOR: %s", s->poor);
		g_string_append_c(out, '\n');
	}
}

/* What was decided about loss, and how surely. */
static void put_loss_tests(const struct cell *c, GString *out)
{
	for (guint i = 0; i < c->loss_tests->len; i++) {
		const struct cell_loss_test *t = c->loss_tests->pdata[i];

		g_string_append_printf(out,
				       "loss     %s at %s: %" G_GUINT64_FORMAT
				       " of %" G_GUINT64_FORMAT " packets lost; %s (limit %g %%",
				       t->of, t->receiver, t->lost, t->packets,
				       t->verdict == VERDICT_PASS ? "within what is allowed" :
				       t->verdict == VERDICT_FAIL ? "more than is allowed" :
								    "undecided",
				       t->limit_pct);
		if (t->verdict != VERDICT_ERROR)
			g_string_append_printf(out, ", wrong once in %.0f", 1 / t->error_rate);
		g_string_append(out, ")\n");
	}
}

/* What is in the figures and not of the network. */
static void put_machine(const struct cell *c, GString *out)
{
	if (c->machine_late_ms > 0)
		g_string_append_printf(out,
				       "         this machine was late by %" G_GUINT64_FORMAT
				       " ms in all meanwhile\n",
				       c->machine_late_ms);
	if (c->machine_lost > 0)
		g_string_append_printf(out,
				       "         this machine lost %" G_GUINT64_FORMAT
				       " packets meanwhile\n",
				       c->machine_lost);
}

/* Appends the figures of the whole call and of its streams; nothing without media. */
static void put_quality(const struct cell *c, GString *out)
{
	const struct cell_quality *q = &c->quality;

	if (q->sent == 0 && q->received == 0)
		return;
	g_string_append_printf(out,
			       "media    %" G_GUINT64_FORMAT " packets sent, %" G_GUINT64_FORMAT
			       " received",
			       q->sent, q->received);
	if (!isnan(q->rtt_ms))
		g_string_append_printf(out, ", rtt %.2f ms", q->rtt_ms);
	if (!isnan(q->jitter_ms))
		g_string_append_printf(out, ", jitter %.2f ms", q->jitter_ms);
	if (!isnan(q->loss_pct))
		g_string_append_printf(out, ", loss %.1f %%", q->loss_pct);
	if (!isnan(q->mos))
		g_string_append_printf(out, ", MOS %.2f", q->mos);
	if (q->poor)
		g_string_append(out, ", a poor call (CQD)");
	g_string_append_c(out, '\n');
	put_machine(c, out);
	put_streams(c, out);
}

/* Appends how the call ended, and what was expected. */
static void put_verdict(const struct cell *c, bool live, const struct report_style *style,
			GString *out)
{
	g_autofree char *expected = report_expectation(c);
	g_autofree char *verdict =
		g_ascii_strup(c->done ? verdict_name(c->verdict) : "not finished", -1);

	put_quality(c, out);
	put_loss_tests(c, out);
	report_hops_text(c, out);
	g_string_append(out, "verdict  ");
	ink_append(out, style, cell_ink(c), verdict, 0);
	if (c->done && c->verdict == VERDICT_PASS)
		g_string_append_printf(out, " over %s", path_class_name(c->path));
	if (!isnan(c->setup_ms))
		g_string_append_printf(out, ", set up in %.0f ms", c->setup_ms);
	g_string_append_printf(out, "\nexpected %s: %s\n", expected,
			       !c->done		      ? "not known yet" :
			       c->as_expected	      ? "as expected" :
			       live && cell_mended(c) ? "mended" :
							"DIFFERS");
	if (c->reason)
		g_string_append_printf(out, "because  %s\n", c->reason);
	if (c->cause)
		g_string_append_printf(out, "cause    %s\n", c->cause);
}

void report_timeline(const struct cell *c, const GPtrArray *events, bool verbose, bool live,
		     const struct report_style *style, GString *out)
{
	struct timeline t = {.style = style, .out = out, .verbose = verbose};

	bool invited;

	t.zero_us = timeline_invite_us(events);
	invited = t.zero_us != 0;
	if (!invited && events->len > 0)
		t.zero_us = member_integer(((struct timeline_event *)events->pdata[0])->event,
					   "time_us");
	g_string_append_printf(out, "%s: %s calls %s, %s%s\n", c->scenario, c->a,
			       c->b ? c->b : c->conference, media_name(c->media),
			       invited ? "; 0 s is the INVITE" : "");
	ink_rule(out, style);
	for (guint i = 0; i < events->len; i++)
		put_event(&t, events->pdata[i]);
	ink_rule(out, style);
	put_verdict(c, live, style, out);
}
