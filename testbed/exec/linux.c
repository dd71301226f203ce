/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linux room: each node is a network namespace held by a descriptor.
 *
 * The thread goes into a namespace for what can only be done inside: making it, opening its
 * sockets, writing its settings, loading rules for the first time.  Everything else goes through
 * sockets.
 */
#include "testbed/exec/linux.h"

#include "testbed/exec/wireguard.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

/* --- namespaces ------------------------------------------------------------------------------- */

static void netns_free(gpointer data)
{
	struct netns *s = data;

	g_clear_pointer(&s->queue, nl_queue_free);
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
	if (setns(s->fd, CLONE_NEWNET) != 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "enter the namespace of '%s': %s",
			    s->node, g_strerror(errno));
		return FALSE;
	}
	r->inside = s;
	return TRUE;
}

static void netns_leave(exec *x)
{
	struct linux_backend *r = (struct linux_backend *)x;

	r->plan = NULL;
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
	if (strlen(ifname) >= IFNAMSIZ || *ifname == '\0') {
		g_set_error(error, TB_ERROR, TB_ERROR_INPUT,
			    "interface name '%s' is not 1 to %d characters long", ifname,
			    IFNAMSIZ - 1);
		return FALSE;
	}
	g_hash_table_insert(s->ifindexes, g_strdup(ifname), GUINT_TO_POINTER(ifindex));
	return TRUE;
}

/* What to do about limits that only big labs meet; "" for other errors. */
static const char *limit_cure(int errno_value)
{
	if (errno_value == ENOSPC)
		return " (the limit is user.max_net_namespaces: raise it by sysctl)";
	if (errno_value == EMFILE || errno_value == ENFILE)
		return " (each node takes two descriptors: raise the limit by ulimit -n)";
	return "";
}

gboolean do_netns(struct linux_backend *r, const struct op *op, const struct op **failed,
		  GError **error)
{
	struct netns *s;

	(void)failed;
	if (g_hash_table_contains(r->namespaces, op->node)) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "node '%s' is there already",
			    op->node);
		return FALSE;
	}
	if (unshare(CLONE_NEWNET) != 0) {
		g_set_error(error, TB_ERROR,
			    errno == EPERM ? TB_ERROR_UNSUPPORTED : TB_ERROR_FAILED,
			    "make a network namespace: %s%s", g_strerror(errno), limit_cure(errno));
		return FALSE;
	}
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
	if (s->fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "open the namespace: %s%s",
			    g_strerror(errno), limit_cure(errno));
		return FALSE;
	}
	s->queue = nl_queue_new(error);
	return s->queue != NULL;
}

/* --- operations ------------------------------------------------------------------------------- */

/* Requests of one phase are in no order between nodes; a new phase waits for the one before.
 * Bridges must be there before their ports, links before anything is said about them. */
enum phase { PHASE_NAMESPACES, PHASE_BRIDGES, PHASE_CABLES, PHASE_NODES };

static const struct {
	enum phase phase;
	op_func apply;
} handlers[] = {
	[OP_NETNS] = {PHASE_NAMESPACES, do_netns}, [OP_SYSCTL] = {PHASE_NAMESPACES, do_sysctl},
	[OP_BRIDGE] = {PHASE_BRIDGES, do_bridge},  [OP_VETH] = {PHASE_CABLES, do_veth},
	[OP_TUNNEL] = {PHASE_NODES, do_tunnel},	   [OP_ADDR] = {PHASE_NODES, do_addr},
	[OP_LINK_UP] = {PHASE_NODES, do_link_up},  [OP_ROUTE] = {PHASE_NODES, do_route},
	[OP_RULE] = {PHASE_NODES, do_rule},	   [OP_IMPAIR] = {PHASE_NODES, do_impair},
	[OP_NFT] = {PHASE_NODES, do_nft},
};
G_STATIC_ASSERT(G_N_ELEMENTS(handlers) == OP_NFT + 1);

