/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "clients/discovery.h"

static const char *answer(discovery *d, guint i, const char *target, guint16 port)
{
	enum dns_type type;
	struct dns_answer a = {
		.query = discovery_query(d, i, &type), .target = target, .port = port};
	a.type = type;
	a.error = target ? REASON_NONE : REASON_DNS_NXDOMAIN;
	return discovery_answer(d, i, &a);
}

/* Of the target of an SRV record. */
static void address(discovery *d, guint i, enum dns_type type, const char *text)
{
	struct dns_answer a = {.type = type, .target = text};
	discovery_target_address(d, i, &a);
}

static void answer_family(discovery *d, guint i, enum dns_type type, const char *text)
{
	struct dns_answer a = {.type = type, .target = text};
	discovery_answer(d, i, &a);
}

enum {
	DISCOVER_INTERNAL,
	DISCOVER,
	INTERNAL_TLS,
	INTERNAL_TCP,
	EXTERNAL_TLS,
	SIPINTERNAL,
	SIP,
	SIPEXTERNAL
};

static void answer_nothing(discovery *d, guint from, guint to)
{
	for (guint i = from; i <= to; i++)
		answer(d, i, NULL, 0);
}

Test(discovery, names_are_in_the_products_order)
{
	static const char *const names[] = {
		"lyncdiscoverinternal.contoso.com",
		"lyncdiscover.contoso.com",
		"_sipinternaltls._tcp.contoso.com",
		"_sipinternal._tcp.contoso.com",
		"_sip._tls.contoso.com",
		"sipinternal.contoso.com",
		"sip.contoso.com",
		"sipexternal.contoso.com",
	};
	discovery *d = discovery_new("contoso.com", 1, DISCOVERY_AUTO);
	enum dns_type type;
	for (guint i = 0; i < DISCOVERY_LOOKUPS; i++)
		cr_expect_str_eq(discovery_query(d, i, &type), names[i], "question %u", i);
	discovery_free(d);
}

/* The next step must be this one; returns its target. */
static struct discovery_target expect_step(discovery *d, enum discovery_step step)
{
	struct discovery_target t = {0};
	enum discovery_step got = discovery_next(d, &t);
	cr_assert_eq(got, step, "step %d, not %d", got, step);
	return t;
}

Test(discovery, the_web_names_are_queried_first)
{
	discovery *d = discovery_new("contoso.com", 1, DISCOVERY_AUTO);
	struct discovery_target t = expect_step(d, DISCOVERY_QUERY);
	cr_expect_eq(t.lookup, (guint)DISCOVER_INTERNAL);
	cr_expect_eq(discovery_group_end(d, t.lookup), (guint)INTERNAL_TLS);
	expect_step(d, DISCOVERY_WAIT);
	answer_nothing(d, DISCOVER_INTERNAL, DISCOVER);
	t = expect_step(d, DISCOVERY_QUERY);
	cr_expect_eq(t.lookup, (guint)INTERNAL_TLS);
	cr_expect_eq(discovery_group_end(d, t.lookup), (guint)DISCOVERY_LOOKUPS);
	expect_step(d, DISCOVERY_WAIT);
	discovery_free(d);
}

Test(discovery, a_late_earlier_answer_is_waited_for)
{
	discovery *d = discovery_new("contoso.com", 1, DISCOVERY_SRV_ONLY);
	struct discovery_target t;
	expect_step(d, DISCOVERY_QUERY);
	answer(d, SIP, "203.0.113.10", 0);
	expect_step(d, DISCOVERY_WAIT);
	cr_assert_str_eq(answer(d, INTERNAL_TLS, "fe.contoso.com", 5061), "fe.contoso.com",
			 "target not asked for");
	expect_step(d, DISCOVERY_WAIT);
	address(d, INTERNAL_TLS, DNS_A, "10.0.1.10");
	t = expect_step(d, DISCOVERY_TRY);
	cr_assert_str_eq(t.name, "fe.contoso.com", "name %s", t.name);
	cr_assert_str_eq(t.address, "10.0.1.10", "address %s", t.address);
	cr_assert_eq(t.port, 5061, "port %u", t.port);
	discovery_free(d);
}

Test(discovery, a_service_that_is_off_is_passed_over)
{
	discovery *d = discovery_new("contoso.com", 1, DISCOVERY_SRV_ONLY);
	struct discovery_target t;
	answer_nothing(d, INTERNAL_TLS, INTERNAL_TLS);
	cr_assert_null(answer(d, INTERNAL_TCP, "fe.contoso.com", 5060), "plain TCP was followed");
	answer_nothing(d, EXTERNAL_TLS, SIPINTERNAL);
	answer(d, SIP, "203.0.113.10", 0);
	answer(d, SIPEXTERNAL, "203.0.113.10", 0);
	t = expect_step(d, DISCOVERY_TRY);
	cr_assert_str_eq(t.query, "sip.contoso.com", "found by %s", t.query);
	cr_assert_eq(t.port, 5061, "port %u", t.port);
	t = expect_step(d, DISCOVERY_TRY);
	cr_assert_eq(t.port, 443, "port %u", t.port);
	expect_step(d, DISCOVERY_NONE);
	discovery_free(d);
}

