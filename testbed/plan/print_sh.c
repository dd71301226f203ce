/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan as a POSIX shell script of ip and nft commands, for people and for reproduction.
 *
 * The script builds the network in named namespaces PREFIX-NODE (default prefix "tb") and removes
 * it with the argument `down`.  It starts no program: files and processes are comments.  A
 * WireGuard tunnel becomes VXLAN where the kernel's module or the `wg` program is missing.
 */
#include "testbed/plan/print.h"

#include <string.h>

/* Whether the plan has a WireGuard tunnel, which needs keys. */
static bool has_wireguard(const plan *p)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_TUNNEL && op->tunnel.kind == TUNNEL_WIREGUARD)
			return true;
	return false;
}

/* Appends the shell variable `nodes` with the names of all namespaces. */
static void put_nodes(const plan *p, GString *out)
{
	g_string_append(out, "nodes='");
	for (guint i = 0; i < p->ops->len; i++) {
		const struct op *op = p->ops->pdata[i];

		if (op->kind == OP_NETNS)
			g_string_append_printf(out, "%s%s", i > 0 ? " " : "", op->node);
	}
	g_string_append(out, "'\n");
}

/* Appends the shell function `key` and the variable `wireguard` (yes, no).  Keys are files of a
 * temporary directory that the script removes at its end. */
static void put_wireguard_head(GString *out)
{
	g_string_append(
		out,
		"keys=$(mktemp -d)\n"
		"key() { test -f \"$keys/$1\" || (umask 077 && wg genkey > \"$keys/$1\"); echo "
		"\"$keys/$1\"; }\n"
		"wireguard=no\n"
		"if command -v wg >/dev/null && ip netns add \"$prefix-probe\"; then\n"
		"\tip -n \"$prefix-probe\" link add wg0 type wireguard 2>/dev/null && "
		"wireguard=yes\n"
		"\tip netns del \"$prefix-probe\"\n"
		"fi\n");
}

/* Appends the start of the script: prefix, `down`, and the clean-up after an error. */
static void put_head(const plan *p, GString *out)
{
	g_string_append(out, "#!/bin/sh\n"
			     "# usage: sh SCRIPT [up|down]   as root; the namespaces are named "
			     "${PREFIX:-tb}-NODE\n"
			     "set -eu\n"
			     "prefix=${PREFIX:-tb}\n"
			     "keys=\n");
	put_nodes(p, out);
	g_string_append(out, "down() {\n"
			     "\tfor node in $nodes; do\n"
			     "\t\tip netns del \"$prefix-$node\" 2>/dev/null || true\n"
			     "\tdone\n"
			     "}\n"
			     "if [ \"${1:-up}\" = down ]; then\n"
			     "\tdown\n"
			     "\texit 0\n"
			     "fi\n"
			     "finish() {\n"
			     "\tstatus=$?\n"
			     "\ttest -z \"$keys\" || rm -rf \"$keys\"\n"
			     "\ttest $status -eq 0 || down\n"
			     "\texit $status\n"
			     "}\n"
			     "trap finish EXIT\n");
	if (has_wireguard(p))
		put_wireguard_head(out);
	g_string_append_c(out, '\n');
}

static void put_veth(const struct op *op, GString *out)
{
	const struct op_veth_end *a = &op->veth[0], *b = &op->veth[1];

	/* Interface numbers are unique over all namespaces, or carrier may come up to a second
	 * late. */
	g_string_append_printf(out,
			       "ip link add name '%s' index %u netns \"$prefix-%s\" type veth peer "
			       "name '%s' index %u netns "
			       "\"$prefix-%s\"\n",
			       a->ifname, a->ifindex, a->node, b->ifname, b->ifindex, b->node);
	for (int i = 0; i < 2; i++) {
		const struct op_veth_end *end = &op->veth[i];

		if (end->mtu_bytes > 0)
			g_string_append_printf(out,
					       "ip -n \"$prefix-%s\" link set dev '%s' mtu %u\n",
					       end->node, end->ifname, end->mtu_bytes);
		if (end->bridge)
			g_string_append_printf(
				out, "ip -n \"$prefix-%s\" link set dev '%s' master '%s'\n",
				end->node, end->ifname, end->bridge);
		if (end->up)
			g_string_append_printf(out, "ip -n \"$prefix-%s\" link set dev '%s' up\n",
					       end->node, end->ifname);
	}
}

