/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/call.h"

#include <string.h>

#include "clients/call_internal.h"
#include "clients/diagnostics.h"
#include "common/sip_failure.h"
#include "common/wire/pack.h"

/* Late media that arrives within this time after its end is not lost. */
#define DRAIN_MS 400
/* A callee ends at its deadline only when no packet came for this long. */
#define SILENCE_US (5 * G_USEC_PER_SEC)

void call_input(struct call *c, enum call_input what)
{
	call_do(c, call_machine_input(&c->machine, what));
}

static void call_destroy(struct client_session *s)
{
	struct call *c = (struct call *)s;
	call_media_close(c);
	participants_free(c->members);
	g_clear_pointer(&c->invite, sip_msg_unref);
	g_clear_pointer(&c->reinvite, sip_msg_unref);
	object_free(c->offer);
	g_free(c->peer);
	g_free(c->reason);
	g_free(c->diagnostics_text);
	g_free(c);
}

void call_add_description(struct call *c, sip_msg *m, bool final)
{
	session_add_supported(m);
	g_autofree char *body = call_media_describe(c, final);
	sip_set_body(m, "application/sdp", body, -1);
	session_add_location(&c->base, m);
}

/* --- actions of the machine ------------------------------------------------------------------- */

/* Stops media and sends BYE; `diagnostics`: with ms-client-diagnostics. */
static void send_bye(struct call *c, bool diagnostics)
{
	call_media_bye(c);
	sip_msg *bye = dialog_request(&c->base.dialog, "BYE");
	if (diagnostics && c->diagnostics_text)
		sip_add_header(bye, "ms-client-diagnostics", c->diagnostics_text);
	session_send_bye(&c->base, bye, CALL_BYE_MS);
}

static void on_reinvite_response(struct client_session *s, sip_msg *response, const GError *error)
{
	struct call *c = (struct call *)s;
	if (c->machine.phase == CALL_ENDED || (response && sip_status(response) < 200))
		return;
	if (response && sip_status(response) < 300) {
		dialog_refresh_target(&s->dialog, response);
		call_input(c, CALL_IN_CONFIRMED);
		return;
	}
	struct sip_failure why = sip_failure_of(response, error);
	c->code = why.code;
	c->reason = response ? g_strdup_printf("final candidates: %d %s", why.status, why.words) :
			       g_strdup_printf("final candidates: %s", why.words);
	call_input(c, CALL_IN_NOT_CONFIRMED);
}

static void send_reinvite(struct call *c)
{
	sip_msg *m = dialog_request(&c->base.dialog, "INVITE");
	call_add_description(c, m, true);
	session_request(&c->base, m, CALL_ANSWER_MS, on_reinvite_response);
}

static void accept_reinvite(struct call *c)
{
	g_autoptr(sip_msg) request = g_steal_pointer(&c->reinvite);
	sip_msg *ok = dialog_response(&c->base.dialog, request, 200, "OK");
	call_add_description(c, ok, true);
	session_send(&c->base, ok);
}

/* Sends the result event, unless that has been done. */
static void report_once(struct call *c)
{
	if (!c->reported)
		call_report(c);
	c->reported = true;
}

/* Reports; a call in which nothing was heard is ended. */
static void report_and_stay(struct call *c)
{
	report_once(c);
	if (c->machine.phase == CALL_ENDED) /* nothing was heard */
		call_do(c, CALL_DO_BYE | CALL_DO_END);
}

/* Whether packets that were sent have not come yet, or none at all: calls func with the call after
 * DRAIN_MS then, once. */
static bool drain_media(struct call *c, GSourceFunc func)
{
	bool missing = false;
	for (guint i = 0; i < c->n_streams && !c->drained; i++) {
		struct media_quality q = {0};
		if (c->streams[i].media)
			media_stream_quality(c->streams[i].media, &q);
		missing |= q.received == 0 || q.expected > q.received;
	}
	if (!missing)
		return false;
	c->drained = true;
	g_clear_handle_id(&c->clock, g_source_remove);
	c->clock = g_timeout_add(DRAIN_MS, func, c);
	return true;
}

/* Media has run for its time: ends the call, or reports and stays, or waits for participants that
 * were not heard. */
static gboolean on_media_done(gpointer data)
{
	struct call *c = data;
	c->clock = 0;
	if (!c->members && drain_media(c, on_media_done))
		return G_SOURCE_REMOVE;
	c->time_up = true;
	if (c->members)
		call_check_heard(c);
	else if (c->keep)
		report_and_stay(c);
	else
		call_input(c, CALL_IN_MEDIA_DONE);
	return G_SOURCE_REMOVE;
}

