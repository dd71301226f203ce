/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/conference.h"

#include <string.h>

#include "common/sip_failure.h"
#include "common/xml.h"
#include "common/wire/pack.h"

#define SERVICE_MS 10000
#define INVITE_MS 10000
#define BYE_MS 2000
#define INVITATION_TYPE "application/ms-conf-invite+xml"

/* --- inviting --------------------------------------------------------------------------------- */

struct invitation {
	struct client_session base;
	char *call, *peer; /* the conference's call id; who is invited */
};

static void invitation_destroy(struct client_session *s)
{
	struct invitation *i = (struct invitation *)s;

	g_free(i->call);
	g_free(i->peer);
	g_free(i);
}

static void report_invitation_failed(const struct invitation *i, struct sip_failure why)
{
	g_autofree char *text = g_strdup_printf("%s could not be invited: %s", i->peer, why.words);

	channel_event(i->base.core->channel, EVENT_CALL_FAILED_LATE,
		      reason_set(event_pack("{s:s}", "call", i->call), why.code, text));
}

/* Acknowledges an accepted invitation and ends its dialog; reports one that was not accepted. */
static void on_invited(struct client_session *s, sip_msg *response, const GError *error)
{
	if (response && sip_status(response) < 200)
		return;
	if (!response || sip_status(response) > 299) {
		report_invitation_failed((struct invitation *)s, sip_failure_of(response, error));
		session_close(s);
		return;
	}
	dialog_learn(&s->dialog, response);
	session_ack(s);
	session_send_bye(s, dialog_request(&s->dialog, "BYE"), BYE_MS);
}

static void invitation_request(struct client_session *s, sip_msg *m)
{
	if (strcmp(sip_method(m), "ACK") == 0)
		return;
	if (strcmp(sip_method(m), "BYE") != 0) {
		session_respond(s, m, 405, "Method Not Allowed");
		return;
	}
	session_respond(s, m, 200, "OK");
	session_close(s);
}

static const struct client_session_ops invitation_ops = {
	.request = invitation_request,
	.lost = session_close,
	.hang_up = session_close,
	.destroy = invitation_destroy,
};

/* Invites one user by an INVITE with the conference's URI. */
static void send_invitation(struct client_core *core, const char *call, const char *focus,
			    const char *user)
{
	struct invitation *i = g_new0(struct invitation, 1);
	g_autofree char *uri = g_strdup_printf("sip:%s", user);
	g_autofree char *call_id = sip_new_call_id();
	g_autofree char *body = g_markup_printf_escaped(
		"<Conferencing version=\"2.0\"><focus-uri>%s</focus-uri></Conferencing>", focus);
	sip_msg *m;

	i->call = g_strdup(call);
	i->peer = g_strdup(user);
	session_open_caller(&i->base, core, &invitation_ops, call_id, uri);
	m = dialog_request(&i->base.dialog, "INVITE");
	sip_add_header(m, "Ms-Conversation-ID", call);
	sip_set_body(m, INVITATION_TYPE, body, -1);
	session_request(&i->base, m, INVITE_MS, on_invited);
}

/* --- being invited ---------------------------------------------------------------------------- */

bool conference_is_invitation(const sip_msg *m)
{
	return g_strcmp0(sip_content_type(m), INVITATION_TYPE) == 0;
}

void conference_accept(struct client_core *core, sip_msg *m)
{
	gsize length = 0;
	const char *body = sip_body(m, &length), *call = sip_header(m, "Ms-Conversation-ID");
	g_autoptr(xml_document) d = xml_parse(body, length, NULL);
	const char *focus = xml_text(d, "focus-uri");
	g_autofree char *from = sip_uri_user(sip_from_uri(m));
	struct invitation *i;

	if (!focus || !call || !from) {
		session_refuse(core, m, 488, "Not Acceptable Here");
		return;
	}
	i = g_new0(struct invitation, 1);
	session_open_callee(&i->base, core, &invitation_ops, m);
	session_respond(&i->base, m, 200, "OK");
	channel_event(core->channel, EVENT_CONFERENCE_INVITED,
		      event_pack("{s:s, s:s, s:s}", "call", call, "from", from, "focus", focus));
}

/* --- making ----------------------------------------------------------------------------------- */

struct conference_request {
	struct client_core *core;
	char *call;
	json_t *invite; /* NULL: nobody */
};

static void conference_request_free(struct conference_request *o)
{
	g_free(o->call);
	json_decref(o->invite);
	g_free(o);
}

static void report_conference_failed(const struct conference_request *o, struct sip_failure why)
{
	json_t *result = event_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:o, s:n, s:[], s:{s:n, s:n, s:n}, s:[]}", "call",
		o->call, "role", "caller", "peer", "", "verdict", "fail", "stage", STAGE_SIP,
		"sip_status", why.status ? json_integer(why.status) : json_null(), "setup_ms",
		"streams", "diagnostics", "ms_client_diagnostics", "ice_warn", "header", "heard");

	channel_event(o->core->channel, EVENT_CONFERENCE_RESULT,
		      reason_set(result, why.code, why.words));
}

/* Sends conference-ready and invites all users. */
static void invite_all(const struct conference_request *o, const char *focus)
{
	size_t i;
	json_t *user;

	channel_event(o->core->channel, EVENT_CONFERENCE_READY,
		      event_pack("{s:s, s:s}", "call", o->call, "focus", focus));
	json_array_foreach(o->invite, i, user)
		if (json_is_string(user))
			send_invitation(o->core, o->call, focus, json_string_value(user));
}

static void on_conference_response(sip_conn *conn G_GNUC_UNUSED, sip_msg *response,
				   const GError *error, gpointer data)
{
	struct conference_request *o = data;
	gsize length = 0;
	const char *body = response ? sip_body(response, &length) : NULL;

	if (response && sip_status(response) < 200)
		return;
	g_autoptr(xml_document) d = xml_parse(body, length, NULL);
	const char *focus = xml_attribute(d, "conference-info", "entity");
	if (focus)
		invite_all(o, focus);
	else
		report_conference_failed(o, sip_failure_of(response, error));
	conference_request_free(o);
}

void conference_make(struct client_core *core, const char *call_id, const char *conference,
		     json_t *invitees)
{
	const char *uri = account_focus_factory(core->account), *self = account_uri(core->account);
	struct conference_request *o = g_new(struct conference_request, 1);

	*o = (struct conference_request){
		.core = core, .call = g_strdup(call_id), .invite = json_incref(invitees)};
	if (!uri || !account_conn(core->account)) {
		report_conference_failed(
			o, (struct sip_failure){REASON_NOT_SIGNED_IN,
						"no conference factory: not signed in", 0});
		conference_request_free(o);
		return;
	}
	g_autofree char *tag = sip_new_tag();
	g_autofree char *service_id = sip_new_call_id();
	g_autoptr(sip_msg) m = sip_request_new("SERVICE", uri, self, tag, uri, NULL, service_id, 1);
	g_autofree char *body = g_markup_printf_escaped(
		"<request requestId=\"1\" from=\"%s\" to=\"%s\" C3PVersion=\"1\" "
		"xmlns=\"urn:ietf:params:xml:ns:cccp\">"
		"<addConference><conference-id>%s</conference-id></addConference></request>",
		self, uri, conference);
	sip_set_body(m, "application/cccp+xml", body, -1);
	sip_conn_request(account_conn(core->account), m, SERVICE_MS, on_conference_response, o);
}
