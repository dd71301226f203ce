/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of a lab that is up: it becomes what a fresh lab with the same change is, or nothing
 * happens. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <string.h>

/* One of each kind, and those that make links anew: a cable that becomes a switch, a switch that
 * becomes a cable. */
static const char *const changes[] = {
	"add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}",
	"remove-route: {node: edge, to: 10.0.1.0/24}",
	"block: {node: core, name: no-media, chain: forward, proto: udp, dst: 172.25.33.10}",
	"link-down: {node: edge, interface: int}",
	"tunnel-down: {tunnel: site-to-site}",
	"set-host-model: {node: edge, host_model: weak}",
	"set-sysctl: {node: core, key: net.ipv4.conf.all.rp_filter, value: '1'}",
	"set-resolvers: {node: home1, servers: [10.0.1.53]}",
	"stop-service: {node: edge, service: edge}",
	"remove-node: {node: branch2}",
	"[{add-network: {lab-net: {subnet: 10.77.0.0/24}}}, {add-interface: {node: core, new0: "
	"{network: lab-net, address: "
	"10.77.0.1/24}}}, {add-node: {extra: {interfaces: {lan: {network: lab-net, address: "
	"10.77.0.2/24}}, routes: [{to: default, "
	"via: 10.77.0.1}]}}}]",
	"set-impair: {node: branch-gw, interface: wan, delay: 5ms}",
	"add-node: {tap: {interfaces: {lan: {network: perimeter, address: 172.25.33.77/24}}}}",
};

/* The network without clients and scenarios: nobody's sign-in has to be waited for.  The
 * caller frees the name. */
static char *bare_topology(const struct home *h)
{
	char *path = g_build_filename(h->folder, "bare.yaml", NULL);
	g_autofree char *text = NULL, *bare = NULL;
	g_autoptr(GRegex) endpoints = g_regex_new("^    endpoint:.*\n", G_REGEX_MULTILINE, 0, NULL);
	char *rest;

	cr_assert(g_file_get_contents(COMPANY, &text, NULL, NULL));
	rest = strstr(text, "\nconferences:");
	cr_assert(rest, "the topology has no conferences any more");
	*rest = '\0';
	bare = g_regex_replace_literal(endpoints, text, -1, 0, "", 0, NULL);
	rest = g_strconcat(bare, "\nscenarios:\n  base: {}\n", NULL);
	cr_assert(g_file_set_contents(path, rest, -1, NULL));
	g_free(rest);
	return path;
}

