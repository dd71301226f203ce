/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binding, Allocate, Refresh, CreatePermission, ChannelBind. */
#include <errno.h>
#include <string.h>

#include "edge/stun_frame.h"
#include "edge/turn_private.h"

#define PROTOCOL_UDP 17 /* RFC 5766 section 14.7 */
#define FAMILY_V4 1
#define FAMILY_V6 2
#define EVEN_PORT_RESERVE 0x80 /* RFC 5766 section 14.6: reserve the next port, too */

/* Answers with the client's address as it was seen. */
static void handle_binding(struct turn_request *r)
{
	bool classic = !stun_has_cookie(r->data);
	StunMessage reply;

	if (turn_has_unknown(r) && !classic) {
		turn_reply_unknown(r);
		return;
	}
	r->t->counters.bindings++;
	turn_reply_begin(r, STUN_RESPONSE, &reply);
	turn_reply_endpoint(
		&reply, classic ? STUN_ATTRIBUTE_MAPPED_ADDRESS : STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS,
		&r->tuple->client);
	turn_reply_send(r, &reply);
}

/* The lifetime that the request gets: what it asks for, but at least the default and at most the
 * maximum (RFC 5766 section 6.2). */
static guint32 granted_lifetime_s(const struct turn_request *r)
{
	uint32_t wanted = 0;

	if (stun_message_find32(&r->message, STUN_ATTRIBUTE_LIFETIME, &wanted) !=
	    STUN_MESSAGE_RETURN_SUCCESS)
		return TURN_LIFETIME_DEFAULT_S;
	return CLAMP(wanted, TURN_LIFETIME_DEFAULT_S, TURN_LIFETIME_MAX_S);
}

static void set_lifetime(turn *t, struct allocation *a, gint64 now_us, guint32 lifetime_s)
{
	a->lifetime_s = lifetime_s;
	a->expires_us = now_us + (gint64)lifetime_s * G_USEC_PER_SEC;
	t->next_expiry_us = MIN(t->next_expiry_us, a->expires_us);
}

static void reply_allocated(struct turn_request *r, const struct allocation *a)
{
	StunMessage reply;

	turn_reply_begin(r, STUN_RESPONSE, &reply);
	turn_reply_endpoint(&reply, STUN_ATTRIBUTE_XOR_RELAYED_ADDRESS, &a->advertised);
	turn_reply_endpoint(&reply, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, &r->tuple->client);
	stun_message_append32(&reply, STUN_ATTRIBUTE_LIFETIME, a->lifetime_s);
	if (a->has_token)
		stun_message_append_bytes(&reply, STUN_ATTRIBUTE_RESERVATION_TOKEN, a->token,
					  sizeof a->token);
	turn_reply_send(r, &reply);
}

/* Reads REQUESTED-ADDRESS-FAMILY (RFC 8656 section 18.6) into *ret; ENDPOINT_NONE: it is not there.
 * Returns 0 or the code of an error response. */
static guint requested_family(const struct turn_request *r, enum endpoint_family *ret)
{
	static const enum endpoint_family families[] = {
		[FAMILY_V4] = ENDPOINT_V4, [FAMILY_V6] = ENDPOINT_V6};
	struct stun_cursor c = stun_cursor_at(r->data, r->length);

	*ret = ENDPOINT_NONE;
	if (!stun_cursor_find(&c, STUN_ATTRIBUTE_REQUESTED_ADDRESS_TYPE))
		return 0;
	if (c.value_length != 4)
		return STUN_ERROR_BAD_REQUEST;
	if (c.value[0] != FAMILY_V4 && c.value[0] != FAMILY_V6)
		return STUN_ERROR_UNSUPPORTED_FAMILY;
	*ret = families[c.value[0]];
	return 0;
}

/* The row of the configuration that has relays of this family; false: there is none, *ret is
 * unchanged. */
static bool find_family_row(const struct turn_config *config, enum endpoint_family family,
			    guint *ret)
{
	for (guint i = 0; i < TURN_FAMILIES; i++) {
		if (config->relay[i][TURN_UDP].family != family)
			continue;
		*ret = i;
		return true;
	}
	return false;
}

