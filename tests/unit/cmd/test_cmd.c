/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The built program from outside: exit codes, help, and what never needs a lab. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

static void run_in(const char *dir, const char *arguments, struct outcome *o)
{
	g_autofree char *path = program_path("testbed");
	g_autofree char *line = g_strdup_printf("'%s' %s", path, arguments);
	const struct start how = {.dir = dir};
	g_auto(GStrv) argv = NULL;

	cr_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
	program_run((const char *const *)(gpointer)argv, &how, o);
}

static void run(const char *arguments, struct outcome *o)
{
	run_in(NULL, arguments, o);
}

/* A topology that is not the one that verbs take when none is named. */
#define T " -t tests/data/topologies/company.yaml"

static const struct usage_case {
	const char *arguments;
	int status;
	const char *out, *err; /* what they must say; NULL: nothing at all */
} cases[] = {
	{"", 2, NULL, "no verb given"},
	{"--help", 0, "run matrix", NULL},
	{"-h", 0, "Exit status", NULL},
	{"--version", 0, "testbed ", NULL},
	{"version", 0, "testbed ", NULL},
	{"run --help", 0, "run matrix", NULL},
	{"run matrix --help", 0, "Usage: testbed run matrix", NULL},
	{"run call --help", 0, "Usage: testbed run call A B", NULL},
	{"plan --help", 0, "--format", NULL},
	{"validate --help", 0, "Usage: testbed validate", NULL},
	{"doctor --help", 0, "Usage: testbed doctor", NULL},
	{"scenarios --help", 0, "Usage: testbed scenarios", NULL},
	{"report --help", 0, "Usage: testbed report", NULL},
	{"help run matrix", 0, "Usage: testbed run matrix", NULL},
	{"help run matrix pairs", 0, "--pairs=A:B,...: only calls between", NULL},
	{"help trace --name", 0, "--name=NAME, -n: a lab that is up, as it is now", NULL},
	{"help run matrix exit", 0, "1 at least one differs", NULL},
	{"help diff exit", 0, "Exit status: 0 the same;", NULL},
	{"help run matrix pair", 2, NULL,
	 "no option 'pair' of 'run matrix' (did you mean 'pairs'?)"},
	{"help rum matrix", 2, NULL, "did you mean 'testbed run matrix'?"},
	{"rnu matrix", 2, NULL, "did you mean 'testbed run matrix'?"},
	{"run", 2, NULL, "testbed run matrix"},
	{"validat", 2, NULL, "did you mean 'testbed validate'?"},
	{"zzzzzz", 2, NULL, "no verb 'zzzzzz'"},
	{"run matrix" T " --bogus", 2, NULL, "--bogus"},
	{"run matrix" T " extra", 2, NULL, "unexpected argument 'extra'"},
	{"run matrix" T " -s mising-route", 2, NULL, "did you mean 'missing-route'?"},
	{"run matrix" T " --only no-such-cell", 2, NULL, "nothing to run"},
	{"run matrix" T " --only '('", 2, NULL, "--only"},
	{"run matrix" T " --pairs dc1:hom1", 2, NULL, "did you mean 'home1'?"},
	{"run matrix" T " --pairs dc1", 2, NULL, "A:B"},
	{"run matrix" T " --media vidio", 2, NULL, "did you mean 'video'?"},
	{"run matrix" T " --jobs=-1", 2, NULL, "--jobs"},
	{"run matrix" T " --at-once=-1", 2, NULL, "--at-once"},
	{"run matrix" T " --jobs many", 2, NULL, "many"},
	{"run matrix" T " --seed x", 2, NULL, "--seed"},
	{"run matrix -t /nonexistent.yaml", 3, NULL, "/nonexistent.yaml"},
	{"run matrix -t topologies/webrtc", 3, NULL, "there is 'topologies/webrtc.yaml'"},
	{"run matrix -t webrtc", 3, NULL, "topologies/webrtc.yaml'"},
	{"run matrix" T " --json /nonexistent/x.json", 4, NULL,
	 "cannot write '/nonexistent/x.json'"},
	{"run matrix" T " --capture edg", 2, NULL, "did you mean 'edge'?"},
	{"run matrix" T " --capture edge:in", 2, NULL, "(there are: int, ext)"},
	{"run matrix" T " --capture core:x", 2, NULL, "(there are: lan, perim, wan, vpn0)"},
	{"run nat" T " edg", 2, NULL, "did you mean 'edge'?"},
	{"run capacity" T " --rate 3", 2, NULL, "--rate '3' is no rate"},
	{"run capacity" T " --pairs dc1:dc9", 2, NULL, "nothing to measure: --pairs 'dc1:dc9'"},
	{"run matrix -t tests/data/scenario-client.yaml", 2, NULL, "  bob: /bin/false -v\n"},
	{"run capacity -t tests/data/no-client.yaml", 3, NULL, "the client of 'alice' is not"},
	{"trace" T " branch1 edg", 2, NULL, "did you mean 'edge'?"},
	{"trace" T " branch1 edge:in", 2, NULL, "(there are: int, ext)"},
	{"trace" T " branch1 edge --proto icmp --port 7", 2, NULL, "icmp has no ports"},
	{"trace" T " branch1 edge -6", 2, NULL, "'edge' has no IPv6 address"},
	{"trace" T " branch1 edge:int --ipv6", 2, NULL, "'edge:int' has no IPv6 address"},
	{"trace" T " branch1 10.0.1.101 -6", 2, NULL, "'10.0.1.101' is no IPv6 address"},
	{"explain /nonexistent a/b-c/im", 2, NULL, "'/nonexistent' is no run folder"},
	{"report tests/data/cases/safety/report1", 2, NULL,
	 "report1/events.jsonl:1:1: error: no run to report: 'name' of an endpoint is no text "
	 "(was"},
	{"run call" T " dc1", 2, NULL, "usage: testbed run call A B"},
	{"run call" T " dc1 dc2 --seconds soon", 2, NULL,
	 "--seconds 'soon' is not a number from 0.2 to 600"},
	{"run call" T " dc1 dc2 --seconds 0", 2, NULL, "--seconds"},
	{"call dc1 dc2 --seconds nan", 2, NULL, "--seconds"},
	{"run capacity" T " --seconds 1h", 2, NULL, "--seconds"},
	{"run call" T " dc1 nobody", 2, NULL, "no endpoint 'nobody'"},
	{"run call" T " dc1 dc1", 2, NULL, "same endpoint twice"},
	{"run call" T " dc1 dc2 --media audio,video", 2, NULL, "one medium"},
	{"run call" T " dc1 dc2 -s nothing", 2, NULL, "no scenario 'nothing'"},
	{"plan" T " -s persistent-rout", 2, NULL, "did you mean 'persistent-route'?"},
	{"plan" T " -f yaml", 2, NULL, "no format 'yaml'"},
	{"plan -t /nonexistent.yaml", 3, NULL, "/nonexistent.yaml"},
	{"init --help", 0, "--force", NULL},
	{"init -", 0, "topology: my-company", NULL},
	{"init /nonexistent/x.yaml", 4, NULL, "/nonexistent/x.yaml"},
	{"init a b", 2, NULL, "unexpected argument 'b'"},
	{"import --help", 0, "  netstat       'route -n' and 'netstat -rn'", NULL},
	{"import --complete tests/data/import/edge.route.txt", 0, "frontend: {fqdn: ", NULL},
	{"import --complete tests/data/import/edge.route.txt", 0, "  - reverse-proxy:\n", NULL},
	{"import --node edge tests/data/import/edge.route.txt", 0, "  edge:\n",
	 "tests/data/import/edge.route.txt:12:11: warning: "},
	{"import --node ns -f ip-route tests/data/import/fe.route.json", 0, "  ns:\n",
	 "fe.route.json:1:9: warning: "},
	{"import -f ip-addr tests/data/import/fe.route.json", 3, NULL,
	 "tests/data/import/fe.route.json:1:2: error: an interface without 'ifname'"},
	{"import -f ip-rout tests/data/import/fe.route.json", 2, NULL, "did you mean 'ip-route'?"},
	{"import --node 'a b' tests/data/import/fe.route.json", 2, NULL, "--node 'a b'"},
	{"import /nonexistent.txt", 3, NULL, "/nonexistent.txt: error: can't read it"},
	{"import README.md", 3, NULL, "README.md:1:1: error: unknown kind of input"},
	{"import -", 3, NULL, "the file is empty"},
	{"graph" T, 0, "graph \"company\" {", NULL},
	{"graph --help", 0, "svg, dot or mermaid", NULL},
	{"graph" T " -f mermaid -s vpn-bypass", 0, "flowchart LR", NULL},
	{"graph" T " -f mermade", 2, NULL, "did you mean 'mermaid'?"},
	{"graph" T " -o x.png", 2, NULL, "there are .svg, .dot, .mmd"},
	{"graph" T " -s nothing", 2, NULL, "no scenario 'nothing'"},
	{"graph" T " --trace branch1 edge:int --port 3478", 0, "there 1: ", NULL},
	{"graph" T " --trace branch1", 2, NULL, "usage: testbed graph [--trace A B]"},
	{"graph" T " branch1 edge", 2, NULL, "usage: testbed graph [--trace A B]"},
	{"graph" T " --trace branch1 edg", 2, NULL, "did you mean 'edge'?"},
	{"graph -t topologies/scale.yaml", 0, "site-001 ... site-200", NULL},
	{"graph -t topologies/scale.yaml --all", 0, "pc-200-5", NULL},
	{"graph -t /nonexistent.yaml", 3, NULL, "/nonexistent.yaml"},
	{"graph" T " -o /nonexistent/x.dot", 4, NULL, "/nonexistent/x.dot"},
	{"nodes" T, 0, "core", NULL},
	{"nodes" T, 0, "router: firewall, NAT", NULL},
	{"nodes" T " -s branch-edge", 0, "edge2          branch      Edge ", NULL},
	{"nodes" T " -s nothing", 2, NULL, "no scenario 'nothing'"},
	{"nodes" T " --json -", 0, "\"schema\": \"testbed.nodes/1\"", NULL},
	{"nodes -t /nonexistent.yaml", 3, NULL, "/nonexistent.yaml"},
	{"validate", 0, ": ok: ", NULL},
	{"validate -q", 0, NULL, NULL},
	{"validate --strict -q", 0, NULL, NULL},
	{"validate --strict -q -t tests/data/strict.yaml", 1, NULL,
	 "strict.yaml:57:5: warning: there is no cause 'NO_RUOTE'; is 'NO_ROUTE' meant?"},
	{"validate --strict -q tests/data/strict.yaml tests/data/bad/address-length.yaml", 3, NULL,
	 "strict.yaml:9:3: warning: no interface is on network 'spare' (remove it"},
	{"validate -q tests/data/strict.yaml", 0, NULL, NULL},
	{"schema", 0, "\"$schema\": \"http://json-schema.org/draft-07/schema#\"", NULL},
	{"validate --json -", 0, "\"schema\": \"testbed.validation/1\"", NULL},
	{"validate --json - tests/data/bad/address-length.yaml", 3, "\"ok\": false", NULL},
	{"validate tests/data/no-client.yaml", 3, NULL,
	 "no-client.yaml:13:3: error: the client of 'alice' is not there: no program "
	 "'/nonexistent/agent' (install it"},
	{"run matrix -t tests/data/no-client.yaml --allow-commands", 3, NULL,
	 "the client of 'bob' is not there: no program 'no-such-agent'"},
	{"validate /nonexistent.yaml", 3, NULL, "/nonexistent.yaml"},
	{"scenarios", 0, "missing-route", NULL},
	{"report /nonexistent", 2, NULL, "/nonexistent"},
};

