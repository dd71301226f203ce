/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/stun_frame.h"

#include <string.h>

#define MESSAGE_INTEGRITY 0x0008
#define FINGERPRINT 0x8028

static guint16 get16(const guint8 *p)
{
	return (guint16)(p[0] << 8 | p[1]);
}

static gsize padded_to_4(gsize length)
{
	return (length + 3) & ~(gsize)3;
}

/* Whether all attributes are inside the message, MESSAGE-INTEGRITY and FINGERPRINT have their
 * lengths, and nothing but FINGERPRINT follows MESSAGE-INTEGRITY. */
static bool attributes_in_order(const guint8 *data, gsize length)
{
	bool integrity = false;

	for (gsize at = STUN_HEADER; at < length;) {
		gsize value_length;
		guint16 type;

		if (length - at < 4)
			return false;
		type = get16(data + at);
		value_length = get16(data + at + 2);
		if (padded_to_4(value_length) > length - at - 4)
			return false;
		/* The codec reads 20 and 4 bytes of these without a look at their length. */
		if ((type == MESSAGE_INTEGRITY && value_length != 20) ||
		    (type == FINGERPRINT && value_length != 4))
			return false;
		/* RFC 5389 section 15.4: attributes after MESSAGE-INTEGRITY are not protected. */
		if (integrity && type != FINGERPRINT)
			return false;
		integrity = integrity || type == MESSAGE_INTEGRITY;
		at += 4 + padded_to_4(value_length);
		if (type == FINGERPRINT && at != length)
			return false;
	}
	return true;
}

bool stun_well_formed(const guint8 *data, gsize length)
{
	if (length < STUN_HEADER || (data[0] & 0xc0) != 0 || length % 4 != 0)
		return false;
	if (length != STUN_HEADER + (gsize)get16(data + 2))
		return false;
	return attributes_in_order(data, length);
}

bool stun_has_cookie(const guint8 *data)
{
	static const guint8 cookie[4] = {0x21, 0x12, 0xa4, 0x42};

	return memcmp(data + 4, cookie, sizeof cookie) == 0;
}

guint16 stun_type(const guint8 *data)
{
	return get16(data);
}

enum stun_class stun_class_of(guint16 type)
{
	return (enum stun_class)(type & 0x110);
}

guint16 stun_method_of(guint16 type)
{
	return (guint16)((type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2);
}

struct stun_cursor stun_cursor_at(const guint8 *data, gsize length)
{
	return (struct stun_cursor){.data = data, .length = length, .at = STUN_HEADER};
}

bool stun_cursor_next(struct stun_cursor *c)
{
	if (c->at + 4 > c->length)
		return false;
	c->type = get16(c->data + c->at);
	c->value_length = get16(c->data + c->at + 2);
	c->value = c->data + c->at + 4;
	c->at += 4 + padded_to_4(c->value_length);
	return true;
}

bool stun_cursor_find(struct stun_cursor *c, guint16 type)
{
	c->at = STUN_HEADER;
	while (stun_cursor_next(c))
		if (c->type == type)
			return true;
	return false;
}

bool stun_xor_endpoint(const struct stun_cursor *c, struct endpoint *ret)
{
	const guint8 *key = c->data + 4; /* cookie and transaction id: RFC 5389 section 15.2 */
	gsize ip_length;

	*ret = (struct endpoint){0};
	if (c->value_length < 4 || (c->value[1] != 1 && c->value[1] != 2))
		return false;
	ip_length = c->value[1] == 1 ? 4 : 16;
	if (c->value_length != 4 + ip_length)
		return false;
	ret->family = c->value[1] == 1 ? ENDPOINT_V4 : ENDPOINT_V6;
	ret->port = get16(c->value + 2) ^ (STUN_COOKIE >> 16);
	for (gsize i = 0; i < ip_length; i++)
		ret->ip[i] = c->value[4 + i] ^ key[i];
	return true;
}

bool channel_data_parse(const guint8 *data, gsize length, guint16 *ret_number,
			const guint8 **ret_payload, gsize *ret_payload_length)
{
	if (length < CHANNEL_HEADER || (data[0] & 0xc0) != 0x40)
		return false;
	*ret_number = get16(data);
	*ret_payload = data + CHANNEL_HEADER;
	*ret_payload_length = get16(data + 2);
	return *ret_payload_length <= length - CHANNEL_HEADER;
}
