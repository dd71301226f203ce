/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Responses to requests. */
#include <string.h>

#include "edge/stun_frame.h"
#include "edge/turn_private.h"

/* The comprehension-required attributes (below 0x8000) that this server understands. */
const guint16 turn_known_attributes[] = {
	STUN_ATTRIBUTE_MAPPED_ADDRESS,
	STUN_ATTRIBUTE_USERNAME,
	STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
	STUN_ATTRIBUTE_ERROR_CODE,
	STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES,
	STUN_ATTRIBUTE_CHANNEL_NUMBER,
	STUN_ATTRIBUTE_LIFETIME,
	STUN_ATTRIBUTE_XOR_PEER_ADDRESS,
	STUN_ATTRIBUTE_DATA,
	STUN_ATTRIBUTE_REALM,
	STUN_ATTRIBUTE_NONCE,
	STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS,
	STUN_ATTRIBUTE_REQUESTED_ADDRESS_TYPE,
	STUN_ATTRIBUTE_REQUESTED_TRANSPORT,
	STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS,
	STUN_ATTRIBUTE_EVEN_PORT,
	STUN_ATTRIBUTE_RESERVATION_TOKEN,
	0,
};

#define UNKNOWN_LISTED_MAX 8
#define ALLOCATE_SIZE_MIN (STUN_HEADER + 8) /* header and REQUESTED-TRANSPORT */

void turn_reply_begin(struct turn_request *r, StunClass class, StunMessage *reply)
{
	StunTransactionId id;

	/* Without stun_agent_init_error, which has no phrases for TURN's codes. */
	*reply = (StunMessage){.agent = r->message.agent,
			       .buffer = r->t->scratch,
			       .buffer_len = sizeof r->t->scratch,
			       .key = r->message.key,
			       .key_len = r->message.key_len,
			       .long_term_valid = r->message.long_term_valid};
	memcpy(reply->long_term_key, r->message.long_term_key, sizeof reply->long_term_key);
	stun_message_id(&r->message, id);
	stun_message_init(reply, class, stun_message_get_method(&r->message), id);
}

void turn_reply_send(struct turn_request *r, StunMessage *reply)
{
	gsize length = stun_agent_finish_message(reply->agent, reply, reply->key, reply->key_len);

	if (length > 0)
		r->t->output.to_client(r->client, r->tuple, reply->buffer, length, false,
				       r->t->user_data);
}

void turn_reply_endpoint(StunMessage *reply, StunAttribute type, const struct endpoint *e)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(e, &address);

	if (type == STUN_ATTRIBUTE_MAPPED_ADDRESS)
		stun_message_append_addr(reply, type, (const struct sockaddr *)&address, length);
	else
		stun_message_append_xor_addr(reply, type, &address, length);
}

/* RFC 5389 section 15.6, RFC 5766 section 15, RFC 8656 section 19. */
static const struct {
	guint code;
	const char *phrase;
} phrases[] = {
	{STUN_ERROR_BAD_REQUEST, "Bad Request"},
	{STUN_ERROR_UNAUTHORIZED, "Unauthorized"},
	{STUN_ERROR_FORBIDDEN, "Forbidden"},
	{STUN_ERROR_UNKNOWN_ATTRIBUTE, "Unknown Attribute"},
	{STUN_ERROR_ALLOCATION_MISMATCH, "Allocation Mismatch"},
	{STUN_ERROR_STALE_NONCE, "Stale Nonce"},
	{STUN_ERROR_UNSUPPORTED_FAMILY, "Address Family not Supported"},
	{STUN_ERROR_WRONG_CREDENTIALS, "Wrong Credentials"},
	{STUN_ERROR_UNSUPPORTED_TRANSPORT, "Unsupported Transport Protocol"},
	{STUN_ERROR_INVALID_IP, "Peer Address Family Mismatch"},
	{STUN_ERROR_ALLOCATION_QUOTA_REACHED, "Allocation Quota Reached"},
	{STUN_ERROR_INSUFFICIENT_CAPACITY, "Insufficient Capacity"},
	{0, "Server Error"}, /* 500, and whatever has no row */
};

/* Starts an error response with this code and its reason phrase. */
static void begin_error(struct turn_request *r, guint code, StunMessage *reply)
{
	guint8 value[4 + 32] = {0, 0, (guint8)(code / 100), (guint8)(code % 100)};
	guint row = 0;
	gsize length;

	while (phrases[row].code && phrases[row].code != code)
		row++;
	length = strlen(phrases[row].phrase);
	memcpy(value + 4, phrases[row].phrase, length);
	turn_reply_begin(r, STUN_ERROR, reply);
	stun_message_append_bytes(reply, STUN_ATTRIBUTE_ERROR_CODE, value, 4 + length);
}

void turn_reply_error(struct turn_request *r, guint code)
{
	StunMessage reply;

	begin_error(r, code, &reply);
	turn_reply_send(r, &reply);
}

void turn_reply_challenge(struct turn_request *r, guint code)
{
	char nonce[NONCE_LENGTH + 1];
	StunMessage reply;

	r->message.key = NULL;
	if (r->length < ALLOCATE_SIZE_MIN) { /* amplification: see turn.h */
		turn_reply_error(r, STUN_ERROR_BAD_REQUEST);
		return;
	}
	nonce_make(&r->t->config.nonce, &r->tuple->client, r->now_us, nonce);
	begin_error(r, code, &reply);
	stun_message_append_string(&reply, STUN_ATTRIBUTE_REALM, r->t->config.realm);
	stun_message_append_string(&reply, STUN_ATTRIBUTE_NONCE, nonce);
	turn_reply_send(r, &reply);
}

static bool is_known(guint16 type)
{
	for (const guint16 *known = turn_known_attributes; *known; known++)
		if (*known == type)
			return true;
	return false;
}

/* Writes the types of unknown attributes that must be understood to `list`, in network order;
 * returns how many. */
static guint list_unknown_attributes(const struct turn_request *r,
				     guint16 list[static UNKNOWN_LISTED_MAX])
{
	struct stun_cursor c = stun_cursor_at(r->data, r->length);
	guint n = 0;

	while (n < UNKNOWN_LISTED_MAX && stun_cursor_next(&c))
		if (c.type < 0x8000 && !is_known(c.type))
			list[n++] = GUINT16_TO_BE(c.type);
	return n;
}

bool turn_has_unknown(const struct turn_request *r)
{
	guint16 list[UNKNOWN_LISTED_MAX];

	return list_unknown_attributes(r, list) > 0;
}

void turn_reply_unknown(struct turn_request *r)
{
	guint16 list[UNKNOWN_LISTED_MAX];
	guint n = list_unknown_attributes(r, list);
	StunMessage reply;

	begin_error(r, STUN_ERROR_UNKNOWN_ATTRIBUTE, &reply);
	stun_message_append_bytes(&reply, STUN_ATTRIBUTE_UNKNOWN_ATTRIBUTES, list,
				  n * sizeof *list);
	turn_reply_send(r, &reply);
}
