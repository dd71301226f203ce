/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/transactions.h"

#include <string.h>

struct fe_transaction {
	char *branch; /* of our Via */
	char *method;
	struct fe_flow *target;
	gint64 deadline_us;
	char *user, *route; /* the recipient and the first Route; NULL: none */
	int late_status;    /* 0: what status_when_late says */
	/* of a proxied request */
	char *sender;
	gsize bytes;
	struct fe_flow *source; /* NULL: a request of our own */
	char *source_branch;
	sip_msg *received, *sent;
	int failure;
	bool answers_timeout;
	bool completed; /* an INVITE that failed and waits for its ACK */
	/* of a request of our own */
	transactions_func done;
	gpointer user_data;
};

struct transactions {
	char *sent_by;
	const struct transactions_io *io;
	gpointer user_data;
	GHashTable *entries; /* branch -> struct fe_transaction */
	GHashTable *senders; /* user -> bytes of pending requests */
	gsize bytes;
};

static const struct object_shape fe_transaction_shape = OBJECT_SHAPE(
	fe_transaction, NULL, OWNS_TEXT(fe_transaction, branch), OWNS_TEXT(fe_transaction, method),
	OWNS_TEXT(fe_transaction, user), OWNS_TEXT(fe_transaction, route),
	OWNS_TEXT(fe_transaction, sender), OWNS_TEXT(fe_transaction, source_branch),
	OWNS(fe_transaction, target, fe_flow_unref), OWNS(fe_transaction, source, fe_flow_unref),
	OWNS(fe_transaction, received, sip_msg_unref), OWNS(fe_transaction, sent, sip_msg_unref));

static const struct object_shape transactions_shape =
	OBJECT_SHAPE(transactions, NULL, OWNS_TABLE(transactions, entries),
		     OWNS_TABLE(transactions, senders), OWNS_TEXT(transactions, sent_by));

transactions *transactions_new(const char *sent_by, const struct transactions_io *io,
			       gpointer user_data)
{
	transactions *t = object_new(&transactions_shape);

	t->sent_by = g_strdup(sent_by);
	t->io = io;
	t->user_data = user_data;
	t->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, object_free);
	t->senders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return t;
}

gint64 transactions_now_us(const transactions *t)
{
	return t->io->now_us(t->user_data);
}

guint transactions_count(const transactions *t)
{
	return g_hash_table_size(t->entries);
}

/* --- sending ---------------------------------------------------------------------------------- */

bool transactions_send(transactions *t, struct fe_flow *flow, sip_msg *m)
{
	return !flow->open || t->io->send(flow, m, t->user_data);
}

void transactions_answer(transactions *t, struct fe_flow *flow, const sip_msg *request, int status,
			 const char *reason, const char *to_tag)
{
	g_autofree char *fresh = sip_new_tag();
	const char *tag = status == 100 ? NULL : to_tag ? to_tag : fresh;
	g_autoptr(sip_msg) answer = sip_response_new(request, status, reason, tag);

	transactions_send(t, flow, answer);
}

void transactions_answer_full(transactions *t, struct fe_flow *flow, const sip_msg *request)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) answer = sip_response_new(request, 503, NULL, tag);

	sip_add_header(answer, "Retry-After", TRANSACTIONS_RETRY_S);
	transactions_send(t, flow, answer);
}

/* The branch of the topmost Via; NULL: none.  The caller frees. */
static char *via_branch(const sip_msg *m)
{
	const char *via = sip_header_nth(m, "Via", 0);

	return via ? sip_param(via, "branch") : NULL;
}

static void add_via(const transactions *t, sip_msg *m, const char *branch)
{
	g_autofree char *via = g_strdup_printf("SIP/2.0/TLS %s;branch=%s", t->sent_by, branch);

	sip_prepend_header(m, "Via", via);
}

static void set_route(sip_msg *m, const struct fe_route *route)
{
	sip_remove_header(m, "Route");
	for (guint i = route->path ? route->path->len : 0; i > 0; i--)
		sip_prepend_header(m, "Route", g_ptr_array_index(route->path, i - 1));
}

