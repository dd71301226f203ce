/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PowerShell's Get-NetRoute, Get-NetIPAddress, Get-DnsClientNrptPolicy (and -NrptRule) and
 * Get-DnsClientServerAddress: as JSON (ConvertTo-Json), as CSV (Export-Csv, ConvertTo-Csv), or as
 * PowerShell shows lists ("Name : value") and tables.
 *
 * Each text becomes records of named values; what a record is, its names tell. */
#include "testbed/import/facts.h"
#include "testbed/import/powershell.h"

#include <string.h>

#define RESOLVERS_MAX 16

/* "fe80::1%12" without its zone. */
static bool word_addr(const struct word *w, struct addr *ret)
{
	g_autofree char *text = w ? g_strndup(w->text, strcspn(w->text, "%")) : NULL;

	return w && addr_parse(text, ret);
}

static unsigned record_number(const struct record *r, const char *name)
{
	const char *text = record_text(r, name);

	return text ? (unsigned)g_ascii_strtoull(text, NULL, 10) : 0;
}

static const char *const number_names[] = {"InterfaceIndex", "ifIndex", NULL};

/* The name of the record's interface, or "ifN" by its number; the caller frees.  NULL: neither. */
static char *dev_of(const struct record *r)
{
	const char *alias = record_text(r, "InterfaceAlias");

	for (guint i = 0; !alias && number_names[i]; i++) {
		if (record_text(r, number_names[i]))
			return g_strdup_printf("if%s", record_text(r, number_names[i]));
	}
	return g_strdup(alias);
}

static void add_ip_address(const struct record *r, struct facts *f, diags *d)
{
	const struct word *w = record_word(r, "IPAddress");
	struct fact_address a = {.loc = w->loc};
	g_autofree char *dev = dev_of(r);
	struct fact_iface *i;

	if (!word_addr(w, &a.address.addr) || !dev) {
		diags_add(d, DIAG_WARNING, w->loc,
			  "InterfaceAlias, IPAddress and PrefixLength are needed",
			  "'%s' is left out: no address of an interface", w->text);
		return;
	}
	a.address.len = addr_bits(&a.address.addr);
	if (facts_is_usual(&a.address) && !facts_is_link_local(&a.address.addr)) {
		facts_usual(f, w->text);
		return;
	}
	a.guessed = !record_text(r, "PrefixLength");
	if (!a.guessed)
		a.address.len = (uint8_t)MIN(record_number(r, "PrefixLength"), a.address.len);
	else
		a.address.len = a.address.addr.family == AF_INET ? 24 : 64;
	i = a.address.len >= 8 ? facts_iface(f, dev, w->loc, d) : NULL;
	if (i)
		facts_address(i, &a, d);
	else
		diags_add(d, DIAG_WARNING, w->loc, NULL, "%s/%u is left out: not in a network",
			  w->text, a.address.len);
}

/* A route that Windows made for an address, and did not get from anybody. */
static bool is_made_by_windows(const struct record *r)
{
	static const char *const local[] = {"2", "Local", NULL};

	return record_text(r, "Protocol") ? record_is(r, "Protocol", local) :
					    record_number(r, "RouteMetric") == 256;
}

/* On link and made by Windows: an own address, a subnet or a broadcast address. */
static void add_own_route(const struct fact_route *route, struct facts *f, diags *d)
{
	struct fact_link link = {.dev = route->dev, .to = route->to, .loc = route->loc};

	link.own = route->to.len == addr_bits(&route->to.addr);
	facts_link(f, &link, d);
}

