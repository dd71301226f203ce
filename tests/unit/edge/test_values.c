/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small values: nonces, permissions, bindings, rates, addresses, configuration. */
#include <criterion/criterion.h>
#include <string.h>

#include "edge/allocation.h"
#include "edge/binding.h"
#include "edge/config.h"
#include "edge/nonce.h"
#include "edge/permission.h"
#include "edge/rate.h"

#define S ((gint64)G_USEC_PER_SEC)

static struct endpoint at(const char *address, guint16 port)
{
	struct endpoint e;

	cr_assert(endpoint_parse(address, port, &e), "%s", address);
	return e;
}

Test(values, nonce_ages)
{
	struct nonce_source source = {.key = "0123456789abcde", .lifetime_s = 3600},
			    other = {.key = "x", .lifetime_s = 3600};
	struct endpoint a = at("192.0.2.1", 1), b = at("192.0.2.2", 1),
			same_host = at("192.0.2.1", 2);
	char nonce[NONCE_LENGTH + 1];
	const guint8 *bytes = (const guint8 *)nonce;
	gint64 start_us = (gint64)65530 * 16 * S; /* about to wrap */

	nonce_make(&source, &a, start_us, nonce);
	cr_expect_eq(strlen(nonce), NONCE_LENGTH, "length");
	cr_expect(nonce_is_fresh(&source, &a, start_us, bytes, NONCE_LENGTH), "at once");
	cr_expect(nonce_is_fresh(&source, &same_host, start_us, bytes, NONCE_LENGTH),
		  "from another port");
	cr_expect(nonce_is_fresh(&source, &a, start_us + 3600 * S, bytes, NONCE_LENGTH),
		  "after an hour, over the wrap");
	cr_expect_not(nonce_is_fresh(&source, &a, start_us + 3616 * S, bytes, NONCE_LENGTH),
		      "later");
	cr_expect_not(nonce_is_fresh(&source, &a, start_us - 16 * S, bytes, NONCE_LENGTH),
		      "from the future");
	cr_expect_not(nonce_is_fresh(&source, &b, start_us, bytes, NONCE_LENGTH),
		      "another address");
	cr_expect_not(nonce_is_fresh(&other, &a, start_us, bytes, NONCE_LENGTH), "another server");
	cr_expect_not(nonce_is_fresh(&source, &a, start_us, bytes, NONCE_LENGTH - 1), "cut");
	for (guint i = 0; i < NONCE_LENGTH; i++) {
		char changed[NONCE_LENGTH + 1];

		memcpy(changed, nonce, sizeof changed);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		cr_expect_not(nonce_is_fresh(&source, &a, start_us, (const guint8 *)changed,
					     NONCE_LENGTH),
			      "byte %u", i);
	}
}

Test(values, permissions_ignore_ports)
{
	struct permission_set set = {0};
	struct endpoint a = at("192.0.2.1", 1), b = at("192.0.2.1", 2), c = at("192.0.2.2", 1);

	cr_expect(permission_grant(&set, &a, 0), "granted");
	cr_expect(permission_is_granted(&set, &b, 0), "any port");
	cr_expect_not(permission_is_granted(&set, &c, 0), "another address");
	cr_expect_eq(permissions_left(&set, 0), PERMISSIONS_MAX - 1, "room");
	cr_expect_not(permission_is_granted(&set, &a, PERMISSION_LIFETIME_US), "expired");
	cr_expect(permission_grant(&set, &c, PERMISSION_LIFETIME_US), "in its place");
	cr_expect_eq(set.n, 1, "one place used");
}

Test(values, bindings_are_limited)
{
	struct binding_set set = {0};
	struct endpoint peer = at("192.0.2.1", 0);

	for (guint16 i = 0; i < BINDINGS_MAX; i++) {
		peer.port = i;
		cr_expect_eq(binding_bind(&set, (guint16)(0x4000 + i), &peer, 0), BINDING_DONE,
			     "binding %u", i);
	}
	peer.port = 5000;
	cr_expect_eq(binding_bind(&set, 0x5000, &peer, 0), BINDING_FULL, "one more");
	cr_expect_eq(binding_bind(&set, 0x5000, &peer, BINDING_LIFETIME_US), BINDING_DONE,
		     "when others are over");
	cr_expect_eq(binding_number(&set, &peer, BINDING_LIFETIME_US), 0x5000,
		     "number of the peer");
	cr_expect_null(binding_peer(&set, 0x4001, BINDING_LIFETIME_US), "an old one is over");
}

Test(values, rates)
{
	rate *r = rate_new(S);

	cr_expect(rate_allows(r, "a", 0), "first");
	cr_expect_not(rate_allows(r, "a", S - 1), "too soon");
	cr_expect(rate_allows(r, "b", S - 1), "another key");
	cr_expect(rate_allows(r, "a", S), "after a second");
	for (guint i = 0; i < RATE_KEYS_MAX * 2; i++) {
		g_autofree char *key = g_strdup_printf("%u", i);

		cr_assert(rate_allows(r, key, (i + 2) * S), "key %u", i);
	}
	object_free(r);
}

