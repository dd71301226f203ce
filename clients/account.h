/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's sign-in: finds a server, connects, registers, gets provisioned and finds its relay.
 *
 * The I/O around `discovery` and `signin`.  Sends the `dns`, `signed-in` and `sign-in-failed`
 * events. Main loop only; nothing blocks.
 */
#ifndef CLIENTS_ACCOUNT_H
#define CLIENTS_ACCOUNT_H

#include "clients/config.h"
#include "common/channel.h"
#include "common/sip.h"

struct account_relay {
	char *host, *address; /* address NULL: no relay */
	char *address6;	      /* an IPv6 address beside an IPv4 one; NULL: none */
	guint16 udp_port, tcp_port;
	char *username, *password;
};

typedef struct account account;

struct account_handlers {
	void (*message)(sip_msg *m, gpointer user_data); /* a request of the server */
	void (*signed_in)(gpointer user_data);
	void (*lost)(gpointer user_data); /* the signed-in connection has gone */
};

/* Not signed in yet.  `config` and `events` are borrowed until account_free, `handlers` are copied.
 * NULL with `error`: the CA's certificate can't be read (tls.h). */
account *account_new(const struct client_config *config, channel *events,
		     const struct account_handlers *handlers, gpointer user_data, GError **error);
void account_free(account *a);
/* Signs in, anew when already signed in (then `lost` is called first). */
void account_sign_in(account *a);

/* What follows is borrowed, and valid until the next sign-in. */
bool account_is_signed_in(const account *a);
sip_conn *account_conn(const account *a);  /* NULL: not connected */
const char *account_uri(const account *a); /* "sip:dc1@contoso.com" */
bool account_remote_user(const account *a);
const struct account_relay *account_relay(const account *a);
const char *account_focus_factory(const account *a); /* NULL: none */

#endif
