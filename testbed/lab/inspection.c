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

/* False where the node has no such interface. */
static bool pair_of(const struct route_question *q, const node_state *n, struct seen_pair *ret)
{
	const struct kernel_link *in = node_state_link(n, q->in);

	*ret = (struct seen_pair){
		.outgoing = !q->in, .ifindex = in ? in->ifindex : 0, .src = q->from, .dst = q->to};
	return !q->in || in;
}

static void add_questions(const inspection *i, const node_state *n, GArray *pairs)
{
	ptr_array_foreach(const struct route_question, q, i->job.questions) {
		struct seen_pair pair;

		if (g_str_equal(q->node, n->name) && pair_of(q, n, &pair))
			g_array_append_val(pairs, pair);
	}
}

/* Without look-ups it is still a state: an error text stands in their place. */
static void look_up(const inspection *i, node_state *n)
{
	const flows *seen = i->job.evidence ? evidence_flows(i->job.evidence, n->name) : NULL;
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(struct seen_pair));
	g_autoptr(GError) error = NULL;
	const struct seen_pair *noted;
	guint count = 0;

	noted = seen ? flows_list(seen, &count) : NULL;
	g_array_append_vals(pairs, noted, count);
	add_questions(i, n, pairs);
	if (!seen && pairs->len == 0)
		return;
	if (!exec_lookup(i->job.x, (const struct seen_pair *)(gpointer)pairs->data, pairs->len, n,
			 &error))
		n->lookups_error = node_state_text(n, error->message);
	n->lookups_cut = seen && flows_is_full(seen);
}

/* Reads the state of the next node and hands it on.  false: there was no more, or it could not be
 * read; `done` has been called then. */
static bool read_one(inspection *i)
{
	const GPtrArray *ops = i->job.plan->ops;
	g_autoptr(GError) error = NULL;
	const struct op *op;
	node_state *state;

	while (i->next < ops->len && !is_node(g_ptr_array_index(ops, i->next)))
		i->next++;
	if (i->next == ops->len) {
		i->job.done(NULL, i->job.user_data);
		return false;
	}
	op = g_ptr_array_index(ops, i->next++);
	state = exec_inspect(i->job.x, op->node, &error);
	if (!state) {
		i->job.done(error, i->job.user_data);
		return false;
	}
	look_up(i, state);
	i->job.state(state, i->job.user_data);
	node_state_unref(state);
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
	g_ptr_array_ref(job->questions);
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
	if (!i)
		return;
	g_source_destroy(i->turn);
	g_source_unref(i->turn);
	g_ptr_array_unref(i->job.questions);
	g_free(i);
}