/* Made-up keys, as ports of a client: all together have a limit. */
Test(values, rate_of_all_keys)
{
	rate *r = rate_new(S);
	guint allowed = 0;

	for (guint i = 0; i < RATE_KEYS_MAX * 2; i++) {
		g_autofree char *key = g_strdup_printf("%u", i);

		allowed += rate_allows(r, key, 5 * S);
	}
	cr_expect_eq(allowed, (guint)RATE_TOTAL_MAX);
	cr_expect(rate_allows(r, "later", 6 * S));
	object_free(r);
}

#define BASE                                                                                      \
	"'fqdn': 'edge.contoso.com', 'domain': 'contoso.com', 'next_hop': 'fe.contoso.com', "     \
	"'ca': '/c', "                                                                            \
	"'certificate': '/e', 'key': '/k', 'secret': 's', 'internal': '172.25.33.10', 'access': " \
	"'203.0.113.10', "                                                                        \
	"'av': '203.0.113.20'"

static struct edge_config *parse(const char *text, GError **error)
{
	g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
	json_t *object = json_loads(json, 0, NULL);
	struct edge_config *c;

	cr_assert_not_null(object, "%s", json);
	c = edge_config_parse(object, error);
	json_decref(object);
	return c;
}

Test(values, configuration_defaults)
{
	struct edge_config *c = parse("{" BASE "}", NULL);
	struct edge_config *d =
		parse("{" BASE ", 'av_public': '198.51.100.9', 'av_tcp': '203.0.113.21', "
		      "'relay_to': ['10.0.0.0/8'], "
		      "'av_engine': 'none', 'relay_port_min': 40000, 'relay_port_max': 40000}",
		      NULL);
	char text[ENDPOINT_TEXT_MAX];

	cr_assert(c && d, "both parse");
	cr_expect_str_eq(c->realm, "contoso.com", "realm is the domain");
	cr_expect_str_eq(c->av_fqdn, "edge.contoso.com", "A/V name is the name");
	cr_expect_eq(c->next_hop_port, 5061, "next hop port");
	cr_expect(c->relay_port_min == 50000 && c->relay_port_max == 59999, "relay ports");
	cr_expect_str_eq(endpoint_print(&c->relay[0][TURN_TCP], text), "203.0.113.20:0",
			 "av_tcp is av");
	cr_expect(c->builtin_av, "built in");
	cr_expect_str_eq(endpoint_print(&d->advertised[0][TURN_UDP], text), "198.51.100.9:0",
			 "public");
	cr_expect_str_eq(endpoint_print(&d->advertised[0][TURN_TCP], text), "203.0.113.21:0",
			 "av_tcp_public is av_tcp");
	cr_expect_not(d->builtin_av, "another program");
	cr_expect_str_eq(d->relay_to[0], "10.0.0.0/8", "relay_to");
	edge_config_free(c);
	edge_config_free(d);
}

Test(values, configuration_of_both_families)
{
	struct edge_config *c = parse("{" BASE "}", NULL);
	struct edge_config *d =
		parse("{" BASE ", 'internal6': '2001:db8:1::10', 'av6': '2001:db8:2::20', "
		      "'relay_family': 'same'}",
		      NULL);
	char text[ENDPOINT_TEXT_MAX];

	cr_assert(c && d, "both parse");
	cr_expect_eq(c->internal6.family, ENDPOINT_NONE, "no IPv6 inside");
	cr_expect_eq(c->relay[1][TURN_UDP].family, ENDPOINT_NONE, "no IPv6 relays");
	cr_expect_not(c->relay_family_same, "RFC 8656's default");
	cr_expect_str_eq(endpoint_print(&d->internal6, text), "[2001:db8:1::10]:0", "inside");
	cr_expect_str_eq(endpoint_print(&d->relay[1][TURN_TCP], text), "[2001:db8:2::20]:0",
			 "av_tcp6 is av6");
	cr_expect_str_eq(endpoint_print(&d->advertised[1][TURN_UDP], text), "[2001:db8:2::20]:0",
			 "no other outside");
	cr_expect(d->relay_family_same, "the same family");
	edge_config_free(c);
	edge_config_free(d);
}

Test(values, configuration_errors_name_the_member)
{
	static const struct {
		const char *text, *member;
	} rows[] = {
		{"{}", "'name'"},
		{"{" BASE ", 'av_tcp': 'x'}", "'av_tcp'"},
		{"{" BASE ", 'next_hop_port': 0}", "'next_hop_port'"},
		{"{" BASE ", 'relay_port_min': 60000}", "'relay_port_min'"},
		{"{" BASE ", 'relay_port_max': 'x'}", "'relay_port_max'"},
		{"{" BASE ", 'av_engine': 'other'}", "'av_engine'"},
		{"{" BASE ", 'relay_to': [1]}", "'relay_to'"},
		{"{" BASE ", 'av6': 'x'}", "'av6'"},
		{"{" BASE ", 'relay_family': 'ipv6'}", "'relay_family'"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(parse(rows[i].text, &error), "%s", rows[i].text);
		cr_expect(error && strstr(error->message, rows[i].member), "%s: %s", rows[i].member,
			  error ? error->message : "");
	}
}

Test(values, addresses_as_text)
{
	static const char *const rows[] = {"192.0.2.1", "2001:db8::1"};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct endpoint e = at(rows[i], 77);
		g_autofree char *text = edge_address_text(&e);

		cr_expect_str_eq(text, rows[i], "there and back");
	}
}