/* --- tunnels ---------------------------------------------------------------------------------- */

static void put_vxlan(const struct op *op, GString *out)
{
	const struct op_tunnel *t = &op->tunnel;
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];

	g_string_append_printf(out,
			       "ip -n \"$prefix-%s\" link add name '%s' index %u mtu %u type vxlan "
			       "id %u local %s remote %s "
			       "dstport %u nolearning\n",
			       op->node, t->ifname, t->ifindex, op_tunnel_mtu_bytes(t), t->vni,
			       addr_print(&t->local, local), addr_print(&t->remote, remote),
			       t->port);
}

/* Appends the shell words for the file of the key "TUNNEL/NODE". */
static void put_key_file(const char *name, GString *out)
{
	g_autofree char *file = g_strdelimit(g_strdup(name), "/", '.');

	g_string_append_printf(out, "\"$(key '%s')\"", file);
}

/* Appends a WireGuard tunnel's end, or the VXLAN that takes its place on hosts without it. */
static void put_wireguard(const struct op *op, GString *out)
{
	const struct op_tunnel *t = &op->tunnel;
	char text[PREFIX_TEXT_MAX], remote[ADDR_PORT_TEXT_MAX];

	g_string_append_printf(
		out,
		"if [ $wireguard = yes ]; then\n"
		"ip -n \"$prefix-%s\" link add name '%s' index %u mtu %u type wireguard\n"
		"ip netns exec \"$prefix-%s\" wg set '%s' private-key ",
		op->node, t->ifname, t->ifindex, op_tunnel_mtu_bytes(t), op->node, t->ifname);
	put_key_file(t->key_local, out);
	g_string_append_printf(out, " listen-port %u peer \"$(wg pubkey < ", t->port);
	put_key_file(t->key_remote, out);
	g_string_append_printf(out, ")\" endpoint %s allowed-ips '",
			       addr_port_print(&t->remote, t->port, remote));
	for (guint i = 0; i < t->allowed->len; i++)
		g_string_append_printf(out, "%s%s", i > 0 ? "," : "",
				       prefix_print(&g_array_index(t->allowed, struct prefix, i),
						    text));
	g_string_append(out, "'\nelse\n");
	put_vxlan(op, out);
	g_string_append(out, "fi\n");
}

/* Appends the end of a GRE or IP-in-IP tunnel. */
static void put_ip_tunnel(const struct op *op, GString *out)
{
	const struct op_tunnel *t = &op->tunnel;
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];

	g_string_append_printf(out, "ip -n \"$prefix-%s\" link add name '%s' index %u ", op->node,
			       t->ifname, t->ifindex);
	if (t->mtu_bytes > 0)
		g_string_append_printf(out, "mtu %u ", t->mtu_bytes);
	g_string_append_printf(out, "type %s local %s remote %s ttl 64",
			       op_tunnel_device(t->kind, t->remote.family),
			       addr_print(&t->local, local), addr_print(&t->remote, remote));
	if (t->remote.family == AF_INET6)
		g_string_append(out, " encaplimit none");
	else if (t->kind == TUNNEL_IPIP)
		g_string_append(out, " mode ipip"); /* ip's own default carries MPLS, too */
	if (t->kind == TUNNEL_GRE)
		g_string_append_printf(out, " key %u", t->vni);
	g_string_append_c(out, '\n');
}

