/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/mutation/network.h"

#include "tests/mutation/network_parts.h"

#define WIREGUARD_PORT 51820
#define VXLAN_PORT 4789

/* --- parts ------------------------------------------------------------------------------------ */

guint network_uplink(struct network_draft *d, const char *name, bool ipv6)
{
	guint n = d->uplinks++;

	g_string_append_printf(d->networks, "  to-%s: {subnet: 198.51.100.%u/30", name, 4 * n);
	g_string_append_printf(d->ways, "      l%u: {network: to-%s, addresses: [198.51.100.%u/30",
			       n, name, 4 * n + 1);
	if (ipv6) {
		g_string_append_printf(d->networks, ", subnet6: \"2001:db8:ff:%u::/64\"", n);
		g_string_append_printf(d->ways, ", \"2001:db8:ff:%u::1/64\"", n);
	}
	g_string_append(d->networks, "}\n");
	g_string_append(d->ways, "]}\n");
	return n;
}

static void route(struct network_draft *d, const char *to, const char *via, const char *dev)
{
	g_string_append_printf(d->nodes, "      - {to: %s, via: %s", to, via);
	if (dev)
		g_string_append_printf(d->nodes, ", dev: %s", dev);
	g_string_append(d->nodes, "}\n");
}

/* The LAN of headquarters (place 0) or of a branch; NULL: there is no such place. */
static char *lan_of(const struct shape *s, guint place)
{
	if (place == 0)
		return g_strdup_printf("10.%u.1.0/24", s->lan);
	return place <= s->branch_count ?
		       g_strdup_printf("10.%u.0.0/24", s->branches[place - 1].lan) :
		       NULL;
}

/* NULL: the place has no perimeter network. */
static char *perimeter_of(const struct shape *s, guint place)
{
	bool has = s->perimeter && (place == 0 || s->branches[place - 1].edge);

	return has ? g_strdup_printf("172.16.%u.0/24", 5 + place) : NULL;
}

static void routes_to_place(struct network_draft *d, guint place, const char *via, const char *dev,
			    guint at_lan, guint at_perimeter)
{
	g_autofree char *lan = lan_of(&d->shape, place),
			*perimeter = perimeter_of(&d->shape, place);

	if (place != at_lan)
		route(d, lan, via, dev);
	if (perimeter && place != at_perimeter)
		route(d, perimeter, via, dev);
}

void network_inside_routes(struct network_draft *d, const char *via, const char *dev, guint at_lan,
			   guint at_perimeter)
{
	if (d->shape.summary) {
		route(d, "10.0.0.0/8", via, dev);
		route(d, "172.16.0.0/12", via, dev);
		return;
	}
	for (guint i = 0; i <= d->shape.branch_count; i++)
		routes_to_place(d, i, via, dev, at_lan, at_perimeter);
}

static void client(struct network_draft *d, const char *site, const char *network,
		   const char *address, const char *gateway, const char *resolver, guint number)
{
	g_string_append_printf(d->nodes,
			       "  %s-pc%u:\n    site: %s\n"
			       "    interfaces: {eth0: {network: %s, addresses: [%s]}}\n"
			       "    resolvers: [%s]\n    endpoint: {}\n"
			       "    routes:\n      - {to: default, via: %s}\n",
			       site, number, site, network, address, resolver, gateway);
}

/* --- headquarters ----------------------------------------------------------------------------- */

static char *inside_resolver(const struct shape *s)
{
	return g_strdup_printf("10.%u.1.%u", s->lan, s->name_server ? 53 : 10);
}

static void name_service(struct network_draft *d)
{
	g_string_append_printf(d->nodes,
			       "      - dns:\n          zones: [drawn.example]\n"
			       "          forward: 192.0.2.53\n          records:\n%s",
			       d->inside->str);
}

static void inside_records(struct network_draft *d)
{
	const struct shape *s = &d->shape;

	g_string_append_printf(d->inside, "            - {name: fe.drawn.example, a: 10.%u.1.10}\n",
			       s->lan);
	if (s->service_name)
		g_string_append(d->inside,
				"            - {name: _sipinternaltls._tcp.drawn.example, target: "
				"fe.drawn.example, port: 5061}\n");
	if (!s->service_name || s->both_views)
		g_string_append_printf(
			d->inside,
			"            - {name: sipinternal.drawn.example, a: 10.%u.1.10}\n", s->lan);
	if (s->both_views)
		g_string_append_printf(d->inside,
				       "            - {name: sip0.drawn.example, a: 10.%u.1.10}\n",
				       s->lan);
}

