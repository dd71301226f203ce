/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every change kind, applied to the small topology of support.c. */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>

static const struct fw_rule *rule_at(const struct node *node, guint index)
{
	cr_assert_lt(index, node->firewall.rules->len, "'%s' has only %u rules", node->name,
		     node->firewall.rules->len);
	return g_ptr_array_index(node->firewall.rules, index);
}

static const struct route *route_to(const struct node *node, const char *to)
{
	struct prefix wanted;

	cr_assert(prefix_parse(to, &wanted), "'%s'", to);
	for (guint i = 0; i < node->routes->len; i++) {
		const struct route *route = g_ptr_array_index(node->routes, i);

		if (prefix_equal(&route->to, &wanted))
			return route;
	}
	return NULL;
}

static const struct service *service_of(const struct node *node, enum service_kind kind)
{
	const struct service *service = node_service(node, kind);

	cr_assert_not_null(service, "'%s' has no service %s", node->name, service_kind_name(kind));
	return service;
}

Test(change, no_changes)
{
	g_autoptr(model) m = changed(NULL);

	cr_expect_eq(m->nodes->len, 8, "%u nodes", m->nodes->len);
}

Test(change, add_route)
{
	g_autoptr(model) m = changed("- add-route: {node: edge, to: 10.7.0.0/16, via: 10.0.1.1, "
				     "dev: int, persistent: false}\n"
				     "- add-route: {nodes: [a, b], to: default, via: 10.0.1.1}");
	const struct route *route = route_to(node_of(m, "edge"), "10.7.0.0/16");
	const struct route *on_a = route_to(node_of(m, "a"), "default"),
			   *on_b = route_to(node_of(m, "b"), "default");

	cr_assert(route && on_a && on_b, "a route is missing");
	cr_expect_str_eq(route->dev, "int");
	cr_expect_not(route->persistent, "said so");
	cr_expect(on_a->persistent, "the default");
	cr_expect_neq(on_a, on_b, "each node has its own");
	cr_expect_eq(route->loc.line, 60, "the place is the change's: %d", route->loc.line);
}

Test(change, remove_route)
{
	g_autoptr(model) m = changed("- remove-route: {node: edge, to: default}");

	cr_expect_eq(node_of(m, "edge")->routes->len, 0, "gone");
}

Test(change, a_route_can_be_replaced)
{
	g_autoptr(model) m = changed("- remove-route: {node: edge, to: default}\n"
				     "- add-route: {node: edge, to: default, via: 10.0.1.1}");

	cr_expect_null(route_to(node_of(m, "edge"), "default")->dev, "the new one");
}

Test(change, add_nrpt)
{
	g_autoptr(model) m = changed(
		"- add-nrpt: {nodes: [a, b], namespace: .example.com, servers: [10.0.1.53]}\n"
		"- add-nrpt: {node: a, namespace: sipinternal.example.com, servers: []}");
	const struct node *a = node_of(m, "a");
	const struct nrpt_rule *suffix = g_ptr_array_index(a->nrpt, 0),
			       *name = g_ptr_array_index(a->nrpt, 1);

	cr_expect_eq(node_of(m, "b")->nrpt->len, 1, "b has one");
	cr_expect_str_eq(suffix->namespace, ".example.com");
	cr_expect_eq(suffix->servers->len, 1, "one server");
	cr_expect_str_eq(name->namespace, "sipinternal.example.com");
	cr_expect_eq(name->servers->len, 0, "must not resolve");
}

Test(change, block_and_allow_go_in_front_in_the_order_written)
{
	g_autoptr(model) m =
		changed("- allow: {node: gw, name: one, chain: forward, proto: udp, dports: [53, "
			"5000-5009]}\n"
			"- block: {nodes: [gw, a], name: two, chain: forward, dst: 10.0.0.0/8}");
	const struct node *gw = node_of(m, "gw");

	cr_expect_eq(gw->firewall.rules->len, 3, "three rules");
	cr_expect_str_eq(rule_at(gw, 0)->name, "one");
	cr_expect_eq(rule_at(gw, 0)->action, FW_ACCEPT, "allow");
	cr_expect_eq(rule_at(gw, 0)->dports->len, 2, "two ranges");
	cr_expect_eq(g_array_index(rule_at(gw, 0)->dports, struct port_range, 1).last, 5009,
		     "end of the range");
	cr_expect_str_eq(rule_at(gw, 1)->name, "two");
	cr_expect_eq(rule_at(gw, 1)->action, FW_DROP, "block");
	cr_expect_str_eq(rule_at(gw, 2)->name, "no-in", "the node's own come last");
	cr_expect_str_eq(rule_at(node_of(m, "a"), 0)->name, "two", "on each node");
}

