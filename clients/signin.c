/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/signin.h"

#include <string.h>

#include "common/random.h"
#include "common/wire/event.h"
#include "common/xml.h"

#define CREDENTIAL_MINUTES 480
#define EXPIRES_S 900
#define PROVISIONING_TYPE "application/vnd-microsoft-roaming-provisioning-v2+xml"
#define PROVISIONING_BODY                                                                         \
	"<provisioningGroupList "                                                                 \
	"xmlns=\"http://schemas.microsoft.com/2006/09/sip/provisioninggrouplist\">"               \
	"<provisioningGroup name=\"ServerConfiguration\"/><provisioningGroup name=\"ucPolicy\"/>" \
	"</provisioningGroupList>"

static const char *const stage_names[] = {
	[SIGNIN_REGISTER] = STAGE_REGISTER, [SIGNIN_PROVISIONING] = STAGE_PROVISIONING,
	[SIGNIN_MRAS] = STAGE_MRAS,	    [SIGNIN_DONE] = "done",
	[SIGNIN_FAILED] = "failed",
};

const char *signin_stage_name(enum signin_stage stage)
{
	return stage_names[stage];
}

static char *contact_value(const char *user, const char *place)
{
	return g_strdup_printf("<sip:%.*s@%s;transport=tls>", (int)strcspn(user, "@"), user, place);
}

void signin_init(struct signin *s, const char *user, const char *password, const char *domain,
		 const char *place)
{
	*s = (struct signin){
		.user = g_strdup(user),
		.password = g_strdup(password),
		.domain = g_strdup(domain),
		.contact = contact_value(user, place),
		.instance = random_uuid(),
		.call_id = sip_new_call_id(),
		.tag = sip_new_tag(),
	};
}

void signin_done(struct signin *s)
{
	g_free(s->user);
	g_free(s->password);
	g_free(s->domain);
	g_free(s->contact);
	g_free(s->instance);
	g_free(s->call_id);
	g_free(s->tag);
	g_free(s->reason);
	g_free(s->mras_uri);
	g_free(s->focus_factory_uri);
	g_free(s->relay_failure);
	g_free(s->diagnostics);
	mras_response_clear(&s->relay);
	*s = (struct signin){0};
}

/* A request of the sign-in with the next CSeq number.  The caller unrefs it, as what all functions
 * below return. */
static sip_msg *signin_request(struct signin *s, const char *method, const char *uri,
			       const char *to)
{
	g_autofree char *self = g_strdup_printf("sip:%s", s->user);
	return sip_request_new(method, uri, self, s->tag, to, NULL, s->call_id, ++s->cseq);
}

/* REGISTER; with an Authorization when `challenge` is not NULL. */
static sip_msg *register_request(struct signin *s, const char *challenge)
{
	g_autofree char *uri = g_strdup_printf("sip:%s", s->domain);
	g_autofree char *self = g_strdup_printf("sip:%s", s->user);
	g_autofree char *contact =
		g_strdup_printf("%s;+sip.instance=\"<urn:uuid:%s>\"", s->contact, s->instance);
	sip_msg *m = signin_request(s, "REGISTER", uri, self);

	sip_add_header(m, "Contact", contact);
	sip_add_header(m, "Supported", "path, gruu-10, adhoclist, msrtc-event-categories");
	sip_add_header(m, "Event", "registration");
	sip_add_header(m, "Expires", G_STRINGIFY(EXPIRES_S));
	if (challenge) {
		g_autofree char *value =
			sip_digest_answer(challenge, "REGISTER", uri, s->user, s->password);
		if (value)
			sip_add_header(m, "Authorization", value);
	}
	return m;
}

sip_msg *signin_start(struct signin *s)
{
	return register_request(s, NULL);
}

sip_msg *signin_renew(struct signin *s)
{
	s->stage = SIGNIN_REGISTER;
	s->answered_challenge = false;
	s->renewing = true;
	return register_request(s, NULL);
}

/* How long the registration lasts: what the server says, or else what we asked for. */
static guint granted_s(const sip_msg *response)
{
	const char *text = sip_header(response, "Expires");
	guint64 seconds;
	return text && g_ascii_string_to_unsigned(text, 10, 1, EXPIRES_S, &seconds, NULL) ?
		       (guint)seconds :
		       EXPIRES_S;
}

static sip_msg *provisioning_request(struct signin *s)
{
	g_autofree char *self = g_strdup_printf("sip:%s", s->user);
	sip_msg *m = signin_request(s, "SUBSCRIBE", self, self);

	sip_add_header(m, "Event", "vnd-microsoft-provisioning-v2");
	sip_add_header(m, "Accept", PROVISIONING_TYPE);
	sip_add_header(m, "Supported", "ms-piggyback-first-notify");
	sip_add_header(m, "Expires", "0");
	sip_set_body(m, PROVISIONING_TYPE, PROVISIONING_BODY, -1);
	return m;
}

