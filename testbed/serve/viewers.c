/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/serve/viewers.h"

#include "common/base/each.h"
#include "common/base/source.h"
#include "testbed/base/diag.h"
#include "testbed/serve/gate.h"

#include <libsoup/soup.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTION "testbed-serve-connection"
#define GOODBYE_MS 1000

/* From its acceptance to the end of its stream. */
struct connection {
	viewers *owner; /* NULL: it was ended */
	GSocket *socket;
	GSocketAddress *peer; /* leads from a request to this structure */
	GSource *idle;
	GQueue *in; /* `waiting` or `viewing` of its owner */
	GList link;
};

struct viewer {
	viewers *owner;
	guint64 number;
	SoupWebsocketConnection *socket;
	struct connection *connection;
	guint64 sent, acked_before; /* bytes */
};

struct viewers {
	struct gate gate;
	char *url, *socket_origin;
	SoupServer *soup;
	GSocketService *service;
	GQueue waiting;	   /* struct connection that has made no WebSocket, the oldest first */
	GQueue viewing;	   /* the others */
	GPtrArray *list;   /* viewer */
	guint64 n_viewers; /* that have come so far */
	struct viewers_handlers handlers;
	gpointer user_data;
	bool closed;
	GSource *goodbye;
	void (*left)(gpointer user_data); /* NULL: nobody asked, or it was told */
};

/* --- connections ------------------------------------------------------------------------------ */

/* What comes over the connection is not answered any more. */
static void end_connection(struct connection *c)
{
	source_clear(&c->idle);
	g_queue_unlink(c->in, &c->link);
	c->owner = NULL;
	shutdown(g_socket_get_fd(c->socket), SHUT_RDWR);
}

static gboolean on_no_socket_in_time(gpointer connection)
{
	end_connection(connection);
	return G_SOURCE_REMOVE;
}

static void on_stream_gone(gpointer user_data, GObject *stream G_GNUC_UNUSED)
{
	struct connection *c = user_data;

	if (c->owner)
		end_connection(c);
	g_object_unref(c->socket);
	g_object_unref(c->peer);
	g_free(c);
}

/* The peer's address is made anew for each connection: libsoup hands it on with every request. */
static gboolean on_accepted(GSocketService *service G_GNUC_UNUSED, GSocketConnection *stream,
			    GObject *source G_GNUC_UNUSED, gpointer user_data)
{
	viewers *all = user_data;
	g_autoptr(GSocketAddress) own = g_socket_connection_get_local_address(stream, NULL),
				  peer = g_socket_connection_get_remote_address(stream, NULL);
	struct connection *c;

	if (!own || !peer || all->closed)
		return TRUE;
	if (all->waiting.length >= VIEWERS_WAITING_MAX)
		end_connection(all->waiting.head->data);
	c = g_new0(struct connection, 1);
	c->owner = all;
	c->socket = g_object_ref(g_socket_connection_get_socket(stream));
	c->peer = g_object_ref(peer);
	c->link.data = c;
	c->idle = timer_start(NULL, VIEWERS_IDLE_MS, on_no_socket_in_time, c);
	c->in = &all->waiting;
	g_queue_push_tail_link(c->in, &c->link);
	g_object_set_data(G_OBJECT(peer), CONNECTION, c);
	g_object_weak_ref(G_OBJECT(stream), on_stream_gone, c);
	soup_server_accept_iostream(all->soup, G_IO_STREAM(stream), own, peer, NULL);
	return TRUE;
}

/* --- requests --------------------------------------------------------------------------------- */

