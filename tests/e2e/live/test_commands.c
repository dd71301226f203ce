/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that `explain` prints work where they are to be typed: each is typed in a live lab, the
 * call passes, what takes it back is typed, and the call fails again. */
#include "tests/e2e/live/live.h"

#include <criterion/criterion.h>
#include <string.h>

#define LAB "commands"
#define UPLINKS "tests/data/topologies/uplinks.yaml"
#define CHANGES_MAX 3

/* A fault, and the call that it breaks. */
struct fault {
	const char *name, *scenario, *changes[CHANGES_MAX];
	const char *a, *b, *medium, *code;
	const char *signs_in; /* a client that must start again after a repair by hand, or NULL */
	bool by_hand;	      /* there are commands for a shell of the node */
};

static const struct fault routes[] = {
	{"route of a strong host",
	 "missing-route",
	 {NULL},
	 "branch1",
	 "home1",
	 "audio",
	 "RETURN_WRONG_EGRESS",
	 NULL,
	 true},
	{"route that throws away",
	 "persistent-route",
	 {"add-route: {node: internet, to: 203.0.113.20/32, type: blackhole}"},
	 "branch1",
	 "home1",
	 "audio",
	 "NULL_ROUTE",
	 NULL,
	 true},
	{"gateway that is not there",
	 "persistent-route",
	 {"remove-route: {node: edge, to: 10.20.0.0/24}",
	  "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.99, dev: int}"},
	 "branch1",
	 "home1",
	 "audio",
	 "NEXT_HOP_DEAD",
	 NULL,
	 true},
	{"route that was lost",
	 "persistent-route",
	 {"remove-route: {node: edge, to: 10.20.0.0/24}",
	  "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1, dev: int, persistent: "
	  "false}",
	  "reboot: {node: edge}"},
	 "branch1",
	 "home1",
	 "audio",
	 "ROUTE_NOT_PERSISTENT",
	 NULL,
	 true},
};

/* A policy rule for answers, and the table that it leads to. */
static const struct fault stray = {
	"answer by the other uplink", "answers-stray", {NULL}, "hq1", "home1", "im",
	"RETURN_WRONG_EGRESS",	      "home1",	       true};

static const struct fault links[] = {
	{"interface that is down",
	 "persistent-route",
	 {"link-down: {node: nat1, interface: wan}"},
	 "dc1",
	 "home1",
	 "audio",
	 "LINK_DOWN",
	 "home1",
	 true},
	{"small MTU",
	 "persistent-route",
	 {"set-mtu: {node: branch-gw, interface: lan, mtu: 1000B}"},
	 "dc1",
	 "branch1",
	 "video",
	 "MTU_BLACKHOLE",
	 "branch1",
	 true},
	{"tunnel that is down",
	 "persistent-route",
	 {"tunnel-down: {tunnel: site-to-site}"},
	 "dc1",
	 "branch1",
	 "im",
	 "VPN_DOWN",
	 "branch1",
	 true},
	{"router that does not forward",
	 "persistent-route",
	 {"set-sysctl: {node: nat1, key: net.ipv4.ip_forward, value: \"0\"}"},
	 "dc1",
	 "home1",
	 "audio",
	 "NO_FORWARDING",
	 "home1",
	 true},
};

static const struct fault filters[] = {
	{"rule of a firewall",
	 "persistent-route",
	 {"block: {node: dmz-fw, name: no-media, chain: forward, dst: [203.0.113.20]}"},
	 "dc1",
	 "home1",
	 "audio",
	 "FW_DROP",
	 NULL,
	 true},
	{"line that loses packets",
	 "persistent-route",
	 {"set-impair: {node: nat1, interface: wan, loss: 8%}"},
	 "dc1",
	 "home1",
	 "audio",
	 "LINK_LOSS",
	 NULL,
	 false},
	{"tunnel without the prefix",
	 "persistent-route",
	 {"remove-prefix: {tunnel: site-to-site, node: branch-gw, prefix: 10.20.0.0/24}"},
	 "dc1",
	 "branch1",
	 "im",
	 "VPN_PREFIX_MISSING",
	 NULL,
	 false},
};

static const struct fault services[] = {
	{"name",
	 "persistent-route",
	 {"remove-record: {node: dns-pub, name: _sip._tls.contoso.com}",
	  "remove-record: {node: dns-pub, name: sipexternal.contoso.com}"},
	 "dc1",
	 "home1",
	 "im",
	 "DNS_NXDOMAIN",
	 NULL,
	 false},
	{"service",
	 "persistent-route",
	 {"stop-service: {node: edge, service: edge, part: access}"},
	 "dc1",
	 "home1",
	 "im",
	 "NO_LISTENER",
	 NULL,
	 false},
	{"certificate",
	 "persistent-route",
	 {"set-certificate: {node: edge, validity: expired}"},
	 "dc1",
	 "home1",
	 "im",
	 "TLS_EXPIRED",
	 NULL,
	 false},
	{"account",
	 "persistent-route",
	 {"set-account: {node: home1, account: disabled}"},
	 "dc1",
	 "home1",
	 "im",
	 "SIP_AUTH",
	 NULL,
	 false},
	{"setting of the Edge",
	 "persistent-route",
	 {"set-edge: {node: edge, credential_lifetime: 0s}"},
	 "branch1",
	 "home1",
	 "audio",
	 "RELAY_AUTH",
	 NULL,
	 false},
};

