/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/source.h"
#include "common/error_reason.h"
#include "common/sip.h"

#define HANDSHAKE_TIMEOUT_MS 5000
#define BACKLOG 128

struct tls_identity {
	GTlsDatabase *trusted;
	GTlsCertificate *certificate; /* with its key; NULL: none */
};

struct tls_listener {
	GSocketService *service;
	GTlsDatabase *trusted;
	GTlsCertificate *certificate;
	enum tls_client_certificate policy;
	tls_accept_func accepted;
	tls_refused_func refused;
	gpointer user_data;
	GHashTable *handshakes; /* set of struct handshake; each holds this structure */
	guint holds;
	bool freed;
};

/* One connection between accept or connect and the end of its handshake. */
struct handshake {
	tls_listener *listener; /* server side only */
	GIOStream *tls;
	GCancellable *cancellable;
	GSource *timer;
	bool timed_out;
	GTlsCertificateFlags flaws; /* of a certificate that was refused */
	char *certificate, *name;   /* whose that was, in words; the name in it, NULL: none */
	char *peer;
	guint16 port;
};

/* --- identity --------------------------------------------------------------------------------- */

/* TLS 1.2 and 1.3 only (RFC 8996), and no renegotiation with a peer that could be deceived by it
 * (RFC 5746).  GLib has no function for it: its backend looks at the environment when it makes the
 * first connection. */
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SAFE_RENEGOTIATION"

static void set_versions(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		g_setenv("G_TLS_GNUTLS_PRIORITY", PRIORITY, TRUE);
		g_once_init_leave(&done, 1);
	}
}

tls_identity *tls_identity_new(const char *ca, const char *certificate, const char *key,
			       GError **error)
{
	g_autofree char *absolute =
		g_canonicalize_filename(ca, NULL); /* GTlsFileDatabase wants it so */
	g_autoptr(GTlsDatabase) trusted = g_tls_file_database_new(absolute, error);
	g_autoptr(GTlsCertificate) own = NULL;

	set_versions();
	if (!trusted)
		return NULL;
	if (certificate) {
		own = g_tls_certificate_new_from_files(certificate, key ? key : certificate, error);
		if (!own)
			return NULL;
	}

	tls_identity *id = g_new0(tls_identity, 1);

	id->trusted = g_steal_pointer(&trusted);
	id->certificate = g_steal_pointer(&own);
	return id;
}

void tls_identity_free(tls_identity *id)
{
	if (!id)
		return;
	g_object_unref(id->trusted);
	g_clear_object(&id->certificate);
	g_free(id);
}

/* --- errors in words -------------------------------------------------------------------------- */

static const struct {
	GTlsCertificateFlags flag;
	enum reason reason;
} flaws[] = {
	{G_TLS_CERTIFICATE_UNKNOWN_CA, REASON_TLS_UNTRUSTED},
	{G_TLS_CERTIFICATE_BAD_IDENTITY, REASON_TLS_NAME_MISMATCH},
	{G_TLS_CERTIFICATE_EXPIRED, REASON_TLS_EXPIRED},
	{G_TLS_CERTIFICATE_NOT_ACTIVATED, REASON_TLS_NOT_YET_VALID},
	{G_TLS_CERTIFICATE_REVOKED, REASON_TLS_REVOKED},
	{G_TLS_CERTIFICATE_INSECURE, REASON_TLS_INSECURE},
};

/* The reason of the first row that fits the flags. */
static enum reason flaw_reason(GTlsCertificateFlags flags)
{
	for (gsize i = 0; i < G_N_ELEMENTS(flaws); i++)
		if (flags & flaws[i].flag)
			return flaws[i].reason;
	return REASON_TLS_BAD_CERTIFICATE;
}

/* The common name (CN) of the certificate's subject; NULL: there is none.  The caller frees. */
static char *certificate_name(GTlsCertificate *c)
{
	g_autofree char *subject = g_tls_certificate_get_subject_name(c);

	return subject && g_str_has_prefix(subject, "CN=") ?
		       g_strndup(subject + 3, strcspn(subject + 3, ",")) :
		       NULL;
}

/* Whose certificate it is: " (CN=fe.contoso.com, issued by CN=another CA, 2026-01-01 to
 * 2027-01-01)"; "" when a part is not known.  The caller frees. */
