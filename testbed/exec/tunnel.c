/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels: for each kind its backends, best first; the first that works on this host is used.
 *
 * A backend has up to three steps: `start` before the first operation, for what takes long; `make`
 * in the plan's order, after which the interface exists; `finish` when everything is made.
 */
#include "testbed/exec/tunnel.h"
#include "testbed/exec/link.h"

#include "testbed/exec/wireguard.h"

#include <linux/if_link.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/ioctl.h>

struct tunnel_backend {
	const char *name;
	enum tunnel_kind device; /* of the kernel, for device_make */
	gsize feature; /* of this host, that it needs: its place in struct exec_features */
	gboolean (*start)(struct linux_backend *r, struct netns *s, const struct op *op,
			  GError **error);
	gboolean (*make)(struct linux_backend *r, struct netns *s, const struct op *op,
			 const struct op **failed, GError **error);
	gboolean (*finish)(struct linux_backend *r, struct netns *s, const struct op *op,
			   GError **error);
};

const char *tunnel_backend_name(const struct tunnel_backend *b)
{
	return b->name;
}

/* --- devices of the kernel -------------------------------------------------------------------- */

/* In place of WireGuard it has the same packet size and port, so that firewall rules and sizes
 * stay right. */
static gboolean device_make(struct linux_backend *r, struct netns *s, const struct op *op,
			    const struct op **failed, GError **error)
{
	return netns_name_interface(s, op->tunnel.ifname, op->tunnel.ifindex, error) &&
	       nl_queue_add(s->queue, link_tunnel_request(r->tunnel_backend->device, &op->tunnel),
			    op, failed, error);
}

static gboolean wireguard_finish(struct linux_backend *r, struct netns *s, const struct op *op,
				 GError **error)
{
	return wireguard_set_by_tool(r, s, &op->tunnel, error);
}

/* --- wireguard-go ----------------------------------------------------------------------------- */

static struct wireguard_daemon *find_daemon(struct linux_backend *r, const struct op *op)
{
	g_autofree char *key = g_strdup_printf("%s/%s", op->node, op->tunnel.ifname);

	return g_hash_table_lookup(r->daemons, key);
}

static gboolean wireguard_go_start(struct linux_backend *r, struct netns *s, const struct op *op,
				   GError **error)
{
	struct wireguard_daemon *d;

	if (find_daemon(r, op))
		return TRUE;
	d = wireguard_daemon_new(s, op->tunnel.ifname, error);
	if (d)
		g_hash_table_insert(r->daemons,
				    g_strdup_printf("%s/%s", op->node, op->tunnel.ifname), d);
	return d != NULL;
}

/* What the daemon has not read yet waits in the device: for as long as a busy machine stops it. */
#define TUN_QUEUE_PACKETS 8192

static struct nl_msg *tun_request(unsigned ifindex, unsigned mtu_bytes)
{
	struct nl_msg *msg = link_mtu_request(ifindex, mtu_bytes);

	nl_put_u32(msg, IFLA_TXQLEN, TUN_QUEUE_PACKETS);
	return msg;
}

/* Once the configuration is answered the interface exists; the kernel chooses its number. */
static gboolean wireguard_go_make(struct linux_backend *r, struct netns *s, const struct op *op,
				  const struct op **failed, GError **error)
{
	g_autofree char *configuration = wireguard_configuration(r, &op->tunnel, error);
	unsigned ifindex;

	if (!configuration || !wireguard_go_start(r, s, op, error) ||
	    !wireguard_daemon_configure(find_daemon(r, op), configuration, error) ||
	    !netns_enter(r, s, error))
		return FALSE;
	ifindex = if_nametoindex(op->tunnel.ifname);
	if (ifindex == 0)
		return tb_error_set(error, TB_ERROR_FAILED, "wireguard-go made no interface '%s'",
				    op->tunnel.ifname);
	return netns_name_interface(s, op->tunnel.ifname, ifindex, error) &&
	       nl_queue_add(s->queue, tun_request(ifindex, op_tunnel_mtu_bytes(&op->tunnel)), op,
			    failed, error);
}

static gboolean wireguard_go_finish(struct linux_backend *r, struct netns *s, const struct op *op,
				    GError **error)
{
	if (!netns_enter(r, s, error))
		return FALSE;
	/* a tunnel that is declared down does not come up */
	return !link_is_up(op->tunnel.ifname) ||
	       wireguard_daemon_wait_up(find_daemon(r, op), error);
}

