/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/edge/world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/mras.h"

static void to_client(gpointer client G_GNUC_UNUSED, const struct turn_tuple *tuple,
		      const guint8 *data, gsize length, bool media, gpointer user_data)
{
	struct world *w = user_data;

	memcpy(w->reply, data, length);
	w->reply_length = length;
	w->reply_to = tuple->client;
	w->replies += !media;
	w->media += media;
}

static int open_relay(struct allocation *a, gpointer user_data)
{
	struct world *w = user_data;

	if (a->relay.port == w->busy_port)
		return EADDRINUSE;
	if (w->open_failure)
		return w->open_failure;
	w->open_relays++;
	w->last = a;
	return 0;
}

static void close_relay(struct allocation *a, gpointer user_data)
{
	struct world *w = user_data;

	w->open_relays--;
	if (w->last == a)
		w->last = NULL;
}

static void to_peer(struct allocation *a G_GNUC_UNUSED, const struct endpoint *peer,
		    const guint8 *data, gsize length, gpointer user_data)
{
	struct world *w = user_data;

	memcpy(w->sent, data, length);
	w->sent_length = length;
	w->sent_to = *peer;
	w->sends++;
}

static void on_event(const struct turn_event *event, gpointer user_data)
{
	struct world *w = user_data;

	if (event->reason)
		g_strlcpy(w->reason, reason_words(event->reason), sizeof w->reason);
	w->ends += event->kind == TURN_EVENT_ALLOCATION_END;
	w->auth_failures += event->kind == TURN_EVENT_AUTH_FAILED;
	if (event->kind == TURN_EVENT_DENIED) {
		w->denials++;
		g_strlcpy(w->rule, reason_words(event->reason), sizeof w->rule);
	}
}

/* The same numbers in each test. */
static void next_random(guint8 *bytes, gsize length, gpointer user_data)
{
	struct world *w = user_data;

	for (gsize i = 0; i < length; i++)
		bytes[i] = (guint8)g_rand_int(w->random);
}

static struct endpoint at(const char *address, guint16 port)
{
	struct endpoint e;

	cr_assert(endpoint_parse(address, port, &e), "address %s", address);
	return e;
}

struct world *world_new(const struct world_options *o)
{
	static const struct turn_output output = {.to_client = to_client,
						  .open_relay = open_relay,
						  .close_relay = close_relay,
						  .to_peer = to_peer,
						  .event = on_event,
						  .draw = next_random};
	struct world *w = g_new0(struct world, 1);
	/* Bound privately, advertised publicly: a 1:1 NAT in front of the DMZ. */
	struct endpoint own[] = {at("172.25.33.10", 0), at("10.45.16.10", 0), at("10.45.16.20", 0),
				 at("10.45.16.21", 0)};
	struct endpoint relays[] = {at("203.0.113.20", 0), at("203.0.113.21", 0),
				    at("2001:db8:e::20", 0), at("2001:db8:e::21", 0)};
	struct policy_config rules = {.own = own,
				      .n_own = G_N_ELEMENTS(own),
				      .relays = relays,
				      .n_relays = G_N_ELEMENTS(relays),
				      .relay_port_min = o->port_min ? o->port_min : 50000,
				      .relay_port_max = o->port_max ? o->port_max : 59999,
				      .relay_to = o->relay_to};
	struct turn_config config = {.realm = WORLD_REALM,
				     .secret = WORLD_SECRET,
				     .nonce = {.key = "0123456789abcde", .lifetime_s = 3600},
				     .relay = {{own[2], own[3]}},
				     .advertised = {{relays[0], relays[1]}},
				     .relay_family_same = o->relay_family_same,
				     .relay_port_min = rules.relay_port_min,
				     .relay_port_max = rules.relay_port_max,
				     .allocations_per_user = o->per_user ? o->per_user : 8,
				     .allocations_per_source = o->per_source ? o->per_source : 16,
				     .allocations_total = o->total ? o->total : 16,
				     .wall_offset_us = WORLD_WALL_S * G_USEC_PER_SEC};

