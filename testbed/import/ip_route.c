/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ip route`, as JSON or as text.  Routes that the kernel made also show addresses.
 */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"
#include "testbed/import/tree.h"

#include <string.h>

/* What a route says, whichever way it was printed. */
enum field { TYPE, TO, VIA, DEV, PROTOCOL, METRIC, SOURCE, TABLE, FIELDS };

static const struct {
	const char *json, *text;
} field_names[FIELDS] = {
	[TYPE] = {"type", NULL},
	[TO] = {"dst", NULL},
	[VIA] = {"gateway", "via"},
	[DEV] = {"dev", "dev"},
	[PROTOCOL] = {"protocol", "proto"},
	[METRIC] = {"metric", "metric"},
	[SOURCE] = {"prefsrc", "src"},
	[TABLE] = {"table", "table"},
};

struct said {
	char *text[FIELDS]; /* NULL: not said */
	struct loc loc[FIELDS];
	bool onlink, dead;
	bool other_family; /* the gateway is said to be of another family than the destination */
	bool skips;	   /* these words are of a next hop that is not used */
	guint hops;
};

static void said_clear(struct said *s)
{
	for (guint i = 0; i < FIELDS; i++)
		g_free(s->text[i]);
	*s = (struct said){0};
}

static void say(struct said *s, enum field field, const char *text, struct loc loc)
{
	g_free(s->text[field]);
	s->text[field] = g_strdup(text);
	s->loc[field] = loc;
}

/* The origins of routes, and what they say about a restart. */
static const struct {
	const char *protocol, *note;
} protocols[] = {
	{"static", NULL}, /* NetworkManager, systemd-networkd: from their files */
	{"kernel", NULL},
	{"dhcp", NULL},
	{"ra", NULL},
	{"boot", "guess: persistent (protocol boot: added by hand, or from a file at start)"},
};

static const char *note_of(const char *protocol)
{
	for (guint i = 0; protocol && i < G_N_ELEMENTS(protocols); i++) {
		if (g_str_equal(protocols[i].protocol, protocol))
			return protocols[i].note;
	}
	return protocol ? "guess: persistent (from a routing daemon)" : "guess: persistent";
}

enum use { USE_ROUTE, USE_REFUSING, USE_OWN, USE_USUAL, USE_NONE };

static const struct {
	const char *type;
	enum use use;
} types[] = {
	{"unicast", USE_ROUTE},	    {"blackhole", USE_REFUSING}, {"unreachable", USE_REFUSING},
	{"prohibit", USE_REFUSING}, {"local", USE_OWN},		 {"broadcast", USE_USUAL},
	{"multicast", USE_USUAL},   {"anycast", USE_USUAL},	 {"throw", USE_NONE},
	{"nat", USE_NONE},
};

/* The row of `types`; -1: there is no such type. */
static int type_row(const char *type)
{
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_str_equal(types[i].type, type))
			return (int)i;
	}
	return -1;
}

static bool read_addr(const struct said *s, enum field field, struct addr *ret, diags *d)
{
	if (!s->text[field] || addr_parse(s->text[field], ret))
		return true;
	return diags_add(d, DIAG_ERROR, s->loc[field], NULL, "'%s' is not an address",
			 s->text[field]);
}

static bool read_destination(const struct said *s, struct fact_route *r, diags *d)
{
	const char *to = s->text[TO];
	struct prefix network;

	if (!to || !prefix_parse(to, &r->to))
		return diags_add(d, DIAG_ERROR, s->loc[TO],
				 "paste the complete output of 'ip route'",
				 "'%s' is not a destination", to ? to : "");
	if (g_str_equal(to, "default") && r->via.family == AF_INET6 && !s->other_family)
		r->to = (struct prefix){.addr = {.family = AF_INET6}};
	network = prefix_network(&r->to);
	if (addr_equal(&network.addr, &r->to.addr))
		return true;
	return diags_add(d, DIAG_ERROR, s->loc[TO], NULL, "'%s' has host bits set", to);
}

static bool read_metric(const struct said *s, unsigned *ret, diags *d)
{
	guint64 number = 0;

	if (s->text[METRIC] &&
	    !g_ascii_string_to_unsigned(s->text[METRIC], 10, 0, G_MAXUINT32, &number, NULL))
		return diags_add(d, DIAG_ERROR, s->loc[METRIC], NULL, "'%s' is not a metric",
				 s->text[METRIC]);
	*ret = (unsigned)number;
	return true;
}

/* "10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10": eth0 has 10.0.1.10/24. */
static void add_kernel_route(const struct said *s, const struct fact_route *r, struct facts *f,
			     diags *d)
{
	struct fact_link link = {.dev = r->dev, .to = r->to, .loc = r->loc};
	struct addr source = {0};

	if (!r->dev)
		return;
	if (!read_addr(s, SOURCE, &source, d))
		return;
	if (r->to.len < addr_bits(&r->to.addr)) {
		facts_link(f, &link, d);
		if (source.family == r->to.addr.family && !prefix_contains(&r->to, &source))
			diags_add(d, DIAG_ERROR, s->loc[SOURCE], NULL,
				  "'%s' is not an address of that network", s->text[SOURCE]);
	} else if (!addr_is_set(&source) || addr_equal(&source, &r->to.addr)) {
		source = r->to.addr; /* an IPv6 host's route to its own address */
	} else {
		facts_route(f, r, d); /* the other end of a point-to-point line */
		link.peer = r->to.addr;
	}
	link.to = (struct prefix){source, addr_bits(&source)};
	link.own = true;
	if (addr_is_set(&source))
		facts_link(f, &link, d);
}

/* The tables whose routes every packet meets. */
static bool is_main_table(const char *table)
{
	static const char *const names[] = {"main", "254", "default", "253", NULL};

	return !table || g_strv_contains(names, table);
}

static void add_unicast(const struct said *s, struct fact_route *r, struct facts *f, diags *d)
{
	if (!r->dev && !addr_is_set(&r->via)) {
		diags_add(d, DIAG_ERROR, r->loc, "paste the complete output of 'ip route'",
			  "a route without gateway and 'dev'");
		return;
	}
	if (s->hops > 1)
		diags_add(d, DIAG_WARNING, r->loc, "a node has one next hop per destination here",
			  "only the first of %u next hops to %s is used", s->hops, s->text[TO]);
	if (g_strcmp0(s->text[PROTOCOL], "kernel") == 0 && !addr_is_set(&r->via))
		add_kernel_route(s, r, f, d);
	else
		facts_route(f, r, d);
}

static void add_said(const struct said *s, struct facts *f, diags *d)
{
	int row = type_row(s->text[TYPE] ? s->text[TYPE] : "unicast");
	struct fact_route r = {.persistent = true,
			       .note = note_of(s->text[PROTOCOL]),
			       .dev = s->text[DEV],
			       .onlink = s->onlink,
			       .dead = s->dead,
			       .loc = s->loc[TO]};
	struct fact_link own = {.dev = r.dev, .own = true, .loc = r.loc};

	r.table = is_main_table(s->text[TABLE]) ? NULL : s->text[TABLE];
	if (row < 0 || types[row].use == USE_NONE) {
		diags_add(d, DIAG_WARNING, r.loc, "unicast, blackhole, unreachable, prohibit",
			  "a route of type '%s' is left out", s->text[TYPE]);
		return;
	}
	if (types[row].use == USE_USUAL) {
		facts_usual(f, types[row].type);
		return;
	}
	if (!read_addr(s, VIA, &r.via, d) || !read_destination(s, &r, d) ||
	    !read_metric(s, &r.metric, d))
		return;
	/* The kernel puts those of IPv6 that refuse on the loopback. */
	if (g_strcmp0(r.dev, "lo") == 0 && g_str_equal(s->text[TO], "default"))
		r.to.addr.family = AF_INET6;
	own.to = r.to;
	if (types[row].use == USE_ROUTE) {
		add_unicast(s, &r, f, d);
	} else if (types[row].use == USE_OWN) {
		if (r.dev)
			facts_link(f, &own, d);
	} else if (r.metric == G_MAXUINT32) {
		facts_usual(f, "unreachable by the kernel"); /* what no route is for, in IPv6 */
	} else {
		r.type = types[row].type;
		r.via = (struct addr){0};
		r.dev = NULL;
		facts_route(f, &r, d);
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void say_members(struct said *s, struct tree *j, const yaml_node_t *object)
{
	for (guint i = 0; i < FIELDS; i++) {
		const char *text = tree_word(j, object, field_names[i].json);

		if (text)
			say(s, (enum field)i, text, tree_loc(j, object, field_names[i].json));
	}
	s->onlink = s->onlink || tree_has(j, object, "flags", "onlink");
	s->dead = s->dead || tree_has(j, object, "flags", "dead") ||
		  tree_has(j, object, "flags", "linkdown");
}

/* The first of several next hops whose interface is up; if none is, the first.  NULL: no list. */
static const yaml_node_t *first_hop(struct tree *j, const yaml_node_t *hops)
{
	const yaml_node_t *hop;

	for (guint i = 0; (hop = tree_item(j, hops, i)); i++) {
		if (!tree_has(j, hop, "flags", "dead") && !tree_has(j, hop, "flags", "linkdown"))
			return hop;
	}
	return tree_item(j, hops, 0);
}

static void read_json_route(struct tree *j, const yaml_node_t *item, struct facts *f, diags *d)
{
	const yaml_node_t *hops = tree_member(j, item, "nexthops"), *first = first_hop(j, hops);
	const yaml_node_t *via;
	struct said s = {0};

	for (guint i = 0; i < FIELDS; i++)
		s.loc[i] = tree_loc(j, item, "dst");
	say_members(&s, j, item);
	if (first)
		say_members(&s, j, first);
	while (tree_item(j, hops, s.hops))
		s.hops++;
	via = tree_member(j, first ? first : item, "via");
	if (!s.text[VIA] && via && via->type == YAML_MAPPING_NODE && tree_word(j, via, "host"))
		say(&s, VIA, tree_word(j, via, "host"), tree_loc(j, via, "host"));
	s.other_family = via;
	add_said(&s, f, d);
	said_clear(&s);
}

/* --- text ------------------------------------------------------------------------------------- */

/* The words that follow the destination, in pairs, and flags.  Of several next hops the first one
 * whose interface is up counts. */
static void say_words(struct said *s, const struct line *l, guint from)
{
	for (guint i = from; i < l->words->len; i++) {
		const struct word *w = line_word(l, i);
		bool last = i + 1 >= l->words->len;

		if (g_str_equal(w->text, "nexthop")) {
			s->skips = s->hops++ > 0 && !s->dead;
			s->dead = s->dead && s->skips;
		}
		if (s->skips)
			continue;
		s->onlink = s->onlink || g_str_equal(w->text, "onlink");
		s->dead =
			s->dead || g_str_equal(w->text, "dead") || g_str_equal(w->text, "linkdown");
		for (guint k = 0; !last && k < FIELDS; k++) {
			if (g_strcmp0(field_names[k].text, w->text) != 0)
				continue;
			w = line_word(l, ++i);
			if (k == VIA && i + 1 < l->words->len &&
			    (g_str_equal(w->text, "inet6") || g_str_equal(w->text, "inet"))) {
				w = line_word(l, ++i);
				s->other_family = true;
			}
			say(s, (enum field)k, w->text, w->loc);
			break;
		}
	}
}

static void say_line(struct said *s, const struct line *l)
{
	guint to = l->words->len > 1 && type_row(line_word(l, 0)->text) >= 0 ? 1 : 0;

	for (guint i = 0; i < FIELDS; i++)
		s->loc[i] = line_loc(l);
	if (to == 1)
		say(s, TYPE, line_word(l, 0)->text, line_loc(l));
	if (to < l->words->len)
		say(s, TO, line_word(l, to)->text, line_word(l, to)->loc);
	say_words(s, l, to + 1);
}

/* A prefix alone, before its next hops, is one, too. */
static bool is_destination_line(const struct line *l)
{
	guint to = l->words->len > 1 && type_row(line_word(l, 0)->text) >= 0 ? 1 : 0;
	struct prefix p;

	return prefix_parse(line_word(l, to)->text, &p);
}

static void finish_text_route(struct said *s, struct facts *f, diags *d)
{
	if (s->text[TO])
		add_said(s, f, d);
	said_clear(s);
}

/* Whether a line is a route: it begins with a destination or a type, and says by what. */
static bool is_route_line(const struct line *l)
{
	guint to = l->words->len > 1 && type_row(line_word(l, 0)->text) >= 0 ? 1 : 0;
	struct prefix p;

	if (l->words->len < 2 || !prefix_parse(line_word(l, to)->text, &p))
		return false;
	for (guint i = to; i < l->words->len; i++) {
		const char *word = line_word(l, i)->text;

		if (to == 1 || g_str_equal(word, "dev") || g_str_equal(word, "via") ||
		    g_str_equal(word, "proto") || g_str_equal(word, "nexthop"))
			return true;
	}
	return false;
}

bool is_ip_route(const char *file, const char *text)
{
	return strstr(text, "\"dst\"") || lines_any(file, text, is_route_line);
}

static void parse_text_routes(const char *file, const char *text, struct facts *f, diags *d)
{
	struct line l = {.file = file, .rest = text};
	bool alone = !is_ip_addr(file, text) && !is_ip_rule(file, text);
	struct said s = {0};

	while (line_next(&l)) {
		if (l.words->len == 0)
			continue;
		if (g_str_equal(line_word(&l, 0)->text, "nh_info"))
			continue; /* `ip -d`: the next hop's object, which stands in the route, too
				   */
		if (g_str_equal(line_word(&l, 0)->text, "nexthop")) {
			say_words(&s, &l, 0);
			continue;
		}
		finish_text_route(&s, f, d);
		if (is_destination_line(&l) && (alone || l.words->len == 1 || is_route_line(&l)))
			say_line(&s, &l);
		else if (alone)
			diags_add(d, DIAG_WARNING, line_loc(&l), NULL,
				  "this is not a route of 'ip route': left out");
	}
	finish_text_route(&s, f, d);
}

void parse_ip_route(const char *file, const char *text, struct facts *f, diags *d)
{
	if (tree_begins(text))
		tree_each_object(file, text, f, d, read_json_route);
	else
		parse_text_routes(file, text, f, d);
}
