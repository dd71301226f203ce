/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program on whole labs: what it prints, what it leaves, how it ends. */
#include "tests/support/program.h"

#include <criterion/criterion.h>
#include <gio/gio.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <string.h>

struct ran {
	char *dir; /* run folder */
	char *out;
	int status;
};

static void start(const char *arguments, const char *dir, struct started *ret)
{
	g_autofree char *path = program_path("testbed");
	g_autofree char *line = g_strdup_printf("'%s' %s -q -t tests/data/topologies/company.yaml "
						"--out '%s'",
						path, arguments, dir);
	g_auto(GStrv) argv = NULL;

	cr_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
	program_start((const char *const *)(gpointer)argv, NULL, ret);
}

static void finish(struct started *program, struct ran *r)
{
	struct outcome o;

	program_end(program, &o);
	r->status = o.exit_code;
	r->out = o.out;
	g_free(o.err);
}

static void ran_clear(struct ran *r)
{
	program_folder_free(r->dir);
	g_free(r->out);
}

static void run(const char *arguments, struct ran *r)
{
	struct started program;

	r->dir = program_folder_new();
	start(arguments, r->dir, &program);
	finish(&program, r);
	if (r->status == 77)
		cr_skip_test("needs labs: exit code 77");
}

static json_t *results_of(const struct ran *r)
{
	g_autofree char *path = g_build_filename(r->dir, "results.json", NULL);
	json_t *document = json_load_file(path, 0, NULL);

	cr_assert_not_null(document, "%s is JSON", path);
	return document;
}

static json_int_t summary(const json_t *document, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(document, "summary"), key));
}

/* The symptom and its cure on one pair: packets make the difference, not the scenario's name. */
Test(matrix, branch_to_home_fails_without_the_route_and_passes_with_it)
{
	struct ran r;
	json_t *document;

	run("run matrix -s missing-route,persistent-route --pairs branch1:home1", &r);
	cr_expect_eq(r.status, 0, "%s", r.out);
	document = results_of(&r);
	cr_expect_eq(summary(document, "cells"), 6);
	cr_expect_eq(summary(document, "passed"), 4, "%s", r.out);
	cr_expect_eq(summary(document, "failed"), 2, "%s", r.out);
	cr_expect(json_is_true(json_object_get(document, "complete")));
	json_decref(document);
	ran_clear(&r);
}

Test(matrix, json_on_stdout_is_all_there_is)
{
	struct ran r;
	json_t *document;

	run("run matrix -s missing-route --pairs dc1:dc2 --media im --json -", &r);
	cr_expect_eq(r.status, 0);
	document = json_loads(r.out, 0, NULL);
	cr_assert_not_null(document, "%s", r.out);
	cr_expect_eq(summary(document, "passed"), 1);
	json_decref(document);
	ran_clear(&r);
}

/* events.jsonl alone gives the same results again. */
Test(matrix, report_of_the_run_folder_is_the_same)
{
	struct ran r;
	g_autofree char *results = NULL, *file = NULL;
	const char *args[] = {"report", NULL, "--json", "-", NULL};
	struct outcome again;

	run("run matrix -s missing-route --pairs dc1:dc2", &r);
	args[1] = r.dir;
	file = g_build_filename(r.dir, "results.json", NULL);
	cr_assert(g_file_get_contents(file, &results, NULL, NULL));
	program_testbed(args, NULL, &again);
	cr_expect_str_eq(again.out, results);
	outcome_clear(&again);
	ran_clear(&r);
}

/* The call is over by signalling 200 ms before its media reaches the callee, which waits for it. */
Test(matrix, media_that_comes_after_the_end_of_a_call_counts)
{
	program_expect_matrix((const char *const[]){"run", "matrix", "-t",
						    "tests/data/topologies/late-media.yaml",
						    "--media", "audio", "--seconds", "0.2", NULL});
}

Test(matrix, call_tells_its_story)
{
	struct ran r;

	run("run call home1 dc1 --media audio", &r);
	cr_expect_eq(r.status, 0, "%s", r.out);
	cr_expect_not_null(strstr(r.out, "home1 calls dc1, audio"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "as RemoteUser"), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "PASS over udp-relay"), "%s", r.out);
	ran_clear(&r);
}

