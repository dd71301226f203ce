/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of Windows' `route print`; route_print6.c has that of IPv6. */
#include "testbed/import/route_print.h"

#include <string.h>

/* Theory of operation.
 *
 * The words of the tables are in the language of that Windows, and in its code page.  So a line is
 * a route when it begins with an address and a netmask, and by its columns it is an active one
 * (destination, netmask, gateway, interface, metric) or a persistent one (without interface); a
 * gateway that is no address means "on link".
 *
 * "On link" says only that there is no gateway.  Windows makes three such routes for an address: to
 * its subnet, to itself and to the broadcast address, all of one metric.  The Interface column is
 * the first address of an interface.  So the route from that address to itself tells the metric of
 * the interface's own routes; what is on link with another metric, or where a gateway is, is a
 * route that somebody or some program added.
 *
 * A VPN client adds routes to 0.0.0.0/0 on link, to the two halves of it, or only routes on link at
 * an interface without subnet.  Its interface is left out. */

struct table {
	struct rows rows;
	GArray *cards; /* struct card */
	struct six six;
};

/* --- rows ------------------------------------------------------------------------------------- */

/* Digits and three single dots: an address, right or wrong. */
static bool is_dotted(const char *word)
{
	guint dots = 0;

	if (strspn(word, "0123456789.") != strlen(word) || strstr(word, "..") || word[0] == '.')
		return false;
	for (; *word; word++)
		dots += *word == '.';
	return dots == 3;
}

static bool word_addr(const struct word *w, struct addr *ret, diags *d)
{
	if (addr_parse(w->text, ret) && ret->family == AF_INET)
		return true;
	return diags_add(d, DIAG_ERROR, w->loc, "paste the table as 'route print' shows it",
			 "'%s' is not an IPv4 address", w->text);
}

/* 255.255.255.0 -> 24 */
static bool word_mask(const struct word *w, uint8_t *ret, diags *d)
{
	struct addr a;

	if (!word_addr(w, &a, d))
		return false;
	if (facts_mask_length(&a, ret))
		return true;
	return diags_add(d, DIAG_ERROR, w->loc,
			 "a netmask is ones, then zeros, as in 255.255.255.0",
			 "'%s' is not a netmask", w->text);
}

bool is_number(const char *word, unsigned *ret)
{
	guint64 number = 0;
	bool good = g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT32, &number, NULL);

	*ret = (unsigned)number;
	return good;
}

static bool is_row(const struct line *l)
{
	return l->words->len >= 3 && is_dotted(line_word(l, 0)->text) &&
	       is_dotted(line_word(l, 1)->text);
}

static bool is_active_row(const struct line *l)
{
	return l->words->len >= 5 && is_dotted(line_word(l, l->words->len - 2)->text);
}

/* The gateway, unless words stand in its place; before Windows Vista the interface's own address
 * meant "on link". */
static bool read_gateway(const struct line *l, struct row *r, diags *d)
{
	const struct word *w = line_word(l, 2);

	if (is_dotted(w->text) && !word_addr(w, &r->via, d))
		return false;
	if (addr_is_set(&r->iface) && addr_equal(&r->via, &r->iface))
		r->via = (struct addr){0};
	return true;
}

static bool read_row(const struct line *l, struct row *ret, diags *d)
{
	guint last = l->words->len - 1;
	bool active = is_active_row(l);
	struct prefix network;

	*ret = (struct row){.loc = line_loc(l)};
	if (l->words->len < 4)
		return diags_add(d, DIAG_ERROR, ret->loc,
				 "destination, netmask, gateway, interface, metric",
				 "a route in this table has 5 columns, not %u", l->words->len);
	if (!word_addr(line_word(l, 0), &ret->to.addr, d) ||
	    !word_mask(line_word(l, 1), &ret->to.len, d) ||
	    (active && !word_addr(line_word(l, last - 1), &ret->iface, d)) ||
	    !read_gateway(l, ret, d))
		return false;
	/* A persistent route may have the word for "default" in any language. */
	if (!is_number(line_word(l, last)->text, &ret->metric) && active)
		return diags_add(d, DIAG_ERROR, line_word(l, last)->loc, NULL,
				 "'%s' is not a metric", line_word(l, last)->text);
	network = prefix_network(&ret->to);
	if (addr_equal(&network.addr, &ret->to.addr))
		return true;
	return diags_add(d, DIAG_ERROR, ret->loc, NULL, "'%s' has host bits set",
			 line_word(l, 0)->text);
}