Test(change, remove_rule)
{
	g_autoptr(model) m = changed("- block: {node: gw, name: one, chain: input}\n"
				     "- remove-rule: {node: gw, rule: one}\n"
				     "- remove-rule: {node: gw, rule: no-in}\n"
				     "- block: {node: gw, name: two, chain: input}");

	cr_expect_eq(node_of(m, "gw")->firewall.rules->len, 1, "one is left");
	cr_expect_str_eq(rule_at(node_of(m, "gw"), 0)->name, "two");
}

Test(change, add_node_network_interface)
{
	g_autoptr(model) m =
		changed("- add-network: {lab: {subnet: 10.8.0.0/24}, lab2: {subnet: 10.8.1.0/24}}\n"
			"- add-interface: {node: gw, lab: {network: lab, address: 10.8.0.1/24}}\n"
			"- add-node:\n"
			"    c:\n"
			"      interfaces: {eth0: {network: lab, address: 10.8.0.2/24}}\n"
			"      routes: [{to: default, via: 10.8.0.1}]\n"
			"      endpoint: {}");
	const struct node *c = node_of(m, "c");

	cr_expect_eq(m->networks->len, 4, "two networks more");
	cr_expect_str_eq(c->endpoint->user, "c@example.com");
	cr_expect_eq(node_iface(c, "eth0")->network, model_network(m, "lab"), "resolved");
	cr_expect_not_null(node_iface(node_of(m, "gw"), "lab"), "the new interface");
}

Test(change, remove_node)
{
	g_autoptr(model) m = changed("- remove-node: {node: edge2}");

	cr_expect_null(model_node(m, "edge2"), "gone");
	cr_expect_eq(m->nodes->len, 7, "%u nodes", m->nodes->len);
}

Test(change, add_tunnel)
{
	g_autoptr(model) m = changed("- add-tunnel:\n"
				     "    second:\n"
				     "      kind: vxlan\n"
				     "      mtu: 1400B\n"
				     "      ends:\n"
				     "        - {node: fe, iface: vx0, address: 10.254.0.1/30, "
				     "underlay: 10.0.1.10, prefixes: [10.3.0.0/16]}\n"
				     "        - {node: gw, iface: vx0, address: 10.254.0.2/30, "
				     "underlay: 10.0.1.1, prefixes: [10.4.0.0/16]}");
	const struct tunnel *tunnel = g_ptr_array_index(m->tunnels, 1);

	cr_expect_eq(tunnel->kind, TUNNEL_VXLAN, "kind");
	cr_expect_eq(tunnel->port, 4789, "the kind's port");
	cr_expect_eq(tunnel->mtu_bytes, 1400, "MTU");
	cr_expect_eq(((const struct tunnel *)g_ptr_array_index(m->tunnels, 0))->port, 51820,
		     "WireGuard's port");
}

Test(change, records)
{
	g_autoptr(model) m = changed("- remove-record: {node: ns, name: fe.example.com}\n"
				     "- add-record: {node: ns, name: x.example.com, a: 10.0.1.99}\n"
				     "- add-record: {node: ns, name: _sip._tls.example.com, "
				     "target: x.example.com, port: 443}");
	const struct service *dns = service_of(node_of(m, "ns"), SERVICE_DNS);
	const struct dns_record *x = g_ptr_array_index(dns->dns.records, 0),
				*srv = g_ptr_array_index(dns->dns.records, 1);

	cr_expect_eq(dns->dns.records->len, 2, "one out, two in");
	cr_expect_str_eq(x->name, "x.example.com");
	cr_expect(addr_is_set(&x->a), "an address");
	cr_expect_str_eq(srv->target, "x.example.com");
	cr_expect_eq(srv->port, 443, "port");
	cr_expect_not(addr_is_set(&srv->a), "no address");
}

