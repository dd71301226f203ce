/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 'credentials' tells is good for a TURN client that knows nothing of the lab. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <string.h>

static json_t *told(const struct home *h, const char *node)
{
	struct outcome s;
	json_t *document;

	home_run(h, &s, NULL, "credentials", node, "--json", "-", NULL);
	document = json_loads(s.out, 0, NULL);
	cr_assert(document, "%s%s", s.out, s.err);
	outcome_clear(&s);
	return document;
}

static const char *text_at(const json_t *document, const char *part, const char *name)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(document, part), name));

	return text ? text : "";
}

/* turnutils_uclient asks for a pair of ports (EVEN-PORT, RESERVATION-TOKEN) when -c is not given.
 */
static void relay_packets(const struct home *h, const char *node, const char *pair)
{
	json_auto_t *document = told(h, node);
	struct outcome s;

	home_run(h, &s, NULL, "exec", node, "--", "timeout", "60", "turnutils_uclient", "-y", pair,
		 "-n", "5", "-m", "1", "-u", text_at(document, "relay", "username"), "-w",
		 text_at(document, "relay", "password"), text_at(document, "relay", "host"), NULL);
	cr_expect_eq(s.exit_code, 0, "%s%s", s.out, s.err);
	cr_expect(strstr(s.out, "Total lost packets 0 "), "%s: %s%s", node, s.out, s.err);
	outcome_clear(&s);
}

Test(credentials, let_any_client_use_the_relay)
{
	struct home h;
	struct outcome s;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-q", "-s", "persistent-route", NULL);
	relay_packets(&h, "home1", "-c");
	relay_packets(&h, "dc1", "-y");
	json_auto_t *inside = told(&h, "dc1"), *outside = told(&h, "home1");
	cr_expect_str_eq(text_at(inside, "relay", "host"), "edge.contoso.com");
	cr_expect_str_eq(text_at(outside, "relay", "host"), "av.contoso.com");
	cr_expect_str_eq(text_at(outside, "sip", "user"), "home1@contoso.com");
	cr_expect_str_eq(text_at(outside, "sip", "realm"), "contoso.com");
	home_run(&h, &s, NULL, "credentials", "home1", NULL);
	cr_expect(strstr(s.out, "relay          turn:av.contoso.com:3478?transport=udp\n"), "%s",
		  s.out);
	cr_expect(strstr(s.out, "sip server     sip.contoso.com:443;transport=tls"), "%s", s.out);
	outcome_clear(&s);
	home_expect(&h, 2, "credentials", "edge", NULL);
	home_expect(&h, 2, "credentials", "nobody", NULL);
	home_clear(&h);
}
