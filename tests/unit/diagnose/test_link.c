/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fixes of links and tunnels: the change, and the commands for an administrator. */
#include "testbed/diagnose/fix.h"
#include "tests/support/fix_words.h"
#include "tests/support/subjects.h"
#include "tests/support/walk_state.h"

#include <criterion/criterion.h>
#include <string.h>

#define COMPANY "tests/data/topologies/company.yaml"
#define SET_LINK "ip link set "

static finding *found(const model *m, enum cause_code code, const char *node,
		      enum subject_kind kind, const char *object)
{
	finding *f = finding_new(NULL);

	f->code = code;
	f->node = g_strdup(node);
	f->subject = subject_find(m, node, kind, object);
	return f;
}

static const struct link_case {
	const char *changes;
	enum cause_code code;
	const char *node;
	enum subject_kind kind;
	const char *object, *fix, *command;
} cases[] = {
	{"link-down: {node: edge, interface: int}", CAUSE_LINK_DOWN, "edge", SUBJECT_IFACE, "int",
	 "- link-up: {node: edge, interface: int}\n", "ip link set dev int up"},
	{"set-mtu: {node: core, interface: perim, mtu: 1000B}", CAUSE_MTU_BLACKHOLE, "core",
	 SUBJECT_IFACE, "perim", "- set-mtu: {node: core, interface: perim, mtu: 1500B}\n",
	 "ip link set dev perim mtu 1500"},
	{"tunnel-down: {tunnel: site-to-site}", CAUSE_VPN_DOWN, "core", SUBJECT_TUNNEL,
	 "site-to-site", "- tunnel-up: {tunnel: site-to-site}\n", "ip link set dev vpn0 up"},
	/* set down by hand, unknown to the topology */
	{NULL, CAUSE_LINK_DOWN, "edge", SUBJECT_IFACE, "int", "- reboot: {node: edge}\n",
	 "ip link set dev int up"},
	{NULL, CAUSE_VPN_DOWN, "branch-gw", SUBJECT_TUNNEL, "site-to-site",
	 "- reboot: {node: branch-gw}\n", "ip link set dev vpn0 up"},
};

Test(link, what_is_down_or_too_small_is_set_right)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct link_case *c = &cases[i];
		g_autoptr(model) m = scenario_model(COMPANY, "missing-route", c->changes);
		g_autoptr(finding) f = found(m, c->code, c->node, c->kind, c->object);
		g_autoptr(fix) x = fix_derive(m, f);
		const struct fix_command *first;

		cr_assert_not_null(x, "%s: no fix", c->changes);
		cr_expect_str_eq(fix_words(x), c->fix, "%s: %s", c->changes, fix_words(x));
		cr_assert_gt(x->commands->len, 0, "%s", c->changes);
		first = x->commands->pdata[0];
		cr_expect_str_eq(first->text, c->command, "%s: %s", c->changes, first->text);
	}
}

/* How many times the commands of a fix set a link; each by "dev", for without it an interface named
 * "up" or "mtu" is taken for a word of the command. */
static guint expect_dev(const fix *x)
{
	guint n = 0;

	for (guint i = 0; x && i < x->commands->len; i++) {
		const char *command = ((const struct fix_command *)x->commands->pdata[i])->text;

		for (const char *at = command; (at = strstr(at, SET_LINK)); n++) {
			at += strlen(SET_LINK);
			cr_expect(g_str_has_prefix(at, "dev "), "%s", command);
		}
	}
	return n;
}

static guint expect_dev_of(const model *m, enum cause_code code, const struct node *n)
{
	guint count = 0;

	for (guint i = 0; i < n->interfaces->len; i++) {
		const struct iface *iface = n->interfaces->pdata[i];
		g_autoptr(finding) f = found(m, code, n->name, SUBJECT_IFACE, iface->name);
		g_autoptr(fix) x = fix_derive(m, f);

		count += expect_dev(x);
	}
	for (guint i = 0; i < m->tunnels->len; i++) {
		const struct tunnel *t = m->tunnels->pdata[i];
		g_autoptr(finding) f = found(m, code, n->name, SUBJECT_TUNNEL, t->name);
		g_autoptr(fix) x = fix_derive(m, f);

		count += expect_dev(x);
	}
	return count;
}

/* Whatever cause is found in whatever interface or tunnel of a network where all is wrong. */
Test(link, every_command_that_sets_one_says_dev)
{
	g_autoptr(GString) changes = g_string_new(NULL);
	g_autoptr(model) m = NULL;
	guint n = 0, interfaces = 0;

	for (guint i = 0; i < G_N_ELEMENTS(cases) && cases[i].changes; i++)
		g_string_append_printf(changes, "- %s\n", cases[i].changes);
	m = scenario_model(COMPANY, "missing-route", changes->str);
	ptr_array_foreach(const struct node, node, m->nodes)
		interfaces += node->interfaces->len;
	for (guint code = 0; code < CAUSE_COUNT; code++)
		for (guint i = 0; i < m->nodes->len; i++)
			n += expect_dev_of(m, code, m->nodes->pdata[i]);
	/* every interface, one MTU, and the tunnel at both of its ends, whoever is asked */
	cr_expect_eq(n, interfaces + 1 + 2 * m->nodes->len, "%u", n);
}
