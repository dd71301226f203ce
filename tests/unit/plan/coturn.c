/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What coturn may do in the place of our own A/V Edge: no more than that. */
#include "common/base/each.h"
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
