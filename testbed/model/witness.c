/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/witness.h"

#include "common/base/object.h"

#define GAP_US 20000 /* two looks that follow each other are no further apart */

static const struct {
	const char *name, *words;
	bool packets;
} kinds[] = {
#define X(id, name, packets, words) [WITNESS_##id] = {name, words, packets},
	WITNESS_KINDS(X)
#undef X
};

static const struct object_shape witness_shape =
	OBJECT_SHAPE(witness, NULL, OWNS_TEXT(witness, where));

struct witness *witness_new(enum witness_kind kind, const char *where, guint64 amount,
			    gint64 from_us, gint64 to_us)
{
	struct witness *w = object_new(&witness_shape);

	w->kind = kind;
	w->where = g_strdup(where);
	w->amount = amount;
	w->from_us = from_us;
	w->to_us = to_us;
	return w;
}

struct witness *witness_copy(const struct witness *w)
{
	return witness_new(w->kind, w->where, w->amount, w->from_us, w->to_us);
}

void witness_free(gpointer witness)
{
	object_free(witness);
}

const char *witness_kind_name(enum witness_kind k)
{
	return kinds[k].name;
}

bool witness_kind_parse(const char *name, enum witness_kind *ret)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_strcmp0(name, kinds[i].name) != 0)
			continue;
		*ret = (enum witness_kind)i;
		return true;
	}
	return false;
}

bool witness_counts_packets(enum witness_kind k)
{
	return kinds[k].packets;
}

char *witness_text(const struct witness *w)
{
	return g_strdup_printf("%s %s %" G_GUINT64_FORMAT " %s", w->where, kinds[w->kind].words,
			       w->amount,
			       !kinds[w->kind].packets ? "ms" :
			       w->amount == 1	       ? "packet" :
							 "packets");
}

void witness_note(GPtrArray *all, const struct witness *w)
{
	for (guint i = all->len; i-- > 0;) {
		struct witness *old = all->pdata[i];

		if (old->kind != w->kind || !g_str_equal(old->where, w->where))
			continue;
		if (w->from_us > old->to_us + GAP_US)
			break;
		old->amount += w->amount;
		old->to_us = MAX(old->to_us, w->to_us);
		return;
	}
	g_ptr_array_add(all, witness_copy(w));
}