/* Chooses the relay's family, as a row of the configuration: the one that is asked for, else by the
 * configuration.  Returns 0 or the code of an error response. */
static guint choose_family_row(const struct turn_request *r, guint *ret)
{
	const struct turn_config *config = &r->t->config;
	enum endpoint_family family;
	guint code = requested_family(r, &family);

	*ret = 0;
	if (code)
		return code;
	if (family != ENDPOINT_NONE) /* RFC 8656 section 7.2, point 7 */
		return find_family_row(config, family, ret) ? 0 : STUN_ERROR_UNSUPPORTED_FAMILY;
	find_family_row(config, config->relay_family_same ? r->tuple->server.family : ENDPOINT_V4,
			ret);
	return 0;
}

/* What an Allocate says of ports. */
struct port_wish {
	bool even, reserve;  /* EVEN-PORT and its R bit */
	const guint8 *token; /* RESERVATION-TOKEN; NULL: none */
};

/* Reads it.  Returns an error code, or 0. */
static guint port_wish(const struct turn_request *r, struct port_wish *ret)
{
	struct stun_cursor even = stun_cursor_at(r->data, r->length), token = even, family = even;

	*ret = (struct port_wish){.even = stun_cursor_find(&even, STUN_ATTRIBUTE_EVEN_PORT)};
	if (ret->even && even.value_length != 1)
		return STUN_ERROR_BAD_REQUEST;
	ret->reserve = ret->even && (even.value[0] & EVEN_PORT_RESERVE);
	if (!stun_cursor_find(&token, STUN_ATTRIBUTE_RESERVATION_TOKEN))
		return 0;
	ret->token = token.value;
	/* RFC 5766 section 6.2 point 5, RFC 8656 section 7.2 point 8 */
	return ret->even || token.value_length != RESERVATION_TOKEN_BYTES ||
			       stun_cursor_find(&family, STUN_ATTRIBUTE_REQUESTED_ADDRESS_TYPE) ?
		       STUN_ERROR_BAD_REQUEST :
		       0;
}

/* Whether an Allocate can be granted by its attributes and family.  Returns 0 or the code of an
 * error response. */
static guint check_allocate(const struct turn_request *r, struct port_wish *ret_wish)
{
	struct stun_cursor c = stun_cursor_at(r->data, r->length);
	guint row, code;

	if (!stun_cursor_find(&c, STUN_ATTRIBUTE_REQUESTED_TRANSPORT) || c.value_length != 4)
		return STUN_ERROR_BAD_REQUEST;
	if (c.value[0] != PROTOCOL_UDP)
		return STUN_ERROR_UNSUPPORTED_TRANSPORT;
	code = port_wish(r, ret_wish);
	return code ? code : choose_family_row(r, &row);
}

/* Whether one with `of_user` relays gets no further one of the `limit`, of which `used` are taken
 * (turn.h). */
static bool is_used_up(guint limit, guint used, guint of_user)
{
	return used >= limit || (used >= limit / 2 && of_user >= TURN_ASSURED);
}

/* The limit that a further relay of this user would exceed, or two with a port that is reserved;
 * REASON_NONE: he may have it. */
static enum reason quota_reached(const struct turn_request *r, const struct port_wish *wish)
{
	const turn *t = r->t;
	const char *identity = allocation_identity(r->username);
	guint of_user = allocation_count_of(t->allocations, identity) +
			reservations_of(t->reservations, identity, r->now_us);
	guint from_source = allocation_count_from(t->allocations, &r->tuple->client);

	/* A token's port has been counted already. */
	if (of_user + wish->reserve >= t->config.allocations_per_user + (wish->token != NULL))
		return REASON_TURN_QUOTA;
	if (is_used_up(t->config.allocations_per_source, from_source, of_user))
		return REASON_TURN_SOURCE_QUOTA;
	if (is_used_up(t->config.allocations_total, allocation_count(t->allocations), of_user))
		return REASON_TURN_CAPACITY;
	return REASON_NONE;
}

