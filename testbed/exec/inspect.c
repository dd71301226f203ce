/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/inspect.h"

#include "testbed/exec/impair.h"
#include "testbed/exec/inspect_conntrack.h"
#include "testbed/exec/inspect_parts.h"

gboolean inspect_fail(GError **error, const char *what, const char *words)
{
	return tb_error_set(error, TB_ERROR_FAILED, "read %s: %s", what, words);
}

/* Without rules nothing is tracked: the kernel begins when a rule asks for it. */
static gboolean put_sessions(node_state *n, const struct netns *s, GError **error)
{
	n->sessions = g_array_new(FALSE, TRUE, sizeof(struct tracked));
	return !s->has_rules || inspect_put_sessions(n, error);
}

node_state *exec_inspect(exec *x, const char *node, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;
	node_state *n;
	gboolean ok;

	/* only the linux backend has namespaces */
	if (exec_netns_fd(x, node) < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "there is no node '%s'", node);
		return NULL;
	}
	n = node_state_new(node);
	n->time_us = g_get_monotonic_time();
	ok = netns_enter(r, linux_netns(r, node, error), error) && inspect_put_tables(n, error) &&
	     inspect_put_counters(n, error) &&
	     inspect_put_nft(n, r, linux_netns(r, node, error), error) &&
	     inspect_put_sysctls(n, error) && inspect_put_listeners(n, error) &&
	     put_sessions(n, linux_netns(r, node, error), error);
	if (ok)
		impairs_put_losses(n, r, linux_netns(r, node, error));
	x->backend->leave(x);
	if (!ok) {
		g_prefix_error(error, "inspect %s: ", node);
		g_clear_pointer(&n, node_state_unref);
	}
	return n;
}