static const struct fault names[] = {
	{"name server of the other view",
	 "persistent-route",
	 {"set-resolvers: {node: home1, servers: [10.0.1.53]}"},
	 "dc1",
	 "home1",
	 "im",
	 "DNS_WRONG_VIEW",
	 NULL,
	 false},
	{"name server of a rule",
	 "persistent-route",
	 {"add-nrpt: {node: home1, namespace: .contoso.com, servers: [192.0.2.99]}"},
	 "dc1",
	 "home1",
	 "im",
	 "DNS_TIMEOUT",
	 NULL,
	 false},
	{"wrong answer",
	 "persistent-route",
	 {"set-record: {node: dns-int, name: fe.contoso.com, a: 10.0.1.99}",
	  "remove-record: {node: dns-int, name: sipinternal.contoso.com}",
	  "remove-record: {node: dns-int, name: sip.contoso.com}"},
	 "dc1",
	 "home1",
	 "im",
	 "DNS_WRONG_ANSWER",
	 NULL,
	 false},
	{"NAT",
	 "persistent-route",
	 {"remove-nat: {node: nat1, nat: home-nat}"},
	 "dc1",
	 "home1",
	 "audio",
	 "NAT_MISSING",
	 NULL,
	 false},
};

/* What somebody types in a lab that works, after its clients have signed in. */
static const struct fault_by_hand {
	struct fault fault;
	const char *node, *line;
} by_hand[] = {
	{{"tunnel set down by hand",
	  "persistent-route",
	  {NULL},
	  "dc1",
	  "branch1",
	  "im",
	  "VPN_DOWN",
	  "branch1",
	  true},
	 "branch-gw",
	 "ip link set dev vpn0 down"},
	{{"interface set down by hand",
	  "persistent-route",
	  {NULL},
	  "dc1",
	  "home1",
	  "audio",
	  "LINK_DOWN",
	  "home1",
	  true},
	 "nat1",
	 "ip link set dev wan down"},
};

/* A lab with a fault. */
struct broken {
	struct home h;
	const struct fault *fault;
	json_t *explanation;
};

static void type(const struct broken *b, const char *line)
{
	g_autofree char *bin = g_path_get_dirname(b->h.program);
	g_autofree char *path = g_strdup_printf("%s:%s", bin, g_getenv("PATH"));
	g_auto(GStrv) environment = g_environ_setenv(
		g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", b->h.folder, TRUE), "PATH",
		path, TRUE);
	const struct start how = {.environment = environment};
	struct outcome o;

	program_shell(line, &how, &o);
	cr_expect_eq(o.exit_code, 0, "%s: %s: exit %d: %s", b->fault->name, line, o.exit_code,
		     o.err);
	outcome_clear(&o);
}

/* The call comes out so; where the scenario expects a failure, a pass is a repair. */
static void expect_verdict(const struct broken *b, const char *verdict, const char *when)
{
	g_autofree char *wanted = g_strdup_printf("verdict  %s", verdict);
	struct outcome o;

	home_run(&b->h, &o, NULL, "call", b->fault->a, b->fault->b, "--media", b->fault->medium,
		 NULL);
	cr_expect(strstr(o.out, wanted) != NULL, "%s, %s: not %s:\n%s%s", b->fault->name, when,
		  verdict, o.out, o.err);
	if (g_str_equal(verdict, "PASS"))
		cr_expect(o.exit_code == 0 && !strstr(o.out, "DIFFERS"), "%s, %s: exit %d:\n%s",
			  b->fault->name, when, o.exit_code, o.out);
	if (g_str_equal(when, "by hand") && g_str_equal(b->fault->scenario, "missing-route"))
		cr_expect(strstr(o.out, "expected fail because of RETURN_WRONG_EGRESS: mended"),
			  "%s:\n%s", when, o.out);
	outcome_clear(&o);
}

/* In the order of the explanation; `undo`: what takes them back, in the other one. */
static guint type_by_hand(const struct broken *b, const json_t *commands, bool undo)
{
	size_t n = json_array_size(commands);
	guint typed = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *c = json_array_get(commands, undo ? n - 1 - i : i);
		const char *text = cell_text(c, undo ? "undo" : "text");

		if (!g_str_equal(cell_text(c, "place"), "lab") || text[0] == '\0')
			continue;
		typed++;
		home_expect(&b->h, 0, "exec", cell_text(c, "node"), "--", "sh", "-c", text, NULL);
	}
	if (b->fault->signs_in)
		home_expect(&b->h, 0, "reboot", b->fault->signs_in, NULL);
	return typed;
}