static void set_headers(SoupServerMessage *m)
{
	static const struct {
		const char *name, *value;
	} headers[] = {
		{"Cache-Control", "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Frame-Options", "DENY"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		/* what runs and what is loaded the page's own policy says, by hashes */
		{"Content-Security-Policy",
		 "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'"},
	};
	SoupMessageHeaders *replies = soup_server_message_get_response_headers(m);

	for (guint i = 0; i < G_N_ELEMENTS(headers); i++)
		soup_message_headers_replace(replies, headers[i].name, headers[i].value);
}

/* One request a connection: what it carries is thrown away as it comes. */
static void on_request_headers(SoupServer *soup G_GNUC_UNUSED, SoupServerMessage *m,
			       const char *path G_GNUC_UNUSED, GHashTable *query G_GNUC_UNUSED,
			       gpointer user_data)
{
	const viewers *all = user_data;
	SoupMessageHeaders *headers = soup_server_message_get_request_headers(m);
	const struct gate_request request = {
		.method = soup_server_message_get_method(m),
		.path = g_uri_get_path(soup_server_message_get_uri(m)),
		.host = soup_message_headers_get_list(headers, "Host"),
		.origin = soup_message_headers_get_list(headers, "Origin"),
	};
	static const guint status[] = {
		[GATE_SOCKET] = SOUP_STATUS_SERVICE_UNAVAILABLE, /* too many viewers */
		[GATE_NOT_FOUND] = SOUP_STATUS_NOT_FOUND,
		[GATE_FORBIDDEN] = SOUP_STATUS_FORBIDDEN,
		[GATE_WRONG_METHOD] = SOUP_STATUS_METHOD_NOT_ALLOWED,
	};
	enum gate_answer answer = gate_ask(&all->gate, &request);
	SoupMessageHeaders *replies = soup_server_message_get_response_headers(m);

	soup_message_body_set_accumulate(soup_server_message_get_request_body(m), FALSE);
	set_headers(m);
	if (answer == GATE_SOCKET && all->list->len < VIEWERS_MAX)
		return;
	soup_message_headers_replace(replies, "Connection", "close");
	if (answer == GATE_WRONG_METHOD)
		soup_message_headers_replace(replies, "Allow", "GET");
	if (answer != GATE_PAGE)
		soup_server_message_set_status(m, status[answer], NULL);
}

/* --- viewers ---------------------------------------------------------------------------------- */

static void tell_if_all_left(viewers *all)
{
	void (*left)(gpointer user_data) = all->left;

	if (!left || all->list->len > 0)
		return;
	all->left = NULL;
	source_clear(&all->goodbye);
	left(all->user_data);
}

static void on_viewer_closed(SoupWebsocketConnection *socket G_GNUC_UNUSED, gpointer user_data)
{
	viewer *v = user_data;
	viewers *all = v->owner;

	g_ptr_array_remove(all->list, v);
	tell_if_all_left(all);
}

static void viewer_free(gpointer data)
{
	viewer *v = data;

	g_signal_handlers_disconnect_by_data(v->socket, v);
	g_object_unref(v->socket);
	g_free(v);
}

static void on_viewer_message(SoupWebsocketConnection *socket, SoupWebsocketDataType type,
			      GBytes *bytes, gpointer user_data)
{
	viewer *v = user_data;
	gsize length;
	const char *text = g_bytes_get_data(bytes, &length);
	json_auto_t *message = type == SOUP_WEBSOCKET_DATA_TEXT ?
				       json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) :
				       NULL;

	if (v->owner->closed)
		return;
	if (json_is_object(message))
		v->owner->handlers.asked(v, message, v->owner->user_data);
	else
		soup_websocket_connection_close(socket, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA,
						"JSON objects only");
}

/* How many bytes the other side's kernel has taken so far, by tcp(7). */
static guint64 acked_bytes(const viewer *v)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof info;

	if (getsockopt(g_socket_get_fd(v->connection->socket), IPPROTO_TCP, TCP_INFO, &info,
		       &length) != 0)
		return 0;
	return info.tcpi_bytes_acked;
}

/* The answer to the handshake was sent. */
static void on_upgraded(SoupServerMessage *m, gpointer user_data)
{
	viewers *all = user_data;
	struct connection *c =
		g_object_get_data(G_OBJECT(soup_server_message_get_remote_address(m)), CONNECTION);
	g_autoptr(GIOStream) stream = soup_server_message_steal_connection(m);
	viewer *v;

	if (!c->owner || all->closed)
		return;
	source_clear(&c->idle);
	g_queue_unlink(c->in, &c->link);
	c->in = &all->viewing;
	g_queue_push_tail_link(c->in, &c->link);
	v = g_new0(viewer, 1);
	v->owner = all;
	v->number = ++all->n_viewers;
	v->connection = c;
	v->acked_before = acked_bytes(v);
	v->socket = soup_websocket_connection_new(stream, soup_server_message_get_uri(m),
						  SOUP_WEBSOCKET_CONNECTION_SERVER,
						  all->gate.origin, NULL, NULL);
	soup_websocket_connection_set_max_incoming_payload_size(v->socket,
								VIEWERS_MESSAGE_MAX_BYTES);
	g_ptr_array_add(all->list, v);
	g_signal_connect(v->socket, "message", G_CALLBACK(on_viewer_message), v);
	g_signal_connect(v->socket, "closed", G_CALLBACK(on_viewer_closed), v);
	all->handlers.joined(v, all->user_data);
}

/* The gate has let the request in.  libsoup's own handler of WebSockets would look at its path and
 * origin only, whatever was answered before. */
static void on_request(SoupServer *soup G_GNUC_UNUSED, SoupServerMessage *m,
		       const char *path G_GNUC_UNUSED, GHashTable *query G_GNUC_UNUSED,
		       gpointer user_data)
{
	viewers *all = user_data;
	const char *asked = g_uri_get_path(soup_server_message_get_uri(m));
	char *page;

	if (g_str_has_suffix(asked, "/")) {
		page = all->handlers.page(all->user_data);
		soup_server_message_set_status(m, SOUP_STATUS_OK, NULL);
		soup_server_message_set_response(m, "text/html; charset=utf-8", SOUP_MEMORY_TAKE,
						 page, strlen(page));
	} else if (soup_websocket_server_process_handshake(m, all->gate.origin, NULL, NULL, NULL)) {
		g_signal_connect(m, "wrote-informational", G_CALLBACK(on_upgraded), all);
	}
}