static sip_msg *relay_request(struct signin *s)
{
	g_autofree char *self = g_strdup_printf("sip:%s", s->user);
	g_autofree char *id = sip_new_tag();
	struct mras_request r = {
		.request_id = id,
		.from = self,
		.to = s->mras_uri,
		.identity = self,
		.internet = s->remote_user,
		.duration_min = CREDENTIAL_MINUTES,
	};
	g_autofree char *body = mras_request_print(&r);
	sip_msg *m = signin_request(s, "SERVICE", s->mras_uri, s->mras_uri);

	sip_set_body(m, MRAS_CONTENT_TYPE, body, -1);
	return m;
}

/* Keeps why the sign-in failed; returns NULL, as there is no next request. */
static sip_msg *signin_fail(struct signin *s, struct sip_failure why)
{
	s->failed_stage = s->stage;
	s->stage = SIGNIN_FAILED;
	s->sip_status = why.status;
	s->code = why.code;
	s->reason = g_strdup(why.words);
	return NULL;
}

static struct sip_failure unreadable(int status, const char *words)
{
	return (struct sip_failure){REASON_ANSWER_UNREADABLE, words, status};
}

/* Takes the response to REGISTER.  Returns the next request: with credentials after the first 401,
 * for provisioning or (when renewing) for a relay after 200; else NULL. */
static sip_msg *after_register(struct signin *s, const sip_msg *response)
{
	int status = sip_status(response);
	g_free(s->diagnostics);
	s->diagnostics = g_strdup(sip_diagnostics(response));
	if (status == 401 && !s->answered_challenge) {
		const char *challenge = sip_header(response, "WWW-Authenticate");
		s->answered_challenge = true;
		return challenge ? register_request(s, challenge) :
				   signin_fail(s, unreadable(status, "no challenge in 401"));
	}
	if (status != 200)
		return signin_fail(s, sip_failure_of(response, NULL));
	const char *logon = sip_header(response, "ms-user-logon-data");
	s->remote_user = logon && g_ascii_strcasecmp(logon, "RemoteUser") == 0;
	s->expires_s = granted_s(response);
	s->stage = s->renewing ? SIGNIN_MRAS : SIGNIN_PROVISIONING;
	if (!s->renewing)
		return provisioning_request(s);
	if (s->mras_uri)
		return relay_request(s);
	s->stage = SIGNIN_DONE;
	return NULL;
}

/* Takes the response to SUBSCRIBE.  Returns the request for a relay; NULL: there is no relay, or it
 * failed. */
static sip_msg *after_provisioning(struct signin *s, const sip_msg *response)
{
	gsize length = 0;
	const char *body = sip_body(response, &length);
	g_autoptr(xml_document) d = xml_parse(body, length, NULL);
	if (sip_status(response) != 200)
		return signin_fail(s, sip_failure_of(response, NULL));
	if (!body)
		return signin_fail(s, unreadable(200, "the provisioning answer has no body"));
	s->mras_uri = g_strdup(xml_text(d, "mrasUri"));
	s->focus_factory_uri = g_strdup(xml_text(d, "focusFactoryUri"));
	s->stage = s->mras_uri ? SIGNIN_MRAS : SIGNIN_DONE;
	return s->mras_uri ? relay_request(s) : NULL;
}

/* Takes the response to SERVICE; returns NULL.  Without a relay the sign-in succeeds, too: the user
 * can call those who can be reached directly. */
static sip_msg *after_relay(struct signin *s, const sip_msg *response, const GError *error)
{
	gsize length = 0;
	const char *body = response ? sip_body(response, &length) : NULL;
	struct sip_failure why = sip_failure_of(response, error);
	s->stage = SIGNIN_DONE;
	g_clear_pointer(&s->relay_failure, g_free);
	mras_response_clear(&s->relay);
	s->relay_status = why.status;
	s->relay_code = why.code;
	if (!response) {
		s->relay_failure = g_strdup(why.words);
	} else if (why.status != 200) {
		s->relay_failure = g_strdup_printf("%d %s", why.status, why.words);
	} else if (!body || !mras_response_parse(body, length, &s->relay)) {
		s->relay_code = REASON_ANSWER_UNREADABLE;
		s->relay_failure = g_strdup("the relay answer cannot be read");
	} else {
		s->relay_code = REASON_NONE;
	}
	return NULL;
}

sip_msg *signin_response(struct signin *s, const sip_msg *response, const GError *error)
{
	if (response && sip_status(response) < 200)
		return NULL;
	if (s->stage == SIGNIN_MRAS)
		return after_relay(s, response, error);
	if (!response)
		return signin_fail(s, sip_failure_of(NULL, error));
	return s->stage == SIGNIN_REGISTER ? after_register(s, response) :
					     after_provisioning(s, response);
}