static gboolean on_conference_over(gpointer data)
{
	struct call *c = data;
	c->clock = 0;
	if (!drain_media(c, on_conference_over))
		call_input(c, CALL_IN_MEDIA_DONE);
	return G_SOURCE_REMOVE;
}

static void tell_talking(struct call *c)
{
	if (!c->talking)
		channel_event(c->base.core->channel, EVENT_TALKING,
			      event_pack("{s:s}", "call", c->base.dialog.call_id));
	c->talking = true;
	g_clear_handle_id(&c->deadline, g_source_remove);
}

/* Everybody may have been heard: reports that the call stands, or sets the last timer of a
 * conference, for another media_ms, because the last one heard may not have heard us yet. */
void call_check_heard(struct call *c)
{
	if (!participants_all_heard(c->members))
		return;
	if (c->stand && c->machine.phase == CALL_TALKING)
		tell_talking(c);
	else if (c->time_up && !c->clock)
		c->clock = g_timeout_add(c->media_ms, on_conference_over, c);
}

/* How long media must still run.  It has run since the first pair connected, some seconds before
 * ICE has the final one.  That time counts, but at least a third of media_ms must use the final
 * pair. */
static guint media_left_ms(const struct call *c)
{
	gint64 past_ms =
		c->first_media_us ? (g_get_monotonic_time() - c->first_media_us) / 1000 : 0;

	return (guint)MAX((gint64)c->media_ms - past_ms, (gint64)c->media_ms / 3);
}

/* Media uses the final pairs: the caller starts the time that it must run.  The callee waits, as
 * the caller decides when the call ends. */
static void start_clock(struct call *c)
{
	call_media_resume(c);

	if (!c->machine.caller)
		return;
	if (!c->members)
		g_clear_handle_id(&c->deadline, g_source_remove);
	if (c->members && c->stand)
		call_check_heard(c);
	else if (c->stand)
		tell_talking(c);
	else
		c->clock = g_timeout_add(media_left_ms(c), on_media_done, c);
}

/* Reports, and frees the media.  Without a BYE under way the session is closed; else it stays in
 * the table until its BYE is answered. */
static void call_finish(struct call *c, bool bye_sent)
{
	g_clear_handle_id(&c->deadline, g_source_remove);
	g_clear_handle_id(&c->clock, g_source_remove);
	g_clear_handle_id(&c->start, g_source_remove);
	g_clear_handle_id(&c->watch, g_source_remove);
	if (c->reported && c->machine.verdict != CALL_PASS)
		channel_event(c->base.core->channel, EVENT_CALL_FAILED_LATE,
			      reason_set(event_pack("{s:s}", "call", c->base.dialog.call_id),
					 c->machine.reason, NULL));
	report_once(c);
	call_media_close(c);
	if (!bye_sent)
		session_close(&c->base);
}

void call_do(struct call *c, guint actions)
{
	if (actions & CALL_DO_ACK)
		session_ack(&c->base);
	if (actions & CALL_DO_TRICKLE)
		call_media_start_trickle(c);
	if (actions & CALL_DO_REINVITE)
		send_reinvite(c);
	if (actions & CALL_DO_ACCEPT_REINVITE)
		accept_reinvite(c);
	if (actions & CALL_DO_START_CLOCK)
		start_clock(c);
	if (actions & CALL_DO_DIAGNOSTICS)
		call_diagnose(c);
	if (actions & CALL_DO_BYE)
		send_bye(c, actions & CALL_DO_DIAGNOSTICS);
	if (actions & CALL_DO_END)
		call_finish(c, actions & CALL_DO_BYE);
}

/* Ends the call, except a callee's that still receives media: that waits on. */
static gboolean on_call_deadline(gpointer data)
{
	struct call *c = data;
	c->deadline = 0;
	bool alive = !c->machine.caller && g_get_monotonic_time() - c->last_media_us < SILENCE_US;
	if (alive && c->machine.phase == CALL_TALKING) {
		c->deadline = g_timeout_add(CALL_SETUP_MS, on_call_deadline, c);
		return G_SOURCE_REMOVE;
	}
	if (c->members && c->machine.phase == CALL_TALKING) {
		c->code = REASON_NOT_HEARD;
		c->reason = participants_missing(c->members);
	}
	call_input(c, CALL_IN_DEADLINE);
	return G_SOURCE_REMOVE;
}

void call_limit(struct call *c, guint limit_ms)
{
	c->deadline = g_timeout_add(limit_ms, on_call_deadline, c);
}

/* Ends the call when the connection to the server is lost. */
static void call_lost(struct client_session *s)
{
	call_input((struct call *)s, CALL_IN_LOST);
	session_close(s); /* a pending BYE will not be answered */
}