static void expect_says(const char *what, const char *text, const char *wanted,
			const char *arguments)
{
	if (wanted)
		cr_expect_not_null(strstr(text, wanted), "testbed %s: %s says '%s', not '%s'",
				   arguments, what, wanted, text);
	else
		cr_expect_str_eq(text, "", "testbed %s: nothing on %s", arguments, what);
}

Test(cmd, exit_codes_and_streams)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct outcome o;

		run(cases[i].arguments, &o);
		cr_expect_eq(o.exit_code, cases[i].status, "testbed %s: exit %d, not %d (%s)",
			     cases[i].arguments, o.exit_code, cases[i].status, o.err);
		expect_says("stdout", o.out, cases[i].out, cases[i].arguments);
		expect_says("stderr", o.err, cases[i].err, cases[i].arguments);
		outcome_clear(&o);
	}
}

/* Every topology that is shipped, or stands for a real network in tests. */
Test(cmd, shipped_topologies_are_clean)
{
	g_autofree char *program = program_path("testbed"),
			*line = g_strdup_printf("'%s' validate --strict -q topologies/*.yaml "
						"tests/data/topologies/*.yaml",
						program);
	struct outcome o;

	program_shell(line, NULL, &o);
	cr_expect_eq(o.exit_code, 0, "%s", o.err);
	cr_expect_str_empty(o.err, "%s", o.err);
	outcome_clear(&o);
}

