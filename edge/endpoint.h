/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address and a port: the A/V Edge's type for clients, relays and peers.
 *
 * Pure values.  Ports are in host order.
 */
#ifndef EDGE_ENDPOINT_H
#define EDGE_ENDPOINT_H

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

enum endpoint_family { ENDPOINT_NONE, ENDPOINT_V4, ENDPOINT_V6 };

struct endpoint {
	guint8 family; /* enum endpoint_family */
	guint16 port;
	guint8 ip[16]; /* network order; IPv4 in the first four, the rest 0 */
};

#define ENDPOINT_TEXT_MAX 56 /* "[v6 address]:port" and the NUL */

/* Makes an endpoint from a numeric address (may be NULL) and a port.  Returns false when it is
 * none; *ret is unchanged then. */
bool endpoint_parse(const char *address, guint16 port, struct endpoint *ret);
/* From and to a socket address.  The first returns false for a family other than IPv4 and IPv6, the
 * second the address's length. */
bool endpoint_from_sockaddr(const struct sockaddr_storage *address, struct endpoint *ret);
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret);

/* Writes "192.0.2.1:3478" or "[2001:db8::1]:3478" to `text` and returns it. */
char *endpoint_print(const struct endpoint *e, char text[static ENDPOINT_TEXT_MAX]);

/* endpoint_same_ip compares family and address, endpoint_equal also the port. */
bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
guint endpoint_hash(const struct endpoint *e);
/* Whose address it is, as far as limits are concerned: an IPv4 address, or the 64 bits of an IPv6
 * prefix, as a link has them all.  Without port. */
struct endpoint endpoint_source(const struct endpoint *e);
/* A copy with another port. */
struct endpoint endpoint_with_port(const struct endpoint *e, guint16 port);

#endif