/* Ends the call on command: a pass if media ran, and of one that was to be kept also its time; else
 * a failure. */
static void call_hang_up(struct client_session *s)
{
	struct call *c = (struct call *)s;
	bool complete = c->keep ? c->reported : c->machine.phase == CALL_TALKING;
	call_input(c, complete ? CALL_IN_MEDIA_DONE : CALL_IN_HANG_UP);
}

static gboolean on_watch(gpointer data)
{
	call_report_media(data);
	return G_SOURCE_CONTINUE;
}

static void call_watch(struct client_session *s, guint every_ms)
{
	struct call *c = (struct call *)s;
	g_clear_handle_id(&c->watch, g_source_remove);
	if (c->machine.phase != CALL_ENDED && every_ms > 0)
		c->watch = g_timeout_add(every_ms, on_watch, c);
}

/* --- requests in the dialog ------------------------------------------------------------------- */

static void on_call_info(struct call *c, sip_msg *m)
{
	session_respond(&c->base, m, 200, "OK");
	call_media_take_fragment(c, m);
}

/* Whether an offer of ours, or another one of the peer's, is not answered yet (RFC 3261
 * section 14.2). */
static bool offer_is_pending(const struct call *c)
{
	return c->reinvite || c->machine.phase == CALL_INVITING ||
	       c->machine.phase == CALL_CONFIRMING || c->machine.phase == CALL_ENDED;
}

/* Keeps the caller's re-INVITE until the machine accepts it; refuses it when it is not expected. */
static void on_reinvite(struct call *c, sip_msg *m)
{
	if (offer_is_pending(c)) {
		session_respond(&c->base, m, 491, "Request Pending");
		return;
	}
	dialog_refresh_target(&c->base.dialog, m);
	c->reinvite = sip_msg_ref(m);
	call_input(c, CALL_IN_REINVITE);
}

/* RFC 3311: a re-INVITE that is answered at once. */
static void on_update(struct call *c, sip_msg *m)
{
	if (offer_is_pending(c)) {
		session_respond(&c->base, m, 491, "Request Pending");
		return;
	}
	dialog_refresh_target(&c->base.dialog, m);
	sip_msg *ok = dialog_response(&c->base.dialog, m, 200, "OK");
	if (sip_content_type(m))
		call_add_description(c, ok, true);
	session_send(&c->base, ok);
}

static gboolean on_drained(gpointer data)
{
	struct call *c = data;
	c->clock = 0;
	call_input(c, CALL_IN_BYE);
	return G_SOURCE_REMOVE;
}

/* The peer ends the call; with ms-client-diagnostics it says that media had no path. */
static void on_call_bye(struct call *c, sip_msg *m)
{
	const char *text = sip_header(m, "ms-client-diagnostics");
	session_respond(&c->base, m, 200, "OK");
	/* RFC 3261 section 15.1.2: pending requests of the dialog are answered with 487. */
	if (c->reinvite)
		session_respond(&c->base, c->reinvite, 487, "Request Terminated");
	g_clear_pointer(&c->reinvite, sip_msg_unref);
	if (c->machine.phase == CALL_ENDED)
		return;
	if (!text) {
		call_media_pause(c);
		if (c->machine.phase != CALL_TALKING || !drain_media(c, on_drained))
			call_input(c, CALL_IN_BYE);
		return;
	}
	c->diagnostics_text = g_strdup(text);
	call_diagnose(c);
	c->diagnostics_id = diagnostics_parse_id(text);
	call_input(c, CALL_IN_BYE_NO_MEDIA);
}

static void on_call_ack(struct call *c, sip_msg *m G_GNUC_UNUSED)
{
	if (c->ice)
		ice_start_checks(c->ice);
}

static const struct {
	const char *method;
	void (*handle)(struct call *c, sip_msg *m);
} call_methods[] = {
	{"ACK", on_call_ack},  {"INFO", on_call_info}, {"INVITE", on_reinvite},
	{"UPDATE", on_update}, {"BYE", on_call_bye},
};

static void call_request(struct client_session *s, sip_msg *m)
{
	for (guint i = 0; i < G_N_ELEMENTS(call_methods); i++) {
		if (strcmp(sip_method(m), call_methods[i].method) != 0)
			continue;
		call_methods[i].handle((struct call *)s, m);
		return;
	}
	session_respond(s, m, 405, "Method Not Allowed");
}

const struct client_session_ops call_session_ops = {
	.request = call_request,
	.lost = call_lost,
	.hang_up = call_hang_up,
	.watch = call_watch,
	.destroy = call_destroy,
};