/* The reference topology is found beside the program, from wherever it is started. */
Test(cmd, works_in_any_folder)
{
	struct outcome o;

	run_in("/", "scenarios", &o);
	cr_expect_eq(o.exit_code, 0, "%s", o.err);
	cr_expect_not_null(strstr(o.out, "vpn-bypass"));
	outcome_clear(&o);
}

/* The words of a line of the list of verbs, when it names one: "  run matrix      Place every ..."
 */
static char *verb_of(const char *line)
{
	gsize length = 2;

	if (!g_str_has_prefix(line, "  ") || !g_ascii_islower(line[2]))
		return NULL;
	while (line[length] && !(line[length] == ' ' && !g_ascii_islower(line[length + 1])))
		length++;
	return g_strndup(line + 2, length - 2);
}

static void expect_narrow(const char *arguments)
{
	g_auto(GStrv) lines = NULL;
	struct outcome o;

	run(arguments, &o);
	cr_expect_eq(o.exit_code, 0, "%s: %s", arguments, o.err);
	lines = g_strsplit(o.out, "\n", 0);
	for (guint k = 0; lines[k]; k++)
		cr_expect_leq(strlen(lines[k]), 80, "%s: %s", arguments, lines[k]);
	outcome_clear(&o);
}

Test(cmd, help_fits_the_terminal)
{
	g_auto(GStrv) lines = NULL;
	struct outcome o;
	guint verbs = 0;

	run("--help", &o);
	lines = g_strsplit(o.out, "\n", 0);
	expect_narrow("--help");
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *verb = verb_of(lines[i]),
				*asked = g_strdup_printf("%s --help", verb);

		if (!verb)
			continue;
		expect_narrow(asked);
		verbs++;
	}
	cr_expect_gt(verbs, 20, "the list of verbs names %u", verbs);
	outcome_clear(&o);
}

