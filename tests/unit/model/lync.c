/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two topologies of the project say. */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <string.h>

static guint count_endpoints(const model *m)
{
	guint count = 0;

	for (guint i = 0; i < m->nodes->len; i++)
		count += ((const struct node *)g_ptr_array_index(m->nodes, i))->endpoint != NULL;
	return count;
}

static void expect_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	cr_expect_str_eq(addr_print(a, buf), text, "%s, not %s", buf, text);
}

Test(lync, counts_and_head)
{
	g_autoptr(model) m = load_reference();

	cr_expect_eq(m->nodes->len, 19, "%u nodes", m->nodes->len);
	cr_expect_eq(m->networks->len, 14, "%u networks", m->networks->len);
	cr_expect_eq(m->sites->len, 4, "%u sites", m->sites->len);
	cr_expect_eq(m->tunnels->len, 1, "%u tunnels", m->tunnels->len);
	cr_expect_eq(m->conferences->len, 2, "%u conferences", m->conferences->len);
	cr_expect_eq(m->scenarios->len, 4, "%u scenarios", m->scenarios->len);
	cr_expect_eq(count_endpoints(m), 7, "%u endpoints", count_endpoints(m));
	cr_expect_str_eq(m->name, "lync");
	cr_expect_str_eq(m->domain, "contoso.com");
	cr_expect_str_eq(m->file, "topologies/lync.yaml");
	cr_expect_eq(strlen(m->sha256), 64, "a SHA-256");
	cr_expect_float_eq(m->max_loss_pct, 1, 1e-9, "default loss");
}

Test(lync, names_are_resolved)
{
	g_autoptr(model) m = load_reference();

	for (guint i = 0; i < m->nodes->len; i++) {
		const struct node *node = g_ptr_array_index(m->nodes, i);

		for (guint j = 0; j < node->interfaces->len; j++) {
			const struct iface *iface = g_ptr_array_index(node->interfaces, j);

			cr_expect_eq(iface->network, model_network(m, iface->network_name),
				     "%s of %s", iface->name, node->name);
			cr_expect_not_null(iface->network, "%s of %s", iface->name, node->name);
		}
		cr_expect_gt(node->loc.line, 0, "place of %s", node->name);
	}
	for (guint i = 0; i < 2; i++) {
		const struct tunnel *t = g_ptr_array_index(m->tunnels, 0);

		cr_expect_str_eq(t->ends[i].node->name, t->ends[i].node_name);
	}
}

Test(lync, defaults)
{
	g_autoptr(model) m = load_reference();
	const struct node *dc1 = node_of(m, "dc1"), *nat1 = node_of(m, "nat1"),
			  *core = node_of(m, "core");
	const struct nat_rule *nat = g_ptr_array_index(core->nat, 0);

	cr_expect_str_eq(dc1->endpoint->user, "dc1@contoso.com");
	cr_expect_str_eq(dc1->endpoint->ice_profile, "standard");
	cr_expect_null(dc1->endpoint->command, "the project's own client");
	cr_expect_null(dc1->endpoint->media_edge, "the site's");
	cr_expect_eq(dc1->host_model, HOST_WEAK, "host model");
	cr_expect_not(dc1->forwarding, "no router");
	cr_expect_eq(nat->mapping, NAT_ENDPOINT_INDEPENDENT, "mapping");
	cr_expect_eq(nat->filtering, NAT_ADDRESS_AND_PORT_DEPENDENT, "filtering");
	cr_expect(nat->preserve_port, "ports are kept");
	cr_expect_not(nat->hairpin, "no hairpin");
	cr_expect_eq(nat->udp_timeout_ms, 0, "the kernel's");
	cr_expect_eq(nat1->firewall.rules->len, 2, "through the anchor");
	cr_expect_eq(node_of(m, "nat2")->firewall.rules->len, 2, "through the alias");
	cr_expect_eq(nat1->firewall.policy[FW_INPUT], FW_DROP, "input");
	cr_expect_eq(nat1->firewall.policy[FW_OUTPUT], FW_ACCEPT, "output");
	cr_expect(nat1->firewall.stateful, "stateful");
}

