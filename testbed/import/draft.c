/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/draft.h"

#include <string.h>

/* Theory of operation.
 *
 * The parsers write what each text says into the facts of its node.  draft_fill then makes the
 * topology in passes over all nodes, because what one node says is often known only from another:
 *
 * 1. Addresses with a known prefix length, then those with a guessed one, which may be in a network
 * that another node knows.  Equal subnets become one network.  The same address on two nodes shows
 * two sites with the same subnet, so they become two networks marked reusable.  Then host addresses
 * (/32): they are on the wire of their gateway.  Last an address is chosen where only the subnet is
 * known.
 * 2. Routes, and the policy rules that lead to other tables than the main one.  The owner of a
 * gateway's address forwards.
 * 3. Candidates.  A reflexive address shows a NAT, a relayed one a TURN server: a node is added
 * unless an imported one has that address.
 *
 * What the input does not say is guessed and marked so in a comment of the YAML text.  What cannot
 * be used is left out with a warning. */

static const struct object_shape node_shape =
	OBJECT_SHAPE(draft_node, NULL, OWNS_TEXT(draft_node, name), OWNS_TEXT(draft_node, site),
		     OWNS_LIST(draft_node, ifaces, object_free),
		     OWNS_ARRAY(draft_node, routes, draft_route),
		     OWNS_ARRAY(draft_node, policy_routes, draft_route),
		     OWNS_ARRAY(draft_node, rules, draft_rule),
		     OWNS_LIST(draft_node, notes, g_free), OWNS_LIST(draft_node, more, g_free));
static const struct object_shape site_shape =
	OBJECT_SHAPE(draft_site, NULL, OWNS_TEXT(draft_site, name), OWNS_TEXT(draft_site, title));
static const struct object_shape draft_shape =
	OBJECT_SHAPE(draft, NULL, OWNS_LIST(draft, networks, object_free),
		     OWNS_LIST(draft, nodes, object_free), OWNS_LIST(draft, sites, object_free),
		     OWNS_ARRAY(draft, edges, edge_role),
		     OWNS_ARRAY(draft, front_ends, front_end_role));

struct draft_site *draft_site_new(const char *name, const char *title)
{
	struct draft_site *site = object_new(&site_shape);

	site->name = g_strdup(name);
	site->title = g_strdup(title);
	return site;
}

struct draft_node *draft_node_new(struct draft *t, const char *name)
{
	struct draft_node *node = object_new(&node_shape);
	bool taken = true;

	node->name = g_strdup(name);
	for (guint suffix = 2; taken; suffix++) {
		taken = false;
		for (guint k = 0; k < t->nodes->len; k++)
			taken = taken ||
				g_str_equal(((struct draft_node *)t->nodes->pdata[k])->name,
					    node->name);
		if (taken) {
			g_free(node->name);
			node->name = g_strdup_printf("%s-%u", name, suffix);
		}
	}
	g_ptr_array_add(t->nodes, node);
	return node;
}

bool draft_iface_has(const struct draft_iface *i, const struct addr *a)
{
	for (guint n = 0; n < i->addresses->len; n++) {
		if (addr_equal(&g_array_index(i->addresses, struct prefix, n).addr, a))
			return true;
	}
	return false;
}

struct draft_iface *draft_owner(const struct draft *t, const struct draft_network *n,
				const struct addr *a, struct draft_node **ret_node)
{
	ptr_array_foreach(struct draft_node, node, t->nodes) {
		ptr_array_foreach(struct draft_iface, iface, node->ifaces) {
			if ((n && iface->network != n) || !draft_iface_has(iface, a))
				continue;
			if (ret_node)
				*ret_node = node;
			return iface;
		}
	}
	return NULL;
}

static bool is_connected(const struct draft_iface *i, const struct addr *a)
{
	array_foreach(const struct prefix, p, i->addresses)
		if (prefix_contains(p, a))
			return true;
	return addr_is_set(a) && addr_equal(&i->peer, a);
}

struct draft_iface *draft_connected(const struct draft_node *node, const struct addr *a,
				    const char *source_name)
{
	struct draft_iface *any = NULL;

	ptr_array_foreach(struct draft_iface, i, node->ifaces) {
		if (!is_connected(i, a))
			continue;
		if (!source_name || g_str_equal(i->source_name, source_name))
			return i;
		any = any ? any : i;
	}
	return any;
}

struct draft_iface *draft_iface_on(const struct draft_node *node, const struct draft_network *n)
{
	ptr_array_foreach(struct draft_iface, i, node->ifaces) {
		if (i->network == n)
			return i;
	}
	return NULL;
}