Test(change, set_nat_takes_a_preset_and_single_keys_override_it)
{
	g_autoptr(model) m =
		changed("- set-nat: {node: gw, hairpin: true, filtering: address-dependent}\n"
			"- set-nat: {node: gw, udp_timeout: 90s, preset: symmetric-corporate}");
	const struct nat_rule *nat = g_ptr_array_index(node_of(m, "gw")->nat, 0);

	cr_expect_str_eq(nat_preset_name(nat->preset), "symmetric-corporate");
	cr_expect_eq(nat->mapping, NAT_ADDRESS_AND_PORT_DEPENDENT, "mapping");
	cr_expect_eq(nat->filtering, NAT_ADDRESS_AND_PORT_DEPENDENT, "a preset says all");
	cr_expect_not(nat->hairpin, "no hairpin");
	cr_expect_not(nat->preserve_port, "no port is kept");
	cr_expect_eq(nat->udp_timeout_ms, 90000, "%u ms, although it stands before the preset",
		     nat->udp_timeout_ms);
}

Test(change, set_nat_changes_only_what_it_names)
{
	g_autoptr(model) m = changed(
		"- set-nat: {node: gw, mapping: address-and-port-dependent, udp_timeout: 30s}\n"
		"- set-nat: {node: gw, nat: nat, hairpin: true}");
	const struct nat_rule *nat = g_ptr_array_index(node_of(m, "gw")->nat, 0);

	cr_expect_eq(nat->mapping, NAT_ADDRESS_AND_PORT_DEPENDENT, "mapping");
	cr_expect_eq(nat->filtering, NAT_ADDRESS_AND_PORT_DEPENDENT, "filtering as it was");
	cr_expect_eq(nat->udp_timeout_ms, 30000, "%u ms", nat->udp_timeout_ms);
	cr_expect(nat->hairpin, "hairpin");
	cr_expect(nat->preserve_port, "ports as they were");
	cr_expect_str_eq(nat->out_iface, "out");
}

Test(change, links_and_tunnels)
{
	g_autoptr(model) down =
		changed("- link-down: {node: a, interface: eth0}\n- tunnel-down: {tunnel: vpn}");
	g_autoptr(model) up =
		changed("- link-down: {node: a, interface: eth0}\n- tunnel-down: {tunnel: vpn}\n"
			"- link-up: {node: a, interface: eth0}\n- tunnel-up: {tunnel: vpn}");

	cr_expect_not(node_iface(node_of(down, "a"), "eth0")->up, "down");
	cr_expect(node_iface(node_of(down, "b"), "eth0")->up, "not this one");
	cr_expect_not(((const struct tunnel *)g_ptr_array_index(down->tunnels, 0))->up,
		      "tunnel down");
	cr_expect(node_iface(node_of(up, "a"), "eth0")->up, "up again");
	cr_expect(((const struct tunnel *)g_ptr_array_index(up->tunnels, 0))->up,
		  "tunnel up again");
}

Test(change, set_certificate)
{
	g_autoptr(model) m = changed("- set-certificate: {node: fe, issuer: other, validity: "
				     "expired, names: [x.example.com]}\n"
				     "- set-certificate: {node: edge, issuer: other}\n"
				     "- set-certificate: {node: edge, validity: not-yet}");
	const struct certificate *fe = &node_of(m, "fe")->certificate,
				 *edge = &node_of(m, "edge")->certificate;

	cr_expect_eq(fe->issuer, ISSUER_OTHER);
	cr_expect_eq(fe->validity, VALIDITY_EXPIRED);
	cr_assert_eq(fe->names->len, 1);
	cr_expect_str_eq(fe->names->pdata[0], "x.example.com");
	cr_expect_eq(edge->issuer, ISSUER_LAB, "what is not named is as by default");
	cr_expect_eq(edge->validity, VALIDITY_NOT_YET);
	cr_expect_eq(edge->names->len, 0);
}

Test(change, set_password_and_account)
{
	g_autoptr(model) m = changed(
		"- set-password: {nodes: [a, b], password: letmein}\n- set-password: {node: b}\n"
		"- set-account: {node: b, account: missing}");

	cr_expect_str_eq(node_of(m, "a")->endpoint->password, "letmein");
	cr_expect_eq(node_of(m, "a")->endpoint->account, ACCOUNT_ENABLED);
	cr_expect_null(node_of(m, "b")->endpoint->password, "the right one again");
	cr_expect_eq(node_of(m, "b")->endpoint->account, ACCOUNT_MISSING);
}

