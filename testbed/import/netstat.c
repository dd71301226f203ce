/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `route -n` and `netstat -rn`, of Linux and of BSD and macOS.
 *
 * The headings are in the language of the machine, so a line is known by its columns:
 *
 *   Linux   destination gateway netmask flags [metric references use | MSS window irtt] interface
 *   Linux6  prefix gateway flags metric references use interface; also with [::] for ::
 *   BSD     destination gateway flags [numbers] interface [expiry]
 *
 * These tables name no address of the node itself, but for those of BSD that lead to the loopback.
 * Where only a subnet is known, draft takes an unused address and says so. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"

#include <string.h>

struct row {
	struct prefix to;
	struct addr via; /* unset: on link */
	char *dev;
	char *flags;
	bool is_bsd, by_hardware; /* the gateway is a link or a hardware address */
	unsigned metric;
	struct loc loc;
};

static void row_clear(gpointer data)
{
	struct row *r = data;

	g_free(r->dev);
	g_free(r->flags);
}

static bool is_flags(const char *word)
{
	return (*word == 'U' || *word == '!') &&
	       strspn(word + 1, "!" G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS) == strlen(word + 1);
}

/* "fe80::1%en0" -> fe80::1, "[::]" -> ::, also before a slash. */
static char *bare_address(const char *word)
{
	size_t length = strcspn(word += *word == '[', "%]/");
	const char *slash = strchr(word + length, '/');

	return g_strdup_printf("%.*s%s", (int)length, word, slash ? slash : "");
}

/* "192.168.1" is 192.168.1.0/24, "10/8" is 10.0.0.0/8, and a whole address is a host. */
static bool parse_bsd_destination(const char *word, struct prefix *ret)
{
	g_autofree char *text = bare_address(word);
	char *slash = strchr(text, '/');
	guint64 length = 0;
	guint dots = 0;

	if (prefix_parse(text, ret))
		return true;
	if (!g_ascii_isdigit(*text))
		return false;
	if (slash && !g_ascii_string_to_unsigned(slash + 1, 10, 0, 32, &length, NULL))
		return false;
	if (slash)
		*slash = '\0';
	for (const char *p = text; *p; p++)
		dots += *p == '.';
	if (dots > 2)
		return false;

	g_autofree char *whole = g_strdup_printf("%s%s", text, &".0.0.0"[2 * dots]);

	ret->len = slash ? (uint8_t)length : (uint8_t)(8 * (dots + 1));
	return addr_parse(whole, &ret->addr);
}

static bool parse_gateway(const char *word, struct addr *ret)
{
	g_autofree char *text = bare_address(word);

	return addr_parse(text, ret);
}

static void set_tail(struct row *r, const struct word *flags, const char *dev)
{
	r->flags = g_strdup(flags->text);
	r->dev = g_strdup(dev);
}

static unsigned number_of(const char *word)
{
	return (unsigned)g_ascii_strtoull(word, NULL, 10);
}

static bool read_linux_row(const struct line *l, struct row *r)
{
	const char *gateway = l->words->len == 8 ? line_word(l, 1)->text : NULL;
	struct addr mask;

	if (!gateway || !is_flags(line_word(l, 3)->text) ||
	    !addr_parse(line_word(l, 2)->text, &mask) || !facts_mask_length(&mask, &r->to.len))
		return false;
	if (!addr_parse(line_word(l, 0)->text, &r->to.addr)) {
		if (!g_str_equal(line_word(l, 0)->text, "default"))
			return false;
		r->to.addr = (struct addr){.family = AF_INET};
	}
	if (strchr(line_word(l, 3)->text, 'G') && !addr_parse(gateway, &r->via))
		return false;
	set_tail(r, line_word(l, 3), line_word(l, 7)->text);
	r->metric = number_of(line_word(l, 4)->text);
	return true;
}

static bool read_linux6_row(const struct line *l, struct row *r)
{
	g_autofree char *to = NULL;
	struct addr via;

	if (l->words->len != 7 || !is_flags(line_word(l, 2)->text) ||
	    !strchr(line_word(l, 0)->text, '/'))
		return false;
	to = bare_address(line_word(l, 0)->text);
	if (!prefix_parse(to, &r->to) || !parse_gateway(line_word(l, 1)->text, &via) ||
	    via.family != AF_INET6 || r->to.addr.family != AF_INET6)
		return false;
	if (strchr(line_word(l, 2)->text, 'G'))
		r->via = via;
	set_tail(r, line_word(l, 2), line_word(l, 6)->text);
	r->metric = number_of(line_word(l, 3)->text);
	return true;
}

