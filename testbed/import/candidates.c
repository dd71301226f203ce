/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Candidates of a session description (RFC 8839, section 5.1): a host is an address of the node, a
 * reflexive address tells of a NAT, a relayed one of a TURN server. */
#include "testbed/import/facts.h"
#include "testbed/import/lines.h"

#include <string.h>

#define GUESSED_LENGTH 24
#define GUESSED_LENGTH6 64

struct candidate {
	const struct word *address, *type;
	struct addr addr, base; /* `base` unset: not told */
	struct loc loc;
};

static bool is_transport(const char *word)
{
	return g_ascii_strcasecmp(word, "UDP") == 0 || g_str_has_prefix(word, "TCP");
}

/* False: told, or passed over. */
static bool read_candidate(const struct line *l, struct candidate *ret, diags *d)
{
	*ret = (struct candidate){.loc = line_loc(l)};
	if (l->words->len == 7 && is_transport(line_word(l, 3)->text)) {
		diags_add(d, DIAG_WARNING, ret->loc, "the newer description beside it has 'typ'",
			  "candidate in the form of an early draft is passed over");
		return false;
	}
	if (l->words->len < 8 || !g_str_equal(line_word(l, 6)->text, "typ")) {
		diags_add(d, DIAG_ERROR, ret->loc,
			  "a=candidate:1 1 UDP 2130706431 10.0.1.10 50000 typ host",
			  "this is not a candidate");
		return false;
	}
	ret->address = line_word(l, 4);
	ret->type = line_word(l, 7);
	if (g_str_has_suffix(ret->address->text, ".local")) {
		diags_add(d, DIAG_WARNING, ret->address->loc,
			  "the browser hides it: use 'ip -j addr' or 'route print' of the machine",
			  "'%s' does not tell an address", ret->address->text);
		return false;
	}
	if (!addr_parse(ret->address->text, &ret->addr)) {
		diags_add(d, DIAG_ERROR, ret->address->loc, NULL, "'%s' is not an address",
			  ret->address->text);
		return false;
	}
	if (!g_ascii_string_to_unsigned(line_word(l, 5)->text, 10, 0, G_MAXUINT16, NULL, NULL)) {
		diags_add(d, DIAG_ERROR, line_word(l, 5)->loc, NULL, "'%s' is not a port",
			  line_word(l, 5)->text);
		return false;
	}
	for (guint i = 8; i + 1 < l->words->len; i += 2) {
		if (g_str_equal(line_word(l, i)->text, "raddr") &&
		    addr_parse(line_word(l, i + 1)->text, &ret->base) && ret->base.bytes[0] == 0)
			ret->base = (struct addr){0}; /* hidden by the browser */
	}
	return true;
}

static void take_host(const struct candidate *c, struct facts *f, diags *d)
{
	struct prefix p = {c->addr, c->addr.family == AF_INET ? GUESSED_LENGTH : GUESSED_LENGTH6};
	g_autofree char *name = g_strdup_printf("eth%u", f->ifaces->len);
	struct said_iface *i;

	if (facts_owner(f, &c->addr) || (c->addr.family == AF_INET6 && c->addr.bytes[0] == 0xfe &&
					 (c->addr.bytes[1] & 0xc0) == 0x80))
		return;
	i = facts_iface(f, name, c->loc, d);
	if (!i)
		return;
	i->note = g_strdup("guess: the name (candidates do not tell it)");
	facts_address(i, &p, true, c->loc, d);
}

static bool first_host(const struct facts *f, struct addr *ret)
{
	for (guint k = 0; k < f->ifaces->len; k++) {
		const struct said_iface *i = f->ifaces->pdata[k];

		for (guint n = 0; n < i->addresses->len; n++) {
			*ret = g_array_index(i->addresses, struct said_address, n).address.addr;
			if (ret->family == AF_INET)
				return true;
		}
	}
	return false;
}

static void take_reflexive(const struct candidate *c, struct facts *f, diags *d)
{
	struct said_nat nat = {.inside = c->base, .outside = c->addr, .loc = c->loc};

	if (!addr_is_set(&nat.inside) && !first_host(f, &nat.inside)) {
		diags_add(d, DIAG_WARNING, c->loc, "add the node's 'ip -j addr' or 'route print'",
			  "who is behind %s is not told", c->address->text);
		return;
	}
	if (nat.inside.family != AF_INET || nat.outside.family != AF_INET ||
	    addr_equal(&nat.inside, &nat.outside))
		return;
	for (guint i = 0; i < f->nats->len; i++) {
		const struct said_nat *have = &g_array_index(f->nats, struct said_nat, i);

		if (addr_equal(&have->inside, &nat.inside) &&
		    addr_equal(&have->outside, &nat.outside))
			return;
	}
	if (f->nats->len < FACTS_MAX)
		g_array_append_val(f->nats, nat);
}

static void take_relayed(const struct candidate *c, struct facts *f, diags *d G_GNUC_UNUSED)
{
	struct said_relay relay = {c->addr, c->loc};

	for (guint i = 0; i < f->relays->len; i++) {
		if (addr_equal(&g_array_index(f->relays, struct said_relay, i).address, &c->addr))
			return;
	}
	if (f->relays->len < FACTS_MAX)
		g_array_append_val(f->relays, relay);
}

static const struct {
	const char *type;
	void (*take)(const struct candidate *c, struct facts *f, diags *d);
} takers[] = {{"host", take_host},
	      {"srflx", take_reflexive},
	      {"prflx", take_reflexive},
	      {"relay", take_relayed}};

static void take(const struct candidate *c, guint pass, struct facts *f, diags *d)
{
	for (guint i = 0; i < G_N_ELEMENTS(takers); i++) {
		if (!g_str_equal(c->type->text, takers[i].type))
			continue;
		/* Hosts first: a reflexive address may come before the host behind it. */
		if ((pass == 0) == (takers[i].take == take_host))
			takers[i].take(c, f, d);
		return;
	}
	diags_add(d, DIAG_ERROR, c->type->loc, "host, srflx, prflx or relay",
		  "no candidate is of type '%s'", c->type->text);
}

static bool is_candidate(const struct line *l)
{
	return g_str_has_prefix(l->text, "a=candidate:") || g_str_has_prefix(l->text, "candidate:");
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
				take(&c, pass, f, d);
		}
	}
	if (seen == 0)
		diags_add(d, DIAG_ERROR, (struct loc){file, 1, 1},
			  "paste the lines that begin with 'a=candidate:'",
			  "there is no candidate in it");
}
