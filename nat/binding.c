/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nat/binding.h"

#include <stun/stunagent.h>
#include <string.h>

#include "common/random.h"

/* Attributes of RFC 5780, which libnice does not name. */
#define RESPONSE_PORT ((StunAttribute)0x0027)
#define RESPONSE_ORIGIN ((StunAttribute)0x802b)
#define OTHER_ADDRESS ((StunAttribute)0x802c)
#define HEADER_BYTES 20
#define COOKIE 0x2112a442u

static const guint16 known_attributes[] = {STUN_ATTRIBUTE_CHANGE_REQUEST, 0x0027, 0};

/* Lets libnice's message use the `length` bytes at `data`. */
static void message_init(StunMessage *s, StunAgent *agent, guint8 *data, gsize length)
{
	stun_agent_init(agent, known_attributes, STUN_COMPATIBILITY_RFC5389,
			(StunAgentUsageFlags)0);
	*s = (StunMessage){.agent = agent, .buffer = data, .buffer_len = length};
}

void binding_new_id(guint8 id[BINDING_ID_BYTES])
{
	const guint32 cookie = g_htonl(COOKIE);

	memcpy(id, &cookie, sizeof cookie);
	random_bytes(id + sizeof cookie, BINDING_ID_BYTES - sizeof cookie);
}

/* Appends an address attribute; nothing for a family other than IPv4. */
static void append_address(StunMessage *s, StunAttribute type, const struct sockaddr_in *a)
{
	if (a->sin_family == AF_INET)
		stun_message_append_addr(s, type, (const struct sockaddr *)a, sizeof *a);
}

gsize binding_write(const struct binding_message *m, guint8 *data)
{
	StunAgent agent;
	StunMessage s;

	message_init(&s, &agent, data, BINDING_MESSAGE_MAX);
	stun_message_init(&s, m->request ? STUN_REQUEST : STUN_RESPONSE, STUN_BINDING, m->id);
	if (m->change != 0)
		stun_message_append32(&s, STUN_ATTRIBUTE_CHANGE_REQUEST, m->change);
	if (m->response_port != 0)
		stun_message_append32(&s, RESPONSE_PORT, (guint32)m->response_port << 16);
	if (m->mapped.sin_family == AF_INET) {
		struct sockaddr_storage mapped = {.ss_family = AF_INET};

		memcpy(&mapped, &m->mapped, sizeof m->mapped);
		stun_message_append_xor_addr(&s, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &mapped,
					     sizeof m->mapped);
	}
	append_address(&s, RESPONSE_ORIGIN, &m->origin);
	append_address(&s, OTHER_ADDRESS, &m->other);
	return stun_message_length(&s);
}

/* Reads an IPv4 address attribute; *ret is unchanged when there is none. */
static void read_address(const StunMessage *s, StunAttribute type, bool xored,
			 struct sockaddr_in *ret)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	StunMessageReturn got = xored ? stun_message_find_xor_addr(s, type, &address, &length) :
					stun_message_find_addr(s, type, &address, &length);

	if (got == STUN_MESSAGE_RETURN_SUCCESS && address.ss_family == AF_INET)
		memcpy(ret, &address, sizeof *ret);
}

bool binding_read(const guint8 *data, gsize length, struct binding_message *ret)
{
	guint8 copy[BINDING_MESSAGE_MAX];
	StunAgent agent;
	StunMessage s;
	StunClass class;
	guint32 port = 0;

	*ret = (struct binding_message){.request = false};
	if (length < HEADER_BYTES || length > sizeof copy ||
	    stun_message_validate_buffer_length(data, length, TRUE) != (int)length)
		return false;
	memcpy(copy, data, length);
	message_init(&s, &agent, copy, length);
	class = stun_message_get_class(&s);
	if (!stun_message_has_cookie(&s) || stun_message_get_method(&s) != STUN_BINDING ||
	    (class != STUN_REQUEST && class != STUN_RESPONSE))
		return false;
	ret->request = class == STUN_REQUEST;
	stun_message_id(&s, ret->id);
	stun_message_find32(&s, STUN_ATTRIBUTE_CHANGE_REQUEST, &ret->change);
	if (stun_message_find32(&s, RESPONSE_PORT, &port) == STUN_MESSAGE_RETURN_SUCCESS)
		ret->response_port = (guint16)(port >> 16);
	read_address(&s, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, true, &ret->mapped);
	read_address(&s, RESPONSE_ORIGIN, false, &ret->origin);
	read_address(&s, OTHER_ADDRESS, false, &ret->other);
	return true;
}

gsize binding_length(const guint8 *data, gsize available)
{
	return available < HEADER_BYTES ? 0 : HEADER_BYTES + ((gsize)data[2] << 8 | data[3]);
}