static void put_tunnel(const struct op *op, GString *out)
{
	switch (op->tunnel.kind) {
	case TUNNEL_WIREGUARD:
		put_wireguard(op, out);
		break;
	case TUNNEL_VXLAN:
		put_vxlan(op, out);
		break;
	case TUNNEL_GRE:
	case TUNNEL_IPIP:
		put_ip_tunnel(op, out);
		break;
	case TUNNEL_KIND_COUNT:
		break;
	}
}

/* --- what one `ip -batch` does for each node -------------------------------------------------- */

/* With a peer, the length is the peer's. */
static void put_address_line(const struct op *op, GString *out)
{
	char text[PREFIX_TEXT_MAX], peer[ADDR_TEXT_MAX];
	const struct prefix *p = &op->addr.address;

	if (addr_is_set(&op->addr.peer))
		g_string_append_printf(out, "address add %s peer %s/%u", addr_print(&p->addr, text),
				       addr_print(&op->addr.peer, peer), p->len);
	else
		g_string_append_printf(out, "address add %s", prefix_print(p, text));
	g_string_append_printf(out, " dev %s%s\n", op->addr.ifname,
			       p->addr.family == AF_INET6 ? " nodad" : "");
}

static void put_route_line(const struct op_route *r, GString *out)
{
	char text[PREFIX_TEXT_MAX];

	g_string_append(out, "route add ");
	if (r->type != ROUTE_UNICAST)
		g_string_append_printf(out, "%s ", route_type_name(r->type));
	g_string_append(out, prefix_print(&r->to, text));
	put_route_words(r, out);
	g_string_append_printf(out, " table %u proto static\n", r->table);
}

/* Appends the operation as lines of `ip -batch`.  Returns false, and appends nothing, for one that
 * such lines can't express. */
static bool put_batch_line(const struct op *op, GString *out)
{

	switch (op->kind) {
	case OP_BRIDGE:
		g_string_append_printf(out,
				       "link add name %s index %u type bridge mcast_snooping "
				       "0\nlink set dev %s up\n",
				       op->bridge.ifname, op->bridge.ifindex, op->bridge.ifname);
		return true;
	case OP_ADDR:
		put_address_line(op, out);
		return true;
	case OP_LINK_UP:
		g_string_append_printf(out, "link set dev %s up\n", op->link_up.ifname);
		return true;
	case OP_ROUTE:
		put_route_line(&op->route, out);
		return true;
	case OP_RULE:
		if (op->rule.from.addr.family == AF_INET6)
			return false; /* a line of a batch can't name the family */
		g_string_append(out, "rule add");
		put_rule_words(&op->rule, out);
		g_string_append_c(out, '\n');
		return true;
	case OP_NETNS:
	case OP_SYSCTL:
	case OP_VETH:
	case OP_TUNNEL:
	case OP_IMPAIR:
	case OP_NFT:
	case OP_FILE:
	case OP_DAEMON:
	case OP_AGENT:
	case OP_KIND_COUNT:
		break;
	}
	return false;
}

/* Appends a kernel setting as a shell line; false: the operation is none.  A setting that does not
 * exist is skipped, because then the kernel has no such part to configure. */
static bool put_sysctl_line(const struct op *op, GString *out)
{
	g_autofree char *path = NULL;

	if (op->kind != OP_SYSCTL)
		return false;
	path = g_strdelimit(g_strdup(op->sysctl.key), ".", '/');
	/* Not there: nor is the kernel part that it would turn off. */
	g_string_append_printf(out, "[ ! -e '/proc/sys/%s' ] || echo '%s' > '/proc/sys/%s'\n", path,
			       op->sysctl.value, path);
	return true;
}

/* Appends one command (BEFORE NAMESPACE AFTER) that reads lines from a here-document: those of the
 * operations from `first` on, as far as they belong to one node and `line` can express them.
 * Returns how many operations that were. */
