/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "clients/signin.h"

#define PROVISIONING                                                                \
	"<provisionGroupList><provisionGroup "                                      \
	"name=\"ServerConfiguration\">%s<focusFactoryUri>sip:dc1@contoso.com;gruu;" \
	"opaque=app:conf:focusfactory</focusFactoryUri></provisionGroup></provisionGroupList>"
#define MRAS_URI "<mrasUri>sip:mras@edge.contoso.com;opaque=srvr:MRAS</mrasUri>"

static void begin(struct signin *s, sip_msg **ret_request)
{
	signin_init(s, "dc1@contoso.com", "secret", "contoso.com", "10.0.1.101:40000");
	*ret_request = signin_start(s);
}

/* Answers *request; it becomes the next one, or NULL. */
static void respond(struct signin *s, sip_msg **request, int status, const char *header,
		    const char *value, const char *body)
{
	g_autoptr(sip_msg) response = sip_response_new(*request, status, "Because", "tag");
	if (header)
		sip_add_header(response, header, value);
	if (body)
		sip_set_body(response, "application/xml", body, -1);
	sip_msg_unref(*request);
	*request = signin_response(s, response, NULL);
}

static void pass_register(struct signin *s, sip_msg **request, bool remote)
{
	g_autofree char *challenge = sip_digest_challenge("contoso.com", "nonce1");
	respond(s, request, 401, "WWW-Authenticate", challenge, NULL);
	cr_assert(*request, "gave up at the challenge");
	cr_assert(sip_digest_check(sip_header(*request, "Authorization"), "REGISTER",
				   "dc1@contoso.com", "secret"),
		  "the answer to the challenge is wrong");
	respond(s, request, 200, "ms-user-logon-data", remote ? "RemoteUser" : "Other", NULL);
	cr_assert_str_eq(sip_method(*request), "SUBSCRIBE", "no provisioning");
}

static void pass_provisioning(struct signin *s, sip_msg **request, const char *mras)
{
	g_autofree char *body = g_strdup_printf(PROVISIONING, mras);
	respond(s, request, 200, NULL, NULL, body);
}

Test(signin, whole_way_with_relay)
{
	struct signin s;
	sip_msg *request;
	gsize length;
	struct mras_request asked;
	begin(&s, &request);
	cr_assert_str_eq(sip_method(request), "REGISTER", "first request");
	pass_register(&s, &request, true);
	cr_assert(s.remote_user, "RemoteUser not noticed");
	pass_provisioning(&s, &request, MRAS_URI);
	cr_assert_str_eq(sip_method(request), "SERVICE", "relay not asked for");
	cr_assert_str_eq(sip_uri(request), "sip:mras@edge.contoso.com;opaque=srvr:MRAS",
			 "asked the wrong one");
	const char *body = sip_body(request, &length);
	cr_assert(mras_request_parse(body, length, &asked), "request unreadable");
	cr_assert(asked.internet, "a remote user must ask for the internet side");
	struct mras_response granted = {.request_id = asked.request_id,
					.username = g_strdup("u"),
					.password = g_strdup("p"),
					.duration_min = 480,
					.host_name = g_strdup("av.contoso.com"),
					.udp_port = 3478,
					.tcp_port = 443,
					.internet = true};
	g_autofree char *answer = mras_response_print(&granted);
	respond(&s, &request, 200, NULL, NULL, answer);
	cr_assert_null(request, "something more was asked");
	cr_assert_eq(s.stage, SIGNIN_DONE, "stage %s", signin_stage_name(s.stage));
	cr_assert_str_eq(s.relay.host_name, "av.contoso.com", "relay");
	granted.request_id = NULL;
	mras_response_clear(&granted);
	mras_request_clear(&asked);
	signin_done(&s);
}

