/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a SIP message. */
#include "common/sip_event.h"

#include "common/base/json.h"

#include <criterion/criterion.h>
#include <string.h>

static const char invite[] = "INVITE sip:bob@t.test SIP/2.0\r\n"
			     "Via: SIP/2.0/TLS 10.0.0.1:5061;branch=z9hG4bK1\r\n"
			     "Max-Forwards: 70\r\n"
			     "From: <sip:alice@t.test>;tag=1\r\n"
			     "To: <sip:bob@t.test>\r\n"
			     "Call-ID: call-1\r\n"
			     "CSeq: 1 INVITE\r\n"
			     "Content-Type: text/plain\r\n"
			     "Content-Length: 5\r\n\r\n"
			     "h\xff</p";

Test(sip_event, has_the_text_where_it_is_asked_for)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sip_msg) m = sip_msg_parse(invite, strlen(invite), &error);
	json_auto_t *plain = NULL, *whole = NULL;
	const char *text;

	cr_assert(m, "%s", error->message);
	plain = sip_event(m, "10.0.0.9:5061", true, false);
	whole = sip_event(m, "10.0.0.9:5061", true, true);
	cr_expect_null(json_object_get(plain, "text"));
	cr_expect_str_eq(member_text(whole, "call"), "call-1");
	text = member_text(whole, "text");
	cr_assert_not_null(text);
	cr_expect(g_str_has_prefix(text, "INVITE sip:bob@t.test SIP/2.0\r\n"), "%s", text);
	cr_expect_not_null(strstr(text, "h\xef\xbf\xbd</p"), "what is no UTF-8 is marked");
}
