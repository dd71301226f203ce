/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/import/facts.h"

#include <string.h>

static void usual_free(gpointer text)
{
	g_string_free(text, TRUE);
}

static const struct object_shape iface_shape =
	OBJECT_SHAPE(fact_iface, NULL, OWNS_TEXT(fact_iface, name), OWNS_TEXT(fact_iface, note),
		     OWNS_TEXT(fact_iface, master), OWNS_TEXT(fact_iface, table),
		     OWNS_ARRAY(fact_iface, addresses, fact_address),
		     OWNS_ARRAY(fact_iface, link_locals, addr));
static const struct object_shape link_shape =
	OBJECT_SHAPE(fact_link, NULL, OWNS_TEXT(fact_link, dev));
static const struct object_shape route_shape =
	OBJECT_SHAPE(fact_route, NULL, OWNS_TEXT(fact_route, dev), OWNS_TEXT(fact_route, table));
static const struct object_shape rule_shape =
	OBJECT_SHAPE(fact_rule, NULL, OWNS_TEXT(fact_rule, table), OWNS_TEXT(fact_rule, in),
		     OWNS_TEXT(fact_rule, text));
static const struct object_shape nrpt_shape = OBJECT_SHAPE(
	fact_nrpt, NULL, OWNS_TEXT(fact_nrpt, namespace), OWNS_ARRAY(fact_nrpt, servers, addr));
static const struct object_shape facts_shape =
	OBJECT_SHAPE(facts, NULL, OWNS_TEXT(facts, node), OWNS_LIST(facts, ifaces, object_free),
		     OWNS_LIST(facts, links, object_free), OWNS_LIST(facts, routes, object_free),
		     OWNS_LIST(facts, rules, object_free), OWNS_LIST(facts, nrpt, object_free),
		     OWNS_ARRAY(facts, resolvers, addr), OWNS_ARRAY(facts, nats, fact_nat),
		     OWNS_ARRAY(facts, relays, fact_relay), OWNS_LIST(facts, notes, g_free),
		     OWNS(facts, usual, usual_free));

bool facts_node_fits(const char *name)
{
	/* "null" is no text in YAML. */
	if (!g_ascii_isalnum(name[0]) || strlen(name) > NODE_NAME_MAX ||
	    g_str_equal(name, "count") || g_ascii_strcasecmp(name, "null") == 0)
		return false;
	for (; *name; name++) {
		if (!g_ascii_isalnum(*name) && !strchr("-_.", *name))
			return false;
	}
	return true;
}

struct facts *facts_new(const char *node, struct loc loc)
{
	struct facts *f = object_new(&facts_shape);

	f->node = g_strdup(node);
	f->usual = g_string_new(NULL);
	f->loc = loc;
	return f;
}

/* Whether a list has room for one more; else an error in `d`. */
static bool has_room(const struct facts *f, guint n, const char *what, struct loc loc, diags *d)
{
	if (n < FACTS_MAX)
		return true;
	return diags_add(d, DIAG_ERROR, loc, NULL, "node '%s' has more than %d %s", f->node,
			 FACTS_MAX, what);
}

struct fact_iface *facts_find(const struct facts *f, const char *name)
{
	for (guint k = 0; name && k < f->ifaces->len; k++) {
		struct fact_iface *i = f->ifaces->pdata[k];

		if (g_str_equal(i->name, name))
			return i;
	}
	return NULL;
}

struct fact_iface *facts_iface(struct facts *f, const char *name, struct loc loc, diags *d)
{
	struct fact_iface *i = facts_find(f, name);

	if (i || !has_room(f, f->ifaces->len, "interfaces", loc, d))
		return i;
	i = object_new(&iface_shape);
	i->name = g_strdup(name);
	i->up = true;
	i->loc = loc;
	g_ptr_array_add(f->ifaces, i);
	return i;
}

static const struct fact_address *iface_address(const struct fact_iface *i, const struct addr *a)
{
	array_foreach(const struct fact_address, have, i->addresses) {
		if (!have->unknown && addr_equal(&have->address.addr, a))
			return have;
	}
	return NULL;
}

struct fact_iface *facts_owner(const struct facts *f, const struct addr *a)
{
	for (guint k = 0; k < f->ifaces->len; k++) {
		if (iface_address(f->ifaces->pdata[k], a))
			return f->ifaces->pdata[k];
	}
	return NULL;
}

bool facts_is_link_local(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return addr_is_link_local6(a);
}

bool facts_is_broadcast(const struct prefix *p)
{
	struct prefix last = prefix_network(p);

	for (int i = p->len; i < 32; i++)
		last.addr.bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return p->addr.family == AF_INET && p->len > 0 && p->len < 31 &&
	       addr_equal(&last.addr, &p->addr);
}

bool facts_is_usual(const struct prefix *to)
{
	static const struct addr none6 = {.family = AF_INET6};

	if (to->addr.family == AF_INET)
		return (to->addr.bytes[0] == 127 && to->len >= 8) ||
		       (to->addr.bytes[0] >= 224 && to->len >= 4) ||
		       (facts_is_link_local(&to->addr) && to->len >= 16);
	return to->addr.family == AF_INET6 &&
	       ((to->addr.bytes[0] == 0xff && to->len >= 8) ||
		(facts_is_link_local(&to->addr) && to->len >= 10) ||
		(memcmp(&to->addr, &none6, offsetof(struct addr, bytes[10])) == 0 &&
		 to->len >= 96)); /* ::1, IPv4-mapped and IPv4-compatible addresses */
}

