/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP addresses and prefixes, one type for IPv4 and IPv6.
 *
 * Depends on GLib and the C library.  All functions are pure.
 */
#ifndef TESTBED_BASE_ADDR_H
#define TESTBED_BASE_ADDR_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct addr {
	int family;	   /* AF_INET, AF_INET6, or 0: unset */
	uint8_t bytes[16]; /* network order; 4 used for IPv4 */
};

struct prefix {
	struct addr addr; /* as written, with its host bits: also an interface's address */
	uint8_t len;	  /* 0..32 or 0..128 */
};

#define ADDR_TEXT_MAX INET6_ADDRSTRLEN
#define PREFIX_TEXT_MAX (INET6_ADDRSTRLEN + 4)

/* Parses a numeric IPv4 or IPv6 address.  Returns false when `text` is none or NULL; then *ret is
 * unchanged. */
bool addr_parse(const char *text, struct addr *ret);
/* Parses "ADDR/LEN", a bare address (its full length) or "default" (0.0.0.0/0).  Returns false as
 * above. */
bool prefix_parse(const char *text, struct prefix *ret);

/* Write the text of an address or prefix to `buf` and return `buf`; "unset" for an unset
 * address. */
const char *addr_print(const struct addr *a, char buf[static ADDR_TEXT_MAX]);
const char *prefix_print(const struct prefix *p, char buf[static PREFIX_TEXT_MAX]);

/* "10.0.0.1:5061" or "[2001:db8::1]:5061" (RFC 3986 section 3.2.2), written to `buf` and
 * returned. */
#define ADDR_PORT_TEXT_MAX (ADDR_TEXT_MAX + 8)
const char *addr_port_print(const struct addr *a, uint16_t port,
			    char buf[static ADDR_PORT_TEXT_MAX]);
/* The same as new text, for an address that is text already and is not checked.  The caller
 * frees. */
char *addr_port_text(const char *address, unsigned port);
/* Parses an address with a port at the start of `text` (may be NULL); what follows is ignored.
 * Returns false when there is none. */
bool addr_port_parse(const char *text, struct addr *ret, uint16_t *ret_port);

/* addr_compare orders by family, then by bytes (as memcmp): unset addresses are equal and come
 * first. */
bool addr_is_set(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);
int addr_compare(const struct addr *a, const struct addr *b);
uint8_t addr_bits(const struct addr *a); /* length of an address: 32, 128, or 0 when unset */

/* The prefix with its host bits cleared. */
struct prefix prefix_network(const struct prefix *p);
/* Whether the address (all addresses of the other prefix) lies in the prefix; false when one is
 * unset or the families differ. */
bool prefix_contains(const struct prefix *p, const struct addr *a);
/* Whether the prefixes have an address in common. */
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);
/* Whether the prefix has addresses that no interface on a wire can have: unspecified, loopback,
 * multicast, broadcast and IPv4-mapped ones (RFC 6890, RFC 5735). */
bool prefix_is_reserved(const struct prefix *p);
bool prefix_equal(const struct prefix *a, const struct prefix *b); /* same network and length */
bool prefix_is_default(const struct prefix *p);			   /* set, and of length 0 */

/* Whether routers of the Internet don't carry it: RFC 1918, RFC 6598 (100.64/10), loopback,
 * link-local, or their IPv6 counterparts (RFC 4193, 4291). */
/* fe80::/10 (RFC 4291 section 2.5.6): names a neighbour on one wire only. */
bool addr_is_link_local6(const struct addr *a);
bool addr_is_private(const struct addr *a);

#endif
