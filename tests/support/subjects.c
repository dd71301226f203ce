/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/subjects.h"

#include <criterion/criterion.h>

/* Every object of the model begins with its name. */
static gpointer named(const GPtrArray *objects, const char *name)
{
	for (guint i = 0; i < objects->len; i++) {
		if (g_str_equal(*(char *const *)objects->pdata[i], name))
			return objects->pdata[i];
	}
	cr_assert_fail("there is no '%s'", name);
	return NULL;
}

static struct subject policy_of(const char *chain)
{
	struct subject s = {.kind = SUBJECT_POLICY};

	while (s.policy < FW_CHAIN_COUNT && !g_str_equal(fw_chain_name(s.policy), chain))
		s.policy++;
	cr_assert_lt(s.policy, FW_CHAIN_COUNT, "%s", chain);
	return s;
}

static struct subject value_of(enum subject_kind kind, const char *text)
{
	struct subject s = {.kind = kind};

	cr_assert(kind == SUBJECT_ADDRESS ? addr_parse(text, &s.address) :
					    prefix_parse(text, &s.route.to),
		  "%s", text);
	return s;
}

static struct subject account_of(const model *m, const char *user)
{
	for (guint i = 0; i < m->nodes->len; i++) {
		const struct node *n = m->nodes->pdata[i];

		if (n->endpoint && g_str_equal(n->endpoint->user, user))
			return subject_account(n);
	}
	return subject_named(SUBJECT_ACCOUNT, user);
}

struct subject subject_find(const model *m, const char *node, enum subject_kind kind,
			    const char *name)
{
	const struct node *n = node ? model_node(m, node) : NULL;

	if (kind == SUBJECT_NONE)
		return (struct subject){.kind = SUBJECT_NONE};
	if (kind == SUBJECT_POLICY)
		return policy_of(name);
	if (kind == SUBJECT_ADDRESS || kind == SUBJECT_ROUTE)
		return value_of(kind, name);
	if (kind == SUBJECT_ACCOUNT)
		return account_of(m, name);
	if (kind == SUBJECT_TUNNEL)
		return subject_tunnel(named(m->tunnels, name));
	if (kind == SUBJECT_IFACE)
		return subject_iface(n, name);
	if (kind == SUBJECT_NAT)
		return subject_nat(named(n->nat, name));
	if (kind == SUBJECT_RULE)
		return (struct subject){.kind = kind, .rule = named(n->firewall.rules, name)};
	return subject_named(kind, name);
}
