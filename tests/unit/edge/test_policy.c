/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom relays may reach: every special range, in every spelling, by every way of asking. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/edge/world.h"

static const struct {
	const char *address, *rule; /* NULL: allowed */
} peers[] = {
	{"0.0.0.0", "unspecified"},
	{"0.1.2.3", "unspecified"},
	{"127.0.0.1", "loopback"},
	{"127.255.255.254", "loopback"},
	{"169.254.1.1", "link-local"},
	{"169.254.169.254", "link-local"},
	{"224.0.0.1", "multicast"},
	{"239.255.255.250", "multicast"},
	{"255.255.255.255", "broadcast"},
	{"240.0.0.1", "reserved"},
	{"10.0.0.1", "private"},
	{"10.255.255.255", "private"},
	{"172.16.0.1", "private"},
	{"172.31.255.254", "private"},
	{"192.168.0.1", "private"},
	{"192.168.255.255", "private"},
	{"100.64.0.1", "shared"},
	{"100.127.255.254", "shared"},
	{"172.25.33.10", "own-address"},
	{"10.45.16.10", "own-address"},
	{"10.45.16.20", "own-address"},
	{"10.45.16.21", "own-address"},
	{"10.20.1.1", "private"},
	{"10.19.255.255", "private"},
	{"10.20.0.1", NULL},
	{"10.20.0.255", NULL},
	{"198.51.100.10", NULL},
	{"192.0.2.1", NULL},
	{"9.255.255.255", NULL},
	{"11.0.0.0", NULL},
	{"172.15.255.255", NULL},
	{"172.32.0.0", NULL},
	{"192.167.255.255", NULL},
	{"192.169.0.0", NULL},
	{"100.63.255.255", NULL},
	{"100.128.0.0", NULL},
	{"126.255.255.255", NULL},
	{"128.0.0.0", NULL},
	{"169.253.255.255", NULL},
	{"223.255.255.255", NULL},
};

static const char *const relay_to[] = {"10.20.0.0/24", NULL};

/* The spellings of an IPv4 address. */
static char *spell(const char *v4, guint form)
{
	struct endpoint e;

	cr_assert(endpoint_parse(v4, 0, &e), "%s", v4);
	switch (form) {
	case 0:
		return g_strdup(v4);
	case 1:
		return g_strdup_printf("::ffff:%s", v4);
	case 2:
		return g_strdup_printf("::ffff:0:%s", v4);
	case 3:
		return g_strdup_printf("64:ff9b::%s", v4);
	case 4:
		return g_strdup_printf("2002:%02x%02x:%02x%02x::1", e.ip[0], e.ip[1], e.ip[2],
				       e.ip[3]);
	case 5:
		return g_strdup_printf("2001:0:1:2:3:4:%02x%02x:%02x%02x", e.ip[0] ^ 255,
				       e.ip[1] ^ 255, e.ip[2] ^ 255, e.ip[3] ^ 255);
	default:
		return g_strdup_printf("::%s", v4);
	}
}
#define SPELLINGS 7

/* What refuses the spelling of an address that is allowed. */
static const char *const forms[SPELLINGS] = {"allowed", "ipv4-mapped", "ipv4-translated", "nat64",
					     "6to4",	"teredo",      "ipv4-compatible"};

static void ask_every_way(struct world *w, struct tester *c, const char *peer, bool allowed)
{
	static guint16 channel = CHANNEL_MIN;
	const struct {
		const char *way;
		bool relayed;
	} rows[] = {
		{"CreatePermission", tester_permit(w, c, peer) == 0},
		{"ChannelBind", tester_bind(w, c, channel++, peer, 9000) == 0},
	};
	guint sends = w->sends;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_eq(rows[i].relayed, allowed, "%s by %s", peer, rows[i].way);
	tester_send(w, c, peer, 9000, "x");
	cr_expect_eq(w->sends - sends, allowed ? 1 : 0, "%s by Send", peer);
	tester_channel(w, c, (guint16)(channel - 1), "x");
	cr_expect_eq(w->sends - sends, allowed ? 2 : 0, "%s by ChannelData", peer);
}

Test(policy, only_declared_networks_in_any_spelling_by_any_request)
{
	struct world_options options = {.relay_to = relay_to, .total = 1000, .per_user = 1000};
	struct world *w = world_new(&options);

	for (gsize i = 0; i < G_N_ELEMENTS(peers); i++) {
		for (guint form = 0; form < SPELLINGS; form++) {
			g_autofree char *peer = spell(peers[i].address, form);
			struct tester *c = tester_new((guint)i + 1, "a");

			c->tuple.client.port = (guint16)(4000 + form);
			cr_assert_eq(tester_allocate(w, c), 0, "allocated");
			/* Other spellings of good ones are refused, too. */
			ask_every_way(w, c, peer, !peers[i].rule && form == 0);
			tester_free(c);
		}
	}
	world_free(w);
}

