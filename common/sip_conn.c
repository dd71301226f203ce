/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_private.h"

#include <string.h>

#include "common/base/source.h"
#include "common/error_reason.h"
#include "common/tls.h"

#define READ_BYTES 16384
#define QUEUE_MAX_BYTES (4 * 1024 * 1024) /* a peer that does not read is given up on */
#define MESSAGE_MS 32000  /* for a message from its first byte to its last; as timer F */
#define TIMER_F_MS 32000  /* 64*T1, RFC 3261 table 4 */
#define TIMER_C_MS 181000 /* more than three minutes, RFC 3261 section 16.6 step 11 */
#define LINGER_MS 1000

/* Life of a connection:
 *
 *   state     reads  writes       left by
 *   open      yes    yes          sip_conn_close -> lingering; error or end of file -> shut;
 *                                 a message without valid length: answered with 400, then shut;
 *                                 one that takes longer than MESSAGE_MS -> shut
 *   lingering no     the queue    queue empty, write error or LINGER_MS -> shut
 *   shut      no     no           freed when nobody refers to it any more
 *
 * `refs` are the owners', `holds` are ours: one for each read or write under way, each transaction,
 * and each callback that is running; so the structure outlives whatever an owner does inside a
 * callback. */
enum state { OPEN, LINGERING, SHUT };

struct sip_conn {
	guint refs, holds;
	enum state state;
	GIOStream *stream;
	char *local, *peer;
	const struct sip_conn_handlers *handlers;
	gpointer user_data;
	GMainContext *context;
	GCancellable *read_cancel, *write_cancel;
	bool reading, writing, closing;
	bool silenced; /* closed by the owner: no callback for anything that was pending */
	guint8 chunk[READ_BYTES];
	GByteArray *input;
	gsize scanned;
	guint line_ends; /* CRLFs between messages seen in a row */
	GQueue output;	 /* GBytes; the head is being written while `writing` */
	gsize output_bytes, output_max;
	GSource *linger;
	GSource *slow;	 /* set while a part of a message is there */
	GError *parting; /* the peer's message was not understood: ends when the answer is written
			  */
	GHashTable *transactions; /* branch -> struct transaction */
};

struct transaction {
	sip_conn *c;
	char *branch;
	sip_msg *request;
	guint timeout_ms;
	GSource *timer;
	bool late; /* made when the connection was closed already, or not sent */
	sip_response_func done;
	gpointer user_data;
};

static void start_read(sip_conn *c);
static void start_write(sip_conn *c);

/* --- ownership -------------------------------------------------------------------------------- */

static void conn_free(sip_conn *c)
{
	g_hash_table_unref(c->transactions);
	g_queue_clear_full(&c->output, (GDestroyNotify)g_bytes_unref);
	g_byte_array_unref(c->input);
	g_clear_error(&c->parting);
	g_object_unref(c->read_cancel);
	g_object_unref(c->write_cancel);
	g_object_unref(c->stream);
	g_main_context_unref(c->context);
	g_free(c->local);
	g_free(c->peer);
	g_free(c);
}

static void conn_hold(sip_conn *c)
{
	c->holds++;
}

/* Gives a hold back; frees the connection when nobody refers to it any more. */
static void conn_release(sip_conn *c)
{
	if (--c->holds == 0 && c->refs == 0)
		conn_free(c);
}