/* --- what senders have pending ---------------------------------------------------------------- */

static gsize sender_bytes(const transactions *t, const char *sender)
{
	return GPOINTER_TO_SIZE(g_hash_table_lookup(t->senders, sender));
}

bool transactions_take_room(transactions *t, const char *sender, gsize bytes)
{
	gsize own = sender_bytes(t, sender);

	if (own + bytes > TRANSACTIONS_OF_SENDER_BYTES ||
	    t->bytes + bytes > TRANSACTIONS_OF_ALL_BYTES)
		return false;
	g_hash_table_replace(t->senders, g_strdup(sender), GSIZE_TO_POINTER(own + bytes));
	t->bytes += bytes;
	return true;
}

void transactions_give_room(transactions *t, const char *sender, gsize bytes)
{
	gsize own = sender_bytes(t, sender) - bytes;

	t->bytes -= bytes;
	if (own)
		g_hash_table_replace(t->senders, g_strdup(sender), GSIZE_TO_POINTER(own));
	else
		g_hash_table_remove(t->senders, sender);
}

/* Counts the bytes of a sender's new transaction; false: there is no room for it. */
static bool take_room(transactions *t, struct fe_transaction *e, const sip_msg *request)
{
	gsize bytes = 2 * sip_msg_size(request) + TRANSACTION_BYTES;
	g_autofree char *sender = sip_uri_user(sip_from_uri(request));

	if (!sender || !transactions_take_room(t, sender, bytes))
		return false;
	e->bytes = bytes;
	e->sender = g_steal_pointer(&sender);
	return true;
}

static void give_room(transactions *t, struct fe_transaction *e)
{
	if (e->sender)
		transactions_give_room(t, e->sender, e->bytes);
	g_clear_pointer(&e->sender, g_free);
}

static void remove_transaction(transactions *t, struct fe_transaction *e)
{
	give_room(t, e);
	g_hash_table_remove(t->entries, e->branch);
}

/* --- requests --------------------------------------------------------------------------------- */

/* Adds Via and Route to `request`, and a transaction for it, due after `timeout_us`, to the
 * table. */
static struct fe_transaction *begin_transaction(transactions *t, const struct fe_route *route,
						sip_msg *request, gint64 timeout_us)
{
	struct fe_transaction *e = object_new(&fe_transaction_shape);

	e->branch = sip_new_branch();
	e->method = g_strdup(sip_method(request));
	e->target = fe_flow_ref(route->flow);
	e->user = g_strdup(route->user);
	e->deadline_us = transactions_now_us(t) + timeout_us;
	g_hash_table_replace(t->entries, e->branch, e);
	add_via(t, request, e->branch);
	set_route(request, route);
	e->route = g_strdup(sip_header(request, "Route"));
	t->io->wake(e->deadline_us, t->user_data);
	return e;
}

void transactions_forward(transactions *t, struct fe_flow *source, const sip_msg *request,
			  const struct fe_route *route, gint64 timeout_us, int failure)
{
	bool invite = g_str_equal(sip_method(request), "INVITE");
	gint64 usual_us = invite ? TRANSACTION_INVITE_US : TRANSACTION_OTHER_US;
	sip_msg *copy = sip_msg_copy(request);
	struct fe_transaction *e =
		begin_transaction(t, route, copy, timeout_us ? timeout_us : usual_us);

	e->sent = copy;
	if (!take_room(t, e, request)) {
		remove_transaction(t, e);
		transactions_answer_full(t, source, request);
		return;
	}
	e->source = fe_flow_ref(source);
	e->source_branch = via_branch(request);
	e->received = sip_msg_copy(request);
	e->failure = failure;
	e->answers_timeout = invite || timeout_us;
	if (transactions_send(t, route->flow, copy))
		return;
	remove_transaction(t, e);
	transactions_answer(t, source, request, 513, "Message Too Large", NULL);
}

