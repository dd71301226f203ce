/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clients/web.h"

#include <string.h>

#include "clients/names.h"
#include "common/error_reason.h"
#include "common/http_response.h"
#include "common/reach.h"
#include "common/sip.h"
#include "common/wire/event.h"
#include "common/wire/pack.h"

#define CONNECT_MS 3000
#define READ_BYTES 16384
#define ACCEPT "application/vnd.microsoft.rtc.autodiscover+xml;v=1"

struct web {
	guint refs; /* the owner's, and each running read or write */
	const struct client_config *config;
	channel *events;
	tls_identity *identity;
	const char *found_by;
	web_func done; /* NULL: freed by the owner */
	gpointer user_data;
	struct web_steps *steps;
	names *names;		  /* for further hosts; NULL: none yet */
	char *address, *address6; /* of the host of the request */
	guint answers;		  /* to the queries for them */
	reach *connecting;
	GIOStream *stream;
	char *peer; /* its address; NULL: not connected */
	guint16 peer_port;
	bool kept_open;		   /* the connection has had a request */
	bool heard;		   /* it has answered this one */
	GCancellable *cancellable; /* of reads and writes on it */
	http_response *response;
	char *request;
	char buffer[READ_BYTES];
	guint deadline;
};

static void web_unref(web *w)
{
	if (--w->refs > 0)
		return;
	g_object_unref(w->cancellable);
	g_free(w->request);
	g_free(w);
}

/* Closes the connection; reads and writes on it end without effect. */
static void drop_connection(web *w)
{
	g_cancellable_cancel(w->cancellable);
	g_object_unref(w->cancellable);
	w->cancellable = g_cancellable_new();
	g_clear_object(&w->stream);
	g_clear_pointer(&w->peer, g_free);
	g_clear_pointer(&w->response, http_response_free);
	w->kept_open = false;
}

void web_free(web *w)
{
	if (!w)
		return;
	w->done = NULL;
	g_clear_handle_id(&w->deadline, g_source_remove);
	g_clear_pointer(&w->connecting, reach_free);
	g_clear_pointer(&w->names, names_free);
	drop_connection(w);
	g_clear_pointer(&w->steps, web_steps_free);
	g_clear_pointer(&w->address, g_free);
	g_clear_pointer(&w->address6, g_free);
	web_unref(w);
}

/* --- events ----------------------------------------------------------------------------------- */

/* An event about the current request at an address, NULL: none. */
static json_t *request_event(const web *w, const char *address)
{
	const struct web_steps *s = w->steps;
	g_autofree char *path = g_strndup(s->target, strcspn(s->target, "?"));
	return event_pack("{s:{s:s, s:s?, s:i, s:s}, s:s}", "server", "name", s->host, "address",
			  address, "port", (int)s->port, "found_by", w->found_by, "path", path);
}

/* Sends the event of a request that has failed, and ends. */
static void web_fail(web *w, enum reason code, const char *words)
{
	channel_event(w->events, EVENT_WEB,
		      reason_set(request_event(w, w->peer ? w->peer : w->address), code, words));
	w->steps->code = code;
	g_free(w->steps->words);
	w->steps->words = g_strdup(words ? words : reason_words(code));
	w->done(WEB_STEP_FAILED, w->steps, w->user_data);
}