	w->policy = policy_new(&rules, NULL);
	cr_assert_not_null(w->policy, "policy");
	config.policy = w->policy;
	for (guint i = 0; o->ipv6 && i < 2; i++)
		config.relay[1][i] = config.advertised[1][i] = relays[2 + i];
	w->random = g_rand_new_with_seed(7);
	w->turn = turn_new(&config, &output, w);
	return w;
}

struct world *plain_world(void)
{
	static const struct world_options options = {0};

	return world_new(&options);
}

void world_free(struct world *w)
{
	turn_free(w->turn);
	policy_free(w->policy);
	g_rand_free(w->random);
	g_free(w);
}

struct tester *tester_new(guint n, const char *identity)
{
	struct tester *c = g_new0(struct tester, 1);
	g_autofree char *address = g_strdup_printf("198.51.100.%u", n);

	c->tuple.client = at(address, 4000);
	c->tuple.server = at("10.45.16.20", 3478);
	c->realm = WORLD_REALM;
	mras_credentials(WORLD_SECRET, identity, WORLD_WALL_S + 7200, &c->user, &c->password);
	return c;
}

struct tester *tester_new6(guint n, const char *identity)
{
	struct tester *c = tester_new(n, identity);
	g_autofree char *address = g_strdup_printf("2001:db8:c::%x", n);

	c->tuple.client = at(address, 4000);
	c->tuple.server = at("2001:db8:e::20", 3478);
	return c;
}

void tester_free(struct tester *c)
{
	g_free(c->user);
	g_free(c->password);
	g_free(c);
}

static void append_peer(StunMessage *m, const char *text, guint16 port)
{
	struct endpoint e = at(text, port);
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(&e, &address);

	stun_message_append_xor_addr(m, STUN_ATTRIBUTE_XOR_PEER_ADDRESS, &address, length);
}

static void append_asked(StunMessage *m, const struct ask *ask, guint16 port)
{
	if (ask->transport)
		stun_message_append32(m, STUN_ATTRIBUTE_REQUESTED_TRANSPORT,
				      (guint32)ask->transport << 24);
	if (ask->lifetime_s >= 0)
		stun_message_append32(m, STUN_ATTRIBUTE_LIFETIME, (guint32)ask->lifetime_s);
	if (ask->channel)
		stun_message_append32(m, STUN_ATTRIBUTE_CHANNEL_NUMBER,
				      (guint32)ask->channel << 16);
	for (guint i = 0; ask->peers && ask->peers[i]; i++)
		append_peer(m, ask->peers[i], port);
	if (ask->extra)
		stun_message_append_flag(m, (StunAttribute)ask->extra);
	if (ask->token)
		stun_message_append_bytes(m, STUN_ATTRIBUTE_RESERVATION_TOKEN, ask->token, 8);
	if (ask->family)
		stun_message_append32(m, STUN_ATTRIBUTE_REQUESTED_ADDRESS_TYPE,
				      (guint32)ask->family << 24);
	if (ask->even_port) {
		guint8 value = (guint8)(ask->even_port - 1);

		stun_message_append_bytes(m, STUN_ATTRIBUTE_EVEN_PORT, &value, 1);
	}
}

static gsize write_to(struct tester *c, const struct ask *ask, guint16 port, guint8 *buffer,
		      gsize size)
{
	StunAgent agent;
	StunMessage m;

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
	stun_agent_init_request(&agent, &m, buffer, size, ask->method);
	if (ask->transaction)
		memcpy(buffer + 8, ask->transaction + 4, 12);
	append_asked(&m, ask, port);
	if (ask->no_credentials)
		return stun_agent_finish_message(&agent, &m, NULL, 0);
	stun_message_append_string(&m, STUN_ATTRIBUTE_USERNAME, c->user);
	stun_message_append_string(&m, STUN_ATTRIBUTE_REALM, c->realm);
	stun_message_append_string(&m, STUN_ATTRIBUTE_NONCE, c->nonce);
	return stun_agent_finish_message(&agent, &m, (const uint8_t *)c->password,
					 strlen(c->password));
}

