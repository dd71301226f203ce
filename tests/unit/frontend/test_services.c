/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the Front End tells clients (provisioning, credentials of relays) and keeps of their calls.
 */
#include "tests/unit/frontend/world.h"

#include <criterion/criterion.h>
#include <string.h>

/* --- provisioning and MRAS -------------------------------------------------------------------- */

Test(provisioning, document)
{
	static const struct {
		const char *user, *mras;
	} rows[] = {
		{"dc1", "<mrasUri>sip:mras@edge.contoso.com;opaque=srvr:MRAS</mrasUri>"},
		{"dc2", NULL},
	};
	struct office o = office_open();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct fe_flow *flow = i == 0 ? o.dc1 : o.dc2;
		g_autofree char *uri = g_strdup_printf("sip:%s@contoso.com", rows[i].user);
		g_autofree char *factory =
			g_strdup_printf("<focusFactoryUri>sip:%s@contoso.com;gruu;opaque=app:conf:"
					"focusfactory</focusFactoryUri>",
					rows[i].user);
		sip_msg *m = world_request("SUBSCRIBE", uri, rows[i].user, NULL, NULL, "s", 1, "s");
		g_autoptr(sip_msg) answer = NULL;
		const char *body;

		sip_add_header(m, "Event", "vnd-microsoft-provisioning-v2");
		world_receive(o.w, flow, m);
		answer = world_take(o.w, flow);
		cr_assert_eq(sip_status(answer), 200, "%s: %d", rows[i].user, sip_status(answer));
		cr_assert_str_eq(sip_content_type(answer),
				 "application/vnd-microsoft-roaming-provisioning-v2+xml", "type");
		body = sip_body(answer, NULL);
		cr_assert_not_null(strstr(body, factory), "%s: %s", rows[i].user, body);
		if (rows[i].mras)
			cr_assert_not_null(strstr(body, rows[i].mras), "%s: %s", rows[i].user,
					   body);
		else
			cr_assert_null(strstr(body, "mrasUri"), "%s: %s", rows[i].user, body);
	}
	office_close(&o);
}

static sip_msg *mras_service(const char *call)
{
	sip_msg *m = world_request("SERVICE", "sip:mras@edge.contoso.com;opaque=srvr:MRAS", "dc1",
				   NULL, NULL, call, 1, call);

	sip_set_body(m, "application/msrtc-media-relay-auth+xml", "<request/>", -1);
	return m;
}

Test(mras, answered)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL, answer = NULL;

	world_receive(o.w, o.dc1, mras_service("m1"));
	forwarded = world_take(o.w, o.w->mras);
	cr_assert_str_eq(sip_body(forwarded, NULL), "<request/>", "body as it came");
	world_answer(o.w, o.w->mras, forwarded, 200, "e");
	answer = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(answer), 200, "got %d", sip_status(answer));
	cr_assert_eq(o.w->sent->len, 0, "that is all");
	office_close(&o);
}

Test(mras, silent)
{
	struct office o = office_open();
	g_autoptr(sip_msg) answer = NULL;

	world_receive(o.w, o.dc1, mras_service("m1"));
	world_advance(o.w, MRAS_FORWARD_US - 1);
	cr_assert_eq(world_pending(o.w, o.dc1), 0, "not yet");
	world_advance(o.w, 1);
	answer = world_take(o.w, o.dc1);
	cr_assert_not_null(answer, "no answer after 5 s");
	cr_assert_eq(sip_status(answer), 504, "got %d", sip_status(answer));
	office_close(&o);
}

Test(mras, unreachable)
{
	struct office o = office_open();
	g_autoptr(sip_msg) answer = NULL;

	world_receive(o.w, o.dc1, mras_service("m1"));
	world_close(o.w, o.w->mras);
	answer = world_take(o.w, o.dc1);
	cr_assert_eq(sip_status(answer), 504, "got %d", sip_status(answer));
	office_close(&o);
}

/* --- call detail records ---------------------------------------------------------------------- */

static void expect_record(const struct world *w, const char *kind, int status,
			  const char *diagnostics, int duration_ms)
{
	const json_t *e = world_event(w, "session");

	cr_assert_not_null(e, "no record");
	cr_assert_str_eq(json_string_value(json_object_get(e, "call")), "c1", "call");
	cr_assert_str_eq(json_string_value(json_object_get(e, "from")), "sip:dc1@contoso.com",
			 "from");
	cr_assert_str_eq(json_string_value(json_object_get(e, "to")), "sip:home1@contoso.com",
			 "to");
	cr_assert_str_eq(json_string_value(json_object_get(e, "kind")), kind, "kind");
	cr_assert_eq(json_integer_value(json_object_get(e, "status")), status, "status");
	cr_assert_eq(g_strcmp0(json_string_value(json_object_get(e, "diagnostics")), diagnostics),
		     0, "diagnostics");
	cr_assert_eq(json_integer_value(json_object_get(e, "duration_ms")), duration_ms,
		     "duration %lld",
		     (long long)json_integer_value(json_object_get(e, "duration_ms")));
}

Test(cdr, ended_by_callee_with_diagnostics)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL;
	sip_msg *bye = world_request("BYE", "sip:dc1@contoso.com", "home1", NULL, "tag-dc1", "c1",
				     1, "bye");

	world_receive(
		o.w, o.dc1,
		office_invite(
			"dc1", "home1", "c1",
			"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
			"m=audio 9 RTP/SAVP 114\r\na=rtpmap:114 x-msrta/16000\r\n"
			"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"));
	forwarded = world_take(o.w, o.edge);
	world_answer(o.w, o.edge, forwarded, 200, "tag-home1");
	world_advance(o.w, 7100 * 1000);
	sip_add_header(bye, "ms-client-diagnostics", "23; reason=\"Call failed\"");
	world_receive(o.w, o.edge, bye);
	expect_record(o.w, "audio", 200, "23; reason=\"Call failed\"", 7100);
	office_close(&o);
}

Test(cdr, failed)
{
	struct office o = office_open();
	g_autoptr(sip_msg) forwarded = NULL;
	guint records = 0;

	world_receive(o.w, o.dc1, office_invite("dc1", "home1", "c1", NULL));
	forwarded = world_take(o.w, o.edge);
	cr_assert_null(world_event(o.w, "session"), "not over yet");
	world_answer(o.w, o.edge, forwarded, 486, "b");
	expect_record(o.w, "im", 486, NULL, 0);
	for (guint i = 0; i < o.w->events->len; i++)
		records += !g_strcmp0(json_string_value(json_object_get(
					      g_ptr_array_index(o.w->events, i), "event")),
				      "session");
	cr_assert_eq(records, 1, "one record a session, not %u", records);
	office_close(&o);
}

Test(cdr, not_reached)
{
	struct office o = office_open();

	world_close(o.w, o.edge);
	world_receive(o.w, o.dc1, office_invite("dc1", "home1", "c1", NULL));
	expect_record(o.w, "im", 480, NULL, 0);
	office_close(&o);
}