static void add_net_route(const struct record *r, struct facts *f, diags *d)
{
	static const char *const persistent[] = {"0", "PersistentStore", NULL};
	const struct word *w = record_word(r, "DestinationPrefix");
	g_autofree char *dev = dev_of(r);
	struct fact_route route = {.dev = dev, .persistent = true, .loc = w->loc};
	const struct word *hop = record_word(r, "NextHop");
	struct addr none = {0};
	struct prefix network;

	if (!prefix_parse(w->text, &route.to) || !dev || (hop && !word_addr(hop, &route.via))) {
		diags_add(d, DIAG_WARNING, w->loc,
			  "DestinationPrefix, NextHop and InterfaceAlias are needed",
			  "the route to %s is left out: %s", w->text,
			  dev ? "not an address" : "it names no interface");
		return;
	}
	network = prefix_network(&route.to);
	route.to = network;
	none.family = route.via.family; /* 0.0.0.0 and :: are no gateways */
	if (addr_equal(&route.via, &none))
		route.via = (struct addr){0};
	route.metric = record_number(r, "RouteMetric") + record_number(r, "InterfaceMetric");
	route.note =
		record_is(r, "Store", persistent) || prefix_is_default(&route.to) ?
			NULL :
			"guess: persistent ('Get-NetRoute -PolicyStore PersistentStore' tells)";
	if (!addr_is_set(&route.via) && is_made_by_windows(r))
		add_own_route(&route, f, d);
	else
		facts_route(f, &route, d);
}

static void add_name_servers(const struct record *r, const char *name, GArray *ret, diags *d)
{
	const struct word *w = record_word(r, name);
	g_auto(GStrv) words = g_strsplit_set(w ? w->text : "", " ,;\t", -1);

	for (guint i = 0; words[i]; i++) {
		struct addr a;

		if (addr_parse(words[i], &a) && ret->len < RESOLVERS_MAX)
			g_array_append_val(ret, a);
		else if (*words[i])
			diags_add(d, DIAG_WARNING, w->loc,
				  "ConvertTo-Json shows lists, Export-Csv does not",
				  "'%s' is left out: not an address of a name server", words[i]);
	}
}

static void add_nrpt(const struct record *r, struct facts *f, diags *d)
{
	const struct word *w = record_word(r, "Namespace");
	g_auto(GStrv) names = g_strsplit_set(w->text, " ,;", -1);
	g_autoptr(GArray) servers = g_array_new(FALSE, TRUE, sizeof(struct addr));

	add_name_servers(r, "NameServers", servers, d);
	for (guint i = 0; names[i]; i++) {
		if (*names[i])
			facts_nrpt(f, names[i], servers, w->loc, d);
	}
}

/* fec0:0:0:ffff::1 to 3, which Windows asks where nothing is configured. */
static bool is_default_resolver(const struct addr *a)
{
	static const struct prefix site_local = {{AF_INET6, {0xfe, 0xc0}}, 10};

	return prefix_contains(&site_local, a);
}

/* Those of all interfaces, each once. */
static void add_resolvers(const struct record *r, struct facts *f, diags *d)
{
	g_autoptr(GArray) servers = g_array_new(FALSE, TRUE, sizeof(struct addr));
	char text[ADDR_TEXT_MAX];

	add_name_servers(r, "ServerAddresses", servers, d);
	array_foreach(const struct addr, a, servers) {
		bool known = false;

		array_foreach(const struct addr, have, f->resolvers)
			known = known || addr_equal(have, a);
		if (is_default_resolver(a))
			facts_usual(f, addr_print(a, text));
		else if (!known && f->resolvers->len < RESOLVERS_MAX)
			g_array_append_val(f->resolvers, *a);
	}
}

static void (*const adders[RECORD_KINDS])(const struct record *r, struct facts *f, diags *d) = {
	[RECORD_ROUTE] = add_net_route,
	[RECORD_ADDRESS] = add_ip_address,
	[RECORD_NRPT] = add_nrpt,
	[RECORD_RESOLVERS] = add_resolvers,
};

bool is_powershell(const char *file G_GNUC_UNUSED, const char *text)
{
	for (guint i = 0; i < RECORD_KINDS; i++) {
		if (strstr(text, record_names[i]))
			return true;
	}
	return false;
}

void parse_powershell(const char *file, const char *text, struct facts *f, diags *d)
{
	g_autoptr(GPtrArray) records = NULL;
	guint used = 0;

	f->windows = true;
	records = records_read(file, text, d);
	/* Addresses first, so that routes find them. */
	for (guint k = 0; k < records->len; k++) {
		for (guint i = 0; i < RECORD_KINDS; i++) {
			if (!record_word(records->pdata[k], record_names[i]))
				continue;
			adders[i](records->pdata[k], f, d);
			used++;
			break;
		}
	}
	if (used == 0 && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "ConvertTo-Json of Get-NetRoute, Get-NetIPAddress, "
			  "Get-DnsClientNrptPolicy",
			  "it contains no route and no address");
}
