/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/flow.h"

#include "common/random.h"

struct edge_flows {
	GHashTable *by_token; /* char * -> struct edge_flow * */
};

struct edge_flow {
	enum edge_flow_side side;
	gpointer connection;
};

static const struct object_shape edge_flows_shape =
	OBJECT_SHAPE(edge_flows, NULL, OWNS_TABLE(edge_flows, by_token));

edge_flows *edge_flows_new(void)
{
	edge_flows *f = object_new(&edge_flows_shape);

	f->by_token = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return f;
}

char *edge_flows_open(edge_flows *f, enum edge_flow_side side, gpointer connection)
{
	struct edge_flow *flow = g_new0(struct edge_flow, 1);
	char *token = random_hex(8);

	*flow = (struct edge_flow){.side = side, .connection = connection};
	g_hash_table_replace(f->by_token, g_strdup(token), flow);
	return token;
}

void edge_flows_close(edge_flows *f, const char *token)
{
	g_hash_table_remove(f->by_token, token);
}

gpointer edge_flows_find(const edge_flows *f, enum edge_flow_side side, const char *token)
{
	const struct edge_flow *flow = token ? g_hash_table_lookup(f->by_token, token) : NULL;

	return flow && flow->side == side ? flow->connection : NULL;
}

guint edge_flows_count(const edge_flows *f, enum edge_flow_side side)
{
	GHashTableIter iter;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&iter, f->by_token);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		n += ((const struct edge_flow *)value)->side == side;
	return n;
}
