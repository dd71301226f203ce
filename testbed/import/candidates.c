/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidates of a session description (RFC 8839 section 5.1).  A host candidate has an address of
 * the node, a reflexive one shows a NAT, a relayed one a TURN server.  Lync and Skype for Business
 * write IPv6 ones as a=x-candidate-ipv6, and offer those of an early draft of ICE beside them.
 * Browsers show a candidate as a string in JSON, and logs put the time before it: what follows the
 * word "candidate:" of a line counts. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"

#include <string.h>

#define GUESSED_LENGTH 24
#define GUESSED_LENGTH6 64

struct candidate {
	const struct word *address, *port;
	const char *type;
	struct loc type_loc;
	struct addr addr, base; /* `base` unset: unknown */
	struct loc loc;
};

/* Where a candidate begins within the word: behind "candidate:", which may follow "a=" or a quote,
 * and in SfB's words "x-candidate-ipv6:".  NULL: it does not. */
static const char *candidate_in(const char *word)
{
	static const char *const names[] = {"x-candidate-ipv6:", "candidate:"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *at = strstr(word, names[i]);

		if (at && (at == word || strchr("=\"'", at[-1])))
			return at + strlen(names[i]);
	}
	return NULL;
}

/* The place of the candidate's first word in the line; the number of words: there is none.  "Name:
 * candidate: candidate:1 1 ..." has it in the last such word. */
static guint first_word(const struct line *l)
{
	guint first = l->words->len;

	for (guint i = 0; i < l->words->len; i++) {
		if (candidate_in(line_word(l, i)->text))
			first = i;
	}
	return first;
}

static bool is_transport(const char *word)
{
	return g_ascii_strcasecmp(word, "UDP") == 0 || g_str_has_prefix(word, "TCP");
}

/* draft-ietf-mmusic-ice-06: id, component, password, transport, priority, address, port.  It names
 * no type; its clients give host candidates priorities above 0.8, reflexive ones 0.55, relayed ones
 * less than 0.5. */
static const char *type_by_priority(const char *priority)
{
	double q = g_ascii_strtod(priority, NULL);

	if (q >= 0.8)
		return "host";
	return q >= 0.5 ? "srflx" : "relay";
}

static bool is_draft_06(const struct line *l, guint first)
{
	return l->words->len == first + 7 && is_transport(line_word(l, first + 3)->text);
}

/* Sets the fields that stand in the line.  false: it has not the form of a candidate. */
static bool read_fields(const struct line *l, struct candidate *ret)
{
	guint first = first_word(l);
	const struct word *w = l->words->len > first ? line_word(l, first) : NULL;

	*ret = (struct candidate){.loc = w ? w->loc : line_loc(l)};
	if (!w)
		return false;
	if (is_draft_06(l, first)) {
		ret->address = w + 5;
		ret->port = w + 6;
		ret->type = type_by_priority(w[4].text);
		ret->type_loc = w[4].loc;
		return true;
	}
	if (l->words->len < first + 8 || !g_str_equal(w[6].text, "typ"))
		return false;
	ret->address = w + 4;
	ret->port = w + 5;
	ret->type = w[7].text;
	ret->type_loc = w[7].loc;
	for (guint i = first + 8; i + 1 < l->words->len; i += 2) {
		if (g_str_equal(line_word(l, i)->text, "raddr") &&
		    addr_parse(line_word(l, i + 1)->text, &ret->base) && ret->base.bytes[0] == 0)
			ret->base = (struct addr){0}; /* hidden by the browser */
	}
	return true;
}

/* A host's name, as RFC 8839 allows it in place of an address. */
static bool is_name(const char *address)
{
	return g_ascii_isalpha(address[0]) && !strchr(address, ':') && strchr(address, '.');
}

/* false: the line is not usable; `d` says why. */
static bool read_candidate(const struct line *l, struct candidate *ret, diags *d)
{
	g_autofree char *address = NULL;

	if (!read_fields(l, ret))
		return diags_add(d, DIAG_ERROR, ret->loc,
				 "a=candidate:1 1 UDP 2130706431 10.0.1.10 50000 typ host",
				 "this is not a candidate");
	address = g_strndup(ret->address->text, strcspn(ret->address->text, "%"));
	if (g_str_has_suffix(ret->address->text, ".local"))
		return diags_add(
			d, DIAG_WARNING, ret->address->loc,
			"the browser does this: use 'ip -j addr' or 'route print' of the machine",
			"'%s' hides the address", ret->address->text);
	if (!addr_parse(address, &ret->addr))
		return diags_add(d, is_name(address) ? DIAG_WARNING : DIAG_ERROR, ret->address->loc,
				 is_name(address) ? "look it up" : NULL, "'%s' is not an address%s",
				 address, is_name(address) ? ": left out" : "");
	if (!g_ascii_string_to_unsigned(ret->port->text, 10, 0, G_MAXUINT16, NULL, NULL))
		return diags_add(d, DIAG_ERROR, ret->port->loc, NULL, "'%s' is not a port",
				 ret->port->text);
	return true;
}

