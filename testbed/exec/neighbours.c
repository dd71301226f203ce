/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives routers and their clients each other's link addresses, in labs that are too big for ARP.
 *
 * The kernel's table of neighbours is one for all namespaces (gc_thresh3: 1024 entries by default).
 * When it is full, packets to a neighbour that is not in it are dropped.  Entries that were
 * learned elsewhere (NTF_EXT_LEARNED) do not count.  They are added as stale, so that the kernel
 * confirms them by ARP when they are used.
 */
#include "testbed/exec/neighbours.h"
#include "testbed/exec/link.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* So many entries are left to ARP: the table has room for several such labs. */
#define ASKED_MAX 200

struct port {
	const char *node;
	unsigned ifindex;
	char *segment; /* what it is connected to */
	GArray *own;   /* struct addr, IPv4 */
};

struct segments {
	struct linux_backend *backend;
	GHashTable *ports;   /* "NODE IFNAME" -> struct port */
	GHashTable *nodes;   /* node -> GPtrArray of its struct port, borrowed */
	GHashTable *holders; /* "SEGMENT ADDRESS" -> struct port, borrowed */
	guint routes;	     /* that have a gateway */
};

static const struct object_shape port_shape =
	OBJECT_SHAPE(port, NULL, OWNS_TEXT(port, segment), OWNS(port, own, g_array_unref));

static char *key_of(const char *a, const char *b)
{
	return g_strconcat(a, " ", b, NULL);
}

static char *holder_key(const char *segment, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	return key_of(segment, addr_print(a, text));
}

static void add_port(struct segments *t, const struct op_veth_end *end, const char *segment)
{
	struct port *p = object_new(&port_shape);
	GPtrArray *list = g_hash_table_lookup(t->nodes, end->node);

	p->node = end->node;
	p->ifindex = end->ifindex;
	p->segment = g_strdup(segment);
	p->own = g_array_new(FALSE, FALSE, sizeof(struct addr));
	g_hash_table_replace(t->ports, key_of(end->node, end->ifname), p);
	if (!list) {
		list = g_ptr_array_new();
		g_hash_table_insert(t->nodes, end->node, list);
	}
	g_ptr_array_add(list, p);
}

/* A bridge port belongs to the bridge's segment; any other pair is a segment of its own. */
static void take_veth(struct segments *t, const struct op *op)
{
	const struct op_veth_end *ends = op->veth;
	g_autofree char *segment = NULL;

	for (guint i = 0; i < 2 && !segment; i++)
		if (ends[i].bridge)
			segment = key_of(ends[i].node, ends[i].bridge);
	if (!segment)
		segment = g_strdup_printf("%u", ends[0].ifindex);
	for (guint i = 0; i < 2; i++)
		if (!ends[i].bridge)
			add_port(t, &ends[i], segment);
}

static void take_addr(struct segments *t, const struct op *op)
{
	g_autofree char *key = key_of(op->node, op->addr.ifname);
	struct port *p = g_hash_table_lookup(t->ports, key);

	if (!p || op->addr.address.addr.family != AF_INET)
		return;
	g_array_append_val(p->own, op->addr.address.addr);
	g_hash_table_replace(t->holders, holder_key(p->segment, &op->addr.address.addr), p);
}

static bool has_gateway(const struct op *op)
{
	return op->kind == OP_ROUTE && op->route.type == ROUTE_UNICAST &&
	       addr_is_set(&op->route.via) && op->route.via.family == AF_INET;
}

static gboolean add_neighbour(struct segments *t, const struct port *to, const struct addr *a,
			      const struct port *whose, const struct op **failed, GError **error)
{
	struct netns *s = linux_netns(t->backend, to->node, error);
	struct ndmsg header = {.ndm_family = AF_INET,
			       .ndm_ifindex = (int)to->ifindex,
			       .ndm_state = NUD_STALE,
			       .ndm_flags = NTF_EXT_LEARNED};
	guint8 mac[LINK_MAC_BYTES];
	struct nl_msg *msg;

	if (!s)
		return FALSE;
	link_mac(whose->ifindex, mac);
	msg = nl_request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof header);
	nl_put_addr(msg, NDA_DST, a);
	nl_put(msg, NDA_LLADDR, mac, sizeof mac);
	return nl_queue_add(s->queue, msg, NULL, failed, error);
}

/* The gateway to who uses it, and back. */
static gboolean add_gateway(struct segments *t, const struct op *op, const struct op **failed,
			    GError **error)
{
	const GPtrArray *own = g_hash_table_lookup(t->nodes, op->node);
	gboolean ok = TRUE;

	for (guint i = 0; own && ok && i < own->len; i++) {
		const struct port *p = own->pdata[i];
		g_autofree char *key = holder_key(p->segment, &op->route.via);
		const struct port *gateway = g_hash_table_lookup(t->holders, key);

		if (!gateway || gateway == p)
			continue;
		ok = add_neighbour(t, p, &op->route.via, gateway, failed, error);
		for (guint k = 0; ok && k < p->own->len; k++)
			ok = add_neighbour(t, gateway, &g_array_index(p->own, struct addr, k), p,
					   failed, error);
	}
	return ok;
}

static void take_all(struct segments *t, const plan *p)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_VETH)
			take_veth(t, op);
		else if (op->kind == OP_ADDR)
			take_addr(t, op);
		else if (has_gateway(op))
			t->routes++;
}

gboolean neighbours_add(struct linux_backend *r, const plan *p, const struct op **failed,
			GError **error)
{
	struct segments t = {
		.backend = r,
		.ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, object_free),
		.nodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					       (GDestroyNotify)g_ptr_array_unref),
		.holders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	gboolean ok = TRUE;

	take_all(&t, p);
	for (guint i = 0; ok && 2 * t.routes > ASKED_MAX && i < p->ops->len; i++)
		if (has_gateway(g_ptr_array_index(p->ops, i)))
			ok = add_gateway(&t, g_ptr_array_index(p->ops, i), failed, error);
	g_hash_table_unref(t.holders);
	g_hash_table_unref(t.nodes);
	g_hash_table_unref(t.ports);
	return ok;
}
