#include "testbed/lab/inspection.h"

#include "testbed/exec/inspect.h"

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
	i->turn = g_idle_source_new();
	/* not behind what agents say: there may always be something */
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
	g_free(i);
}