/* After the Edges, which have records. */
static void servers(struct network_draft *d)
{
	const struct shape *s = &d->shape;
	g_autofree char *resolver = inside_resolver(s);

	g_string_append_printf(d->nodes,
			       "  fe:\n    site: headquarters\n"
			       "    interfaces: {eth0: {network: hq-lan, address: 10.%u.1.10/24}}\n"
			       "    routes: [{to: default, via: 10.%u.1.1}]\n    resolvers: [%s]\n"
			       "    services:\n      - frontend: {fqdn: fe.drawn.example%s}\n",
			       s->lan, s->lan, resolver,
			       s->web ? ", web: {external: web.drawn.example}" : "");
	if (s->name_server)
		g_string_append_printf(
			d->nodes,
			"  ns:\n    site: headquarters\n"
			"    interfaces: {eth0: {network: hq-lan, address: 10.%u.1.53/24}}\n"
			"    routes: [{to: default, via: 10.%u.1.1}]\n    services:\n",
			s->lan, s->lan);
	name_service(d);
}

/* Outer packets of the tunnels that end here. */
static void tunnel_rules(struct network_draft *d, guint first, guint count)
{
	for (guint i = first; i < first + count; i++)
		if (d->shape.branches[i].kind)
			g_string_append_printf(
				d->nodes,
				"        - {name: vpn%u-in, chain: input, in: wan, src: "
				"[198.51.100.0/24], action: accept}\n",
				i);
}

static void core_rules(struct network_draft *d)
{
	const struct shape *s = &d->shape;

	g_string_append_printf(
		d->nodes,
		"    firewall:\n      input: drop\n      forward: %s\n      rules:\n"
		"        - {name: ping-in, chain: input, proto: icmp, action: accept}\n",
		s->strict ? "drop" : "accept");
	tunnel_rules(d, 0, s->branch_count);
	if (s->one_firewall)
		network_edge_rules(d, 0);
	g_string_append(
		d->nodes,
		"        - {name: web-out, chain: forward, src: [10.0.0.0/8], out: wan, proto: "
		"tcp, dports: [80, 443], action: accept}\n"
		"        - {name: dns-out, chain: forward, src: [10.0.0.0/8], out: wan, proto: "
		"udp, dports: [53], action: accept}\n");
	g_string_append(d->nodes,
			s->strict ?
				"        - {name: inside, chain: forward, src: [10.0.0.0/8, "
				"172.16.0.0/12], dst: [10.0.0.0/8, 172.16.0.0/12], action: "
				"accept}\n" :
				"        - {name: no-other-internet, chain: forward, out: wan, "
				"action: drop}\n"
				"        - {name: no-internet-in, chain: forward, in: wan, action: "
				"drop}\n");
}

static void core_interfaces(struct network_draft *d, guint line)
{
	const struct shape *s = &d->shape;

	g_string_append_printf(d->nodes,
			       "  core:\n    site: headquarters\n    " FORWARDED "    interfaces:\n"
			       "      lan: {network: hq-lan, address: 10.%u.1.1/24}\n"
			       "      wan: {network: to-core, addresses: [198.51.100.%u/30",
			       s->lan, 4 * line + 2);
	if (s->one_firewall && s->ipv6)
		g_string_append_printf(d->nodes, ", \"2001:db8:ff:%u::2/64\"", line);
	g_string_append(d->nodes, "]}\n");
	if (s->perimeter)
		g_string_append(d->nodes,
				"      perim: {network: hq-perimeter, address: 172.16.5.1/24}\n");
	if (s->one_firewall) {
		g_autofree char *gateway = network_dmz_gateway(d, 0);

		g_string_append_printf(d->nodes, "      dmz: {network: dmz0, addresses: [%s]}\n",
				       gateway);
	}
	for (guint i = 0; i < s->branch_count; i++)
		if (!s->branches[i].kind)
			g_string_append_printf(
				d->nodes,
				"      line%u: {network: line%u, address: 10.254.%u.1/30}\n", i, i,
				i);
}

