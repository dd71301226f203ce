/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contact, remote target and route set of a dialog (RFC 3261 section 12). */
#include "clients/dialog.h"

#include <criterion/criterion.h>

#define OWN "<sip:dc1@10.0.1.101:40000;transport=tls>"
#define PEER "<sip:home1@192.168.1.10:50000;transport=tls>"
#define EDGE "<sip:t@sip.contoso.com:443;transport=tls;lr>"
#define FRONT_END "<sip:fe.contoso.com:5061;transport=tls;lr>"

static void caller(struct dialog *d)
{
	dialog_init_caller(d, "c1", "sip:dc1@contoso.com", "sip:home1@contoso.com", OWN);
}

static sip_msg *answer(const sip_msg *request, int status)
{
	sip_msg *m = sip_response_new(request, status, NULL, "b");

	sip_add_header(m, "Record-Route", EDGE);
	sip_add_header(m, "Record-Route", FRONT_END);
	sip_add_header(m, "Contact", PEER ";+sip.instance=\"x\"");
	return m;
}

Test(dialog, caller_learns_where_to_send)
{
	struct dialog d;
	g_autoptr(sip_msg) invite = NULL, ringing = NULL, ok = NULL, ack = NULL, bye = NULL;

	caller(&d);
	invite = dialog_request(&d, "INVITE");
	cr_expect_str_eq(sip_header(invite, "Contact"), OWN);
	cr_expect_str_eq(sip_uri(invite), "sip:home1@contoso.com");
	cr_expect_null(sip_header(invite, "Route"));
	ringing = answer(invite, 183);
	dialog_learn(&d, ringing);
	ok = answer(invite, 200);
	dialog_learn(&d, ok);
	ack = dialog_ack(&d);
	cr_expect_str_eq(sip_uri(ack), "sip:home1@192.168.1.10:50000;transport=tls");
	cr_expect_str_eq(sip_header_nth(ack, "Route", 0), FRONT_END, "the nearest first");
	cr_expect_str_eq(sip_header_nth(ack, "Route", 1), EDGE);
	cr_expect_null(sip_header_nth(ack, "Route", 2), "learned once");
	bye = dialog_request(&d, "BYE");
	cr_expect_str_eq(sip_uri(bye), sip_uri(ack));
	cr_expect_str_eq(sip_to_uri(bye), "sip:home1@contoso.com", "To stays");
	cr_expect_null(sip_header(bye, "Contact"));
	dialog_done(&d);
}

Test(dialog, callee_takes_what_came)
{
	struct dialog d, e;
	g_autoptr(sip_msg) invite = NULL, ok = NULL, busy = NULL, info = NULL, again = NULL,
			   bye = NULL;

	caller(&e);
	invite = dialog_request(&e, "INVITE");
	sip_add_header(invite, "Record-Route", FRONT_END);
	sip_add_header(invite, "Record-Route", EDGE);
	dialog_init_callee(&d, invite, PEER);
	ok = dialog_response(&d, invite, 200, NULL);
	busy = dialog_response(&d, invite, 488, NULL);
	cr_expect_str_eq(sip_header(ok, "Contact"), PEER);
	cr_expect_str_eq(sip_header(ok, "Record-Route"), FRONT_END, "for the caller");
	cr_expect_null(sip_header(busy, "Contact"));
	info = dialog_request(&d, "INFO");
	cr_expect_str_eq(sip_uri(info), "sip:dc1@10.0.1.101:40000;transport=tls");
	cr_expect_str_eq(sip_header_nth(info, "Route", 0), FRONT_END, "in their order");
	cr_expect_str_eq(sip_header_nth(info, "Route", 1), EDGE);
	again = dialog_request(&e, "INVITE");
	sip_remove_header(again, "Contact");
	sip_add_header(again, "Contact", "<sip:dc1@10.0.1.102;transport=tls>");
	dialog_refresh_target(&d, again);
	bye = dialog_request(&d, "BYE");
	cr_expect_str_eq(sip_uri(bye), "sip:dc1@10.0.1.102;transport=tls");
	dialog_done(&d);
	dialog_done(&e);
}

/* The Call-ID alone makes nobody the peer. */
Test(dialog, requests_of_others)
{
	static const struct {
		const char *method, *from_tag, *to_tag;
		bool matches;
	} rows[] = {
		{"BYE", "b", "own", true},    {"BYE", "x", "own", false},
		{"BYE", "b", "x", false},     {"BYE", "b", NULL, false},
		{"CANCEL", "b", NULL, true},  {"INVITE", "b", NULL, true},
		{"CANCEL", "x", NULL, false}, {"BYE", NULL, "own", false},
	};
	struct dialog d;
	g_autoptr(sip_msg) invite = NULL, ringing = NULL;

	caller(&d);
	invite = dialog_request(&d, "INVITE");
	ringing = answer(invite, 183);
	for (guint known = 0; known < 2; known++) {
		for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
			const char *to = g_strcmp0(rows[i].to_tag, "own") == 0 ? d.local_tag :
										 rows[i].to_tag;
			g_autoptr(sip_msg) m =
				sip_request_new(rows[i].method, "sip:dc1@10.0.1.101",
						"sip:home1@contoso.com", rows[i].from_tag,
						"sip:dc1@contoso.com", to, "c1", 2);

			cr_expect_eq(dialog_matches(&d, m),
				     known ? rows[i].matches : !rows[i].from_tag, "%s, %u",
				     rows[i].method, (guint)i);
		}
		dialog_learn(&d, ringing);
	}
	dialog_done(&d);
}
