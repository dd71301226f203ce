/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Edge of a network that is drawn by lot, and what stands in front of it and beside it. Edge 0
 * is that of headquarters, Edge N+1 that of branch N. */
#include "tests/mutation/network_parts.h"

#include <string.h>

#define ACCESS 10
#define AV 20
#define AV_TCP 21
#define WEB 12		       /* the reverse proxy beside headquarters' Edge */
#define ACCESS_PORT 5061       /* of an address that the A/V Edge has, too */
#define ACCESS_PORT_INSIDE 444 /* behind the forward of that port */

/* "203.0.113.32": the network of the Edge's outside addresses. */
static char *dmz_base(const struct network_draft *d, guint number, guint host)
{
	if (d->shape.forwarded && host > ACCESS)
		host = ACCESS;
	return d->shape.translated ? g_strdup_printf("192.168.%u.%u", 200 + number, host) :
				     g_strdup_printf("203.0.113.%u", 32 * number + host);
}

/* As it is known outside. */
static char *public_address(const struct network_draft *d, guint number, guint host)
{
	if (d->shape.forwarded)
		return g_strdup_printf("198.51.100.%u", 4 * d->edge_lines[number] + 2);
	return d->shape.translated ? g_strdup_printf("203.0.113.%u", 128 + 32 * number + host) :
				     dmz_base(d, number, host);
}

static guint dmz_length(const struct network_draft *d)
{
	return d->shape.translated ? 24 : 27;
}

char *network_dmz_gateway(const struct network_draft *d, guint number)
{
	g_autofree char *v4 = dmz_base(d, number, 1);

	return d->shape.ipv6 ?
		       g_strdup_printf("%s/%u, \"2001:db8:d%u::1/64\"", v4, dmz_length(d), number) :
		       g_strdup_printf("%s/%u", v4, dmz_length(d));
}

void network_dmz(struct network_draft *d, const char *site, guint number)
{
	g_autofree char *base = dmz_base(d, number, 0);

	g_string_append_printf(d->networks, "  dmz%u: {site: %s, subnet: %s/%u", number, site, base,
			       dmz_length(d));
	if (d->shape.ipv6)
		g_string_append_printf(d->networks, ", subnet6: \"2001:db8:d%u::/64\"", number);
	g_string_append(d->networks, "}\n");
}

void network_edge_route(struct network_draft *d, guint number, guint uplink)
{
	g_autofree char *base = public_address(d, number, 0);

	if (d->shape.forwarded)
		return;
	g_string_append_printf(d->ways_to, "      - {to: %s/27, via: 198.51.100.%u}\n", base,
			       4 * uplink + 2);
	if (d->shape.ipv6)
		g_string_append_printf(
			d->ways_to,
			"      - {to: \"2001:db8:d%u::/64\", via: \"2001:db8:ff:%u::2\"}\n", number,
			uplink);
}

static void opening(struct network_draft *d, guint number, const char *name, guint host,
		    const char *ports)
{
	g_autofree char *v4 = dmz_base(d, number, host);

	g_string_append_printf(d->nodes, "        - {name: %s, chain: forward, in: wan, dst: [%s",
			       name, v4);
	if (d->shape.ipv6)
		g_string_append_printf(d->nodes, ", \"2001:db8:d%u::%u\"", number, host);
	g_string_append_printf(d->nodes, "], %s, action: accept}\n", ports);
}

void network_edge_rules(struct network_draft *d, guint number)
{
	opening(d, number, "access", ACCESS,
		d->shape.forwarded ? "proto: tcp, dports: [444]" : "proto: tcp, dports: [443]");
	if (d->shape.forwarded)
		opening(d, number, "relayed", AV, "proto: udp, dports: [50000-59999]");
	if (d->shape.web && number == 0)
		opening(d, number, "web", WEB, "proto: tcp, dports: [443]");
	opening(d, number, "stun-udp", AV, "proto: udp, dports: [3478]");
	opening(d, number, "stun-tcp", AV, "proto: tcp, dports: [443]");
	g_string_append(d->nodes, "        - {name: edge-to-edge, chain: forward, in: dmz, out: "
				  "dmz, action: accept}\n"
				  "        - {name: edge-out, chain: forward, in: dmz, out: wan, "
				  "action: accept}\n");
}