/* After the flags, the first word that is not a number names the interface. */
static const char *bsd_dev(const struct line *l)
{
	for (guint i = 3; i < l->words->len; i++) {
		const char *word = line_word(l, i)->text;

		if (g_ascii_isalpha(word[0]))
			return word;
	}
	return NULL;
}

static bool read_bsd_row(const struct line *l, struct row *r)
{
	const char *dev = l->words->len >= 4 ? bsd_dev(l) : NULL;
	const char *to = dev ? line_word(l, 0)->text : NULL, *gateway;

	if (!dev || !is_flags(line_word(l, 2)->text))
		return false;
	gateway = line_word(l, 1)->text;
	r->by_hardware = !parse_gateway(gateway, &r->via);
	if (!g_str_equal(to, "default") && !parse_bsd_destination(to, &r->to))
		return false;
	if (g_str_equal(to, "default"))
		r->to.addr.family = r->via.family == AF_INET6 ? AF_INET6 : AF_INET;
	r->is_bsd = true;
	set_tail(r, line_word(l, 2), dev);
	if (l->words->len == 8 && line_word(l, 7)->text == dev) /* OpenBSD's priority */
		r->metric = number_of(line_word(l, 6)->text);
	return true;
}

static bool read_row(const struct line *l, struct row *r)
{
	static bool (*const readers[])(const struct line *l, struct row *r) = {
		read_linux_row, read_linux6_row, read_bsd_row};

	for (guint i = 0; i < G_N_ELEMENTS(readers); i++) {
		row_clear(r);
		*r = (struct row){.loc = line_loc(l)};
		if (readers[i](l, r))
			return true;
	}
	row_clear(r);
	*r = (struct row){0};
	return false;
}

bool is_netstat(const char *file, const char *text)
{
	struct line l = {.file = file, .rest = text};
	bool found = false;

	while (line_next(&l)) {
		struct row r = {0};

		found = read_row(&l, &r) || found;
		row_clear(&r);
	}
	return found;
}

/* --- what a row shows ------------------------------------------------------------------------- */

static const struct row *row_at(const GArray *rows, guint index)
{
	return &g_array_index(rows, struct row, index);
}

static bool has_flag(const struct row *r, char flag)
{
	return strchr(r->flags, flag);
}

static bool is_host(const struct row *r)
{
	return r->to.len == addr_bits(&r->to.addr);
}

/* Whether another row uses the address as a gateway, or has its hardware address. */
static bool is_another_machine(const GArray *rows, const struct addr *a)
{
	for (guint i = 0; i < rows->len; i++) {
		const struct row *r = row_at(rows, i);

		if ((has_flag(r, 'G') && addr_equal(&r->via, a)) ||
		    (is_host(r) && addr_equal(&r->to.addr, a) && r->by_hardware &&
		     has_flag(r, 'L') && !g_str_has_prefix(r->dev, "lo") && has_flag(r, 'W')))
			return true;
	}
	return false;
}

/* The interface that has the subnet of an own address, which BSD shows at the loopback. */
static const char *dev_of(const GArray *rows, const struct addr *a)
{
	const struct row *best = NULL;

	for (guint i = 0; i < rows->len; i++) {
		const struct row *r = row_at(rows, i);

		if (!has_flag(r, 'G') && r->to.len > 0 && prefix_contains(&r->to, a) &&
		    !g_str_has_prefix(r->dev, "lo") && (!best || r->to.len > best->to.len))
			best = r;
	}
	return best ? best->dev : NULL;
}

/* BSD's routes to hosts: own addresses, neighbours, hosts on link, and the other ends of lines,
 * which have the own address for a gateway. */