static guint put_group(const plan *p, guint first, bool (*line)(const struct op *, GString *),
		       const char *before, const char *after, GString *out)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	const struct op *head = p->ops->pdata[first];
	guint n = 0;

	while (first + n < p->ops->len) {
		const struct op *op = p->ops->pdata[first + n];

		if (!g_str_equal(op->node, head->node) || !line(op, lines))
			break;
		n++;
	}
	if (n > 0) {
		g_string_append_printf(out, "%s \"$prefix-%s\" %s <<'END'\n%sEND\n", before,
				       head->node, after, lines->str);
	}
	return n;
}

/* Appends netem, and a token bucket for the rate: the same as exec makes. */
static void put_impairment(const struct op *op, GString *out)
{
	const struct impairment *i = &op->impair.what;

	g_string_append_printf(
		out, "tc -n \"$prefix-%s\" qdisc replace dev %s root handle 1: netem limit 100000",
		op->node, op->impair.ifname);
	if (i->delay_us > 0)
		g_string_append_printf(out, " delay %uus %uus", i->delay_us, i->jitter_us);
	if (i->jitter_us > 0 && i->shape == JITTER_NORMAL)
		g_string_append(out, " distribution normal");
	if (i->loss_pct > 0 && i->burst_packets > 0)
		g_string_append_printf(out, " loss gemodel %g%% %g%%",
				       impairment_burst_start_pct(i), 100.0 / i->burst_packets);
	else if (i->loss_pct > 0)
		g_string_append_printf(out, " loss %g%%", i->loss_pct);
	if (i->duplicate_pct > 0)
		g_string_append_printf(out, " duplicate %g%%", i->duplicate_pct);
	if (i->reorder_pct > 0)
		g_string_append_printf(out, " reorder %g%%", i->reorder_pct);
	g_string_append_c(out, '\n');
	if (i->rate_kbit > 0)
		g_string_append_printf(out,
				       "tc -n \"$prefix-%s\" qdisc replace dev %s parent 1: tbf "
				       "rate %ukbit burst 1600b limit %" G_GUINT64_FORMAT "b\n",
				       op->node, op->impair.ifname, i->rate_kbit,
				       impairment_queue_bytes(i));
}

/* Appends an operation that needs commands of its own; files and processes as a comment. */
static void put_single(const struct op *op, GString *out)
{
	switch (op->kind) {
	case OP_NETNS:
		g_string_append_printf(out, "ip netns add \"$prefix-%s\"\n", op->node);
		break;
	case OP_VETH:
		put_veth(op, out);
		break;
	case OP_TUNNEL:
		put_tunnel(op, out);
		break;
	case OP_IMPAIR:
		put_impairment(op, out);
		break;
	case OP_NFT:
		g_string_append_printf(out,
				       "ip netns exec \"$prefix-%s\" nft -f - <<'END'\n%sEND\n",
				       op->node, op->nft.text);
		break;
	case OP_FILE:
	case OP_DAEMON:
	case OP_AGENT:
		g_string_append(out, "# ");
		op_describe(op, out);
		g_string_append_c(out, '\n');
		break;
	case OP_RULE:
		g_string_append_printf(out, "ip -6 -n \"$prefix-%s\" rule add", op->node);
		put_rule_words(&op->rule, out);
		g_string_append_c(out, '\n');
		break;
	case OP_SYSCTL:
	case OP_BRIDGE:
	case OP_ADDR:
	case OP_LINK_UP:
	case OP_ROUTE:
	case OP_KIND_COUNT:
		break;
	}
}

void print_sh(const plan *p, GString *out)
{
	guint i = 0;

	put_head(p, out);
	while (i < p->ops->len) {
		guint n = put_group(p, i, put_batch_line, "ip -n", "-batch -", out);

		if (n == 0)
			n = put_group(p, i, put_sysctl_line, "ip netns exec", "sh -e", out);
		if (n == 0) {
			put_single(p->ops->pdata[i], out);
			n = 1;
		}
		i += n;
	}
}