static bool is_free(const turn *t, const struct endpoint *advertised, gint64 now_us)
{
	return !allocation_by_relay(t->allocations, advertised) &&
	       !reservations_hold(t->reservations, advertised, now_us);
}

/* Whether the port after the allocation's can be reserved with it. */
static bool next_is_free(const turn *t, const struct allocation *a, gint64 now_us)
{
	struct endpoint next = a->advertised;

	return next.port++ < t->config.relay_port_max && is_free(t, &next, now_us);
}

/* Opens the first free port from a random one on (RFC 5766 section 6.2: ports must be hard to
 * guess), as the client wishes.  Returns false when none could be opened. */
static bool open_free_port(turn *t, struct allocation *a, const struct port_wish *wish,
			   gint64 now_us)
{
	guint span = (guint)(t->config.relay_port_max - t->config.relay_port_min) + 1;
	int failure = EADDRINUSE;
	guint32 start;

	t->output.draw((guint8 *)&start, sizeof start, t->user_data);
	start %= span; /* at most 2^16: the difference to even odds is below one part in 2^16 */

	for (guint i = 0; i < span && failure == EADDRINUSE; i++) {
		a->relay.port = (guint16)(t->config.relay_port_min + (start + i) % span);
		a->advertised.port = a->relay.port;
		if (wish->even && a->relay.port % 2 != 0)
			continue;
		if (is_free(t, &a->advertised, now_us) &&
		    (!wish->reserve || next_is_free(t, a, now_us)))
			failure = t->output.open_relay(a, t->user_data);
	}
	return failure == 0;
}

/* Keeps the port after the allocation's for the same user. */
static void reserve_next(turn *t, struct allocation *a, gint64 now_us)
{
	struct reservation next = {.relay = a->relay,
				   .advertised = a->advertised,
				   .identity = a->identity,
				   .expires_us = now_us + RESERVATION_LIFE_US};

	next.relay.port++;
	next.advertised.port++;
	t->output.draw(next.token, sizeof next.token, t->user_data);
	memcpy(a->token, next.token, sizeof a->token);
	a->has_token = true;
	reservations_add(t->reservations, &next);
}

/* Opens the port that was reserved, or a free one. */
static bool open_port(struct turn_request *r, struct allocation *a, const struct port_wish *wish)
{
	if (wish->token)
		return reservations_take(r->t->reservations, wish->token, a->identity, r->now_us,
					 &a->relay, &a->advertised) &&
		       r->t->output.open_relay(a, r->t->user_data) == 0;
	if (!open_free_port(r->t, a, wish, r->now_us))
		return false;
	if (wish->reserve)
		reserve_next(r->t, a, r->now_us);
	return true;
}

/* An allocation for the request, without socket and not in the table; for allocation_free. */
static struct allocation *new_allocation(struct turn_request *r)
{
	const struct turn_config *config = &r->t->config;
	struct allocation *a = g_new0(struct allocation, 1);
	guint row;

	choose_family_row(r, &row);
	a->tuple = *r->tuple;
	a->relay = config->relay[row][r->tuple->transport];
	a->advertised = config->advertised[row][r->tuple->transport];
	a->username = g_strdup(r->username);
	a->identity = g_strdup(allocation_identity(r->username));
	a->client = r->client;
	memcpy(a->transaction, r->data + 8, sizeof a->transaction);
	return a;
}

/* Answers an Allocate with an error and reports it. */
static void refuse_relay(struct turn_request *r, guint code, enum reason reason)
{
	struct turn_event event = {.kind = TURN_EVENT_REFUSED,
				   .client = &r->tuple->client,
				   .reason = reason,
				   .username = r->username,
				   .code = code};

	r->t->output.event(&event, r->t->user_data);
	turn_reply_error(r, code);
}

/* Makes an allocation for the client's 5-tuple and answers.  If there is one, only a retransmission
 * of its Allocate gets a success. */