static void add_bsd_host(const GArray *rows, const struct row *r, struct facts *f, diags *d)
{
	struct fact_link link = {.dev = r->dev, .to = r->to, .own = true, .loc = r->loc};
	bool at_loopback = g_str_has_prefix(r->dev, "lo");

	if (at_loopback)
		link.dev = (char *)(gpointer)(guintptr)dev_of(rows, &r->to.addr);
	if (facts_is_usual(&r->to) || !link.dev)
		facts_usual(f, "loopback, multicast and broadcast addresses");
	else if (has_flag(r, 'b')) /* macOS: broadcast */
		facts_usual(f, "loopback, multicast and broadcast addresses");
	else if (!at_loopback && addr_is_set(&r->via) && !addr_equal(&r->via, &r->to.addr))
		facts_link(f,
			   &(struct fact_link){.dev = r->dev,
					       .to = {r->via, r->to.len},
					       .peer = r->to.addr,
					       .own = true,
					       .loc = r->loc},
			   d);
	else if (at_loopback || has_flag(r, 'l') ||
		 (has_flag(r, 'C') && !is_another_machine(rows, &r->to.addr)))
		facts_link(f, &link, d);
	else if (r->by_hardware && (has_flag(r, 'L') || has_flag(r, 'C')))
		facts_usual(f, "neighbours' hardware addresses");
	else
		facts_route(f,
			    &(struct fact_route){.to = r->to,
						 .dev = r->dev,
						 .persistent = true,
						 .note = "guess: persistent",
						 .loc = r->loc},
			    d);
}

/* What is on link to more than one host is a subnet; OpenBSD names the own address as gateway. */
static void add_subnet(const struct row *r, struct facts *f, diags *d)
{
	struct fact_link link = {.dev = r->dev, .to = r->to, .loc = r->loc};

	facts_link(f, &link, d);
	if (!r->is_bsd || !addr_is_set(&r->via) || !prefix_contains(&r->to, &r->via))
		return;
	link.to = (struct prefix){r->via, addr_bits(&r->via)};
	link.own = true;
	facts_link(f, &link, d);
}

static void add_row(const GArray *rows, const struct row *r, struct facts *f, diags *d)
{
	struct fact_route route = {.to = r->to,
				   .via = r->via,
				   .dev = r->dev,
				   .metric = r->metric,
				   .persistent = true,
				   .note = "guess: persistent",
				   .loc = r->loc};
	struct prefix network = prefix_network(&r->to);
	char text[PREFIX_TEXT_MAX];

	if (!addr_equal(&network.addr, &r->to.addr)) {
		diags_add(d, DIAG_ERROR, r->loc, NULL, "'%s' has host bits set",
			  prefix_print(&r->to, text));
		return;
	}
	if (has_flag(r, '!') || has_flag(r, 'R') || has_flag(r, 'B')) {
		route.type = has_flag(r, 'B') && r->is_bsd ? "blackhole" : "unreachable";
		route.dev = NULL;
		route.via = (struct addr){0};
		if (r->to.len > 0 || r->to.addr.family == AF_INET)
			facts_route(f, &route, d);
	} else if (r->is_bsd && has_flag(r, 'I') && r->to.len == 0) {
		diags_add(d, DIAG_WARNING, r->loc, NULL,
			  "the default route at '%s' is left out: it is for programs that ask for "
			  "that interface",
			  r->dev);
	} else if (has_flag(r, 'G') && addr_is_set(&r->via)) {
		facts_route(f, &route, d);
	} else if (is_host(r) && r->is_bsd) {
		add_bsd_host(rows, r, f, d);
	} else if (is_host(r) && has_flag(r, 'n')) { /* Linux, IPv6: an own address */
		facts_link(
			f,
			&(struct fact_link){.dev = r->dev, .to = r->to, .own = true, .loc = r->loc},
			d);
	} else if (is_host(r) || r->to.len == 0) {
		route.via = (struct addr){0};
		facts_route(f, &route, d);
	} else {
		add_subnet(r, f, d);
	}
}

void parse_netstat(const char *file, const char *text, struct facts *f, diags *d)
{
	struct line l = {.file = file, .rest = text};
	g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(struct row));

	g_array_set_clear_func(rows, row_clear);
	while (line_next(&l)) {
		struct row r = {0};
		const char *first = l.words->len > 0 ? line_word(&l, 0)->text : "";

		if (read_row(&l, &r))
			g_array_append_val(rows, r);
		else if (l.words->len > 3 &&
			 (g_ascii_isdigit(*first) || is_flags(line_word(&l, 2)->text) ||
			  is_flags(line_word(&l, 3)->text)))
			diags_add(d, DIAG_WARNING, line_loc(&l),
				  "'route -n' and 'netstat -rn' have addresses for names",
				  "this is not a route: left out");
	}
	if (rows->len == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "paste the complete output of 'route -n' or 'netstat -rn'",
			  "it contains no route");
	for (guint i = 0; i < rows->len; i++)
		add_row(rows, row_at(rows, i), f, d);
}
