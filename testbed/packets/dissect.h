/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dissect: what a captured packet says, field by field, as far as its bytes were kept.
 *
 * Depends on packet.  Pure.  The bytes come from the network: texts are printable UTF-8, and what
 * was cut off is left out.
 */
#ifndef TESTBED_PACKETS_DISSECT_H
#define TESTBED_PACKETS_DISSECT_H

#include "common/base/object.h"
#include "testbed/packets/packet.h"

struct packet_field {
	const char *name; /* static: "username", "XOR-MAPPED-ADDRESS" */
	char *value;
};

/* The fields of the packet's message (struct packet_field, in the packet's order); those of what a
 * TURN message carries follow its own.  Never NULL; the caller frees. */
GPtrArray *dissect_fields(const struct sighting *s);
/* Adds a field; takes over the value. */
void packet_field_add(GPtrArray *fields, const char *name, char *value);
/* The value of a field, borrowed; NULL: there is none. */
const char *dissect_value(const GPtrArray *fields, const char *name);

/* IP's time to live; 0: no bytes were kept. */
guint dissect_ttl(const struct sighting *s);
/* The peer that a TURN message names (XOR-PEER-ADDRESS, RFC 8656 section 18.3), and the address
 * that a relay lends by it (XOR-RELAYED-ADDRESS).  False: none. */
bool dissect_peer(const struct sighting *s, struct addr *ret, uint16_t *ret_port);
bool dissect_relayed(const struct sighting *s, struct addr *ret, uint16_t *ret_port);
/* "ClientHello", "ServerHello" of a TLS handshake that is not encrypted; static.  NULL: another
 * record. */
const char *dissect_tls_name(const struct sighting *s);
/* "ICMP port unreachable": what an ICMP error tells; static.  NULL: it is no error. */
const char *dissect_icmp_name(const struct sighting *s);
bool dissect_is_dns_answer(const struct sighting *s);

#endif
