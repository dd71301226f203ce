/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relaying: Send and ChannelData from clients, datagrams from peers, and relay to relay. */
#include <string.h>

#include "edge/stun_frame.h"
#include "edge/turn_private.h"

static bool is_advertised(const turn *t, const struct endpoint *e)
{
	for (guint i = 0; i < TURN_FAMILIES; i++)
		if (endpoint_same_ip(e, &t->config.advertised[i][TURN_UDP]) ||
		    endpoint_same_ip(e, &t->config.advertised[i][TURN_TCP]))
			return true;
	return false;
}

/* Sends data from a client to a peer by the relay's socket; a peer that is one of our relays gets
 * it without the network (relay to relay, turn.h). */
static void send_to_peer(turn *t, gint64 now_us, struct allocation *a, const struct endpoint *peer,
			 const guint8 *data, gsize length)
{
	struct allocation *other;

	t->counters.to_peers++;
	a->sent++;
	a->bytes_sent += length;
	if (!is_advertised(t, peer)) {
		t->output.to_peer(a, peer, data, length, t->user_data);
		return;
	}

	other = allocation_by_relay(t->allocations, peer);
	if (!other) {
		t->counters.no_relay++;
		return;
	}
	t->counters.relay_to_relay++;
	turn_from_peer(t, now_us, other, &a->advertised, data, length);
}

void turn_handle_send(turn *t, gint64 now_us, const struct turn_tuple *tuple, const guint8 *data,
		      gsize length)
{
	struct allocation *a = turn_find(t, now_us, tuple);
	struct stun_cursor c = stun_cursor_at(data, length);
	struct turn_request unread = {.data = data, .length = length};
	struct endpoint peer;

	/* RFC 5389 section 7.3.2: an indication with an unknown comprehension-required attribute is
	 * dropped. */
	if (!a || turn_has_unknown(&unread))
		return;
	if (!stun_cursor_find(&c, STUN_ATTRIBUTE_XOR_PEER_ADDRESS) ||
	    !stun_xor_endpoint(&c, &peer) || !stun_cursor_find(&c, STUN_ATTRIBUTE_DATA)) {
		t->counters.malformed++;
		return;
	}
	if (turn_denies(t, a, &peer, POLICY_ENDPOINT))
		return;
	if (!permission_is_granted(&a->permissions, &peer, now_us)) { /* RFC 5766 section 10.2 */
		t->counters.no_permission++;
		return;
	}
	send_to_peer(t, now_us, a, &peer, c.value, c.value_length);
}

void turn_handle_channel_data(turn *t, gint64 now_us, const struct turn_tuple *tuple,
			      const guint8 *data, gsize length)
{
	struct allocation *a = turn_find(t, now_us, tuple);
	const struct endpoint *peer;
	const guint8 *payload;
	gsize payload_length;
	guint16 number;

	if (!a)
		return;
	if (!channel_data_parse(data, length, &number, &payload, &payload_length)) {
		t->counters.malformed++;
		return;
	}
	peer = binding_peer(&a->bindings, number, now_us);
	if (peer)
		send_to_peer(t, now_us, a, peer, payload, payload_length);
	else
		t->counters.no_channel++;
}

/* Writes a ChannelData message to t->scratch, with padding on TCP; returns its length. */
static gsize write_channel_data(turn *t, const struct allocation *a, guint16 number,
				const guint8 *data, gsize length)
{
	guint8 *p = t->scratch;
	gsize total = CHANNEL_HEADER + length;

	p[0] = (guint8)(number >> 8);
	p[1] = (guint8)number;
	p[2] = (guint8)(length >> 8);
	p[3] = (guint8)length;
	memcpy(p + CHANNEL_HEADER, data, length);
	while (a->tuple.transport == TURN_TCP && total % 4 != 0) /* RFC 5766 section 11.5 */
		p[total++] = 0;
	return total;
}

/* Writes a Data indication to t->scratch; returns its length, 0: it does not fit. */
static gsize write_data_indication(turn *t, const struct endpoint *peer, const guint8 *data,
				   gsize length)
{
	StunMessage message;

	if (!stun_agent_init_indication(&t->agent, &message, t->scratch, sizeof t->scratch,
					STUN_IND_DATA))
		return 0;
	turn_reply_endpoint(&message, STUN_ATTRIBUTE_XOR_PEER_ADDRESS, peer);
	stun_message_append_bytes(&message, STUN_ATTRIBUTE_DATA, data, length);
	return stun_agent_finish_message(&t->agent, &message, NULL, 0);
}

void turn_from_peer(turn *t, gint64 now_us, struct allocation *a, const struct endpoint *peer,
		    const guint8 *data, gsize length)
{
	guint16 number;
	gsize total;

	if (a->expires_us <= now_us || !permission_is_granted(&a->permissions, peer, now_us)) {
		t->counters.no_permission++;
		return;
	}
	number = binding_number(&a->bindings, peer, now_us);
	total = number ? write_channel_data(t, a, number, data, length) :
			 write_data_indication(t, peer, data, length);
	if (total == 0)
		return;
	t->counters.to_clients++;
	a->received++;
	a->bytes_received += length;
	t->output.to_client(a->client, &a->tuple, t->scratch, total, true, t->user_data);
}