static void transaction_free(gpointer p)
{
	struct transaction *t = p;
	sip_conn *c = t->c;

	source_clear(&t->timer);
	sip_msg_unref(t->request);
	g_free(t->branch);
	g_free(t);
	conn_release(c);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Closes the stream of a shut connection.  A TLS stream can be closed only while nothing is pending
 * on it, so each end of a read or write calls this again. */
static void close_stream_when_idle(sip_conn *c)
{
	if (c->state != SHUT || c->reading || c->writing || c->closing)
		return;
	c->closing = true;
	g_io_stream_close_async(c->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
}

/* Stops reading and writing at once; what is queued is not sent. */
static void conn_shut(sip_conn *c)
{
	c->state = SHUT;
	source_clear(&c->linger);
	source_clear(&c->slow);
	g_cancellable_cancel(c->read_cancel);
	g_cancellable_cancel(c->write_cancel);
	close_stream_when_idle(c);
}

static gboolean on_linger(gpointer p)
{
	conn_shut(p);
	return G_SOURCE_REMOVE;
}

void sip_conn_close(sip_conn *c)
{
	conn_hold(c);
	c->silenced = true;
	g_hash_table_remove_all(c->transactions);
	if (c->state == OPEN) {
		source_clear(&c->linger);
		source_clear(&c->slow);
		c->state = LINGERING;
		g_cancellable_cancel(c->read_cancel);
		if (g_queue_is_empty(&c->output))
			conn_shut(c);
		else
			c->linger = timer_start(c->context, LINGER_MS, on_linger, c);
	}
	conn_release(c);
}

/* Takes a transaction out of the table, calls its owner with the response or the error, and frees
 * it.  Out of the table first, so that the owner may do anything. */
static void transaction_end(struct transaction *t, sip_msg *response, const GError *error)
{
	sip_conn *c = t->c;

	g_hash_table_steal(c->transactions, t->branch);
	if (t->done)
		t->done(c, response, error, t->user_data);
	transaction_free(t);
}

/* Whether a transaction was made while the connection was open; for g_hash_table_find. */
static gboolean is_pending(gpointer key G_GNUC_UNUSED, gpointer value,
			   gpointer user_data G_GNUC_UNUSED)
{
	return !((struct transaction *)value)->late;
}

/* Ends the connection with an error: ends all pending transactions, then tells the owner, unless he
 * has closed it. */
static void conn_fail(sip_conn *c, const GError *error)
{
	struct transaction *t;

	if (c->state == LINGERING)
		conn_shut(c);
	if (c->state == SHUT)
		return;
	conn_hold(c);
	conn_shut(c);
	while ((t = g_hash_table_find(c->transactions, is_pending, NULL)))
		transaction_end(t, NULL, error);
	if (!c->silenced)
		c->handlers->closed(c, error, c->user_data);
	conn_release(c);
}

static gboolean on_parting(gpointer p)
{
	sip_conn *c = p;

	conn_fail(c, c->parting);
	return G_SOURCE_REMOVE;
}

/* As conn_fail, with the reason's own words. */
static void conn_fail_for(sip_conn *c, enum reason r)
{
	g_autoptr(GError) error = reason_error_plain(r);

	conn_fail(c, error);
}

/* --- output ----------------------------------------------------------------------------------- */

/* Takes a written message off the queue and writes the next one, or ends the connection. */
static void on_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
	sip_conn *c = user_data;
	g_autoptr(GError) error = NULL;
	bool ok = g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, &error);
	g_autoptr(GBytes) sent = g_queue_pop_head(&c->output);

	c->writing = false;
	c->output_bytes -= g_bytes_get_size(sent);
	if (!ok)
		conn_fail(c, error);
	else if (c->state == LINGERING && g_queue_is_empty(&c->output))
		conn_shut(c);
	else if (c->parting && g_queue_is_empty(&c->output))
		conn_fail(c, c->parting);
	start_write(c);
	close_stream_when_idle(c);
	conn_release(c);
}

/* Writes the head of the queue, unless a write is under way: a TLS stream allows one at a time. */
static void start_write(sip_conn *c)
{
	GBytes *next = g_queue_peek_head(&c->output);
	gsize size;

	if (!next || c->writing || c->state == SHUT)
		return;

	const void *bytes = g_bytes_get_data(next, &size);

	c->writing = true;
	conn_hold(c);
	g_output_stream_write_all_async(g_io_stream_get_output_stream(c->stream), bytes, size,
					G_PRIORITY_DEFAULT, c->write_cancel, on_written, c);
}