Test(cmd, plan_is_the_same_every_time)
{
	struct outcome a, b, json;
	json_t *document;

	run("plan" T " -s vpn-bypass", &a);
	run("plan" T " -s vpn-bypass", &b);
	run("plan" T " -s vpn-bypass -f json", &json);
	cr_expect_eq(a.exit_code, 0);
	cr_expect_gt(strlen(a.out), 1000);
	cr_expect_str_eq(a.out, b.out);
	document = json_loads(json.out, 0, NULL);
	cr_expect_not_null(document);
	json_decref(document);
	outcome_clear(&a);
	outcome_clear(&b);
	outcome_clear(&json);
}

Test(cmd, scenarios_as_json)
{
	struct outcome o;
	json_t *list;

	run("scenarios --json -", &o);
	list = json_loads(o.out, 0, NULL);
	cr_expect_eq(json_array_size(list), 4, "%s", o.out);
	json_decref(list);
	outcome_clear(&o);
}

Test(cmd, tells_when_nothing_can_be_written)
{
	g_autofree char *path = program_path("testbed");
	g_autofree char *command = g_strdup_printf("'%s' scenarios >/dev/full", path);
	struct outcome o;

	program_shell(command, NULL, &o);
	cr_expect_eq(o.exit_code, 4);
	cr_expect_not_null(strstr(o.err, "cannot write"), "%s", o.err);
	outcome_clear(&o);
}

