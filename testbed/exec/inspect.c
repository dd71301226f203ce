/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/inspect.h"

#include "testbed/exec/inspect_conntrack.h"
#include "testbed/exec/inspect_parts.h"

gboolean inspect_fail(GError **error, const char *what, const char *words)
{
	g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "read %s: %s", what, words);
	return FALSE;
}

/* Without rules nothing is tracked: the kernel begins when a rule asks for it. */
static gboolean put_conntrack(json_t *node, const struct netns *s, GError **error)
{
	if (s->has_rules)
		return inspect_put_conntrack(node, inspect_tells_ipv6(node), error);
	json_object_set_new(node, "conntrack", json_array());
	return TRUE;
}

json_t *exec_inspect(exec *x, const char *node, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;
	json_t *state;
	gboolean ok;

	/* only the linux room has namespaces */
	if (exec_netns_fd(x, node) < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "there is no node '%s'", node);
		return NULL;
	}
	state = json_pack("{s:I}", "time_us", (json_int_t)g_get_monotonic_time());
	ok = netns_enter(r, linux_netns(r, node, error), error) &&
	     inspect_put_tables(state, error) && inspect_put_counters(state, error) &&
	     inspect_put_nft(state, r, linux_netns(r, node, error), error) &&
	     inspect_put_sysctls(state, error) && inspect_put_listeners(state, error) &&
	     put_conntrack(state, linux_netns(r, node, error), error);
	x->backend->leave(x);
	if (!ok) {
		g_prefix_error(error, "inspect %s: ", node);
		g_clear_pointer(&state, json_decref);
	}
	return state;
}