/* Queues bytes, taking them over, and starts writing.  A peer that does not read is given up when
 * `output_max` bytes are queued: the reading side notices the cancelling and ends the connection
 * from the main loop. */
static void queue_bytes(sip_conn *c, GBytes *bytes)
{
	c->output_bytes += g_bytes_get_size(bytes);
	g_queue_push_tail(&c->output, bytes);

	if (c->output_bytes > c->output_max)
		g_cancellable_cancel(c->read_cancel);
	start_write(c);
}

bool sip_conn_send(sip_conn *c, sip_msg *m)
{
	gsize length;

	if (c->state != OPEN)
		return true;
	if (sip_msg_size(m) > SIP_MESSAGE_MAX)
		return false;

	char *text = sip_msg_print(m, &length);

	if (c->handlers->passed)
		c->handlers->passed(c, m, true, c->user_data);
	queue_bytes(c, g_bytes_new_take(text, length));
	return true;
}

void sip_conn_set_queue_max(sip_conn *c, gsize bytes)
{
	c->output_max = bytes;
}

/* --- input ------------------------------------------------------------------------------------ */

/* Sends the ACK for a final response that is no 2xx: part of the INVITE's transaction (RFC 3261
 * section 17.1.1.3). */
static void send_ack(sip_conn *c, const struct transaction *t, const sip_msg *response)
{
	const sip_msg *invite = t->request;
	g_autoptr(sip_msg) ack =
		sip_request_new("ACK", sip_uri(invite), sip_from_uri(invite), NULL,
				sip_to_uri(invite), NULL, sip_call_id(invite), sip_cseq(invite));
	const char *route;

	sip_remove_header(ack, "From");
	sip_add_header(ack, "From", sip_header(invite, "From"));
	sip_remove_header(ack, "To");
	sip_add_header(ack, "To", sip_header(response, "To"));
	sip_prepend_header(ack, "Via", sip_header(invite, "Via"));
	for (guint n = 0; (route = sip_header_nth(invite, "Route", n)); n++)
		sip_add_header(ack, "Route", route);
	sip_conn_send(c, ack);
}

static gboolean on_transaction_timeout(gpointer p)
{
	struct transaction *t = p;
	g_autoptr(GError) error = NULL;

	if (t->c->state == OPEN && t->late)
		error = reason_error_plain(REASON_MESSAGE_TOO_LONG);
	else if (t->c->state == OPEN)
		error = reason_error_new(REASON_SIP_NO_ANSWER, NULL, "no final response to %s",
					 sip_method(t->request));
	else
		error = reason_error_new(REASON_CONNECTION_CLOSED, NULL, "connection is closed");
	transaction_end(t, NULL, error);
	return G_SOURCE_REMOVE;
}

/* Passes a response to the transaction's owner.  A final one ends the transaction; a provisional
 * one to an INVITE extends its time. */
static void transaction_answer(struct transaction *t, sip_msg *response)
{
	sip_conn *c = t->c;
	bool invite = !strcmp(sip_method(t->request), "INVITE");

	if (sip_status(response) >= 200) {
		if (invite && sip_status(response) >= 300)
			send_ack(c, t, response);
		transaction_end(t, response, NULL);
		return;
	}
	if (invite) {
		source_clear(&t->timer);
		t->timer = timer_start(c->context, MAX(t->timeout_ms, TIMER_C_MS),
				       on_transaction_timeout, t);
	}
	if (t->done)
		t->done(c, response, NULL, t->user_data);
}

/* The transaction that a response belongs to: branch and method of CSeq agree (RFC 3261 section
 * 17.1.3).  NULL for a request or when there is none. */
static struct transaction *find_transaction(sip_conn *c, const sip_msg *m)
{
	g_autofree char *branch = sip_is_request(m) ? NULL : sip_top_branch(m);
	struct transaction *t = branch ? g_hash_table_lookup(c->transactions, branch) : NULL;