static void handle_allocate(struct turn_request *r, struct allocation *existing)
{
	struct turn_event event = {.kind = TURN_EVENT_ALLOCATION, .client = &r->tuple->client};
	struct port_wish wish;
	struct allocation *a;
	enum reason quota;
	guint code;

	if (existing) { /* RFC 5766 section 6.2, point 2, unless it is a retransmission */
		if (memcmp(existing->transaction, r->data + 8, sizeof existing->transaction) == 0)
			reply_allocated(r, existing);
		else
			turn_reply_error(r, STUN_ERROR_ALLOCATION_MISMATCH);
		return;
	}
	code = check_allocate(r, &wish);
	quota = code ? REASON_NONE : quota_reached(r, &wish);
	if (code || quota) {
		refuse_relay(r,
			     code			   ? code :
			     quota == REASON_TURN_CAPACITY ? STUN_ERROR_INSUFFICIENT_CAPACITY :
							     STUN_ERROR_ALLOCATION_QUOTA_REACHED,
			     code ? REASON_TURN_UNSATISFIABLE : quota);
		return;
	}
	a = new_allocation(r);
	if (!open_port(r, a, &wish)) {
		allocation_free(a);
		refuse_relay(r, STUN_ERROR_INSUFFICIENT_CAPACITY, REASON_TURN_NO_PORT);
		return;
	}
	set_lifetime(r->t, a, r->now_us, granted_lifetime_s(r));
	allocation_table_add(r->t->allocations, a);
	r->t->counters.allocations++;
	event.allocation = a;
	r->t->output.event(&event, r->t->user_data);
	reply_allocated(r, a);
}

/* Sets the lifetime anew; with lifetime 0 ends the allocation. */
static void handle_refresh(struct turn_request *r, struct allocation *a)
{
	uint32_t wanted = TURN_LIFETIME_DEFAULT_S, lifetime_s = 0;
	enum endpoint_family family;
	guint code = requested_family(r, &family);
	StunMessage reply;

	if (!code && family != ENDPOINT_NONE && family != a->advertised.family)
		code = STUN_ERROR_INVALID_IP; /* RFC 8656 section 8.2: 443 */
	if (code) {
		turn_reply_error(r, code);
		return;
	}
	stun_message_find32(&r->message, STUN_ATTRIBUTE_LIFETIME, &wanted);
	if (wanted == 0) { /* RFC 5766 section 7.2 */
		turn_end(r->t, a, REASON_RELAY_RELEASED);
	} else {
		lifetime_s = granted_lifetime_s(r);
		set_lifetime(r->t, a, r->now_us, lifetime_s);
	}
	turn_reply_begin(r, STUN_RESPONSE, &reply);
	stun_message_append32(&reply, STUN_ATTRIBUTE_LIFETIME, lifetime_s);
	turn_reply_send(r, &reply);
}

/* Whether the allocation may have this peer: policy and family.  Returns 0 or the code of an error
 * response. */
static guint check_peer(turn *t, const struct allocation *a, const struct endpoint *peer,
			enum policy_scope scope)
{
	if (turn_denies(t, a, peer, scope))
		return STUN_ERROR_FORBIDDEN;
	/* RFC 8656 section 10.2: 443, Peer Address Family Mismatch. */
	return peer->family == a->advertised.family ? 0 : STUN_ERROR_INVALID_IP;
}

/* Checks (`grant` false) or grants (true) the peers of a request; *ret_n is their number.  Called
 * twice, so that all are granted or none (RFC 5766 section 9.2).  Returns 0 or the code of an error
 * response. */
static guint for_each_peer(struct turn_request *r, struct allocation *a, bool grant, guint *ret_n)
{
	struct stun_cursor c = stun_cursor_at(r->data, r->length);
	struct endpoint peer;
	guint code;

	*ret_n = 0;
	while (stun_cursor_next(&c)) {
		if (c.type != STUN_ATTRIBUTE_XOR_PEER_ADDRESS)
			continue;
		if (!stun_xor_endpoint(&c, &peer))
			return STUN_ERROR_BAD_REQUEST;
		(*ret_n)++;
		if (grant && !permission_grant(&a->permissions, &peer, r->now_us))
			return STUN_ERROR_INSUFFICIENT_CAPACITY;
		code = grant ? 0 : check_peer(r->t, a, &peer, POLICY_ADDRESS);
		if (code)
			return code;
	}
	return *ret_n > 0 ? 0 : STUN_ERROR_BAD_REQUEST;
}

