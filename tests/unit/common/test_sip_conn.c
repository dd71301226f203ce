/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections over a socket pair: framing however the bytes are cut, transactions, and what ends a
 * connection. The far end is a plain descriptor that the test writes to and reads from. */
#include "common/sip.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/error_reason.h"
#include "common/sip_private.h"

struct end {
	sip_conn *c;
	int far;      /* descriptor of the peer */
	GString *log; /* what the callbacks saw, one word each */
	guint messages;
	bool closed;
	GError *error;
	void (*on_message)(struct end *e, sip_msg *m);
	void (*on_closed)(struct end *e);
	void (*on_response)(struct end *e, sip_msg *m, const GError *error);
};

static void message(G_GNUC_UNUSED sip_conn *c, sip_msg *m, gpointer user_data)
{
	struct end *e = user_data;

	e->messages++;
	g_string_append_printf(e->log, "%s ", sip_is_request(m) ? sip_method(m) : "stray");
	if (e->on_message)
		e->on_message(e, m);
}

static void closed(G_GNUC_UNUSED sip_conn *c, const GError *error, gpointer user_data)
{
	struct end *e = user_data;

	cr_expect(!e->closed, "closed twice");
	cr_expect(error, "an error says why");
	e->closed = true;
	e->error = g_error_copy(error);
	if (e->on_closed)
		e->on_closed(e);
}

static const struct sip_conn_handlers handlers = {.message = message, .closed = closed};

static void end_init(struct end *e)
{
	int pair[2];

	*e = (struct end){.log = g_string_new(NULL)};
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);

	g_autoptr(GSocket) socket = g_socket_new_from_fd(pair[0], NULL);

	e->far = pair[1];
	e->c = sip_conn_new(G_IO_STREAM(g_socket_connection_factory_create_connection(socket)),
			    "10.0.1.10:5061", &handlers, e);
}

/* Lets everything happen that can happen without waiting for a timer or the peer. */
static void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void end_done(struct end *e)
{
	sip_conn_unref(e->c);
	settle();
	if (e->far >= 0)
		close(e->far);
	g_string_free(e->log, TRUE);
	g_clear_error(&e->error);
}

static void say(struct end *e, const char *bytes, gsize length)
{
	cr_assert_eq(write(e->far, bytes, length), (gssize)length);
	settle();
}

/* What the connection has sent so far; the caller frees. */
static char *heard(struct end *e)
{
	char buffer[65536];
	gssize n;

	settle();
	n = recv(e->far, buffer, sizeof buffer - 1, MSG_DONTWAIT);
	return g_strndup(buffer, n > 0 ? (gsize)n : 0);
}

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
		say(&e, stream, cut);
		say(&e, stream + cut, strlen(stream) - cut);

		g_autofree char *pongs = heard(&e);

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
		say(&e, stream + i, 1);
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
	say(&e, many->str, many->len);
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
	say(&e, BYE INFO INFO, strlen(BYE INFO INFO));
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
	say(&e, BYE INFO INFO, strlen(BYE INFO INFO));
	cr_expect_str_eq(e.log->str, "BYE ");
	cr_expect(!e.closed);
	end_done(&e);
}

