/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/rate.h"

struct rate {
	gint64 interval_us;
	GHashTable *last; /* char * -> gint64 * */
	gint64 begun_us;  /* of the interval in which `total` were allowed */
	guint total;
};

static const struct object_shape rate_shape = OBJECT_SHAPE(rate, NULL, OWNS_TABLE(rate, last));

rate *rate_new(gint64 interval_us)
{
	rate *r = object_new(&rate_shape);

	r->interval_us = interval_us;
	r->last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return r;
}

bool rate_allows(rate *r, const char *key, gint64 now_us)
{
	gint64 *last = g_hash_table_lookup(r->last, key);

	if (last && now_us - *last < r->interval_us)
		return false;
	if (now_us - r->begun_us >= r->interval_us) {
		r->begun_us = now_us;
		r->total = 0;
	}
	if (r->total >= RATE_TOTAL_MAX)
		return false;
	r->total++;
	if (!last) {
		if (g_hash_table_size(r->last) >= RATE_KEYS_MAX)
			g_hash_table_remove_all(r->last);
		last = g_new(gint64, 1);
		g_hash_table_insert(r->last, g_strdup(key), last);
	}
	*last = now_us;
	return true;
}
