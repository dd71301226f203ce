/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/session/endreport.h"

#include <math.h>
#include <stdlib.h>

static void read_candidate(struct end_candidate *c, const json_t *json)
{
	c->type = member_text(json, "type");
	c->address = member_text(json, "address");
	c->port = (unsigned)member_count(json, "port");
	c->transport = member_text(json, "transport");
	c->relay_transport = member_text(json, "relay_transport");
}

/* ["loss", "jitter"] as "loss, jitter"; NULL when there is none. */
static char *read_poor(const json_t *list)
{
	GString *words = g_string_new(NULL);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (word)
			g_string_append_printf(words, "%s%s", words->len > 0 ? ", " : "", word);
	}
	return g_string_free(words, words->len == 0);
}

static void read_stream(struct end_stream *s, const json_t *json)
{
	const json_t *q = json_object_get(json, "quality");

	s->kind = member_text(json, "kind");
	read_candidate(&s->local, json_object_get(json, "local"));
	read_candidate(&s->remote, json_object_get(json, "remote"));
	s->quality = (struct cell_quality){
		.rtt_ms = member_figure(q, "rtt_ms"),
		.jitter_ms = member_figure(q, "jitter_ms"),
		.loss_pct = member_figure(q, "loss_pct"),
		.mos = member_figure(q, "mos"),
		.sent = member_count(q, "sent"),
		.received = member_count(q, "received"),
		.delay_ms = member_figure(q, "delay_ms"),
		.delay_max_ms = member_figure(q, "delay_max_ms"),
		.degradation = member_figure(q, "degradation"),
		.burst_max = member_count(q, "burst_max"),
	};
	s->poor = read_poor(json_object_get(q, "poor"));
	s->quality.poor = s->poor != NULL;
	s->expected = member_count(q, "expected");
}

static enum verdict read_verdict(const char *name)
{
	for (enum verdict v = 0; name && v < VERDICT_COUNT; v++) {
		if (g_str_equal(name, verdict_name(v)))
			return v;
	}
	return VERDICT_ERROR;
}

void end_report_read(struct end_report *r, json_t *event)
{
	const json_t *streams = json_object_get(event, "streams");
	const json_t *diagnostics = json_object_get(event, "diagnostics");
	const char *warn = member_text(diagnostics, "ice_warn");

	end_report_clear(r);
	r->event = json_incref(event);
	r->verdict = read_verdict(member_text(event, "verdict"));
	r->code = reason_by_code(member_text(event, "code"));
	r->reason = member_text(event, "reason");
	r->stage = member_text(event, "stage");
	r->sip_status = (int)member_count(event, "sip_status");
	r->setup_ms = member_figure(event, "setup_ms");
	for (size_t i = 0; i < json_array_size(streams) && r->n_streams < END_STREAMS_MAX; i++)
		read_stream(&r->streams[r->n_streams++], json_array_get(streams, i));
	r->ms_client_diagnostics = (int)member_count(diagnostics, "ms_client_diagnostics");
	r->has_ice_warn = warn != NULL;
	r->ice_warn = warn ? (guint32)strtoul(warn, NULL, 0) : 0;
}

void end_report_clear(struct end_report *r)
{
	for (guint i = 0; i < r->n_streams; i++)
		g_free(r->streams[i].poor);
	json_decref(r->event);
	*r = (struct end_report){.setup_ms = (double)NAN};
}

const struct end_stream *end_report_stream(const struct end_report *r, const char *kind)
{
	for (guint i = 0; i < r->n_streams; i++) {
		if (g_strcmp0(r->streams[i].kind, kind) == 0)
			return &r->streams[i];
	}
	return NULL;
}

static bool lossy(guint64 received, guint64 expected, double max_loss_pct)
{
	double allowed = fmax(1.0, (double)expected * max_loss_pct / 100.0);

	return expected > received && (double)(expected - received) > allowed;
}

bool end_stream_lossy(const struct end_stream *s, double max_loss_pct)
{
	if (s->quality.received == 0)
		return true;
	if (s->expected == 0)
		return s->quality.loss_pct > max_loss_pct;
	return lossy(s->quality.received, s->expected, max_loss_pct);
}

bool end_report_source(const struct end_report *r, const char *participant, guint64 *ret_received,
		       guint64 *ret_expected)
{
	const json_t *source = json_object_get(json_object_get(r->event, "sources"), participant);

	*ret_received = member_count(source, "received");
	*ret_expected = member_count(source, "expected");
	return source != NULL;
}

bool end_source_lossy(const struct end_report *r, const char *participant, double max_loss_pct)
{
	guint64 received, expected;

	return end_report_source(r, participant, &received, &expected) &&
	       lossy(received, expected, max_loss_pct);
}
