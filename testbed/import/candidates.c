/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidates of a session description (RFC 8839 section 5.1).  A host candidate has an address of
 * the node, a reflexive one shows a NAT, a relayed one a TURN server.  Lync and Skype for Business
 * write IPv6 ones as a=x-candidate-ipv6, and offer those of an early draft of ICE beside them. */
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

static const char *const prefixes[] = {
	"a=candidate:", "a=x-candidate-ipv6:", "candidate:", "x-candidate-ipv6:"};

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

static bool is_draft_06(const struct line *l)
{
	return l->words->len == 7 && is_transport(line_word(l, 3)->text);
}

/* Sets the fields that stand in the line.  false: it has not the form of a candidate. */
static bool read_fields(const struct line *l, struct candidate *ret)
{
	bool draft = is_draft_06(l);

	*ret = (struct candidate){.loc = line_loc(l)};
	if (draft) {
		ret->address = line_word(l, 5);
		ret->port = line_word(l, 6);
		ret->type = type_by_priority(line_word(l, 4)->text);
		ret->type_loc = line_word(l, 4)->loc;
		return true;
	}
	if (l->words->len < 8 || !g_str_equal(line_word(l, 6)->text, "typ"))
		return false;
	ret->address = line_word(l, 4);
	ret->port = line_word(l, 5);
	ret->type = line_word(l, 7)->text;
	ret->type_loc = line_word(l, 7)->loc;
	for (guint i = 8; i + 1 < l->words->len; i += 2) {
		if (g_str_equal(line_word(l, i)->text, "raddr") &&
		    addr_parse(line_word(l, i + 1)->text, &ret->base) && ret->base.bytes[0] == 0)
			ret->base = (struct addr){0}; /* hidden by the browser */
	}
	return true;
}

/* false: the line is not usable; `d` says why. */
static bool read_candidate(const struct line *l, struct candidate *ret, diags *d)
{
	if (!read_fields(l, ret))
		return diags_add(d, DIAG_ERROR, ret->loc,
				 "a=candidate:1 1 UDP 2130706431 10.0.1.10 50000 typ host",
				 "this is not a candidate");
	if (g_str_has_suffix(ret->address->text, ".local"))
		return diags_add(
			d, DIAG_WARNING, ret->address->loc,
			"the browser does this: use 'ip -j addr' or 'route print' of the machine",
			"'%s' hides the address", ret->address->text);
	if (!addr_parse(ret->address->text, &ret->addr))
		return diags_add(d, DIAG_ERROR, ret->address->loc, NULL, "'%s' is not an address",
				 ret->address->text);
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
	struct fact_iface *i;

	if (facts_owner(f, &c->addr))
		return;
	if (facts_is_usual(&a.address)) {
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

static void add_candidate_facts(const struct candidate *c, guint pass, struct facts *f, diags *d)
{
	for (guint i = 0; i < G_N_ELEMENTS(candidate_types); i++) {
		if (!g_str_equal(c->type, candidate_types[i].type))
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
	for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		if (g_str_has_prefix(l->text, prefixes[i]))
			return true;
	}
	return false;
}

bool is_sdp(const char *file, const char *text)
{
	struct line l = {.file = file, .rest = text};
	bool found = false;

	while (line_next(&l))
		found = found || is_candidate(&l);
	return found;
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
