/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/access_private.h"

#include <string.h>

#include "common/sip_failure.h"
#include "common/wire/pack.h"

/* Of requests that wait for the Front End; more are answered 503. */
#define WAITING_PER_CLIENT 8
#define WAITING_BYTES (16 * 1024 * 1024)
#define RETRY_AFTER_S "5"
#define QUEUE_OF_USER \
	(1024 * 1024)		/* bytes that may wait for a client, once a user has signed in */
#define CONNECTIONS_PER_USER 16 /* signed in at once; the oldest is signed out here */

/* A request that waits for the connection to the Front End. */
struct waiting_request {
	sip_msg *request;
	char *token; /* of the client's flow, which may be closed by then */
};

static const struct object_shape waiting_request_shape =
	OBJECT_SHAPE(waiting_request, NULL, OWNS(waiting_request, request, sip_msg_unref),
		     OWNS_TEXT(waiting_request, token));

/* ACK is never answered (RFC 3261 section 17.1). */
static bool is_ack(const sip_msg *m)
{
	return g_strcmp0(sip_method(m), "ACK") == 0;
}

/* Refuses a request with this status; ACK gets no response. */
static void access_refuse(struct access_link *l, const sip_msg *request, int status,
			  const char *phrase)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response = sip_response_new(request, status, phrase, tag);

	if (!is_ack(request))
		sip_conn_send(l->conn, response);
}

/* Refuses a request with the status and ms-diagnostics of a reason; `words` NULL: its usual
 * ones. */
static void access_refuse_for(struct access_link *l, const sip_msg *request, enum reason r,
			      const char *words)
{
	g_autofree char *tag = sip_new_tag();
	g_autoptr(sip_msg) response =
		sip_refuse(request, r, words, tag, l->access->config->access_fqdn);

	if (sip_status(response) == 503)
		sip_add_header(response, "Retry-After", RETRY_AFTER_S);
	if (!is_ack(request))
		sip_conn_send(l->conn, response);
}

/* Refuses a request that was prepared for the flow `to`, and then was too long for it. */
static void refuse_too_long(struct access_link *l, const sip_msg *request, const char *to)
{
	g_autoptr(sip_msg) response = sip_refuse_too_long(request);

	g_free(edge_route_take_via(response, &l->access->names, to));
	if (!is_ack(request))
		sip_conn_send(l->conn, response);
}

/* Tells the Front End who has signed in on the client's connection: the user in From if that is one
 * of them, else another; nobody, and the Front End asks for credentials. */
static void assert_sender(const struct access_link *l, sip_msg *request)
{
	g_autofree char *from = sip_uri_user(sip_from_uri(request));
	gint64 now_us = g_get_monotonic_time();
	const char *user = from && sip_users_has(l->users, from, now_us) ?
				   from :
				   sip_users_any(l->users, now_us);

	if (user)
		sip_assert_user(request, user);
}

/* Sends a client's request to the Front End, which must be connected. */
static void pass_inside(struct access_link *l, sip_msg *request)
{
	access_edge *a = l->access;

	edge_route_from_client(request, &a->names, l->token, a->front_end->token);
	assert_sender(l, request);
	a->requests_in++;
	if (!sip_conn_send(a->front_end->conn, request))
		refuse_too_long(l, request, a->front_end->token);
}

/* Takes the next waiting request whose client is still there.  NULL: there is none.  For
 * object_free. */
static struct waiting_request *next_waiting(access_edge *a, struct access_link **ret_link)
{
	struct waiting_request *w;

	while ((w = g_queue_pop_head(&a->waiting))) {
		a->waiting_bytes -= sip_msg_size(w->request);
		*ret_link = edge_flows_find(a->flows, EDGE_FLOW_CLIENT, w->token);
		if (*ret_link) {
			(*ret_link)->waiting--;
			return w;
		}
		object_free(w);
	}
	return NULL;
}

void access_refuse_waiting(access_edge *a, const char *why)
{
	g_autofree char *words = g_strdelimit(g_strdup(why), "\"\\\r\n", ' ');
	struct access_link *l;
	struct waiting_request *w;

	while ((w = next_waiting(a, &l))) {
		a->unavailable++;
		access_refuse_for(l, w->request, REASON_NEXT_HOP_FAILED, words);
		object_free(w);
	}
}

void access_send_waiting(access_edge *a)
{
	struct access_link *l;
	struct waiting_request *w;

	while ((w = next_waiting(a, &l))) {
		pass_inside(l, w->request);
		object_free(w);
	}
}

static bool is_domain_served(const access_edge *a, const sip_msg *m)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(m));
	const char *at = user ? strchr(user, '@') : NULL;

	return at && g_ascii_strcasecmp(at + 1, a->config->domain) == 0;
}

static void report_request_refused(access_edge *a, const sip_msg *m)
{
	g_autofree char *user = sip_uri_user(sip_from_uri(m));

	a->event(EVENT_REQUEST_REFUSED,
		 reason_set(event_pack("{s:s, s:s?, s:i}", "method", sip_method(m), "user", user,
				       "status", 403),
			    REASON_DOMAIN_NOT_SERVED, "the domain is not served here"),
		 a->user_data);
}

