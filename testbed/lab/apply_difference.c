/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/apply_difference.h"

static gboolean go(exec *x, const struct plan_step *s, GError **error)
{
	return s->remove ? exec_remove(x, s->op, error) : exec_apply(x, s->op, error);
}

static gboolean go_back(exec *x, const struct plan_step *s, GError **error)
{
	if (s->remove)
		return exec_apply(x, s->op, error);
	return s->before ? exec_apply(x, s->before, error) : exec_remove(x, s->op, error);
}

/* Takes back the first `n` steps; goes on after a refusal, so that as much as possible is taken
 * back. */
static gboolean take_back(exec *x, const plan_difference *d, guint n, GError **error)
{
	gboolean ok = TRUE;

	exec_forgive(x, true);
	while (n-- > 0)
		if (!go_back(x, g_ptr_array_index(d->steps, n), ok ? error : NULL))
			ok = FALSE;
	exec_forgive(x, false);
	return ok;
}

gboolean difference_apply(exec *x, const plan_difference *d, GError **error)
{
	for (guint i = 0; i < d->steps->len; i++) {
		g_autoptr(GError) second = NULL;

		if (go(x, g_ptr_array_index(d->steps, i), error))
			continue;
		/* the refused step may have been done in part */
		if (!take_back(x, d, i + 1, &second))
			g_prefix_error(error, "(and taking it back failed: %s) ", second->message);
		return FALSE;
	}
	return TRUE;
}

gboolean difference_revert(exec *x, const plan_difference *d, GError **error)
{
	return take_back(x, d, d->steps->len, error);
}