bool facts_mask_length(const struct addr *mask, uint8_t *ret)
{
	uint32_t bits;

	memcpy(&bits, mask->bytes, sizeof bits);
	bits = ntohl(bits);
	*ret = (uint8_t)__builtin_popcount(bits);
	return mask->family == AF_INET && bits == (*ret ? ~(uint32_t)0 << (32 - *ret) : 0);
}

void facts_address(struct fact_iface *i, const struct fact_address *address, diags *d)
{
	const struct addr *a = &address->address.addr;
	GArray *list = facts_is_link_local(a) ? i->link_locals : i->addresses;

	if (!address->unknown && iface_address(i, a))
		return;
	if (list->len >= FACTS_MAX)
		diags_add(d, DIAG_ERROR, address->loc, NULL,
			  "interface '%s' has more than %d addresses", i->name, FACTS_MAX);
	else if (list == i->addresses)
		g_array_append_vals(list, address, 1);
	else
		g_array_append_vals(list, a, 1);
}

void facts_usual(struct facts *f, const char *destination)
{
	if (f->usual->len < 200 && !strstr(f->usual->str, destination))
		g_string_append_printf(f->usual, "%s%s", f->usual->len > 0 ? ", " : "",
				       destination);
}

static bool note_usual(struct facts *f, const struct prefix *to)
{
	char text[PREFIX_TEXT_MAX];

	if (!facts_is_usual(to))
		return false;
	facts_usual(f, prefix_print(to, text));
	return true;
}

/* 0.0.0.0 and :: as a gateway mean that there is none. */
static bool is_unspecified(const struct addr *a)
{
	struct addr none = {.family = a->family};

	return addr_equal(a, &none);
}

void facts_route(struct facts *f, const struct fact_route *route, diags *d)
{
	struct fact_route *r;

	if (note_usual(f, &route->to) || !has_room(f, f->routes->len, "routes", route->loc, d))
		return;
	r = object_new(&route_shape);
	*r = *route;
	if (is_unspecified(&r->via))
		r->via = (struct addr){0};
	r->dev = g_strdup(route->dev);
	r->table = g_strdup(route->table);
	g_ptr_array_add(f->routes, r);
}

void facts_link(struct facts *f, const struct fact_link *link, diags *d)
{
	static const char *const loopbacks[] = {"lo", "lo0", NULL};
	struct fact_link *l;

	if (g_strv_contains(loopbacks, link->dev)) {
		facts_usual(f, "loopback, multicast and broadcast addresses");
		return;
	}
	if (note_usual(f, &link->to) || !has_room(f, f->links->len, "routes", link->loc, d))
		return;
	l = object_new(&link_shape);
	*l = *link;
	l->dev = g_strdup(link->dev);
	g_ptr_array_add(f->links, l);
}

void facts_rule(struct facts *f, const struct fact_rule *rule, diags *d)
{
	struct fact_rule *r;

	if (!has_room(f, f->rules->len, "rules", rule->loc, d))
		return;
	r = object_new(&rule_shape);
	*r = *rule;
	r->table = g_strdup(rule->table);
	r->in = g_strdup(rule->in);
	r->text = g_strdup(rule->text);
	g_ptr_array_add(f->rules, r);
}

/* 0: it has only a name. */
static unsigned table_number(const char *name)
{
	guint64 number = 0;

	return g_ascii_string_to_unsigned(name ? name : "", 10, 1, G_MAXUINT32, &number, NULL) ?
		       (unsigned)number :
		       0;
}

static bool has_table_number(const struct facts *f, unsigned number)
{
	ptr_array_foreach(const struct fact_rule, r, f->rules)
		if (table_number(r->table) == number)
			return true;
	return false;
}

unsigned facts_table(const struct facts *f, const char *name)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	unsigned number = 1000;

	if (table_number(name) > 0)
		return table_number(name);
	ptr_array_foreach(const struct fact_rule, r, f->rules) {
		if (!r->table || table_number(r->table) > 0 || !g_hash_table_add(seen, r->table))
			continue;
		while (has_table_number(f, number))
			number++;
		if (g_str_equal(r->table, name))
			return number;
		number++;
	}
	return 0;
}

/* As topology files want it: letters, digits, '-', '_' and single dots, the last no dot. */
static bool is_namespace(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= 253 && text[length - 1] != '.' && text[0] != '-' &&
	       !strstr(text, "..") &&
	       strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.") == length;
}

void facts_nrpt(struct facts *f, const char *namespace, const GArray *servers, struct loc loc,
		diags *d)
{
	struct fact_nrpt *rule;

	for (guint k = 0; k < f->nrpt->len; k++) {
		if (g_ascii_strcasecmp(((struct fact_nrpt *)f->nrpt->pdata[k])->namespace,
				       namespace) == 0)
			return;
	}
	if (!is_namespace(namespace) || servers->len == 0) {
		diags_add(d, DIAG_WARNING, loc,
			  servers->len == 0 ? "without servers, the node's own are asked" :
					      "a DNS name, or a suffix such as .example.com",
			  "the NRPT rule for '%s' is left out", namespace);
		return;
	}
	if (!has_room(f, f->nrpt->len, "NRPT rules", loc, d))
		return;
	rule = object_new(&nrpt_shape);
	rule->namespace = g_strdup(namespace);
	g_array_append_vals(rule->servers, servers->data, servers->len);
	g_ptr_array_add(f->nrpt, rule);
}