void transactions_request(transactions *t, const struct fe_route *route, sip_msg *request,
			  gint64 timeout_us, transactions_func done, gpointer user_data)
{
	struct fe_transaction *e = begin_transaction(
		t, route, request, timeout_us ? timeout_us : TRANSACTION_OTHER_US);

	e->done = done;
	e->user_data = user_data;
	if (transactions_send(t, route->flow, request))
		return;
	e->late_status = 513;
	e->deadline_us = transactions_now_us(t);
	t->io->wake(e->deadline_us, t->user_data);
}

void transactions_forget(transactions *t, gpointer user_data)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, t->entries);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct fe_transaction *e = value;

		if (e->done && e->user_data == user_data)
			g_hash_table_iter_remove(&i);
	}
}

/* --- ACK and CANCEL --------------------------------------------------------------------------- */

/* The INVITE from `source` that ACK or CANCEL belongs to by its branch (RFC 3261 section 17.2.3);
 * NULL: there is none. */
static struct fe_transaction *find_invite(transactions *t, const struct fe_flow *source,
					  const sip_msg *m)
{
	g_autofree char *branch = via_branch(m);
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, t->entries);
	while (branch && g_hash_table_iter_next(&i, NULL, &value)) {
		struct fe_transaction *e = value;

		if (e->source == source && g_strcmp0(e->source_branch, branch) == 0 &&
		    g_str_equal(e->method, "INVITE"))
			return e;
	}
	return NULL;
}

/* ACK or CANCEL for an INVITE that we sent: with its URI, Call-ID, From, Route, CSeq number and
 * branch (RFC 3261 sections 9.1 and 17.1.1.3).  The caller unrefs. */
static sip_msg *make_companion(const transactions *t, const struct fe_transaction *e,
			       const char *method, const char *to_tag)
{
	const sip_msg *invite = e->sent;
	sip_msg *m =
		sip_request_new(method, sip_uri(invite), sip_from_uri(invite), sip_from_tag(invite),
				sip_to_uri(invite), to_tag, sip_call_id(invite), sip_cseq(invite));
	const char *route;

	add_via(t, m, e->branch);
	for (guint i = 0; (route = sip_header_nth(invite, "Route", i)); i++)
		sip_add_header(m, "Route", route);
	return m;
}

void transactions_forward_ack(transactions *t, struct fe_flow *source, const sip_msg *ack,
			      const struct fe_route *route)
{
	struct fe_transaction *e = find_invite(t, source, ack);
	g_autoptr(sip_msg) copy = NULL;
	g_autofree char *branch = NULL;

	if (e) {
		remove_transaction(t, e);
		return;
	}
	if (!route)
		return;
	copy = sip_msg_copy(ack);
	branch = sip_new_branch();
	add_via(t, copy, branch);
	set_route(copy, route);
	transactions_send(t, route->flow, copy);
}

void transactions_cancel(transactions *t, struct fe_flow *source, const sip_msg *cancel)
{
	struct fe_transaction *e = find_invite(t, source, cancel);
	g_autoptr(sip_msg) forward = NULL;

	transactions_answer(t, source, cancel, e ? 200 : 481, NULL, NULL);
	if (!e || e->completed)
		return;
	forward = make_companion(t, e, "CANCEL", NULL);
	transactions_send(t, e->target, forward);
}

/* --- the end of a transaction ----------------------------------------------------------------- */

static void steal_transaction(transactions *t, struct fe_transaction *e)
{
	give_room(t, e);
	g_hash_table_steal(t->entries, e->branch);
}

/* Ends a transaction for which no response came: the callback, or the sender of a proxied request,
 * gets `status` (0: nothing is sent). */
static void end_without_response(transactions *t, struct fe_transaction *e, int status)
{
	steal_transaction(t, e);
	if (e->done)
		e->done(status, NULL, e->user_data);
	else if (e->source && !e->completed && status)
		transactions_answer(t, e->source, e->received, status, NULL, NULL);
	object_free(e);
}

/* Acknowledges a failed INVITE and keeps it until its ACK comes, at most for timer D. */
static void complete_invite(transactions *t, struct fe_transaction *e, const sip_msg *response)
{
	g_autoptr(sip_msg) ack = make_companion(t, e, "ACK", sip_to_tag(response));

	transactions_send(t, e->target, ack);
	e->completed = true;
	e->deadline_us = transactions_now_us(t) + TRANSACTION_OTHER_US;
	t->io->wake(e->deadline_us, t->user_data);
}