static char *certificate_text(GTlsCertificate *c)
{
	g_autofree char *subject = g_tls_certificate_get_subject_name(c);
	g_autofree char *issuer = g_tls_certificate_get_issuer_name(c);
	g_autoptr(GDateTime) from = g_tls_certificate_get_not_valid_before(c);
	g_autoptr(GDateTime) to = g_tls_certificate_get_not_valid_after(c);
	g_autofree char *first = from ? g_date_time_format(from, "%F") : NULL,
			*last = to ? g_date_time_format(to, "%F") : NULL;

	if (!subject || !issuer || !first || !last)
		return g_strdup("");
	return g_strdup_printf(" (%s, issued by %s, %s to %s)", subject, issuer, first, last);
}

/* Puts a more precise error in the place of GnuTLS's: what was wrong with the peer's certificate,
 * or that time ran out. */
static void replace_error(const struct handshake *h, GError **error)
{
	if (h->timed_out) {
		g_clear_error(error);
		*error = reason_error_plain(REASON_TLS_TIMED_OUT);
	} else if (h->flaws) {
		enum reason r = flaw_reason(h->flaws);

		g_clear_error(error);
		*error = reason_error_new(r, h->name, "%s%s", reason_words(r),
					  h->certificate ? h->certificate : "");
	}
}

/* --- what both sides do ----------------------------------------------------------------------- */

/* Accepts the peer's certificate if it has no flaw, and keeps what is told about it if it has.  On
 * the server side GLib asks about good ones, too. */
static gboolean on_accept_certificate(GTlsConnection *connection G_GNUC_UNUSED,
				      GTlsCertificate *certificate,
				      GTlsCertificateFlags flaws_found, gpointer user_data)
{
	struct handshake *h = user_data;

	h->flaws = flaws_found;
	if (flaws_found && !h->certificate) {
		h->certificate = certificate_text(certificate);
		h->name = certificate_name(certificate);
	}
	return flaws_found == 0;
}

static gboolean on_handshake_timeout(gpointer user_data)
{
	struct handshake *h = user_data;

	h->timed_out = true;
	g_cancellable_cancel(h->cancellable);
	return G_SOURCE_REMOVE;
}

/* Turns off Nagle's algorithm: a small SIP message must not wait for the ACK of the one before. */
static void set_no_delay(GSocketConnection *connection)
{
	g_socket_set_option(g_socket_connection_get_socket(connection), IPPROTO_TCP, TCP_NODELAY, 1,
			    NULL);
}

/* Sets what both sides of a handshake need: trusted CA, check of the certificate. */
static void prepare_handshake(struct handshake *h, GTlsDatabase *trusted)
{
	GTlsConnection *tls = G_TLS_CONNECTION(h->tls);

	g_tls_connection_set_database(tls, trusted);
	/* SIP peers close the TCP connection without an alert; messages have their length. */
	g_tls_connection_set_require_close_notify(tls, FALSE);
	g_signal_connect(tls, "accept-certificate", G_CALLBACK(on_accept_certificate), h);
}

static void handshake_free(struct handshake *h)
{
	source_clear(&h->timer);
	if (h->tls)
		g_signal_handlers_disconnect_by_data(h->tls, h);
	g_clear_object(&h->tls);
	g_object_unref(h->cancellable);
	g_free(h->peer);
	g_free(h->certificate);
	g_free(h->name);
	g_free(h);
}

/* --- listening -------------------------------------------------------------------------------- */

/* Gives a hold back; the last one frees the listener. */
static void listener_release(tls_listener *l)
{
	if (--l->holds)
		return;
	g_hash_table_unref(l->handshakes);
	g_object_unref(l->service);
	g_object_unref(l->trusted);
	g_clear_object(&l->certificate);
	g_free(l);
}

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

/* Passes the connection, or why there is none, to the listener's owner. */
static void on_server_handshake_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
	struct handshake *h = user_data;
	tls_listener *l = h->listener;
	g_autoptr(GError) error = NULL;
	bool ok = g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, &error);

	g_hash_table_remove(l->handshakes, h);
	if (!ok)
		replace_error(h, &error);
	if (!l->freed && ok) {
		g_autoptr(GPtrArray) names = peer_names(G_TLS_CONNECTION(source));

		g_signal_handlers_disconnect_by_data(h->tls, h);
		l->accepted(g_steal_pointer(&h->tls), (const char *const *)names->pdata, h->peer,
			    h->port, l->user_data);
	} else if (!l->freed && l->refused) {
		l->refused(h->peer, error, l->user_data);
	}
	handshake_free(h);
	listener_release(l);
}

/* Keeps the peer's address and port; "unknown" when it is gone again already, which the handshake
 * will report. */
