/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States that share their nodes. */
#include "testbed/netstate/netstate.h"

#include <criterion/criterion.h>

static node_state *node_with_route(const char *name)
{
	node_state *n = node_state_new(name);
	struct kernel_route r = {.dev = node_state_text(n, "lan"), .type = KERNEL_ROUTE_UNICAST};

	cr_assert(prefix_parse("10.0.0.0/8", &r.to));
	g_array_append_val(n->routes, r);
	return n;
}

Test(netstate, a_state_with_another_node_leaves_the_first_as_it_was)
{
	g_autoptr(netstate) first = netstate_new(), second = NULL;
	node_state *changed;

	netstate_add(first, node_with_route("a"));
	netstate_add(first, node_with_route("b"));
	changed = node_state_share(netstate_node(first, "a"));
	g_array_unref(changed->routes);
	changed->routes = g_array_new(FALSE, TRUE, sizeof(struct kernel_route));
	second = netstate_with(first, changed);
	cr_expect_eq(netstate_node(first, "a")->routes->len, 1);
	cr_expect_eq(netstate_node(second, "a")->routes->len, 0);
	cr_expect_eq(netstate_node(second, "b"), netstate_node(first, "b"), "shared");
	cr_expect_eq(second->nodes->pdata[0], netstate_node(second, "a"), "in its place");
}

/* What points into a node's texts may outlive the state that it came with. */
Test(netstate, what_is_shared_lives_on)
{
	netstate *first = netstate_new(), *second;
	node_state *changed;

	netstate_add(first, node_with_route("a"));
	changed = node_state_share(netstate_node(first, "a"));
	second = netstate_with(first, changed);
	netstate_unref(first);
	cr_expect_str_eq(netstate_node(second, "a")->name, "a");
	cr_expect_str_eq(
		g_array_index(netstate_node(second, "a")->routes, struct kernel_route, 0).dev,
		"lan");
	netstate_unref(second);
	netstate_unref(NULL);
}

Test(netstate, words_go_and_come)
{
	char buf[KERNEL_WORD_MAX];

	for (int error = 1; error < 140; error++)
		cr_expect_eq(kernel_error_named(kernel_error_name(error, buf)), error);
	for (int proto = 1; proto < 256; proto++)
		cr_expect_eq(ip_protocol_named(ip_protocol_name((uint8_t)proto, buf)), proto);
	cr_expect_eq(kernel_error_named("EODD"), 0);
	cr_expect_eq(ip_protocol_named("odd"), 0);
	cr_expect_eq(ip_protocol_named("256"), 0);
	cr_expect_str_eq(kernel_route_type_name(KERNEL_ROUTE_TYPE_COUNT), "unknown");
}
