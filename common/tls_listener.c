/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening side of TLS.
 *
 * GLib does each handshake in a thread, which waits for the peer, and has few of them: peers that
 * begin one and then say nothing would keep all others out.  And making its connection object takes
 * milliseconds.  So a handshake begins only when the client's first record has come whole, no more
 * than HANDSHAKES_AT_ONCE are under way, and of one address no more than HANDSHAKES_PER_ADDRESS;
 * the others wait for their turn. */
#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/acceptor.h"
#include "common/base/source.h"
#include "common/error_reason.h"
#include "common/tls_guard.h"
#include "common/tls_internal.h"

#define HANDSHAKE_TIMEOUT_MS 5000
#define HANDSHAKES_AT_ONCE 64
#define HANDSHAKES_PER_ADDRESS 8
#define RECORD_HEADER 5
#define RECORD_MAX (16 * 1024)
#define RECORD_HANDSHAKE 22

/* A thousand clients of a lab; and more than the product has of one address. */
static const struct guest_limits limits = {.total = 2048,
					   .per_source = 512,
					   .stranger_ms = 30 * 1000,
					   /* a client registers again within 15 minutes */
					   .idle_ms = 30 * 60 * 1000,
					   .stuck_ms = 60 * 1000};

struct tls_listener {
	acceptor *acceptor;
	GTlsDatabase *trusted;
	GTlsCertificate *certificate;
	enum tls_client_certificate policy;
	tls_accept_func accepted;
	tls_refused_func refused;
	gpointer user_data;
	GHashTable *entries; /* set of struct entry; each holds this structure */
	GQueue waiting;	     /* struct entry whose hello has come, oldest first */
	GPtrArray *running;  /* struct entry */
	guint holds;
	bool freed;
};

/* A connection until its handshake is over. */
struct entry {
	struct handshake h;
	tls_listener *listener;
	guest *guest;
	GSocket *socket;
	GSource *hello; /* until the client's first record has come */
	gsize wanted;	/* bytes of it that must have come */
	char *peer;
	guint16 port;
};

/* --- life ------------------------------------------------------------------------------------- */

/* Gives a hold back; the last one frees the listener. */
static void listener_release(tls_listener *l)
{
	if (--l->holds)
		return;
	g_hash_table_unref(l->entries);
	g_ptr_array_unref(l->running);
	g_object_unref(l->trusted);
	g_clear_object(&l->certificate);
	g_free(l);
}

static void entry_free(struct entry *e)
{
	tls_listener *l = e->listener;

	g_hash_table_remove(l->entries, e);
	g_queue_remove(&l->waiting, e);
	source_clear(&e->hello);
	handshake_clear(&e->h);
	guest_unref(e->guest);
	g_clear_object(&e->socket);
	g_free(e->peer);
	g_free(e);
	listener_release(l);
}

static void report_refused(const struct entry *e, const GError *error)
{
	const tls_listener *l = e->listener;
	guint more;

	if (!l->freed && l->refused && acceptor_may_tell(l->acceptor, &more))
		l->refused(e->peer, error, l->user_data);
}

/* --- the handshake ---------------------------------------------------------------------------- */

/* The DNS names in the peer's certificate, in lower case, NULL-terminated; empty without a
 * certificate.  The caller unrefs. */
static GPtrArray *peer_names(GTlsConnection *tls)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GTlsCertificate *certificate = g_tls_connection_get_peer_certificate(tls);
	g_autoptr(GPtrArray) sans =
		certificate ? g_tls_certificate_get_dns_names(certificate) : NULL;

	for (guint i = 0; sans && i < sans->len; i++) {
		gsize length;
		const char *name = g_bytes_get_data(g_ptr_array_index(sans, i), &length);

		g_ptr_array_add(names, g_ascii_strdown(name, (gssize)length));
	}
	g_ptr_array_add(names, NULL);
	return names;
}

static void release_guest(gpointer data)
{
	guest_unref(data);
}

/* Passes the connection to the listener's owner. */
static void pass_on(struct entry *e)
{
	tls_listener *l = e->listener;
	GIOStream *tls = handshake_take_stream(&e->h);
	g_autoptr(GPtrArray) names = peer_names(G_TLS_CONNECTION(tls));

	if (names->len > 1)
		guest_prove(e->guest, true);
	g_object_set_data_full(G_OBJECT(tls), "guest", guest_ref(e->guest), release_guest);
	l->accepted(tls, (const char *const *)names->pdata, e->peer, e->port, l->user_data);
}

void tls_prove(GIOStream *connection)
{
	guest *g = g_object_get_data(G_OBJECT(connection), "guest");

	if (g)
		guest_prove(g, false);
}

static void start_next(tls_listener *l);