/* " 12...00 15 5d 01 02 03 ......Adapter"; the loopback has no such address. */
static void note_adapter(struct facts *f, const struct line *l)
{
	const char *dots = strstr(l->text, "...");
	const char *name = dots ? g_strrstr(dots, "..") : NULL;

	if (!dots || strspn(l->text, "0123456789 ") != (size_t)(dots - l->text) ||
	    !g_ascii_isxdigit(dots[3]) || name == dots || f->notes->len >= FACTS_MAX)
		return;
	g_ptr_array_add(f->notes, g_strdup_printf("interface: %s", name + 2));
}

bool is_route_print(const char *file, const char *text)
{
	struct line l = {.file = file, .rest = text};
	bool found = false;

	while (line_next(&l)) {
		struct addr mask;
		uint8_t bits;

		found = found ||
			(is_row(&l) && addr_parse(line_word(&l, 1)->text, &mask) &&
			 facts_mask_length(&mask, &bits) &&
			 (l.words->len != 8 || is_active_row(&l))) ||
			is_six_row(&l);
	}
	return found;
}

static const struct row *row_at(const GArray *rows, guint index)
{
	return &g_array_index(rows, struct row, index);
}

bool row_is_on_link(const struct row *r)
{
	return !addr_is_set(&r->via);
}