static gboolean on_web_deadline(gpointer data)
{
	web *w = data;
	w->deadline = 0;
	web_fail(w, REASON_NO_ANSWER_IN_TIME, NULL);
	return G_SOURCE_REMOVE;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void make_request(web *w, bool of_same_host);

/* Sends the event of an answer: `event` is of its request, `step` what it has led to. */
static void report_answer(const web *w, json_t *event, enum web_step step)
{
	const struct web_steps *s = w->steps;
	json_object_set_new(event, "status", json_integer(http_response_status(w->response)));
	json_object_set_new(event, "access_location",
			    s->location == AUTODISCOVER_NOWHERE ?
				    json_null() :
				    event_text(autodiscover_location_name(s->location)));
	json_object_set_new(event, "sip_server",
			    step == WEB_STEP_SERVER ? event_pack("{s:s, s:i}", "name", s->sip.fqdn,
								 "port", (int)s->sip.port) :
						      json_null());
	json_object_set_new(event, "next", event_text(step == WEB_STEP_REQUEST ? s->url : NULL));
	channel_event(w->events, EVENT_WEB,
		      reason_set(event, step == WEB_STEP_FAILED ? s->code : REASON_NONE,
				 step == WEB_STEP_FAILED ? s->words : NULL));
}

/* Takes a complete answer: makes the next request, or ends. */
static void take_answer(web *w)
{
	struct web_answer answer = {.status = http_response_status(w->response),
				    .location = http_response_header(w->response, "Location")};
	answer.body = http_response_body(w->response, &answer.bytes);
	g_autofree char *host = g_strdup(w->steps->host);
	json_t *event = request_event(w, w->peer);
	enum web_step step = web_steps_answer(w->steps, &answer);
	report_answer(w, event, step);
	w->kept_open = http_response_keeps_open(w->response);
	g_clear_pointer(&w->response, http_response_free);
	if (step == WEB_STEP_REQUEST)
		make_request(w, strcmp(host, w->steps->host) == 0);
	else
		w->done(step, w->steps, w->user_data);
}

static void connect_to_host(web *w);
static void read_more(web *w);

/* The connection has ended: within an answer, or before it.  A server may close one that it had
 * kept open at any time: then the request goes over a new one (RFC 9112 section 9.3.1). */
static void on_web_ended(web *w, enum reason code, const char *words)
{
	bool again = w->kept_open && !w->heard;
	if (!again) {
		web_fail(w, code, words);
		return;
	}
	drop_connection(w);
	connect_to_host(w);
}

static void on_web_read(GObject *source, GAsyncResult *result, gpointer data)
{
	web *w = data;
	g_autoptr(GError) error = NULL;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
	bool current = w->stream && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	enum http_progress progress = HTTP_MORE;
	if (current && n < 0)
		on_web_ended(w, error_reason(error), error->message);
	else if (current)
		progress = http_response_feed(w->response, w->buffer, (gsize)n);
	w->heard |= current && n > 0;
	if (current && n >= 0 && progress == HTTP_MORE)
		read_more(w);
	else if (progress == HTTP_COMPLETE)
		take_answer(w);
	else if (progress == HTTP_TOO_LARGE)
		web_fail(w, REASON_MESSAGE_TOO_LONG, "the answer is too long");
	else if (progress == HTTP_BROKEN && n == 0)
		on_web_ended(w, REASON_CONNECTION_CLOSED,
			     w->heard ? "the answer is cut off" : NULL);
	else if (progress == HTTP_BROKEN)
		web_fail(w, REASON_ANSWER_UNREADABLE, NULL);
	web_unref(w);
}

static void read_more(web *w)
{
	w->refs++;
	g_input_stream_read_async(g_io_stream_get_input_stream(w->stream), w->buffer,
				  sizeof w->buffer, G_PRIORITY_DEFAULT, w->cancellable, on_web_read,
				  w);
}

/* What the server has to say of a request that could not be written, the read hears. */
static void on_web_written(GObject *source, GAsyncResult *result, gpointer data)
{
	g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
	web_unref(data);
}

/* --- requests --------------------------------------------------------------------------------- */

/* Sends the request over the connection. */
static void send_request(web *w)
{
	const struct web_steps *s = w->steps;
	g_free(w->request);
	w->request = g_strdup_printf("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: " ACCEPT "\r\n"
				     "User-Agent: tb-client\r\n\r\n",
				     s->target, s->host);
	w->response = http_response_new(AUTODISCOVER_BYTES_MAX);
	w->heard = false;
	w->refs++;
	g_output_stream_write_all_async(g_io_stream_get_output_stream(w->stream), w->request,
					strlen(w->request), G_PRIORITY_DEFAULT, w->cancellable,
					on_web_written, w);
	read_more(w);
}

/* Sends the request over a new connection, or reports that an address cannot be reached. */
static void on_web_reached(GIOStream *stream, guint way, const GError *error, bool last,
			   gpointer data)
{
	web *w = data;
	const char *address = way == 0 && w->address6 ? w->address6 : w->address;
	if (stream || last)
		g_clear_pointer(&w->connecting, reach_free);
	if (stream) {
		w->stream = stream;
		w->peer = g_strdup(address);
		w->peer_port = w->steps->port;
		send_request(w);
		return;
	}
	channel_event(w->events, EVENT_WEB, error_set(request_event(w, address), error));
	if (!last)
		return;
	w->steps->code = error_reason(error);
	g_free(w->steps->words);
	w->steps->words = g_strdup(error->message);
	w->done(WEB_STEP_FAILED, w->steps, w->user_data);
}

static void connect_to_host(web *w)
{
	const struct reach_way ways[] = {
		{.address = w->address6 ? w->address6 : w->address},
		{.address = w->address},
	};
	w->connecting = reach_new(ways, w->address6 ? 2 : 1, w->steps->port, w->steps->host,
				  w->identity, CONNECT_MS, on_web_reached, w);
}

/* Whether the open connection leads to the host of the request, too. */
static bool connection_serves(const web *w)
{
	if (!w->stream || !w->kept_open || w->peer_port != w->steps->port ||
	    (g_strcmp0(w->peer, w->address) != 0 && g_strcmp0(w->peer, w->address6) != 0))
		return false;
	GTlsCertificate *certificate =
		g_tls_connection_get_peer_certificate(G_TLS_CONNECTION(w->stream));
	g_autoptr(GSocketConnectable) host = g_network_address_new(w->steps->host, w->peer_port);
	return g_tls_certificate_verify(certificate, host, NULL) == 0;
}

static void connect_or_reuse(web *w)
{
	if (connection_serves(w)) {
		send_request(w);
		return;
	}
	drop_connection(w);
	connect_to_host(w);
}

/* Takes an address of the host; after the last answer the request is sent. */
static void on_host_address(const struct dns_answer *answer, gpointer data)
{
	web *w = data;
	names_report(w->names, answer);
	*(answer->type == DNS_A ? &w->address : &w->address6) = g_strdup(answer->target);
	if (++w->answers < names_families(w->config))
		return;
	if (!w->address)
		w->address = g_steal_pointer(&w->address6);
	if (w->address) {
		connect_or_reuse(w);
		return;
	}
	drop_connection(w);
	web_fail(w, answer->error ? answer->error : REASON_NO_SERVER_NAME, NULL);
}

/* Makes the next request of the steps; another host is looked up first. */
static void make_request(web *w, bool of_same_host)
{
	g_autoptr(GError) error = NULL;
	if (of_same_host) {
		connect_or_reuse(w);
		return;
	}
	g_clear_pointer(&w->address, g_free);
	g_clear_pointer(&w->address6, g_free);
	w->answers = 0;
	if (!w->names)
		w->names = names_new(w->config, w->events, &error);
	if (w->names)
		names_query_addresses(w->names, w->steps->host, on_host_address, w);
	else
		web_fail(w, REASON_INTERNAL, error ? error->message : NULL);
}

web *web_new(const struct client_config *config, channel *events, tls_identity *id,
	     const struct discovery_target *first, guint limit_ms, web_func done,
	     gpointer user_data)
{
	web *w = g_new0(web, 1);
	w->refs = 1;
	w->config = config;
	w->events = events;
	w->identity = id;
	w->found_by = first->query;
	w->done = done;
	w->user_data = user_data;
	w->steps = web_steps_new(first->name, first->port, config->user, config->domain);
	w->address = g_strdup(first->address);
	w->address6 = g_strdup(first->address6);
	w->cancellable = g_cancellable_new();
	w->deadline = g_timeout_add(limit_ms, on_web_deadline, w);
	connect_to_host(w);
	return w;
}
