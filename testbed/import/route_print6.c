/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IPv6 table of Windows' `route print`. */
#include "testbed/import/route_print.h"

#include <string.h>

/* Theory of operation.
 *
 * A row has the number of an interface, a metric, a destination, and the gateway or words that mean
 * "on link" in the language of that Windows.  Behind a long destination the gateway stands on the
 * next line.  What follows a line of '=' are the persistent routes, whose interface is 0.
 *
 * The IPv4 table names interfaces by address, this one by number, and nothing says which number has
 * which address.  But both list a multicast destination (224.0.0.0/4, ff00::/8) once for each
 * interface, in the same order, and the routes that Windows makes for itself have one metric, which
 * is usually the same in both.  So where there are as many, and no metric contradicts, the first is
 * the first; else an interface is the one that alone has its metric.  What is still unknown gets
 * its number as name, which may join it to the output of PowerShell.
 *
 * The metric of the interface's own routes is that of its route to fe80::/64. */

/* An interface of this table. */
struct six_iface {
	unsigned number, metric; /* of its own routes */
	bool has_metric, has_subnet, is_used, is_loopback, is_teredo;
	char *name;
};

/* --- rows ------------------------------------------------------------------------------------- */

static bool word_addr6(const struct line *l, guint index, struct addr *ret)
{
	g_autofree char *text = NULL;

	if (index >= l->words->len)
		return false;
	text = g_strdup(line_word(l, index)->text);
	text[strcspn(text, "%")] = '\0';
	return addr_parse(text, ret) && ret->family == AF_INET6;
}

static bool read_six_row(const struct line *l, struct row *ret)
{
	*ret = (struct row){.loc = {0}};
	if (l->words->len < 3 || !is_number(line_word(l, 0)->text, &ret->number) ||
	    !is_number(line_word(l, 1)->text, &ret->metric) ||
	    !prefix_parse(line_word(l, 2)->text, &ret->to) || ret->to.addr.family != AF_INET6)
		return false;
	ret->loc = line_loc(l);
	if (!word_addr6(l, 3, &ret->via))
		ret->via = (struct addr){0};
	return true;
}

bool is_six_row(const struct line *l)
{
	struct row r;

	return read_six_row(l, &r);
}

static void take_row(struct six *t, const struct line *l, const struct row *r, diags *d)
{
	GArray *rows = t->has_gap ? t->rows.persistent : t->rows.active;
	struct prefix network = prefix_network(&r->to);

	if (!addr_equal(&network.addr, &r->to.addr)) {
		diags_add(d, DIAG_ERROR, r->loc, NULL, "'%s' has host bits set",
			  line_word(l, 2)->text);
	} else if (rows->len < FACTS_MAX) {
		g_array_append_val(rows, *r);
		if (l->words->len == 3)
			t->open = &g_array_index(rows, struct row, rows->len - 1);
	}
}

void six_line(struct six *t, const struct line *l, diags *d)
{
	struct row *open = g_steal_pointer(&t->open);
	struct row r;

	if (read_six_row(l, &r))
		take_row(t, l, &r, d);
	else if (open && !word_addr6(l, 0, &open->via))
		open->via = (struct addr){0};
	t->has_gap = t->has_gap || (t->rows.active->len > 0 && g_str_has_prefix(l->text, "==="));
}