static void explain(struct broken *b)
{
	const struct fault *f = b->fault;
	struct outcome o;

	home_run(&b->h, &o, NULL, "explain", f->a, f->b, "--media", f->medium, "-n", LAB,
		 "--no-trial", "--json", "-", NULL);
	b->explanation = json_loads(o.out, 0, NULL);
	cr_assert(b->explanation != NULL, "%s: %s", f->name, o.err);
	outcome_clear(&o);
	cr_assert_str_eq(cell_text(json_object_get(b->explanation, "cause"), "code"), f->code, "%s",
			 f->name);
}

static void start(struct broken *b, const struct fault *f, const char *topology)
{
	const char *change[CHANGES_MAX][2] = {{NULL}};
	struct outcome o;

	*b = (struct broken){.fault = f};
	home_new(&b->h, 0);
	for (guint i = 0; i < CHANGES_MAX && f->changes[i]; i++) {
		change[i][0] = "--change";
		change[i][1] = f->changes[i];
	}
	home_run(&b->h, &o, NULL, "up", "-n", LAB, "-t", topology, "-s", f->scenario, change[0][0],
		 change[0][1], change[1][0], change[1][1], change[2][0], change[2][1], NULL);
	outcome_clear(&o);
}

static void expect_commands_work(const struct fault *f, const char *topology)
{
	const json_t *fix, *commands;
	struct broken b;
	guint typed;

	start(&b, f, topology);
	explain(&b);
	fix = json_object_get(b.explanation, "fix");
	commands = json_object_get(fix, "commands");
	typed = f->by_hand ? type_by_hand(&b, commands, false) : 0;
	cr_expect_eq(typed > 0, f->by_hand, "%s: commands for a shell", f->name);
	if (f->by_hand) {
		expect_verdict(&b, "PASS", "by hand");
		type_by_hand(&b, commands, true);
		expect_verdict(&b, "FAIL", "undone by hand");
	}
	type(&b, cell_text(fix, "set"));
	expect_verdict(&b, "PASS", "set");
	type(&b, cell_text(fix, "undo"));
	/* what was undone by hand has failed again already, and each failure takes seconds */
	if (!f->by_hand)
		expect_verdict(&b, "FAIL", "reset");
	json_decref(b.explanation);
	home_clear(&b.h);
}

Test(commands, of_routes_work_where_they_are_typed, .timeout = 600)
{
	for (guint i = 0; i < G_N_ELEMENTS(routes); i++)
		expect_commands_work(&routes[i], COMPANY);
	expect_commands_work(&stray, UPLINKS);
}

Test(commands, of_links_work_where_they_are_typed, .timeout = 600)
{
	for (guint i = 0; i < G_N_ELEMENTS(links); i++)
		expect_commands_work(&links[i], COMPANY);
}
Test(commands, of_what_filters_works_where_it_is_typed, .timeout = 600)
{
	for (guint i = 0; i < G_N_ELEMENTS(filters); i++)
		expect_commands_work(&filters[i], COMPANY);
}

Test(commands, of_services_work_where_they_are_typed, .timeout = 600)
{
	for (guint i = 0; i < G_N_ELEMENTS(services); i++)
		expect_commands_work(&services[i], COMPANY);
}

Test(commands, of_names_and_nat_work_where_they_are_typed, .timeout = 600)
{
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		expect_commands_work(&names[i], COMPANY);
}

static void expect_repair_by_hand(const struct fault_by_hand *f)
{
	const json_t *fix;
	struct broken b;

	start(&b, &f->fault, COMPANY);
	home_expect(&b.h, 0, "exec", f->node, "--", "sh", "-c", f->line, NULL);
	explain(&b);
	fix = json_object_get(b.explanation, "fix");
	cr_expect_gt(type_by_hand(&b, json_object_get(fix, "commands"), false), 0);
	expect_verdict(&b, "PASS", "mended");
	home_expect(&b.h, 0, "exec", f->node, "--", "sh", "-c", f->line, NULL);
	type(&b, cell_text(fix, "set"));
	home_expect(&b.h, 0, "reboot", f->fault.signs_in, NULL);
	expect_verdict(&b, "PASS", "started again");
	json_decref(b.explanation);
	home_clear(&b.h);
}

Test(commands, mend_what_was_set_down_by_hand, .timeout = 600)
{
	for (guint i = 0; i < G_N_ELEMENTS(by_hand); i++)
		expect_repair_by_hand(&by_hand[i]);
}