static void core(struct network_draft *d)
{
	const struct shape *s = &d->shape;
	bool ipv6 = s->one_firewall && s->ipv6;
	guint line = network_uplink(d, "core", ipv6);

	if (s->one_firewall) {
		network_dmz(d, "headquarters", 0);
		network_edge_route(d, 0, line);
	}
	core_interfaces(d, line);
	g_string_append_printf(d->nodes, "    routes:\n      - {to: default, via: 198.51.100.%u}\n",
			       4 * line + 1);
	if (ipv6)
		g_string_append_printf(
			d->nodes, "      - {to: \"::/0\", via: \"2001:db8:ff:%u::1\"}\n", line);
	for (guint i = 0; i < s->branch_count; i++) {
		g_autofree char *via =
			g_strdup_printf("10.%u.%u.2", s->branches[i].kind ? 255 : 254, i);

		routes_to_place(d, i + 1, via, NULL, NOWHERE, NOWHERE);
	}
	g_string_append(d->nodes,
			"    nat:\n      - {name: hq-nat, masquerade: wan, src: [10.0.0.0/8]}\n");
	if (s->one_firewall)
		network_edge_nat(d, 0);
	core_rules(d);
}

static void headquarters(struct network_draft *d)
{
	const struct shape *s = &d->shape;
	struct edge_inside in = {.site = "headquarters", .network = "hq-lan"};
	g_autofree char *gateway = s->perimeter ? g_strdup("172.16.5.1") :
						  g_strdup_printf("10.%u.1.1", s->lan),
			*lan_gateway = g_strdup_printf("10.%u.1.1", s->lan),
			*resolver = inside_resolver(s);

	g_string_append_printf(d->networks,
			       "  hq-lan: {site: headquarters, subnet: 10.%u.1.0/24}\n", s->lan);
	if (s->perimeter)
		g_string_append(d->networks,
				"  hq-perimeter: {site: headquarters, subnet: 172.16.5.0/24}\n");
	core(d);
	in.gateway = gateway;
	if (s->perimeter)
		in.network = "hq-perimeter";
	g_strlcpy(in.address, s->perimeter ? "172.16.5.9" : "", sizeof in.address);
	if (!s->perimeter)
		g_snprintf(in.address, sizeof in.address, "10.%u.1.9", s->lan);
	network_edge(d, &in, 0, !s->one_firewall);
	network_proxy(d, &in);
	for (guint i = 1; i <= s->clients; i++) {
		g_autofree char *address = g_strdup_printf("10.%u.1.%u/24", s->lan, 100 + i);

		client(d, "headquarters", "hq-lan", address, lan_gateway, resolver, i);
	}
}

/* --- branches --------------------------------------------------------------------------------- */

static void branch_tunnel(struct network_draft *d, guint number, guint core_line, guint line)
{
	const struct shape *s = &d->shape;
	const struct branch *b = &s->branches[number];
	g_autofree char *perimeter = perimeter_of(s, number + 1);
	bool wireguard = g_str_equal(b->kind, "wireguard"), vxlan = g_str_equal(b->kind, "vxlan");

	g_string_append_printf(d->tunnels, "  vpn%u:\n    kind: %s\n", number, b->kind);
	if (wireguard || vxlan)
		g_string_append_printf(d->tunnels, "    port: %u\n",
				       (wireguard ? WIREGUARD_PORT : VXLAN_PORT) + number);
	g_string_append_printf(
		d->tunnels,
		"    ends:\n      - {node: core, iface: vpn%u, address: 10.255.%u.1/30, "
		"underlay: 198.51.100.%u, prefixes: [10.0.0.0/8, 172.16.0.0/12]}\n"
		"      - {node: gw%u, iface: vpn0, address: 10.255.%u.2/30, underlay: "
		"198.51.100.%u, prefixes: [10.%u.0.0/24, 10.255.%u.2/32%s%s]}\n",
		number, number, 4 * core_line + 2, number, number, 4 * line + 2, b->lan, number,
		perimeter ? ", " : "", perimeter ? perimeter : "");
}