Test(change, set_edge_keeps_what_is_not_named)
{
	g_autoptr(model) m = changed(
		"- set-edge: {node: edge, relay_to: [10.9.0.0/16], relay_ports: 50000-50003}\n"
		"- set-edge: {node: edge, relay_to: [], relays_per_user: 2, mras_secret: own}\n"
		"- set-edge: {node: edge, credential_lifetime: 0s, next_hop_fqdn: x.example.com}");
	const struct edge_service *edge = &service_of(node_of(m, "edge"), SERVICE_EDGE)->edge;

	cr_expect_eq(edge->relay_to->len, 0, "a named list is a new list");
	cr_expect_eq(edge->relay_ports.last, 50003);
	cr_expect_eq(edge->relays_per_user, 2);
	cr_expect_eq(edge->mras_secret, MRAS_SECRET_OWN);
	cr_expect_eq(edge->credential_lifetime_ms, 0);
	cr_expect_eq(edge->next_hop_port, 5061);
	cr_expect_str_eq(edge->next_hop_fqdn, "x.example.com");
	cr_expect_str_eq(edge->next_hop, "fe");
	cr_expect_str_eq(edge->domain, m->domain);
}

Test(change, set_frontend)
{
	g_autoptr(model) m = changed("- set-frontend: {node: fe, media_relay: false}");
	const struct frontend_service *fe =
		&service_of(node_of(m, "fe"), SERVICE_FRONTEND)->frontend;

	cr_expect_not(fe->media_relay);
	cr_expect_str_eq(fe->domain, m->domain);
}

Test(change, parts_of_an_edge)
{
	g_autoptr(model) one = changed("- stop-service: {node: edge, service: edge, part: av}");
	g_autoptr(model) none =
		changed("- stop-service: {node: edge, service: edge, part: [access, mras, av]}");
	g_autoptr(model) again =
		changed("- stop-service: {node: edge, service: edge}\n"
			"- start-service: {node: edge, service: edge, part: mras}");

	cr_expect_eq(service_of(node_of(one, "edge"), SERVICE_EDGE)->edge.parts,
		     EDGE_ALL_PARTS & ~(1u << EDGE_AV));
	cr_expect_null(node_service(node_of(none, "edge"), SERVICE_EDGE), "nothing of it runs");
	cr_expect_not_null(node_declared_service(node_of(none, "edge"), SERVICE_EDGE));
	cr_expect_eq(service_of(node_of(again, "edge"), SERVICE_EDGE)->edge.parts, 1u << EDGE_MRAS);
}

Test(change, names_come_and_go)
{
	g_autoptr(model) m =
		changed("- add-nrpt: {node: a, namespace: .x.org, servers: [10.0.1.53]}\n"
			"- add-nrpt: {node: a, namespace: .y.org, servers: [10.0.1.53]}\n"
			"- remove-nrpt: {node: a, namespace: .x.org}\n"
			"- add-host: {node: b, name: x.org, a: 10.0.1.9}\n"
			"- add-host: {node: b, name: y.org, a: 10.0.1.9}\n"
			"- remove-host: {node: b, name: x.org}");
	const struct node *a = node_of(m, "a"), *b = node_of(m, "b");

	cr_expect_str_eq(((struct nrpt_rule *)a->nrpt->pdata[a->nrpt->len - 1])->namespace,
			 ".y.org");
	cr_expect_str_eq(((struct dns_record *)b->hosts->pdata[b->hosts->len - 1])->name, "y.org");
	for (guint i = 0; i < a->nrpt->len; i++)
		cr_expect_str_neq(((struct nrpt_rule *)a->nrpt->pdata[i])->namespace, ".x.org");
}

Test(change, set_media_edge)
{
	g_autoptr(model) m = changed("- set-media-edge: {site: office, edge: edge2}\n"
				     "- set-media-edge: {endpoint: b, edge: edge}");

	cr_expect_str_eq(model_media_edge(m, node_of(m, "a"))->name, "edge2", "the site's");
	cr_expect_str_eq(model_media_edge(m, node_of(m, "b"))->name, "edge", "its own");
}

Test(change, services)
{
	g_autoptr(model) stopped = changed("- stop-service: {nodes: [edge, edge2], service: edge}");
	g_autoptr(model) started = changed("- stop-service: {node: fe, service: frontend}\n"
					   "- start-service: {node: fe, service: frontend}");

	cr_expect_null(node_service(node_of(stopped, "edge"), SERVICE_EDGE), "stopped");
	cr_expect_str_eq(model_media_edge(stopped, node_of(stopped, "a"))->name, "edge",
			 "users stay bound to it");
	cr_expect_not_null(node_service(node_of(started, "fe"), SERVICE_FRONTEND), "started again");
}