static void forwards(struct network_draft *d, guint number)
{
	static const struct {
		const char *name, *proto, *ports;
	} rows[] = {{"to-access", "tcp", "[5061], to_port: 444"},
		    {"to-stun", "udp", "[3478, 50000-59999]"},
		    {"to-stun-tcp", "tcp", "[443]"}};
	g_autofree char *in = dmz_base(d, number, ACCESS), *out = public_address(d, number, ACCESS);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_string_append_printf(d->nodes,
				       "      - {name: %s, forward: {outside: %s, inside: %s, "
				       "proto: %s, ports: %s}, out: wan, hairpin: true}\n",
				       rows[i].name, out, in, rows[i].proto, rows[i].ports);
	g_string_append(d->nodes, "      - {name: dmz-nat, masquerade: wan}\n");
}

void network_edge_nat(struct network_draft *d, guint number)
{
	static const struct {
		const char *name;
		guint host;
	} rows[] = {
		{"access-nat", ACCESS}, {"av-nat", AV}, {"av-tcp-nat", AV_TCP}, {"web-nat", WEB}};
	gsize count = G_N_ELEMENTS(rows) - (d->shape.web && number == 0 ? 0 : 1);

	if (d->shape.forwarded)
		forwards(d, number);
	for (guint i = 0; d->shape.translated && !d->shape.forwarded && i < count; i++) {
		g_autofree char *in = dmz_base(d, number, rows[i].host),
				*out = public_address(d, number, rows[i].host);

		g_string_append_printf(d->nodes,
				       "      - {name: %s, static: {inside: %s, outside: %s}, out: "
				       "wan, hairpin: true}\n",
				       rows[i].name, in, out);
	}
}

/* A cheaper line, which the firewall itself prefers: what comes from the Edge has to leave by the
 * first one all the same, as the provider of the second drops what is not its customer's. */
static void second_line(struct network_draft *d, const char *name, guint number, guint line)
{
	g_autofree char *second = g_strdup_printf("%s-b", name), *dmz = dmz_base(d, number, 0);
	guint b = network_uplink(d, second, false);

	g_string_append_printf(
		d->nodes,
		"      wan2: {network: to-%s, addresses: [198.51.100.%u/30]}\n    routes:\n"
		"      - {to: default, via: 198.51.100.%u, metric: 20}\n"
		"      - {to: default, via: 198.51.100.%u, metric: 10}\n"
		"      - {to: default, via: 198.51.100.%u, table: 10}\n"
		"      - {to: %s/%u, dev: dmz, table: 10}\n"
		"    policy_rules: [{from: %s/%u, in: dmz, table: 10}]\n",
		second, 4 * b + 2, 4 * line + 1, 4 * b + 1, 4 * line + 1, dmz, dmz_length(d), dmz,
		dmz_length(d));
	g_string_append_printf(
		d->filters,
		"        - {name: customer-%u, chain: forward, in: l%u, src: [198.51.100.%u/30], "
		"action: accept}\n"
		"        - {name: no-other-source-%u, chain: forward, in: l%u, action: drop}\n",
		b, b, 4 * b, b, b);
}