static json_int_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Every tunnel there is adds at least an IP header; WireGuard an IP header, UDP and 32 bytes of its
 * own, and fills up to 16. */
static void expect_overhead(const json_t *tunnel, bool wireguard)
{
	double each = (double)number(tunnel, "overhead_bytes") / (double)number(tunnel, "packets");

	cr_expect(each >= (wireguard ? 60 : 20) && each <= (wireguard ? 75 : 60),
		  "%s adds %.1f bytes a packet", json_string_value(json_object_get(tunnel, "node")),
		  each);
}

/* With -v the bytes on the wire: each hop has carried the media, and no sign-in is in it. */
Test(matrix, call_tells_what_it_cost_on_the_wire)
{
	struct ran r;
	json_t *document, *cell, *hop, *tunnel;
	const json_t *tunnels, *features;
	json_int_t sent;
	bool wireguard;
	size_t i;

	run("run call branch1 dc1 -s missing-route -v", &r);
	cr_expect_eq(r.status, 0, "%s", r.out);
	document = results_of(&r);
	cell = json_array_get(
		json_object_get(json_array_get(json_object_get(document, "scenarios"), 0), "cells"),
		0);
	features = json_object_get(json_object_get(document, "run"), "features");
	wireguard =
		g_str_has_prefix(json_string_value(json_object_get(features, "vpn")), "wireguard");
	sent = number(json_object_get(cell, "quality"), "sent");
	cr_expect(sent >= 40);
	cr_expect(json_array_size(json_object_get(cell, "hops")) >= 9,
		  "both ends, both gateways, the way between them");
	json_array_foreach(json_object_get(cell, "hops"), i, hop)
		cr_expect(number(hop, "rx_packets") + number(hop, "tx_packets") < 2 * sent + 100,
			  "%s:%s carried more than the call",
			  json_string_value(json_object_get(hop, "node")),
			  json_string_value(json_object_get(hop, "interface")));
	tunnels = json_object_get(cell, "tunnels");
	cr_expect_eq(json_array_size(tunnels), 2, "%s", r.out);
	json_array_foreach(tunnels, i, tunnel)
		expect_overhead(tunnel, wireguard);
	cr_expect_not_null(strstr(r.out, "wire     "), "%s", r.out);
	cr_expect_not_null(strstr(r.out, "tunnel   branch-gw by wan: "), "%s", r.out);
	json_decref(document);
	ran_clear(&r);
}

#define LOSS 0.12 /* of what branch1 sends */

/* What `l` heard of `participant`: lost packets, and how many there were. */
static void source_of(const json_t *l, const char *participant, double *ret_lost,
		      double *ret_expected)
{
	const json_t *sources = json_object_get(l, "sources");

	*ret_expected = 0;
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *one = json_array_get(sources, i);

		if (g_strcmp0(json_string_value(json_object_get(one, "participant")),
			      participant) != 0)
			continue;
		*ret_expected = (double)number(one, "expected");
		*ret_lost = *ret_expected - (double)number(one, "received");
	}
	cr_assert(*ret_expected >= 100, "%s hears %s",
		  json_string_value(json_object_get(l, "participant")), participant);
}

static void expect_sources(const json_t *leg)
{
	static const char *const names[] = {"dc1", "branch1", "home1"};
	const char *who = json_string_value(json_object_get(leg, "participant"));

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		bool lossy = g_str_equal(names[i], "branch1");
		double lost, expected;

		if (g_str_equal(names[i], who))
			continue;
		source_of(leg, names[i], &lost, &expected);
		/* four deviations of the binomial; what nobody impaired loses nothing */
		cr_expect(lossy ? fabs(lost - expected * LOSS) <=
					  4 * sqrt(expected * LOSS * (1 - LOSS)) :
				  lost <= 1,
			  "%s lost %g of %g packets of %s", who, lost, expected, names[i]);
	}
}

/* The MCU forwards all in one stream; whose packets are missing is told by each sender's own
 * numbers. */