static char *differences(const json_t *a, const json_t *b)
{
	GString *text = g_string_new(NULL);
	const char *key;
	json_t *node;

	json_object_foreach((json_t *)(guintptr)a, key, node) {
		const json_t *other = json_object_get(b, key);
		char *one, *two;

		if (other && json_equal(node, other))
			continue;
		one = json_dumps(node, JSON_INDENT(1) | JSON_SORT_KEYS);
		two = other ? json_dumps(other, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
		g_string_append_printf(text, "%s: live %s\nfresh %s\n", key, one,
				       two ? two : "has none");
		free(one);
		free(two);
	}
	json_object_foreach((json_t *)(guintptr)b, key, node)
		if (!json_object_get(a, key))
			g_string_append_printf(text, "%s: the live lab has none\n", key);
	return g_string_free(text, FALSE);
}

static void expect_same(const json_t *a, const json_t *b, const char *change, const char *when)
{
	g_autofree char *text = differences(a, b);

	cr_expect_str_eq(text, "", "%s %s:\n%s", change, when, text);
}

static void try_change(const struct home *h, const char *topology, const json_t *declared,
		       const char *change)
{
	json_t *live, *fresh, *back;

	home_expect(h, 0, "set", "-n", "live", change, NULL);
	live = home_state(h, "live");
	home_expect(h, 0, "up", "-t", topology, "-n", "fresh", "--change", change, NULL);
	fresh = home_state(h, "fresh");
	home_expect(h, 0, "down", "-n", "fresh", NULL);
	expect_same(live, fresh, change, "after set");
	home_expect(h, 0, "reset", "-n", "live", NULL);
	back = home_state(h, "live");
	expect_same(back, declared, change, "after reset");
	json_decref(live);
	json_decref(fresh);
	json_decref(back);
}

Test(set, a_changed_lab_is_as_a_fresh_one, .timeout = 200)
{
	g_autofree char *topology = NULL;
	struct home h;
	json_t *declared;

	home_new(&h, 0);
	topology = bare_topology(&h);
	home_expect(&h, 0, "up", "-t", topology, "-n", "live", NULL);
	declared = home_state(&h, "live");
	for (gsize i = 0; i < G_N_ELEMENTS(changes); i++)
		try_change(&h, topology, declared, changes[i]);
	json_decref(declared);
	home_clear(&h);
}

static void expect_refused(const struct home *h, const char *first, const char *second,
			   const char *words)
{
	struct outcome s;

	home_run(h, &s, NULL, "set", first, second, NULL);
	cr_expect_neq(s.exit_code, 0, "%s", first);
	cr_expect(strstr(s.err, words) != NULL, "%s: %s", first, s.err);
	cr_expect(strstr(s.err, "nothing was changed") != NULL, "%s", s.err);
	outcome_clear(&s);
}

Test(set, a_change_that_is_wrong_or_refused_changes_nothing, .timeout = 60)
{
	static const char good[] = "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}";
	struct home h;
	json_t *before, *after;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	before = home_state(&h, "lab");
	expect_refused(&h, "add-rout: {node: edge}", NULL,
		       "set:1:1: error: unknown change 'add-rout' (did you mean 'add-route'?)");
	expect_refused(&h, "link-down: {node: edge, interface: wan}", NULL, "set:1:");
	expect_refused(&h, "", NULL, "set:");
	expect_refused(&h, good, "link-down: {node: nobody, interface: wan}", "set 2:1:");
	/* known to the kernel only: the route before it is taken back */
	expect_refused(&h, good, "set-sysctl: {node: edge, key: net.ipv4.nonsense, value: '1'}",
		       "nonsense");
	after = home_state(&h, "lab");
	expect_same(after, before, "refused changes", "");
	home_expect(&h, 2, "set", NULL);
	home_expect(&h, 0, "call", "dc1", "dc2", "--media", "im", NULL);
	json_decref(before);
	json_decref(after);
	home_clear(&h);
}

Test(set, a_fix_made_live_mends_the_call, .timeout = 60)
{
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	home_expect(&h, 0, "set", "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}",
		    NULL);
	home_expect(&h, 0, "call", "branch1", "home1", NULL);
	home_clear(&h);
}

/* The last line of a shell command's output in a node; the caller frees. */
static char *say_in(const struct home *h, const char *node, const char *command)
{
	struct outcome s;
	char *text;

	home_run(h, &s, NULL, "exec", node, "--", "sh", "-c", command, NULL);
	text = g_strdup(g_strchomp(s.out));
	outcome_clear(&s);
	return text;
}

static void expect_route(const struct home *h, const char *to, bool there, const char *when)
{
	g_autofree char *command = g_strdup_printf("ip route show %s", to),
			*route = say_in(h, "edge", command);

	cr_expect_eq(*route != '\0', there, "route to %s %s: '%s'", to, when, route);
}

static void expect_all_signed_in(const struct home *h)
{
	json_t *status = home_status(h, "lab"), *endpoint;
	size_t i;

	json_array_foreach(json_object_get(status, "endpoints"), i, endpoint)
		cr_expect_str_eq(json_string_value(json_object_get(endpoint, "state")), "signed-in",
				 "%s", json_string_value(json_object_get(endpoint, "name")));
	cr_expect_eq(i, 7);
	json_decref(status);
}

Test(set, a_node_that_starts_again_has_lost_what_is_not_persistent, .timeout = 60)
{
	static const char running[] = "readlink /proc/self/ns/net";
	g_autofree char *before = NULL, *after = NULL;
	struct home h;
	json_t *declared, *state;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	declared = home_state(&h, "lab");
	before = say_in(&h, "edge", running);
	home_expect(
		&h, 0, "set",
		"add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, persistent: false}",
		NULL);
	home_expect(&h, 0, "exec", "edge", "--", "ip", "route", "add", "10.99.0.0/24", "via",
		    "172.25.33.1", NULL);
	expect_route(&h, "10.20.0.0/24", true, "before");
	expect_route(&h, "10.99.0.0/24", true, "before");
	home_expect(&h, 2, "reboot", "edg", NULL);
	expect_route(&h, "10.99.0.0/24", true, "after a mistake");
	home_expect(&h, 0, "reboot", "edge", NULL);
	after = say_in(&h, "edge", running);
	cr_expect_str_neq(after, before, "the node is the same as before");
	state = home_state(&h, "lab");
	expect_same(state, declared, "reboot of edge", "");
	json_decref(state);
	expect_all_signed_in(&h);
	home_expect(&h, 0, "call", "dc1", "home1", NULL);
	/* an end of the tunnel */
	home_expect(&h, 0, "reboot", "core", NULL);
	expect_all_signed_in(&h);
	home_expect(&h, 0, "reset", NULL);
	state = home_state(&h, "lab");
	expect_same(state, declared, "reset after a reboot", "");
	json_decref(state);
	json_decref(declared);
	home_clear(&h);
}

/* Front End, router, both ends of the VPN, firewall, Edge, name servers, provider, NAT: their
 * neighbours remember the hardware addresses of their cards, as those of real machines do. */
Test(set, whatever_starts_again_is_found_by_all, .timeout = 300)
{
	static const char *const nodes[] = {"fe",      "core",	  "branch-gw", "dmz-fw", "edge",
					    "dns-int", "dns-pub", "internet",  "nat1"};
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, "-s", "persistent-route", NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(nodes); i++) {
		cr_log_info("%s", nodes[i]);
		home_expect(&h, 0, "reboot", nodes[i], NULL);
		expect_all_signed_in(&h);
		home_expect(&h, 0, "call", "dc1", "branch1", NULL);
		home_expect(&h, 0, "call", "branch1", "home1", NULL);
	}
	home_clear(&h);
}

