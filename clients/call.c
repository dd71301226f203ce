/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/call.h"

#include <string.h>

#include "clients/call_internal.h"
#include "clients/diagnostics.h"
#include "common/sip_failure.h"

#define SETUP_MS 30000
#define CONFERENCE_MS 20000
#define ANSWER_MS 15000
#define BYE_MS 2000
#define CAPABILITIES_MS 1000
/* For the checks of a peer of another make: it may take the pairs one after the other, and give up
 * each that has no answer after some seconds. */
#define PEER_CHECKS_MS 12000
/* A callee ends at its deadline only when no packet came for this long. */
#define SILENCE_US (5 * G_USEC_PER_SEC)

static void call_input(struct call *c, enum call_input what)
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

/* Whether a message says that its sender is outside (ms-media-location-type). */
static bool peer_is_remote(const sip_msg *m)
{
	const char *value = sip_header(m, "ms-media-location-type");
	return value && g_ascii_strcasecmp(value, "Internet") == 0;
}

/* Adds our session description to a message; `final`: with the selected pair only. */
static void add_description(struct call *c, sip_msg *m, bool final)
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
	session_send_bye(&c->base, bye, BYE_MS);
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
	add_description(c, m, true);
	session_request(&c->base, m, ANSWER_MS, on_reinvite_response);
}