/* The file that init writes is right, and is not written over unasked. */
Test(cmd, init_writes_a_topology_once)
{
	g_autofree char *dir = g_dir_make_tmp("testbed-init-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, "my-company.yaml", NULL), *text = NULL;
	static const struct usage_case steps[] = {
		{"init", 0, NULL, "wrote my-company.yaml"},
		{"validate my-company.yaml", 0, ": ok: ", NULL},
		{"init", 2, NULL, "--force"},
		{"init --force", 0, NULL, "wrote my-company.yaml"},
		{"plan -t my-company.yaml", 0, "pc2", NULL},
	};

	cr_assert_not_null(dir);
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct outcome o;

		if (i == 2)
			cr_assert(g_file_set_contents(file, "mine", -1, NULL));
		run_in(dir, steps[i].arguments, &o);
		cr_expect_eq(o.exit_code, steps[i].status, "step %u: %d (%s)", i, o.exit_code,
			     o.err);
		expect_says("stdout", o.out, steps[i].out, steps[i].arguments);
		expect_says("stderr", o.err, steps[i].err, steps[i].arguments);
		outcome_clear(&o);
		g_clear_pointer(&text, g_free);
		cr_assert(g_file_get_contents(file, &text, NULL, NULL));
		cr_expect_eq(strcmp(text, "mine") == 0, i == 2, "after step %u", i);
	}
	g_unlink(file);
	g_rmdir(dir);
}

/* An SVG where Graphviz is; without it exit 77 and the cure. */
Test(cmd, graph_as_svg)
{
	static const char *const args[] = {"graph", "--format", "svg", NULL};
	char *no_path[] = {(char[]){"PATH=/nonexistent"}, NULL};
	g_autofree char *dot = g_find_program_in_path("dot");
	const struct start how = {.environment = no_path};
	struct outcome o;

	program_testbed(args, &how, &o);
	cr_expect_eq(o.exit_code, 77);
	cr_expect_not_null(strstr(o.err, "install the package graphviz"), "%s", o.err);
	outcome_clear(&o);
	if (dot) {
		run("graph -f svg", &o);
		cr_expect_eq(o.exit_code, 0, "%s", o.err);
		cr_expect_not_null(strstr(o.out, "<svg"));
		outcome_clear(&o);
	}
}

/* --- README ----------------------------------------------------------------------------------- */

/* The commands that README.md promises exist: scripts are there, make targets too. */
Test(readme, commands_exist)
{
	g_autofree char *readme = NULL, *ci = NULL, *makefile = NULL;

	cr_assert(g_file_get_contents("README.md", &readme, NULL, NULL));
	cr_assert(g_file_get_contents(".ci/run", &ci, NULL, NULL));
	cr_assert(g_file_get_contents("Makefile", &makefile, NULL, NULL));
	cr_expect_not_null(strstr(
		readme, "\n    sudo scripts/setup && make && sudo build/bin/testbed run matrix\n"));
	cr_expect_not_null(strstr(readme, "\n    scripts/setup --check && make check\n"));
	cr_expect_not_null(strstr(ci, "make check"));
	cr_expect_not_null(strstr(makefile, "\ncheck:"));
	cr_expect(g_file_test("scripts/setup", G_FILE_TEST_IS_EXECUTABLE));
	cr_expect(g_file_test(".ci/run", G_FILE_TEST_IS_EXECUTABLE));
	cr_expect(g_file_test("scripts/bench", G_FILE_TEST_IS_EXECUTABLE));
}
