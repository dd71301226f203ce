/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/model/support.h"

#include <criterion/criterion.h>
#include <string.h>

struct row {
	const char *scenario, *a, *b;
	enum media media;
	enum verdict verdict;
	enum path_class path;
};

static void check_rows(const model *m, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		const struct scenario *sc = model_scenario(m, r->scenario);
		const struct expect *there = scenario_expect(m, sc, r->a, r->b, r->media);
		const struct expect *back =
			r->b ? scenario_expect(m, sc, r->b, r->a, r->media) : there;

		cr_assert_not_null(there, "%s %s-%s: nothing said", r->scenario, r->a, r->b);
		cr_expect_eq(there, back, "%s %s-%s: not symmetric", r->scenario, r->a, r->b);
		cr_expect_eq(there->verdict, r->verdict, "%s %s-%s %s: %s", r->scenario, r->a, r->b,
			     media_name(r->media), verdict_name(there->verdict));
		cr_expect_eq(there->path_mask, 1u << r->path, "%s %s-%s %s: not %s", r->scenario,
			     r->a, r->b, media_name(r->media), path_class_name(r->path));
	}
}

Test(expect, reference_topology)
{
	static const struct row rows[] = {
		{"missing-route", "branch1", "home1", MEDIA_IM, VERDICT_PASS, PATH_SIGNALLING},
		{"missing-route", "branch1", "home1", MEDIA_AUDIO, VERDICT_FAIL, PATH_NONE},
		{"missing-route", "branch2", "cafe1", MEDIA_VIDEO, VERDICT_FAIL, PATH_NONE},
		{"missing-route", "dc1", "dc2", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_DIRECT},
		{"missing-route", "dc1", "branch1", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_DIRECT},
		{"missing-route", "dc1", "home1", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_RELAY},
		{"missing-route", "home1", "home2", MEDIA_VIDEO, VERDICT_PASS, PATH_UDP_NAT},
		{"missing-route", "home1", "cafe1", MEDIA_AUDIO, VERDICT_PASS, PATH_TCP_RELAY},
		{"missing-route", "dc1", "cafe1", MEDIA_AUDIO, VERDICT_PASS, PATH_TCP_RELAY},
		{"missing-route", "dc1", "home1", MEDIA_AV_CONFERENCE, VERDICT_PASS, PATH_MCU},
		{"missing-route", "dc1", NULL, MEDIA_AV_CONFERENCE, VERDICT_PASS, PATH_MCU},
		{"persistent-route", "branch1", "home1", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_RELAY},
		{"persistent-route", "branch1", "cafe1", MEDIA_AUDIO, VERDICT_PASS, PATH_TCP_RELAY},
		{"vpn-bypass", "branch1", "dc1", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_RELAY},
		{"vpn-bypass", "branch1", "home1", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_NAT},
		{"vpn-bypass", "branch1", "branch2", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_DIRECT},
		{"branch-edge", "branch1", "home1", MEDIA_AUDIO, VERDICT_PASS, PATH_UDP_RELAY},
	};
	g_autoptr(model) m = load_reference();

	check_rows(m, rows, G_N_ELEMENTS(rows));
}

static model *load_with_expects(const char *rules)
{
	g_autofree char *text = small_topology(NULL);
	g_autoptr(GString) all = g_string_new(text);

	g_string_truncate(all, all->len - strlen("  base: {}\n"));
	g_string_append_printf(all, "  base:\n    expect:\n%s", rules);
	return load_good(all->str);
}

Test(expect, nothing_said_is_nothing)
{
	g_autoptr(model) m = load_with_expects("      - {between: [a], and: [a], verdict: fail}\n"
					       "      - {media: audio, verdict: fail}\n");
	const struct scenario *sc = model_scenario(m, "base");

	cr_expect_null(scenario_expect(m, sc, "a", "b", MEDIA_IM), "neither rule is about it");
	cr_expect_not_null(scenario_expect(m, sc, "a", "b", MEDIA_AUDIO),
			   "one word will do for a list");
}

Test(expect, the_last_match_wins_even_when_it_is_wider)
{
	g_autoptr(model) m = load_with_expects(
		"      - {between: [a], and: [b], verdict: fail, cause: NO_ROUTE}\n"
		"      - {verdict: pass, path: [udp-direct, udp-nat]}\n");
	const struct expect *e =
		scenario_expect(m, model_scenario(m, "base"), "b", "a", MEDIA_VIDEO);

	cr_assert_not_null(e, "nothing said");
	cr_expect_eq(e->verdict, VERDICT_PASS, "the later rule");
	cr_expect_eq(e->path_mask, (1u << PATH_UDP_DIRECT) | (1u << PATH_UDP_NAT), "both paths");
	cr_expect_null(e->cause, "no cause");
}

Test(expect, both_sides_must_match)
{
	g_autoptr(model) m = load_with_expects(
		"      - {between: [a], and: [a], verdict: fail}\n"
		"      - {between: [office], and: [b], verdict: fail, cause: FW_DROP}\n");
	const struct scenario *sc = model_scenario(m, "base");
	const struct expect *e = scenario_expect(m, sc, "a", "b", MEDIA_AUDIO);

	cr_assert_not_null(e, "a by its site, b by its name");
	cr_expect_str_eq(e->cause, "FW_DROP");
	cr_expect_eq(e, scenario_expect(m, sc, "b", "a", MEDIA_AUDIO), "symmetric");
}

Test(names, every_word_is_read_back)
{
	for (unsigned i = 0; i < MEDIA_COUNT; i++) {
		enum media media = MEDIA_COUNT;

		cr_expect(media_parse(media_name((enum media)i), &media) && media == i, "medium %u",
			  i);
	}
	for (unsigned i = 0; i < PATH_COUNT; i++) {
		enum path_class path = PATH_COUNT;

		cr_expect(path_class_parse(path_class_name((enum path_class)i), &path) && path == i,
			  "path %u", i);
	}
}

Test(names, matched_whole)
{
	enum media media;
	enum path_class path;

	cr_expect_not(media_parse("aud", &media), "a part of a word");
	cr_expect_not(media_parse("audio ", &media), "more than a word");
	cr_expect_not(path_class_parse("UDP-NAT", &path), "capitals");
	cr_expect_str_eq(verdict_name(VERDICT_FAIL), "fail");
	cr_expect_str_eq(tunnel_kind_name(TUNNEL_WIREGUARD), "wireguard");
	cr_expect_str_eq(service_kind_name(SERVICE_EDGE), "edge");
	cr_expect_str_eq(nat_behaviour_name(NAT_ADDRESS_DEPENDENT), "address-dependent");
	cr_expect_str_eq(media_name(MEDIA_COUNT), "unknown");
}
