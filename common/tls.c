/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tls_internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/source.h"
#include "common/error_reason.h"
#include "common/sip.h"

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

void handshake_explain(const struct handshake *h, GError **error)
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

void tls_set_no_delay(GSocketConnection *connection)
{
	g_socket_set_option(g_socket_connection_get_socket(connection), IPPROTO_TCP, TCP_NODELAY, 1,
			    NULL);
}

void handshake_prepare(struct handshake *h, GTlsDatabase *trusted)
{
	GTlsConnection *tls = G_TLS_CONNECTION(h->tls);

	g_tls_connection_set_database(tls, trusted);
	/* SIP peers close the TCP connection without an alert; messages have their length. */
	g_tls_connection_set_require_close_notify(tls, FALSE);
	g_signal_connect(tls, "accept-certificate", G_CALLBACK(on_accept_certificate), h);
}

GIOStream *handshake_take_stream(struct handshake *h)
{
	GIOStream *tls = g_steal_pointer(&h->tls);

	if (tls)
		g_signal_handlers_disconnect_by_data(tls, h);
	return tls;
}

void handshake_clear(struct handshake *h)
{
	source_clear(&h->timer);
	if (h->tls)
		g_signal_handlers_disconnect_by_data(h->tls, h);
	g_clear_object(&h->tls);
	g_clear_object(&h->cancellable);
	g_free(h->certificate);
	g_free(h->name);
}

/* --- connecting ------------------------------------------------------------------------------- */

/* One tls_connect. */
struct attempt {
	struct handshake h;
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

static gboolean on_handshake_timeout(gpointer user_data)
{
	struct handshake *h = user_data;

	h->timed_out = true;
	g_cancellable_cancel(h->cancellable);
	return G_SOURCE_REMOVE;
}

/* Calls the caller's function and frees the attempt and `error`, which is NULL when it is
 * connected. */
static void attempt_done(struct attempt *a, GError *error)
{
	GIOStream *tls = error ? NULL : handshake_take_stream(&a->h);

	if (a->outer)
		g_cancellable_disconnect(a->outer, a->outer_id);
	if (error) {
		g_autofree char *at = sip_host_port(a->address, a->port);

		g_prefix_error(&error, "%s (%s): ", a->server_name, at);
	}
	a->done(tls, error, a->user_data);
	g_clear_error(&error);
	handshake_clear(&a->h);
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
		handshake_explain(&a->h, &error);
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
		if (a->h.timed_out) {
			g_clear_error(&error);
			error = reason_error_plain(REASON_CONNECTION_TIMED_OUT);
		}
		attempt_done(a, error);
		return;
	}
	tls_set_no_delay(tcp);
	identity = g_network_address_new(a->server_name, a->port);
	a->h.tls = g_tls_client_connection_new(G_IO_STREAM(tcp), identity, &error);
	if (!a->h.tls) {
		attempt_done(a, error);
		return;
	}
	handshake_prepare(&a->h, a->trusted);
	if (a->certificate)
		g_tls_connection_set_certificate(G_TLS_CONNECTION(a->h.tls), a->certificate);
	g_tls_connection_handshake_async(G_TLS_CONNECTION(a->h.tls), G_PRIORITY_DEFAULT,
					 a->h.cancellable, on_handshake_done, a);
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

	a->h.cancellable = g_cancellable_new();
	a->trusted = g_object_ref(id->trusted);
	a->certificate = id->certificate ? g_object_ref(id->certificate) : NULL;
	a->server_name = g_strdup(server_name);
	a->address = g_strdup(address);
	a->port = port;
	if (cancellable) {
		a->outer = g_object_ref(cancellable);
		a->outer_id = g_cancellable_connect(cancellable, G_CALLBACK(on_outer_cancelled),
						    g_object_ref(a->h.cancellable), g_object_unref);
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
		a->h.timer = timer_start(g_main_context_get_thread_default(), 0, on_bad_address, a);
		return;
	}
	g_socket_client_set_enable_proxy(client, FALSE);
	g_socket_client_set_local_address(client, from);
	a->h.timer = timer_start(g_main_context_get_thread_default(), timeout_ms,
				 on_handshake_timeout, &a->h);
	g_socket_client_connect_async(client, G_SOCKET_CONNECTABLE(to), a->h.cancellable,
				      on_connected, a);
}