static void on_server_handshake_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
	struct entry *e = user_data;
	tls_listener *l = e->listener;
	g_autoptr(GError) error = NULL;

	l->holds++;
	g_ptr_array_remove_fast(l->running, e);
	if (!g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, &error)) {
		handshake_explain(&e->h, &error);
		report_refused(e, error);
	} else if (!l->freed) {
		pass_on(e);
	}
	entry_free(e);
	start_next(l);
	listener_release(l);
}

/* Whether one more of this address may begin. */
static bool may_start(const tls_listener *l, const struct entry *e)
{
	guint of_address = 0;

	for (guint i = 0; i < l->running->len; i++)
		of_address += g_str_equal(((struct entry *)l->running->pdata[i])->peer, e->peer);
	return l->running->len < HANDSHAKES_AT_ONCE && of_address < HANDSHAKES_PER_ADDRESS;
}

/* Makes the TLS connection; false with an error. */
static bool make_stream(struct entry *e, GError **error)
{
	static const GTlsAuthenticationMode modes[] = {
		[TLS_CLIENT_NONE] = G_TLS_AUTHENTICATION_NONE,
		[TLS_CLIENT_OPTIONAL] = G_TLS_AUTHENTICATION_REQUESTED,
		[TLS_CLIENT_REQUIRED] = G_TLS_AUTHENTICATION_REQUIRED,
	};
	const tls_listener *l = e->listener;
	g_autoptr(GSocketConnection) connection = tls_guard_new(e->socket);

	e->h.tls = g_tls_server_connection_new(G_IO_STREAM(connection), l->certificate, error);
	if (!e->h.tls)
		return false;
	tls_set_no_delay(connection);
	handshake_prepare(&e->h, l->trusted);
	g_object_set(e->h.tls, "authentication-mode", modes[l->policy], NULL);
	return true;
}

/* Begins the handshake, and frees the entry where there can be none. */
static void start_handshake(struct entry *e)
{
	g_autoptr(GError) error = NULL;

	if (!make_stream(e, &error)) {
		report_refused(e, error);
		entry_free(e);
		return;
	}
	g_ptr_array_add(e->listener->running, e);
	g_tls_connection_handshake_async(G_TLS_CONNECTION(e->h.tls), G_PRIORITY_DEFAULT,
					 e->h.cancellable, on_server_handshake_done, e);
}

/* Begins all handshakes whose turn it is. */
static void start_next(tls_listener *l)
{
	for (GList *link = l->waiting.head, *next; link && !l->freed; link = next) {
		struct entry *e = link->data;

		next = link->next;
		if (l->running->len >= HANDSHAKES_AT_ONCE)
			return;
		if (!may_start(l, e))
			continue;
		g_queue_delete_link(&l->waiting, link);
		start_handshake(e);
	}
}

static gboolean on_entry_timeout(gpointer user_data)
{
	struct entry *e = user_data;
	g_autoptr(GError) error = reason_error_plain(REASON_TLS_TIMED_OUT);

	e->h.timed_out = true;
	if (g_ptr_array_find(e->listener->running, e, NULL)) {
		g_cancellable_cancel(e->h.cancellable);
	} else {
		report_refused(e, error);
		entry_free(e);
	}
	return G_SOURCE_REMOVE;
}

/* --- the client's first record ---------------------------------------------------------------- */

/* The length of the record that begins with these `n` bytes, as far as it can be told; 0: they
 * begin none, which the handshake will find out. */
static gsize record_length(const guint8 *data, gsize n)
{
	gsize length;

	if (n > 0 && data[0] != RECORD_HANDSHAKE)
		return 0;
	if (n < RECORD_HEADER)
		return RECORD_HEADER;
	length = (gsize)(data[3] << 8 | data[4]);
	return length > RECORD_MAX ? 0 : RECORD_HEADER + length;
}

static void set_low_mark(int fd, gsize bytes)
{
	int mark = (int)bytes;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

/* Whether the peer sends no more, or the connection was shut down. */
static bool has_ended(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0;
}

/* Ends a connection whose first record will not come.  One that a limit has ended was told of. */
static void give_up(struct entry *e)
{
	g_autoptr(GError) error = reason_error_plain(REASON_CONNECTION_CLOSED);

	if (!guest_is_gone(e->guest))
		report_refused(e, error);
	entry_free(e);
}

/* Lets the handshake wait for its turn when the first record is whole, or no more of it will come.
 * Until then the socket is readable again only when all of it is there. */
static gboolean on_hello_bytes(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
	struct entry *e = user_data;
	tls_listener *l = e->listener;
	guint8 data[RECORD_HEADER + RECORD_MAX];
	gssize n = recv(fd, data, sizeof data, MSG_PEEK | MSG_DONTWAIT);
	gsize wanted = n > 0 ? record_length(data, (gsize)n) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (wanted > (gsize)MAX(n, 0) ? has_ended(fd) : n <= 0) {
		give_up(e);
		return G_SOURCE_REMOVE;
	}
	if (wanted > (gsize)MAX(n, 0) && wanted > e->wanted) {
		e->wanted = wanted;
		set_low_mark(fd, wanted);
		return G_SOURCE_CONTINUE;
	}
	set_low_mark(fd, 1);
	source_clear(&e->hello);
	g_queue_push_tail(&l->waiting, e);
	start_next(l);
	return G_SOURCE_REMOVE;
}

/* --- listening -------------------------------------------------------------------------------- */

/* Keeps the peer's address and port. */
static void set_peer(struct entry *e, const struct sockaddr_storage *peer)
{
	g_autoptr(GSocketAddress) address =
		g_socket_address_new_from_native((gpointer)(guintptr)peer, sizeof *peer);
	GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);

	e->peer = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
	e->port = g_inet_socket_address_get_port(inet);
}