Test(change, set_engine_host_model_sysctl_resolvers)
{
	g_autoptr(model) m =
		changed("- set-engine: {nodes: [edge, edge2], engine: coturn}\n"
			"- set-host-model: {node: edge, host_model: strong}\n"
			"- set-sysctl: {node: edge, key: net.ipv4.conf.all.rp_filter, value: 1}\n"
			"- set-resolvers: {nodes: [a, b], servers: [10.0.1.53, 10.0.1.54]}\n"
			"- set-resolvers: {node: b, servers: []}");
	const struct node *edge = node_of(m, "edge");
	const struct sysctl_setting *setting = g_ptr_array_index(edge->sysctls, 0);

	cr_expect_str_eq(service_of(edge, SERVICE_EDGE)->edge.engine, "coturn");
	cr_expect_str_eq(service_of(node_of(m, "edge2"), SERVICE_EDGE)->edge.engine, "coturn");
	cr_expect_eq(edge->host_model, HOST_STRONG, "strong");
	cr_expect_str_eq(setting->key, "net.ipv4.conf.all.rp_filter");
	cr_expect_str_eq(setting->value, "1");
	cr_expect_eq(node_of(m, "a")->resolvers->len, 2, "two servers");
	cr_expect_eq(node_of(m, "b")->resolvers->len, 0, "the later change wins");
}

/* A finding in a scenario names it, and appears once although the change is read several times. */
Test(change, findings)
{
	g_autofree char *text = small_topology(
		"- add-route: {nodes: [a, b], to: default, via: 10.0.9.9}\n- add-rout: {}");
	g_autofree char *unknown = load_bad(text);
	g_autofree char *text2 = small_topology("- link-down: {nodes: [a, b], interface: eth7}");
	g_autofree char *missing = load_bad(text2);

	cr_expect_str_eq(
		unknown,
		"text.yaml:61:9: error: unknown change 'add-rout' (did you mean 'add-route'?)\n",
		"%s", unknown);
	cr_expect_str_eq(missing,
			 "text.yaml:60:47: error: scenario 'base': no interface 'eth7' (did you "
			 "mean 'eth0'?)\n",
			 "%s", missing);
}

Test(change, more_changes_than_the_scenarios)
{
	g_autoptr(model) m = load_company();
	const struct scenario *sc = model_scenario(m, "missing-route");
	g_autoptr(diags) d = diags_new(), bad = diags_new();
	g_autoptr(model) fixed = model_instantiate_with(
		m, sc, "fix",
		"add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int}", d);
	g_autoptr(model) two =
		model_instantiate_with(m, sc, "fix",
				       "- set-engine: {node: edge, engine: coturn}\n- link-down: "
				       "{node: dc1, interface: lan}\n",
				       d);
	g_autofree char *findings = NULL;

	cr_assert(fixed && two, "both must do");
	cr_expect_not_null(route_to(node_of(fixed, "edge"), "10.20.0.0/24"), "the new route");
	cr_expect_null(route_to(node_of(m, "edge"), "10.20.0.0/24"), "the base stays as it is");
	cr_expect_not(node_iface(node_of(two, "dc1"), "lan")->up, "down");
	cr_expect_null(model_instantiate_with(m, sc, "fix",
					      "add-route: {node: egde, to: 10.20.0.0/24, dev: int}",
					      bad),
		       "no such node");
	findings = diags_to_text(bad);
	cr_expect_str_eq(findings,
			 "fix:1:19: error: scenario 'missing-route': no node 'egde' (did you mean "
			 "'edge'?)\n",
			 "%s", findings);
}

Test(change, a_restart_takes_what_is_not_persistent)
{
	g_autoptr(model) m = load_company();
	g_autoptr(diags) d = diags_new();
	g_autoptr(model) after = NULL;
	const struct node *edge;

	cr_assert(model_add_changes(
			  m, "c",
			  "- add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, "
			  "persistent: false}\n"
			  "- stop-service: {node: edge, service: edge}\n- reboot: {node: edge}",
			  d),
		  "reads");
	after = model_instantiate(m, model_scenario(m, "missing-route"), d);
	cr_assert_not_null(after, "fits");
	edge = node_of(after, "edge");
	cr_expect_null(route_to(edge, "10.20.0.0/24"), "not persistent");
	cr_expect_not_null(route_to(edge, "10.0.1.0/24"), "persistent");
	cr_expect_eq(edge->lost_routes->len, 1, "remembered");
	cr_expect_not_null(node_service(edge, SERVICE_EDGE), "runs again");
}