static bool is_multicast(const struct row *r)
{
	return r->to.addr.bytes[0] == 0xff && r->to.len == 8;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void clear_iface(gpointer data)
{
	g_free(((struct six_iface *)data)->name);
}

static struct six_iface *iface_of(GArray *ifaces, unsigned number)
{
	const struct six_iface new = {.number = number};

	array_foreach(struct six_iface, i, ifaces) {
		if (i->number == number)
			return i;
	}
	g_array_append_val(ifaces, new);
	return &g_array_index(ifaces, struct six_iface, ifaces->len - 1);
}

/* A route that Windows made for the interface itself. */
static bool is_own(const struct six_iface *i, const struct row *r)
{
	return row_is_on_link(r) && (!i->has_metric || r->metric == i->metric);
}

static bool is_subnet(const struct six_iface *i, const struct row *r)
{
	return is_own(i, r) && r->to.len >= 16 && r->to.len < 128 && !facts_is_usual(&r->to);
}

/* An own address, also a link-local one. */
static bool is_address(const struct six *t, const struct six_iface *i, const struct row *r)
{
	return is_own(i, r) && r->to.len == 128 && !rows_have_gateway(&t->rows, &r->to.addr);
}

static GArray *find_ifaces(const struct six *t)
{
	static const struct prefix teredo = {{AF_INET6, {0x20, 0x01}}, 32};
	GArray *ifaces = g_array_new(FALSE, TRUE, sizeof(struct six_iface));

	g_array_set_clear_func(ifaces, clear_iface);
	array_foreach(const struct row, r, t->rows.active) {
		struct six_iface *i = iface_of(ifaces, r->number);

		if (facts_is_link_local(&r->to.addr) && r->to.len == 64) {
			i->has_metric = true;
			i->metric = r->metric;
		}
		i->is_used = i->is_used || !facts_is_usual(&r->to);
		i->is_teredo = i->is_teredo || prefix_equal(&r->to, &teredo);
		i->is_loopback =
			i->is_loopback || (facts_is_usual(&r->to) && r->to.addr.bytes[0] == 0);
	}
	array_foreach(const struct row, r, t->rows.active) {
		if (is_subnet(iface_of(ifaces, r->number), r))
			iface_of(ifaces, r->number)->has_subnet = true;
	}
	return ifaces;
}

static bool may_be(const struct six_iface *i, const struct card *c)
{
	return !i->has_metric || !c->has_metric || i->metric == c->metric;
}

/* Pairs the interfaces of both tables in their order; false: they are not as many, or a metric
 * contradicts. */
static bool join_by_order(const struct six *t, GArray *ifaces, const GPtrArray *cards)
{
	g_autoptr(GPtrArray) six = g_ptr_array_new();

	array_foreach(const struct row, r, t->rows.active) {
		struct six_iface *i = is_multicast(r) ? iface_of(ifaces, r->number) : NULL;

		if (i && !i->is_loopback && !i->is_teredo && !g_ptr_array_find(six, i, NULL))
			g_ptr_array_add(six, i);
	}
	/* a part of the output, without these routes: a single one needs no order */
	for (guint k = 0; six->len == 0 && cards->len == 1 && k < ifaces->len; k++) {
		struct six_iface *i = &g_array_index(ifaces, struct six_iface, k);

		if (i->is_used && !i->is_teredo)
			g_ptr_array_add(six, i);
	}
	if (six->len == 0 || six->len != cards->len)
		return false;
	for (guint k = 0; six->len > 1 && k < six->len; k++) {
		if (!may_be(six->pdata[k], cards->pdata[k]))
			return false;
	}
	for (guint k = 0; k < six->len; k++) {
		const struct card *c = cards->pdata[k];

		if (c->iface)
			((struct six_iface *)six->pdata[k])->name = g_strdup(c->iface->name);
	}
	return true;
}

static guint count_with_metric(const GArray *ifaces, unsigned metric)
{
	guint n = 0;

	array_foreach(const struct six_iface, i, ifaces) {
		n += i->has_metric && i->metric == metric && !i->is_loopback && !i->is_teredo;
	}
	return n;
}

static void join_by_metric(GArray *ifaces, const GPtrArray *cards)
{
	array_foreach(struct six_iface, i, ifaces) {
		const struct card *found = NULL;
		guint n = 0;

		for (guint k = 0; k < cards->len; k++) {
			const struct card *c = cards->pdata[k];

			if (i->has_metric && c->has_metric && c->metric == i->metric) {
				found = c;
				n++;
			}
		}
		if (n == 1 && found->iface && count_with_metric(ifaces, i->metric) == 1 &&
		    !i->is_loopback && !i->is_teredo)
			i->name = g_strdup(found->iface->name);
	}
}

/* An interface that another text has told the address of is that one, whatever the order says. */
static void name_ifaces(const struct six *t, GArray *ifaces, struct facts *f)
{
	array_foreach(const struct six_iface, i, ifaces) {
		if (i->name && i->is_used && f->notes->len < FACTS_MAX)
			g_ptr_array_add(f->notes,
					g_strdup_printf("guess: interface %u of the IPv6 table is "
							"%s",
							i->number, i->name));
	}
	array_foreach(const struct row, r, t->rows.active) {
		struct six_iface *i = iface_of(ifaces, r->number);
		const struct fact_iface *known = i ? facts_owner(f, &r->to.addr) : NULL;

		if (!known || !is_address(t, i, r))
			continue;
		g_free(i->name);
		i->name = g_strdup(known->name);
	}
	array_foreach(struct six_iface, i, ifaces) {
		if (!i->name)
			i->name = g_strdup_printf("if%u", i->number);
	}
}

/* --- routes ----------------------------------------------------------------------------------- */

static void add_active(const struct six *t, const struct six_iface *i, const struct row *r,
		       struct facts *f, diags *d)
{
	struct fact_link link = {.dev = i->name, .to = r->to, .loc = r->loc};
	struct fact_iface *known = facts_find(f, i->name);
	char text[PREFIX_TEXT_MAX];

	link.own = is_address(t, i, r);
	if (i->is_teredo) {
		diags_add(d, DIAG_WARNING, r->loc, NULL,
			  "a route of interface %u is left out: it is a Teredo tunnel", r->number);
	} else if (facts_is_usual(&r->to)) {
		const struct fact_address local = {.address = {r->to.addr, 64}, .loc = r->loc};

		if (known && link.own && facts_is_link_local(&r->to.addr))
			facts_address(known, &local, d);
		else
			facts_usual(f, prefix_print(&r->to, text));
	} else if (link.own || is_subnet(i, r)) {
		facts_link(f, &link, d);
	} else {
		rows_add_route(&t->rows, r, i->name,
			       !i->has_subnet && !row_is_on_link(r) &&
				       !facts_is_link_local(&r->via),
			       f, d);
	}
}

void six_add(const struct six *t, const GPtrArray *cards, struct facts *f, diags *d)
{
	g_autoptr(GArray) ifaces = find_ifaces(t);

	if (!join_by_order(t, ifaces, cards))
		join_by_metric(ifaces, cards);
	name_ifaces(t, ifaces, f);
	array_foreach(const struct row, r, t->rows.active)
		add_active(t, iface_of(ifaces, r->number), r, f, d);
	rows_add_persistent(&t->rows, f, d);
}