Test(matrix, a_conference_tells_whose_packets_were_lost, .timeout = 60)
{
	struct ran r;
	json_t *document, *cell;
	const char *reason;

	run("run matrix -s missing-route --only /dc-organised/av-conference --seconds 3 "
	    "-c 'set-impair: {node: branch1, interface: lan, loss: 12%}'",
	    &r);
	cr_expect_eq(r.status, 1, "%s", r.out);
	document = results_of(&r);
	cell = json_array_get(
		json_object_get(json_array_get(json_object_get(document, "scenarios"), 0), "cells"),
		0);
	reason = json_string_value(json_object_get(cell, "reason"));
	cr_expect_str_eq(json_string_value(json_object_get(cell, "verdict")), "fail");
	cr_assert_not_null(reason);
	cr_expect(strstr(reason, "lost packets of branch1") &&
			  !strstr(reason, "packets of home1") && !strstr(reason, "packets of dc1"),
		  "%s", reason);
	cr_expect_eq(json_array_size(json_object_get(cell, "legs")), 3);
	for (size_t i = 0; i < json_array_size(json_object_get(cell, "legs")); i++)
		expect_sources(json_array_get(json_object_get(cell, "legs"), i));
	json_decref(document);
	ran_clear(&r);
}

static void on_change(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
		      gpointer user_data)
{
	(void)monitor;
	(void)file;
	(void)other;
	(void)event;
	g_main_loop_quit(user_data);
}

/* Waits until the run writes an event that contains `text`. */
static void wait_for_event(const char *dir, const char *text)
{
	g_autofree char *path = g_build_filename(dir, "events.jsonl", NULL);
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autoptr(GFileMonitor) monitor =
		g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, NULL);
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);

	g_file_monitor_set_rate_limit(monitor, 10);
	g_signal_connect(monitor, "changed", G_CALLBACK(on_change), loop);
	for (;;) {
		g_autofree char *events = NULL;

		if (g_file_get_contents(path, &events, NULL, NULL) && strstr(events, text))
			return;
		g_main_loop_run(loop);
	}
}

/* A signal in the middle: partial results are whole documents, and the exit code names the signal.
 */
Test(matrix, interrupted_leaves_valid_results, .timeout = 60)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
		struct ran r = {.dir = program_folder_new()};
		struct started p;
		json_t *document;

		start("run matrix -s missing-route --pairs branch1:home1", r.dir, &p);
		wait_for_event(r.dir, "\"cell-started\"");
		kill(p.pid, signals[i]);
		finish(&p, &r);
		cr_expect_eq(r.status, 128 + signals[i], "signal %d: exit %d", signals[i],
			     r.status);
		document = results_of(&r);
		cr_expect(json_is_false(json_object_get(document, "complete")), "signal %d",
			  signals[i]);
		cr_expect_gt(summary(document, "not_run"), 0, "signal %d", signals[i]);
		json_decref(document);
		ran_clear(&r);
	}
}

/* What was imported and completed runs at once, also with a host address and with two homes of the
 * same subnet. */
Test(matrix, imported_networks_run_when_completed)
{
	static const char *const imports[] = {
		"edge.route.txt tests/data/import/gw.addr.json tests/data/import/gw.route.json",
		"slash32.addr.json tests/data/import/slash32.route.json",
		"home.sdp tests/data/import/other.sdp",
	};

	for (guint i = 0; i < G_N_ELEMENTS(imports); i++) {
		g_autofree char *testbed = program_path("testbed");
		char *folder = program_folder_new();
		g_autofree char *line = g_strdup_printf(
			"'%s' import --complete tests/data/import/%s > '%s/whole.yaml' && "
			"'%s' run matrix -q --media im,audio -t '%s/whole.yaml' --out '%s/run'",
			testbed, imports[i], folder, testbed, folder, folder);
		struct outcome o;

		program_shell(line, NULL, &o);
		program_folder_free(folder);
		if (o.exit_code == 77)
			cr_skip_test("needs labs: exit code 77");
		cr_expect_eq(o.exit_code, 0, "%s:\n%s%s", imports[i], o.out, o.err);
		g_free(o.out);
		g_free(o.err);
	}
}