static policy *make_policy(const char *const *prefixes, GError **error)
{
	struct endpoint own[2], relay;
	struct policy_config config = {.own = own,
				       .n_own = 2,
				       .relays = &relay,
				       .n_relays = 1,
				       .relay_port_min = 50000,
				       .relay_port_max = 59999,
				       .relay_to = prefixes};

	endpoint_parse("172.25.33.10", 0, &own[0]);
	endpoint_parse("10.45.16.20", 0, &own[1]);
	endpoint_parse("203.0.113.20", 0, &relay);
	return policy_new(&config, error);
}

Test(policy, names_the_rule_in_every_spelling)
{
	g_autoptr(policy) p = make_policy(relay_to, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(peers); i++) {
		if (g_strcmp0(peers[i].rule, "own-address") == 0)
			continue;
		for (guint form = 0; form < SPELLINGS; form++) {
			g_autofree char *text = spell(peers[i].address, form);
			struct endpoint e;
			const char *rule;

			/* ::0.0.0.0 and ::0.1.2.3 are what they are either way */
			cr_assert(endpoint_parse(text, 9, &e), "%s", text);
			rule = reason_words(policy_refuses(p, &e, POLICY_ENDPOINT));
			cr_expect_str_eq(rule ? rule : "allowed",
					 peers[i].rule ? peers[i].rule : forms[form], "%s", text);
		}
	}
}

Test(policy, ipv6_ranges)
{
	static const struct {
		const char *address, *rule;
	} rows[] = {
		{"::", "unspecified"},	   {"::1", "loopback"},
		{"fe80::1", "link-local"}, {"ff02::1", "multicast"},
		{"fd00::1", "private"},	   {"fc00::1", "private"},
		{"fec0::1", "private"},	   {"64:ff9b:1::1", "nat64-local"},
		{"2600::1", "allowed"},	   {"2001:db8::1", "allowed"},
	};
	g_autoptr(policy) p = make_policy(NULL, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct endpoint e;
		const char *rule;

		endpoint_parse(rows[i].address, 9, &e);
		rule = reason_words(policy_refuses(p, &e, POLICY_ADDRESS));
		cr_expect_str_eq(rule ? rule : "allowed", rows[i].rule, "%s", rows[i].address);
	}
}

Test(policy, own_relays_on_relay_ports_only)
{
	static const struct {
		guint16 port;
		enum policy_scope scope;
		bool allowed;
	} rows[] = {
		{49999, POLICY_ENDPOINT, false}, {50000, POLICY_ENDPOINT, true},
		{59999, POLICY_ENDPOINT, true},	 {60000, POLICY_ENDPOINT, false},
		{3478, POLICY_ENDPOINT, false},	 {443, POLICY_ENDPOINT, false},
		{3478, POLICY_ADDRESS, true},	 {0, POLICY_ADDRESS, true},
	};
	g_autoptr(policy) p = make_policy(NULL, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct endpoint e;

		endpoint_parse("203.0.113.20", rows[i].port, &e);
		cr_expect_eq(policy_refuses(p, &e, rows[i].scope) == REASON_NONE, rows[i].allowed,
			     "port %u", rows[i].port);
	}
}

Test(policy, a_bad_prefix_is_an_error)
{
	static const char *const rows[] = {"10.20.0.0/33", "10.20.0/24",   "",	    "x",
					   "10.20.0.0/",   "10.20.0.0/-1", "::/129"};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *prefixes[] = {rows[i], NULL};
		g_autoptr(GError) error = NULL;

		cr_expect_null(make_policy(prefixes, &error), "'%s'", rows[i]);
		cr_expect_not_null(error, "'%s' is told", rows[i]);
	}
}

Test(policy, relay_to_opens_private_ranges_only)
{
	static const char *const everything[] = {"0.0.0.0/0", "::/0", NULL};
	static const struct {
		const char *address;
		bool allowed;
	} rows[] = {{"10.1.1.1", true},	  {"127.0.0.1", false},	      {"169.254.1.1", false},
		    {"224.0.0.1", false}, {"172.25.33.10", false},    {"fd00::1", true},
		    {"::1", false},	  {"::ffff:127.0.0.1", false}};
	g_autoptr(policy) p = make_policy(everything, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct endpoint e;

		endpoint_parse(rows[i].address, 9, &e);
		cr_expect_eq(policy_refuses(p, &e, POLICY_ENDPOINT) == REASON_NONE, rows[i].allowed,
			     "%s", rows[i].address);
	}
}
