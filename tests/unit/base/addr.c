/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/addr.h"

#include <criterion/criterion.h>

static struct addr parse_addr(const char *text)
{
	struct addr a = {.family = 0};

	cr_assert(addr_parse(text, &a), "'%s' must parse", text);
	return a;
}

static struct prefix parse_prefix(const char *text)
{
	struct prefix p = {.len = 0};

	cr_assert(prefix_parse(text, &p), "'%s' must parse", text);
	return p;
}

Test(addr, parses_and_prints)
{
	static const char *const rows[] = {"0.0.0.0",	   "10.0.1.10", "255.255.255.255",
					   "203.0.113.7",  "::",	"::1",
					   "2001:db8::20", "fe80::1",	NULL};
	char buf[ADDR_TEXT_MAX];

	for (const char *const *row = rows; *row; row++) {
		struct addr a = parse_addr(*row);

		cr_expect_str_eq(addr_print(&a, buf), *row, "%s comes back as %s", *row, buf);
	}
}

Test(addr, refuses_what_is_none)
{
	static const char *const rows[] = {"",
					   " ",
					   "10",
					   "10.0.1",
					   "10.0.1.256",
					   "10.0.1.1.1",
					   "10.0.1.1 ",
					   " 10.0.1.1",
					   "10.0.1.01x",
					   "a.b.c.d",
					   "10.0.1.1/24",
					   ":::",
					   "2001:db8::g",
					   "1:2:3:4:5:6:7:8:9",
					   "default",
					   NULL};

	for (const char *const *row = rows; *row; row++) {
		struct addr a = {.family = 77};

		cr_expect_not(addr_parse(*row, &a), "'%s' must not parse", *row);
		cr_expect_eq(a.family, 77, "'%s' must leave the result alone", *row);
	}
}

Test(addr, unset_prints_as_such)
{
	struct addr a = {.family = 0};
	char buf[ADDR_TEXT_MAX];

	cr_expect_str_eq(addr_print(&a, buf), "unset");
	cr_expect_not(addr_is_set(&a), "family 0 is unset");
	cr_expect_eq(addr_bits(&a), 0, "no bits");
}

