/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's sign-in: finds a server, connects, registers, is provisioned, and finds its relay.
 *
 * The I/O around `signin`; `search` finds the server.  Sends the events `sip`, `signed-in` and
 * `sign-in-failed`, and `dns` for the relay.  Main loop only; nothing blocks.
 */
#ifndef CLIENTS_ACCOUNT_H
#define CLIENTS_ACCOUNT_H

#include "clients/config.h"
#include "common/channel.h"
#include "common/sip.h"

/* The relay and its credentials. */
struct account_relay {
	char *host, *address; /* address NULL: no relay */
	char *address6;	      /* a second address, of IPv6; NULL: none */
	guint16 udp_port, tcp_port;
	char *username, *password;
};

typedef struct account account;

struct account_handlers {
	void (*message)(sip_msg *m, gpointer user_data); /* a request from the server; borrowed */
	void (*signed_in)(gpointer user_data);
	void (*lost)(gpointer user_data); /* no longer signed in */
};

/* An account that is not signed in.  `config` and `events` are borrowed until account_free,
 * `handlers` is copied.  NULL with an error: the CA's certificate cannot be read (tls.h). */
account *account_new(const struct client_config *config, channel *events,
		     const struct account_handlers *handlers, gpointer user_data, GError **error);
void account_free(account *a); /* closes the connection without events.  Accepts NULL */
/* Starts to sign in; the events `signed-in` or `sign-in-failed` tell the result.  A user who is
 * signed in is signed out first, which calls `lost`.  Who has been signed in, and then loses the
 * connection or the registration, signs in again after a while (docs/PROTOCOL.md, "Sign-in" 6),
 * with the same events, until that succeeds. */
void account_sign_in(account *a);

/* The result of the sign-in; pointers are borrowed until the next one. */
bool account_is_signed_in(const account *a);
sip_conn *account_conn(const account *a);  /* NULL: not connected */
const char *account_uri(const account *a); /* "sip:dc1@contoso.com" */
/* "<sip:dc1@10.0.1.101:40000;transport=tls>"; NULL: not connected */
const char *account_contact(const account *a);
bool account_remote_user(const account *a); /* it is signed in through an Edge */
const struct account_relay *account_relay(const account *a);
const char *account_focus_factory(const account *a); /* NULL: none */

#endif
