/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exec/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

void netns_free(gpointer netns)
{
	struct netns *s = netns;

	g_clear_pointer(&s->queue, object_free);
	g_hash_table_unref(s->ifindexes);
	g_array_unref(s->unsettled);
	if (s->nft_socket >= 0)
		close(s->nft_socket);
	if (s->fd >= 0)
		close(s->fd);
	g_free(s->node);
	g_free(s);
}

struct netns *linux_netns(struct linux_backend *r, const char *node, GError **error)
{
	struct netns *s = g_hash_table_lookup(r->namespaces, node);

	if (!s)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "there is no node '%s'", node);
	return s;
}

gboolean netns_enter(struct linux_backend *r, struct netns *s, GError **error)
{
	if (r->inside == s)
		return TRUE;
	if (setns(s->fd, CLONE_NEWNET) != 0)
		return tb_error_set(error, TB_ERROR_FAILED, "enter the namespace of '%s': %s",
				    s->node, g_strerror(errno));
	r->inside = s;
	return TRUE;
}

void netns_leave(struct linux_backend *r)
{
	if (r->inside && setns(r->home_fd, CLONE_NEWNET) == 0)
		r->inside = NULL;
}

unsigned netns_ifindex(const struct netns *s, const char *ifname, GError **error)
{
	unsigned ifindex = GPOINTER_TO_UINT(g_hash_table_lookup(s->ifindexes, ifname));

	if (ifindex == 0)
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "node '%s' has no interface '%s'",
			    s->node, ifname);
	return ifindex;
}

gboolean netns_name_interface(struct netns *s, const char *ifname, unsigned ifindex, GError **error)
{
	if (strlen(ifname) >= IFNAMSIZ || *ifname == '\0')
		return tb_error_set(error, TB_ERROR_INPUT,
				    "interface name '%s' is not 1 to %d characters long", ifname,
				    IFNAMSIZ - 1);
	g_hash_table_insert(s->ifindexes, g_strdup(ifname), GUINT_TO_POINTER(ifindex));
	return TRUE;
}

/* The cure for limits that only big labs reach; "" for other errors. */
static const char *limit_cure(int errno_value)
{
	if (errno_value == ENOSPC)
		return " (the limit is user.max_net_namespaces: raise it by sysctl)";
	if (errno_value == EMFILE || errno_value == ENFILE)
		return " (each node takes two descriptors: raise the limit by ulimit -n)";
	return "";
}

static gboolean do_netns(struct linux_backend *r, const struct op *op,
			 G_GNUC_UNUSED const struct op **failed, GError **error)
{
	struct netns *s;

	if (g_hash_table_contains(r->namespaces, op->node))
		return tb_error_set(error, TB_ERROR_FAILED, "node '%s' is there already", op->node);
	if (unshare(CLONE_NEWNET) != 0)
		return tb_error_set(error, errno == EPERM ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
				    "make a network namespace: %s%s", g_strerror(errno),
				    limit_cure(errno));
	s = g_new0(struct netns, 1);
	s->node = g_strdup(op->node);
	s->nft_socket = -1;
	s->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	s->ifindexes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->unsettled = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_hash_table_insert(s->ifindexes, g_strdup("lo"),
			    GUINT_TO_POINTER(1)); /* always the first of a namespace */
	g_hash_table_insert(r->namespaces, s->node, s);
	g_ptr_array_add(r->order, s);
	r->inside = s;
	if (s->fd < 0)
		return tb_error_set(error, TB_ERROR_FAILED, "open the namespace: %s%s",
				    g_strerror(errno), limit_cure(errno));
	s->queue = nl_queue_new(error);
	return s->queue != NULL;
}

static gboolean undo_netns(struct linux_backend *r, const struct op *op,
			   G_GNUC_UNUSED const struct op **failed, G_GNUC_UNUSED GError **error)
{
	struct netns *s = linux_netns(r, op->node, NULL);

	if (!s)
		return TRUE;
	netns_leave(r);
	g_ptr_array_remove(r->order, s);
	g_hash_table_remove(r->namespaces, op->node);
	return TRUE;
}

const struct op_row netns_row = {PHASE_NAMESPACES, .apply = do_netns, .undo = undo_netns};