Test(change, prefixes_of_a_tunnel)
{
	g_autoptr(model) m = load_company();
	g_autoptr(diags) d = diags_new(), bad = diags_new();
	const struct scenario *sc = model_scenario(m, "missing-route");
	g_autoptr(model) less = model_instantiate_with(
		m, sc, "c",
		"remove-prefix: {tunnel: site-to-site, node: core, prefix: 172.25.33.0/24}", d);
	g_autofree char *findings = NULL;

	cr_assert_not_null(less, "fits");
	cr_expect_eq(((const struct tunnel *)less->tunnels->pdata[0])->ends[0].prefixes->len, 2,
		     "one of three less");
	cr_expect_null(model_instantiate_with(
		m, sc, "c",
		"- remove-prefix: {tunnel: site-to-site, node: edge, prefix: 10.0.1.0/24}", bad));
	cr_expect_null(model_instantiate_with(
		m, sc, "c",
		"- remove-prefix: {tunnel: site-to-site, node: core, prefix: 10.9.0.0/24}", bad));
	findings = diags_to_text(bad);
	cr_expect_str_eq(findings,
			 "c:1:47: error: scenario 'missing-route': tunnel 'site-to-site' has no "
			 "end on node 'edge'\n"
			 "c:1:61: error: scenario 'missing-route': tunnel 'site-to-site' does not "
			 "carry 10.9.0.0/24 to 'core'\n",
			 "%s", findings);
}

Test(change, changes_added_to_every_scenario)
{
	g_autoptr(model) m = load_company();
	g_autoptr(diags) d = diags_new(), bad = diags_new();
	g_autoptr(model) broken = NULL, other = NULL;
	g_autofree char *findings = NULL;

	cr_assert(model_add_changes(m, "--change 1",
				    "remove-route: {node: branch-gw, to: 10.0.1.0/24}", d),
		  "reads");
	cr_assert(model_add_changes(m, "--change 2", "remove-node: {node: edge2}", d),
		  "reads, fits or not");
	other = model_instantiate(m, model_scenario(m, "missing-route"), bad);
	cr_expect_null(other, "there is no such node");
	findings = diags_to_text(bad);
	cr_expect_str_eq(findings,
			 "--change 2:1:21: error: scenario 'missing-route': no node 'edge2' (did "
			 "you mean 'edge'?)\n",
			 "%s", findings);
	broken = model_instantiate(m, model_scenario(m, "branch-edge"), d);
	cr_assert_null(broken, "the branch's Edge serves a site");
	cr_expect_not(model_add_changes(m, "--change 3", "remove-rout: {}", d), "unknown change");
}

Test(change, more_changes_come_after_added_ones)
{
	g_autoptr(model) m = load_company();
	g_autoptr(diags) d = diags_new();
	const struct scenario *sc = model_scenario(m, "missing-route");
	g_autoptr(model) broken = NULL, mended = NULL;

	cr_assert(model_add_changes(m, "--change 1", "link-down: {node: dc1, interface: lan}", d),
		  "reads");
	broken = model_instantiate(m, sc, d);
	mended = model_instantiate_with(m, sc, "fix", "link-up: {node: dc1, interface: lan}", d);
	cr_assert(broken && mended, "both fit");
	cr_expect_not(node_iface(node_of(broken, "dc1"), "lan")->up, "down in the scenario");
	cr_expect(node_iface(node_of(mended, "dc1"), "lan")->up, "the fix comes last");
}

Test(change, more_changes_that_are_none)
{
	static const char *const texts[] = {
		"", "add-route", "- 1", "add-rout: {}", "{", "add-route: {}\n---\n", NULL};
	g_autoptr(model) m = load_company();

	for (const char *const *text = texts; *text; text++) {
		g_autoptr(diags) d = diags_new();

		cr_expect_null(model_instantiate_with(m, model_scenario(m, "missing-route"), "text",
						      *text, d),
			       "'%s'", *text);
		cr_expect_gt(diags_errors(d), 0, "'%s' refused without a word", *text);
	}
}