static void gateway_rules(struct network_draft *d, guint number)
{
	bool wan = d->shape.branches[number].kind != NULL;

	g_string_append_printf(
		d->nodes,
		"    firewall:\n      input: drop\n      forward: %s\n      rules:\n"
		"        - {name: ping-in, chain: input, proto: icmp, action: accept}\n",
		d->shape.strict ? "drop" : "accept");
	tunnel_rules(d, number, 1);
	if (d->shape.strict)
		g_string_append(
			d->nodes,
			"        - {name: inside, chain: forward, src: [10.0.0.0/8, "
			"172.16.0.0/12], dst: [10.0.0.0/8, 172.16.0.0/12], action: accept}\n"
			"        - {name: lan-out, chain: forward, in: lan, action: accept}\n");
	else if (wan)
		g_string_append(d->nodes,
				"        - {name: no-internet-in, chain: forward, in: wan, "
				"action: drop}\n");
}

static void gateway(struct network_draft *d, const char *site, guint number)
{
	const struct branch *b = &d->shape.branches[number];
	g_autofree char *name = g_strdup_printf("gw%u", number),
			*perimeter = perimeter_of(&d->shape, number + 1),
			*via = g_strdup_printf("10.%u.%u.1", b->kind ? 255 : 254, number);
	guint line = b->kind ? network_uplink(d, name, false) : 0;

	g_string_append_printf(d->nodes,
			       "  %s:\n    site: %s\n    " FORWARDED "    interfaces:\n"
			       "      lan: {network: %s-lan, address: 10.%u.0.1/24}\n",
			       name, site, site, b->lan);
	if (perimeter)
		g_string_append_printf(
			d->nodes, "      perim: {network: %s-perimeter, address: 172.16.%u.1/24}\n",
			site, 6 + number);
	if (b->kind)
		g_string_append_printf(
			d->nodes,
			"      wan: {network: to-%s, address: 198.51.100.%u/30}\n"
			"    nat: [{name: branch-nat, masquerade: wan, src: [10.0.0.0/8]}]\n",
			name, 4 * line + 2);
	else
		g_string_append_printf(d->nodes,
				       "      line: {network: line%u, address: 10.254.%u.2/30}\n",
				       number, number);
	g_string_append(d->nodes, "    routes:\n");
	if (b->kind)
		g_string_append_printf(d->nodes, "      - {to: default, via: 198.51.100.%u}\n",
				       4 * line + 1);
	else
		route(d, "default", via, NULL);
	network_inside_routes(d, via, NULL, number + 1, number + 1);
	gateway_rules(d, number);
	if (b->kind)
		branch_tunnel(d, number, 0, line);
}

static void branch(struct network_draft *d, guint number)
{
	const struct shape *s = &d->shape;
	const struct branch *b = &s->branches[number];
	g_autofree char *site = g_strdup_printf("branch%u", number),
			*lan = g_strdup_printf("%s-lan", site),
			*perimeter = g_strdup_printf("%s-perimeter", site),
			*lan_gateway = g_strdup_printf("10.%u.0.1", b->lan),
			*perimeter_gateway = g_strdup_printf("172.16.%u.1", 6 + number),
			*resolver = inside_resolver(s);
	struct edge_inside in = {.site = site,
				 .network = s->perimeter ? perimeter : lan,
				 .gateway = s->perimeter ? perimeter_gateway : lan_gateway};

	g_string_append_printf(d->networks, "  %s: {site: %s, subnet: 10.%u.0.0/24}\n", lan, site,
			       b->lan);
	if (b->edge && s->perimeter)
		g_string_append_printf(d->networks, "  %s: {site: %s, subnet: 172.16.%u.0/24}\n",
				       perimeter, site, 6 + number);
	if (!b->kind)
		g_string_append_printf(d->networks, "  line%u: {subnet: 10.254.%u.0/30}\n", number,
				       number);
	gateway(d, site, number);
	if (b->edge) {
		if (s->perimeter)
			g_snprintf(in.address, sizeof in.address, "172.16.%u.9", 6 + number);
		else
			g_snprintf(in.address, sizeof in.address, "10.%u.0.9", b->lan);
		network_edge(d, &in, number + 1, true);
	}
	for (guint i = 1; i <= b->clients; i++) {
		g_autofree char *address = g_strdup_printf("10.%u.0.%u/24", b->lan, 100 + i);

		client(d, site, lan, address, lan_gateway, resolver, i);
	}
}

/* --- homes ------------------------------------------------------------------------------------ */