static void reply_empty(struct turn_request *r)
{
	StunMessage reply;

	turn_reply_begin(r, STUN_RESPONSE, &reply);
	turn_reply_send(r, &reply);
}

/* Grants permissions to all peers of the request, or to none. */
static void handle_create_permission(struct turn_request *r, struct allocation *a)
{
	guint n, code = for_each_peer(r, a, false, &n);

	/* A single peer may only refresh its permission; several must all fit. */
	if (!code && n > 1 && n > permissions_left(&a->permissions, r->now_us))
		code = STUN_ERROR_INSUFFICIENT_CAPACITY;
	if (!code)
		code = for_each_peer(r, a, true, &n);
	if (code)
		turn_reply_error(r, code);
	else
		reply_empty(r);
}

/* Binds a channel to a peer and grants it a permission. */
static void handle_channel_bind(struct turn_request *r, struct allocation *a)
{
	struct stun_cursor c = stun_cursor_at(r->data, r->length);
	struct endpoint peer;
	guint16 number = 0;
	guint code = 0;

	if (stun_cursor_find(&c, STUN_ATTRIBUTE_CHANNEL_NUMBER) && c.value_length == 4)
		number = (guint16)(c.value[0] << 8 | c.value[1]);
	if (number < CHANNEL_MIN || number > CHANNEL_MAX ||
	    !stun_cursor_find(&c, STUN_ATTRIBUTE_XOR_PEER_ADDRESS) ||
	    !stun_xor_endpoint(&c, &peer)) {
		turn_reply_error(r, STUN_ERROR_BAD_REQUEST);
		return;
	}
	code = check_peer(r->t, a, &peer, POLICY_ENDPOINT);
	if (!code && binding_test(&a->bindings, number, &peer, r->now_us) == BINDING_CONFLICT)
		code = STUN_ERROR_BAD_REQUEST;
	/* RFC 5766 section 11.2: a channel installs a permission, too. */
	if (!code && (binding_test(&a->bindings, number, &peer, r->now_us) == BINDING_FULL ||
		      !permission_grant(&a->permissions, &peer, r->now_us)))
		code = STUN_ERROR_INSUFFICIENT_CAPACITY;
	if (code) {
		turn_reply_error(r, code);
		return;
	}
	binding_bind(&a->bindings, number, &peer, r->now_us);
	reply_empty(r);
}

static const struct {
	StunMethod method;
	bool needs_allocation;
	void (*handle)(struct turn_request *r, struct allocation *a);
} methods[] = {
	{STUN_ALLOCATE, false, handle_allocate},
	{STUN_REFRESH, true, handle_refresh},
	{STUN_CREATEPERMISSION, true, handle_create_permission},
	{STUN_CHANNELBIND, true, handle_channel_bind},
};

/* Checks credentials and the allocation's owner, and passes the request to its row's function. */
static void handle_authenticated(struct turn_request *r, gsize row)
{
	struct allocation *a;

	if (!turn_authenticate(r))
		return;
	a = turn_find(r->t, r->now_us, r->tuple);
	if (!a && methods[row].needs_allocation)
		turn_reply_error(r, STUN_ERROR_ALLOCATION_MISMATCH);
	else if (a && strcmp(a->username, r->username) != 0)
		turn_reply_error(r, STUN_ERROR_WRONG_CREDENTIALS); /* RFC 5766 section 4 */
	else
		methods[row].handle(r, a);
}

void turn_handle_request(struct turn_request *r)
{
	bool cookie = stun_has_cookie(r->data);
	guint16 method = stun_method_of(stun_type(r->data));

	/* The codec's type is not const, but it does not write to a request. */
	r->message = (StunMessage){.agent = cookie ? &r->t->agent : &r->t->classic_agent,
				   .buffer = (uint8_t *)(guintptr)r->data,
				   .buffer_len = r->length};
	if (method == STUN_BINDING)
		handle_binding(r);
	for (gsize i = 0; cookie && i < G_N_ELEMENTS(methods); i++)
		if (methods[i].method == method)
			handle_authenticated(r, i);
}