/* RFC 4380: an address of Teredo, which is a tunnel. */
static bool is_teredo(const struct addr *a)
{
	static const struct prefix teredo = {{AF_INET6, {0x20, 0x01}}, 32};

	return prefix_contains(&teredo, a);
}

static void add_host(const struct candidate *c, struct facts *f, diags *d)
{
	struct fact_address a = {.address = {c->addr, c->addr.family == AF_INET ? GUESSED_LENGTH :
										  GUESSED_LENGTH6},
				 .guessed = true,
				 .loc = c->loc};
	g_autofree char *name = g_strdup_printf("eth%u", f->ifaces->len);
	const struct addr none = {.family = c->addr.family};
	struct fact_iface *i;

	if (facts_owner(f, &c->addr))
		return;
	if (facts_is_usual(&(struct prefix){c->addr, addr_bits(&c->addr)}) ||
	    addr_equal(&c->addr, &none)) {
		facts_usual(f, c->address->text);
		return;
	}
	if (is_teredo(&c->addr)) {
		diags_add(d, DIAG_WARNING, c->address->loc, NULL,
			  "%s is left out: it is of a Teredo tunnel", c->address->text);
		return;
	}
	i = facts_iface(f, name, c->loc, d);
	if (!i)
		return;
	i->note = g_strdup("guess: the name (candidates have none)");
	facts_address(i, &a, d);
}

static bool first_host(const struct facts *f, struct addr *ret)
{
	ptr_array_foreach(const struct fact_iface, i, f->ifaces) {
		for (guint n = 0; n < i->addresses->len; n++) {
			*ret = g_array_index(i->addresses, struct fact_address, n).address.addr;
			if (ret->family == AF_INET)
				return true;
		}
	}
	return false;
}

static void add_nat_fact(const struct candidate *c, struct facts *f, diags *d)
{
	struct fact_nat nat = {.inside = c->base, .outside = c->addr, .loc = c->loc};

	if (!addr_is_set(&nat.inside) && !first_host(f, &nat.inside)) {
		diags_add(d, DIAG_WARNING, c->loc, "add the node's 'ip -j addr' or 'route print'",
			  "the input does not say which address is behind %s", c->address->text);
		return;
	}
	if (addr_equal(&nat.inside, &nat.outside))
		return;
	if (nat.inside.family != AF_INET || nat.outside.family != AF_INET) {
		diags_add(d, DIAG_WARNING, c->loc, "a NAT translates IPv4 only here",
			  "the reflexive candidate %s is left out", c->address->text);
		return;
	}
	array_foreach(const struct fact_nat, have, f->nats) {
		if (addr_equal(&have->inside, &nat.inside) &&
		    addr_equal(&have->outside, &nat.outside))
			return;
	}
	if (f->nats->len < FACTS_MAX)
		g_array_append_val(f->nats, nat);
}

static void add_relay_fact(const struct candidate *c, struct facts *f, diags *d G_GNUC_UNUSED)
{
	struct fact_relay relay = {c->addr, c->loc};

	for (guint i = 0; i < f->relays->len; i++) {
		if (addr_equal(&g_array_index(f->relays, struct fact_relay, i).address, &c->addr))
			return;
	}
	if (f->relays->len < FACTS_MAX)
		g_array_append_val(f->relays, relay);
}

static const struct {
	const char *type;
	void (*add)(const struct candidate *c, struct facts *f, diags *d);
} candidate_types[] = {{"host", add_host},
		       {"srflx", add_nat_fact},
		       {"prflx", add_nat_fact},
		       {"relay", add_relay_fact}};

/* In a string of JSON the type may end with a quote or a backslash. */
static bool is_type(const char *text, const char *type)
{
	return g_str_has_prefix(text, type) && strchr("\"'\\,", text[strlen(type)]);
}

static void add_candidate_facts(const struct candidate *c, guint pass, struct facts *f, diags *d)
{
	for (guint i = 0; i < G_N_ELEMENTS(candidate_types); i++) {
		if (!is_type(c->type, candidate_types[i].type))
			continue;
		/* Hosts in the first pass: a reflexive candidate may stand before its host. */
		if ((pass == 0) == (candidate_types[i].add == add_host))
			candidate_types[i].add(c, f, d);
		return;
	}
	diags_add(d, DIAG_ERROR, c->type_loc, "host, srflx, prflx or relay",
		  "unknown type '%s' of a candidate", c->type);
}

static bool is_candidate(const struct line *l)
{
	return first_word(l) < l->words->len;
}

bool is_sdp(const char *file, const char *text)
{
	return lines_any(file, text, is_candidate);
}

void parse_candidates(const char *file, const char *text, struct facts *f, diags *d)
{
	guint seen = 0;

	for (guint pass = 0; pass < 2; pass++) {
		struct line l = {.file = file, .rest = text};

		while (line_next(&l)) {
			struct candidate c;

			if (!is_candidate(&l))
				continue;
			seen++;
			if (read_candidate(&l, &c, d))
				add_candidate_facts(&c, pass, f, d);
		}
	}
	if (seen == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "paste the lines that begin with 'a=candidate:'",
			  "it contains no candidate");
}
