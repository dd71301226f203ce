/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections over a socket pair: framing however the bytes are cut, and what ends a connection. */
#include "tests/unit/common/sip_end.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error_reason.h"
#include "common/sip_private.h"

#define HEAD                                                                       \
	"Via: SIP/2.0/TLS h;branch=z9hG4bK1\r\nFrom: <sip:a@b.test>;tag=1\r\nTo: " \
	"<sip:c@b.test>\r\nCall-ID: 1\r\n"
#define INFO                                 \
	"INFO sip:c@b.test SIP/2.0\r\n" HEAD \
	"CSeq: 1 INFO\r\nContent-Type: a/b\r\nContent-Length: 8\r\n\r\n\r\n\r\nbody"
#define BYE "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nl:\r\n 0\r\n\r\n"

/* --- framing ---------------------------------------------------------------------------------- */

static const char stream[] = "\r\n\r\n" INFO "\r\n\r\n" BYE INFO;

Test(sip_conn, cut_at_every_byte)
{
	for (gsize cut = 0; cut <= strlen(stream); cut++) {
		struct end e;

		end_init(&e);
		end_say(&e, stream, cut);
		end_say(&e, stream + cut, strlen(stream) - cut);

		g_autofree char *pongs = end_heard(&e);

		cr_expect_str_eq(e.log->str, "INFO BYE INFO ", "cut at %zu: %s", cut, e.log->str);
		cr_expect_str_eq(pongs, "\r\n\r\n", "cut at %zu: an answer to each keep-alive",
				 cut);
		cr_expect(!e.closed);
		end_done(&e);
	}
}

Test(sip_conn, byte_by_byte)
{
	struct end e;

	end_init(&e);
	for (gsize i = 0; i < strlen(stream); i++)
		end_say(&e, stream + i, 1);
	cr_expect_str_eq(e.log->str, "INFO BYE INFO ");
	end_done(&e);
}

Test(sip_conn, many_in_one_go)
{
	struct end e;
	g_autoptr(GString) many = g_string_new(NULL);

	end_init(&e);
	for (int i = 0; i < 200; i++)
		g_string_append(many, BYE);
	end_say(&e, many->str, many->len);
	cr_expect_eq(e.messages, 200u, "%u", e.messages);
	end_done(&e);
}

static void stop_here(struct end *e, G_GNUC_UNUSED sip_msg *m)
{
	sip_conn_close(e->c);
}

Test(sip_conn, nothing_follows_close)
{
	struct end e;

	end_init(&e);
	e.on_message = stop_here;
	end_say(&e, BYE INFO INFO, strlen(BYE INFO INFO));
	cr_expect_str_eq(e.log->str, "BYE ");
	cr_expect(!e.closed);
	end_done(&e);
}

static void leave_here(struct end *e, G_GNUC_UNUSED sip_msg *m)
{
	g_clear_pointer(&e->c, sip_conn_unref);
}

Test(sip_conn, unref_inside_a_callback)
{
	struct end e;

	end_init(&e);
	e.on_message = leave_here;
	end_say(&e, BYE INFO INFO, strlen(BYE INFO INFO));
	cr_expect_str_eq(e.log->str, "BYE ");
	cr_expect(!e.closed);
	end_done(&e);
}