static const struct {
	const char *name, *bytes;
} broken[] = {
	{"no Content-Length", "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\n\r\n"},
	{"Content-Length is no number",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nContent-Length: x\r\n\r\n"},
	{"Content-Length beyond the limit",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nContent-Length: 65536\r\n\r\n"},
	{"Content-Length beyond numbers",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD
	 "CSeq: 2 BYE\r\nContent-Length: 99999999999999999999999\r\n\r\n"},
	{"two Content-Lengths",
	 "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\nl: 0\r\nContent-Length: 5\r\n\r\n"},
	{"not SIP", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"},
	{"no headers", "\r\n\r\nX\r\n\r\n"},
};

Test(sip_conn, broken_input_ends_it)
{
	for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
		struct end e;

		end_init(&e);
		say(&e, broken[i].bytes, strlen(broken[i].bytes));
		cr_expect(e.closed, "%s", broken[i].name);
		cr_expect(g_error_matches(e.error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA), "%s",
			  broken[i].name);
		cr_expect_eq(e.messages, 0u, "%s", broken[i].name);
		end_done(&e);
	}
}

/* A request that can be told from the next one is answered, and the connection goes on. */
Test(sip_conn, malformed_requests_are_answered)
{
#define TAIL "CSeq: 3 INVITE\r\nContent-Length: 0\r\n\r\n"
	static const struct {
		const char *name, *bytes, *answer; /* answer NULL: the connection ends */
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
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *answer = NULL;
		struct end e;

		end_init(&e);
		say(&e, rows[i].bytes, strlen(rows[i].bytes));
		answer = heard(&e);
		cr_expect_eq(e.closed, !rows[i].answer, "%s: closed", rows[i].name);
		cr_expect(g_str_has_prefix(answer, rows[i].answer ? rows[i].answer : ""), "%s: %s",
			  rows[i].name, answer);
		cr_expect(!rows[i].answer || strstr(answer, "branch=z9hG4bK1"), "%s: its Via\n%s",
			  rows[i].name, answer);
		if (rows[i].answer)
			say(&e, BYE, strlen(BYE));
		cr_expect_eq(e.messages, rows[i].answer ? 1u : 0u, "%s: what follows is read",
			     rows[i].name);
		end_done(&e);
	}
}

Test(sip_conn, request_without_length_is_answered_before_the_end)
{
	static const char text[] = "BYE sip:c@b.test SIP/2.0\r\n" HEAD "CSeq: 2 BYE\r\n\r\n";
	struct end e;
	g_autofree char *answer = NULL;

	end_init(&e);
	say(&e, text, strlen(text));
	answer = heard(&e);
	cr_expect(g_str_has_prefix(answer, "SIP/2.0 400 "), "%s", answer);
	cr_expect(e.closed);
	end_done(&e);
}

Test(sip_conn, headers_without_end)
{
	struct end e;
	char junk[8192];

	memset(junk, 'a', sizeof junk);
	end_init(&e);
	for (gsize sent = 0; sent <= SIP_MESSAGE_MAX && !e.closed; sent += sizeof junk)
		say(&e, junk, sizeof junk);
	cr_expect(e.closed);
	end_done(&e);
}

Test(sip_conn, peer_goes)
{
	struct end e;

	end_init(&e);
	say(&e, "BYE sip:c", 9);
	close(e.far);
	e.far = -1;
	settle();
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
		settle();
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

		settle();
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

/* --- transactions ----------------------------------------------------------------------------- */

static void response(G_GNUC_UNUSED sip_conn *c, sip_msg *m, const GError *error, gpointer user_data)
{
	struct end *e = user_data;

	cr_expect((m == NULL) == (error != NULL), "either a response or an error");
	if (m)
		g_string_append_printf(e->log, "%d ", sip_status(m));
	else
		g_string_append(e->log, g_error_matches(error, REASON_ERROR, REASON_SIP_NO_ANSWER) ?
						"late " :
						"lost ");
	if (e->on_response)
		e->on_response(e, m, error);
}

static sip_msg *request_new(const char *method)
{
	return sip_request_new(method, "sip:c@b.test", "sip:a@b.test", "1", "sip:c@b.test", NULL,
			       "call", 5);
}

/* Sends a request and takes it at the far end. */
static sip_msg *ask(struct end *e, const char *method, guint timeout_ms)
{
	g_autoptr(sip_msg) m = request_new(method);
	GError *error = NULL;

	sip_conn_request(e->c, m, timeout_ms, response, e);

	g_autofree char *text = heard(e);
	sip_msg *got = sip_msg_parse(text, strlen(text), &error);

	cr_assert(got, "%s", error ? error->message : "");
	return got;
}

/* The same where the request as it was sent does not matter. */
static void pend(struct end *e, const char *method)
{
	sip_msg_unref(ask(e, method, 0));
}

static void reply(struct end *e, const sip_msg *request, int status)
{
	g_autoptr(sip_msg) m = sip_response_new(request, status, NULL, "2");
	gsize length;
	g_autofree char *text = sip_msg_print(m, &length);

	say(e, text, length);
}

Test(sip_conn, responses_reach_their_request)
{
	struct end e;

	end_init(&e);

	g_autoptr(sip_msg) invite = ask(&e, "INVITE", 0);
	g_autoptr(sip_msg) info = ask(&e, "INFO", 0);

	cr_expect(g_str_has_prefix(sip_header(invite, "Via"),
				   "SIP/2.0/TLS 10.0.1.10:5061;branch=z9hG4bK"));
	reply(&e, invite, 100);
	reply(&e, invite, 183);
	reply(&e, info, 481);
	reply(&e, invite, 200);
	cr_expect_str_eq(e.log->str, "100 183 481 200 ");
	reply(&e, invite, 200);
	cr_expect_str_eq(e.log->str, "100 183 481 200 stray ", "a response too many is a message");

	g_autofree char *more = heard(&e);

	cr_expect_str_eq(more, "", "the ACK for a 2xx is the caller's");
	end_done(&e);
}

Test(sip_conn, refused_invite_is_acknowledged)
{
	struct end e;

	end_init(&e);

	g_autoptr(sip_msg) invite = ask(&e, "INVITE", 0);

	reply(&e, invite, 404);

	g_autofree char *text = heard(&e);
	g_autoptr(sip_msg) ack = sip_msg_parse(text, strlen(text), NULL);

	cr_assert(ack, "%s", text);
	cr_expect_str_eq(sip_method(ack), "ACK");
	cr_expect_eq(sip_cseq(ack), 5u);
	cr_expect_str_eq(sip_header(ack, "Via"), sip_header(invite, "Via"),
			 "same branch (RFC 3261 section 17.1.1.3)");
	cr_expect_str_eq(sip_to_tag(ack), "2");
	cr_expect_str_eq(sip_from_tag(ack), "1");
	end_done(&e);
}

Test(sip_conn, other_branch_is_not_ours)
{
	struct end e;

	end_init(&e);

	g_autoptr(sip_msg) info = ask(&e, "INFO", 0);

	sip_pop_header(info, "Via");
	sip_prepend_header(info, "Via", "SIP/2.0/TLS 10.0.1.10:5061;branch=z9hG4bKother");
	reply(&e, info, 200);
	cr_expect_str_eq(e.log->str, "stray ");
	end_done(&e);
}

Test(sip_conn, ack_has_no_transaction)
{
	struct end e;
	g_autoptr(sip_msg) ack = request_new("ACK");

	end_init(&e);
	sip_conn_request(e.c, ack, 0, NULL, NULL);

	g_autofree char *text = heard(&e);

	cr_expect(g_str_has_prefix(text, "ACK "));
	end_done(&e);
}

Test(sip_conn, time_out)
{
	struct end e;

	end_init(&e);

	g_autoptr(sip_msg) info = ask(&e, "INFO", 20);

	while (!e.log->len)
		g_main_context_iteration(NULL, TRUE);
	cr_expect_str_eq(e.log->str, "late ");
	reply(&e, info, 200);
	cr_expect_str_eq(e.log->str, "late stray ");
	end_done(&e);
}

Test(sip_conn, lost_with_requests_pending)
{
	struct end e;

	end_init(&e);

	pend(&e, "INFO");
	pend(&e, "INVITE");

	close(e.far);
	e.far = -1;
	settle();
	cr_expect_str_eq(e.log->str, "lost lost ");
	cr_expect(e.closed, "after the requests");
	end_done(&e);
}

static void close_in_response(struct end *e, G_GNUC_UNUSED sip_msg *m,
			      G_GNUC_UNUSED const GError *error)
{
	g_clear_pointer(&e->c, sip_conn_unref);
}

Test(sip_conn, unref_in_the_first_of_several_losses)
{
	struct end e;

	end_init(&e);
	e.on_response = close_in_response;

	pend(&e, "INFO");
	pend(&e, "INVITE");

	close(e.far);
	e.far = -1;
	settle();
	cr_expect_str_eq(e.log->str, "lost ", "closed by the owner: nothing follows");
	cr_expect(!e.closed);
	end_done(&e);
}

static void again(struct end *e, G_GNUC_UNUSED sip_msg *m, G_GNUC_UNUSED const GError *error)
{
	g_autoptr(sip_msg) next = request_new("INFO");

	e->on_response = NULL;
	sip_conn_request(e->c, next, 0, response, e);
}

Test(sip_conn, request_on_a_lost_connection)
{
	struct end e;

	end_init(&e);
	e.on_response = again;

	pend(&e, "INFO");

	close(e.far);
	e.far = -1;
	while (strcmp(e.log->str, "lost lost "))
		g_main_context_iteration(NULL, TRUE);
	cr_expect(e.closed);
	end_done(&e);
}

Test(sip_conn, close_with_requests_pending)
{
	struct end e;

	end_init(&e);

	pend(&e, "INFO");

	sip_conn_close(e.c);
	settle();
	cr_expect_str_eq(e.log->str, "");
	cr_expect(!e.closed);
	end_done(&e);
}

static void unref_in_closed(struct end *e)
{
	g_clear_pointer(&e->c, sip_conn_unref);
}

Test(sip_conn, unref_in_closed)
{
	struct end e;

	end_init(&e);
	e.on_closed = unref_in_closed;
	close(e.far);
	e.far = -1;
	settle();
	cr_expect(e.closed);
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
