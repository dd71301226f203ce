/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/inspection.h"

#include "testbed/exec/inspect.h"
#include "testbed/exec/inspect_lookup.h"

#include <string.h>

struct inspection {
	struct inspection_job job;
	guint next; /* operation of the plan */
	GSource *turn;
};

static bool is_node(const struct op *op)
{
	return op->kind == OP_NETNS && strcmp(op->node, PLAN_FABRIC) != 0;
}

/* By the node's own links; 0: it has no such interface. */
static unsigned ifindex_of(const json_t *state, const char *name)
{
	const json_t *link;
	size_t i;

	json_array_foreach(json_object_get(state, "links"), i, link)
		if (g_strcmp0(json_string_value(json_object_get(link, "name")), name) == 0)
			return (unsigned)json_integer_value(json_object_get(link, "ifindex"));
	return 0;
}

static bool read_way(const json_t *way, const json_t *state, struct seen_pair *ret)
{
	const char *from = json_string_value(json_object_get(way, "from")),
		   *to = json_string_value(json_object_get(way, "to"));
	const char *in = json_string_value(json_object_get(way, "in"));

	*ret = (struct seen_pair){.outgoing = in == NULL,
				  .ifindex = in ? ifindex_of(state, in) : 0};
	return from && to && addr_parse(from, &ret->src) && addr_parse(to, &ret->dst) &&
	       (!in || ret->ifindex != 0);
}

static void add_ways(const inspection *i, const char *node, const json_t *state, GArray *pairs)
{
	const json_t *way;
	size_t k;

	json_array_foreach(json_object_get(i->job.ways, node), k, way) {
		struct seen_pair pair;

		if (read_way(way, state, &pair))
			g_array_append_val(pairs, pair);
	}
}

/* Without look-ups it is still a state: an error text stands in their place. */
static void look_up(const inspection *i, const char *node, json_t *state)
{
	const flows *seen = i->job.evidence ? evidence_flows(i->job.evidence, node) : NULL;
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(struct seen_pair));
	g_autoptr(GError) error = NULL;
	const struct seen_pair *noted;
	guint n = 0;

	noted = seen ? flows_list(seen, &n) : NULL;
	g_array_append_vals(pairs, noted, n);
	add_ways(i, node, state, pairs);
	if (!seen && pairs->len == 0)
		return;
	if (!exec_lookup(i->job.x, node, (const struct seen_pair *)(gpointer)pairs->data,
			 pairs->len, state, &error))
		json_object_set_new(state, "lookups_error", json_string(error->message));
	if (seen && flows_is_full(seen))
		json_object_set_new(state, "lookups_cut", json_true());
}

/* False when it was the last; `done` has been called then. */
static bool read_one(inspection *i)
{
	const GPtrArray *ops = i->job.plan->ops;
	g_autoptr(GError) error = NULL;
	const struct op *op;
	json_t *state;

	while (i->next < ops->len && !is_node(g_ptr_array_index(ops, i->next)))
		i->next++;
	if (i->next == ops->len) {
		i->job.done(NULL, i->job.user_data);
		return false;
	}
	op = g_ptr_array_index(ops, i->next++);
	state = exec_inspect(i->job.x, op->node, &error);
	if (state == NULL) {
		i->job.done(error, i->job.user_data);
		return false;
	}
	look_up(i, op->node, state);
	i->job.state(op->node, state, i->job.user_data);
	return true;
}

static gboolean on_turn(gpointer user_data)
{
	return read_one(user_data) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

inspection *inspection_new(const struct inspection_job *job)
{
	inspection *i = g_new0(inspection, 1);

	i->job = *job;
	json_incref(job->ways);
	if (job->evidence)
		evidence_flush(job->evidence); /* what is still in the rings */
	i->turn = g_idle_source_new();
	/* not after agents' lines: there may always be more of those */
	g_source_set_priority(i->turn, G_PRIORITY_DEFAULT);
	g_source_set_callback(i->turn, on_turn, i, NULL);
	g_source_attach(i->turn, job->context);
	return i;
}

void inspection_finish(inspection *i)
{
	while (read_one(i))
		;
}

void inspection_free(inspection *i)
{
	if (i == NULL)
		return;
	g_source_destroy(i->turn);
	g_source_unref(i->turn);
	json_decref(i->job.ways);
	g_free(i);
}
