/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests over a connection, their responses, and what becomes of them when it ends. */
#include "tests/unit/common/sip_end.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "common/error_reason.h"
#include "common/sip_private.h"

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

	g_autofree char *text = end_heard(e);
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

	end_say(e, text, length);
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

	g_autofree char *more = end_heard(&e);

	cr_expect_str_eq(more, "", "the ACK for a 2xx is the caller's");
	end_done(&e);
}

Test(sip_conn, refused_invite_is_acknowledged)
{
	struct end e;

	end_init(&e);

	g_autoptr(sip_msg) invite = ask(&e, "INVITE", 0);

	reply(&e, invite, 404);

	g_autofree char *text = end_heard(&e);
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

	g_autofree char *text = end_heard(&e);

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
	end_settle();
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
	end_settle();
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
	end_settle();
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
	end_settle();
	cr_expect(e.closed);
	end_done(&e);
}
