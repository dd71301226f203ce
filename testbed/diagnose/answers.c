/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/answers.h"

#include "testbed/diagnose/foreign_words.h"

#include "testbed/packets/scope.h"

/* Message types (RFC 5766 section 13, RFC 8489 section 5). */
#define ALLOCATE_SUCCESS 0x0103
#define ALLOCATE_ERROR 0x0113
#define CREATE_PERMISSION_ERROR 0x0118
#define CHANNEL_BIND_ERROR 0x0119

#define CODE_UNAUTHORIZED 401
#define CODE_FORBIDDEN 403
#define CODE_OF(error) ((error) + 300) /* as in a sighting */

/* One client's socket at one relay. */
struct asker {
	const struct node *relay, *client;
	char *address;
	GHashTable *refused; /* packet_id as GBytes, of requests that were answered 401 */
	bool lent;
};

struct reading {
	const model *model;
	const struct cell *cell;
	const struct observation *seen;
	GHashTable *askers; /* struct asker, by its two sockets */
	GPtrArray *told;
};

static const struct object_shape asker_shape =
	OBJECT_SHAPE(asker, NULL, OWNS_TEXT(asker, address), OWNS_TABLE(asker, refused));

static const struct edge_service *silent_relay(const struct node *n)
{
	const struct service *s = n ? node_declared_service(n, SERVICE_EDGE) : NULL;

	return s && g_strcmp0(s->edge.engine, "coturn") == 0 ? &s->edge : NULL;
}

/* The participant that the answer came to; NULL: none of them. */
static const struct node *client_of(const struct reading *r, const struct journey *j)
{
	const struct sighting *last = journey_last(j);

	if (last->out ||
	    !g_ptr_array_find_with_equal_func(r->cell->participants, last->node, g_str_equal, NULL))
		return NULL;
	return model_node(r->model, last->node);
}

static const char *user_of(const struct node *client)
{
	return client->endpoint ? client->endpoint->user : client->name;
}

/* Takes over `event`. */
static void add_report(struct reading *r, const struct node *relay, json_t *event)
{
	g_autofree char *agent = g_strdup_printf("%s/relay", relay->name);

	g_ptr_array_add(r->told, heard_new(agent, event));
	json_decref(event);
}

static struct asker *asker_of(struct reading *r, const struct node *relay,
			      const struct node *client, const struct sighting *s)
{
	g_autofree char *from = scope_end_text(&s->src, s->sport),
			*to = scope_end_text(&s->dst, s->dport);
	char *key = g_strdup_printf("%s %s", from, to);
	struct asker *a = g_hash_table_lookup(r->askers, key);

	if (a) {
		g_free(key);
		return a;
	}
	a = object_new(&asker_shape);
	a->relay = relay;
	a->client = client;
	a->address = g_steal_pointer(&to);
	a->refused = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					   (GDestroyNotify)g_bytes_unref, NULL);
	g_hash_table_insert(r->askers, key, a);
	return a;
}

static void add_refusal(struct reading *r, const struct asker *a, const char *event, int status)
{
	add_report(r, a->relay,
		   reason_set(json_pack("{s:s, s:s, s:s, s:i}", "event", event, "client",
					a->address, "user", user_of(a->client), "status", status),
			      foreign_turn_reason(status), NULL));
}

static void on_allocate(struct reading *r, struct asker *a, const struct sighting *s)
{
	int code = CODE_OF(s->error);

	if (s->stun == ALLOCATE_SUCCESS)
		a->lent = true;
	else if (code == CODE_UNAUTHORIZED)
		g_hash_table_add(a->refused, g_bytes_new(&s->id, sizeof s->id));
	else if (foreign_turn_reason(code))
		add_refusal(r, a, EVENT_RELAY_REFUSED, code);
}

/* The answer does not name the peer: it is a candidate of another end that this relay must not
 * send to. */
static void on_forbidden(struct reading *r, const struct node *relay, const struct node *client)
{
	const struct edge_service *edge = silent_relay(relay);

	ptr_array_foreach(const struct heard, h, r->seen->heard) {
		const char *address = member_text(h->event, "address");
		struct addr a;

		if (!member_is(h->event, "event", EVENT_CANDIDATE) || !address ||
		    g_str_equal(h->agent, client->name) || !addr_parse(address, &a))
			continue;
		for (guint k = 0; k < edge->relay_not_to->len; k++) {
			g_autofree char *peer =
				scope_end_text(&a, (guint)member_integer(h->event, "port"));

			if (!prefix_contains(&g_array_index(edge->relay_not_to, struct prefix, k),
					     &a))
				continue;
			add_report(r, relay,
				   json_pack("{s:s, s:s, s:s, s:s, s:s}", "event", EVENT_DENIED,
					     "user", user_of(client), "peer", peer, "code",
					     reason_code(REASON_PEER_BY_SETTING), "rule",
					     reason_words(REASON_PEER_BY_SETTING)));
			return;
		}
	}
}

static void read_answer(struct reading *r, const struct journey *j)
{
	const struct sighting *s = journey_first(j);
	const struct node *relay = s->out && s->stun != 0 && !s->in_turn ?
					   model_node(r->model, s->node) :
					   NULL,
			  *client;

	if (!silent_relay(relay) || !scope_in_time(r->seen, s) || !(client = client_of(r, j)))
		return;
	if (s->stun == ALLOCATE_SUCCESS || s->stun == ALLOCATE_ERROR)
		on_allocate(r, asker_of(r, relay, client, s), s);
	else if ((s->stun == CREATE_PERMISSION_ERROR || s->stun == CHANNEL_BIND_ERROR) &&
		 CODE_OF(s->error) == CODE_FORBIDDEN)
		on_forbidden(r, relay, client);
}

/* The first 401 asks for the credentials, the second refuses them (RFC 5766 section 4). */
static void add_unauthorized(struct reading *r)
{
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, r->askers);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		const struct asker *a = value;

		if (!a->lent && g_hash_table_size(a->refused) >= 2)
			add_refusal(r, a, EVENT_AUTH_FAILED, CODE_UNAUTHORIZED);
	}
}

GPtrArray *answers_told(const model *m, const struct cell *c, const struct observation *seen)
{
	struct reading r = {.model = m, .cell = c, .seen = seen};

	r.told = g_ptr_array_new_with_free_func((GDestroyNotify)heard_free);
	r.askers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free);
	for (guint i = 0; seen->packets && i < seen->packets->list->len; i++)
		read_answer(&r, seen->packets->list->pdata[i]);
	add_unauthorized(&r);
	g_hash_table_unref(r.askers);
	return r.told;
}
