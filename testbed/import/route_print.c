/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv4 table of Windows' `route print`, in English. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"

#include <string.h>

enum section { SECTION_OTHER, SECTION_ADAPTERS, SECTION_ACTIVE, SECTION_PERSISTENT, SECTION_IPV6 };

struct row {
	struct prefix to;
	struct addr via;   /* unset: on link */
	struct addr iface; /* unset: a persistent route */
	unsigned metric;
	struct loc loc;
};

struct table {
	GArray *active, *persistent; /* struct row */
	bool has_active, ipv6_warned;
	enum section section;
};

static bool word_addr(const struct word *w, struct addr *ret, diags *d)
{
	if (addr_parse(w->text, ret) && ret->family == AF_INET)
		return true;
	diags_add(d, DIAG_ERROR, w->loc, "paste the table as 'route print' shows it",
		  "'%s' is not an IPv4 address", w->text);
	return false;
}

/* 255.255.255.0 -> 24 */
static bool word_mask(const struct word *w, uint8_t *ret, diags *d)
{
	struct addr a;
	uint32_t bits;

	if (!word_addr(w, &a, d))
		return false;
	bits = (uint32_t)a.bytes[0] << 24 | (uint32_t)a.bytes[1] << 16 | (uint32_t)a.bytes[2] << 8 |
	       a.bytes[3];
	*ret = (uint8_t)__builtin_popcount(bits);
	if (bits == (*ret ? ~(uint32_t)0 << (32 - *ret) : 0))
		return true;
	diags_add(d, DIAG_ERROR, w->loc, "a netmask is ones, then zeros, as in 255.255.255.0",
		  "'%s' is not a netmask", w->text);
	return false;
}

static bool word_metric(const struct word *w, unsigned *ret, diags *d)
{
	guint64 number = 0;

	if (g_ascii_strcasecmp(w->text, "Default") == 0 ||
	    g_ascii_string_to_unsigned(w->text, 10, 0, G_MAXUINT32, &number, NULL)) {
		*ret = (unsigned)number;
		return true;
	}
	diags_add(d, DIAG_ERROR, w->loc, NULL, "'%s' is not a metric", w->text);
	return false;
}

static bool is_on_link(const struct word *w)
{
	return g_ascii_strcasecmp(w->text, "On-link") == 0;
}

/* Destination, netmask, gateway, [interface,] metric. */
static bool read_route_row(const struct line *l, bool active, struct row *ret, diags *d)
{
	guint wanted = active ? 5 : 4;
	struct prefix network;

	*ret = (struct row){.loc = line_loc(l)};
	if (l->words->len != wanted) {
		diags_add(d, DIAG_ERROR, ret->loc,
			  active ? "destination, netmask, gateway, interface, metric" :
				   "address, netmask, gateway, metric",
			  "a route in this table has %u columns, not %u", wanted, l->words->len);
		return false;
	}
	if (!word_addr(line_word(l, 0), &ret->to.addr, d) ||
	    !word_mask(line_word(l, 1), &ret->to.len, d) ||
	    (!is_on_link(line_word(l, 2)) && !word_addr(line_word(l, 2), &ret->via, d)) ||
	    (active && !word_addr(line_word(l, 3), &ret->iface, d)) ||
	    !word_metric(line_word(l, wanted - 1), &ret->metric, d))
		return false;
	network = prefix_network(&ret->to);
	if (!addr_equal(&network.addr, &ret->to.addr)) {
		diags_add(d, DIAG_ERROR, ret->loc, NULL, "'%s' has host bits set",
			  line_word(l, 0)->text);
		return false;
	}
	/* Before Windows Vista the interface's own address meant "on-link". */
	if (active && addr_equal(&ret->via, &ret->iface))
		ret->via = (struct addr){0};
	return true;
}

static bool is_heading(struct table *t, const struct line *l)
{
	static const struct {
		const char *start;
		enum section section;
	} headings[] = {
		{"Interface List", SECTION_ADAPTERS},	    {"IPv4 Route Table", SECTION_OTHER},
		{"IPv6 Route Table", SECTION_IPV6},	    {"Active Routes:", SECTION_ACTIVE},
		{"Persistent Routes:", SECTION_PERSISTENT}, {"Network Destination", SECTION_ACTIVE},
		{"Network Address", SECTION_PERSISTENT},
	};

	for (guint i = 0; i < G_N_ELEMENTS(headings); i++) {
		if (!g_str_has_prefix(l->text, headings[i].start))
			continue;
		if (t->section != SECTION_IPV6)
			t->section = headings[i].section;
		t->has_active = t->has_active || t->section == SECTION_ACTIVE;
		return true;
	}
	if (!g_str_has_prefix(l->text, "===="))
		return false;
	if (t->section != SECTION_IPV6)
		t->section = SECTION_OTHER;
	return true;
}

/* " 12...00 15 5d 01 02 03 ......Adapter" */
static void note_adapter(struct facts *f, const struct line *l)
{
	const char *dots = strstr(l->text, "...");
	const char *name = dots ? g_strrstr(dots, "..") : NULL;

	if (!name || strstr(l->text, "Loopback") || f->notes->len >= FACTS_MAX)
		return;
	g_ptr_array_add(f->notes, g_strdup_printf("interface: %s", name + 2));
}

