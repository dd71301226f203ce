/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/diagnose/diagnose.h"

#include "testbed/diagnose/answers.h"
#include "testbed/diagnose/cause.h"
#include "testbed/diagnose/sessions.h"

/* A defect of this program is told before everything else. */
static void tell_disagreement(finding *f, const struct leg *l, const char *text)
{
	g_ptr_array_insert(f->proof, 0, g_strdup_printf("%s: %s: %s", AGREE_CODE, l->title, text));
}

/* Packets that contradict a walk are told in any case.  Packets that confirm one are told of
 * the leg that shows the cause, or of all legs of a call that works.  They prove more than the
 * state of the kernels, and so come right after the end of the walk. */
static void hold_against_packets(finding *f, const model *m, const journeys *packets)
{
	bool confirmed = false;

	ptr_array_foreach(struct leg, l, f->legs) {
		bool telling = f->code == CAUSE_NONE || l->walk->forward->end != WALK_DELIVERED ||
			       (l->walk->back && l->walk->back->end != WALK_DELIVERED);

		l->seen = agree_check(l->walk, &l->flow, m, packets);
		if (l->seen.state == AGREE_NO) {
			tell_disagreement(f, l, l->seen.text);
		} else if (f->code == CAUSE_NONE && l->seen.state == AGREE_YES) {
			g_ptr_array_add(f->proof, g_strdup(l->seen.text));
		} else if (l->seen.state == AGREE_YES && telling && !confirmed) {
			g_ptr_array_insert(f->proof, MIN(1, (gint)f->proof->len),
					   g_strdup(l->seen.text));
			confirmed = true;
		}
	}
}

/* A look-up that contradicts a walk is told in any case. */
static void hold_against_kernel(finding *f)
{
	ptr_array_foreach(const struct leg, l, f->legs)
		if (l->kernel.differs)
			tell_disagreement(f, l, l->kernel.differs);
}

/* The events of both, borrowed. */
static GPtrArray *all_heard(const GPtrArray *heard, const GPtrArray *told)
{
	GPtrArray *all = g_ptr_array_sized_new(heard->len + told->len);

	for (guint i = 0; i < heard->len; i++)
		g_ptr_array_add(all, heard->pdata[i]);
	for (guint i = 0; i < told->len; i++)
		g_ptr_array_add(all, told->pdata[i]);
	return all;
}

finding *diagnose_call(const model *m, const struct cell *c, const struct observation *seen)
{
	g_autoptr(GPtrArray) told = answers_told(m, c, seen), heard = all_heard(seen->heard, told);
	g_autoptr(GPtrArray) sessions = sessions_of_call(seen, c);
	g_autoptr(knet) net = seen->state ? knet_new(m, seen->state) : NULL;
	const struct evidence e = {
		.model = m,
		.cell = c,
		.heard = heard,
		.state = seen->state,
		.net = net,
		.packets = seen->packets,
		.sessions = sessions,
		.walk = walk_both,
		.meet = walk_meet,
	};
	finding *f = cause_find(&e);

	if (seen->packets)
		hold_against_packets(f, m, seen->packets);
	sessions_prove(f, sessions);
	hold_against_kernel(f);
	return f;
}
