/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An address and a port: the one type of the A/V Edge for clients, relays and peers.
 *
 * Pure values, compared by content.  Ports in host order.
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

/* A numeric address; false: not one. */
bool endpoint_parse(const char *address, guint16 port, struct endpoint *ret);
/* False: neither IPv4 nor IPv6. */
bool endpoint_from_sockaddr(const struct sockaddr_storage *address, struct endpoint *ret);
/* Returns the length of what was written. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ret);

/* "192.0.2.1:3478", "[2001:db8::1]:3478"; returns `text`. */
char *endpoint_print(const struct endpoint *e, char text[static ENDPOINT_TEXT_MAX]);

/* Family and address; all; for hash tables; a copy with another port. */
bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
guint endpoint_hash(const struct endpoint *e);
struct endpoint endpoint_with_port(const struct endpoint *e, guint16 port);

#endif