Test(discovery, the_web_service_names_the_server)
{
	discovery *d = discovery_new("contoso.com", 2, DISCOVERY_AUTO);
	struct discovery_target t;
	answer_family(d, DISCOVER_INTERNAL, DNS_A, NULL);
	answer_family(d, DISCOVER_INTERNAL, DNS_AAAA, NULL);
	answer_family(d, DISCOVER, DNS_A, "203.0.113.30");
	answer_family(d, DISCOVER, DNS_AAAA, NULL);
	t = expect_step(d, DISCOVERY_WEB);
	cr_expect_str_eq(t.name, "lyncdiscover.contoso.com");
	cr_expect_str_eq(t.address, "203.0.113.30");
	cr_expect_eq(t.port, 443);
	cr_expect_eq(discovery_used(d), 2u, "its look-ups are not told yet");
	expect_step(d, DISCOVERY_WAIT);
	discovery_web(d, t.lookup, "sip.contoso.com", 443);
	address(d, DISCOVER, DNS_AAAA, "2001:db8:d::2");
	expect_step(d, DISCOVERY_WAIT);
	address(d, DISCOVER, DNS_A, "203.0.113.10");
	t = expect_step(d, DISCOVERY_TRY);
	cr_expect_str_eq(t.query, "lyncdiscover.contoso.com");
	cr_expect_str_eq(t.name, "sip.contoso.com");
	cr_expect_str_eq(t.address, "203.0.113.10");
	cr_expect_str_eq(t.address6, "2001:db8:d::2");
	t = expect_step(d, DISCOVERY_QUERY);
	cr_expect_eq(t.lookup, (guint)INTERNAL_TLS, "then the other names");
	discovery_free(d);
}

Test(discovery, a_web_service_that_names_nothing_is_passed_over)
{
	static const enum client_discovery methods[] = {DISCOVERY_AUTO, DISCOVERY_WEB_ONLY};
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		discovery *d = discovery_new("contoso.com", 1, methods[i]);
		answer(d, DISCOVER_INTERNAL, "10.0.1.10", 0);
		answer(d, DISCOVER, "203.0.113.30", 0);
		struct discovery_target t = expect_step(d, DISCOVERY_WEB);
		discovery_web(d, t.lookup, NULL, 0);
		t = expect_step(d, DISCOVERY_WEB);
		cr_expect_str_eq(t.name, "lyncdiscover.contoso.com");
		/* a server without address */
		discovery_web(d, t.lookup, "sip.contoso.com", 443);
		address(d, DISCOVER, DNS_A, NULL);
		expect_step(d, methods[i] == DISCOVERY_AUTO ? DISCOVERY_QUERY : DISCOVERY_NONE);
		discovery_free(d);
	}
}

Test(discovery, a_target_without_address_is_no_server)
{
	discovery *d = discovery_new("contoso.com", 1, DISCOVERY_AUTO);
	struct discovery_target t;
	answer_nothing(d, DISCOVER_INTERNAL, SIPEXTERNAL);
	discovery_free(d);
	d = discovery_new("contoso.com", 1, DISCOVERY_AUTO);
	answer_nothing(d, DISCOVER_INTERNAL, INTERNAL_TCP);
	answer(d, EXTERNAL_TLS, "sip.contoso.com", 443);
	address(d, EXTERNAL_TLS, DNS_A, NULL);
	answer_nothing(d, SIPINTERNAL, SIPEXTERNAL);
	cr_assert_eq(discovery_next(d, &t), DISCOVERY_NONE, "tried without an address");
	cr_assert_eq(discovery_used(d), (guint)DISCOVERY_LOOKUPS, "not all judged");
	discovery_free(d);
}

static void answer_nothing_twice(discovery *d, guint from, guint to)
{
	for (guint i = from; i <= to; i++) {
		bool srv = i == INTERNAL_TLS || i == INTERNAL_TCP || i == EXTERNAL_TLS;
		answer_family(d, i, srv ? DNS_SRV : DNS_A, NULL);
		if (!srv)
			answer_family(d, i, DNS_AAAA, NULL);
	}
}

Test(discovery, addresses_of_both_families_are_waited_for)
{
	discovery *d = discovery_new("contoso.com", 2, DISCOVERY_AUTO);
	struct discovery_target t;
	answer_nothing_twice(d, DISCOVER_INTERNAL, INTERNAL_TCP);
	answer(d, EXTERNAL_TLS, "sip.contoso.com", 443);
	address(d, EXTERNAL_TLS, DNS_AAAA, "2001:db8:d::2");
	cr_assert_eq(discovery_next(d, &t), DISCOVERY_WAIT, "its A record is still out");
	address(d, EXTERNAL_TLS, DNS_A, "203.0.113.2");
	cr_assert_eq(discovery_next(d, &t), DISCOVERY_TRY, "not tried");
	cr_expect_str_eq(t.address, "203.0.113.2", "address %s", t.address);
	cr_assert_not_null(t.address6, "no IPv6 address");
	cr_expect_str_eq(t.address6, "2001:db8:d::2", "address6 %s", t.address6);
	discovery_free(d);
}

Test(discovery, a_server_with_one_family_only)
{
	static const struct {
		enum dns_type type;
		const char *text;
	} rows[] = {{DNS_A, "203.0.113.2"}, {DNS_AAAA, "2001:db8:d::2"}};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		discovery *d = discovery_new("contoso.com", 2, DISCOVERY_AUTO);
		struct discovery_target t;
		answer_nothing_twice(d, DISCOVER_INTERNAL, SIPINTERNAL);
		answer_family(d, SIP, rows[!i].type, NULL);
		answer_family(d, SIP, rows[i].type, rows[i].text);
		cr_assert_eq(discovery_next(d, &t), DISCOVERY_TRY, "not tried");
		cr_expect_str_eq(t.name, "sip.contoso.com", "name %s", t.name);
		cr_expect_str_eq(t.address, rows[i].text, "address %s", t.address);
		cr_expect_null(t.address6, "none beside it");
		discovery_free(d);
	}
}