gsize tester_write(struct tester *c, const struct ask *ask, guint8 *buffer, gsize size)
{
	return write_to(c, ask, 9000, buffer, size);
}

static int ask_port(struct world *w, struct tester *c, const struct ask *ask, guint16 port)
{
	guint8 buffer[2048];
	gsize length = write_to(c, ask, port, buffer, sizeof buffer), value_length = 0;
	guint replies = w->replies;
	const guint8 *nonce;

	turn_from_client(w->turn, w->now_us, c, &c->tuple, buffer, length);
	if (w->replies == replies)
		return -1;
	nonce = reply_attribute(w, STUN_ATTRIBUTE_NONCE, &value_length);
	if (nonce && value_length == NONCE_LENGTH)
		memcpy(c->nonce, nonce, NONCE_LENGTH);
	return reply_code(w);
}

int tester_ask(struct world *w, struct tester *c, const struct ask *ask)
{
	return ask_port(w, c, ask, 9000);
}

int tester_allocate(struct world *w, struct tester *c)
{
	struct ask first = {
		.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1, .no_credentials = true};
	struct ask again = {.method = STUN_ALLOCATE, .transport = 17, .lifetime_s = -1};
	int code = tester_ask(w, c, &first);

	cr_assert_eq(code, 401, "without credentials: 401, got %d", code);
	return tester_ask(w, c, &again);
}

int tester_permit(struct world *w, struct tester *c, const char *peer)
{
	const char *peers[] = {peer, NULL};
	struct ask ask = {.method = STUN_CREATEPERMISSION, .lifetime_s = -1, .peers = peers};

	return tester_ask(w, c, &ask);
}

int tester_bind(struct world *w, struct tester *c, guint16 channel, const char *peer, guint16 port)
{
	const char *peers[] = {peer, NULL};
	struct ask ask = {
		.method = STUN_CHANNELBIND, .lifetime_s = -1, .channel = channel, .peers = peers};

	return ask_port(w, c, &ask, port);
}

void tester_send(struct world *w, struct tester *c, const char *peer, guint16 port,
		 const char *text)
{
	guint8 buffer[2048];
	StunAgent agent;
	StunMessage m;
	gsize length;

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, 0);
	stun_agent_init_indication(&agent, &m, buffer, sizeof buffer, STUN_IND_SEND);
	append_peer(&m, peer, port);
	stun_message_append_bytes(&m, STUN_ATTRIBUTE_DATA, text, strlen(text));
	length = stun_agent_finish_message(&agent, &m, NULL, 0);
	turn_from_client(w->turn, w->now_us, c, &c->tuple, buffer, length);
}

void tester_channel(struct world *w, struct tester *c, guint16 channel, const char *text)
{
	guint8 buffer[2048] = {(guint8)(channel >> 8), (guint8)channel, 0, (guint8)strlen(text)};

	memcpy(buffer + 4, text, strlen(text));
	turn_from_client(w->turn, w->now_us, c, &c->tuple, buffer, 4 + strlen(text));
}

const guint8 *reply_attribute(const struct world *w, guint16 type, gsize *ret_length)
{
	struct stun_cursor c = stun_cursor_at(w->reply, w->reply_length);

	if (!stun_cursor_find(&c, type))
		return NULL;
	*ret_length = c.value_length;
	return c.value;
}

int reply_code(const struct world *w)
{
	gsize length = 0;
	const guint8 *value = reply_attribute(w, STUN_ATTRIBUTE_ERROR_CODE, &length);

	cr_assert(stun_well_formed(w->reply, w->reply_length), "the reply is well formed");
	if (stun_class_of(stun_type(w->reply)) == STUN_CLASS_SUCCESS)
		return 0;
	cr_assert(value && length >= 4, "an error reply has a code");
	return value[2] * 100 + value[3];
}

bool reply_endpoint(const struct world *w, guint16 type, struct endpoint *ret)
{
	struct stun_cursor c = stun_cursor_at(w->reply, w->reply_length);

	return stun_cursor_find(&c, type) && stun_xor_endpoint(&c, ret);
}
