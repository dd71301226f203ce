/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of STUN messages: their bounds are checked before they are interpreted.
 *
 * Every received message goes through stun_well_formed first.  The codec (libnice's stun_*) and the
 * cursor below then see only messages whose attributes are inside them.  Pure.  RFC 8489 sections 5
 * and 14, RFC 8656 section 12.4.
 */
#ifndef EDGE_STUN_FRAME_H
#define EDGE_STUN_FRAME_H

#include "edge/endpoint.h"

#define STUN_COOKIE 0x2112a442u
#define STUN_HEADER 20
#define CHANNEL_HEADER 4
#define CHANNEL_MIN 0x4000
#define CHANNEL_MAX 0x7ffe /* RFC 5766 section 11.2; RFC 8656 allows only 0x4fff */

/* Whether the lengths are right: attributes end with the message, MESSAGE-INTEGRITY has 20 bytes,
 * and only FINGERPRINT follows it. */
bool stun_well_formed(const guint8 *data, gsize length);
bool stun_has_cookie(const guint8 *data); /* of a well-formed message */
guint16 stun_type(const guint8 *data);

/* Class bits of a message type, and its method (RFC 5389 section 6). */
enum stun_class {
	STUN_CLASS_REQUEST = 0x000,
	STUN_CLASS_INDICATION = 0x010,
	STUN_CLASS_SUCCESS = 0x100,
	STUN_CLASS_ERROR = 0x110
};
enum stun_class stun_class_of(guint16 type);
guint16 stun_method_of(guint16 type);

/* Iterates over the attributes of a well-formed message:
 *   struct stun_cursor c = stun_cursor_at(data, length);
 *   while (stun_cursor_next(&c)) use(c.type, c.value, c.value_length); */
struct stun_cursor {
	const guint8 *data;
	gsize length, at;
	guint16 type;
	const guint8 *value;
	gsize value_length;
};
struct stun_cursor stun_cursor_at(const guint8 *data, gsize length);
bool stun_cursor_next(struct stun_cursor *c); /* false: there is no further attribute */
/* Moves to the first attribute of that type, from the beginning; false: there is none. */
bool stun_cursor_find(struct stun_cursor *c, guint16 type);

/* Reads the XORed address at the cursor (RFC 8489 section 14.2); false: it is malformed. */
bool stun_xor_endpoint(const struct stun_cursor *c, struct endpoint *ret);

/* Parses ChannelData; the payload is borrowed.  Returns false for another kind of message, or one
 * that is shorter than its length field.  Bytes after the payload (padding) are ignored. */
bool channel_data_parse(const guint8 *data, gsize length, guint16 *ret_number,
			const guint8 **ret_payload, gsize *ret_payload_length);

#endif