/* --- kinds and their ways --------------------------------------------------------------------- */

#define NEEDS(name) offsetof(struct exec_features, name)
static const struct tunnel_backend wireguard = {"wireguard", TUNNEL_WIREGUARD, NEEDS(wireguard),
						NULL,	     device_make,      wireguard_finish};
static const struct tunnel_backend wireguard_go = {"wireguard-go",	TUNNEL_WIREGUARD,
						   NEEDS(wireguard_go), wireguard_go_start,
						   wireguard_go_make,	wireguard_go_finish};
static const struct tunnel_backend vxlan = {"vxlan", TUNNEL_VXLAN, NEEDS(vxlan),
					    NULL,    device_make,  NULL};
static const struct tunnel_backend gre = {"gre", TUNNEL_GRE, NEEDS(gre), NULL, device_make, NULL};
static const struct tunnel_backend ipip = {"ipip", TUNNEL_IPIP, NEEDS(ipip),
					   NULL,   device_make, NULL};

#define MAX_WAYS 3
static const struct tunnel_backend *const ways[][MAX_WAYS] = {
	[TUNNEL_WIREGUARD] = {&wireguard, &wireguard_go, &vxlan},
	[TUNNEL_VXLAN] = {&vxlan},
	[TUNNEL_GRE] = {&gre},
	[TUNNEL_IPIP] = {&ipip},
};
G_STATIC_ASSERT(G_N_ELEMENTS(ways) == TUNNEL_KIND_COUNT);

static const struct tunnel_backend *choose_backend(const struct linux_backend *r,
						   const struct op *op, GError **error)
{
	for (int i = 0; i < MAX_WAYS && ways[op->tunnel.kind][i]; i++) {
		const struct tunnel_backend *b = ways[op->tunnel.kind][i];

		if (*(const bool *)((const char *)&r->features + b->feature))
			return b;
	}
	g_set_error(
		error, TB_ERROR, TB_ERROR_UNSUPPORTED,
		"this host can make no '%s' tunnel: use a kernel with that device, or another kind",
		tunnel_kind_name(op->tunnel.kind));
	return NULL;
}

gboolean tunnels_start(struct linux_backend *r, const plan *p, const struct op **failed,
		       GError **error)
{
	ptr_array_foreach(const struct op, op, p->ops) {
		const struct tunnel_backend *b;
		struct netns *s;

		if (op->kind != OP_TUNNEL)
			continue;
		*failed = op;
		b = choose_backend(r, op, error);
		s = b ? linux_netns(r, op->node, error) : NULL;
		if (!s || (b->start && !b->start(r, s, op, error)))
			return FALSE;
	}
	return TRUE;
}

static gboolean do_tunnel(struct linux_backend *r, const struct op *op, const struct op **failed,
			  GError **error)
{
	const struct tunnel_backend *b = choose_backend(r, op, error);
	struct netns *s = b ? linux_netns(r, op->node, error) : NULL;

	if (!s)
		return FALSE;
	r->tunnel_backend = b;
	if (b->finish)
		g_ptr_array_add(r->unfinished, (gpointer)(guintptr)op);
	return b->make(r, s, op, failed, error);
}

/* A daemon takes its interface with it. */
static gboolean undo_tunnel(struct linux_backend *r, const struct op *op, const struct op **failed,
			    GError **error)
{
	struct netns *s = linux_netns(r, op->node, error);
	g_autofree char *key = g_strdup_printf("%s/%s", op->node, op->tunnel.ifname);

	if (!s)
		return FALSE;
	if (!g_hash_table_remove(r->daemons, key))
		return link_remove(s, op->tunnel.ifname, op, failed, error);
	g_hash_table_remove(s->ifindexes, op->tunnel.ifname);
	return TRUE;
}

const struct op_row tunnel_row = {PHASE_NODES, .apply = do_tunnel, .undo = undo_tunnel};

gboolean tunnels_finish(struct linux_backend *r, const struct op **failed, GError **error)
{
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < r->unfinished->len; i++) {
		const struct op *op = r->unfinished->pdata[i];
		const struct tunnel_backend *b = choose_backend(r, op, error);
		struct netns *s = linux_netns(r, op->node, error);

		*failed = op;
		ok = b->finish(r, s, op, error);
	}
	g_ptr_array_set_size(r->unfinished, 0);
	return ok;
}
