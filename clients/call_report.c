/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "clients/call_internal.h"

#include "common/wire/pack.h"
#include "clients/diagnostics.h"

static const char *const verdict_names[] = {
	[CALL_PASS] = "pass", [CALL_FAIL] = "fail", [CALL_ERROR] = "error"};

json_t *call_candidate_json(const struct ice_candidate *c, bool local)
{
	const char *relay =
		local && c->type == ICE_RELAY ? ice_transport_name(c->relay_transport) : NULL;
	return event_pack("{s:s, s:s, s:s?, s:s, s:i}", "type", ice_candidate_type_name(c->type),
			  "transport", ice_transport_name(c->transport), "relay_transport", relay,
			  "address", c->address, "port", c->port);
}

/* A number with three decimals, as no figure is more precise; null for NAN. */
static json_t *real_or_null(double value)
{

	return isnan(value) ? json_null() : json_real(round(value * 1000) / 1000);
}

static json_t *poor_json(const struct media_profile *profile, const struct media_quality *q)
{
	json_t *why = json_array();
	unsigned bits = media_poor(profile, q);
	for (guint i = 0; media_poor_name(i); i++)
		if (bits & 1u << i)
			json_array_append_new(why, event_text(media_poor_name(i)));
	return why;
}

static void add_details(json_t *json, const struct media_profile *profile,
			const struct media_quality *q)
{
	json_object_set_new(json, "delay_ms", real_or_null(q->delay_ms));
	json_object_set_new(json, "delay_max_ms", real_or_null(q->delay_max_ms));
	json_object_set_new(json, "bursts", json_integer((json_int_t)q->bursts));
	json_object_set_new(json, "burst_max", json_integer((json_int_t)q->burst_max));
	json_object_set_new(json, "reordered", json_integer((json_int_t)q->reordered));
	json_object_set_new(json, "degradation", real_or_null(q->degradation));
	json_object_set_new(json, "poor", poor_json(profile, q));
}

static json_t *quality_json(const struct media_profile *profile, const struct media_quality *q)
{
	json_t *json =
		event_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:I}", "sent",
			   (json_int_t)q->sent, "received", (json_int_t)q->received, "expected",
			   (json_int_t)q->expected, "loss_pct", real_or_null(q->loss_pct),
			   "remote_loss_pct", real_or_null(q->remote_loss_pct), "jitter_ms",
			   real_or_null(q->jitter_ms), "rtt_ms", real_or_null(q->rtt_ms), "mos",
			   real_or_null(q->mos), "auth_failures", (json_int_t)q->auth_failures);
	add_details(json, profile, q);
	return json;
}

/* The figures of a stream; NAN and 0 if it never had a key. */
static void stream_quality(const struct call_stream *s, struct media_quality *ret)
{
	*ret = (struct media_quality){.loss_pct = NAN,
				      .remote_loss_pct = NAN,
				      .jitter_ms = NAN,
				      .rtt_ms = NAN,
				      .mos = NAN,
				      .delay_ms = NAN,
				      .delay_max_ms = NAN,
				      .degradation = NAN};
	if (s->media)
		media_stream_quality(s->media, ret);
}

/* [received, lost, jitter_ms, delay_ms] by time; the caller owns it.  NULL: nothing came. */
static json_t *course_json(const struct call_stream *s)
{
	struct media_interval parts[MEDIA_INTERVALS_MAX];
	gint64 begins_us;
	guint every_ms;
	guint n = s->media ? media_stream_course(s->media, &begins_us, &every_ms, parts) : 0;
	json_t *intervals = n > 0 ? json_array() : NULL;
	for (guint i = 0; i < n; i++)
		json_array_append_new(intervals,
				      event_pack("[I, I, o, o]", (json_int_t)parts[i].received,
						 (json_int_t)parts[i].lost,
						 real_or_null(parts[i].jitter_ms),
						 real_or_null(parts[i].delay_ms)));
	return n > 0 ? event_pack("{s:I, s:i, s:o}", "begins_us", (json_int_t)begins_us, "every_ms",
				  (int)every_ms, "intervals", intervals) :
		       NULL;
}

/* A stream as the result event has it, with the pair that is selected now. */
static json_t *stream_json(struct call *c, struct call_stream *s, const struct media_quality *q)
{
	/* ICE may have selected a better pair since. */
	s->has_pair = ice_selected_pair(c->ice, s->index, &s->local, &s->remote);
	return event_pack("{s:s, s:s, s:o, s:o, s:o, s:o*}", "kind", s->profile->kind, "state",
			  ice_state_name(ice_stream_state(c->ice, s->index)), "local",
			  s->has_pair ? call_candidate_json(&s->local, true) : json_null(),
			  "remote",
			  s->has_pair ? call_candidate_json(&s->remote, false) : json_null(),
			  "quality", quality_json(s->profile, q), "course", course_json(s));
}

