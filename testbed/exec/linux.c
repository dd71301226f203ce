/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linux backend: each node is a network namespace held by a descriptor.
 *
 * The thread goes into a namespace for what can only be done inside: making it, opening its
 * sockets, writing its settings, loading rules for the first time.  Everything else goes through
 * sockets.
 */
#include "testbed/exec/impair.h"
#include "testbed/exec/impair_daemon.h"
#include "testbed/exec/link.h"
#include "testbed/exec/neighbours.h"
#include "testbed/exec/tunnel.h"
#include "testbed/exec/wireguard.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* --- operations ------------------------------------------------------------------------------- */

static const struct op_row *const rows[] = {
	[OP_NETNS] = &netns_row,     [OP_SYSCTL] = &sysctl_row, [OP_BRIDGE] = &bridge_row,
	[OP_VETH] = &veth_row,	     [OP_TUNNEL] = &tunnel_row, [OP_ADDR] = &addr_row,
	[OP_LINK_UP] = &link_up_row, [OP_ROUTE] = &route_row,	[OP_RULE] = &rule_row,
	[OP_IMPAIR] = &impair_row,   [OP_NFT] = &nft_row,
};
G_STATIC_ASSERT(G_N_ELEMENTS(rows) == OP_NFT + 1);

static gboolean queue_request(struct linux_backend *r, const struct op *op, bool add,
			      const struct op **failed, GError **error)
{
	const struct op_row *row = rows[op->kind];
	const struct netns *s = linux_netns(r, op->node, error);
	const char *device = s && row->device ? row->device(op) : NULL;
	unsigned ifindex = device ? netns_ifindex(s, device, add ? error : NULL) : 0;

	if (s && device && ifindex == 0)
		return !add;
	return s && nl_queue_add(s->queue, row->request(op, ifindex, add), op, failed, error);
}

static gboolean flush_queues(struct linux_backend *r, const struct op **failed, GError **error)
{
	ptr_array_foreach(struct netns, s, r->order)
		if (s->queue && !nl_queue_flush(s->queue, failed, error))
			return FALSE;
	return TRUE;
}

static gboolean change_phase(struct linux_backend *r, enum op_phase phase, const struct op **failed,
			     GError **error)
{
	enum op_phase before = r->phase;

	/* Settings that are written late (NAT timers) do not go through the queues: nothing to
	 * wait for. */
	if (phase == before || phase == PHASE_NAMESPACES)
		return TRUE;
	r->phase = phase;
	if (before == PHASE_NAMESPACES && r->plan && !tunnels_start(r, r->plan, failed, error))
		return FALSE;
	return flush_queues(r, failed, error) && links_raise(r, failed, error);
}

static gboolean linux_apply(exec *x, const struct op *op, const struct op **failed, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;

	if (op->kind > OP_NFT)
		return tb_error_set(error, TB_ERROR_FAILED, "not a network operation");
	return change_phase(r, rows[op->kind]->phase, failed, error) &&
	       (rows[op->kind]->request ? queue_request(r, op, true, failed, error) :
					  rows[op->kind]->apply(r, op, failed, error));
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
	       (neighbours_add(r, r->plan, failed, error) && flush_queues(r, failed, error));
}

/* --- taking back ------------------------------------------------------------------------------ */

static void set_forgiving(struct linux_backend *r, bool on)
{
	ptr_array_foreach(struct netns, s, r->order)
		if (s->queue)
			nl_queue_forgive(s->queue, on);
}

static gboolean linux_remove(exec *x, const struct op *op, GError **error)
{
	struct linux_backend *r = (struct linux_backend *)x;
	const struct op *failed = op;
	gboolean done;

	if (op->kind > OP_NFT)
		return tb_error_set(error, TB_ERROR_FAILED, "not a network operation");
	set_forgiving(r, true);
	done = rows[op->kind]->request ? queue_request(r, op, false, &failed, error) :
					 rows[op->kind]->undo(r, op, &failed, error);
	done = done && flush_queues(r, &failed, error);
	set_forgiving(r, r->forgiving);
	return done;
}

static void linux_forgive(exec *x, bool on)
{
	struct linux_backend *r = (struct linux_backend *)x;

	r->forgiving = on;
	set_forgiving(r, on);
}

/* --- the backend ------------------------------------------------------------------------------ */

static void linux_begin(exec *x, const plan *p)
{
	struct linux_backend *r = (struct linux_backend *)x;

	r->plan = p;
	r->phase = PHASE_NAMESPACES;
}

static void linux_leave(exec *x)
{
	struct linux_backend *r = (struct linux_backend *)x;

	r->plan = NULL;
	netns_leave(r);
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

/* --- its own processes ------------------------------------------------------------------------ */

#define IMPAIR_DAEMON_NAME "testbed-link"

/* `key` is "NODE/IFNAME". */
static char *tunnel_daemon_name(const char *key)
{
	g_auto(GStrv) parts = g_strsplit(key, "/", 2);

	return g_strdup_printf("%s/wireguard-go %s", parts[0], parts[1]);
}

static void linux_each_daemon(const exec *x, exec_daemon_func func, gpointer user_data)
{
	const struct linux_backend *r = (const struct linux_backend *)x;
	GPid carrier = impair_daemon_pid(r->impair_daemon);
	GHashTableIter iter;
	gpointer key, daemon;

	g_hash_table_iter_init(&iter, r->daemons);
	while (g_hash_table_iter_next(&iter, &key, &daemon)) {
		g_auto(GStrv) parts = g_strsplit(key, "/", 2);
		g_autofree char *name = tunnel_daemon_name(key);
		const struct exec_daemon d = {wireguard_daemon_pid(daemon), parts[0], name,
					      parts[1]};

		if (d.pid > 0)
			func(&d, user_data);
	}
	if (carrier > 0)
		func(&(const struct exec_daemon){carrier, NULL, IMPAIR_DAEMON_NAME, NULL},
		     user_data);
}

static char *linux_daemon_ended(exec *x, GPid pid)
{
	struct linux_backend *r = (struct linux_backend *)x;
	GHashTableIter iter;
	gpointer key, daemon;

	g_hash_table_iter_init(&iter, r->daemons);
	while (g_hash_table_iter_next(&iter, &key, &daemon))
		if (wireguard_daemon_ended(daemon, pid))
			return tunnel_daemon_name(key);
	return impair_daemon_ended(r->impair_daemon, pid) ? g_strdup(IMPAIR_DAEMON_NAME) : NULL;
}

static guint64 linux_ring_drops(const exec *x)
{
	return impair_daemon_lost(((const struct linux_backend *)x)->impair_daemon);
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
	.leave = linux_leave,
	.netns_fd = linux_netns_fd,
	.tunnel_backend = linux_tunnel_backend,
	.impair_backend = linux_impair_backend,
	.seed = linux_seed,
	.each_daemon = linux_each_daemon,
	.daemon_ended = linux_daemon_ended,
	.ring_drops = linux_ring_drops,
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