static void set_peer(struct handshake *h, GSocketConnection *connection)
{
	g_autoptr(GSocketAddress) address =
		g_socket_connection_get_remote_address(connection, NULL);

	if (address && G_IS_INET_SOCKET_ADDRESS(address)) {
		GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);

		h->peer = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
		h->port = g_inet_socket_address_get_port(inet);
	} else {
		h->peer = g_strdup("unknown");
	}
}

static gboolean on_incoming(GSocketService *service G_GNUC_UNUSED, GSocketConnection *connection,
			    GObject *source G_GNUC_UNUSED, gpointer user_data)
{
	static const GTlsAuthenticationMode modes[] = {
		[TLS_CLIENT_NONE] = G_TLS_AUTHENTICATION_NONE,
		[TLS_CLIENT_OPTIONAL] = G_TLS_AUTHENTICATION_REQUESTED,
		[TLS_CLIENT_REQUIRED] = G_TLS_AUTHENTICATION_REQUIRED,
	};
	tls_listener *l = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GIOStream) tls =
		g_tls_server_connection_new(G_IO_STREAM(connection), l->certificate, &error);
	struct handshake *h = g_new0(struct handshake, 1);

	h->cancellable = g_cancellable_new();
	set_peer(h, connection);
	if (!tls) {
		if (l->refused)
			l->refused(h->peer, error, l->user_data);
		handshake_free(h);
		return TRUE;
	}
	set_no_delay(connection);
	h->tls = g_steal_pointer(&tls);
	h->listener = l;
	l->holds++;
	g_hash_table_add(l->handshakes, h);
	prepare_handshake(h, l->trusted);
	g_object_set(h->tls, "authentication-mode", modes[l->policy], NULL);
	h->timer = timer_start(g_main_context_get_thread_default(), HANDSHAKE_TIMEOUT_MS,
			       on_handshake_timeout, h);
	g_tls_connection_handshake_async(G_TLS_CONNECTION(h->tls), G_PRIORITY_DEFAULT,
					 h->cancellable, on_server_handshake_done, h);
	return TRUE;
}

tls_listener *tls_listen(const char *address, guint16 port, tls_identity *id,
			 enum tls_client_certificate policy, tls_accept_func accepted,
			 tls_refused_func refused, gpointer user_data, GError **error)
{
	g_autoptr(GSocketAddress) where = g_inet_socket_address_new_from_string(address, port);
	g_autoptr(GSocketService) service = g_socket_service_new();

	if (!where) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is no IP address",
			    address);
		return NULL;
	}
	if (!id->certificate) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "a server needs a certificate");
		return NULL;
	}
	g_socket_listener_set_backlog(G_SOCKET_LISTENER(service), BACKLOG);
	/* This call binds with SO_REUSEADDR. */
	if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), where, G_SOCKET_TYPE_STREAM,
					   G_SOCKET_PROTOCOL_TCP, NULL, NULL, error)) {
		g_autofree char *at = sip_host_port(address, port);

		g_prefix_error(error, "listen on %s: ", at);
		return NULL;
	}

	tls_listener *l = g_new0(tls_listener, 1);

	l->service = g_steal_pointer(&service);
	l->trusted = g_object_ref(id->trusted);
	l->certificate = g_object_ref(id->certificate);
	l->policy = policy;
	l->accepted = accepted;
	l->refused = refused;
	l->user_data = user_data;
	l->handshakes = g_hash_table_new(NULL, NULL);
	l->holds = 1;
	g_signal_connect(l->service, "incoming", G_CALLBACK(on_incoming), l);
	g_socket_service_start(l->service);
	return l;
}

void tls_listener_free(tls_listener *l)
{
	GHashTableIter i;
	gpointer h;

	if (!l)
		return;
	l->freed = true;
	g_signal_handlers_disconnect_by_data(l->service, l);
	g_socket_service_stop(l->service);
	g_socket_listener_close(G_SOCKET_LISTENER(l->service));
	g_hash_table_iter_init(&i, l->handshakes);
	while (g_hash_table_iter_next(&i, &h, NULL))
		g_cancellable_cancel(((struct handshake *)h)->cancellable);
	listener_release(l);
}

/* --- connecting ------------------------------------------------------------------------------- */

/* One tls_connect. */
struct attempt {
	struct handshake *h;
	GTlsDatabase *trusted;
	GTlsCertificate *certificate;
	char *server_name;
	char *address;
	guint16 port;
	GCancellable *outer; /* the caller's */
	gulong outer_id;
	tls_connect_func done;
	gpointer user_data;
};

