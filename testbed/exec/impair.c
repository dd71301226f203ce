/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Impairment of what leaves by an interface: its backends, best first; the first that works on
 * this host is used. */
#include "testbed/exec/impair.h"

#include "testbed/exec/impair_backend.h"
#include "testbed/exec/link.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

gboolean impair_fail_errno(GError **error, const char *what, const char *ifname)
{
	return tb_error_set(error, TB_ERROR_FAILED, "%s of '%s': %s", what, ifname,
			    g_strerror(errno));
}

gboolean impair_stop_offload(const char *ifname, GError **error)
{
	struct ethtool_value off = {.cmd = ETHTOOL_STXCSUM, .data = 0};
	struct ifreq request = {.ifr_data = (void *)&off};

	/* a device without this offload (a tunnel) has nothing to switch off */
	return link_ask(ifname, SIOCETHTOOL, &request) || errno == EOPNOTSUPP ||
	       impair_fail_errno(error, "switch off offloading", ifname);
}

static const struct impair_backend *const backends[] = {&impair_netem, &impair_link};

const char *impair_backend_name(const struct impair_backend *b)
{
	return b->name;
}

static const struct impair_backend *choose_backend(const struct linux_backend *r, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(backends); i++)
		if (backends[i]->works(&r->features))
			return backends[i];
	g_set_error(error, TB_ERROR, TB_ERROR_UNSUPPORTED,
		    "this host can impair no link: use a kernel with netem (modprobe sch_netem "
		    "sch_tbf) or with nftables' "
		    "egress hook (CONFIG_NETFILTER_EGRESS, CONFIG_NFT_FWD_NETDEV)");
	return NULL;
}

void impairs_init(struct linux_backend *r)
{
	r->impairs = g_ptr_array_new();
}

void impairs_clear(struct linux_backend *r)
{
	for (gsize i = 0; i < G_N_ELEMENTS(backends); i++)
		if (backends[i]->end)
			backends[i]->end(r);
	g_ptr_array_unref(r->impairs);
}

/* The interface must be there and carry packets first. */
static gboolean do_impair(struct linux_backend *r, const struct op *op,
			  G_GNUC_UNUSED const struct op **failed, GError **error)
{
	if (!linux_netns(r, op->node, error))
		return FALSE;
	g_ptr_array_add(r->impairs, (gpointer)(guintptr)op);
	return TRUE;
}

static gboolean finish_one(struct linux_backend *r, const struct op *op, GError **error)
{
	const struct impair_backend *b = choose_backend(r, error);
	struct netns *s = b ? linux_netns(r, op->node, error) : NULL;

	if (!s)
		return FALSE;
	r->impair_backend = b;
	return impairment_is_none(&op->impair.what) ? b->clear(r, s, op, error) :
						      b->set(r, s, op, error);
}

gboolean impairs_finish(struct linux_backend *r, const struct op **failed, GError **error)
{
	gboolean ok = TRUE;

	for (guint i = 0; ok && i < r->impairs->len; i++) {
		*failed = r->impairs->pdata[i];
		ok = finish_one(r, *failed, error);
	}
	g_ptr_array_set_size(r->impairs, 0);
	return ok;
}

static gboolean undo_impair(struct linux_backend *r, const struct op *op, const struct op **failed,
			    GError **error)
{
	const struct op none = {
		.kind = OP_IMPAIR, .node = op->node, .impair = {.ifname = op->impair.ifname}};
	struct netns *s = linux_netns(r, op->node, error);

	if (!s || !finish_one(r, &none, error))
		return FALSE;
	return !r->impair_backend->forget || r->impair_backend->forget(r, s, op, failed, error);
}

void impairs_put_losses(node_state *n, struct linux_backend *r, const struct netns *s)
{
	for (guint i = 0; r->impair_backend && i < n->links->len; i++) {
		struct kernel_link *link = &g_array_index(n->links, struct kernel_link, i);
		struct impair_counts c;

		if (r->impair_backend->counts(r, s, link, &c))
			link->losses = (struct link_losses){.told = true,
							    .packets = c.received,
							    .lost = c.lost,
							    .overflowed = c.overflowed};
	}
}

const struct op_row impair_row = {PHASE_NODES, .apply = do_impair, .undo = undo_impair};