/* The firewall between the Edge and a line of its own. */
static void firewall(struct network_draft *d, const char *site, guint number)
{
	g_autofree char *name = g_strdup_printf("dmz-fw%u", number),
			*gateway = network_dmz_gateway(d, number);
	bool ipv6 = d->shape.ipv6;
	guint line = network_uplink(d, name, ipv6);

	d->edge_lines[number] = line;
	network_edge_route(d, number, line);
	g_string_append_printf(d->nodes,
			       "  %s:\n    site: %s\n    " FORWARDED "    interfaces:\n"
			       "      dmz: {network: dmz%u, addresses: [%s]}\n"
			       "      wan: {network: to-%s, addresses: [198.51.100.%u/30",
			       name, site, number, gateway, name, 4 * line + 2);
	if (ipv6)
		g_string_append_printf(d->nodes, ", \"2001:db8:ff:%u::2/64\"", line);
	g_string_append(d->nodes, "]}\n");
	if (d->shape.two_lines)
		second_line(d, name, number, line);
	else
		g_string_append_printf(d->nodes,
				       "    routes:\n      - {to: default, via: 198.51.100.%u}\n",
				       4 * line + 1);
	if (ipv6)
		g_string_append_printf(
			d->nodes, "      - {to: \"::/0\", via: \"2001:db8:ff:%u::1\"}\n", line);
	if (d->shape.translated)
		g_string_append(d->nodes, "    nat:\n");
	network_edge_nat(d, number);
	g_string_append(d->nodes, "    firewall:\n      input: drop\n      forward: drop\n"
				  "      rules:\n");
	network_edge_rules(d, number);
}

static void records(struct network_draft *d, const struct edge_inside *in, guint number)
{
	g_autofree char *access = public_address(d, number, ACCESS),
			*av = public_address(d, number, AV);

	g_string_append_printf(d->inside, "            - {name: edge%u.drawn.example, a: %s}\n",
			       number, in->address);
	g_string_append_printf(d->outside,
			       "            - {name: sip%u.drawn.example, a: %s}\n"
			       "            - {name: av%u.drawn.example, a: %s}\n",
			       number, access, number, av);
	if (d->shape.ipv6)
		g_string_append_printf(
			d->outside,
			"            - {name: sip%u.drawn.example, a: \"2001:db8:d%u::%u\"}\n"
			"            - {name: av%u.drawn.example, a: \"2001:db8:d%u::%u\"}\n",
			number, number, ACCESS, number, number, AV);
	if (number == 0)
		g_string_append_printf(d->outside,
				       "            - {name: _sip._tls.drawn.example, target: "
				       "sip0.drawn.example, port: %u}\n",
				       d->shape.forwarded ? ACCESS_PORT : 443);
}

static void service(struct network_draft *d, guint number)
{
	g_autofree char *access = dmz_base(d, number, ACCESS), *av = dmz_base(d, number, AV),
			*av_tcp = dmz_base(d, number, AV_TCP);

	g_string_append_printf(d->nodes,
			       "    services:\n      - edge:\n"
			       "          fqdn: edge%u.drawn.example\n"
			       "          access_fqdn: sip%u.drawn.example\n"
			       "          av_fqdn: av%u.drawn.example\n"
			       "          internal: int\n          external: ext\n"
			       "          access: %s\n          av: %s\n          av_tcp: %s\n"
			       "          next_hop: fe\n",
			       number, number, number, access, av, av_tcp);
	if (d->shape.ipv6)
		g_string_append_printf(d->nodes,
				       "          access6: 2001:db8:d%u::%u\n"
				       "          av6: 2001:db8:d%u::%u\n"
				       "          av_tcp6: 2001:db8:d%u::%u\n"
				       "          relay_family: same\n",
				       number, ACCESS, number, AV, number, AV_TCP);
	if (d->shape.forwarded)
		g_string_append_printf(d->nodes, "          access_port: %u\n", ACCESS_PORT_INSIDE);
	if (d->shape.translated) {
		g_autofree char *out = public_address(d, number, ACCESS),
				*out_av = public_address(d, number, AV),
				*out_tcp = public_address(d, number, AV_TCP);

		g_string_append_printf(d->nodes,
				       "          access_public: %s\n          av_public: %s\n"
				       "          av_tcp_public: %s\n",
				       out, out_av, out_tcp);
	}
}