void call_diagnose(struct call *c)
{
	struct ice_report r = {0};
	const struct call_stream *s = &c->streams[0];
	bool remote_user = account_remote_user(c->base.core->account);
	if (!c->ice)
		return;
	ice_get_report(c->ice, &r);
	c->warn = ice_warn(&r, true);
	c->diagnostics_id = diagnostics_id(remote_user, c->peer_remote_user);
	if (c->diagnostics_text)
		return;
	c->diagnostics_text =
		diagnostics_header(&(struct diagnostics){.caller = c->machine.caller,
							 .kind = s->profile->kind,
							 .warn = c->warn,
							 .local_remote_user = remote_user,
							 .peer_remote_user = c->peer_remote_user,
							 .local_site = s->local_host,
							 .local_relay = s->local_relay,
							 .remote_site = s->remote_host,
							 .remote_relay = s->remote_relay});
}

static json_t *diagnostics_json(const struct call *c)
{
	g_autofree char *warn = c->diagnostics_id ? g_strdup_printf("0x%x", c->warn) : NULL;
	return event_pack("{s:o, s:s?, s:s?}", "ms_client_diagnostics",
			  c->diagnostics_id ? json_integer(c->diagnostics_id) : json_null(),
			  "ice_warn", warn, "header", c->diagnostics_text);
}

static json_t *setup_json(const struct call *c)
{
	return c->first_media_us ? json_integer((c->first_media_us - c->invite_us) / 1000) :
				   json_null();
}

void call_report(struct call *c)
{
	struct media_quality quality[CALL_STREAMS_MAX];
	guint64 received[CALL_STREAMS_MAX] = {0};
	json_t *streams = json_array();
	for (guint i = 0; i < c->n_streams; i++) {
		stream_quality(&c->streams[i], &quality[i]);
		received[i] = quality[i].received;
		if (c->ice)
			json_array_append_new(streams, stream_json(c, &c->streams[i], &quality[i]));
	}
	call_machine_judge_media(&c->machine, received);
	const struct call_machine *m = &c->machine;
	json_t *result =
		event_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o}", "call",
			   c->base.dialog.call_id, "role", m->caller ? "caller" : "callee", "peer",
			   c->peer, "verdict", verdict_names[m->verdict], "stage", m->stage,
			   "sip_status", c->sip_status ? json_integer(c->sip_status) : json_null(),
			   "setup_ms", setup_json(c), "streams", streams, "diagnostics",
			   diagnostics_json(c));
	reason_set(result, c->code ? c->code : m->reason, c->reason);
	if (c->members) {
		json_object_set_new(result, "heard", participants_heard_json(c->members));
		json_object_set_new(result, "sources", participants_sources_json(c->members));
	}
	channel_event(c->base.core->channel,
		      c->members ? EVENT_CONFERENCE_RESULT : EVENT_CALL_RESULT, result);
}

static json_t *heard_json(const struct call_stream *s)
{
	struct media_heard h[CALL_SOURCES_MAX];
	guint n = s->media ? media_stream_settled(s->media, h, G_N_ELEMENTS(h)) : 0;
	guint64 received = 0, expected = 0;
	for (guint i = 0; i < n; i++) {
		received += h[i].received;
		expected += h[i].expected;
	}
	return event_pack("{s:s, s:I, s:I}", "kind", s->profile->kind, "received",
			  (json_int_t)received, "expected", (json_int_t)expected);
}

static json_t *sources_json(const struct call *c)
{
	struct media_heard h[CALL_SOURCES_MAX];
	guint n = c->streams[0].media ?
			  media_stream_settled(c->streams[0].media, h, G_N_ELEMENTS(h)) :
			  0;
	return participants_counts_json(c->members, h, n);
}

void call_report_media(struct call *c)
{
	json_t *streams = json_array();
	for (guint i = 0; i < c->n_streams; i++)
		json_array_append_new(streams, heard_json(&c->streams[i]));
	channel_event(c->base.core->channel, EVENT_MEDIA,
		      event_pack("{s:s, s:o, s:o*}", "call", c->base.dialog.call_id, "streams",
				 streams, "sources", c->members ? sources_json(c) : NULL));
}