Test(lync, edge)
{
	g_autoptr(model) m = load_reference();
	const struct node *edge = node_of(m, "edge");
	const struct service *service = node_service(edge, SERVICE_EDGE);
	const struct route *second = g_ptr_array_index(edge->routes, 1);
	struct addr address = node_address(edge);

	cr_assert_not_null(service, "no Edge");
	cr_expect_null(node_service(edge, SERVICE_DNS), "no DNS here");
	cr_expect_eq(edge->host_model, HOST_STRONG, "host model");
	expect_addr(&service->edge.internal, "172.25.33.10");
	expect_addr(&service->edge.av, "203.0.113.20");
	expect_addr(&service->edge.av_tcp, "203.0.113.21");
	expect_addr(&service->edge.access_public, "203.0.113.10");
	expect_addr(&service->edge.av_public, "203.0.113.20");
	expect_addr(&service->edge.av_tcp_public, "203.0.113.21");
	expect_addr(&address, "172.25.33.10");
	cr_expect_eq(service->edge.relay_ports.first, 50000, "first relay port");
	cr_expect_eq(service->edge.relay_ports.last, 59999, "last relay port");
	cr_expect_str_eq(service->edge.engine, "builtin");
	cr_expect_eq(edge->routes->len, 2, "no route to the branch: the fault");
	cr_expect(second->persistent, "persistent");
	cr_expect_str_eq(second->dev, "int");
	cr_expect_eq(node_iface(edge, "ext")->addresses->len, 3, "three addresses");
	cr_expect_null(node_iface(edge, "lan"), "no such interface");
}

Test(lync, media_edges)
{
	g_autoptr(model) m = load_reference();
	g_autoptr(model) fix3 = instantiate(m, "branch-edge");

	cr_expect_str_eq(model_media_edge(m, node_of(m, "branch1"))->name, "edge");
	cr_expect_str_eq(model_media_edge(fix3, node_of(fix3, "branch1"))->name, "edge2");
	cr_expect_str_eq(model_media_edge(fix3, node_of(fix3, "home1"))->name, "edge");
}

Test(lync, scenarios)
{
	g_autoptr(model) m = load_reference();
	g_autoptr(model) fault = instantiate(m, "missing-route");
	g_autoptr(model) fix1 = instantiate(m, "persistent-route");
	g_autoptr(model) fix2 = instantiate(m, "vpn-bypass");
	g_autoptr(model) fix3 = instantiate(m, "branch-edge");
	const struct node *branch1 = node_of(fix2, "branch1");
	const struct fw_rule *first = g_ptr_array_index(branch1->firewall.rules, 0);

	cr_expect_eq(node_of(fault, "edge")->routes->len, 2, "the fault changes nothing");
	cr_expect_eq(node_of(fix1, "edge")->routes->len, 3, "one route more");
	cr_expect_eq(node_of(m, "edge")->routes->len, 2, "the base stays as it is");
	cr_expect_eq(branch1->nrpt->len, 1, "one NRPT rule");
	cr_expect_eq(branch1->firewall.rules->len, 4, "two allow, two block");
	cr_expect_str_eq(first->name, "gpo-dns-udp", "allowed before it is blocked");
	cr_expect_eq(first->action, FW_ACCEPT, "allow");
	cr_expect_eq(fix3->nodes->len, 23, "four nodes more");
	cr_expect_eq(fix3->networks->len, 16, "two networks more");
}

Test(lync, an_instance_outlives_its_base)
{
	model *m = load_reference();
	g_autoptr(model) fix3 = instantiate(m, "branch-edge");

	model_free(m);
	cr_expect_str_eq(node_of(fix3, "edge2")->name, "edge2");
	cr_expect_str_eq(fix3->domain, "contoso.com");
}

Test(lync, the_other_topology)
{
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) m = model_load("topologies/two-branches.yaml", d);
	g_autofree char *findings = diags_to_text(d);
	const struct service *service;
	const struct nat_rule *nat;

	cr_assert_not_null(m, "must load, but:\n%s", findings);
	cr_expect_geq(count_endpoints(m), 7, "%u endpoints", count_endpoints(m));
	cr_expect_eq(m->tunnels->len, 2, "%u tunnels", m->tunnels->len);
	service = node_service(node_of(m, "edge01"), SERVICE_EDGE);
	cr_assert_not_null(service, "no Edge");
	expect_addr(&service->edge.av, "192.168.200.20");
	expect_addr(&service->edge.av_public, "203.0.113.131");
	nat = g_ptr_array_index(node_of(m, "perimeter-fw")->nat, 1);
	cr_expect_eq(nat->kind, NAT_STATIC, "1:1");
	cr_expect(nat->hairpin, "hairpin");
	cr_expect_str_eq(nat->out_iface, "wan");
	cr_expect_str_eq(node_of(m, "north2")->site, "north", "merged");
	cr_expect_str_eq(node_of(m, "north2")->endpoint->user, "north2@fabrikam.example");
	cr_expect_eq(node_of(m, "north2")->interfaces->len, 1,
		     "its own interface, not the merged one");
}
