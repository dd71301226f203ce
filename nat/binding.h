/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STUN Binding messages with the attributes of RFC 5780.
 *
 * Depends on libnice's codec.  Pure.
 */
#ifndef NAT_BINDING_H
#define NAT_BINDING_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

#define BINDING_MESSAGE_MAX 512
#define BINDING_ID_BYTES 16 /* magic cookie and transaction id, as on the wire */

/* CHANGE-REQUEST (RFC 5780 section 7.2). */
enum binding_change { BINDING_CHANGE_PORT = 0x2, BINDING_CHANGE_ADDRESS = 0x4 };

struct binding_message {
	bool request; /* else a success response; other classes are not supported */
	guint8 id[BINDING_ID_BYTES];
	guint32 change;		   /* bits of enum binding_change */
	guint16 response_port;	   /* RESPONSE-PORT (section 7.5), 0: none */
	struct sockaddr_in mapped; /* XOR-MAPPED-ADDRESS; family 0: none, also in the next two */
	struct sockaddr_in origin; /* RESPONSE-ORIGIN (section 7.3) */
	struct sockaddr_in other;  /* OTHER-ADDRESS (section 7.4) */
};

/* A random transaction id, with the magic cookie. */
void binding_new_id(guint8 id[BINDING_ID_BYTES]);
/* Writes the message to `data`; returns its length, at most BINDING_MESSAGE_MAX. */
gsize binding_write(const struct binding_message *m, guint8 *data);
/* Reads a message.  Returns false when it is not a well-formed Binding request or success response
 * with the magic cookie; *ret is then zero or incomplete. */
bool binding_read(const guint8 *data, gsize length, struct binding_message *ret);
/* How long the message is that begins at `data`, for streams; 0: its header is incomplete. */
gsize binding_length(const guint8 *data, gsize available);

#endif