/* Before Windows Vista the table had a route by the loopback to each own address. */
static bool is_by_loopback(const struct row *r)
{
	return r->via.bytes[0] == 127 || r->iface.bytes[0] == 127;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static struct card *card_of(const struct table *t, const struct addr *address)
{
	array_foreach(struct card, c, t->cards) {
		if (addr_equal(&c->address, address))
			return c;
	}
	return NULL;
}

/* Whether a route on link is one that Windows made for an address of the interface. */
static bool is_made_by_windows(const struct card *c, const struct row *r)
{
	return row_is_on_link(r) && addr_equal(&r->iface, &c->address) &&
	       (!c->has_metric || r->metric == c->metric);
}

/* Those of subnets first, so that the usual interfaces get the first names. */
static void find_cards(struct table *t)
{
	for (guint pass = 0; pass < 2; pass++) {
		for (guint i = 0; i < t->rows.active->len; i++) {
			const struct row *r = row_at(t->rows.active, i);
			struct card c = {.address = r->iface};

			if (is_by_loopback(r) || facts_is_usual(&(struct prefix){r->iface, 32}) ||
			    card_of(t, &r->iface))
				continue;
			if (pass > 0 || (row_is_on_link(r) && r->to.len > 1 && r->to.len < 32 &&
					 prefix_contains(&r->to, &r->iface)))
				g_array_append_val(t->cards, c);
		}
	}
	for (guint i = 0; i < t->rows.active->len; i++) {
		const struct row *r = row_at(t->rows.active, i);
		struct card *c = card_of(t, &r->iface);

		if (!c || !row_is_on_link(r) || r->to.len != 32 ||
		    !addr_equal(&r->to.addr, &c->address))
			continue;
		c->has_metric = true;
		c->metric = r->metric;
	}
}

static bool is_subnet_of(const struct card *c, const struct row *r, const struct addr *own)
{
	return is_made_by_windows(c, r) && r->to.len >= 8 && r->to.len < 32 &&
	       prefix_contains(&r->to, own);
}

/* Whether the interface has routes on link, but neither subnet nor gateway, as a dial-up VPN has.
 */
static bool is_dial_up(const struct table *t, const struct card *c)
{
	bool gateway = false, on_link = false;

	for (guint i = 0; i < t->rows.active->len; i++) {
		const struct row *r = row_at(t->rows.active, i);

		if (!addr_equal(&r->iface, &c->address) || facts_is_usual(&r->to))
			continue;
		gateway = gateway || !row_is_on_link(r);
		on_link = on_link || (row_is_on_link(r) && !addr_equal(&r->to.addr, &c->address));
	}
	return !c->has_subnet && on_link && !gateway;
}

static void name_card(struct card *c, struct facts *f, struct loc loc, diags *d)
{
	g_autofree char *name = g_strdup_printf("eth%u", f->ifaces->len);

	c->iface = facts_owner(f, &c->address);
	if (c->iface)
		return;
	c->iface = facts_iface(f, name, loc, d);
	if (c->iface && !c->iface->note)
		c->iface->note = g_strdup("guess: the name ('route print' has none)");
}

static void add_card(const struct table *t, struct card *c, struct facts *f, diags *d)
{
	struct fact_link link = {.to = {c->address, 32}, .own = true};
	char address[ADDR_TEXT_MAX];

	for (guint i = 0; i < t->rows.active->len; i++) {
		const struct row *r = row_at(t->rows.active, i);

		if (!addr_equal(&r->iface, &c->address))
			continue;
		if (!link.loc.file || is_subnet_of(c, r, &c->address))
			link.loc = r->loc;
		c->has_subnet = c->has_subnet || is_subnet_of(c, r, &c->address);
	}
	name_card(c, f, link.loc, d);
	if (!c->iface)
		return;
	c->iface->loc = link.loc;
	if (is_dial_up(t, c)) {
		c->iface->left_out = "a VPN client's, with routes on link and no subnet";
		diags_add(d, DIAG_WARNING, link.loc,
			  "the network is written as it is while no VPN is connected",
			  "the interface with %s is left out: it is %s",
			  addr_print(&c->address, address), c->iface->left_out);
	}
	link.dev = c->iface->name;
	facts_link(f, &link, d);
}

/* What a route on link to one address is. */
enum host { HOST_OWN, HOST_BROADCAST, HOST_ROUTE };

static enum host kind_of_host(const struct table *t, const struct card *c, const struct row *r)
{
	for (guint i = 0; i < t->rows.active->len; i++) {
		const struct row *net = row_at(t->rows.active, i);

		if (row_is_on_link(net) && addr_equal(&net->iface, &r->iface) &&
		    facts_is_broadcast(&(struct prefix){r->to.addr, net->to.len}) &&
		    prefix_contains(&net->to, &r->to.addr))
			return HOST_BROADCAST;
	}
	if (addr_equal(&r->to.addr, &c->address))
		return HOST_OWN;
	return c->has_metric && is_made_by_windows(c, r) &&
			       !rows_have_gateway(&t->rows, &r->to.addr) ?
		       HOST_OWN :
		       HOST_ROUTE;
}

/* --- routes ----------------------------------------------------------------------------------- */

struct rows rows_new(void)
{
	return (struct rows){.active = g_array_new(FALSE, TRUE, sizeof(struct row)),
			     .persistent = g_array_new(FALSE, TRUE, sizeof(struct row))};
}

void rows_clear(struct rows *t)
{
	g_array_unref(t->active);
	g_array_unref(t->persistent);
}

bool rows_have_gateway(const struct rows *t, const struct addr *a)
{
	array_foreach(const struct row, r, t->active) {
		if (addr_equal(&r->via, a))
			return true;
	}
	return false;
}

static bool has_row(const GArray *rows, const struct row *r)
{
	for (guint i = 0; i < rows->len; i++) {
		if (prefix_equal(&row_at(rows, i)->to, &r->to) &&
		    addr_equal(&row_at(rows, i)->via, &r->via))
			return true;
	}
	return false;
}

void rows_add_route(const struct rows *t, const struct row *r, char *dev, bool onlink,
		    struct facts *f, diags *d)
{
	struct fact_route route = {.to = r->to,
				   .via = r->via,
				   .dev = dev,
				   .metric = r->metric,
				   .onlink = onlink,
				   .loc = r->loc};

	route.persistent = has_row(t->persistent, r);
	if (!route.persistent && prefix_is_default(&r->to)) {
		route.persistent = true;
		route.note = r->to.addr.family == AF_INET6 ?
				     "guess: from a router's advertisement, so it is there again "
				     "after a restart" :
				     "guess: from DHCP, so it is there again after a restart";
	} else if (!route.persistent) {
		route.note = "not among the Persistent Routes: lost at the next restart";
	}
	facts_route(f, &route, d);
}

void rows_add_persistent(const struct rows *t, struct facts *f, diags *d)
{
	array_foreach(const struct row, r, t->persistent) {
		struct fact_route route = {.to = r->to,
					   .via = r->via,
					   .metric = r->metric,
					   .persistent = true,
					   .loc = r->loc};

		if (t->active->len == 0 && !row_is_on_link(r))
			facts_route(f, &route, d);
		else if (!has_row(t->active, r))
			diags_add(d, DIAG_WARNING, r->loc,
				  "it is left out: add it to 'routes' if it should be active",
				  "this persistent route is not among the active ones");
	}
}

/* A route on link shows an address, a subnet, or is a route. */
static void add_on_link(const struct table *t, const struct card *c, const struct row *r,
			struct facts *f, diags *d)
{
	struct fact_link link = {.dev = c->iface->name, .to = r->to, .loc = r->loc};
	enum host host = r->to.len == 32 ? kind_of_host(t, c, r) : HOST_ROUTE;

	if (host == HOST_BROADCAST) {
		facts_usual(f, "loopback, multicast and broadcast addresses");
		return;
	}
	link.own = host == HOST_OWN;
	for (guint i = 0; !link.own && i < t->rows.active->len; i++) {
		const struct row *own = row_at(t->rows.active, i);

		if (own->to.len == 32 && addr_equal(&own->iface, &r->iface) &&
		    row_is_on_link(own) && kind_of_host(t, c, own) == HOST_OWN &&
		    is_subnet_of(c, r, &own->to.addr))
			host = HOST_OWN;
	}
	if (host == HOST_OWN || is_subnet_of(c, r, &c->address))
		facts_link(f, &link, d);
	else
		rows_add_route(&t->rows, r, c->iface->name, !c->has_subnet, f, d);
}

static void add_active(const struct table *t, struct facts *f, diags *d)
{
	for (guint i = 0; i < t->rows.active->len; i++) {
		const struct row *r = row_at(t->rows.active, i);
		const struct card *c = card_of(t, &r->iface);

		if (!c || facts_is_usual(&r->to))
			facts_usual(f, "loopback, multicast and broadcast addresses");
		else if (c->iface && c->iface->left_out)
			rows_add_route(&t->rows, r, c->iface->name, !c->has_subnet, f,
				       d); /* facts_settle tells that it is left out */
		else if (c->iface && row_is_on_link(r))
			add_on_link(t, c, r, f, d);
		else if (c->iface)
			rows_add_route(&t->rows, r, c->iface->name, !c->has_subnet, f, d);
	}
}

/* The interfaces in the order in which they are listed for multicast; free with g_ptr_array_unref.
 */
static GPtrArray *cards_in_order(const struct table *t)
{
	static const struct prefix multicast = {{AF_INET, {224}}, 4};
	GPtrArray *cards = g_ptr_array_new();

	for (guint i = 0; i < t->rows.active->len; i++) {
		const struct row *r = row_at(t->rows.active, i);
		struct card *c = prefix_equal(&r->to, &multicast) ? card_of(t, &r->iface) : NULL;

		if (c)
			g_ptr_array_add(cards, c);
	}
	if (cards->len == 0 && t->cards->len == 1)
		g_ptr_array_add(cards, &g_array_index(t->cards, struct card, 0));
	return cards;
}

void parse_route_print(const char *file, const char *text, struct facts *f, diags *d)
{
	struct line l = {.file = file, .rest = text};
	struct table t = {.rows = rows_new(),
			  .cards = g_array_new(FALSE, TRUE, sizeof(struct card)),
			  .six = {.rows = rows_new()}};
	g_autoptr(GPtrArray) cards = NULL;

	f->windows = true;
	while (line_next(&l)) {
		struct row r;

		if (!is_row(&l)) {
			note_adapter(f, &l);
			six_line(&t.six, &l, d);
		} else if (read_row(&l, &r, d)) {
			g_array_append_val(
				addr_is_set(&r.iface) ? t.rows.active : t.rows.persistent, r);
		}
	}
	find_cards(&t);
	for (guint i = 0; i < t.cards->len; i++)
		add_card(&t, &g_array_index(t.cards, struct card, i), f, d);
	add_active(&t, f, d);
	rows_add_persistent(&t.rows, f, d);
	cards = cards_in_order(&t);
	six_add(&t.six, cards, f, d);
	if (t.rows.active->len == 0 && t.rows.persistent->len == 0 && t.six.rows.active->len == 0 &&
	    t.six.rows.persistent->len == 0 && diags_errors(d) == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "paste the complete output of 'route print'", "it contains no route");
	rows_clear(&t.rows);
	g_array_unref(t.cards);
	rows_clear(&t.six.rows);
}
