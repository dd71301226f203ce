/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS for SIP: listening and connecting, certificates and peer names.  GIO with GnuTLS.
 * Versions 1.2 and 1.3 (RFC 8996).
 *
 * Depends on GIO.  Asynchronous on the thread-default main context; nothing blocks.
 */
#ifndef COMMON_TLS_H
#define COMMON_TLS_H

#include <gio/gio.h>
#include <stdbool.h>

typedef struct tls_identity tls_identity;

/* Reads the trusted CA and, unless NULL (a client without certificate), certificate and key from
 * PEM files.  `key` NULL: it is in the file of the certificate.  NULL with an error of GLib when a
 * file can't be read. */
tls_identity *tls_identity_new(const char *ca, const char *certificate, const char *key,
			       GError **error);
void tls_identity_free(tls_identity *id); /* accepts NULL */

enum tls_client_certificate {
	TLS_CLIENT_NONE,     /* not asked for (Access Edge outside) */
	TLS_CLIENT_OPTIONAL, /* accepted when given and valid (Front End 5061: clients and servers
				on one port) */
	TLS_CLIENT_REQUIRED, /* mutual TLS: refused without a certificate of our CA */
};

/* A connection whose handshake succeeded.  `connection` is owned by the callee from now on.
 * `peer_names` are the DNS names of the peer's verified certificate, NULL-terminated, empty when it
 * gave none; borrowed for the call. */
typedef void (*tls_accept_func)(GIOStream *connection, const char *const *peer_names,
				const char *peer_address, guint16 peer_port, gpointer user_data);
/* A handshake that failed, or a connection that was refused or ended for a limit: with whom, and
 * why (common/error_reason.h).  Both are borrowed.  At most 20 are told in a second. */
typedef void (*tls_refused_func)(const char *peer_address, const GError *why, gpointer user_data);

typedef struct tls_listener tls_listener;
/* Listens on a numeric address; for tls_listener_free.  `id` must have a certificate and is
 * borrowed until then; `refused` may be NULL.  Callbacks come from the main loop.  NULL with
 * `error`: G_IO_ERROR_INVALID_ARGUMENT, or why the address can't be bound. */
tls_listener *tls_listen(const char *address, guint16 port, tls_identity *id,
			 enum tls_client_certificate policy, tls_accept_func accepted,
			 tls_refused_func refused, gpointer user_data, GError **error);
void tls_listener_free(tls_listener *l); /* no callback follows; accepts NULL */
/* The peer of an accepted connection has proven who it is, as one with a certificate has.  A
 * connection without that is ended after 30 s, and makes room for others before that; a proven one
 * when nothing came on it for half an hour (CRLFs of RFC 5626 count), one with a certificate never.
 * Any of them is ended when its peer takes nothing for a minute.  That is told as a refusal. */
void tls_prove(GIOStream *connection);

/* Connects from `local_address` (NULL: any) to address:port and does the handshake, checking the
 * server's chain and that its certificate carries `server_name`.  Calls `done` once: with the
 * connection, which the callee then owns, or with an error (borrowed): REASON_CONNECTION_TIMED_OUT
 * or REASON_TLS_TIMED_OUT after `timeout_ms`; REASON_TLS_UNTRUSTED and the like when the server's
 * certificate is not accepted, with whose it is; or why the connection failed.  `cancellable` may
 * be NULL; cancelling it is such a failure. */
typedef void (*tls_connect_func)(GIOStream *connection, const GError *error, gpointer user_data);
void tls_connect(const char *local_address, const char *address, guint16 port,
		 const char *server_name, tls_identity *id, guint timeout_ms,
		 GCancellable *cancellable, tls_connect_func done, gpointer user_data);

#endif
