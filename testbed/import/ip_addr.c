/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ip addr`, as JSON or as text (also -o and -br): interfaces and their addresses. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"
#include "testbed/import/tree.h"

#include <string.h>

/* Links that carry packets inside of packets: by the type of `ip addr`, or the kind of `ip -d`. */
static const char *const tunnel_types[] = {"none",    "ipip",	"gre",	  "sit",    "tunnel",
					   "tunnel6", "ip6tnl", "gre6",	  "ip6gre", "vti",
					   "vxlan",   "geneve", "gretap", "tun",    "wireguard",
					   "xfrm",    NULL};

/* What one address says, whichever way it was printed. */
struct said_address {
	const char *local, *length, *peer; /* NULL: not said */
	struct loc loc, length_loc;
};

static void add_address(const struct said_address *s, struct facts *f, struct fact_iface *iface,
			diags *d)
{
	struct fact_address a = {.loc = s->loc};
	guint64 bits;

	if (!s->local || !addr_parse(s->local, &a.address.addr)) {
		diags_add(d, DIAG_ERROR, s->loc, "paste the complete output of 'ip addr'",
			  "'%s' is not an address", s->local ? s->local : "");
		return;
	}
	if (!s->length || !g_ascii_string_to_unsigned(s->length, 10, 0, addr_bits(&a.address.addr),
						      &bits, NULL)) {
		diags_add(d, DIAG_ERROR, s->length_loc, "0 to 32, for IPv6 to 128",
			  "'%s' is not a prefix length", s->length ? s->length : "");
		return;
	}
	a.address.len = (uint8_t)bits;
	if (s->peer && addr_parse(s->peer, &a.peer)) /* the length is the peer's */
		a.address.len = addr_bits(&a.address.addr);
	if (g_str_equal(iface->name, "lo")) {
		a.address.len = addr_bits(&a.address.addr);
		if (facts_is_usual(&a.address))
			facts_usual(f, s->local);
		else
			diags_add(d, DIAG_WARNING, s->loc,
				  "give it to another interface if packets are sent to it",
				  "the address %s on 'lo' is left out", s->local);
		return;
	}
	if (facts_is_usual(&(struct prefix){a.address.addr, addr_bits(&a.address.addr)}) &&
	    !facts_is_link_local(&a.address.addr)) { /* of the loopback, as VRFs have them */
		facts_usual(f, s->local);
		return;
	}
	if (a.address.len < 8) {
		diags_add(d, DIAG_WARNING, s->loc, NULL,
			  "%s/%u on '%s' is not an address in a network: left out", s->local,
			  a.address.len, iface->name);
		return;
	}
	facts_address(iface, &a, d);
}

/* Tells about an interface of which nothing is written. */
static void tell_unused(struct fact_iface *i, diags *d)
{
	if (!i || g_str_equal(i->name, "lo") || i->is_vrf)
		return;
	if (!i->left_out && i->addresses->len == 0)
		diags_add(d, DIAG_WARNING, i->loc, NULL, "'%s' has no address: left out", i->name);
}

/* Whether a list of flags, as "<BROADCAST,UP>", has this one. */
static bool has_flag(const char *flags, const char *flag)
{
	g_auto(GStrv) all = g_strsplit_set(flags, "<,>", -1);

	return g_strv_contains((const char *const *)(gpointer)all, flag);
}

/* What has no counterpart is written as WireGuard. */
static void set_tunnel(struct fact_iface *i, const char *type)
{
	i->left_out = "a tunnel";
	i->tunnel = "wireguard";
	if (g_str_equal(type, "gre") || g_str_equal(type, "ipip"))
		i->tunnel = g_intern_string(type);
}

static void set_type(struct fact_iface *i, const char *type)
{
	i->has_type = i->has_type || type;
	if (type && g_strv_contains(tunnel_types, type))
		set_tunnel(i, type);
	i->is_vrf = i->is_vrf || g_strcmp0(type, "vrf") == 0;
}

/* Of a tunnel the addresses tell which other one is its end. */
static bool is_read(const struct fact_iface *i)
{
	return !i->left_out || i->tunnel;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void read_link_kind(struct tree *j, const yaml_node_t *link, struct fact_iface *i)
{
	const yaml_node_t *info = tree_member(j, link, "linkinfo"), *data = NULL;
	const char *mtu = tree_word(j, link, "mtu");

	set_type(i, tree_word(j, link, "link_type"));
	if (info && info->type == YAML_MAPPING_NODE) {
		set_type(i, tree_word(j, info, "info_kind"));
		data = tree_member(j, info, "info_data");
	}
	if (data && data->type == YAML_MAPPING_NODE && i->is_vrf && !i->table)
		i->table = g_strdup(tree_word(j, data, "table"));
	i->up = tree_has(j, link, "flags", "UP") || !tree_member(j, link, "flags");
	i->is_vrf = i->is_vrf ||
		    (tree_has(j, link, "flags", "MASTER") && tree_has(j, link, "flags", "NOARP"));
	i->mtu = mtu ? (unsigned)g_ascii_strtoull(mtu, NULL, 10) : 0;
	if (!i->master)
		i->master = g_strdup(tree_word(j, link, "master"));
}

static void read_link(struct tree *j, const yaml_node_t *link, struct facts *f, diags *d)
{
	const char *name = tree_word(j, link, "ifname");
	struct loc loc = tree_loc(j, link, "ifname");
	const yaml_node_t *infos = tree_member(j, link, "addr_info"), *info;
	struct fact_iface *iface;

	if (!name || !*name || !infos || infos->type != YAML_SEQUENCE_NODE) {
		diags_add(d, DIAG_ERROR, loc, "paste the complete output of 'ip -j addr'",
			  "an interface without %s", name ? "'addr_info'" : "'ifname'");
		return;
	}
	iface = facts_iface(f, name, loc, d);
	if (!iface)
		return;
	read_link_kind(j, link, iface);
	for (guint i = 0; is_read(iface) && (info = tree_item(j, infos, i)); i++) {
		struct said_address s = {.local = tree_word(j, info, "local"),
					 .length = tree_word(j, info, "prefixlen"),
					 .peer = tree_word(j, info, "address"),
					 .loc = tree_loc(j, info, "local"),
					 .length_loc = tree_loc(j, info, "prefixlen")};

		if (s.local || s.length)
			add_address(&s, f, iface, d);
	}
	tell_unused(iface, d);
}

/* --- text ------------------------------------------------------------------------------------- */

/* "10.0.1.1/24" at a word, after it perhaps "peer 10.0.1.2/32". */
static void read_word_address(const struct line *l, guint at, struct facts *f,
			      struct fact_iface *iface, diags *d)
{
	const struct word *w = line_word(l, at);
	g_auto(GStrv) own = g_strsplit(w->text, "/", 2), peer = NULL;
	struct said_address s = {.local = own[0],
				 .length = own[0] ? own[1] : NULL,
				 .loc = w->loc,
				 .length_loc = w->loc};
	char *bits;
	struct addr a;

	if (at + 2 < l->words->len && g_str_equal(line_word(l, at + 1)->text, "peer")) {
		peer = g_strsplit(line_word(l, at + 2)->text, "/", 2);
		s.peer = peer[0];
		s.length = peer[0] ? peer[1] : NULL;
	}
	/* An address without length is a host's. */
	bits = g_strdup_printf("%d", addr_parse(own[0], &a) ? addr_bits(&a) : 0);
	if (!s.length)
		s.length = bits;
	if (is_read(iface))
		add_address(&s, f, iface, d);
	g_free(bits);
}

static struct fact_iface *iface_of(struct facts *f, const char *word, struct loc loc, diags *d)
{
	g_autofree char *name = g_strndup(word, strcspn(word, "@:"));

	return *name ? facts_iface(f, name, loc, d) : NULL;
}

/* "2: eth0@if5: <BROADCAST,UP> mtu 1500 qdisc fq master br0 state UP" */
static void read_heading(const struct line *l, struct fact_iface *i)
{
	for (guint k = 2; k < l->words->len; k++) {
		const char *word = line_word(l, k)->text;
		const char *next = k + 1 < l->words->len ? line_word(l, k + 1)->text : "";

		if (word[0] == '<') {
			i->up = has_flag(word, "UP");
			i->is_vrf = has_flag(word, "NOARP") && has_flag(word, "MASTER");
		} else if (g_str_equal(word, "mtu")) {
			i->mtu = (unsigned)g_ascii_strtoull(next, NULL, 10);
		} else if (g_str_equal(word, "master") && !i->master) {
			i->master = g_strdup(next);
		}
	}
}

static bool is_address(const char *word)
{
	g_autofree char *address = g_strndup(word, strcspn(word, "/"));
	struct addr a;

	return addr_parse(address, &a);
}

/* A line of `ip -br addr`: "eth0 UP 10.0.1.1/24 2001:db8::1/64". */
static bool is_brief(const struct line *l)
{
	static const char *const states[] = {"UP",	"DOWN",	   "UNKNOWN", "LOWERLAYERDOWN",
					     "DORMANT", "TESTING", NULL};

	return l->words->len >= 2 && g_strv_contains(states, line_word(l, 1)->text);
}

static struct fact_iface *read_text_line(const struct line *l, struct fact_iface *current,
					 struct facts *f, diags *d)
{
	const char *first = line_word(l, 0)->text;
	const char *third = l->words->len > 2 ? line_word(l, 2)->text : "";
	bool numbered = g_ascii_isdigit(first[0]) && g_str_has_suffix(first, ":") &&
			(third[0] == '<' || g_str_has_prefix(third, "inet"));

	if (is_brief(l)) {
		current = iface_of(f, first, line_loc(l), d);
		if (current)
			current->up = !g_str_equal(line_word(l, 1)->text, "DOWN");
		for (guint k = 2; current && k < l->words->len; k++) {
			if (g_str_equal(line_word(l, k)->text, "peer"))
				k++; /* of the address before it */
			else if (is_address(line_word(l, k)->text))
				read_word_address(l, k, f, current, d);
		}
		return current;
	}
	if (numbered) {
		current = iface_of(f, line_word(l, 1)->text, line_word(l, 1)->loc, d);
		if (current && third[0] == '<')
			read_heading(l, current);
	}
	if (current && g_str_has_prefix(first, "link/"))
		set_type(current, first + strlen("link/"));
	else if (current && g_strv_contains(tunnel_types, first)) /* of `ip -d` */
		set_type(current, first);
	if (current && l->words->len > 2 && g_str_equal(first, "vrf")) {
		current->is_vrf = true;
		if (!current->table)
			current->table = g_strdup(third);
	}
	for (guint k = 0; current && k + 1 < l->words->len; k++) {
		const char *word = line_word(l, k)->text;

		if (g_str_equal(word, "inet") || g_str_equal(word, "inet6")) {
			read_word_address(l, k + 1, f, current, d);
			break;
		}
	}
	return current;
}

bool is_ip_addr(const char *file, const char *text)
{
	struct line l = {.file = file, .rest = text};
	bool found = strstr(text, "\"addr_info\"");

	while (line_next(&l)) {
		found = found || is_brief(&l) || g_str_has_prefix(l.text, "link/");
		for (guint k = 0; k + 1 < l.words->len; k++) {
			const char *word = line_word(&l, k)->text;

			found = found ||
				((g_str_equal(word, "inet") || g_str_equal(word, "inet6")) &&
				 strchr(line_word(&l, k + 1)->text, '/'));
		}
	}
	return found;
}

static void parse_text(const char *file, const char *text, struct facts *f, diags *d)
{
	struct line l = {.file = file, .rest = text};
	struct fact_iface *current = NULL, *next;

	while (line_next(&l)) {
		if (l.words->len == 0)
			continue;
		next = read_text_line(&l, current, f, d);
		if (next != current)
			tell_unused(current, d);
		current = next;
	}
	tell_unused(current, d);
}

void parse_ip_addr(const char *file, const char *text, struct facts *f, diags *d)
{
	if (tree_begins(text))
		tree_each_object(file, text, f, d, read_link);
	else
		parse_text(file, text, f, d);
}