static const struct {
	const char *name, *bytes;
	bool too_long;
} broken[] = {
	{"no Content-Length", "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\n\r\n", false},
	{"Content-Length is no number",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nContent-Length: x\r\n\r\n", false},
	{"Content-Length beyond the limit",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nContent-Length: 65536\r\n\r\n", true},
	{"Content-Length beyond numbers",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD
	 "CSeq: 2 BYE\r\nContent-Length: 99999999999999999999999\r\n\r\n",
	 true},
	{"two Content-Lengths",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nl: 0\r\nContent-Length: 5\r\n\r\n",
	 false},
	{"no headers", "\r\n\r\nX\r\n\r\n", false},
};

Test(sip_conn, broken_input_ends_it)
{
	for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
		struct end e;

		end_init(&e);
		end_say(&e, broken[i].bytes, strlen(broken[i].bytes));
		cr_expect(e.closed, "%s", broken[i].name);
		cr_expect(g_error_matches(e.error, G_IO_ERROR,
					  broken[i].too_long ? G_IO_ERROR_MESSAGE_TOO_LARGE :
							       G_IO_ERROR_INVALID_DATA),
			  "%s", broken[i].name);
		cr_expect_eq(e.messages, 0u, "%s", broken[i].name);
		end_done(&e);
	}
}

/* What can be told from the next message is answered, if it can be, and the connection goes on: it
 * may be one that servers share for all their users. */
Test(sip_conn, malformed_requests_are_answered)
{
#define TAIL "CSeq: 3 INVITE\r\nContent-Length: 0\r\n\r\n"
	static const struct {
		const char *name, *bytes, *answer; /* answer NULL: there is none */
	} rows[] = {
		{"no host", "INVITE sip: SIP/2.0\r\n" HEAD TAIL, "SIP/2.0 400 Bad Request"},
		{"spaces in the URI", "INVITE sip:a b@c SIP/2.0\r\n" HEAD TAIL,
		 "SIP/2.0 400 Bad Request"},
		{"a header that may occur once",
		 "INVITE sip:c@b.test SIP/2.0\r\n" HEAD "Max-Forwards: 1\r\nMax-Forwards: "
		 "2\r\n" TAIL,
		 "SIP/2.0 400 Bad Request"},
		{"a bad number", "INVITE sip:c@b.test SIP/2.0\r\n" HEAD "Max-Forwards: x\r\n" TAIL,
		 "SIP/2.0 400 Bad Request"},
		{"a line without colon", "INVITE sip:c@b.test SIP/2.0\r\n" HEAD "nonsense\r\n" TAIL,
		 "SIP/2.0 400 Bad Request"},
		{"another method in CSeq", "BYE sip:c@b.test SIP/2.0\r\n" HEAD TAIL,
		 "SIP/2.0 400 Bad Request"},
		{"another version", "INVITE sip:c@b.test SIP/7.0\r\n" HEAD TAIL, "SIP/2.0 505 "},
		{"an ACK", "ACK sip: SIP/2.0\r\n" HEAD "CSeq: 3 ACK\r\nContent-Length: 0\r\n\r\n",
		 NULL},
		{"no Via",
		 "BYE sip: SIP/2.0\r\nFrom: <sip:a@b.test>;tag=1\r\nTo: <sip:c@b.test>\r\n"
		 "Call-ID: 1\r\n" TAIL,
		 NULL},
		{"a response", "SIP/2.0 200 OK\r\n" HEAD "CSeq: x\r\nContent-Length: 0\r\n\r\n",
		 NULL},
		{"not SIP", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *answer = NULL;
		struct end e;

		end_init(&e);
		end_say(&e, rows[i].bytes, strlen(rows[i].bytes));
		answer = end_heard(&e);
		cr_expect(!e.closed, "%s: closed", rows[i].name);
		cr_expect(g_str_has_prefix(answer, rows[i].answer ? rows[i].answer : ""), "%s: %s",
			  rows[i].name, answer);
		cr_expect(!rows[i].answer || strstr(answer, "branch=z9hG4bK1"), "%s: its Via\n%s",
			  rows[i].name, answer);
		end_say(&e, BYE, strlen(BYE));
		cr_expect_eq(e.messages, 1u, "%s: what follows is read", rows[i].name);
		end_done(&e);
	}
}

Test(sip_conn, request_without_length_is_answered_before_the_end)
{
	static const char text[] = "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\n\r\n";
	struct end e;
	g_autofree char *answer = NULL;

	end_init(&e);
	end_say(&e, text, strlen(text));
	answer = end_heard(&e);
	cr_expect(g_str_has_prefix(answer, "SIP/2.0 400 "), "%s", answer);
	cr_expect(e.closed);
	end_done(&e);
}

/* The peer would end the connection for it, which all may share. */
Test(sip_conn, too_long_a_message_is_not_sent)
{
	struct end e;

	end_init(&e);
	for (gsize extra = 0; extra < 2; extra++) {
		g_autoptr(sip_msg) m = sip_request_new("MESSAGE", "sip:c@b.test", "sip:a@b.test",
						       "1", "sip:c@b.test", NULL, "1", 1);
		g_autofree char *body = NULL;

		sip_add_header(m, "Via", "SIP/2.0/TLS h;branch=z9hG4bK1");
		body = g_strnfill(SIP_MESSAGE_MAX - sip_msg_size(m) - strlen("99999") + 1 + extra,
				  'x');
		sip_set_body(m, NULL, body, -1);
		cr_expect_eq(sip_msg_size(m), SIP_MESSAGE_MAX + extra);
		cr_expect_eq(sip_conn_send(e.c, m), extra == 0);
	}
	end_settle();
	cr_expect(!e.closed);
	end_done(&e);
}

Test(sip_conn, headers_without_end)
{
	struct end e;
	char junk[8192];

	memset(junk, 'a', sizeof junk);
	end_init(&e);
	for (gsize sent = 0; sent <= SIP_MESSAGE_MAX && !e.closed; sent += sizeof junk)
		end_say(&e, junk, sizeof junk);
	cr_expect(e.closed);
	end_done(&e);
}

/* A part of a message has its time; whole ones, however slow, have theirs each. */
Test(sip_conn, a_message_that_does_not_end)
{
	struct end e;
	GSource *timer;

	end_init(&e);
	end_say(&e, BYE INFO, strlen(BYE) + 20);
	timer = g_main_context_find_source_by_user_data(NULL, e.c);
	cr_assert_not_null(timer);
	end_say(&e, &INFO[20], strlen(INFO) - 20);
	cr_expect_null(g_main_context_find_source_by_user_data(NULL, e.c), "it was complete");
	end_say(&e, BYE, 1);
	timer = g_main_context_find_source_by_user_data(NULL, e.c);
	cr_assert_not_null(timer);
	for (guint i = 1; i < 20; i++)
		end_say(&e, &BYE[i], 1);
	cr_expect_eq(g_main_context_find_source_by_user_data(NULL, e.c), timer,
		     "single bytes give it no more time");
	g_source_set_ready_time(timer, 0);
	end_settle();
	cr_expect(e.closed);
	cr_expect(g_error_matches(e.error, REASON_ERROR, REASON_CONNECTION_TIMED_OUT));
	end_done(&e);
}

Test(sip_conn, peer_goes)
{
	struct end e;

	end_init(&e);
	end_say(&e, "BYE sip:c", 9);
	close(e.far);
	e.far = -1;
	end_settle();
	cr_expect(e.closed);
	cr_expect(g_error_matches(e.error, REASON_ERROR, REASON_CONNECTION_CLOSED));
	end_done(&e);
}

/* A peer that asks and never reads: the queue has a limit, memory too. */
Test(sip_conn, peer_does_not_read)
{
	struct end e;
	g_autoptr(sip_msg) m = sip_request_new("MESSAGE", "sip:c@b.test", "sip:a@b.test", "1",
					       "sip:c@b.test", NULL, "1", 1);
	g_autofree char *body = g_strnfill(60000, 'x');

	end_init(&e);
	sip_set_body(m, "text/plain", body, -1);
	for (int i = 0; i < 200 && !e.closed; i++) {
		sip_conn_send(e.c, m);
		end_settle();
	}
	cr_expect(e.closed);
	end_done(&e);
}

/* --- sending ---------------------------------------------------------------------------------- */

Test(sip_conn, all_is_sent_in_order_also_after_close)
{
	struct end e;
	g_autoptr(GString) all = g_string_new(NULL);
	const guint n = 100;

	end_init(&e);
	for (guint i = 1; i <= n; i++) {
		g_autoptr(sip_msg) m = sip_request_new("MESSAGE", "sip:c@b.test", "sip:a@b.test",
						       "1", "sip:c@b.test", NULL, "1", i);
		g_autofree char *body = g_strnfill(10000, 'x');

		sip_set_body(m, "text/plain", body, -1);
		sip_conn_send(e.c, m);
	}
	sip_conn_close(e.c);
	for (;;) {
		char buffer[65536];
		gssize got;

		end_settle();
		got = recv(e.far, buffer, sizeof buffer, MSG_DONTWAIT);
		if (got <= 0)
			break;
		g_string_append_len(all, buffer, got);
	}
	for (guint i = 1; i <= n; i++) {
		g_autofree char *cseq = g_strdup_printf("CSeq: %u MESSAGE\r\n", i);

		cr_expect(strstr(all->str, cseq), "message %u", i);
	}
	cr_expect(g_str_has_suffix(all->str, "xxx"), "the last body is whole");
	end_done(&e);
}

/* --- frames ----------------------------------------------------------------------------------- */

Test(sip_frame, length)
{
	gsize scanned = 0;
	gsize total = 0;

	cr_expect_eq(sip_frame(INFO, 20, &scanned, &total, NULL), 0);
	cr_expect_eq(sip_frame(INFO BYE, strlen(INFO BYE), &scanned, &total, NULL), 1);
	cr_expect_eq(total, strlen(INFO));
}