/* What dc1 hears of the call comes through the Edge's internal interface. */
static void expect_delayed_call(const struct home *h, const char *when)
{
	static const char heard[] = "audio at dc1: one way ";
	const char *figure;
	struct outcome s;

	home_run(h, &s, NULL, "call", "dc1", "home1", NULL);
	figure = strstr(s.out, heard);
	cr_expect(figure && g_ascii_strtod(figure + strlen(heard), NULL) >= 20, "%s: %s%s", when,
		  s.out, s.err);
	outcome_clear(&s);
}

/* It is made anew by a reboot of either end of its cable. */
Test(set, an_impaired_interface_that_is_made_anew_stays_impaired, .timeout = 60)
{
	static const char impair[] = "set-impair: {node: edge, interface: int, delay: 20ms}";
	static const char *const nodes[] = {"edge", "core"};
	struct home h;

	home_new(&h, 0);
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	home_expect(&h, 0, "set", impair, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(nodes); i++) {
		home_expect(&h, 0, "reboot", nodes[i], NULL);
		expect_all_signed_in(&h);
		expect_delayed_call(&h, nodes[i]);
	}
	home_clear(&h);
}

Test(set, a_trace_follows_the_lab_as_it_is_now, .timeout = 60)
{
	static const char set[] =
		"add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int}";
	struct home h;
	struct outcome s;

	home_new(&h, 0);
	/* a path from where testbed is started: the lab must know it when it is asked for later */
	home_expect(&h, 0, "up", "-t", COMPANY, NULL);
	home_run(&h, &s, NULL, "trace", "edge", "branch1", "-n", "lab", "--port", "5061", NULL);
	cr_expect_eq(s.exit_code, 1, "%s", s.err);
	cr_expect(strstr(s.out, "kernel no way (ENETUNREACH)"), "no kernel was asked: %s", s.out);
	outcome_clear(&s);
	home_expect(&h, 0, "set", set, NULL);
	home_run(&h, &s, NULL, "trace", "edge", "branch1", "-n", "lab", "--port", "5061", NULL);
	cr_expect_eq(s.exit_code, 0, "%s", s.err);
	cr_expect(strstr(s.out, "kernel the same") && !strstr(s.out, "kernel differs"), "%s",
		  s.out);
	outcome_clear(&s);
	/* by hand, so that no model knows it */
	home_expect(&h, 0, "exec", "edge", "--", "ip", "route", "del", "10.20.0.0/24", "via",
		    "172.25.33.1", NULL);
	home_expect(&h, 1, "trace", "edge", "branch1", "-n", "lab", "--port", "5061", NULL);
	home_expect(&h, 2, "trace", "edge", "nobody", "-n", "lab", NULL);
	home_expect(&h, 2, "trace", "edge", "branch1", "-n", "lab", "-s", "missing-route", NULL);
	home_expect(&h, 2, "trace", "edge", "branch1", "-n", "other", NULL);
	home_clear(&h);
}