/* Calls the caller's function and frees the attempt and `error`, which is NULL when it is
 * connected. */
static void attempt_done(struct attempt *a, GError *error)
{
	GIOStream *tls = error ? NULL : g_steal_pointer(&a->h->tls);

	if (a->outer)
		g_cancellable_disconnect(a->outer, a->outer_id);
	if (tls)
		g_signal_handlers_disconnect_by_data(tls, a->h);
	if (error) {
		g_autofree char *at = sip_host_port(a->address, a->port);

		g_prefix_error(&error, "%s (%s): ", a->server_name, at);
	}
	a->done(tls, error, a->user_data);
	g_clear_error(&error);
	handshake_free(a->h);
	g_object_unref(a->trusted);
	g_clear_object(&a->certificate);
	g_clear_object(&a->outer);
	g_free(a->server_name);
	g_free(a->address);
	g_free(a);
}

static void on_handshake_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
	struct attempt *a = user_data;
	GError *error = NULL;

	if (!g_tls_connection_handshake_finish(G_TLS_CONNECTION(source), result, &error))
		replace_error(a->h, &error);
	attempt_done(a, error);
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
	struct attempt *a = user_data;
	GError *error = NULL;
	g_autoptr(GSocketConnection) tcp =
		g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
	g_autoptr(GSocketConnectable) identity = NULL;

	if (!tcp) {
		if (a->h->timed_out) {
			g_clear_error(&error);
			error = reason_error_plain(REASON_CONNECTION_TIMED_OUT);
		}
		attempt_done(a, error);
		return;
	}
	set_no_delay(tcp);
	identity = g_network_address_new(a->server_name, a->port);
	a->h->tls = g_tls_client_connection_new(G_IO_STREAM(tcp), identity, &error);
	if (!a->h->tls) {
		attempt_done(a, error);
		return;
	}
	prepare_handshake(a->h, a->trusted);
	if (a->certificate)
		g_tls_connection_set_certificate(G_TLS_CONNECTION(a->h->tls), a->certificate);
	g_tls_connection_handshake_async(G_TLS_CONNECTION(a->h->tls), G_PRIORITY_DEFAULT,
					 a->h->cancellable, on_handshake_done, a);
}

static gboolean on_bad_address(gpointer user_data)
{
	attempt_done(user_data, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
						    "not an IP address"));
	return G_SOURCE_REMOVE;
}

static void on_outer_cancelled(GCancellable *outer G_GNUC_UNUSED, gpointer user_data)
{
	g_cancellable_cancel(user_data);
}

static struct attempt *attempt_new(const char *address, guint16 port, const char *server_name,
				   tls_identity *id, GCancellable *cancellable)
{
	struct attempt *a = g_new0(struct attempt, 1);

	a->h = g_new0(struct handshake, 1);
	a->h->cancellable = g_cancellable_new();
	a->trusted = g_object_ref(id->trusted);
	a->certificate = id->certificate ? g_object_ref(id->certificate) : NULL;
	a->server_name = g_strdup(server_name);
	a->address = g_strdup(address);
	a->port = port;
	if (cancellable) {
		a->outer = g_object_ref(cancellable);
		a->outer_id =
			g_cancellable_connect(cancellable, G_CALLBACK(on_outer_cancelled),
					      g_object_ref(a->h->cancellable), g_object_unref);
	}
	return a;
}

void tls_connect(const char *local_address, const char *address, guint16 port,
		 const char *server_name, tls_identity *id, guint timeout_ms,
		 GCancellable *cancellable, tls_connect_func done, gpointer user_data)
{
	struct attempt *a = attempt_new(address, port, server_name, id, cancellable);
	g_autoptr(GSocketAddress) to = g_inet_socket_address_new_from_string(address, port);
	g_autoptr(GSocketAddress) from =
		local_address ? g_inet_socket_address_new_from_string(local_address, 0) : NULL;
	g_autoptr(GSocketClient) client = g_socket_client_new();

	a->done = done;
	a->user_data = user_data;
	if (!to || (local_address && !from)) {
		a->h->timer =
			timer_start(g_main_context_get_thread_default(), 0, on_bad_address, a);
		return;
	}
	g_socket_client_set_enable_proxy(client, FALSE);
	g_socket_client_set_local_address(client, from);
	a->h->timer = timer_start(g_main_context_get_thread_default(), timeout_ms,
				  on_handshake_timeout, a->h);
	g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(to), a->h->cancellable,
				      on_connected, a);
}
