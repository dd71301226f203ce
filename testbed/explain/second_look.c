/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/second_look.h"

#include "testbed/explain/finished.h"

static bool is_unknown(const struct cell *c)
{
	return c->done && c->verdict == VERDICT_FAIL &&
	       g_strcmp0(c->cause, cause_name(CAUSE_UNKNOWN)) == 0;
}

/* True when it has another cause now. */
static bool look_at(finished *run, const model *m, struct cell *c)
{
	g_autoptr(finding) f = NULL;
	struct recorded recorded;

	if (!finished_cell(run, c->id))
		return false;
	finished_read(run, c->id, &recorded);
	f = diagnose_call(m, recorded.cell, &recorded.seen);
	recorded_clear(&recorded);
	if (f->code == CAUSE_UNKNOWN || f->code == CAUSE_NONE)
		return false;
	g_free(c->cause);
	c->cause = g_strdup(cause_name(f->code));
	cell_judge(c);
	return true;
}

void second_look(const matrix_selection *s, const char *dir, GPtrArray *told)
{
	g_autoptr(finished) run = NULL;

	ptr_array_foreach(const struct selected_scenario, one, s->scenarios) {
		ptr_array_foreach(struct cell, c, one->result->cells) {
			if (!is_unknown(c))
				continue;
			if (!run)
				run = finished_open(dir, NULL);
			if (!run)
				return;
			if (look_at(run, one->model, c))
				g_ptr_array_add(told, c);
		}
	}
}
