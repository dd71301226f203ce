/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A STUN server with two addresses and two ports (RFC 5780 section 6), over UDP and TCP.
 *
 * Answers Binding requests without authentication: from the address and port that CHANGE-REQUEST
 * asks for, to the port that RESPONSE-PORT asks for.  Depends on GLib.  Runs on the default main
 * context.
 */
#ifndef NAT_JUDGE_H
#define NAT_JUDGE_H

#include <glib.h>
#include <netinet/in.h>

#define JUDGE_PORT 3478
#define JUDGE_OTHER_PORT 3479

typedef struct judge judge;

/* Opens all sockets on both addresses.  NULL with G_IO_ERROR when one cannot be bound. */
judge *judge_new(struct in_addr first, struct in_addr second, GError **error);
/* Closes the sockets.  Accepts NULL. */
void judge_free(judge *j);

#endif