Test(addr, compares)
{
	static const struct {
		const char *a, *b;
		int sign;
	} rows[] = {
		{"10.0.0.1", "10.0.0.1", 0},
		{"10.0.0.1", "10.0.0.2", -1},
		{"10.0.1.0", "10.0.0.255", 1},
		{"::1", "::1", 0},
		{"::1", "::2", -1},
		{"255.0.0.0", "::", -1},
		{"::", "255.0.0.0", 1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct addr a = parse_addr(rows[i].a), b = parse_addr(rows[i].b);
		int c = addr_compare(&a, &b);

		cr_expect_eq((c > 0) - (c < 0), rows[i].sign, "%s against %s: %d", rows[i].a,
			     rows[i].b, c);
		cr_expect_eq(addr_equal(&a, &b), rows[i].sign == 0, "%s equal %s", rows[i].a,
			     rows[i].b);
	}
}

Test(prefix, parses_and_prints)
{
	static const struct {
		const char *text, *printed;
	} rows[] = {
		{"10.0.1.0/24", "10.0.1.0/24"},
		{"10.0.1.7/24", "10.0.1.7/24"},
		{"10.0.1.7", "10.0.1.7/32"},
		{"default", "0.0.0.0/0"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"::1", "::1/128"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"},
	};
	char buf[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct prefix p = parse_prefix(rows[i].text);

		cr_expect_str_eq(prefix_print(&p, buf), rows[i].printed, "%s comes back as %s",
				 rows[i].text, buf);
	}
}

Test(prefix, refuses_what_is_none)
{
	static const char *const rows[] = {
		"",
		"/",
		"/24",
		"10.0.1.0/",
		"10.0.1.0/33",
		"10.0.1.0/-1",
		"10.0.1.0/+8",
		"10.0.1.0/024",
		"10.0.1.0/ 24",
		"10.0.1.0/24/8",
		"10.0.1.0/x",
		"10.0.1.0/4294967304",
		"::/129",
		"10.0.1/24",
		"defaults",
		"10.0.1.0.................................................../24",
		NULL};

	for (const char *const *row = rows; *row; row++) {
		struct prefix p;

		cr_expect_not(prefix_parse(*row, &p), "'%s' must not parse", *row);
	}
}

Test(prefix, contains_overlaps_and_network)
{
	static const struct {
		const char *prefix, *addr;
		bool contains;
	} rows[] = {
		{"10.0.1.0/24", "10.0.1.255", true},
		{"10.0.1.0/24", "10.0.2.0", false},
		{"10.0.1.99/24", "10.0.1.1", true},
		{"10.0.1.0/25", "10.0.1.128", false},
		{"10.0.1.4/30", "10.0.1.7", true},
		{"10.0.1.4/30", "10.0.1.8", false},
		{"10.0.1.4/31", "10.0.1.5", true},
		{"10.0.1.4/32", "10.0.1.5", false},
		{"default", "203.0.113.1", true},
		{"default", "2001:db8::1", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"::/0", "10.0.0.1", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct prefix p = parse_prefix(rows[i].prefix);
		struct addr a = parse_addr(rows[i].addr);

		cr_expect_eq(prefix_contains(&p, &a), rows[i].contains, "%s contains %s",
			     rows[i].prefix, rows[i].addr);
	}
}

Test(prefix, overlap_and_equality_are_symmetric)
{
	static const struct {
		const char *a, *b;
		bool overlap, equal;
	} rows[] = {
		{"10.0.0.0/8", "10.9.0.0/16", true, false},
		{"10.0.1.0/24", "10.0.1.7/24", true, true},
		{"10.0.1.0/25", "10.0.1.128/25", false, false},
		{"192.168.1.0/24", "192.168.0.0/16", true, false},
		{"0.0.0.0/0", "203.0.113.0/24", true, false},
		{"::/0", "0.0.0.0/0", false, false},
		{"fd00::/8", "fd12::/16", true, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct prefix a = parse_prefix(rows[i].a), b = parse_prefix(rows[i].b);

		cr_expect_eq(prefix_overlaps(&a, &b), rows[i].overlap, "%s overlaps %s", rows[i].a,
			     rows[i].b);
		cr_expect_eq(prefix_overlaps(&b, &a), rows[i].overlap, "%s overlaps %s", rows[i].b,
			     rows[i].a);
		cr_expect_eq(prefix_equal(&a, &b), rows[i].equal, "%s equals %s", rows[i].a,
			     rows[i].b);
		cr_expect_eq(prefix_equal(&b, &a), rows[i].equal, "%s equals %s", rows[i].b,
			     rows[i].a);
	}
}

Test(prefix, network_clears_host_bits)
{
	static const struct {
		const char *text, *network;
	} rows[] = {
		{"10.0.1.77/24", "10.0.1.0/24"},  {"10.0.1.77/30", "10.0.1.76/30"},
		{"10.0.1.77/32", "10.0.1.77/32"}, {"255.255.255.255/1", "128.0.0.0/1"},
		{"10.0.1.77/0", "0.0.0.0/0"},	  {"2001:db8::ffff/112", "2001:db8::/112"},
	};
	char buf[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct prefix p = parse_prefix(rows[i].text), network = prefix_network(&p);

		cr_expect_str_eq(prefix_print(&network, buf), rows[i].network,
				 "network of %s is %s", rows[i].text, buf);
	}
}

Test(prefix, default_routes)
{
	struct prefix v4 = parse_prefix("default"), v6 = parse_prefix("::/0"),
		      one = parse_prefix("128.0.0.0/1");
	struct prefix unset = {.len = 0};

	cr_expect(prefix_is_default(&v4), "default");
	cr_expect(prefix_is_default(&v6), "::/0");
	cr_expect_not(prefix_is_default(&one), "half of the world");
	cr_expect_not(prefix_is_default(&unset), "unset");
}

Test(addr, private_and_public)
{
	static const struct {
		const char *addr;
		bool is_private;
	} rows[] = {
		{"10.0.0.0", true},
		{"10.255.255.255", true},
		{"9.255.255.255", false},
		{"11.0.0.0", false},
		{"172.15.255.255", false},
		{"172.16.0.0", true},
		{"172.31.255.255", true},
		{"172.32.0.0", false},
		{"192.167.255.255", false},
		{"192.168.0.0", true},
		{"192.168.255.255", true},
		{"192.169.0.0", false},
		{"100.63.255.255", false},
		{"100.64.0.0", true},
		{"100.127.255.255", true},
		{"100.128.0.0", false},
		{"127.0.0.1", true},
		{"126.255.255.255", false},
		{"128.0.0.1", false},
		{"169.253.255.255", false},
		{"169.254.0.1", true},
		{"169.255.0.0", false},
		{"203.0.113.10", false},
		{"198.51.100.1", false},
		{"192.0.2.53", false},
		{"8.8.8.8", false},
		{"::1", true},
		{"::2", false},
		{"fc00::1", true},
		{"fdff::1", true},
		{"fe00::1", false},
		{"fe80::1", true},
		{"febf::1", true},
		{"fec0::1", false},
		{"2001:db8::1", false},
		{"::ffff:10.0.0.1", true},
		{"::ffff:8.8.8.8", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct addr a = parse_addr(rows[i].addr);

		cr_expect_eq(addr_is_private(&a), rows[i].is_private, "%s", rows[i].addr);
	}
}

Test(addr, of_a_port)
{
	static const struct {
		const char *text, *address; /* NULL: refused */
		uint16_t port;
	} cases[] = {
		{"10.0.1.10:5061", "10.0.1.10", 5061},
		{"10.0.1.10:5061: timed out", "10.0.1.10", 5061},
		{"[2001:db8::10]:443", "2001:db8::10", 443},
		{"10.0.1.10", NULL, 0},
		{"10.0.1.10:", NULL, 0},
		{"10.0.1.10:65536", NULL, 0},
		{"2001:db8::10:443", NULL, 0},
		{"[2001:db8::10]", NULL, 0},
		{"[2001:db8::10:443", NULL, 0},
		{"fe.contoso.com:5061", NULL, 0},
		{"", NULL, 0},
		{NULL, NULL, 0},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *again = NULL;
		struct addr a;
		uint16_t port = 0;
		char text[ADDR_PORT_TEXT_MAX], bare[ADDR_TEXT_MAX];
		bool ok = addr_port_parse(cases[i].text, &a, &port);

		cr_assert_eq(ok, cases[i].address != NULL, "%s", cases[i].text);
		if (!ok)
			continue;
		cr_expect_str_eq(addr_print(&a, bare), cases[i].address);
		cr_expect_eq(port, cases[i].port, "%s", cases[i].text);
		cr_expect(g_str_has_prefix(cases[i].text, addr_port_print(&a, port, text)), "%s",
			  text);
		again = addr_port_text(bare, port);
		cr_expect_str_eq(again, text);
	}
}