	return t && !strcmp(sip_method(t->request), sip_method(m)) ? t : NULL;
}

/* Passes a received message to its transaction or to the owner. */
static void deliver_message(sip_conn *c, sip_msg *m)
{
	struct transaction *t = find_transaction(c, m);

	if (sip_is_request(m))
		sip_via_received(m, c->peer);
	if (c->handlers->passed)
		c->handlers->passed(c, m, false, c->user_data);
	if (t)
		transaction_answer(t, m);
	else
		c->handlers->message(c, m, c->user_data);
}

static void drop_input(sip_conn *c, gsize n)
{
	g_byte_array_remove_range(c->input, 0, (guint)n);
	c->scanned = 0;
}

/* Removes CRLFs between messages from the input.  Two in a row are a keep-alive, answered with one
 * (RFC 5626 section 4.4.1).  We send none ourselves, so a single one can only be half of the
 * peer's. */
static void take_line_ends(sip_conn *c)
{
	while (c->input->len >= 2 && !memcmp(c->input->data, "\r\n", 2)) {
		drop_input(c, 2);
		if (++c->line_ends == 2) {
			c->line_ends = 0;
			queue_bytes(c, g_bytes_new_static("\r\n", 2));
		}
	}
}

/* Answers a malformed request, if it can be answered.  Whatever it is, its length is known, so that
 * the next message can be read: who shares this connection loses nothing by it. */
static bool answer_malformed(sip_conn *c, const char *data, gsize length, const GError *why)
{
	g_autoptr(sip_msg) answer = sip_bad_request(data, length, why);

	if (answer)
		sip_conn_send(c, answer);
	return answer;
}

/* What follows a message without valid length can't be understood: the connection ends as soon as
 * the answer, if there is one, has been written. */
static bool give_up(sip_conn *c, const GError *why)
{
	if (!answer_malformed(c, (const char *)c->input->data, c->input->len, why)) {
		conn_fail(c, why);
		return false;
	}
	c->parting = g_error_copy(why);
	c->linger = timer_start(c->context, LINGER_MS, on_parting, c);
	return false;
}

/* Removes one message from the input and delivers it.  Returns false when more bytes are needed or
 * the connection has failed. */
static bool take_message(sip_conn *c)
{
	g_autoptr(GError) error = NULL;
	const char *data;
	gsize length;
	int complete;

	take_line_ends(c);
	data = (const char *)c->input->data;
	if (c->input->len == 0 || (c->input->len == 1 && *data == '\r'))
		return false;
	c->line_ends = 0;
	complete = sip_frame(data, c->input->len, &c->scanned, &length, &error);
	if (complete < 0)
		return give_up(c, error);
	if (complete == 0 || c->input->len < length)
		return false;

	g_autoptr(sip_msg) m = sip_msg_parse(data, length, &error);

	if (!m)
		answer_malformed(c, data, length, error);
	drop_input(c, length);
	source_clear(&c->slow);
	if (m)
		deliver_message(c, m);
	return true;
}

static gboolean on_slow_message(gpointer p)
{
	sip_conn *c = p;
	g_autoptr(GError) error =
		reason_error_new(REASON_CONNECTION_TIMED_OUT, NULL,
				 "a message was not complete after %d s", MESSAGE_MS / 1000);

	conn_fail(c, error);
	return G_SOURCE_REMOVE;
}

/* Delivers all messages that are complete and reads on, or ends the connection. */
static void on_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
	sip_conn *c = user_data;
	g_autoptr(GError) error = NULL;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);

	c->reading = false;
	if (c->state != OPEN) {
		/* Closed meanwhile: whatever came is nobody's. */
	} else if (c->output_bytes > c->output_max) {
		conn_fail_for(c, REASON_PEER_DOES_NOT_READ);
	} else if (n < 0) {
		conn_fail(c, error);
	} else if (n == 0) {
		conn_fail_for(c, REASON_CONNECTION_CLOSED);
	} else {
		g_byte_array_append(c->input, c->chunk, (guint)n);
		while (c->state == OPEN && take_message(c))
			;
		if (c->input->len == 0)
			source_clear(&c->slow);
		else if (c->state == OPEN && !c->slow)
			c->slow = timer_start(c->context, MESSAGE_MS, on_slow_message, c);
		if (!c->parting)
			start_read(c);
	}
	close_stream_when_idle(c);
	conn_release(c);
}