bool draft_node_has(const struct draft_node *node, const struct addr *a)
{
	for (guint k = 0; k < node->ifaces->len; k++) {
		if (draft_iface_has(node->ifaces->pdata[k], a))
			return true;
	}
	return false;
}

bool draft_is_host(const struct prefix *p)
{
	struct prefix network = prefix_network(p);
	uint32_t address, mask;

	if (prefix_is_reserved(&network))
		return false;
	if (p->len + 1u >= addr_bits(&p->addr))
		return true; /* RFC 3021: links with two addresses */
	if (p->addr.family != AF_INET)
		return !addr_equal(&network.addr, &p->addr);
	mask = ~(uint32_t)0 >> p->len;
	memcpy(&address, p->addr.bytes, sizeof address);
	address = ntohl(address);
	return (address & mask) != 0 && (address & mask) != mask;
}

static bool is_gateway(const struct draft *t, const struct addr *a)
{
	ptr_array_foreach(const struct facts, f, t->all) {
		for (guint n = 0; n < f->routes->len; n++) {
			if (addr_equal(&((const struct fact_route *)f->routes->pdata[n])->via, a))
				return true;
		}
	}
	return false;
}

/* The last 16 bits of the address count; no more are looked through than are wanted. */
bool draft_free_address(const struct draft *t, const struct draft_network *n,
			const struct prefix *subnet, bool from_top, struct addr *ret)
{
	guint bytes = addr_bits(&subnet->addr) / 8, bits = addr_bits(&subnet->addr) - subnet->len;
	guint last = bits >= 16 ? 0xffff : (1u << bits) - 1;

	for (guint i = 0; i <= MIN(last, 300); i++) {
		guint host = from_top ? last - i : i;
		struct prefix p = {prefix_network(subnet).addr, subnet->len};

		p.addr.bytes[bytes - 2] |= (uint8_t)(host >> 8);
		p.addr.bytes[bytes - 1] |= (uint8_t)host;
		if (!draft_is_host(&p) || draft_owner(t, n, &p.addr, NULL) ||
		    is_gateway(t, &p.addr))
			continue;
		*ret = p.addr;
		return true;
	}
	return false;
}

/* A node without any address is left out, unless nothing would be left. */
static void drop_empty_nodes(struct draft *t)
{
	guint with = 0;

	for (guint k = 0; k < t->nodes->len; k++)
		with += ((const struct draft_node *)t->nodes->pdata[k])->ifaces->len > 0;
	for (guint k = t->nodes->len; k-- > 0;) {
		const struct draft_node *node = t->nodes->pdata[k];

		if (node->ifaces->len > 0)
			continue;
		diags_add(t->found, with > 0 ? DIAG_WARNING : DIAG_ERROR, node->facts->loc,
			  node->facts->ifaces->len > 0 ?
				  "its interfaces are left out, as the warnings say" :
				  "import its 'ip addr' or 'route print', too",
			  "the input has no address of '%s'%s", node->name,
			  with > 0 ? ": left out" : "");
		g_ptr_array_remove_index(t->nodes, k);
	}
}

/* Runs all passes. */
static void draft_fill(struct draft *t)
{
	guint imported;

	ptr_array_foreach(const struct facts, f, t->all) {
		struct draft_node *node = draft_node_new(t, f->node);

		node->facts = f;
		node->windows = f->windows;
		for (guint n = 0; n < f->notes->len; n++)
			g_ptr_array_add(node->notes, g_strdup(f->notes->pdata[n]));
	}
	draft_addresses(t);
	drop_empty_nodes(t);
	imported = t->nodes->len;
	for (guint k = 0; k < imported; k++) {
		draft_routes(t, t->nodes->pdata[k]);
		draft_policy_rules(t, t->nodes->pdata[k]);
	}
	for (guint k = 0; k < imported; k++)
		draft_nats(t, t->nodes->pdata[k],
			   ((const struct draft_node *)t->nodes->pdata[k])->facts);
	for (guint k = 0; k < t->all->len; k++)
		draft_relays(t, t->all->pdata[k]);
}

char *draft_topology(const GPtrArray *all, const struct deployment *deployment, const char *from,
		     bool complete, diags *d)
{
	struct draft *t = object_new(&draft_shape);
	char *text;

	t->found = d;
	t->all = all;
	t->deployment = deployment;
	t->complete = complete;
	draft_fill(t);
	if (t->nodes->len == 0 && !complete && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR, (struct loc){g_intern_string(from), 0, 0},
			  "import the servers' own exports, too, or use --complete",
			  "no machine has an address");
	draft_roles(t);
	if (complete && diags_errors(d) == 0)
		draft_complete(t);
	else
		draft_deployed_services(t);
	text = diags_errors(d) == 0 ? draft_write(t, from) : NULL;
	object_free(t);
	return text;
}