/* Sends a response back to where the request came from; a final one ends the transaction (an INVITE
 * that failed waits for its ACK). */
static void forward_response(transactions *t, struct fe_transaction *e, const sip_msg *response)
{
	int status = sip_status(response), told = t->io->answer_status(response, t->user_data);

	if (told != status) {
		transactions_answer(t, e->source, e->received, told, NULL, NULL);
	} else if (status > 100) {
		g_autoptr(sip_msg) copy = sip_msg_copy(response);

		sip_pop_header(copy, "Via");
		transactions_send(t, e->source, copy);
	}
	if (status >= 300 && g_str_equal(e->method, "INVITE"))
		complete_invite(t, e, response);
	else if (status >= 200)
		remove_transaction(t, e);
	else
		e->deadline_us = MAX(e->deadline_us, transactions_now_us(t) + TRANSACTION_OTHER_US);
}

bool transactions_response(transactions *t, const struct fe_flow *flow, sip_msg *response)
{
	g_autofree char *branch = via_branch(response);
	struct fe_transaction *e = branch ? g_hash_table_lookup(t->entries, branch) : NULL;

	/* The response to our CANCEL has its INVITE's branch. */
	if (!e || e->completed || e->target != flow || strcmp(e->method, sip_method(response)) != 0)
		return false;
	if (sip_status(response) == 430 && e->user && e->route)
		t->io->flow_failed(e->user, e->route, t->user_data);
	if (e->source) {
		forward_response(t, e, response);
	} else if (sip_status(response) >= 200) {
		steal_transaction(t, e);
		if (e->done)
			e->done(sip_status(response), response, e->user_data);
		object_free(e);
	}
	return true;
}

/* Ends the transactions for which `due` is true, each with the status that `status` gives.
 * Callbacks change the table, so it collects branches first. */
static void end_matching(transactions *t,
			 bool (*due)(transactions *, struct fe_transaction *, gconstpointer),
			 gconstpointer what, int (*status)(const struct fe_transaction *))
{
	g_autoptr(GPtrArray) branches = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, t->entries);
	while (g_hash_table_iter_next(&i, NULL, &value))
		if (due(t, value, what))
			g_ptr_array_add(branches,
					g_strdup(((struct fe_transaction *)value)->branch));
	for (guint k = 0; k < branches->len; k++) {
		struct fe_transaction *e =
			g_hash_table_lookup(t->entries, g_ptr_array_index(branches, k));

		if (e)
			end_without_response(t, e, status(e));
	}
}

static bool is_on_flow(transactions *t G_GNUC_UNUSED, struct fe_transaction *e, gconstpointer flow)
{
	return e->target == flow || e->source == flow;
}

static int status_when_gone(const struct fe_transaction *e)
{
	return e->source ? e->failure : 480;
}

void transactions_flow_gone(transactions *t, const struct fe_flow *flow)
{
	end_matching(t, is_on_flow, flow, status_when_gone);
}

static bool is_late(transactions *t G_GNUC_UNUSED, struct fe_transaction *e, gconstpointer now_us)
{
	return e->deadline_us <= *(const gint64 *)now_us;
}

/* The status when no response came in time; 0: none is sent. */
static int status_when_late(const struct fe_transaction *e)
{
	if (e->late_status)
		return e->late_status;
	if (!e->source)
		return 408;
	if (!e->answers_timeout)
		return 0;
	return e->failure == 480 ? 408 : e->failure;
}

void transactions_expire(transactions *t)
{
	gint64 now_us = transactions_now_us(t), next_us = G_MAXINT64;
	GHashTableIter i;
	gpointer value;

	end_matching(t, is_late, &now_us, status_when_late);
	g_hash_table_iter_init(&i, t->entries);
	while (g_hash_table_iter_next(&i, NULL, &value))
		next_us = MIN(next_us, ((struct fe_transaction *)value)->deadline_us);
	if (next_us != G_MAXINT64)
		t->io->wake(next_us, t->user_data);
}
