/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ip -j addr`: interfaces and their addresses. */
#include "testbed/import/facts.h"
#include "testbed/import/tree.h"

static bool is_link_local(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static void read_address(struct tree *j, const yaml_node_t *info, struct fact_iface *iface,
			 diags *d)
{
	const char *local = tree_word(j, info, "local"), *length = tree_word(j, info, "prefixlen");
	struct loc loc = tree_loc(j, info, "local");
	struct prefix p = {0};
	guint64 bits;

	if (!local || !addr_parse(local, &p.addr)) {
		diags_add(d, DIAG_ERROR, loc, "paste the complete output of 'ip -j addr'",
			  "'%s' is not an address", local ? local : "");
		return;
	}
	if (!length ||
	    !g_ascii_string_to_unsigned(length, 10, 0, addr_bits(&p.addr), &bits, NULL)) {
		diags_add(d, DIAG_ERROR, tree_loc(j, info, "prefixlen"), "0 to 32, for IPv6 to 128",
			  "'%s' is not a prefix length", length ? length : "");
		return;
	}
	p.len = (uint8_t)bits;
	if (is_link_local(&p.addr))
		return;
	if (p.len < 8 || p.len > addr_bits(&p.addr) - 2) {
		diags_add(d, DIAG_WARNING, loc, "write a tunnel under 'tunnels', docs/FORMATS.md",
			  "%s/%u on '%s' is not an address in a network: left out", local, p.len,
			  iface->name);
		return;
	}
	facts_address(iface, &p, false, loc, d);
}

static void read_link(struct tree *j, const yaml_node_t *link, struct facts *f, diags *d)
{
	const char *name = tree_word(j, link, "ifname"), *type = tree_word(j, link, "link_type");
	struct loc loc = tree_loc(j, link, "ifname");
	const yaml_node_t *infos = tree_member(j, link, "addr_info"), *info;
	struct fact_iface *iface;

	if (!name || !*name || !infos || infos->type != YAML_SEQUENCE_NODE) {
		diags_add(d, DIAG_ERROR, loc, "paste the complete output of 'ip -j addr'",
			  "an interface without %s", name ? "'addr_info'" : "'ifname'");
		return;
	}
	if (g_strcmp0(type, "loopback") == 0 || g_str_equal(name, "lo"))
		return;
	if (g_strcmp0(type, "none") == 0) {
		diags_add(d, DIAG_WARNING, loc, "write it under 'tunnels', docs/FORMATS.md",
			  "'%s' is a tunnel: left out", name);
		return;
	}
	iface = facts_iface(f, name, loc, d);
	if (!iface)
		return;
	iface->up = tree_has(j, link, "flags", "UP") || !tree_member(j, link, "flags");
	for (guint i = 0; (info = tree_item(j, infos, i)); i++)
		read_address(j, info, iface, d);
	if (iface->addresses->len == 0)
		diags_add(d, DIAG_WARNING, loc, NULL, "'%s' has no address: left out", name);
}

void parse_ip_addr(const char *file, const char *text, struct facts *f, diags *d)
{
	struct tree j;
	const yaml_node_t *link;

	if (!tree_read(&j, file, text, d))
		return;
	/* `ip -j -4 addr` prints {} for a link without an address of that family. */
	for (guint i = 0, good = tree_objects(&j, d); good && (link = tree_object(&j, i)); i++) {
		if (link->data.mapping.pairs.top > link->data.mapping.pairs.start)
			read_link(&j, link, f, d);
	}
	tree_clear(&j);
}