/* Waits for the first record of a connection that was let in. */
static void wait_for_hello(tls_listener *l, GSocket *socket, guest *g,
			   const struct sockaddr_storage *peer)
{
	struct entry *e = g_new0(struct entry, 1);
	GMainContext *context = g_main_context_get_thread_default();

	e->listener = l;
	e->guest = g;
	e->socket = g_object_ref(socket);
	e->h.cancellable = g_cancellable_new();
	set_peer(e, peer);
	l->holds++;
	g_hash_table_add(l->entries, e);
	e->h.timer = timer_start(context, HANDSHAKE_TIMEOUT_MS, on_entry_timeout, e);
	e->hello = g_unix_fd_source_new(g_socket_get_fd(socket), G_IO_IN);
	g_source_set_callback(e->hello, G_SOURCE_FUNC(on_hello_bytes), e, NULL);
	g_source_attach(e->hello, context);
}

static void on_incoming(acceptor *a, int fd, const struct sockaddr_storage *peer,
			gpointer user_data)
{
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, NULL);
	guest *g;

	if (!socket) {
		close(fd);
		return;
	}
	g = acceptor_welcome(a, fd, socket, peer);
	if (g)
		wait_for_hello(user_data, socket, g, peer);
}

/* Of the acceptor: a connection was refused, or ended. */
static void on_told(const char *peer, guint16 port G_GNUC_UNUSED, enum reason why, guint more,
		    gpointer user_data)
{
	const tls_listener *l = user_data;
	g_autofree char *and_more = g_strdup_printf(" (and %u others)", more);
	g_autoptr(GError) error =
		reason_error_new(why, NULL, "%s%s", reason_words(why), more > 0 ? and_more : "");

	if (!l->freed && l->refused)
		l->refused(peer, error, l->user_data);
}

/* Starts the listener's acceptor; false with an error. */
static bool start_accepting(tls_listener *l, const char *address, guint16 port, GError **error)
{
	g_autoptr(GSocketAddress) where = g_inet_socket_address_new_from_string(address, port);
	struct sockaddr_storage native = {0};

	if (!where || !g_socket_address_to_native(where, &native, sizeof native, NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no IP address",
			    address);
		return false;
	}
	l->acceptor = acceptor_new(&native, (socklen_t)g_socket_address_get_native_size(where),
				   &limits, on_incoming, on_told, l, error);
	if (!l->acceptor) {
		g_autofree char *at = g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(where));

		g_prefix_error(error, "listen on %s: ", at);
	}
	return l->acceptor;
}

tls_listener *tls_listen(const char *address, guint16 port, tls_identity *id,
			 enum tls_client_certificate policy, tls_accept_func accepted,
			 tls_refused_func refused, gpointer user_data, GError **error)
{
	tls_listener *l;

	if (!id->certificate) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "a server needs a certificate");
		return NULL;
	}
	l = g_new0(tls_listener, 1);
	l->trusted = g_object_ref(id->trusted);
	l->certificate = g_object_ref(id->certificate);
	l->policy = policy;
	l->accepted = accepted;
	l->refused = refused;
	l->user_data = user_data;
	l->entries = g_hash_table_new(NULL, NULL);
	l->running = g_ptr_array_new();
	l->holds = 1;
	if (start_accepting(l, address, port, error))
		return l;
	listener_release(l);
	return NULL;
}

void tls_listener_free(tls_listener *l)
{
	g_autofree gpointer *every = NULL;
	guint n = 0;

	if (!l)
		return;
	l->freed = true;
	g_clear_pointer(&l->acceptor, acceptor_free);
	every = g_hash_table_get_keys_as_array(l->entries, &n);
	for (guint i = 0; i < n; i++) {
		struct entry *e = every[i];

		if (g_ptr_array_find(l->running, e, NULL))
			g_cancellable_cancel(e->h.cancellable);
		else
			entry_free(e);
	}
	listener_release(l);
}