static void accept_reinvite(struct call *c)
{
	g_autoptr(sip_msg) request = g_steal_pointer(&c->reinvite);
	sip_msg *ok = dialog_response(&c->base.dialog, request, 200, "OK");
	add_description(c, ok, true);
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

/* Media has run for its time: ends the call, or reports and stays, or waits for participants that
 * were not heard. */
static gboolean on_media_done(gpointer data)
{
	struct call *c = data;
	c->clock = 0;
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
	call_input(c, CALL_IN_MEDIA_DONE);
	return G_SOURCE_REMOVE;
}

static void tell_talking(struct call *c)
{
	if (!c->talking)
		channel_event(c->base.core->channel, EVENT_TALKING,
			      json_pack("{s:s}", "call", c->base.dialog.call_id));
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
			      reason_set(json_pack("{s:s}", "call", c->base.dialog.call_id),
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
		c->deadline = g_timeout_add(SETUP_MS, on_call_deadline, c);
		return G_SOURCE_REMOVE;
	}
	if (c->members && c->machine.phase == CALL_TALKING) {
		c->code = REASON_NOT_HEARD;
		c->reason = participants_missing(c->members);
	}
	call_input(c, CALL_IN_DEADLINE);
	return G_SOURCE_REMOVE;
}

/* --- as caller -------------------------------------------------------------------------------- */

/* Ends the call with the status or error of the response to the INVITE. */
static void on_rejected(struct call *c, const sip_msg *response, const GError *error)
{
	struct sip_failure why = sip_failure_of(response, error);
	c->sip_status = why.status;
	c->code = why.code;
	c->reason =
		why.status ? g_strdup_printf("%d %s", why.status, why.words) : g_strdup(why.words);
	call_input(c, CALL_IN_REJECTED);
}

/* Takes the peer's description from the first response that has one. */
static void read_answer(struct call *c, const sip_msg *response)
{
	if (c->machine.phase != CALL_INVITING || !sip_content_type(response) ||
	    sip_status(response) < 101)
		return;
	dialog_learn(&c->base.dialog, response);
	c->peer_remote_user = peer_is_remote(response);
	if (call_media_take(c, response)) {
		call_input(c, CALL_IN_DIALOG);
		return;
	}
	call_input(c, CALL_IN_DIALOG);
	c->code = REASON_ANSWER_UNFIT;
	call_input(c, CALL_IN_TROUBLE);
}

/* Acknowledges a 200 that came after the call ended (RFC 3261 section 13.2.2.4) and sends BYE.
 * Ignores other responses. */
static void hang_up_late(struct call *c, const sip_msg *response)
{
	if (!response || sip_status(response) < 200 || sip_status(response) > 299 ||
	    c->base.dialog.remote_tag)
		return;
	dialog_learn(&c->base.dialog, response);
	session_ack(&c->base);
	session_request(&c->base, dialog_request(&c->base.dialog, "BYE"), BYE_MS, NULL);
}

void call_heard(struct call *c)
{
	g_clear_handle_id(&c->clock, g_source_remove);
	call_input(c, CALL_IN_HEARD);
}

static gboolean on_peer_silent(gpointer data)
{
	struct call *c = data;
	c->clock = 0;
	call_input(c, CALL_IN_HEARD);
	return G_SOURCE_REMOVE;
}

/* A peer that does not trickle ends all its checks before it sends media, also those that our
 * choice of a pair has made pointless (RFC 8445 section 8.1.2 would let it stop them).  linphone
 * never answers a final offer that comes meanwhile, and what is said meanwhile nobody hears. */
static void await_media(struct call *c)
{
	if (c->machine.awaits_media && c->machine.phase == CALL_CONNECTING)
		c->clock = g_timeout_add(PEER_CHECKS_MS, on_peer_silent, c);
}

static void on_invite_response(struct client_session *s, sip_msg *response, const GError *error)
{
	struct call *c = (struct call *)s;
	if (c->machine.phase == CALL_ENDED) {
		hang_up_late(c, response);
		return;
	}
	if (!response || sip_status(response) >= 300) {
		on_rejected(c, response, error);
		return;
	}
	read_answer(c, response);
	if (sip_status(response) < 200 || c->machine.phase == CALL_ENDED)
		return;
	c->sip_status = sip_status(response);
	dialog_refresh_target(&s->dialog, response);
	call_input(c, CALL_IN_ESTABLISHED);
	await_media(c);
}

/* Sends the INVITE.  Runs from the main loop when the host candidates are known, because the offer
 * contains them; to a peer that does not trickle it has all of them (half trickle, RFC 8838
 * section 16). */
static gboolean on_send_invite(gpointer data)
{
	struct call *c = data;
	c->start = 0;
	c->offer_waits = c->peer_gathers_first && !call_media_gathered(c);
	if (c->offer_waits)
		return G_SOURCE_REMOVE;
	sip_msg *m = dialog_request(&c->base.dialog, "INVITE");
	sip_add_header(m, "Ms-Conversation-ID", c->base.dialog.call_id);
	add_description(c, m, false);
	c->invite_us = g_get_monotonic_time();
	session_request(&c->base, m, ANSWER_MS, on_invite_response);
	return G_SOURCE_REMOVE;
}

/* Who refuses this, or can't be reached, will say the same to the INVITE; who is silent may be
 * anybody. */
static void on_capabilities(struct client_session *s, sip_msg *response,
			    const GError *error G_GNUC_UNUSED)
{
	struct call *c = (struct call *)s;
	if (c->machine.phase != CALL_INVITING || (response && sip_status(response) < 200))
		return;
	c->peer_gathers_first =
		!response || (sip_status(response) < 300 && !session_supports_trickle(response));
	c->start = g_idle_add(on_send_invite, c);
}

/* Asks what the peer can do (RFC 8840 section 4.1): it decides what the offer must contain. */
static void ask_capabilities(struct call *c)
{
	const struct dialog *d = &c->base.dialog;
	g_autofree char *call_id = sip_new_call_id();
	sip_msg *m = sip_request_new("OPTIONS", d->remote_uri, d->local_uri, d->local_tag,
				     d->remote_uri, NULL, call_id, 1);
	sip_add_header(m, "Accept", "application/sdp");
	session_request(&c->base, m, CAPABILITIES_MS, on_capabilities);
}

static void call_request(struct client_session *s, sip_msg *m);

/* Ends the call when the connection to the server is lost. */
static void call_lost(struct client_session *s)
{
	call_input((struct call *)s, CALL_IN_LOST);
	session_close(s); /* a pending BYE will not be answered */
}

/* Ends the call on command: a pass if it was to stand, or to be kept, and media ran; else a
 * failure. */
static void call_hang_up(struct client_session *s)
{
	struct call *c = (struct call *)s;
	bool complete = c->stand ? c->machine.phase == CALL_TALKING : c->keep && c->reported;
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

static const struct client_session_ops call_session_ops = {
	.request = call_request,
	.lost = call_lost,
	.hang_up = call_hang_up,
	.watch = call_watch,
	.destroy = call_destroy,
};

/* Ends the call as an error of this machine. */
static void end_with_trouble(struct call *c, const GError *error)
{
	c->code = error_reason(error);
	c->reason = g_strdup(error->message);
	call_input(c, CALL_IN_TROUBLE);
}

static struct call *call_new(const char *peer, guint media_ms)
{
	struct call *c = g_new0(struct call, 1);
	c->peer = g_strdup(peer);
	c->media_ms = media_ms;
	return c;
}

/* Opens the caller's session and its media, and sends the INVITE from the main loop. */
static void place_call(struct call *c, struct client_core *core, const char *call_id,
		       const char *uri, const char *const *kinds, guint n_kinds)
{
	g_autoptr(GError) error = NULL;
	session_open_caller(&c->base, core, &call_session_ops, call_id, uri);
	call_machine_init(&c->machine, true, n_kinds);
	c->deadline = g_timeout_add(c->members ? CONFERENCE_MS : SETUP_MS, on_call_deadline, c);
	if (!call_media_open(c, true, kinds, n_kinds, &error))
		end_with_trouble(c, error);
	else if (c->members) /* the server's MCU trickles */
		c->start = g_idle_add(on_send_invite, c);
	else
		ask_capabilities(c);
}

void call_start(struct client_core *core, const char *call_id, const char *to, json_t *list,
		guint media_ms, bool keep, bool stand)
{
	const char *kinds[CALL_STREAMS_MAX];
	guint n = 0;
	size_t i;
	json_t *kind;
	g_autofree char *uri = g_strdup_printf("sip:%s", to);
	json_array_foreach(list, i, kind)
		if (n < CALL_STREAMS_MAX && json_is_string(kind) &&
		    media_profile_by_kind(json_string_value(kind)))
			kinds[n++] = json_string_value(kind);
	if (n == 0)
		kinds[n++] = "audio";
	struct call *c = call_new(to, media_ms);
	c->keep = keep;
	c->stand = stand;
	place_call(c, core, call_id, uri, kinds, n);
}

void call_join(struct client_core *core, const char *call_id, const char *focus_uri, json_t *names,
	       guint media_ms, bool stand)
{
	static const char *const kinds[] = {"audio"};
	g_autofree char *uri = participants_mcu_uri(focus_uri, "audio-video");
	struct call *c = call_new(focus_uri, media_ms);
	c->stand = stand;
	c->members = participants_new(names, core->config.user, core->config.domain);
	place_call(c, core, call_id, uri, kinds, 1);
}

/* --- as callee -------------------------------------------------------------------------------- */

static void send_answer(struct call *c, int status, const char *reason)
{
	sip_msg *m = dialog_response(&c->base.dialog, c->invite, status, reason);
	add_description(c, m, false);
	session_send(&c->base, m);
}

/* Answers the INVITE with 183 and 200, or with 488 if the offer does not fit. */
static gboolean on_send_answer(gpointer data)
{
	struct call *c = data;
	c->start = 0;
	/* The answer to a peer that does not trickle has all candidates (RFC 8838 section 3). */
	c->peer_gathers_first = c->offer->no_trickle;
	c->offer_waits = c->peer_gathers_first && !call_media_gathered(c);
	if (c->offer_waits)
		return G_SOURCE_REMOVE;
	if (!call_media_take(c, c->invite)) {
		session_respond(&c->base, c->invite, 488, "Not Acceptable Here");
		c->sip_status = 488;
		c->code = REASON_OFFER_UNREADABLE;
		call_input(c, CALL_IN_REJECTED);
		return G_SOURCE_REMOVE;
	}
	send_answer(c, 183, "Session Progress");
	send_answer(c, 200, "OK");
	c->sip_status = 200;
	call_input(c, CALL_IN_ESTABLISHED);
	return G_SOURCE_REMOVE;
}

static void report_incoming(const struct call *c, const char *const *kinds, guint n)
{
	json_t *list = json_array();
	for (guint i = 0; i < n; i++)
		json_array_append_new(list, json_string(kinds[i]));
	channel_event(c->base.core->channel, EVENT_INCOMING_CALL,
		      json_pack("{s:s, s:s, s:o}", "call", c->base.dialog.call_id, "from", c->peer,
				"media", list));
}

static void refuse_offer(struct client_core *core, const sip_msg *request)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) no = sip_response_new(request, 488, "Not Acceptable Here", tag);
	sip_conn_send(account_conn(core->account), no);
}

