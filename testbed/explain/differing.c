/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/explain/differing.h"

#include "testbed/explain/versus.h"

struct differing {
	versus *networks; /* that the findings point into */
	GHashTable *findings;
};

static const struct object_shape differing_shape =
	OBJECT_SHAPE(differing, NULL, OWNS(differing, findings, g_hash_table_unref),
		     OWNS(differing, networks, object_free));

static void look_at(differing *d, finished *run, const struct cell *c)
{
	const model *m = versus_model(d->networks, c->scenario);
	struct recorded recorded;

	if (!m)
		return;
	finished_read(run, c->id, &recorded);
	g_hash_table_insert(d->findings, c->id, diagnose_call(m, c, &recorded.seen));
	recorded_clear(&recorded);
}

differing *differing_new(finished *run, const model *base)
{
	differing *d = object_new(&differing_shape);

	d->networks = versus_new(base);
	d->findings =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)finding_free);
	ptr_array_foreach(const struct scenario_result, s, run->results->scenarios) {
		ptr_array_foreach(const struct cell, c, s->cells) {
			if (c->done && !c->as_expected)
				look_at(d, run, c);
		}
	}
	return d;
}

const model *differing_network(const differing *d, const char *scenario)
{
	return versus_model(d->networks, scenario);
}

GHashTable *differing_findings(const differing *d)
{
	return d->findings;
}
