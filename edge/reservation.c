/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/reservation.h"

#include <string.h>

#include "common/base/each.h"

struct reservations {
	GArray *list; /* struct reservation; those that have expired go when one is added */
};

static void reservation_clear(gpointer data)
{
	g_free(((struct reservation *)data)->identity);
}

reservations *reservations_new(void)
{
	reservations *r = g_new0(reservations, 1);

	r->list = g_array_new(FALSE, FALSE, sizeof(struct reservation));
	g_array_set_clear_func(r->list, reservation_clear);
	return r;
}

void reservations_free(reservations *r)
{
	if (!r)
		return;
	g_array_unref(r->list);
	g_free(r);
}

void reservations_add(reservations *r, const struct reservation *one)
{
	gint64 now_us = one->expires_us - RESERVATION_LIFE_US;
	struct reservation copy = *one;

	for (guint i = r->list->len; i > 0; i--)
		if (g_array_index(r->list, struct reservation, i - 1).expires_us <= now_us)
			g_array_remove_index(r->list, i - 1);
	copy.identity = g_strdup(one->identity);
	g_array_append_val(r->list, copy);
}

bool reservations_hold(const reservations *r, const struct endpoint *advertised, gint64 now_us)
{
	for (guint i = 0; i < r->list->len; i++) {
		const struct reservation *one = &g_array_index(r->list, struct reservation, i);

		if (now_us < one->expires_us && endpoint_equal(&one->advertised, advertised))
			return true;
	}
	return false;
}

guint reservations_of(const reservations *r, const char *identity, gint64 now_us)
{
	guint n = 0;

	array_foreach(const struct reservation, one, r->list)
		n += now_us < one->expires_us && g_str_equal(one->identity, identity);
	return n;
}

bool reservations_take(reservations *r, const guint8 token[RESERVATION_TOKEN_BYTES],
		       const char *identity, gint64 now_us, struct endpoint *ret_relay,
		       struct endpoint *ret_advertised)
{
	for (guint i = 0; i < r->list->len; i++) {
		const struct reservation *one = &g_array_index(r->list, struct reservation, i);

		if (memcmp(one->token, token, sizeof one->token) != 0 ||
		    now_us >= one->expires_us || g_strcmp0(one->identity, identity) != 0)
			continue;
		*ret_relay = one->relay;
		*ret_advertised = one->advertised;
		g_array_remove_index(r->list, i);
		return true;
	}
	return false;
}