static gboolean flush_queues(struct linux_backend *r, const struct op **failed, GError **error)
{
	for (guint i = 0; i < r->order->len; i++) {
		struct netns *s = r->order->pdata[i];

		if (s->queue && !nl_queue_flush(s->queue, failed, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean change_phase(struct linux_backend *r, enum phase phase, const struct op **failed,
			     GError **error)
{
	enum phase before = (enum phase)r->phase;

	/* Settings written late (NAT timers) are no reason to wait: they pass by the queues. */
	if (phase == before || phase == PHASE_NAMESPACES)
		return TRUE;
	r->phase = (int)phase;
	if (before == PHASE_NAMESPACES && r->plan && !tunnels_start(r, r->plan, failed, error))
		return FALSE;
	return flush_queues(r, failed, error) && links_raise(r, failed, error);
}

static gboolean linux_apply(exec *x, const struct op *op, const struct op **failed, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;

	if (op->kind > OP_NFT) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "not a network operation");
		return FALSE;
	}
	return change_phase(r, handlers[op->kind].phase, failed, error) &&
	       handlers[op->kind].apply(r, op, failed, error);
}

static gboolean linux_flush(exec *x, const struct op **failed, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;

	if (!flush_queues(r, failed, error))
		return FALSE;
	if (r->raise->len > 0 && !(links_raise(r, failed, error) && flush_queues(r, failed, error)))
		return FALSE;
	if (!links_settle(r, error) || !tunnels_finish(r, failed, error) ||
	    !impairs_finish(r, failed, error))
		return FALSE;
	return !r->plan ||
	       (neighbours_tell(r, r->plan, failed, error) && flush_queues(r, failed, error));
}

/* --- taking back ------------------------------------------------------------------------------ */

static gboolean undo_netns(struct linux_backend *r, const struct op *op, const struct op **failed,
			   GError **error)
{
	struct netns *s = linux_netns(r, op->node, NULL);

	(void)failed;
	(void)error;
	if (!s)
		return TRUE;
	netns_leave(&r->base);
	g_ptr_array_remove(r->order, s);
	g_hash_table_remove(r->namespaces, op->node);
	return TRUE;
}

static const op_func undoers[] = {
	[OP_NETNS] = undo_netns,     [OP_SYSCTL] = undo_sysctl, [OP_BRIDGE] = undo_bridge,
	[OP_VETH] = undo_veth,	     [OP_TUNNEL] = undo_tunnel, [OP_ADDR] = undo_addr,
	[OP_LINK_UP] = undo_link_up, [OP_ROUTE] = undo_route,	[OP_RULE] = undo_rule,
	[OP_IMPAIR] = undo_impair,   [OP_NFT] = undo_nft,
};
G_STATIC_ASSERT(G_N_ELEMENTS(undoers) == OP_NFT + 1);

static void set_forgiving(struct linux_backend *r, bool on)
{
	for (guint i = 0; i < r->order->len; i++) {
		struct netns *s = r->order->pdata[i];

		if (s->queue)
			nl_queue_forgive(s->queue, on);
	}
}

static gboolean linux_remove(exec *x, const struct op *op, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;
	const struct op *failed = op;
	gboolean done;

	if (op->kind > OP_NFT) {
		g_set_error(error, TB_ERROR, TB_ERROR_FAILED, "not a network operation");
		return FALSE;
	}
	set_forgiving(r, true);
	done = undoers[op->kind](r, op, &failed, error) && flush_queues(r, &failed, error);
	set_forgiving(r, r->forgiving);
	return done;
}

static void linux_forgive(exec *x, bool on)
{
	struct linux_backend *r = (struct linux_backend *)x;

	r->forgiving = on;
	set_forgiving(r, on);
}

/* --- the room --------------------------------------------------------------------------------- */

static void linux_begin(exec *x, const plan *p)
{
	struct linux_backend *r = (struct linux_backend *)x;

	r->plan = p;
	r->phase = PHASE_NAMESPACES;
}

static int linux_netns_fd(const exec *x, const char *node)
{
	const struct linux_backend *r = (const struct linux_backend *)x;
	const struct netns *s = g_hash_table_lookup(r->namespaces, node);

	return s ? s->fd : -1;
}

static const char *linux_tunnel_backend(const exec *x)
{
	const struct linux_backend *r = (const struct linux_backend *)x;

	return r->tunnel_backend ? tunnel_backend_name(r->tunnel_backend) : NULL;
}

static void linux_seed(exec *x, guint64 seed)
{
	((struct linux_backend *)x)->seed = seed;
}

static const char *linux_impair_backend(const exec *x)
{
	const struct linux_backend *r = (const struct linux_backend *)x;

	return r->impair_backend ? impair_backend_name(r->impair_backend) : NULL;
}

static void linux_free(exec *x)
{
	struct linux_backend *r = (struct linux_backend *)x;

	impairs_clear(r);
	g_hash_table_unref(r->settings);
	g_hash_table_unref(r->daemons);
	g_ptr_array_unref(r->unfinished);
	g_ptr_array_unref(r->raise);
	g_hash_table_unref(r->namespaces);
	g_ptr_array_unref(r->order);
	if (r->home_fd >= 0)
		close(r->home_fd);
	if (r->reserve_fd >= 0)
		close(r->reserve_fd);
	g_free(r);
}

static const struct exec_backend linux_ops = {
	.begin = linux_begin,
	.apply = linux_apply,
	.remove = linux_remove,
	.forgive = linux_forgive,
	.flush = linux_flush,
	.leave = netns_leave,
	.netns_fd = linux_netns_fd,
	.tunnel_backend = linux_tunnel_backend,
	.impair_backend = linux_impair_backend,
	.seed = linux_seed,
	.free = linux_free,
};

exec *exec_new_linux(const struct exec_features *features, exec_key_func keys, gpointer user_data,
		     GError **error)
{
	int home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct linux_backend *r;

	if (home_fd < 0) {
		g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED,
			    "open /proc/thread-self/ns/net: %s", g_strerror(errno));
		return NULL;
	}
	r = g_new0(struct linux_backend, 1);
	r->base.backend = &linux_ops;
	r->features = *features;
	r->features.missing = NULL;
	r->keys = keys;
	r->keys_data = user_data;
	r->home_fd = home_fd;
	r->reserve_fd = fcntl(home_fd, F_DUPFD_CLOEXEC, 0);
	r->namespaces = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, netns_free);
	r->order = g_ptr_array_new();
	r->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->raise = g_ptr_array_new();
	r->seed = (guint64)g_random_int() << 32 | g_random_int();
	impairs_init(r);
	r->unfinished = g_ptr_array_new();
	r->daemons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wireguard_daemon_free);
	return &r->base;
}