/* Keeps a request until the Front End is connected, or refuses it. */
static void let_wait(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;
	gsize size = sip_msg_size(m);
	struct waiting_request *w;

	if (l->waiting == WAITING_PER_CLIENT || a->waiting_bytes + size > WAITING_BYTES) {
		a->unavailable++;
		access_refuse_for(l, m, REASON_NEXT_HOP_FAILED, "too many requests wait for it");
		return;
	}
	w = object_new(&waiting_request_shape);
	w->request = sip_msg_ref(m);
	w->token = g_strdup(l->token);
	g_queue_push_tail(&a->waiting, w);
	a->waiting_bytes += size;
	l->waiting++;
	access_connect_front_end(a);
}

/* Passes a request of a served domain inside, or lets it wait for the connection; else refuses
 * it. */
static void request_from_client(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;

	if (!is_domain_served(a, m)) {
		report_request_refused(a, m);
		access_refuse_for(l, m, REASON_DOMAIN_NOT_SERVED, NULL);
		return;
	}
	sip_remove_claims(m);
	if (a->front_end)
		pass_inside(l, m);
	else
		let_wait(l, m);
}

/* Passes a request to the client whose token is in its Route; 430 when that is gone (RFC 5626
 * section 5.3.1). */
static void request_from_inside(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;
	g_autofree char *token = edge_route_take_token(m, &a->names);
	struct access_link *client = edge_flows_find(a->flows, EDGE_FLOW_CLIENT, token);

	if (!client) {
		a->flow_failed++;
		access_refuse(l, m, 430, "Flow Failed");
		return;
	}
	edge_route_to_client(m, &a->names, l->token, client->token);
	a->requests_out++;
	if (!sip_conn_send(client->conn, m))
		refuse_too_long(l, m, client->token);
}

/* Takes note of who has signed in on a connection: the Front End's answer says so. */
static void learn_user(struct access_link *l, const sip_msg *response)
{
	access_edge *a = l->access;
	gint64 now_us = g_get_monotonic_time();
	g_autofree char *user = NULL;
	guint n = 0;

	if (!sip_users_learn(l->users, response, now_us))
		return;
	sip_conn_set_queue_max(l->conn, QUEUE_OF_USER);
	user = sip_uri_user(sip_to_uri(response));
	for (guint i = a->clients->len; i > 0; i--) {
		struct access_link *other = g_ptr_array_index(a->clients, i - 1);

		if (other != l && sip_users_has(other->users, user, now_us) &&
		    ++n >= CONNECTIONS_PER_USER)
			sip_users_forget(other->users, user);
	}
}

/* Passes a response to the other side, by the token in our Via.  It is dropped when its request was
 * not sent on this connection, and when the sender of the request is gone (RFC 3261 section
 * 16.11). */
static void response_from(struct access_link *l, sip_msg *m)
{
	access_edge *a = l->access;
	g_autofree char *token = edge_route_take_via(m, &a->names, l->token);
	bool from_client = l->side == EDGE_FLOW_CLIENT;
	struct access_link *to =
		edge_flows_find(a->flows, from_client ? EDGE_FLOW_INSIDE : EDGE_FLOW_CLIENT, token);

	if (!to) {
		a->responses_dropped++;
		return;
	}
	if (from_client)
		sip_remove_claims(m);
	else
		learn_user(to, m);
	/* The Front End does nothing for those whom it does not know. */
	if (!from_client && sip_status(m) / 100 == 2)
		sip_conn_prove(to->conn);
	a->responses++;
	sip_conn_send(to->conn, m);
}

/* This proxy has no extensions.  true: the request needed one and was refused. */
static bool refuse_extensions(struct access_link *l, const sip_msg *request)
{
	g_autoptr(sip_msg) answer = sip_refuse_extensions(request, "Proxy-Require", NULL, NULL);

	if (answer)
		sip_conn_send(l->conn, answer);
	return answer;
}

/* What no client may send, to nobody.  true: the request was refused. */
static bool refuse_unfit(struct access_link *l, const sip_msg *request)
{
	g_autoptr(sip_msg) answer = NULL;

	if (l->side == EDGE_FLOW_CLIENT && sip_msg_size(request) > SIP_CLIENT_MESSAGE_MAX)
		answer = sip_refuse_too_long(request);
	else
		answer = sip_refuse_unfit(request, NULL);
	if (answer && !is_ack(request))
		sip_conn_send(l->conn, answer);
	return answer;
}

void access_message(struct access_link *l, sip_msg *m)
{
	if (!sip_is_request(m))
		response_from(l, m);
	else if (refuse_unfit(l, m) || refuse_extensions(l, m))
		return;
	else if (!sip_take_hop(m))
		access_refuse(l, m, 483, "Too Many Hops");
	else if (l->side == EDGE_FLOW_CLIENT)
		request_from_client(l, m);
	else
		request_from_inside(l, m);
}

void access_drop_waiting(access_edge *a)
{
	g_queue_clear_full(&a->waiting, object_free);
}