void network_edge(struct network_draft *d, const struct edge_inside *in, guint number,
		  bool own_firewall)
{
	g_autofree char *access = dmz_base(d, number, ACCESS), *av = dmz_base(d, number, AV),
			*av_tcp = dmz_base(d, number, AV_TCP), *gateway = dmz_base(d, number, 1);
	guint length = dmz_length(d);

	if (own_firewall) {
		network_dmz(d, in->site, number);
		firewall(d, in->site, number);
	}
	g_string_append_printf(d->nodes,
			       "  edge%u:\n    site: %s\n    host_model: %s\n    interfaces:\n"
			       "      int: {network: %s, address: %s/24}\n"
			       "      ext: {network: dmz%u, addresses: [%s/%u",
			       number, in->site, d->shape.strong ? "strong" : "weak", in->network,
			       in->address, number, access, length);
	if (!d->shape.forwarded)
		g_string_append_printf(d->nodes, ", %s/%u, %s/%u", av, length, av_tcp, length);
	if (d->shape.ipv6)
		g_string_append_printf(d->nodes,
				       ", \"2001:db8:d%u::%u/64\", \"2001:db8:d%u::%u/64\", "
				       "\"2001:db8:d%u::%u/64\"",
				       number, ACCESS, number, AV, number, AV_TCP);
	g_string_append_printf(
		d->nodes, "]}\n    routes:\n      - {to: default, via: %s, dev: ext}\n", gateway);
	if (d->shape.ipv6)
		g_string_append_printf(
			d->nodes, "      - {to: \"::/0\", via: \"2001:db8:d%u::1\", dev: ext}\n",
			number);
	network_inside_routes(d, in->gateway, "int", d->shape.perimeter ? NOWHERE : number,
			      d->shape.perimeter ? number : NOWHERE);
	g_string_append_printf(d->nodes,
			       "    hosts: [{name: fe.drawn.example, a: 10.%u.1.10}]\n"
			       "    resolvers: [192.0.2.53]\n",
			       d->shape.lan);
	service(d, number);
	records(d, in, number);
}

/* --- the reverse proxy ------------------------------------------------------------------------ */

void network_proxy(struct network_draft *d, const struct edge_inside *in)
{
	g_autofree char *address = dmz_base(d, 0, WEB), *gateway = dmz_base(d, 0, 1),
			*public = public_address(d, 0, WEB),
			*base = g_strndup(in->address, strlen(in->address) - 1);

	if (!d->shape.web)
		return;
	g_string_append_printf(
		d->nodes,
		"  rp:\n    site: headquarters\n    host_model: %s\n    interfaces:\n"
		"      int: {network: %s, address: %s8/24}\n"
		"      ext: {network: dmz0, address: %s/%u}\n"
		"    routes:\n      - {to: default, via: %s, dev: ext}\n",
		d->shape.strong ? "strong" : "weak", in->network, base, address, dmz_length(d),
		gateway);
	if (d->shape.perimeter)
		g_string_append_printf(d->nodes, "      - {to: 10.%u.1.0/24, via: %s, dev: int}\n",
				       d->shape.lan, in->gateway);
	g_string_append_printf(
		d->nodes,
		"    services:\n      - reverse-proxy:\n"
		"          names: [lyncdiscover.drawn.example, web.drawn.example]\n"
		"          internal: int\n          external: ext\n          address: %s\n"
		"          next_hop: fe\n",
		address);
	g_string_append_printf(d->inside,
			       "            - {name: lyncdiscoverinternal.drawn.example, a: "
			       "10.%u.1.10}\n",
			       d->shape.lan);
	g_string_append_printf(d->outside,
			       "            - {name: lyncdiscover.drawn.example, a: %s}\n"
			       "            - {name: web.drawn.example, a: %s}\n",
			       public, public);
}
