/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer target: the TURN server core.
 *
 * The input is a series of records: one byte (who speaks, and how time goes on), two bytes of
 * length, the bytes.  Clients' bytes go in as they are; so that the fuzzer gets past the
 * credentials, a STUN request with bit 6 of the first byte set is signed before it is sent.
 *
 * clang -fsanitize=fuzzer,address,undefined -I. ... tests/fuzz/fuzz_turn.c libedge.a libcommon.a
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stun/stunagent.h>

#include "common/mras.h"
#include "edge/stun_frame.h"
#include "edge/tcp_frame.h"
#include "edge/turn.h"

#define SECRET "s"
#define REALM "contoso.com"

struct fuzz {
	turn *turn;
	gint64 now_us;
	struct allocation *last;
	char nonce[NONCE_LENGTH + 1];
};

/* What no input changes. */
static struct {
	struct turn_config config;
	policy *policy;
	char *user, *password;
} fixed;

static void to_client(gpointer client, const struct turn_tuple *tuple, const guint8 *data,
		      gsize length, bool media, gpointer user_data)
{
	struct fuzz *f = user_data;
	struct stun_cursor c = stun_cursor_at(data, length);

	(void)client;
	if ((data[0] & 0xc0) == 0x40)
		return;
	if (!stun_well_formed(data, length)) /* we must never send what we would not take */
		abort();
	if (!media && tuple->transport == TURN_UDP && stun_cursor_find(&c, STUN_ATTRIBUTE_NONCE) &&
	    c.value_length == NONCE_LENGTH)
		memcpy(f->nonce, c.value, NONCE_LENGTH);
}

static int open_relay(struct allocation *a, gpointer user_data)
{
	struct fuzz *f = user_data;

	f->last = a;
	return a->relay.port == 50001 ? EADDRINUSE : 0;
}

static void close_relay(struct allocation *a, gpointer user_data)
{
	struct fuzz *f = user_data;

	if (f->last == a)
		f->last = NULL;
}

/* Nothing that policy refuses may ever leave. */
static void to_peer(struct allocation *a, const struct endpoint *peer, const guint8 *data,
		    gsize length, gpointer user_data)
{
	(void)a, (void)data, (void)length, (void)user_data;
	if (policy_refuses(fixed.policy, peer, POLICY_ENDPOINT))
		abort();
}

static void on_event(const struct turn_event *event, gpointer user_data)
{
	(void)event, (void)user_data;
}

static void zeros(guint8 *bytes, gsize length, gpointer user_data)
{
	(void)user_data;
	memset(bytes, 0, length);
}

static void fixed_init(void)
{
	struct endpoint av, av_tcp;
	struct turn_config config = {.realm = REALM,
				     .secret = SECRET,
				     .nonce = {.key = "k", .lifetime_s = 3600},
				     .relay_port_min = 50000,
				     .relay_port_max = 50003,
				     .allocations_per_user = 3,
				     .allocations_per_source = 8,
				     .allocations_total = 8};

	endpoint_parse("203.0.113.20", 0, &av);
	endpoint_parse("203.0.113.21", 0, &av_tcp);
	const struct endpoint relays[] = {av, av_tcp};
	struct policy_config rules = {.own = relays,
				      .n_own = 2,
				      .relays = relays,
				      .n_relays = 2,
				      .relay_port_min = 50000,
				      .relay_port_max = 50003};
	fixed.policy = policy_new(&rules, NULL);
	memcpy(config.relay[0], relays, sizeof relays);
	memcpy(config.advertised[0], relays, sizeof relays);
	config.policy = fixed.policy;
	fixed.config = config;
	mras_credentials(SECRET, "u", 1000000, &fixed.user, &fixed.password);
}

/* Whether the request has the attributes that we add: libnice's writer wants them once, and no user
 * without name. */
static bool has_credentials(const guint8 *data, gsize length)
{
	static const guint16 types[] = {STUN_ATTRIBUTE_USERNAME, STUN_ATTRIBUTE_REALM,
					STUN_ATTRIBUTE_NONCE, STUN_ATTRIBUTE_MESSAGE_INTEGRITY};

	for (gsize i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct stun_cursor c = stun_cursor_at(data, length);

		if (stun_cursor_find(&c, types[i]))
			return true;
	}
	return false;
}

/* Appends our credentials to what the fuzzer made of a request. */
static gsize sign(struct fuzz *f, guint8 *buffer, gsize length, gsize size)
{
	StunAgent agent;
	StunMessage m = {.agent = &agent, .buffer = buffer, .buffer_len = size};

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
	stun_message_append_string(&m, STUN_ATTRIBUTE_USERNAME, fixed.user);
	stun_message_append_string(&m, STUN_ATTRIBUTE_REALM, REALM);
	stun_message_append_string(&m, STUN_ATTRIBUTE_NONCE, f->nonce);
	size = stun_agent_finish_message(&agent, &m, (const uint8_t *)fixed.password,
					 strlen(fixed.password));
	return size > 0 ? size : length;
}

static void speak(struct fuzz *f, guint8 how, const guint8 *data, gsize length)
{
	struct turn_tuple tuple = {.transport = how & 1 ? TURN_TCP : TURN_UDP};
	struct endpoint peer;
	guint8 *buffer = g_malloc(length + 256);
	gsize frame;

	endpoint_parse(how & 2 ? "198.51.100.1" : "198.51.100.2", 4000, &tuple.client);
	endpoint_parse("203.0.113.20", 3478, &tuple.server);
	endpoint_parse(how & 2 ? "192.0.2.1" : "203.0.113.20", 50000, &peer);
	memcpy(buffer, data, length);
	tcp_frame_next(buffer, length, &frame);
	if ((how & 0x40) && stun_well_formed(buffer, length) && stun_has_cookie(buffer) &&
	    !has_credentials(buffer, length))
		length = sign(f, buffer, length, length + 256);
	if (!(how & 0x80))
		turn_from_client(f->turn, f->now_us, f, &tuple, buffer, length);
	else if (f->last)
		turn_from_peer(f->turn, f->now_us, f->last, &peer, buffer, length);
	g_free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct turn_output output = {to_client, open_relay, close_relay,
						  to_peer,   on_event,	 zeros};
	struct fuzz f = {0};

	if (!fixed.policy)
		fixed_init();
	f.turn = turn_new(&fixed.config, &output, &f);
	while (size >= 3) {
		guint8 how = data[0];
		size_t length = MIN((size_t)(data[1] << 8 | data[2]), size - 3);

		f.now_us += (gint64)((how >> 2) & 0xf) * 60 * G_USEC_PER_SEC;
		turn_expire(f.turn, f.now_us);
		speak(&f, how, data + 3, length);
		data += 3 + length;
		size -= 3 + length;
	}
	turn_free(f.turn);
	return 0;
}