/* libsoup queues without limit and does not tell how much: what was sent is held against what the
 * kernel says has arrived. */
static bool is_too_slow(const viewer *v)
{
	guint64 acked = acked_bytes(v) - v->acked_before;

	return v->sent > acked && v->sent - acked > VIEWERS_QUEUE_MAX_BYTES;
}

static void send_text(viewer *v, const char *text, gsize length)
{
	if (soup_websocket_connection_get_state(v->socket) != SOUP_WEBSOCKET_STATE_OPEN)
		return;
	soup_websocket_connection_send_text(v->socket, text);
	v->sent += length;
	/* libsoup sees the end of the stream, and the viewer is gone */
	if (is_too_slow(v) && v->connection->owner)
		end_connection(v->connection);
}

void viewer_tell(viewer *v, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);

	if (text)
		send_text(v, text, strlen(text));
	free(text);
	json_decref(message);
}

void viewers_tell(viewers *all, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	gsize length = text ? strlen(text) : 0;

	/* what is no text (a mistake of ours) is told to nobody */
	ptr_array_foreach(viewer, v, all->list)
		if (text)
			send_text(v, text, length);
	free(text);
	json_decref(message);
}

guint64 viewer_number(const viewer *v)
{
	return v->number;
}

viewer *viewers_find(const viewers *all, guint64 number)
{
	ptr_array_foreach(viewer, v, all->list)
		if (v->number == number)
			return v;
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool listen_locally(viewers *all, guint16 port, GError **error)
{
	g_autoptr(GInetAddress) local = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
	g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new(local, port), got = NULL;

	all->service = g_socket_service_new();
	if (!g_socket_listener_add_address(G_SOCKET_LISTENER(all->service), wanted,
					   G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &got,
					   error))
		return false;
	if (!gate_init(&all->gate, g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got))))
		return tb_error_set(error, TB_ERROR_FAILED, "the kernel gives no random numbers");
	all->url = gate_url(&all->gate);
	all->socket_origin = g_strdup_printf("ws://%s", all->gate.host);
	g_signal_connect(all->service, "incoming", G_CALLBACK(on_accepted), all);
	return true;
}

viewers *viewers_new(guint16 port, const struct viewers_handlers *handlers, gpointer user_data,
		     GError **error)
{
	viewers *all = g_new0(viewers, 1);

	all->handlers = *handlers;
	all->user_data = user_data;
	all->list = g_ptr_array_new_with_free_func(viewer_free);
	g_queue_init(&all->waiting);
	g_queue_init(&all->viewing);
	if (!listen_locally(all, port, error)) {
		viewers_free(all);
		return NULL;
	}
	all->soup = soup_server_new(NULL, NULL);
	soup_server_add_early_handler(all->soup, NULL, on_request_headers, all, NULL);
	soup_server_add_handler(all->soup, NULL, on_request, all, NULL);
	return all;
}

void viewers_free(viewers *all)
{
	if (!all)
		return;
	all->left = NULL;
	source_clear(&all->goodbye);
	g_ptr_array_unref(all->list);
	if (all->service)
		g_signal_handlers_disconnect_by_data(all->service, all);
	while (all->waiting.head || all->viewing.head)
		end_connection(all->waiting.head ? all->waiting.head->data :
						   all->viewing.head->data);
	if (all->soup)
		soup_server_disconnect(all->soup);
	g_clear_object(&all->soup);
	g_clear_object(&all->service);
	g_free(all->url);
	g_free(all->socket_origin);
	g_free(all);
}

const char *viewers_url(const viewers *all)
{
	return all->url;
}

const char *viewers_socket_origin(const viewers *all)
{
	return all->socket_origin;
}

/* Who has not left by now does not listen. */
static gboolean on_goodbye_over(gpointer user_data)
{
	viewers *all = user_data;

	g_ptr_array_set_size(all->list, 0);
	tell_if_all_left(all);
	return G_SOURCE_REMOVE;
}

void viewers_close(viewers *all, void (*left)(gpointer user_data))
{
	all->closed = true;
	all->left = left;
	g_socket_service_stop(all->service);
	ptr_array_foreach(viewer, v, all->list)
		if (soup_websocket_connection_get_state(v->socket) == SOUP_WEBSOCKET_STATE_OPEN)
			soup_websocket_connection_close(v->socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY,
							NULL);
	all->goodbye = timer_start(NULL, GOODBYE_MS, on_goodbye_over, all);
	tell_if_all_left(all);
}
