/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/turn.h"

#include <string.h>

#include "edge/stun_frame.h"
#include "edge/turn_private.h"

turn *turn_new(const struct turn_config *config, const struct turn_output *output,
	       gpointer user_data)
{
	turn *t = g_new0(turn, 1);

	t->config = *config;
	t->config.realm = g_strdup(config->realm);
	t->config.secret = g_strdup(config->secret);
	t->output = *output;
	t->user_data = user_data;
	t->allocations = allocation_table_new();
	t->reservations = reservations_new();
	t->next_expiry_us = G_MAXINT64;
	output->draw((guint8 *)&t->source_key, sizeof t->source_key, user_data);
	/* Without STUN_AGENT_USAGE_USE_FINGERPRINT, which would require FINGERPRINT of clients. */
	stun_agent_init(&t->agent, turn_known_attributes, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS |
				STUN_AGENT_USAGE_NO_INDICATION_AUTH);
	stun_agent_init(&t->classic_agent, turn_known_attributes, STUN_COMPATIBILITY_RFC3489,
			STUN_AGENT_USAGE_IGNORE_CREDENTIALS);
	return t;
}

/* Ends all allocations that expire at `now_us` or earlier. */
static void end_allocations_until(turn *t, gint64 now_us, enum reason reason)
{
	g_autoptr(GPtrArray) expired = allocation_expired(t->allocations, now_us);

	for (guint i = 0; i < expired->len; i++)
		turn_end(t, expired->pdata[i], reason);
}

void turn_free(turn *t)
{
	if (!t)
		return;
	end_allocations_until(t, G_MAXINT64, REASON_RELAY_SERVER_ENDS);
	object_free(t->allocations);
	reservations_free(t->reservations);
	g_free((char *)(guintptr)t->config.realm);
	g_free((char *)(guintptr)t->config.secret);
	g_free(t);
}

void turn_end(turn *t, struct allocation *a, enum reason reason)
{
	struct turn_event event = {.kind = TURN_EVENT_ALLOCATION_END,
				   .allocation = a,
				   .client = &a->tuple.client,
				   .reason = reason};

	t->output.event(&event, t->user_data);
	t->output.close_relay(a, t->user_data);
	allocation_table_remove(t->allocations, a);
}

struct allocation *turn_find(turn *t, gint64 now_us, const struct turn_tuple *tuple)
{
	struct allocation *a = allocation_by_tuple(t->allocations, tuple);

	if (a && a->expires_us <= now_us) {
		turn_end(t, a, REASON_RELAY_EXPIRED);
		return NULL;
	}
	return a;
}

bool turn_denies(turn *t, const struct allocation *a, const struct endpoint *peer,
		 enum policy_scope scope)
{
	enum reason rule = policy_refuses(t->config.policy, peer, scope);
	struct turn_event event = {.kind = TURN_EVENT_DENIED,
				   .allocation = a,
				   .client = &a->tuple.client,
				   .peer = peer,
				   .reason = rule};

	if (!rule)
		return false;
	t->counters.denied++;
	t->output.event(&event, t->user_data);
	return true;
}

/* Whether a request comes from a source that has asked too often in this second, without an
 * allocation. */
static bool is_flood(turn *t, gint64 now_us, const struct turn_tuple *tuple)
{
	struct endpoint source = endpoint_source(&tuple->client);
	guint row = (endpoint_hash(&source) ^ t->source_key) * 2654435761u / (1u << 20);

	if (allocation_by_tuple(t->allocations, tuple))
		return false;
	if (now_us / G_USEC_PER_SEC != t->strangers_second) {
		memset(t->strangers, 0, sizeof t->strangers);
		t->strangers_second = now_us / G_USEC_PER_SEC;
	}
	if (t->strangers[row] >= TURN_STRANGERS_PER_S) {
		t->counters.flooded++;
		return true;
	}
	t->strangers[row]++;
	return false;
}

/* Handles a well-formed STUN message: a request, or a Send indication; others are ignored. */
static void handle_stun(turn *t, gint64 now_us, gpointer client, const struct turn_tuple *tuple,
			const guint8 *data, gsize length)
{
	enum stun_class class = stun_class_of(stun_type(data));
	struct turn_request r = {.t = t,
				 .now_us = now_us,
				 .client = client,
				 .tuple = tuple,
				 .data = data,
				 .length = length};

	if (class == STUN_CLASS_INDICATION && stun_has_cookie(data) &&
	    stun_method_of(stun_type(data)) == STUN_IND_SEND)
		turn_handle_send(t, now_us, tuple, data, length);
	if (class != STUN_CLASS_REQUEST || is_flood(t, now_us, tuple))
		return;
	turn_handle_request(&r);
	g_free(r.username);
	g_free(r.password);
}

void turn_from_client(turn *t, gint64 now_us, gpointer client, const struct turn_tuple *tuple,
		      const guint8 *data, gsize length)
{
	if (length > 0 && (data[0] & 0xc0) == 0x40)
		turn_handle_channel_data(t, now_us, tuple, data, length);
	else if (stun_well_formed(data, length))
		handle_stun(t, now_us, client, tuple, data, length);
	else
		t->counters.malformed++;
}

void turn_client_gone(turn *t, const struct turn_tuple *tuple)
{
	struct allocation *a = allocation_by_tuple(t->allocations, tuple);

	if (a)
		turn_end(t, a, REASON_RELAY_CLIENT_GONE);
}

void turn_expire(turn *t, gint64 now_us)
{
	end_allocations_until(t, now_us, REASON_RELAY_EXPIRED);
	t->next_expiry_us = allocation_next_expiry(t->allocations);
}

gint64 turn_next_expiry(const turn *t)
{
	return t->next_expiry_us;
}

const struct turn_counters *turn_counters_of(const turn *t)
{
	return &t->counters;
}

guint turn_allocation_count(const turn *t)
{
	return allocation_count(t->allocations);
}