static void start_read(sip_conn *c)
{
	if (c->state != OPEN || c->reading)
		return;
	c->reading = true;
	conn_hold(c);
	g_input_stream_read_async(g_io_stream_get_input_stream(c->stream), c->chunk,
				  sizeof c->chunk, G_PRIORITY_DEFAULT, c->read_cancel, on_read, c);
}

/* --- transactions ----------------------------------------------------------------------------- */

void sip_conn_request(sip_conn *c, sip_msg *request, guint timeout_ms, sip_response_func done,
		      gpointer user_data)
{
	g_autofree char *branch = sip_new_branch();
	g_autofree char *via = g_strdup_printf("SIP/2.0/TLS %s;branch=%s", c->local, branch);

	sip_prepend_header(request, "Via", via);
	bool sent = sip_conn_send(c, request);

	if (strcmp(sip_method(request), "ACK") != 0) {
		struct transaction *t = g_new0(struct transaction, 1);

		conn_hold(c);
		t->c = c;
		t->branch = g_steal_pointer(&branch);
		t->request = sip_msg_copy(
			request); /* as sent: a sender may change its own for another attempt */
		t->timeout_ms = timeout_ms ? timeout_ms : TIMER_F_MS;
		t->done = done;
		t->user_data = user_data;
		t->late = c->state != OPEN || !sent;
		t->timer = timer_start(c->context, t->late ? 0 : t->timeout_ms,
				       on_transaction_timeout, t);
		g_hash_table_insert(c->transactions, t->branch, t);
	}
}

/* --- life ------------------------------------------------------------------------------------- */

/* "address:port" of the other end, or "unknown"; the caller frees. */
static char *peer_name(GIOStream *stream)
{
	g_autoptr(GIOStream) base = NULL;
	g_autoptr(GSocketAddress) address = NULL;

	if (G_IS_TLS_CONNECTION(stream))
		g_object_get(stream, "base-io-stream", &base, NULL);
	else
		base = g_object_ref(stream);
	if (G_IS_SOCKET_CONNECTION(base))
		address = g_socket_connection_get_remote_address(G_SOCKET_CONNECTION(base), NULL);
	if (!address || !G_IS_INET_SOCKET_ADDRESS(address))
		return g_strdup("unknown");
	return g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address));
}

sip_conn *sip_conn_new(GIOStream *stream, const char *local,
		       const struct sip_conn_handlers *handlers, gpointer user_data)
{
	sip_conn *c = g_new0(sip_conn, 1);

	c->refs = 1;
	c->stream = stream;
	c->local = g_strdup(local);
	c->peer = peer_name(stream);
	c->handlers = handlers;
	c->user_data = user_data;
	c->output_max = QUEUE_MAX_BYTES;
	c->context = g_main_context_ref_thread_default();
	c->read_cancel = g_cancellable_new();
	c->write_cancel = g_cancellable_new();
	c->input = g_byte_array_new();
	g_queue_init(&c->output);
	c->transactions = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, transaction_free);
	start_read(c);
	return c;
}

void sip_conn_unref(sip_conn *c)
{
	if (!c)
		return;
	conn_hold(c);
	if (c->refs == 1)
		sip_conn_close(c);
	c->refs--;
	conn_release(c);
}

void sip_conn_prove(sip_conn *c)
{
	tls_prove(c->stream);
}

const char *sip_conn_peer(const sip_conn *c)
{
	return c->peer;
}