static void read_route_line(struct table *t, const struct line *l, struct facts *f, diags *d)
{
	struct row r;
	bool active = t->section == SECTION_ACTIVE;

	if (l->words->len == 0 || is_heading(t, l) || t->section == SECTION_OTHER ||
	    g_str_equal(l->text, "None") || g_str_has_prefix(l->text, "Default Gateway:"))
		return;
	if (t->section == SECTION_ADAPTERS) {
		note_adapter(f, l);
	} else if (t->section == SECTION_IPV6) {
		if (!t->ipv6_warned)
			diags_add(d, DIAG_WARNING, line_loc(l),
				  "add IPv6 addresses and routes by hand",
				  "the IPv6 route table is ignored");
		t->ipv6_warned = true;
	} else if (read_route_row(l, active, &r, d)) {
		g_array_append_val(active ? t->active : t->persistent, r);
	}
}

static const struct row *row_at(const GArray *rows, guint index)
{
	return &g_array_index(rows, struct row, index);
}

static bool is_loopback_or_multicast(const struct addr *a)
{
	return a->bytes[0] == 127 || a->bytes[0] >= 224;
}

/* On-link networks have the interfaces' addresses and prefix lengths.  Windows identifies an
 * interface by its first address. */
static void add_networks(const struct table *t, const char *file, struct facts *f, diags *d)
{
	for (guint i = 0; i < t->active->len; i++) {
		const struct row *r = row_at(t->active, i);
		struct prefix address = {r->iface, r->to.len};
		struct fact_iface *iface;

		if (addr_is_set(&r->via) || r->to.len >= 32 ||
		    is_loopback_or_multicast(&r->to.addr) || is_loopback_or_multicast(&r->iface) ||
		    !prefix_contains(&r->to, &r->iface))
			continue;
		if (facts_owner(f, &r->iface))
			continue;
		g_autofree char *name = g_strdup_printf("eth%u", f->ifaces->len);
		iface = facts_iface(f, name, (struct loc){file, r->loc.line, r->loc.col}, d);
		if (!iface)
			return;
		iface->note = g_strdup("guess: the name ('route print' has none)");
		facts_address(iface, &address, false, r->loc, d);
	}
}

static bool is_broadcast(const struct prefix *network, const struct addr *a)
{
	struct addr next = *a;

	for (int i = network->len; i < 32; i++)
		next.bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return addr_equal(&next, a);
}

/* Further addresses of an interface are on-link host routes. */
static void add_addresses(const struct table *t, struct facts *f, diags *d)
{
	for (guint i = 0; i < t->active->len; i++) {
		const struct row *r = row_at(t->active, i);
		struct fact_iface *iface = facts_owner(f, &r->iface);
		struct prefix address;

		if (addr_is_set(&r->via) || r->to.len != 32 || !iface ||
		    facts_owner(f, &r->to.addr))
			continue;
		address = (struct prefix){
			r->to.addr,
			g_array_index(iface->addresses, struct fact_address, 0).address.len};
		struct prefix network = prefix_network(
			&g_array_index(iface->addresses, struct fact_address, 0).address);

		if (prefix_contains(&network, &r->to.addr) && !is_broadcast(&network, &r->to.addr))
			facts_address(iface, &address, false, r->loc, d);
	}
}

static bool same_route(const struct row *a, const struct row *b)
{
	return prefix_equal(&a->to, &b->to) && addr_equal(&a->via, &b->via);
}

static bool has_row(const GArray *rows, const struct row *r)
{
	for (guint i = 0; i < rows->len; i++) {
		if (same_route(row_at(rows, i), r))
			return true;
	}
	return false;
}

static void add_active_routes(const struct table *t, struct facts *f, diags *d)
{
	for (guint i = 0; i < t->active->len; i++) {
		const struct row *r = row_at(t->active, i);
		const struct fact_iface *iface = facts_owner(f, &r->iface);
		struct fact_route route = {
			.to = r->to, .via = r->via, .metric = r->metric, .loc = r->loc};

		if (!addr_is_set(&r->via) || is_loopback_or_multicast(&r->to.addr) ||
		    is_loopback_or_multicast(&r->via))
			continue;
		route.dev = iface ? iface->name : NULL;
		route.persistent = has_row(t->persistent, r);
		if (!route.persistent && prefix_is_default(&r->to)) {
			route.persistent = true;
			route.note = "guess: from DHCP, so it is there again after a restart";
		} else if (!route.persistent) {
			route.note = "not among the Persistent Routes: lost at the next restart";
		}
		facts_route(f, &route, d);
	}
}

static void add_persistent_routes(const struct table *t, struct facts *f, diags *d)
{
	for (guint i = 0; i < t->persistent->len; i++) {
		const struct row *r = row_at(t->persistent, i);
		struct fact_route route = {.to = r->to,
					   .via = r->via,
					   .metric = r->metric,
					   .persistent = true,
					   .loc = r->loc};

		if (!addr_is_set(&r->via))
			continue;
		if (!t->has_active)
			facts_route(f, &route, d);
		else if (!has_row(t->active, r))
			diags_add(d, DIAG_WARNING, r->loc,
				  "it is left out: add it to 'routes' if it should be active",
				  "this persistent route is not among the active ones");
	}
}

void parse_route_print(const char *file, const char *text, struct facts *f, diags *d)
{
	struct line l = {.file = file, .rest = text};
	struct table t = {.section = SECTION_OTHER};

	t.active = g_array_new(FALSE, TRUE, sizeof(struct row));
	t.persistent = g_array_new(FALSE, TRUE, sizeof(struct row));
	f->windows = true;
	while (line_next(&l))
		read_route_line(&t, &l, f, d);
	add_networks(&t, file, f, d);
	add_addresses(&t, f, d);
	add_active_routes(&t, f, d);
	add_persistent_routes(&t, f, d);
	if (t.active->len == 0 && t.persistent->len == 0 && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "paste the complete output of 'route print'",
			  "it contains no IPv4 route");
	g_array_unref(t.active);
	g_array_unref(t.persistent);
}
