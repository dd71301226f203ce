/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What coturn may do in the place of our own A/V Edge: no more than that. */
#include "common/base/each.h"
#include "tests/support/program.h"
#include "tests/unit/plan/support.h"

#include <criterion/criterion.h>
#include <string.h>

#define TOPOLOGY "tests/data/topologies/one-address.yaml"

/* The text of a file of the plan; fails the test when there is none. */
static const char *file_text(const plan *p, const char *end)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_FILE && g_str_has_suffix(op->file.path, end))
			return op->file.text;
	cr_assert(false, "no file %s", end);
	return NULL;
}

Test(coturn, is_limited_as_our_own)
{
	static const char *const files[] = {"/coturn-udp.conf", "/coturn-tcp.conf"};
	static const char *const lines[] = {"\nno-tcp-relay\n", "\ntotal-quota=4096\n",
					    "\nuser-quota=128\n", "\nno-multicast-peers\n",
					    "\ndenied-peer-ip=127.0.0.0-127.255.255.255\n"};
	plan *p = plan_of(TOPOLOGY, "own-address-coturn");

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(lines); k++)
			cr_expect(strstr(file_text(p, files[i]), lines[k]), "%s lacks %s", files[i],
				  lines[k]);
	plan_free(p);
}

static bool has_reserved_ports(const plan *p)
{
	ptr_array_foreach(const struct op, op, p->ops)
		if (op->kind == OP_SYSCTL && g_str_equal(op->node, "edge") &&
		    g_str_equal(op->sysctl.key, "net.ipv4.ip_local_reserved_ports"))
			return g_str_equal(op->sysctl.value, "50000-59999");
	return false;
}

/* Its relays reach each other at one address, but nothing else of the Edge there. */
Test(coturn, relays_are_kept_from_the_other_ports)
{
	plan *with = plan_of(TOPOLOGY, "own-address-coturn");
	plan *without = plan_of(TOPOLOGY, "own-address");

	cr_expect(strstr(ruleset(with, "edge"), "udp sport 50000-59999 udp dport != 50000-59999 "
						"counter drop comment \"relay-own-port\""),
		  "%s", ruleset(with, "edge"));
	cr_expect_null(strstr(ruleset(without, "edge"), "relay-own-port"));
	cr_expect(has_reserved_ports(with), "else its own programs would be kept from them, too");
	cr_expect_not(has_reserved_ports(without));
	plan_free(with);
	plan_free(without);
}

#define DUAL_STACK "topologies/dual-stack.yaml"

/* The topology with coturn at the Edge; the caller frees. */
static model *with_coturn(const char *folder)
{
	const struct edit edits[] = {{"- edge: {fqdn: edge.example.com",
				      "- edge: {engine: coturn, fqdn: edge.example.com"},
				     {0}};
	g_autofree char *path = program_edited_topology(folder, DUAL_STACK, edits);
	g_autoptr(diags) d = diags_new();
	model *m = model_load(path, d);
	g_autofree char *text = diags_to_text(d);

	cr_assert_not_null(m, "%s", text);
	return m;
}

/* It listens and relays over both families, to whom our own would, and neither to IPv4 in the
 * clothes of IPv6. */
Test(coturn, relays_over_both_families)
{
	static const char *const lines[] = {
		"\nlistening-ip=2001:db8:d::3\n",
		"\nrelay-ip=203.0.113.3\n",
		"\nrelay-ip=2001:db8:d::3\n",
		"\nallocation-default-address-family=keep\n",
		"\ndenied-peer-ip=fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n",
		"\ndenied-peer-ip=::ffff:0.0.0.0-::ffff:255.255.255.255\n",
		"\ndenied-peer-ip=2001:db8:d::2\n",
		"\nallowed-peer-ip=2001:db8:d::3\n"};
	char *folder = program_folder_new();
	g_autoptr(model) base = with_coturn(folder);
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_instantiate(base, base->scenarios->pdata[0], d);
	plan *p = plan_build(m);

	for (gsize k = 0; k < G_N_ELEMENTS(lines); k++)
		cr_expect(strstr(file_text(p, "/coturn-udp.conf"), lines[k]), "no %s in\n%s",
			  lines[k], file_text(p, "/coturn-udp.conf"));
	cr_expect(strstr(ruleset(p, "edge"), "ip6 saddr { 2001:db8:d::3"), "%s",
		  ruleset(p, "edge"));
	plan_free(p);
	program_folder_free(folder);
}