void call_accept(struct client_core *core, sip_msg *request)
{
	const char *kinds[CALL_STREAMS_MAX];
	guint lines[CALL_STREAMS_MAX];
	g_autoptr(call_sdp) sdp = call_sdp_of(request);
	g_autoptr(GError) error = NULL;
	g_autofree char *from = sip_uri_user(sip_from_uri(request));
	guint n = sdp ? call_media_choose(sdp, lines, kinds) : 0;
	if (n == 0) {
		refuse_offer(core, request);
		return;
	}
	struct call *c = call_new(from ? from : "", 0);
	session_open_callee(&c->base, core, &call_session_ops, request);
	call_machine_init(&c->machine, false, n);
	c->invite = sip_msg_ref(request);
	c->offer = g_steal_pointer(&sdp);
	c->invite_us = g_get_monotonic_time();
	c->peer_remote_user = peer_is_remote(request);
	c->deadline = g_timeout_add(SETUP_MS, on_call_deadline, c);
	report_incoming(c, kinds, n);
	if (call_media_open(c, false, kinds, n, &error)) {
		for (guint i = 0; i < n; i++)
			c->streams[i].line = lines[i];
		c->start = g_idle_add(on_send_answer, c);
		return;
	}
	session_respond(&c->base, request, 500, "Server Internal Error");
	end_with_trouble(c, error);
}

void call_go_on(struct call *c)
{
	c->offer_waits = false;
	c->start = g_idle_add(c->machine.caller ? on_send_invite : on_send_answer, c);
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
		add_description(c, ok, true);
	session_send(&c->base, ok);
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