/* The provider's NAT before those homes that are behind one. */
static void carrier(struct network_draft *d)
{
	bool needed = false;
	guint line;

	for (guint i = 0; i < d->shape.home_count; i++)
		needed = needed || d->shape.homes[i].carrier;
	if (!needed)
		return;
	line = network_uplink(d, "cgn", false);
	g_string_append(d->networks, "  access: {subnet: 100.64.0.0/24}\n");
	g_string_append_printf(
		d->nodes,
		"  cgn:\n    " FORWARDED "    interfaces:\n"
		"      access: {network: access, address: 100.64.0.1/24}\n"
		"      wan: {network: to-cgn, address: 198.51.100.%u/30}\n"
		"    routes: [{to: default, via: 198.51.100.%u}]\n"
		"    nat: [{name: cgn-nat, masquerade: wan, preset: carrier-grade}]\n"
		"    firewall:\n      input: drop\n      rules:\n"
		"        - {name: no-internet-in, chain: forward, in: wan, action: drop}\n",
		4 * line + 2, 4 * line + 1);
}

static void home_rules(struct network_draft *d, const struct home *h)
{
	g_string_append_printf(d->nodes,
			       "    firewall:\n      input: drop\n      forward: %s\n      rules:\n"
			       "        - {name: lan-in, chain: input, in: lan, action: accept}\n",
			       h->web_only || d->shape.strict ? "drop" : "accept");
	if (h->web_only)
		g_string_append_printf(
			d->nodes,
			"        - {name: web-out, chain: forward, in: lan, out: wan, proto: "
			"tcp, dports: [80, 443%s], action: accept}\n"
			"        - {name: dns-out, chain: forward, in: lan, out: wan, proto: "
			"udp, dports: [53], action: accept}\n",
			d->shape.forwarded ? ", 5061" : "");
	else
		g_string_append(d->nodes,
				d->shape.strict ?
					"        - {name: lan-out, chain: forward, in: lan, "
					"out: wan, action: accept}\n" :
					"        - {name: no-internet-in, chain: forward, in: "
					"wan, action: drop}\n");
}

/* The router with its two sides: its outside address, and the next router's. */
static void home_router(struct network_draft *d, const struct home *h, guint number, bool ipv6)
{
	g_autofree char *name = g_strdup_printf("router%u", number);
	guint line = h->carrier ? 0 : network_uplink(d, name, ipv6);

	g_string_append_printf(d->nodes,
			       "  %s:\n    site: home%u\n    " FORWARDED "    interfaces:\n"
			       "      lan: {network: home%u-lan, addresses: [192.168.1.1/24",
			       name, number, number);
	if (ipv6)
		g_string_append_printf(d->nodes, ", \"2001:db8:a%u::1/64\"", number);
	if (h->carrier)
		g_string_append_printf(
			d->nodes,
			"]}\n      wan: {network: access, addresses: [100.64.0.%u/24]}\n"
			"    routes: [{to: default, via: 100.64.0.1}]\n",
			10 + number);
	else
		g_string_append_printf(
			d->nodes, "]}\n      wan: {network: to-%s, addresses: [198.51.100.%u/30",
			name, 4 * line + 2);
	if (ipv6) {
		g_string_append_printf(d->nodes, ", \"2001:db8:ff:%u::2/64\"", line);
		g_string_append_printf(d->ways_to,
				       "      - {to: \"2001:db8:a%u::/64\", via: "
				       "\"2001:db8:ff:%u::2\"}\n",
				       number, line);
	}
	if (!h->carrier)
		g_string_append_printf(
			d->nodes, "]}\n    routes:\n      - {to: default, via: 198.51.100.%u}\n",
			4 * line + 1);
	if (ipv6)
		g_string_append_printf(
			d->nodes, "      - {to: \"::/0\", via: \"2001:db8:ff:%u::1\"}\n", line);
	g_string_append_printf(d->nodes, "    nat: [{name: home-nat, masquerade: wan%s}]\n",
			       h->nat);
	home_rules(d, h);
}

