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

/* Runs turnutils_uclient at home1 with these arguments and the credentials; what it printed, which
 * the caller frees. */
static char *ask_relay(const struct home *h, const char *const *arguments)
{
	json_auto_t *document = told(h, "home1");
	g_autofree char *joined = g_strjoinv(" ", (char **)(guintptr)arguments), *line = NULL;
	struct outcome s;
	char *printed;

	line = g_strdup_printf(
		"timeout 10 stdbuf -oL turnutils_uclient -c %s -u '%s' -w '%s' 203.0.113.2", joined,
		text_at(document, "relay", "username"), text_at(document, "relay", "password"));
	home_run(h, &s, NULL, "exec", "home1", "--", "sh", "-c", line, NULL);
	printed = g_strconcat(s.out, s.err, NULL);
	outcome_clear(&s);
	return printed;
}

/* In the place of our own relay: no connections, and no port of the Edge but relays. */
Test(credentials, coturn_relays_no_more_than_our_own)
{
	static const char *const tcp[] = {"-t", "-p", "443", "-T", "-y", NULL},
				 *const own_port[] = {"-e", "203.0.113.2", "-r", "3478", "-n",
						      "5",  "-m",	   "1",	 "-l",	 "100",
						      "-z", "20",	   NULL},
				 *const relay[] = {"-y", "-n", "5", "-m", "1", NULL};
	g_autofree char *refused = NULL, *silent = NULL, *relayed = NULL;
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-q", "-t", "tests/data/topologies/one-address.yaml", "-s",
		    "own-address-coturn", NULL);
	refused = ask_relay(&h, tcp);
	cr_expect(strstr(refused, "error 442"), "%s", refused);
	silent = ask_relay(&h, own_port);
	cr_expect(strstr(silent, "tot_recv_msgs=0"), "%s", silent);
	relayed = ask_relay(&h, relay);
	cr_expect(strstr(relayed, "Total lost packets 0 "), "%s", relayed);
	home_clear(&h);
}
