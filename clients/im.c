/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/im.h"

#include <string.h>

#include "clients/participants.h"
#include "common/call_sdp.h"
#include "common/sip_failure.h"
#include "common/wire/pack.h"

#define TEXT_TYPE "text/plain;charset=UTF-8"
#define ANSWER_MS 10000
#define CONVERSATION_MS 30000
#define CONFERENCE_MS 20000

struct im {
	struct client_session base;
	bool caller, keep; /* keep: it lasts until it is hung up */
	char *peer, *text;
	participants *members;	 /* of the conference; NULL: between two users */
	bool confirmed, time_up; /* time_up: media_ms have passed since we joined */
	bool reported;
	guint deadline, stay, media_ms;
	gint64 start_us, confirmed_us;
};

static void im_destroy(struct client_session *s)
{
	struct im *im = (struct im *)s;
	g_clear_handle_id(&im->deadline, g_source_remove);
	g_clear_handle_id(&im->stay, g_source_remove);
	participants_free(im->members);
	g_free(im->peer);
	g_free(im->text);
	g_free(im);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* null for 0. */
static json_t *integer_or_null(gint64 value)
{
	return value ? json_integer(value) : json_null();
}

static json_t *im_result_json(const struct im *im, struct sip_failure why)
{
	gint64 setup_ms = (im->confirmed_us - im->start_us) / 1000;
	json_t *setup = why.code ? json_null() : json_integer(setup_ms);

	return reason_set(event_pack("{s:s, s:s, s:o, s:o}", "call", im->base.dialog.call_id,
				     "verdict", why.code ? "fail" : "pass", "sip_status",
				     integer_or_null(why.status), "setup_ms", setup),
			  why.code, why.words);
}

static json_t *im_conference_json(const struct im *im, struct sip_failure why)
{
	json_t *json = im_result_json(im, why);

	json_object_update_new(
		json, event_pack("{s:s, s:s, s:s?, s:[], s:{s:n, s:n, s:n}, s:o}", "role", "caller",
				 "peer", im->peer, "stage", why.code ? STAGE_SIP : NULL, "streams",
				 "diagnostics", "ms_client_diagnostics", "ice_warn", "header",
				 "heard", participants_heard_json(im->members)));
	return json;
}

/* Sends the result once; a pass when `why` has no code. */
static void im_report(struct im *im, struct sip_failure why)
{
	if (im->reported)
		return;
	if (im->members)
		channel_event(im->base.core->channel, EVENT_CONFERENCE_RESULT,
			      im_conference_json(im, why));
	else if (im->caller)
		channel_event(im->base.core->channel, EVENT_IM_RESULT, im_result_json(im, why));
	im->reported = true;
}

/* Ends the conversation with BYE, if it has a dialog, without a report. */
static void im_leave(struct im *im)
{
	g_clear_handle_id(&im->deadline, g_source_remove);
	g_clear_handle_id(&im->stay, g_source_remove);
	if (im->base.dialog.remote_tag)
		session_send_bye(&im->base, dialog_request(&im->base.dialog, "BYE"), ANSWER_MS);
	else
		session_close(&im->base);
}

/* Reports and leaves, unless the result was reported before. */
static void im_end(struct im *im, struct sip_failure why)
{
	if (im->reported)
		return;
	im_report(im, why);
	im_leave(im);
}

static void im_end_for(struct im *im, enum reason r)
{
	im_end(im, (struct sip_failure){.code = r});
}

/* Fails the conversation; a callee's is only closed. */
static gboolean on_im_deadline(gpointer data)
{
	struct im *im = data;
	im->deadline = 0;
	if (im->members && im->confirmed) {
		g_autofree char *missing = participants_missing(im->members);
		im_end(im, (struct sip_failure){REASON_NOT_HEARD, missing, 200});
	} else if (im->caller) {
		im_end_for(im, REASON_NO_ANSWER_IN_TIME);
	} else {
		session_close(&im->base);
	}
	return G_SOURCE_REMOVE;
}

/* Reports a failure and closes, as no BYE can be sent. */
static void im_lost(struct client_session *s)
{
	struct im *im = (struct im *)s;
	im_report(im, (struct sip_failure){.code = REASON_SERVER_LOST});
	g_clear_handle_id(&im->deadline, g_source_remove);
	g_clear_handle_id(&im->stay, g_source_remove);
	session_close(s);
}

/* Leaves a conversation that was reported and kept; else it has failed. */
static void im_hang_up(struct client_session *s)
{
	struct im *im = (struct im *)s;
	if (im->keep && im->reported)
		im_leave(im);
	else
		im_end_for(im, REASON_HUNG_UP);
}

/* --- as sender -------------------------------------------------------------------------------- */

/* Ends a chat when our text was confirmed, the time is over and all participants were heard. */
static void leave_when_done(struct im *im)
{
	if (im->confirmed && im->time_up && participants_all_heard(im->members))
		im_end(im, (struct sip_failure){.status = 200});
}

/* Reports a pass; the conversation stays without a deadline. */
static void report_and_keep(struct im *im, int status)
{
	g_clear_handle_id(&im->deadline, g_source_remove);
	im_report(im, (struct sip_failure){.status = status});
}

/* Ends, keeps or goes on with the conversation when the text was confirmed; else reports the
 * failure. */
static void on_text_response(struct client_session *s, sip_msg *response, const GError *error)
{
	struct im *im = (struct im *)s;
	int status = response ? sip_status(response) : 0;
	if (im->reported || (response && status < 200))
		return;
	if (status != 200) {
		im_end(im, sip_failure_of(response, error));
		return;
	}
	im->confirmed = true;
	im->confirmed_us = g_get_monotonic_time();
	if (im->members)
		leave_when_done(im);
	else if (im->keep)
		report_and_keep(im, status);
	else
		im_end(im, (struct sip_failure){.status = status});
}

static gboolean on_stay_over(gpointer data)
{
	struct im *im = data;
	im->stay = 0;
	im->time_up = true;
	leave_when_done(im);
	return G_SOURCE_REMOVE;
}

/* Sends the text when the INVITE was accepted; else reports the failure. */
static void on_invite_response(struct client_session *s, sip_msg *response, const GError *error)
{
	struct im *im = (struct im *)s;
	int status = response ? sip_status(response) : 0;
	if (im->reported || (response && status < 200))
		return;
	if (status < 200 || status > 299) {
		im_end(im, sip_failure_of(response, error));
		return;
	}
	dialog_learn(&s->dialog, response);
	session_ack(s);
	if (im->members)
		im->stay = g_timeout_add(im->media_ms, on_stay_over, im);
	sip_msg *text = dialog_request(&s->dialog, "MESSAGE");
	sip_set_body(text, TEXT_TYPE, im->text, -1);
	session_request(s, text, im->members ? CONFERENCE_MS : ANSWER_MS, on_text_response);
}

static void set_im_body(struct im *im, sip_msg *m)
{
	g_autoptr(call_sdp) sdp = call_sdp_new(im->base.core->config.address);
	call_sdp_add(sdp, "message");
	g_autofree char *body = call_sdp_print(sdp);
	sip_set_body(m, "application/sdp", body, -1);
}

static void im_request(struct client_session *s, sip_msg *m);

static const struct client_session_ops im_session_ops = {
	.request = im_request,
	.lost = im_lost,
	.hang_up = im_hang_up,
	.destroy = im_destroy,
};

static struct im *im_new(const char *peer, const char *text)
{
	struct im *im = g_new0(struct im, 1);
	im->peer = g_strdup(peer);
	im->text = g_strdup(text);
	im->start_us = g_get_monotonic_time();
	return im;
}

/* Opens the session and sends its INVITE. */
static void im_invite(struct im *im, struct client_core *core, const char *call_id, const char *uri,
		      guint deadline_ms)
{
	im->caller = true;
	session_open_caller(&im->base, core, &im_session_ops, call_id, uri);
	im->deadline = g_timeout_add(deadline_ms, on_im_deadline, im);
	sip_msg *m = dialog_request(&im->base.dialog, "INVITE");
	sip_add_header(m, "Ms-Conversation-ID", call_id);
	set_im_body(im, m);
	session_request(&im->base, m, deadline_ms, on_invite_response);
}

void im_start(struct client_core *core, const char *call_id, const char *to, const char *text,
	      bool keep)
{
	g_autofree char *uri = g_strdup_printf("sip:%s", to);
	struct im *im = im_new(to, text);
	im->keep = keep;
	im_invite(im, core, call_id, uri, ANSWER_MS);
}

void im_join(struct client_core *core, const char *call_id, const char *focus_uri, const char *text,
	     json_t *names, guint media_ms)
{
	g_autofree char *uri = participants_mcu_uri(focus_uri, "chat");
	struct im *im = im_new(focus_uri, text);
	im->members = participants_new(names, core->config.user, core->config.domain);
	im->media_ms = media_ms;
	im_invite(im, core, call_id, uri, CONFERENCE_MS);
}

/* --- as receiver ------------------------------------------------------------------------------ */

/* Answers a received message and reports it. */
static void on_im_text(struct im *im, const sip_msg *m)
{
	gsize length = 0;
	const char *body = sip_body(m, &length);
	const char *sender = sip_header(m, "Ms-Sender");
	g_autofree char *from = sip_uri_user(sender ? sender : sip_from_uri(m));
	session_respond(&im->base, m, 200, "OK");
	channel_event(im->base.core->channel, EVENT_IM_RECEIVED,
		      event_pack("{s:s, s:s, s:s}", "call", im->base.dialog.call_id, "from",
				 from ? from : "", "text", body ? body : ""));
	if (!im->members)
		return;
	participants_heard(im->members, from ? from : "");
	leave_when_done(im);
}

static void im_request(struct client_session *s, sip_msg *m)
{
	struct im *im = (struct im *)s;
	const char *method = sip_method(m);
	if (strcmp(method, "ACK") == 0)
		return;
	if (strcmp(method, "MESSAGE") == 0) {
		on_im_text(im, m);
	} else if (strcmp(method, "BYE") == 0) {
		session_respond(s, m, 200, "OK");
		im_report(im, (struct sip_failure){.code = REASON_PEER_HUNG_UP});
		session_close(s);
	} else {
		session_respond(s, m, 405, "Method Not Allowed");
	}
}

void im_accept(struct client_core *core, sip_msg *request)
{
	g_autofree char *from = sip_uri_user(sip_from_uri(request));
	struct im *im = im_new(from, NULL);
	session_open_callee(&im->base, core, &im_session_ops, request);
	im->deadline = g_timeout_add(CONVERSATION_MS, on_im_deadline, im);
	sip_msg *ok = dialog_response(&im->base.dialog, request, 200, "OK");
	set_im_body(im, ok);
	session_send(&im->base, ok);
}