static void home(struct network_draft *d, guint number)
{
	const struct home *h = &d->shape.homes[number];
	bool ipv6 = d->shape.ipv6 && !h->carrier;
	g_autofree char *site = g_strdup_printf("home%u", number),
			*lan = g_strdup_printf("%s-lan", site);

	g_string_append_printf(
		d->networks, "  %s: {site: %s, subnet: 192.168.1.0/24, reusable: true", lan, site);
	if (ipv6)
		g_string_append_printf(d->networks, ", subnet6: \"2001:db8:a%u::/64\"", number);
	g_string_append(d->networks, "}\n");
	home_router(d, h, number, ipv6);
	for (guint i = 1; i <= h->clients; i++) {
		g_autoptr(GString) address = g_string_new(NULL);

		g_string_printf(address, "192.168.1.%u/24", 100 + i);
		if (ipv6)
			g_string_append_printf(address, ", \"2001:db8:a%u::%u/64\"", number,
					       100 + i);
		client(d, site, lan, address->str, "192.168.1.1",
		       ipv6 ? "192.0.2.53, \"2001:db8:53::53\"" : "192.0.2.53", i);
		if (ipv6)
			g_string_append_printf(d->nodes,
					       "      - {to: \"::/0\", via: \"2001:db8:a%u::1\"}\n",
					       number);
	}
}

/* --- the Internet ----------------------------------------------------------------------------- */

static void internet(struct network_draft *d)
{
	bool ipv6 = d->shape.ipv6;

	g_string_append_printf(d->networks, "  hosting: {subnet: 192.0.2.0/24%s}\n",
			       ipv6 ? ", subnet6: \"2001:db8:53::/64\"" : "");
	g_string_append_printf(d->nodes,
			       "  internet:\n    " FORWARDED
			       "    bogon_filter: %s\n    interfaces:\n%s"
			       "      hosting: {network: hosting, addresses: [192.0.2.1/24%s]}\n"
			       "%s%s",
			       d->shape.bogon_filter ? "true" : "false", d->ways->str,
			       ipv6 ? ", \"2001:db8:53::1/64\"" : "",
			       d->ways_to->len > 0 ? "    routes:\n" : "", d->ways_to->str);
	if (d->filters->len > 0)
		g_string_append_printf(d->nodes,
				       "    firewall:\n      stateful: false\n      rules:\n%s",
				       d->filters->str);
	g_string_append_printf(
		d->nodes,
		"  ns-public:\n"
		"    interfaces: {eth0: {network: hosting, addresses: [192.0.2.53/24%s]}}\n"
		"    routes:\n      - {to: default, via: 192.0.2.1}\n%s"
		"    services:\n      - dns:\n          zones: [drawn.example]\n          "
		"records:\n%s",
		ipv6 ? ", \"2001:db8:53::53/64\"" : "",
		ipv6 ? "      - {to: \"::/0\", via: \"2001:db8:53::1\"}\n" : "", d->outside->str);
}

static void sites(const struct shape *s, GString *text)
{
	g_string_append(text, "sites:\n  headquarters: {edge: edge0}\n");
	for (guint i = 0; i < s->branch_count; i++)
		g_string_append_printf(text, "  branch%u: {edge: edge%u}\n", i,
				       s->branches[i].edge ? i + 1 : 0);
	for (guint i = 0; i < s->home_count; i++)
		g_string_append_printf(text, "  home%u: {edge: edge0}\n", i);
}

char *network_draw(const char *name, guint32 seed)
{
	struct network_draft d = {0};
	GString **const parts[] = {&d.networks, &d.nodes,   &d.tunnels, &d.ways,
				   &d.ways_to,	&d.filters, &d.inside,	&d.outside};
	GString *text = g_string_new(NULL);

	network_shape_draw(&d.shape, seed);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		*parts[i] = g_string_new(NULL);
	inside_records(&d);
	headquarters(&d);
	for (guint i = 0; i < d.shape.branch_count; i++)
		branch(&d, i);
	carrier(&d);
	for (guint i = 0; i < d.shape.home_count; i++)
		home(&d, i);
	servers(&d);
	internet(&d);
	g_string_append_printf(text, "topology: %s\ndomain: drawn.example\n", name);
	sites(&d.shape, text);
	g_string_append_printf(text, "networks:\n%snodes:\n%s", d.networks->str, d.nodes->str);
	if (d.tunnels->len > 0)
		g_string_append_printf(text, "tunnels:\n%s", d.tunnels->str);
	g_string_append(text, "scenarios:\n  as-drawn: {}\n");
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		g_string_free(*parts[i], TRUE);
	return g_string_free(text, FALSE);
}
