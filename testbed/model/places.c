/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/reader.h"

struct places {
	GHashTable *values; /* address read into -> struct loc */
	GHashTable *lists;  /* list -> GArray of struct loc */
};

struct places *places_new(void)
{
	struct places *p = g_new0(struct places, 1);

	p->values = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	p->lists = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
	return p;
}

void places_free(struct places *p)
{
	if (!p)
		return;
	g_hash_table_unref(p->values);
	g_hash_table_unref(p->lists);
	g_free(p);
}

/* Without const, as the tables want it; they compare addresses and never follow them. */
static gpointer address_of(const void *target)
{
	return (gpointer)(guintptr)target;
}

void places_set(struct places *p, const void *target, struct loc loc)
{
	g_hash_table_replace(p->values, address_of(target), g_memdup2(&loc, sizeof(loc)));
}

bool places_has(const struct places *p, const void *target)
{
	return g_hash_table_contains(p->values, target);
}

struct loc places_get(const struct places *p, const void *target, struct loc fallback)
{
	const struct loc *found = g_hash_table_lookup(p->values, target);

	return found ? *found : fallback;
}

void places_set_item(struct places *p, const void *list, guint index, struct loc loc)
{
	GArray *locs = g_hash_table_lookup(p->lists, list);

	if (!locs) {
		locs = g_array_new(FALSE, FALSE, sizeof(struct loc));
		g_hash_table_insert(p->lists, address_of(list), locs);
	}
	/* Whatever stood there belonged to an older list at the same address. */
	g_array_set_size(locs, index);
	g_array_append_val(locs, loc);
}

struct loc places_item(const struct places *p, const void *list, guint index, struct loc fallback)
{
	GArray *locs = g_hash_table_lookup(p->lists, list);

	return locs && index < locs->len ? g_array_index(locs, struct loc, index) : fallback;
}