Test(signin, without_an_edge_there_is_no_relay)
{
	struct signin s;
	sip_msg *request;
	begin(&s, &request);
	pass_register(&s, &request, false);
	cr_assert_not(s.remote_user, "taken for remote");
	pass_provisioning(&s, &request, "");
	cr_assert_null(request, "a relay was asked for");
	cr_assert_eq(s.stage, SIGNIN_DONE, "stage %s", signin_stage_name(s.stage));
	cr_assert_str_eq(s.focus_factory_uri,
			 "sip:dc1@contoso.com;gruu;opaque=app:conf:focusfactory", "factory");
	cr_assert_null(s.relay_failure, "that is no trouble");
	signin_done(&s);
}

Test(signin, a_silent_edge_does_not_keep_the_user_out)
{
	struct signin s;
	sip_msg *request;
	begin(&s, &request);
	pass_register(&s, &request, false);
	pass_provisioning(&s, &request, MRAS_URI);
	respond(&s, &request, 504, NULL, NULL, NULL);
	cr_assert_eq(s.stage, SIGNIN_DONE, "stage %s", signin_stage_name(s.stage));
	cr_assert_not_null(s.relay_failure, "nobody is told why there is no relay");
	signin_done(&s);
}

Test(signin, failures_name_their_stage)
{
	struct signin s;
	sip_msg *request;
	g_autofree char *challenge = sip_digest_challenge("contoso.com", "nonce1");
	begin(&s, &request);
	respond(&s, &request, 401, "WWW-Authenticate", challenge, NULL);
	respond(&s, &request, 401, "WWW-Authenticate", challenge, NULL);
	cr_assert_null(request, "a wrong password was tried again");
	cr_assert_eq(s.stage, SIGNIN_FAILED, "not failed");
	cr_assert_eq(s.failed_stage, SIGNIN_REGISTER, "stage");
	cr_assert_eq(s.sip_status, 401, "status %d", s.sip_status);
	signin_done(&s);

	begin(&s, &request);
	pass_register(&s, &request, false);
	respond(&s, &request, 489, NULL, NULL, NULL);
	cr_assert_eq(s.failed_stage, SIGNIN_PROVISIONING, "stage");
	signin_done(&s);
}

Test(signin, provisional_responses_are_waited_out)
{
	struct signin s;
	sip_msg *request;
	begin(&s, &request);
	g_autoptr(sip_msg) trying = sip_response_new(request, 100, "Trying", NULL);
	cr_assert_null(signin_response(&s, trying, NULL), "asked too early");
	cr_assert_eq(s.stage, SIGNIN_REGISTER, "stage moved");
	sip_msg_unref(request);
	signin_done(&s);
}

/* The same Call-ID, a CSeq that goes on, no provisioning, and new relay credentials. */
Test(signin, is_renewed_in_place)
{
	struct signin s;
	sip_msg *request;
	g_autofree char *call_id = NULL;
	g_autofree char *challenge = sip_digest_challenge("contoso.com", "nonce2");
	begin(&s, &request);
	call_id = g_strdup(sip_call_id(request));
	pass_register(&s, &request, false);
	cr_assert_eq(s.expires_s, 900u, "asked for %u s", s.expires_s);
	pass_provisioning(&s, &request, MRAS_URI);
	respond(&s, &request, 503, NULL, NULL, NULL);
	cr_assert_eq(s.stage, SIGNIN_DONE, "stage");
	cr_assert_not_null(s.relay_failure, "the Edge's refusal was not noticed");
	request = signin_renew(&s);
	cr_assert_str_eq(sip_call_id(request), call_id, "another Call-ID");
	respond(&s, &request, 401, "WWW-Authenticate", challenge, NULL);
	cr_assert(sip_cseq(request) > 4u, "CSeq %u", sip_cseq(request));
	respond(&s, &request, 200, "Expires", "300", NULL);
	cr_assert_eq(s.expires_s, 300u, "granted %u s", s.expires_s);
	cr_assert_str_eq(sip_method(request), "SERVICE", "no new relay credentials are asked for");
	respond(&s, &request, 503, NULL, NULL, NULL);
	cr_assert_eq(s.stage, SIGNIN_DONE, "stage");
	request = signin_renew(&s);
	respond(&s, &request, 403, NULL, NULL, NULL);
	cr_assert_eq(s.stage, SIGNIN_FAILED, "a refusal was overlooked");
	signin_done(&s);
}
