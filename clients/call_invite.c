/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a call begins: the caller's INVITE with its responses, and what a callee answers. */
#include "clients/call_internal.h"
#include "common/sip_failure.h"
#include "common/wire/pack.h"

#define CONFERENCE_MS 20000
#define CAPABILITIES_MS 1000
/* For the checks of a peer of another make: it may take the pairs one after the other, and give up
 * each that has no answer after some seconds. */
#define PEER_CHECKS_MS 12000

/* Whether a message says that its sender is outside (ms-media-location-type). */
static bool peer_is_remote(const sip_msg *m)
{
	const char *value = sip_header(m, "ms-media-location-type");
	return value && g_ascii_strcasecmp(value, "Internet") == 0;
}

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
	session_request(&c->base, dialog_request(&c->base.dialog, "BYE"), CALL_BYE_MS, NULL);
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
	call_add_description(c, m, false);
	c->invite_us = g_get_monotonic_time();
	session_request(&c->base, m, CALL_ANSWER_MS, on_invite_response);
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

/* Opens the caller's session and its media, and sends the INVITE from the main loop. */
static void place_call(struct call *c, struct client_core *core, const char *call_id,
		       const char *uri, const char *const *kinds, guint n_kinds)
{
	g_autoptr(GError) error = NULL;
	session_open_caller(&c->base, core, &call_session_ops, call_id, uri);
	call_machine_init(&c->machine, true, n_kinds);
	call_limit(c, c->members ? CONFERENCE_MS : CALL_SETUP_MS);
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
	call_add_description(c, m, false);
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
		json_array_append_new(list, event_text(kinds[i]));
	channel_event(c->base.core->channel, EVENT_INCOMING_CALL,
		      event_pack("{s:s, s:s, s:o}", "call", c->base.dialog.call_id, "from", c->peer,
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
	call_limit(c, CALL_SETUP_MS);
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
