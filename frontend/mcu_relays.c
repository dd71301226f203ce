/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/mcu_relays.h"

#include "common/mras.h"

#define MRAS_TIMEOUT_US (5 * G_USEC_PER_SEC)
#define CREDENTIALS_MIN 480

struct relay_waiter {
	mcu_relays_func done; /* NULL: cancelled */
	gpointer user_data;
};

/* The relay of one Edge: first requested, then resolved, then known until good_until_us. */
struct relay_grant {
	mcu_relays *owner;
	char *edge;
	GArray *waiters; /* struct relay_waiter; not empty: a request is pending */
	struct mras_response response;
	char *address; /* of the relay; NULL: not known */
	gint64 good_until_us;
};

struct mcu_relays {
	const struct fe_context *context;
	GHashTable *grants; /* Edge's name -> struct relay_grant */
};

static void relay_grant_free(gpointer data)
{
	struct relay_grant *g = data;

	transactions_forget(g->owner->context->transactions, g);
	mras_response_clear(&g->response);
	g_array_unref(g->waiters);
	g_free(g->address);
	g_free(g->edge);
	g_free(g);
}

static const struct object_shape mcu_relays_shape =
	OBJECT_SHAPE(mcu_relays, NULL, OWNS_TABLE(mcu_relays, grants));

mcu_relays *mcu_relays_new(const struct fe_context *context)
{
	mcu_relays *r = object_new(&mcu_relays_shape);

	r->context = context;
	r->grants = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, relay_grant_free);
	return r;
}

/* The Edge's grant, made at the first request; owned by the table. */
static struct relay_grant *grant_of_edge(mcu_relays *r, const char *edge)
{
	struct relay_grant *g = g_hash_table_lookup(r->grants, edge);

	if (g)
		return g;
	g = g_new0(struct relay_grant, 1);
	g->owner = r;
	g->edge = g_strdup(edge);
	g->waiters = g_array_new(FALSE, FALSE, sizeof(struct relay_waiter));
	g_hash_table_insert(r->grants, g->edge, g);
	return g;
}

/* Calls one waiter with the relay (NULL when its address is not known), unless it was cancelled. */
static void pass_relay(const struct relay_grant *g, const struct relay_waiter *w)
{
	struct ice_relay relay = {
		.address = g->address,
		.udp_port = g->response.udp_port,
		.tcp_port = g->response.tcp_port,
		.username = g->response.username,
		.password = g->response.password,
	};

	if (w->done)
		w->done(g->address ? &relay : NULL, w->user_data);
}

/* Calls and removes all waiters.  A callback may change the list: it may ask again or cancel
 * others. */
static void pass_relay_to_all(struct relay_grant *g)
{
	while (g->waiters->len > 0) {
		struct relay_waiter w = g_array_index(g->waiters, struct relay_waiter, 0);

		g_array_remove_index(g->waiters, 0);
		pass_relay(g, &w);
	}
}

/* Keeps the relay's address.  Credentials are used for half their lifetime, so that a call that
 * begins with them does not outlive them. */
static void on_relay_resolved(const char *address, gpointer user_data)
{
	struct relay_grant *g = user_data;
	gint64 life_us = (gint64)g->response.duration_min * 60 * G_USEC_PER_SEC;

	g_free(g->address);
	g->address = g_strdup(address);

	g->good_until_us = transactions_now_us(g->owner->context->transactions) + life_us / 2;
	pass_relay_to_all(g);
}

static void on_mras_response(int status, sip_msg *response, gpointer user_data)
{
	struct relay_grant *g = user_data;
	const struct fe_context *s = g->owner->context;
	gsize length = 0;
	const char *body = response ? sip_body(response, &length) : NULL;

	mras_response_clear(&g->response);
	if (status == 200 && body && mras_response_parse(body, length, &g->response))
		s->links->resolve(g->response.host_name, on_relay_resolved, g, s->links_data);
	else
		pass_relay_to_all(g);
}

static sip_msg *make_mras_request(const struct fe_context *s, const char *edge)
{
	g_autofree char *uri = g_strdup_printf("sip:mras@%s;opaque=srvr:MRAS", edge);
	g_autofree char *from = g_strdup_printf("sip:av-mcu@%s", s->domain);
	g_autofree char *tag = sip_new_tag();
	g_autofree char *call_id = sip_new_call_id();
	struct mras_request asked = {
		.request_id = call_id,
		.from = from,
		.to = uri,
		.identity = from,
		.duration_min = CREDENTIALS_MIN,
	};
	g_autofree char *body = mras_request_print(&asked);
	sip_msg *m = sip_request_new("SERVICE", uri, from, tag, uri, NULL, call_id, 1);

	sip_set_body(m, MRAS_CONTENT_TYPE, body, -1);
	return m;
}

/* Asks the Edge's MRAS for new credentials; without a flow to it the waiters get NULL at once. */
static void request_credentials(struct relay_grant *g)
{
	const struct fe_context *s = g->owner->context;
	struct fe_route route = {.flow = s->links->mras_flow(g->edge, s->links_data)};
	g_autoptr(sip_msg) request = NULL;

	g_clear_pointer(&g->address, g_free);
	if (!route.flow) {
		pass_relay_to_all(g);
		return;
	}
	request = make_mras_request(s, g->edge);
	transactions_request(s->transactions, &route, request, MRAS_TIMEOUT_US, on_mras_response,
			     g);
}

void mcu_relays_get(mcu_relays *r, const char *edge, mcu_relays_func done, gpointer user_data)
{
	struct relay_waiter w = {.done = done, .user_data = user_data};
	struct relay_grant *g;

	if (!edge) {
		done(NULL, user_data);
		return;
	}
	g = grant_of_edge(r, edge);
	if (g->address && transactions_now_us(r->context->transactions) < g->good_until_us) {
		pass_relay(g, &w);
		return;
	}
	g_array_append_val(g->waiters, w);
	if (g->waiters->len == 1)
		request_credentials(g);
}

void mcu_relays_prepare(mcu_relays *r, const char *edge)
{
	struct relay_grant *g = edge ? grant_of_edge(r, edge) : NULL;

	/* One waiter for all, however many conferences are made meanwhile. */
	if (g && g->waiters->len == 0)
		mcu_relays_get(r, edge, NULL, NULL);
}

void mcu_relays_forget(mcu_relays *r, gpointer user_data)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, r->grants);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct relay_grant *g = value;

		/* The request goes on; later callers use its result. */
		for (guint k = 0; k < g->waiters->len; k++)
			if (g_array_index(g->waiters, struct relay_waiter, k).user_data ==
			    user_data)
				g_array_index(g->waiters, struct relay_waiter, k).done = NULL;
	}
}
